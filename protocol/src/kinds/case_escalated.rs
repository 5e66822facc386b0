//! `case.escalated`: with the reporter's consent a supervisor joins.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::{DirectoryAt, Status};
use crate::ids::{InstanceId, InstanceKind};
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseEscalated {
    /// The `pengawas` that joins.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub supervisor: InstanceId,
    /// The reporter agreed; a body without consent is malformed.
    pub consent: bool,
}

impl Limited for CaseEscalated {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        let problem = "the reporter must have agreed";
        if self.consent {
            Ok(())
        } else {
            Err(BodyError::Field {
                field: "consent",
                problem,
            })
        }
    }
}

impl CaseRules for CaseEscalated {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()?;
        act.known(&self.supervisor)?;
        act.not_excluded(&self.supervisor)?;
        require(
            act.case.state != State::Merged,
            inapplicable(Reason::NotOpen),
        )?;
        let supervisor = act.world.instance(&self.supervisor);
        let kind = supervisor.map(|entry| entry.kind);
        require(
            kind == Some(InstanceKind::Pengawas),
            inapplicable(Reason::NotSupervisor),
        )?;
        // One that has not joined yet is a party all the same: what it is sent waits for it.
        let gone = supervisor.is_some_and(|entry| entry.status == Status::Revoked);
        require(!gone, inapplicable(Reason::TargetNotActive))
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.escalated = true;
        case.ever_supervisor.insert(self.supervisor.clone());
        case.supervisors.insert(self.supervisor.clone());
    }
}
