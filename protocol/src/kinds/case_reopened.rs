//! `case.reopened`: a closed or archived case goes on.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require, unauthorised};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseReopened {}

impl Limited for CaseReopened {}

impl CaseRules for CaseReopened {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        let origin = act.case.origin == *act.author();
        let custodian = act.case.ever_custodian.contains(act.author());
        require(origin || custodian, unauthorised(Reason::NotReopener))?;
        if !origin {
            act.term_is_current()?;
        }
        let ended = matches!(act.case.state, State::Closed | State::Archived);
        require(ended, inapplicable(Reason::NotClosed))
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.reopen();
    }
}
