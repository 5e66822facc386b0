//! What officers and applications do with cases: file, act, list, read.
//!
//! Everything here works without a hub: an act is judged on the case as this
//! node sees it, stored with its message in one transaction, and shown as
//! pending until the hub has ruled.

mod act;
mod allowed;
mod answered;
mod approval;
mod assigning;
mod attachments;
mod barred;
mod compose;
mod coordinates;
pub mod course;
mod draft_files;
mod drafting;
mod erasures;
#[cfg(test)]
mod erasures_tests;
mod filing;
mod glance;
mod handed;
mod history;
mod identity;
mod identity_kept;
mod identity_replies;
#[cfg(test)]
mod identity_replies_tests;
mod inbox;
#[cfg(test)]
mod inbox_tests;
mod incident;
mod indexing;
#[cfg(test)]
mod left_tests;
mod once;
mod orphans;
mod outcome;
mod own_number;
mod person;
mod public_list;
mod public_report;
mod query;
mod queued;
mod reading;
mod search;
#[cfg(test)]
mod search_tests;
mod several;
mod shown;
#[cfg(test)]
mod tests;
pub mod ticket;
pub mod tracking;
mod word;
mod writer;

use lapor_protocol::case::{Effect, Reason, State, Withheld};
use lapor_protocol::deadline::Clock;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::{Category, Classification, ProgrammeRef};
use lapor_protocol::message::Attachment;
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::deadlines::Deadline;

pub use allowed::Allowed;
pub(crate) use allowed::not_now;
pub(crate) use answered::completed_since;
pub use assigning::{
    BULK, FailedAct, INSTRUCTION, Instructed, Instruction, OnDesk, SavedFilter, ToDesk,
};
pub use attachments::Opened;
pub(crate) use attachments::{Shelving, blob_path, few_enough, part_path, sync_name};
pub(crate) use compose::Newcomer;
pub use coordinates::{Coordinates, OffEarth};
pub use drafting::{AnswerDraft, DraftState, NewDraft};
pub(crate) use erasures::erases_at_once;
pub use erasures::{Decider, PlannedErasure};
pub(crate) use filing::{Beside, Filing, write_filings};
pub use glance::Tray;
pub(crate) use glance::{begins, beyond, describe};
pub use handed::Handed;
pub(crate) use history::{history, kept_message, read_message, title_of};
pub use identity::{Asker, IdentityAsk, IdentityTask};
pub use identity_replies::{IdentityAnswer, IdentityRequest, IdentityRequests};
pub use inbox::{InboxCounts, Sight, Tab};
pub(crate) use indexing::run as index;
pub use once::Once;
pub(crate) use once::{Asked, CHANNELS, expire as expire_answers};
pub(crate) use orphans::sweep_orphans;
pub use outcome::Outcome;
pub use own_number::OWN_NUMBER;
pub(crate) use own_number::is_one as is_own_number;
pub(crate) use person::person_of;
pub(crate) use public_list::FiguresCache;
pub use public_list::{PublicCase, PublicFigures, PublicFilter, PublicPage};
pub use public_report::{FiledReport, Gone, Left, PublicReport, Reported};
pub(crate) use query::two_of;
pub(crate) use queued::{store_drafts, told_identity};
pub(crate) use reading::{state_of, summaries};
pub(crate) use shown::{
    drafts, is_replied, keep, refresh, refresh_case, refresh_cases_of, show, shown_case, standing,
};
pub(crate) use word::{AT_WORK, Behalf, Who, closes_by_silence};
pub(crate) use writer::{Writer, count_act, count_filings, run as write};

/// A report as it comes in at a desk or through the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    pub classification: Classification,
    pub title: String,
    pub content: String,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// Official region code, for instance `32.73`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    #[serde(default)]
    pub place: Option<String>,
    /// Degrees, WGS 84.
    #[serde(default)]
    pub coordinates: Option<Coordinates>,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub incident_date: Option<String>,
    /// *Anonim*: the name is hidden from the handling institution and the public.
    #[serde(default)]
    pub anonymous: bool,
    /// *Rahasia*: the whole report is hidden from the public.
    #[serde(default)]
    pub secret: bool,
    /// How it came in, for instance `web`, `sms`, `walk-in`.
    pub channel: String,
    /// Institutions that may never become a party.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub excluded: Vec<InstanceId>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub suggested: Option<InstanceId>,
    #[serde(default)]
    pub programme: Option<ProgrammeRef>,
    /// Ids of uploads made before.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// Who reports; kept apart from the case and never sent with it.
    #[serde(default)]
    pub reporter: Option<Reporter>,
    /// The number that it has in the institution's own application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_number: Option<String>,
    /// A category of the institution's own tree; the national one follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_category: Option<String>,
}

