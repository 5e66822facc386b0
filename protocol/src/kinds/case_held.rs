//! `case.held`: *tunda*: the case waits for the reporter, and the clocks with it.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited, WordsCheck, checks};
use crate::case::{Act, Case, Order, State, Verdict};
use crate::directory::DirectoryAt;
use crate::limits::{CHOICE_CHARS, CHOICES, QUESTIONS, TEXT_CHARS};
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
    /// How each is to be answered, in their order; a question beyond the last, and one of a form
    /// that is not known, is answered by a text. Answers are texts whatever was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<AnswerForm>,
}

/// What a question asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum AnswerForm {
    /// Answered by `Ya` or `Tidak`.
    YesNo,
    /// Answered by one of these, as it is written here.
    Choice { choices: Vec<String> },
    /// Answered by `YYYY-MM-DD`.
    Date,
    /// Answered by where it is, in words or by coordinates.
    Place,
    /// Answered by an attachment of the same message; the text may say more.
    Picture,
    #[default]
    #[serde(other)]
    Text,
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
            .try_for_each(|question| checks::filled("questions", question, TEXT_CHARS))?;
        checks::at_most("forms", self.forms.len(), self.questions.len())?;
        self.forms.iter().try_for_each(AnswerForm::check)
    }
}

impl AnswerForm {
    fn check(&self) -> Result<(), BodyError> {
        let Self::Choice { choices } = self else {
            return Ok(());
        };
        checks::at_most("choices", choices.len(), CHOICES)?;
        if choices.len() < 2 {
            return Err(BodyError::Field {
                field: "choices",
                problem: "there are at least two to choose from",
            });
        }
        choices
            .iter()
            .try_for_each(|choice| checks::filled("choices", choice, CHOICE_CHARS))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Words, BodyError> {
        checks::words::<Words>(text.as_bytes())?;
        Ok(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_question_says_how_it_is_answered_or_is_answered_by_a_text() {
        let old = words(r#"{"questions":["Di mana?"]}"#).unwrap();
        assert!(old.forms.is_empty());
        let younger = r#"{"questions":["A?","B?"],"forms":[{"as":"choice","choices":["x","y"]},
            {"as":"hologram","depth":3}]}"#;
        let choices = vec!["x".into(), "y".into()];
        let forms = [AnswerForm::Choice { choices }, AnswerForm::Text];
        assert_eq!(words(younger).unwrap().forms, forms);
        for wrong in [
            r#"{"questions":["A?"],"forms":[{"as":"choice","choices":["x"]}]}"#,
            r#"{"questions":["A?"],"forms":[{"as":"choice","choices":["x"," "]}]}"#,
            r#"{"questions":["A?"],"forms":[{"as":"date"},{"as":"date"}]}"#,
        ] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
    }
}
