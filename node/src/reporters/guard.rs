//! What stands between the portal and abuse without a third party: limits on
//! how often, a field that people do not see, the time that a form takes.
//!
//! A report that looks like a robot's is taken in all the same and marked for
//! a person to look at: no citizen's report is lost to a guess.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use lapor_protocol::ids::CaseId;
use lapor_web::peer::network;
use lapor_web::throttle::{Rate, Throttle};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;

use crate::casework::CaseSummary;
use crate::chance::random;
use crate::error::NodeError;
use crate::media::Door;
use crate::node::Node;
use crate::store;
use crate::store::erasures::MarkRow;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Nobody reads and fills in the form faster.
const LEAST_FILLING_MS: i64 = 4 * SECOND_MS;
const MARKS_AT_ONCE: i64 = 200;

/// A rule, and what its names have spent.
pub(crate) struct Limit {
    rate: Rate,
    spent: Throttle,
}

/// The limits of a node and the key of its form stamps. In memory only.
pub(crate) struct Guards {
    /// Attempts to open something, by address.
    pub address: Limit,
    /// Attempts to open the conversation of a ticket.
    pub ticket: Limit,
    /// Claims at the counter to be who reported a case: each answer says whether somebody is.
    pub claim: Limit,
    /// The same that one person brings, in whatever case.
    pub claims_of_one: Limit,
    /// Reports from an address.
    pub filing: Limit,
    /// Reports with a contact.
    pub filing_contact: Limit,
    /// Codes to a contact, which costs somebody else's attention.
    pub code: Limit,
    /// Codes for a lost key: all that are asked for with one ticket, and those that are sent to one
    /// contact, from wherever.
    pub recovery: Limit,
    /// Supports from an address.
    pub support: Limit,
    /// What reporters do in the conversation of a case: each is a message to all that handle it.
    pub acting: Limit,
    /// Files from an address.
    pub upload: Limit,
    /// KiB of files from an address.
    pub upload_size: Limit,
    /// Ways to the provider of identities that begin at an address; a whole office may share one.
    pub sign_on: Limit,
    /// Questions that a form asks while it is filled in, from an address.
    pub asking: Limit,
    /// Searches in the words of public reports, and lists of requests without a key, from an address.
    pub searching: Limit,
    /// What is answered in one conversation on a channel.
    pub answering: Limit,
    /// Letters that answer one address: letters are answered by machines more readily.
    pub replying: Limit,
    /// Codes by text message, to anybody.
    pub texting: Limit,
    stamp: [u8; 32],
}

/// Why a report should be looked at as possible abuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// A field that people do not see was filled in.
    Trap,
    /// The form was sent faster than a person can fill it in.
    TooFast,
    /// More reports of one person in a day, by a channel, than people write.
    Flood,
    /// The same text of many people within an hour, by a channel, or nothing but links.
    Campaign,
    /// An officer says so.
    Officer,
}

/// A report that waits for a person to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AbuseMark {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub reason: String,
    pub marked_by: String,
    /// Unix ms.
    pub at: i64,
}

impl AbuseMark {
    fn of(row: MarkRow) -> Result<Self, NodeError> {
        Ok(Self {
            case: store::case_id(&row.case_id)?,
            reason: row.reason,
            marked_by: row.marked_by,
            at: row.at,
        })
    }
}

impl Suspicion {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::TooFast => "too_fast",
            Self::Flood => "flood",
            Self::Campaign => "campaign",
            Self::Officer => "officer",
        }
    }
}

impl Limit {
    /// `burst` attempts at once, then one every `every_ms`.
    fn new(burst: i64, every_ms: i64) -> Self {
        Self {
            rate: Rate::new(burst, every_ms),
            spent: Throttle::default(),
        }
    }

    /// Counts an attempt at `now` (Unix ms), or says in how many seconds there may be another.
    pub(crate) fn attempt(&self, name: &str, now: i64) -> Result<(), NodeError> {
        Ok(self.spent.take(name, self.rate, now)?)
    }

