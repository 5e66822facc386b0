//! The number that a case has in the institution's own application, beside the ticket that citizens
//! know: nobody copies one for the other, and either finds the case. No other institution is told.

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;

use super::Sight;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Characters of a number.
pub const OWN_NUMBER: usize = 80;
/// What a number may hold beside letters and digits.
const MARKS: &str = " -/._:#()";

impl Node {
    /// Notes the number of a case that whoever asks may see; `None` or nothing takes it away.
    pub async fn number(
        &self,
        sight: &Sight,
        case: CaseId,
        number: Option<&str>,
        actor: &str,
    ) -> Result<(), NodeError> {
        let number = number.map(str::trim).filter(|number| !number.is_empty());
        number.map_or(Ok(()), check)?;
        let (id, at) = (case.to_string(), self.clock().now_ms());
        let mut tx = self.write_tx().await?;
        if !store::desk::number(&mut tx, sight.limits(), &id, number).await? {
            return Err(NodeError::not_found("case", &case));
        }
        let detail = number.unwrap_or("-");
        store::audit::add(&mut tx, at, actor, "case.numbered", Some(&id), detail).await?;
        Ok(tx.commit().await?)
    }
}

/// The same as part of a filing, which checks it before and is written down itself.
pub(super) async fn note(tx: &mut Tx, case: &str, number: &str) -> Result<(), NodeError> {
    store::desk::number(tx, Sight::ALL.limits(), case, Some(number)).await?;
    Ok(())
}

/// Whether a number of another application can be one here.
pub(crate) fn is_one(number: &str) -> bool {
    check(number).is_ok()
}

/// Whether applications number like that. A spreadsheet takes nothing of it for a formula.
pub(super) fn check(number: &str) -> Result<(), NodeError> {
    let short = number.chars().count() <= OWN_NUMBER;
    let begins = number.starts_with(char::is_alphanumeric);
    let known = |c: char| c.is_alphanumeric() || MARKS.contains(c);
    if short && begins && number.chars().all(known) {
        return Ok(());
    }
    Err(NodeError::Invalid(format!(
        "own_number: at most {OWN_NUMBER} letters, digits, blanks and {}, a letter or digit first",
        MARKS.trim()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_applications_write_and_no_formula() {
        for fine in ["BDG-2026/004512", "2026.11.0007", "A", "No. 12 (b) #3"] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        let long = "1".repeat(OWN_NUMBER + 1);
        for wrong in ["", "=1+1", "-5", "+62", "@x", "a\nb", "a;b", long.as_str()] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
