//! `case.returned`: *bukan wewenang*: back to whoever disposed of it, or to the national desk.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::InstanceId;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseReturned {
    pub reason: ReturnReason,
    /// Who should have it instead, in the custodian's opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub suggested: Option<InstanceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    NotOurAuthority,
    WrongRegion,
    AnotherLevel,
    BelongsToAnother,
    Other,
}

/// The top of the stack that is active, else the national desk. A desk that
/// has not joined is none: custody must not go where nobody can act on it.
fn heir(case: &Case, world: DirectoryAt<'_>) -> Option<InstanceId> {
    let fit = |who: &&InstanceId| world.is_active(who) && **who != case.custodian;
    let desk = case.desk(world).map(|desk| &desk.id);
    case.stack
        .iter()
        .rev()
        .find(fit)
        .or(desk.filter(fit))
        .cloned()
}

impl Limited for CaseReturned {}

impl CaseRules for CaseReturned {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()?;
        let heir = heir(act.case, act.world);
        require(heir.is_some(), inapplicable(Reason::NobodyToReturnTo))
    }

    fn apply(&self, header: &Header, _: Order, world: DirectoryAt<'_>, case: &mut Case) {
        let Some(heir) = heir(case, world) else {
            return;
        };
        // Everyone above the heir was passed over as not active, and leaves the stack with it.
        let depth = case
            .stack
            .iter()
            .rposition(|disposer| *disposer == heir)
            .unwrap_or(0);
        case.stack.truncate(depth);
        case.hops += 1;
        case.on_behalf_of = None;
        case.give_custody(heir, header.message_ref());
        case.enter(State::Verified);
    }
}
