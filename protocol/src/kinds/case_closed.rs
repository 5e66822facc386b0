//! `case.closed`: the reporter confirmed, or stayed silent.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, ClosedBy, Limited};
use crate::case::Close;
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::MessageRef;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseClosed {
    pub by: ClosedBy,
    /// The follow-up that was confirmed or not answered; required for silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub follow_up: Option<MessageRef>,
    /// That the reporter is content is an officer's word alone: nobody has shown the reporter's key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub through_officer: bool,
}

impl Limited for CaseClosed {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        if self.by == ClosedBy::Silence && self.follow_up.is_none() {
            let problem = "a close by silence names the follow-up that was not answered";
            return Err(BodyError::Field {
                field: "follow_up",
                problem,
            });
        }
        Ok(())
    }
}

impl CaseRules for CaseClosed {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()?;
        let last = act.case.follow_up.as_ref();
        let state = matches!(act.case.state, State::Answered | State::InProgress);
        require(state, inapplicable(Reason::WrongState))?;
        let last = last.ok_or(inapplicable(Reason::NoFollowUp))?;
        if self.by == ClosedBy::Silence {
            let answered = last.replied_since || self.follow_up.as_ref() != Some(&last.message);
            require(!answered, inapplicable(Reason::RepliedSince))?;
        }
        Ok(())
    }

    fn apply(&self, header: &Header, order: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.close = Some(Close {
            message: header.message_ref(),
            by: self.by,
            through_officer: self.through_officer && self.by == ClosedBy::Reporter,
            ordered_at: order.ordered_at,
            score: None,
        });
        case.enter(State::Closed);
    }
}
