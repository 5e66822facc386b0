//! `case.returned`: *bukan wewenang*: back to whoever disposed of it, or to the national desk.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::case::rules::{inapplicable, require};
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

/// The top of the stack that is active, else the national desk.
fn heir(case: &Case, world: DirectoryAt<'_>) -> Option<InstanceId> {
    let on_stack = case.stack.iter().rev().find(|disposer| world.is_active(disposer) && **disposer != case.custodian);
    on_stack.cloned().or_else(|| case.desk(world).map(|desk| desk.id.clone()))
}

impl CaseReturned {
    pub(super) fn check(&self, _: &Header) -> Result<(), BodyError> {
        Ok(())
    }
}

impl CaseRules for CaseReturned {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()?;
        let heir = heir(act.case, act.world);
        require(heir.is_some_and(|heir| heir != act.case.custodian), inapplicable(Reason::NobodyToReturnTo))
    }

    fn apply(&self, header: &Header, _: Order, world: DirectoryAt<'_>, case: &mut Case) {
        let Some(heir) = heir(case, world) else { return };
        // Everyone above the heir was passed over as not active, and leaves the stack with it.
        let depth = case.stack.iter().rposition(|disposer| *disposer == heir).unwrap_or(0);
        case.stack.truncate(depth);
        case.hops += 1;
        case.on_behalf_of = None;
        case.give_custody(heir, header.message_ref());
        case.enter(State::Verified);
    }
}
