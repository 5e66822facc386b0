//! The vocabulary in which every kind states its rule, in the order in which
//! refusals take precedence: unauthorised, stale, inapplicable.

use serde::{Deserialize, Serialize};

use super::Case;
use crate::directory::DirectoryAt;
use crate::ids::{CaseId, InstanceId};
use crate::message::Header;

/// What the hub decided about a message at its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Applied,
    Stale,
    Unauthorised,
    Inapplicable,
    Malformed,
    Duplicate,
}

impl Effect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Unauthorised => "unauthorised",
            Self::Inapplicable => "inapplicable",
            Self::Malformed => "malformed",
            Self::Duplicate => "duplicate",
        }
    }
}

/// Why a message has no effect; stable codes, shown to its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    NoSuchCase,
    CaseExists,
    NeverCustodian,
    NeverDisposer,
    NeverParty,
    NeverSupervisor,
    NotOrigin,
    NotDesk,
    NotLinker,
    NotOwner,
    NotReopener,
    OutsideAuthority,
    Excluded,
    UnknownInstance,
    TermEnded,
    NoLongerParty,
    NotOpen,
    NotClosed,
    NotMerged,
    WrongState,
    TargetIsCustodian,
    TargetNotActive,
    AlreadyCustodian,
    NobodyToReturnTo,
    ExcludesParty,
    HasJoined,
    NoFollowUp,
    RepliedSince,
    NotEscalated,
    NotSupervisor,
    SupervisorTookOver,
    NotDissolved,
    NotRequested,
    HolderAsks,
    SameCase,
    CaseTaken,
    OriginDiffers,
    InheritanceDiffers,
    AlreadyRedacted,
    KeyNotCertified,
    KeyPosition,
    KeyTaken,
    NotPublished,
    KindUnknown,
    BodyInvalid,
    /// A reason of a later version; the effect still says what happened.
    #[serde(other)]
    Unknown,
}

/// An effect other than applied, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub effect: Effect,
    pub reason: Reason,
}

/// What a rule says of an act.
pub type Verdict = Result<(), Refusal>;

/// A verdict as it stands in a delivery item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub effect: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Ruling {
    pub const APPLIED: Self = Self {
        effect: Effect::Applied,
        reason: None,
    };

    pub fn applied(&self) -> bool {
        self.effect == Effect::Applied
    }
}

impl From<Verdict> for Ruling {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(()) => Self::APPLIED,
            Err(refusal) => Self {
                effect: refusal.effect,
                reason: Some(refusal.reason),
            },
        }
    }
}

pub(crate) fn unauthorised(reason: Reason) -> Refusal {
    Refusal {
        effect: Effect::Unauthorised,
        reason,
    }
}

pub(crate) fn stale(reason: Reason) -> Refusal {
    Refusal {
        effect: Effect::Stale,
        reason,
    }
}

pub(crate) fn inapplicable(reason: Reason) -> Refusal {
    Refusal {
        effect: Effect::Inapplicable,
        reason,
    }
}

pub(crate) fn require(holds: bool, refusal: Refusal) -> Verdict {
    if holds { Ok(()) } else { Err(refusal) }
}

/// A message before a case as it stood before the message.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub header: &'a Header,
    pub case: &'a Case,
    /// The second case that the message names, if it exists.
    pub other: Option<&'a Case>,
    /// Whether a case id that the message would create is already in use.
    pub child_exists: bool,
    pub world: DirectoryAt<'a>,
}

impl Act<'_> {
    pub(crate) fn author(&self) -> &InstanceId {
        &self.header.author
    }

    /// The author holds or held custody; the rest of the rule may follow.
    pub(crate) fn was_custodian(&self) -> Verdict {
        let was = self.case.ever_custodian.contains(self.author());
        require(was, unauthorised(Reason::NeverCustodian))
    }

    /// The act relies on the custody that is current.
    pub(crate) fn term_is_current(&self) -> Verdict {
        let current = self.case.custodian == *self.author()
            && self.header.term.as_ref() == Some(&self.case.term);
        require(current, stale(Reason::TermEnded))
    }

    /// The whole rule of most custodial acts.
    pub(crate) fn custodial(&self) -> Verdict {
        self.was_custodian()?;
        self.term_is_current()
    }

    pub(crate) fn open(&self) -> Verdict {
        require(self.case.state.is_open(), inapplicable(Reason::NotOpen))
    }

    pub(crate) fn by_origin(&self) -> Verdict {
        require(
            self.case.origin == *self.author(),
            unauthorised(Reason::NotOrigin),
        )
    }

    pub(crate) fn is_desk(&self) -> bool {
        self.case
            .desk(self.world)
            .is_some_and(|desk| desk.id == *self.author())
    }

    pub(crate) fn by_desk(&self) -> Verdict {
        require(self.is_desk(), unauthorised(Reason::NotDesk))
    }

    pub(crate) fn not_excluded(&self, institution: &InstanceId) -> Verdict {
        require(
            !self.case.excludes(institution, self.world),
            unauthorised(Reason::Excluded),
        )
    }

    pub(crate) fn known(&self, institution: &InstanceId) -> Verdict {
        require(
            self.world.instance(institution).is_some(),
            unauthorised(Reason::UnknownInstance),
        )
    }

    /// The author's authority covers the institution; the desk's stand-in has the desk's.
    pub(crate) fn covers(&self, institution: &InstanceId) -> Verdict {
        let holder = if self.is_desk() {
            self.world.desk()
        } else {
            self.world.instance(self.author())
        };
        let covered = match (holder, self.world.instance(institution)) {
            (Some(holder), Some(target)) => holder
                .disposes_to
                .iter()
                .any(|pattern| pattern.covers(&target.id, target.kind, target.region.as_ref())),
            _ => false,
        };
        require(covered, unauthorised(Reason::OutsideAuthority))
    }

    pub(crate) fn is_joined(&self, institution: &InstanceId) -> Verdict {
        require(
            self.world.is_active(institution),
            inapplicable(Reason::TargetNotActive),
        )
    }

    /// The case that this message names besides its own.
    pub(crate) fn second(&self, id: CaseId) -> Result<&Case, Refusal> {
        self.other
            .filter(|other| other.id == id)
            .ok_or(unauthorised(Reason::NoSuchCase))
    }
}
