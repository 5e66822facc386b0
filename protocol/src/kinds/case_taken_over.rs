//! `case.taken_over`: a supervisor takes an escalated case into its own hands.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require, stale, unauthorised};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseTakenOver {}

impl Limited for CaseTakenOver {}

impl CaseRules for CaseTakenOver {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        require(
            act.case.ever_supervisor.contains(act.author()),
            unauthorised(Reason::NeverSupervisor),
        )?;
        require(
            act.case.supervisors.contains(act.author()),
            stale(Reason::NoLongerParty),
        )?;
        require(act.case.escalated, inapplicable(Reason::NotEscalated))?;
        require(
            act.case.state != State::Merged,
            inapplicable(Reason::NotOpen),
        )?;
        require(
            act.case.custodian != *act.author(),
            inapplicable(Reason::AlreadyCustodian),
        )
    }

    fn apply(&self, header: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        let former = case.custodian.clone();
        case.push_disposer(former);
        case.on_behalf_of = None;
        case.give_custody(header.author.clone(), header.message_ref());
        case.enter(State::Verified);
    }
}
