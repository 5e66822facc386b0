//! `case.rated`: what the reporter thinks of the answer; kept with the close it rates.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseRated {
    /// 1 (poor) to 5 (good).
    pub score: u8,
}

impl Limited for CaseRated {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        let problem = "a score is 1 to 5";
        if (1..=5).contains(&self.score) {
            Ok(())
        } else {
            Err(BodyError::Field {
                field: "score",
                problem,
            })
        }
    }
}

impl CaseRules for CaseRated {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()?;
        require(
            act.case.state == State::Closed,
            inapplicable(Reason::NotClosed),
        )
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        if let Some(close) = &mut case.close {
            close.score = Some(self.score);
        }
    }
}
