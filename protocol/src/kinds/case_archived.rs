//! `case.archived`: the custodian ends the case without an answer, for a stated reason.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::{Act, Case, Order, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseArchived {
    pub reason: ArchiveReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArchiveReason {
    NotAReport,
    Incomplete,
    NoAnswer,
    Duplicate,
    OutsideGovernment,
    BeforeACourt,
    AnsweredElsewhere,
    Abusive,
    Other,
}

impl Limited for CaseArchived {}

impl CaseRules for CaseArchived {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.enter(State::Archived);
    }
}
