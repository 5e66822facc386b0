//! The questions of a hold as forms ask them and histories show them: at the conversation of the
//! reporter and at the counter alike. An answer is a text whatever was asked for, so that every
//! version reads it.

use chrono::NaiveDate;
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Choice;

use crate::place::{NoPlace, check_answer};

/// What stands for an answer where a picture was asked for and came without a word. Like the two
/// below it is read by officers of every institution, in the language of their messages.
pub const PICTURE_CAME: &str = "Berkas terlampir.";
const YES: &str = "Ya";
const NO: &str = "Tidak";
/// Characters of one answer.
pub const ANSWER_CHARS: usize = 1_000;

/// A question with the answer that it wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posed {
    pub text: String,
    pub form: AnswerForm,
}

/// How a form asks for the answer.
pub enum Asking {
    Lines,
    Line,
    Date,
    OneOf(Vec<Choice>),
}

/// Questions with their forms; where none is known, it is a text that is asked for.
pub fn posed(questions: &[String], forms: &[AnswerForm]) -> Vec<Posed> {
    let forms = forms
        .iter()
        .cloned()
        .chain(std::iter::repeat(AnswerForm::Text));
    let pairs = questions.iter().cloned().zip(forms);
    pairs.map(|(text, form)| Posed { text, form }).collect()
}

impl Posed {
    pub fn asking(&self, v: &Voice) -> Asking {
        match &self.form {
            AnswerForm::Text | AnswerForm::Picture => Asking::Lines,
            AnswerForm::Place => Asking::Line,
            AnswerForm::Date => Asking::Date,
            AnswerForm::YesNo => Asking::OneOf(vec![
                Choice::new(YES, v.say("answer-yes")),
                Choice::new(NO, v.say("answer-no")),
            ]),
            AnswerForm::Choice { choices } => Asking::OneOf(
                choices
                    .iter()
                    .map(|choice| Choice::new(choice, choice))
                    .collect(),
            ),
        }
    }

    /// What is said below the question.
    pub fn hint(&self, v: &Voice) -> Option<String> {
        let said = match self.form {
            AnswerForm::Place => text_id("answer-place-hint"),
            AnswerForm::Picture => text_id("answer-picture-hint"),
            _ => return None,
        };
        Some(v.say(said))
    }

    /// Why something cannot be an answer to it; an answer may be left out.
    pub fn complaint(&self, v: &Voice, answer: &str) -> Option<String> {
        let said = match &self.form {
            _ if answer.is_empty() => return None,
            _ if answer.chars().count() > ANSWER_CHARS => {
                return Some(v.with("most", ANSWER_CHARS).say("answer-too-long"));
            }
            AnswerForm::Place => match check_answer(answer) {
                Ok(()) => return None,
                Err(NoPlace::Coordinates) => text_id("answer-place-coordinates"),
                Err(NoPlace::Abroad) => text_id("answer-place-abroad"),
                Err(NoPlace::Region) => text_id("answer-place-region"),
            },
            AnswerForm::Date if answer.parse::<NaiveDate>().is_err() => text_id("answer-no-date"),
            AnswerForm::YesNo if answer != YES && answer != NO => text_id("answer-no-choice"),
            AnswerForm::Choice { choices }
                if !choices.iter().any(|choice| choice.trim() == answer) =>
            {
                text_id("answer-no-choice")
            }
            _ => return None,
        };
        Some(v.with("question", &self.text).say(said))
    }

    /// The answer as it is sent, where `files` came with it.
    pub fn sent(&self, answer: String, files: bool) -> String {
        if answer.is_empty() && files && self.form == AnswerForm::Picture {
            return PICTURE_CAME.to_owned();
        }
        answer
    }

    /// The question with what was asked for, as a history shows it.
    pub fn words(&self, v: &Voice) -> String {
        let wanted = match &self.form {
            AnswerForm::Text => return self.text.clone(),
            AnswerForm::Choice { choices } => {
                v.with("choices", choices.join("; ")).say("wanted-choice")
            }
            form => v.say(form_name(form)),
        };
        format!("{} ({wanted})", self.text)
    }
}

/// What is asked for, in a word or two.
pub fn form_name(form: &AnswerForm) -> TextId {
    match form {
        AnswerForm::Text => text_id("wanted-text"),
        AnswerForm::YesNo => text_id("wanted-yes-no"),
        AnswerForm::Choice { .. } => text_id("wanted-one-of"),
        AnswerForm::Date => text_id("wanted-date"),
        AnswerForm::Place => text_id("wanted-place"),
        AnswerForm::Picture => text_id("wanted-picture"),
    }
}

/// An answer as people read it: a day as they write it, the rest as it was given. One that was left
/// out keeps its number, so it is said that it was.
pub fn answer_words(v: &Voice, answer: &str) -> String {
    match answer.parse::<NaiveDate>() {
        Ok(day) => v.day(day),
        Err(_) if answer.trim().is_empty() => v.say("answer-left-out"),
        Err(_) => answer.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use lapor_web::language::Language;

    use super::*;
    use crate::doors::texts;

    #[test]
    fn an_answer_is_judged_by_what_was_asked_for() {
        let v = Voice::new(Language::Indonesian, texts(), chrono_tz::UTC, 0);
        let of = |form: AnswerForm, answer: &str| {
            let text = "Sejak kapan?".to_owned();
            Posed { text, form }.complaint(&v, answer).is_none()
        };
        let choices = || AnswerForm::Choice {
            choices: vec!["Pagi".into(), "Malam".into()],
        };
        for (form, answer, fits) in [
            (AnswerForm::Text, "apa saja", true),
            (AnswerForm::YesNo, "Ya", true),
            (AnswerForm::YesNo, "mungkin", false),
            (choices(), "Malam", true),
            (choices(), "Siang", false),
            (choices(), "", true),
            (AnswerForm::Date, "2026-11-05", true),
            (AnswerForm::Date, "2026-02-30", false),
            (AnswerForm::Place, "-6,91 107,61", true),
            (AnswerForm::Place, "107,61 -6,91", false),
        ] {
            assert_eq!(of(form.clone(), answer), fits, "{form:?} {answer}");
        }
        assert!(!of(AnswerForm::Text, &"a".repeat(ANSWER_CHARS + 1)));
    }

    #[test]
    fn an_answer_that_was_left_out_is_said_to_be() {
        let v = Voice::new(Language::Indonesian, texts(), chrono_tz::UTC, 0);
        for (answer, said) in [("", "tidak dijawab"), (" ", "tidak dijawab"), ("Ya", "Ya")] {
            assert_eq!(answer_words(&v, answer), said);
        }
    }

    #[test]
    fn a_question_of_old_asks_for_a_text() {
        let asked = posed(&["Satu?".into(), "Dua?".into()], &[AnswerForm::Date]);
        let forms: Vec<_> = asked.into_iter().map(|one| one.form).collect();
        assert_eq!(forms, [AnswerForm::Date, AnswerForm::Text]);
    }
}
