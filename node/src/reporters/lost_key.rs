//! A new key for whoever lost theirs and comes to the counter: the way back without a proved address.
//!
//! The officer says how they made sure of who stands there, and types what the report is to hold of
//! them; the node compares and shows nothing of it. So an officer who does not know the reporter
//! gives no key, and each try is in the audit log. Each answer says whether somebody is the reporter,
//! so tries are few; of a report that is *rahasia* or anonymous only a keeper of identities tries.

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::CaseId;

use super::counter::Known;
use super::key::SecretKey;
use super::reach::{normalised, proved_contact, told_contacts, told_name};
use super::session::replace_key;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::person_of;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::reporters::ReporterRow;

const WRONG: &str = "this is not what the report holds of its reporter";
const NO_KEY: &str = "no key of this report is given here: it was filed elsewhere or without one, \
     or its reporter was forgotten";
const FOR_KEEPER: &str = "the report is secret or its reporter anonymous: a keeper of identities \
     gives the key, at the desk or with a token that has the scope identity";
const FOR_OFFICER: &str = "an officer who handles cases gives the key of this report, at the desk or \
     with a token that has the scope cases:act";
const HANDLED: &str = "who handles a case, or one that was filed with it, gives no key of it where that opens an \
     identity; another keeper of identities must do it";

/// By whom the key of a report is given at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyGiver {
    /// Whoever handles cases.
    Officer,
    /// Whoever opens identities, alone: the report is secret, or its reporter anonymous.
    Keeper,
}

/// How an officer made sure of who stands at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    IdentityCard,
    DrivingLicence,
    Passport,
    /// The number that the report holds was called, and rang in front of the officer.
    Called,
}

/// What somebody at the counter says of themselves, as it was typed.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    pub assurance: Assurance,
    /// Telephone number or e-mail address that the report was given.
    pub contact: &'a str,
    /// Asked for only where the report holds no contact.
    pub name: &'a str,
}

/// A new key, told this once.
pub struct GivenKey {
    pub ticket: String,
    pub key: String,
    /// Whether the report tells a contact by which a lost key is replaced, once it is proved.
    pub recoverable: bool,
}

impl Assurance {
    pub const ALL: [Self; 4] = [
        Self::IdentityCard,
        Self::DrivingLicence,
        Self::Passport,
        Self::Called,
    ];

    /// As it stands in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdentityCard => "identity-card",
            Self::DrivingLicence => "driving-licence",
            Self::Passport => "passport",
            Self::Called => "called",
        }
    }
}

/// The reporter of a case who holds a key of it here, its ticket, and who gives another.
struct Keyed {
    row: ReporterRow,
    ticket: String,
    by: KeyGiver,
}

impl KeyGiver {
    /// Who gives the key of a case, and of the report as it was filed.
    pub(super) fn of(case: &Case, filed: &Case) -> Self {
        if [case, filed].iter().any(|one| one.secret || one.anonymous) {
            Self::Keeper
        } else {
            Self::Officer
        }
    }
}

impl Node {
    /// Gives the reporter of a case a new key in the place of the one that was lost, which ends
    /// with all that it opened; the reporter is told where an address was proved. `giver` is what
    /// the actor is, of whom it was asked where they came in.
    ///
    /// # Errors
    /// [`NodeError::Locked`] where the claim does not fit, [`NodeError::TooMany`] after too many,
    /// [`NodeError::Forbidden`] of a case with no key to give, or that others give.
    pub async fn give_key(
        &self,
        case: CaseId,
        claim: Claim<'_>,
        (giver, actor): (KeyGiver, &str),
    ) -> Result<GivenKey, NodeError> {
        let (key, now) = (SecretKey::mint(), self.clock().now_ms());
        let secret = key.hashed().await?;
        let mut tx = self.write_tx().await?;
        let Keyed { row, ticket, by } = self.keyed(&mut tx, case).await?;
        self.may_give(&mut tx, case, by, (giver, actor)).await?;
        let person = person_of(&mut tx, actor).await?;
        self.admit_claim(&person, &row.case_id)?;
        let at = Some(row.case_id.as_str());
        let told = format!("reporter:{} {}", row.id, claim.assurance.as_str());
        if !fits(&mut tx, &row, claim).await? {
            store::audit::add(&mut tx, now, actor, "counter.key_refused", at, &told).await?;
            tx.commit().await?;
            return Err(NodeError::Locked(WRONG));
        }
        let (contacts, ways) = (
            told_contacts(&mut tx, &row.case_id).await?,
            self.code_ways(),
        );
        let recoverable = ways.any()
            && (row.citizen.is_some() || contacts.iter().any(|contact| ways.reach(contact)));
        replace_key(&mut tx, &row.case_id, &secret, actor, now).await?;
        store::audit::add(&mut tx, now, actor, "counter.key_given", at, &told).await?;
        if let Some(contact) = proved_contact(&mut tx, &row).await? {
            self.tell_key_given(&mut tx, &contact, &ticket).await?;
        }
        tx.commit().await?;
        self.ring_post();
        Ok(GivenKey {
            ticket,
            key: key.reveal().to_string(),
            recoverable,
        })
    }

    /// The reporter of a case who holds a key of it here.
    async fn keyed(&self, tx: &mut Tx, id: CaseId) -> Result<Keyed, NodeError> {
        let none = || NodeError::Forbidden(NO_KEY.into());
        let case = self.shown_case(tx, id).await?;
        if case.origin != *self.instance()? {
            return Err(none());
        }
        let whole = self.filed_as(tx, id).await?;
        let by = KeyGiver::of(&case, &self.shown_case(tx, whole).await?);
        let filed_as = whole.to_string();
        let known = Known::of(tx, &case, &filed_as).await?;
        let row = known.keyed().ok_or_else(none)?;
        let filed = store::cases::case(tx, &filed_as).await?;
        let ticket = filed.and_then(|filed| filed.ticket).ok_or_else(none)?;
        Ok(Keyed { row, ticket, by })
    }

    /// Refuses whoever gives no key of this case. A key opens all parts of a report, so that a keeper
    /// who has handled any of them gives none.
    async fn may_give(
        &self,
        tx: &mut Tx,
        case: CaseId,
        by: KeyGiver,
        (giver, actor): (KeyGiver, &str),
    ) -> Result<(), NodeError> {
        if giver != by {
            return Err(NodeError::Forbidden(match by {
                KeyGiver::Keeper => FOR_KEEPER.into(),
                KeyGiver::Officer => FOR_OFFICER.into(),
            }));
        }
        if by == KeyGiver::Keeper && Box::pin(self.has_handled_report(tx, case, actor)).await? {
            return Err(NodeError::Forbidden(HANDLED.into()));
        }
        Ok(())
    }
}

/// Whether somebody knows what only the reporter does: the contact that the report was given, or
/// the name where it was given none.
async fn fits(tx: &mut Tx, row: &ReporterRow, claim: Claim<'_>) -> Result<bool, NodeError> {
    let mut contacts = told_contacts(tx, &row.case_id).await?;
    contacts.extend(proved_contact(tx, row).await?);
    if !contacts.is_empty() {
        let typed = normalised(claim.contact).ok();
        return Ok(typed.is_some_and(|typed| contacts.contains(&typed)));
    }
    let name = told_name(tx, &row.case_id).await?;
    let name = name.map(|name| folded(&name)).unwrap_or_default();
    Ok(!name.is_empty() && name == folded(claim.name))
}

/// A name as it is compared: one space between words, in lower case.
fn folded(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
