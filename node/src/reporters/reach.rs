//! Contacts as they are compared, and whether the reporter of a case can be reached by one: told in
//! the report, or proved.

use std::ops::RangeInclusive;

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Conversation, Verification};
use crate::casework::Reporter;
use crate::channels::ReachedBy;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::reporters::ReporterRow;

/// With what numbers at home begin.
pub(super) const HOME: &str = "+62";
/// With what those begin of them that take text messages; those abroad are what swindlers are paid
/// for.
const MOBILE: &str = "+628";
/// Digits of what can be dialled: from a number without its area to two with their countries.
const DIALLED: RangeInclusive<usize> = 5..=30;

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

/// How whoever filed a case is reached, without who that is: each says nothing of the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// Where they wrote it; `None` where that was on no channel, or nobody is known there any more.
    pub by: Option<ReachedBy>,
    /// By a contact; `None` where nobody holds a key to the case here. That by which they wrote is no
    /// contact that they told.
    pub contact: Option<Reachable>,
}

/// Whether somebody can be reached by this: an e-mail address or a telephone number.
pub fn reaches(contact: &str) -> bool {
    normalised(contact).is_ok()
}

/// Whether a letter reaches somebody by this.
pub fn is_mailed(contact: &str) -> bool {
    contact.contains('@') && reaches(contact)
}

/// Whether an officer can dial what somebody wrote: also a number that lost its zero in a spreadsheet,
/// or two of them, to which no code goes.
pub fn is_dialled(contact: &str) -> bool {
    let digits = contact.bytes().filter(u8::is_ascii_digit).count();
    let written = |c: char| c.is_ascii_digit() || " +.,-()/".contains(c);
    DIALLED.contains(&digits) && contact.chars().all(written)
}

/// Refuses an address or a telephone number that can be none, by its field.
pub(crate) fn check_contacts(told: &Reporter) -> Result<(), NodeError> {
    let said = |told: &Option<String>| told.clone().filter(|text| !text.trim().is_empty());
    let problem = if said(&told.email).is_some_and(|email| !is_mailed(&email)) {
        "reporter.email: expected an e-mail address such as name@example.org"
    } else if said(&told.phone).is_some_and(|phone| !is_dialled(&phone)) {
        "reporter.phone: expected a telephone number such as 0812 3456 7890"
    } else {
        return Ok(());
    };
    Err(NodeError::Invalid(problem.into()))
}

/// How a code gets to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeWay {
    Mail,
    /// A text message.
    Text,
}

/// By which ways codes are sent from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeWays {
    pub mail: bool,
    pub text: bool,
}

impl CodeWay {
    fn to(contact: &str) -> Self {
        if contact.contains('@') {
            Self::Mail
        } else {
            Self::Text
        }
    }
}

impl CodeWays {
    pub fn any(self) -> bool {
        self.mail || self.text
    }

    /// As texts choose their words by it: `mail`, `text`, `both`.
    pub fn word(self) -> &'static str {
        match (self.mail, self.text) {
            (true, true) => "both",
            (false, true) => "text",
            _ => "mail",
        }
    }

    /// Whether a code gets to a contact, in the form in which contacts are compared. Text messages
    /// go to mobile numbers at home only.
    pub fn reach(self, contact: &str) -> bool {
        match CodeWay::to(contact) {
            CodeWay::Mail => self.mail,
            CodeWay::Text => self.text && contact.starts_with(MOBILE),
        }
    }

    /// The same of a contact as somebody typed it.
    pub fn reach_typed(self, contact: &str) -> bool {
        normalised(contact).is_ok_and(|contact| self.reach(&contact))
    }

    /// Whether it is the contact's fault that no code gets there: where nothing is sent at all, no
    /// contact is to blame, and pages say so by themselves.
    pub fn blames(self, contact: &str) -> bool {
        self.any() && !self.reach_typed(contact)
    }
}

impl Node {
    pub fn code_ways(&self) -> CodeWays {
        CodeWays {
            mail: self.sends_letters(),
            text: self.settings().channels.sms.is_on(),
        }
    }

