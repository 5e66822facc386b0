//! `case.held`: *tunda*: the case waits for the reporter, and the clocks with it.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited, WordsCheck, checks};
use crate::case::{Act, Case, Order, State, Verdict};
use crate::directory::DirectoryAt;
use crate::limits::{QUESTIONS, TEXT_CHARS};
use crate::message::Header;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseHeld {
    /// How many questions the words ask.
    pub questions: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub questions: Vec<String>,
}

impl WordsCheck for Words {
    fn check(&self) -> Result<(), BodyError> {
        checks::at_most("questions", self.questions.len(), QUESTIONS)?;
        if self.questions.is_empty() {
            return Err(BodyError::Field {
                field: "questions",
                problem: "a hold asks at least one",
            });
        }
        self.questions
            .iter()
            .try_for_each(|question| checks::filled("questions", question, TEXT_CHARS))
    }
}

impl Limited for CaseHeld {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        checks::at_most("questions", usize::from(self.questions), QUESTIONS)
    }
}

impl CaseRules for CaseHeld {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        let former = case.before_hold.unwrap_or(case.state);
        case.enter(State::Held);
        case.before_hold = Some(former);
    }
}
