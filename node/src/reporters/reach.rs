//! Contacts as they are compared, and whether the reporter of a case can be reached by one: told in
//! the report, or proved.

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Conversation, Verification};
use crate::casework::Reporter;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::reporters::ReporterRow;

/// What is known of whether whoever filed a case can be reached, without who that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reachable {
    /// They told no contact.
    No,
    /// They told one, and nobody has proved it.
    Told,
    /// They proved it with a code, or signed in with one to file it.
    Proved,
}

/// Whether somebody can be reached by this: an e-mail address or a telephone number.
pub fn reaches(contact: &str) -> bool {
    normalised(contact).is_ok()
}

impl Node {
    /// Whether the report tells an address of e-mail, to which alone codes are sent.
    pub async fn tells_address(&self, conversation: &Conversation) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.filed_as(&mut tx, conversation.case).await?;
        let contact = told_contact(&mut tx, &case.to_string()).await?;
        Ok(contact.is_some_and(|contact| contact.contains('@')))
    }

    /// Whether the report tells an address of e-mail that has to be proved yet: before it is, no
    /// letter goes there, and no lost key is replaced through it.
    pub async fn awaits_proof(&self, case: CaseId) -> Result<bool, NodeError> {
        if !self.sends_letters() {
            return Ok(false);
        }
        let mut tx = self.read_tx().await?;
        let case = self.filed_as(&mut tx, case).await?.to_string();
        let Some(row) = store::reporters::of_case(&mut tx, &case).await? else {
            return Ok(false);
        };
        let told = told_contact(&mut tx, &case).await?;
        let mailable = told.is_some_and(|contact| contact.contains('@'));
        Ok(mailable && proved_contact(&mut tx, &row).await?.is_none())
    }

    /// Whether the reporter of a case can be reached; `None` where nobody holds a key to it here.
    pub async fn reachable(&self, case: CaseId) -> Result<Option<Reachable>, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = match self.filed_as(&mut tx, case).await {
            Ok(filed) => filed.to_string(),
            Err(NodeError::Locked(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        if store::reporters::of_case(&mut tx, &case).await?.is_none() {
            return Ok(None);
        }
        self.reachable_in(&mut tx, &case).await.map(Some)
    }

    /// The same of a case as it was filed, for its reporter.
    pub(super) async fn reachable_in(
        &self,
        tx: &mut Tx,
        case: &str,
    ) -> Result<Reachable, NodeError> {
        if let Some(row) = store::reporters::of_case(tx, case).await?
            && proved_contact(tx, &row).await?.is_some()
        {
            return Ok(Reachable::Proved);
        }
        let told = told_contact(tx, case).await?;
        Ok(told.map_or(Reachable::No, |_| Reachable::Told))
    }
}

/// A contact as it is compared and stored: an address in lower case, a
/// telephone number with its country code.
pub(crate) fn normalised(contact: &str) -> Result<String, NodeError> {
    let contact = contact.trim();
    let wrong = || {
        let problem =
            "contact: expected an e-mail address, or a telephone number such as 0812 3456 7890";
        NodeError::Invalid(problem.into())
    };
    if let Some((name, host)) = contact.rsplit_once('@') {
        let shape = !name.is_empty()
            && host.contains('.')
            && contact.len() <= 254
            && !contact
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || ",;<>\"".contains(c));
        return if shape {
            Ok(contact.to_lowercase())
        } else {
            Err(wrong())
        };
    }
    let typed = contact
        .chars()
        .filter(|c| !" .-()".contains(*c))
        .collect::<String>();
    let national = typed
        .strip_prefix("+62")
        .or_else(|| typed.strip_prefix("62"))
        .or_else(|| typed.strip_prefix('0'));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match (national, typed.strip_prefix('+')) {
        (Some(national), _) if (8..=12).contains(&national.len()) && digits(national) => {
            Ok(format!("+62{national}"))
        }
        (None, Some(abroad)) if (8..=15).contains(&abroad.len()) && digits(abroad) => {
            Ok(format!("+{abroad}"))
        }
        _ => Err(wrong()),
    }
}

/// The contact of a citizen's account, or the one that the report told and its reporter proved.
pub(super) async fn proved_contact(
    tx: &mut Tx,
    row: &ReporterRow,
) -> Result<Option<String>, NodeError> {
    if let Some(citizen) = &row.citizen {
        return Ok(store::citizens::contact(tx, citizen).await?);
    }
    match Verification::read(&row.verification) {
        Verification::Contact => told_contact(tx, &row.case_id).await,
        Verification::None => Ok(None),
    }
}

pub(super) async fn told_contact(tx: &mut Tx, case: &str) -> Result<Option<String>, NodeError> {
    Ok(told_contacts(tx, case).await?.into_iter().next())
}

/// The contacts that a report told, an address of e-mail first.
pub(super) async fn told_contacts(tx: &mut Tx, case: &str) -> Result<Vec<String>, NodeError> {
    let told = told(tx, case).await?;
    let contacts = [told.email, told.phone].into_iter().flatten();
    Ok(contacts
        .filter_map(|contact| normalised(&contact).ok())
        .collect())
}

/// The name that a report told.
pub(super) async fn told_name(tx: &mut Tx, case: &str) -> Result<Option<String>, NodeError> {
    Ok(told(tx, case).await?.name)
}

/// What a report told of who wrote it.
async fn told(tx: &mut Tx, case: &str) -> Result<Reporter, NodeError> {
    match store::secrets::identity(tx, case).await? {
        Some(held) => Ok(store::read(serde_json::from_str(&held))?),
        None => Ok(Reporter::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_contact_has_one_form() {
        for (typed, form) in [
            (" Siti@Contoh.ID ", "siti@contoh.id"),
            ("0812-3456-7890", "+6281234567890"),
            ("62 812 3456 7890", "+6281234567890"),
            ("+62 (812) 3456.7890", "+6281234567890"),
            ("+44 20 7946 0000", "+442079460000"),
        ] {
            assert_eq!(normalised(typed).unwrap(), form, "{typed}");
        }
        for wrong in [
            "",
            "siti",
            "@contoh.id",
            "a@b",
            "a@b.c, d@e.f",
            "0812",
            "x123456789",
        ] {
            assert!(normalised(wrong).is_err(), "{wrong}");
        }
    }
}
