//! `case.disposed`: *disposisi*: custody goes to another institution.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited, checks};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::InstanceId;
use crate::limits::COPIES;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseDisposed {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub target: InstanceId,
    /// *Tembusan*: institutions that read along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub copies: Vec<InstanceId>,
    /// `YYYY-MM-DD`, by which the disposer expects an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}

impl Limited for CaseDisposed {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        checks::at_most("copies", self.copies.len(), COPIES)?;
        self.deadline
            .as_deref()
            .map_or(Ok(()), |date| checks::date("deadline", date))
    }
}

impl CaseRules for CaseDisposed {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.was_custodian()?;
        for institution in std::iter::once(&self.target).chain(&self.copies) {
            act.known(institution)?;
            act.not_excluded(institution)?;
        }
        act.covers(&self.target)?;
        act.term_is_current()?;
        act.open()?;
        require(
            self.target != act.case.custodian,
            inapplicable(Reason::TargetIsCustodian),
        )?;
        act.is_joined(&self.target)
    }

    fn apply(&self, header: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.push_disposer(header.author.clone());
        case.copies.extend(self.copies.iter().cloned());
        case.on_behalf_of = None;
        case.give_custody(self.target.clone(), header.message_ref());
        case.enter(State::Disposed);
    }
}