    /// Whether the report tells a contact to which a code can be sent.
    pub async fn tells_contact(&self, conversation: &Conversation) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.filed_as(&mut tx, conversation.case).await?;
        let told = told_contacts(&mut tx, &case.to_string()).await?;
        let ways = self.code_ways();
        Ok(told.iter().any(|contact| !ways.blames(contact)))
    }

    /// Whether letters about the report have anywhere to go: to the contact that was proved, or to
    /// an address that was told and can be.
    pub async fn tells_address(&self, conversation: &Conversation) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.filed_as(&mut tx, conversation.case).await?.to_string();
        let proved = match store::reporters::of_case(&mut tx, &case).await? {
            Some(row) => proved_contact(&mut tx, &row).await?,
            None => None,
        };
        let told = match proved {
            Some(proved) => vec![proved],
            None => told_contacts(&mut tx, &case).await?,
        };
        Ok(told.iter().any(|contact| contact.contains('@')))
    }

    /// By which way the report's contact has to be proved yet: before it is, no letter goes there,
    /// and no lost key is replaced through it.
    pub async fn awaits_proof(&self, case: CaseId) -> Result<Option<CodeWay>, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.filed_as(&mut tx, case).await?.to_string();
        let Some(row) = store::reporters::of_case(&mut tx, &case).await? else {
            return Ok(None);
        };
        if proved_contact(&mut tx, &row).await?.is_some() {
            return Ok(None);
        }
        let (told, ways) = (told_contacts(&mut tx, &case).await?, self.code_ways());
        let provable = told.iter().find(|contact| ways.reach(contact));
        Ok(provable.map(|contact| CodeWay::to(contact)))
    }

    /// How the reporter of a case is reached.
    pub async fn reached(&self, case: CaseId) -> Result<Reached, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = match self.filed_as(&mut tx, case).await {
            Ok(filed) => filed.to_string(),
            Err(NodeError::Locked(_)) => return Ok(Reached::default()),
            Err(error) => return Err(error),
        };
        let (by, own) = self.reached_by(&mut tx, &case).await?.unzip();
        if store::reporters::of_case(&mut tx, &case).await?.is_none() {
            return Ok(Reached { by, contact: None });
        }
        let mut contact = self.reachable_in(&mut tx, &case).await?;
        if let (Reachable::Told, Some(own)) = (contact, own.flatten()) {
            let own = normalised(&own).ok();
            let told = told_contacts(&mut tx, &case).await?;
            if told.iter().all(|one| Some(one) == own.as_ref()) {
                contact = Reachable::No;
            }
        }
        let contact = Some(contact);
        Ok(Reached { by, contact })
    }

    /// Whether the reporter of a case, as it was filed, can be reached by a contact, for themselves.
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
        let told = told_contacts(tx, case).await?;
        Ok(told.first().map_or(Reachable::No, |_| Reachable::Told))
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
        .strip_prefix(HOME)
        .or_else(|| typed.strip_prefix("62"))
        .or_else(|| typed.strip_prefix('0'));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match (national, typed.strip_prefix('+')) {
        (Some(national), _) if (8..=12).contains(&national.len()) && digits(national) => {
            Ok(format!("{HOME}{national}"))
        }
        (None, Some(abroad)) if (8..=15).contains(&abroad.len()) && digits(abroad) => {
            Ok(format!("+{abroad}"))
        }
        _ => Err(wrong()),
    }
}

/// The contact of a citizen's account, or the one that the report told and its reporter proved: by
/// a code, or as the one with which they had signed in.
pub(super) async fn proved_contact(
    tx: &mut Tx,
    row: &ReporterRow,
) -> Result<Option<String>, NodeError> {
    if let Some(citizen) = &row.citizen {
        return Ok(store::citizens::contact(tx, citizen).await?);
    }
    match Verification::read(&row.verification) {
        Verification::Contact if row.proved.is_some() => Ok(row.proved.clone()),
        Verification::Contact => Ok(told_contacts(tx, &row.case_id).await?.into_iter().next()),
        Verification::None => Ok(None),
    }
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
    fn codes_go_by_what_is_on_and_by_text_to_mobile_numbers_at_home_alone() {
        let ways = |mail, text| CodeWays { mail, text };
        let reached = |ways: CodeWays| {
            [
                "siti@contoh.id",
                "0812 3456 7890",
                "022 4232338",
                "+44 20 7946 0000",
                "siti",
            ]
            .map(|contact| ways.reach_typed(contact))
        };
        assert_eq!(
            reached(ways(true, false)),
            [true, false, false, false, false]
        );
        assert_eq!(
            reached(ways(false, true)),
            [false, true, false, false, false]
        );
        assert_eq!(reached(ways(true, true)), [true, true, false, false, false]);
        assert!(!ways(false, false).any());
    }

    #[test]
    fn what_can_be_no_address_or_number_is_refused_by_its_field() {
        let checked = |email: &str, phone: &str| {
            let told = Reporter {
                email: Some(email.to_owned()),
                phone: Some(phone.to_owned()),
                ..Reporter::default()
            };
            check_contacts(&told).map_err(|error| error.to_string())
        };
        for phone in [
            "",
            " ",
            "0812 3456 7890",
            "81234567890",
            "(022) 423-2338 / 4232339",
        ] {
            assert_eq!(checked("siti@contoh.id", phone), Ok(()), "{phone}");
        }
        for (email, phone, field) in [
            ("bukan", "", "reporter.email: "),
            ("08123456789", "", "reporter.email: "),
            ("", "abc", "reporter.phone: "),
            ("", "siti@contoh.id", "reporter.phone: "),
            ("", "-", "reporter.phone: "),
            ("", "1", "reporter.phone: "),
        ] {
            let refused = checked(email, phone).unwrap_err();
            assert!(refused.contains(field), "{email} {phone}: {refused}");
        }
    }

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
