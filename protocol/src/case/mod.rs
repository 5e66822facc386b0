//! A case: who has it, who may see it, what state it is in.
//!
//! [`Case`] is the fold of a case's applied messages in `case_seq` order, the
//! same at the hub and at every party. It holds clear facts only, never words.

mod audience;
mod course;
mod fold;
mod parties;
pub(crate) mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, Digest, InstanceId, MessageId, MessageRef};
use crate::kinds::{Category, Classification, ClosedBy, ProgrammeRef};
use crate::region::RegionCode;

pub use audience::{Share, Withheld, audience, entitlement, reaches_former};
pub use course::{Course, Hold, Moment};
pub use fold::{Order, apply, judge, rule};
pub use rules::{Act, Effect, Reason, Refusal, Ruling, Verdict};

/// Where a case stands; `open` means none of the last three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CaseState))]
#[serde(rename_all = "snake_case")]
pub enum State {
    Received,
    Verified,
    Held,
    Disposed,
    InProgress,
    Answered,
    Closed,
    Archived,
    Merged,
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Verified,
        Self::Held,
        Self::Disposed,
        Self::InProgress,
        Self::Answered,
        Self::Closed,
        Self::Archived,
        Self::Merged,
    ];

    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Archived | Self::Merged)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Verified => "verified",
            Self::Held => "held",
            Self::Disposed => "disposed",
            Self::InProgress => "in_progress",
            Self::Answered => "answered",
            Self::Closed => "closed",
            Self::Archived => "archived",
            Self::Merged => "merged",
        }
    }
}

/// A public follow-up and whether the reporter has replied since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FollowUp {
    pub message: MessageRef,
    pub ordered_at: i64,
    /// Directory version in force.
    pub directory: u64,
    pub replied_since: bool,
}

/// How a case was closed, and what the reporter thought of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Close {
    pub message: MessageRef,
    pub by: ClosedBy,
    /// The reporter's word is known by an officer's alone. Younger than other fields: a version that
    /// does not know it agrees about the case all the same, so it is no part of [`Case::digest`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub through_officer: bool,
    pub ordered_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
}

/// A case merged into another, and how to undo it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Merged {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub into: CaseId,
    pub link: MessageRef,
    pub former: State,
}

/// A case that was merged into this one; its origin is a party here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LinkedCase {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub case: CaseId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub origin: InstanceId,
}

/// The fold of a case's applied messages.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts of a case, each a field on the wire"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Case {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: CaseId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub origin: InstanceId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub custodian: InstanceId,
    /// The message that gave the custodian its custody.
    pub term: MessageRef,
    /// Who gave custody to whom; the last gave it to the custodian.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub stack: Vec<InstanceId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub copies: BTreeSet<InstanceId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub supervisors: BTreeSet<InstanceId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub excluded: BTreeSet<InstanceId>,
    /// Cases merged into this one, by the link's message id.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, LinkedCase>))]
    pub linked: BTreeMap<MessageId, LinkedCase>,
    /// Everyone who has ever been a party: the line between `stale` and `unauthorised`.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub ever_party: BTreeSet<InstanceId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub ever_custodian: BTreeSet<InstanceId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub ever_disposer: BTreeSet<InstanceId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub ever_supervisor: BTreeSet<InstanceId>,
    pub state: State,
    /// The state before a hold, to which a completion returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_hold: Option<State>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    pub classification: Classification,
    /// *Berkadar pengawasan*: an irregularity that needs examination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oversight: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub category: Option<Category>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub region: Option<RegionCode>,
    pub anonymous: bool,
    pub secret: bool,
    pub channel: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<ProgrammeRef>,
    /// An institution that has not joined and for which the custodian acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub on_behalf_of: Option<InstanceId>,
    /// Commitment to the content key.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub commitment: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Close>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub parent: Option<CaseId>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub children: Vec<CaseId>,
    pub supports: u32,
    /// Times the case came back as not the custodian's.
    pub hops: u32,
    pub escalated: bool,
    pub redacted: bool,
    /// Unix ms: `created_at` of the filing, but never after its `ordered_at`.
    pub filed_at: i64,
    /// What its clocks run from.
    pub course: Course,
    /// Requests for the reporter's identity that are not answered yet, known
    /// to origin and requester only and therefore no part of [`Case::digest`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, String>))]
    pub identity_requests: BTreeMap<MessageId, InstanceId>,
}

impl Case {
    /// SHA-256 over everything that all parties must agree on. Two copies of
    /// a case with equal digests are equal.
    pub fn digest(&self) -> Digest {
        let mut shared = Self {
            identity_requests: BTreeMap::new(),
            ..self.clone()
        };
        if let Some(close) = &mut shared.close {
            close.through_officer = false;
        }
        Digest::of(&serde_json::to_vec(&shared).expect("a case serialises"))
    }
}