    /// The same for something that costs as much as so many attempts.
    fn spend(&self, name: &str, attempts: i64, now: i64) -> Result<(), NodeError> {
        Ok(self.spent.take_many(name, self.rate, attempts, now)?)
    }
}

impl Guards {
    pub(crate) fn new() -> Self {
        Self {
            address: Limit::new(10, 20 * SECOND_MS),
            // The key alone is far beyond guessing; this keeps crowds of machines quiet. A few
            // strangers, each as often as an address may, must not lock the reporter out.
            ticket: Limit::new(300, SECOND_MS / 2),
            // Three a day, and ten; what was right counts as well, for that is an answer too.
            claim: Limit::new(3, 8 * HOUR_MS),
            claims_of_one: Limit::new(10, 144 * MINUTE_MS),
            filing: Limit::new(10, 6 * MINUTE_MS),
            filing_contact: Limit::new(5, 30 * MINUTE_MS),
            code: Limit::new(3, 10 * MINUTE_MS),
            // As many as four networks may ask for at once, and then as many as two: one stranger keeps
            // nobody from a new key.
            recovery: Limit::new(12, 5 * MINUTE_MS),
            support: Limit::new(20, 3 * MINUTE_MS),
            acting: Limit::new(20, 3 * MINUTE_MS),
            upload: Limit::new(40, 30 * SECOND_MS),
            // A gigabyte at once, then one in about an hour.
            upload_size: Limit::new(1024 * 1024, 4),
            sign_on: Limit::new(50, 3 * SECOND_MS),
            asking: Limit::new(120, SECOND_MS),
            searching: Limit::new(120, SECOND_MS),
            answering: Limit::new(20, 3 * MINUTE_MS),
            replying: Limit::new(5, 12 * MINUTE_MS),
            // 300 an hour.
            texting: Limit::new(60, 12 * SECOND_MS),
            stamp: random(),
        }
    }

    fn signature(&self, at: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.stamp).ok()?;
        mac.update(at.as_bytes());
        Some(mac)
    }
}

/// An address as it is counted: all of a network of the kind that one
/// subscriber gets count as one.
pub(super) fn neighbourhood(address: IpAddr) -> String {
    network(address).to_string()
}

impl Node {
    /// What a form carries from when it was shown to when it is sent.
    pub fn form_stamp(&self) -> String {
        let at = self.clock().now_ms().to_string();
        let signature = self.guards().signature(&at);
        let signature = signature.map(|mac| hex::encode(mac.finalize().into_bytes()));
        format!("{at}.{}", signature.unwrap_or_default())
    }

