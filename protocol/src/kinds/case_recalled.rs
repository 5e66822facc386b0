//! `case.recalled`: who gave custody away, or the national desk, takes it back.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require, stale, unauthorised};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseRecalled {
    pub reason: RecallReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecallReason {
    NoAnswer,
    DisposedInError,
    NowOurs,
    InstitutionUnavailable,
    Other,
}

impl Limited for CaseRecalled {}

impl CaseRules for CaseRecalled {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        let desk = act.is_desk();
        require(
            desk || act.case.ever_disposer.contains(act.author()),
            unauthorised(Reason::NeverDisposer),
        )?;
        require(
            desk || act.case.stack.contains(act.author()),
            stale(Reason::TermEnded),
        )?;
        // `term` names the custody that the recall ends: a recall never takes
        // back more than its author had seen.
        require(
            act.header.term.as_ref() == Some(&act.case.term),
            stale(Reason::TermEnded),
        )?;
        act.open()?;
        require(
            desk || !act.case.supervised_since(act.author()),
            inapplicable(Reason::SupervisorTookOver),
        )?;
        require(
            act.case.custodian != *act.author(),
            inapplicable(Reason::AlreadyCustodian),
        )
    }

    fn apply(&self, header: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        let depth = case
            .stack
            .iter()
            .rposition(|disposer| *disposer == header.author)
            .unwrap_or(0);
        case.stack.truncate(depth);
        case.on_behalf_of = None;
        case.give_custody(header.author.clone(), header.message_ref());
        case.enter(State::Verified);
    }
}