/// The reporter's identity, as far as they tell.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reporter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reporter(..)")
    }
}

/// What a filing answers at once, hub or no hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Filed {
    #[schema(value_type = String)]
    pub case: CaseId,
    /// What citizens see and say; random, with a check character.
    pub ticket: String,
    #[schema(value_type = String)]
    pub message: MessageId,
}

/// An act on a case: a kind of `docs/protocol.md` with its clear fields and words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAct {
    /// For instance `case.disposed`.
    pub kind: String,
    /// Clear fields of the kind. Fields that the node knows better are filled
    /// in: commitments, a split's inheritance and child, a link's origin.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub body: serde_json::Map<String, serde_json::Value>,
    /// Words of the kind; encrypted before they leave this node.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub words: Option<serde_json::Map<String, serde_json::Value>>,
    /// Ids of uploads made before.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// What an act answers at once: it is stored and pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Acted {
    #[schema(value_type = String)]
    pub message: MessageId,
    #[schema(value_type = String)]
    pub case: CaseId,
    /// The case that a split gave birth to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub child: Option<CaseId>,
    /// The case as it looks with the act on top.
    pub state: Option<State>,
    #[schema(value_type = Option<String>)]
    pub custodian: Option<InstanceId>,
}

/// Which cases to list; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CaseFilter {
    pub state: Option<State>,
    /// Only what ended so.
    pub outcome: Option<Outcome>,
    #[schema(value_type = Option<String>)]
    pub custodian: Option<InstanceId>,
    #[schema(value_type = Option<String>)]
    pub origin: Option<InstanceId>,
    #[schema(value_type = Option<String>)]
    pub on_behalf_of: Option<InstanceId>,
    pub classification: Option<Classification>,
    /// A category, or a first level with all below it.
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// A region with all that lies in it.
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    pub programme: Option<ProgrammeRef>,
    pub tray: Option<Tray>,
    pub unit: Option<String>,
    /// The account of an officer.
    pub officer: Option<String>,
    /// Only what whoever asks works on, and what those do for whom they stand in.
    pub mine: bool,
    /// The accounts that means; known when it is asked, and never kept.
    #[serde(skip)]
    pub mine_of: Vec<String>,
    /// The number in the institution's own application, as it was noted.
    pub own_number: Option<String>,
    /// A category of the institution's own tree, or a first level with all below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_category: Option<String>,
    /// Only *rahasia*, or none.
    pub secret: Option<bool>,
    /// Unix ms, inclusive.
    pub filed_from: Option<i64>,
    /// Unix ms, exclusive.
    pub filed_before: Option<i64>,
    /// Only what has run out, here or with whoever has it now.
    pub overdue: bool,
}