    /// Whether a report may be filed now from this address with this contact,
    /// and whether it should be looked at. `trap` is the field that people do
    /// not see, `stamp` what [`Node::form_stamp`] gave; a stamp of another
    /// process or an offline form says nothing and is no suspicion.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] with the seconds to wait.
    pub fn admit_filing(
        &self,
        address: IpAddr,
        contact: Option<&str>,
        trap: &str,
        stamp: Option<&str>,
    ) -> Result<Option<Suspicion>, NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        guards.filing.attempt(&neighbourhood(address), now)?;
        let contact = contact.and_then(|contact| super::reach::normalised(contact).ok());
        if let Some(contact) = contact {
            guards.filing_contact.attempt(&contact, now)?;
        }
        if !trap.is_empty() {
            return Ok(Some(Suspicion::Trap));
        }
        let shown_at = stamp.and_then(|stamp| self.stamped_at(stamp));
        let fast = shown_at.is_some_and(|shown| now - shown < LEAST_FILLING_MS);
        Ok(fast.then_some(Suspicion::TooFast))
    }

    /// Whether another file of so many bytes may come in from this address.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] with the seconds to wait, [`NodeError::NoRoom`] while
    /// the files of all citizens together are too many.
    pub async fn admit_upload(&self, address: IpAddr, bytes: u64) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        let name = neighbourhood(address);
        self.room_for(Door::Public, bytes).await?;
        guards.upload.attempt(&name, now)?;
        let size = i64::try_from(bytes.div_ceil(1024)).unwrap_or(i64::MAX / 1024);
        guards.upload_size.spend(&name, size, now)
    }

    /// Counts an attempt at what only a code, a key or an account opens, by its address.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] with the seconds to wait.
    pub(super) fn admit_attempt(&self, address: IpAddr) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        guards.address.attempt(&neighbourhood(address), now)
    }

    /// Counts a claim at the counter, which somebody of the staff brings, to be who reported a case as
    /// it was filed. By the person first: whose claims are used up takes none from a case.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] with the seconds to wait.
    pub(super) fn admit_claim(&self, person: &str, case: &str) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        guards.claims_of_one.attempt(person, now)?;
        guards.claim.attempt(case, now)
    }

    /// Whether another way to the provider of identities may begin at this address.
    pub fn admit_sign_on(&self, address: IpAddr) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        guards.sign_on.attempt(&neighbourhood(address), now)
    }

    /// Whether a form at this address may ask for suggestions.
    pub fn admit_question(&self, address: IpAddr) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        guards.asking.attempt(&neighbourhood(address), now)
    }

    /// Whether this address may search in public reports: each time the words of up to a thousand are
    /// read.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] with the seconds to wait.
    pub fn admit_search(&self, address: IpAddr) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        guards.searching.attempt(&neighbourhood(address), now)
    }

    /// Marks a case for a second look; a mark is this node's own.
    pub async fn mark_abuse(
        &self,
        case: CaseId,
        reason: Suspicion,
        actor: &str,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        self.shown_case(&mut tx, case).await?;
        let row = MarkRow {
            case_id: case.to_string(),
            reason: reason.as_str().to_owned(),
            marked_by: actor.to_owned(),
            at: now,
        };
        store::erasures::mark(&mut tx, &row).await?;
        store::audit::add(
            &mut tx,
            now,
            actor,
            "abuse.marked",
            Some(&row.case_id),
            &row.reason,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// Says that a marked case is in order, or has been dealt with.
    pub async fn clear_abuse(&self, case: CaseId, actor: &str) -> Result<(), NodeError> {
        let (now, text) = (self.clock().now_ms(), case.to_string());
        let mut tx = self.write_tx().await?;
        if store::erasures::clear(&mut tx, &text, actor, now).await? == 0 {
            return Err(NodeError::not_found("open mark on case", &case));
        }
        store::audit::add(&mut tx, now, actor, "abuse.cleared", Some(&text), "").await?;
        Ok(tx.commit().await?)
    }

    /// Marks that nobody has cleared, oldest first, 200 at most.
    pub async fn abuse_queue(&self) -> Result<Vec<AbuseMark>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::erasures::marked(&mut tx, MARKS_AT_ONCE).await?;
        rows.into_iter().map(AbuseMark::of).collect()
    }

    /// The open marks on some cases.
    pub async fn abuse_marks_of(&self, cases: &[CaseSummary]) -> Result<Vec<AbuseMark>, NodeError> {
        let ids = cases.iter().map(|case| case.case.to_string().into());
        let mut tx = self.read_tx().await?;
        let rows = store::erasures::marks_of(&mut tx, ids.collect()).await?;
        rows.into_iter().map(AbuseMark::of).collect()
    }

    /// The open mark on a case.
    pub async fn abuse_mark(&self, case: CaseId) -> Result<Option<AbuseMark>, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::erasures::mark_of(&mut tx, &case.to_string()).await?;
        row.map(AbuseMark::of).transpose()
    }

    fn stamped_at(&self, stamp: &str) -> Option<i64> {
        let (at, signature) = stamp.split_once('.')?;
        let signature = hex::decode(signature).ok()?;
        self.guards().signature(at)?.verify_slice(&signature).ok()?;
        at.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_with_many_addresses_counts_once() {
        let one = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(one("2001:db8:1:2:3::4"), one("2001:db8:1:2:ffff::1"));
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
        assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
