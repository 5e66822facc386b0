//! `case.succeeded`: the successor takes the place of a dissolved institution.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, Verdict};
use crate::directory::DirectoryAt;
use crate::directory::Status;
use crate::ids::InstanceId;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseSucceeded {
    /// The institution that the directory shows as revoked with a successor.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub institution: InstanceId,
}

fn successor<'a>(institution: &InstanceId, world: DirectoryAt<'a>) -> Option<&'a InstanceId> {
    let dissolved = world
        .instance(institution)
        .filter(|entry| entry.status == Status::Revoked)?;
    dissolved
        .successor
        .as_ref()
        .filter(|successor| world.is_active(successor))
}

impl Limited for CaseSucceeded {}

impl CaseRules for CaseSucceeded {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_desk()?;
        let successor = successor(&self.institution, act.world);
        if let Some(successor) = successor {
            act.not_excluded(successor)?;
        }
        require(successor.is_some(), inapplicable(Reason::NotDissolved))?;
        require(
            act.case.is_party(&self.institution, act.world),
            inapplicable(Reason::NeverParty),
        )
    }

    fn apply(&self, header: &Header, _: Order, world: DirectoryAt<'_>, case: &mut Case) {
        let Some(successor) = successor(&self.institution, world) else {
            return;
        };
        let replace = |who: &mut InstanceId| {
            if *who == self.institution {
                who.clone_from(successor);
            }
        };
        replace(&mut case.origin);
        case.stack.iter_mut().for_each(replace);
        case.linked
            .values_mut()
            .for_each(|linked| replace(&mut linked.origin));
        for set in [&mut case.copies, &mut case.supervisors] {
            if set.remove(&self.institution) {
                set.insert(successor.clone());
            }
        }
        if case.stack.contains(successor) {
            case.ever_disposer.insert(successor.clone());
        }
        if case.supervisors.contains(successor) {
            case.ever_supervisor.insert(successor.clone());
        }
        if case.custodian == self.institution {
            case.give_custody(successor.clone(), header.message_ref());
        }
    }
}