/// A line of a case list.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a case, each of which a list shows"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseSummary {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub ticket: Option<String>,
    /// `None` while the key has not arrived, and after an erasure.
    pub title: Option<String>,
    /// `None` for a case whose beginning has not arrived. One that came back and has not been
    /// accepted since is `received` again.
    pub state: Option<State>,
    /// How it ended; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// It is open, and its reporter has spoken since the last public follow-up.
    #[serde(skip)]
    pub replied: bool,
    /// An institution has verified it, passed it on or answered it.
    pub taken_up: bool,
    #[schema(value_type = Option<String>)]
    pub custodian: Option<InstanceId>,
    #[schema(value_type = Option<String>)]
    pub origin: Option<InstanceId>,
    pub classification: Option<Classification>,
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    #[schema(value_type = Option<String>)]
    pub on_behalf_of: Option<InstanceId>,
    /// *Anonim*: the public and the handling institution see no name.
    pub anonymous: bool,
    /// *Rahasia*: the public sees nothing.
    pub secret: bool,
    /// The custodian's clock that runs out next; `None` where none runs.
    pub deadline: Option<Deadline>,
    /// Everybody may read it at this institution's portal.
    pub public: bool,
    /// Where, in words.
    pub place: Option<String>,
    /// The beginning of what was reported.
    pub excerpt: Option<String>,
    /// The beginning of the last public follow-up.
    pub answer: Option<String>,
    /// Kind of the last message.
    pub last_kind: Option<String>,
    /// Who made the last message.
    #[schema(value_type = Option<String>)]
    pub last_author: Option<InstanceId>,
    /// Unix ms at the hub of the last message; while it is pending, when it was made here.
    pub last_at: Option<i64>,
    /// Where it lies at this desk.
    pub tray: Option<Tray>,
    /// Whose desk it lies on here; known to no other institution.
    pub unit: Option<String>,
    /// The account of whoever works on it here; of old, the name of somebody who has none.
    pub officer: Option<String>,
    /// Its number in this institution's own application; known to no other institution.
    pub own_number: Option<String>,
    /// Its category in this institution's own tree; known to no other institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_category: Option<String>,
    /// Unix ms of the first look at it here.
    pub looked_at: Option<i64>,
    /// People who have the same trouble.
    pub supports: u32,
    /// Times it came back as not the custodian's.
    pub hops: u32,
    /// Unix ms since when it waits for its reporter; `None` where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<i64>,
    /// A supervisor such as the Ombudsman has joined.
    #[serde(default)]
    pub escalated: bool,
    /// This institution has a copy (*tembusan*) of it and does not handle it.
    #[serde(default)]
    pub copied: bool,
    /// Unix ms since when this institution hears no more of it, as no party any more; all that is told
    /// of it is how it stood then. `None` while it is a party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<i64>,
    /// Own acts on it that the hub has not ruled yet.
    pub pending: u32,
    /// Unix ms.
    pub filed_at: i64,
    /// Unix ms.
    pub updated_at: i64,
}

/// A page of a list; `next` goes into `after` for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseList {
    pub cases: Vec<CaseSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What stands in the way of reading a case's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WordsState)]
pub enum KeyState {
    Held,
    Missing,
    Erased,
}

/// A case as this node sees it, own pending acts included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseView {
    #[serde(flatten)]
    pub summary: CaseSummary,
    pub key: KeyState,
    /// All its clocks, the next to run out first; provisional while acts are pending. None where nothing
    /// more is heard of it.
    pub clocks: Vec<Clock>,
    /// Who disposed of it to whom, oldest first.
    #[schema(value_type = Vec<String>)]
    pub stack: Vec<InstanceId>,
    #[schema(value_type = Vec<String>)]
    pub copies: Vec<InstanceId>,
    #[schema(value_type = Vec<String>)]
    pub supervisors: Vec<InstanceId>,
    #[schema(value_type = Vec<String>)]
    pub excluded: Vec<InstanceId>,
    #[schema(value_type = Option<String>)]
    pub merged_into: Option<CaseId>,
    /// Cases that repeat this one and go on here, as long as the link stands.
    #[schema(value_type = Vec<String>)]
    pub merged_from: Vec<CaseId>,
    #[schema(value_type = Vec<String>)]
    pub children: Vec<CaseId>,
    #[schema(value_type = Option<String>)]
    pub parent: Option<CaseId>,
    pub score: Option<u8>,
    /// The development programme that it was filed about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<ProgrammeRef>,
    /// *Berkadar pengawasan*; `None` while nobody has said.
    pub oversight: Option<bool>,
    /// SHA-256 of what all parties agree on; equal at every caught-up party.
    /// `None` before the hub has ruled anything.
    pub digest: Option<String>,
    /// Messages of the case ruled and applied here.
    pub case_seq: u64,
    /// Why the case waits, if it does: an earlier message is missing or quarantined.
    pub blocked: Option<String>,
    pub history: Vec<HistoryEntry>,
}

/// One message of a case, in order; pending ones last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// `None` while pending.
    pub case_seq: Option<u64>,
    #[schema(value_type = Option<String>)]
    pub message: Option<MessageId>,
    pub kind: String,
    #[schema(value_type = Option<String>)]
    pub author: Option<InstanceId>,
    /// `None` while pending.
    pub effect: Option<Effect>,
    pub reason: Option<Reason>,
    /// Unix ms at the hub; while pending, when it was made here.
    pub at: i64,
    /// Its place among all that the hub has told this node; `None` while pending.
    #[serde(skip)]
    pub(crate) arrived: Option<(u32, u64)>,
    /// Clear fields; `None` where the item came without its message.
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
    /// `None` where there are none, or no key.
    #[schema(value_type = Option<Object>)]
    pub words: Option<serde_json::Value>,
    #[schema(value_type = Option<String>)]
    pub withheld: Option<Withheld>,
    pub attachments: Vec<Attachment>,
}
