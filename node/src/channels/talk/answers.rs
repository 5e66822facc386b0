//! Answers to what this node has asked, and words to a case that somebody names.

use chrono::{Datelike, NaiveDate};
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::case_held::AnswerForm;

use super::commands::{
    is_beside, is_courtesy, is_nearly_yes, is_no, is_none, is_time, is_unsure, is_yes,
};
use super::{Asked, Deed, Hold, Known, OwnCase, Say, Talk, Turn};
use crate::channels::heard::Heard;
use crate::portal::PICTURE_CAME;
use crate::reporters::ReporterAct;

/// What somebody says to a case, and whether files came with it.
#[derive(Clone, Copy)]
pub struct Words<'t> {
    text: &'t str,
    files: bool,
}

impl<'t> Words<'t> {
    pub fn of(text: &'t str, heard: &Heard) -> Self {
        let files = !heard.media.is_empty();
        Self { text, files }
    }

    /// Whether it is more than a courtesy.
    pub fn say_something(self) -> bool {
        self.files || !is_courtesy(self.text)
    }

    /// Whether it can answer a question: `Malam` says when.
    fn answer_something(self) -> bool {
        self.say_something() || is_time(self.text)
    }

    /// Whether it answers something and says nothing by itself: `YA`, `TIDAK`, a number.
    fn only_answer(self) -> bool {
        let (text, files) = (self.text, self.files);
        !files && (is_yes(text) || is_none(text) || number(text).is_some())
    }
}

/// What a text answers, if anything was asked and it is an answer.
pub fn to_question(talk: &Talk, words: Words<'_>, known: &Known<'_>) -> Option<Turn> {
    let asked = talk.asked.as_ref()?;
    if known.unsaid == Some(asked.case()) {
        return words.only_answer().then(|| before_asked(talk));
    }
    let own = known.case(asked.case())?;
    match asked {
        Asked::Hold {
            hold,
            answers,
            files,
            ..
        } => {
            let waits = own.hold.as_ref().filter(|waits| waits.message == *hold)?;
            let begun = (answers.as_slice(), files.as_slice());
            let said = words.answer_something();
            said.then(|| to_hold(talk, own, waits, begun, words))
        }
        Asked::Close { .. } if own.may("confirm") => {
            to_close(talk, own, words.text).or_else(|| nearly(talk, words))
        }
        Asked::Rating { .. } if own.may("rate") => {
            to_rating(talk, own, words.text).or_else(|| unrated(talk, words))
        }
        _ => None,
    }
}

/// What somebody says to a case: an answer where it asks, else a reply, or what completes it.
pub fn to_case(talk: &Talk, case: CaseId, words: Words<'_>, known: &Known<'_>) -> Turn {
    let text = words.text;
    let Some(own) = known.case(case) else {
        return Turn::of(talk, Deed::Answered("refused"), vec![Say::NoReport]);
    };
    let unsaid = known.unsaid == Some(case);
    if unsaid && words.only_answer() {
        return before_asked(talk);
    }
    // Where everybody reads nobody was told a question.
    let told = !known.manner.public && !unsaid;
    let hold = own.hold.as_ref().filter(|_| told);
    if let Some(hold) = hold {
        let begun = match &talk.asked {
            Some(Asked::Hold {
                hold: of,
                answers,
                files,
                ..
            }) if *of == hold.message => (answers.as_slice(), files.as_slice()),
            _ => (&[][..], &[][..]),
        };
        return to_hold(talk, own, hold, begun, words);
    }
    let asked = if unsaid {
        None
    } else if own.may("confirm") {
        to_close(talk, own, text)
    } else {
        to_rating(talk, own, text).filter(|_| own.may("rate"))
    };
    if let Some(turn) = asked {
        return turn;
    }
    if text.is_empty() && own.may("complete") {
        return added(talk, own, text);
    }
    let text = if text.is_empty() { PICTURE_CAME } else { text }.to_owned();
    let attachments = Vec::new();
    let act = if own.may("reply") && own.hold.is_none() {
        ReporterAct::Reply { text, attachments }
    } else if own.may("complete") {
        let (answers, text) = (Vec::new(), Some(text));
        ReporterAct::Complete {
            answers,
            text,
            attachments,
        }
    } else {
        let not_now = Say::NotNow(own.ticket.clone());
        return Turn::of(talk, Deed::Answered("refused"), vec![not_now]);
    };
    acted(talk, own, act, Say::PassedOn(own.ticket.clone()))
}

/// Lays aside what can be no answer to something that was not said yet; the question stays.
fn before_asked(talk: &Talk) -> Turn {
    Turn::of(talk, Deed::Aside, Vec::new())
}

/// What completes a report without being asked for; behind a follow-up it is what they say to that.
pub fn added(talk: &Talk, own: &OwnCase, text: &str) -> Turn {
    let text = if text.is_empty() { PICTURE_CAME } else { text }.to_owned();
    let attachments = Vec::new();
    let act = if own.may("confirm") && own.may("reply") && own.hold.is_none() {
        ReporterAct::Reply { text, attachments }
    } else {
        ReporterAct::Complete {
            answers: Vec::new(),
            text: Some(text),
            attachments,
        }
    };
    acted(talk, own, act, Say::PassedOn(own.ticket.clone()))
}

/// The question of a hold that is asked next.
pub fn question(own: &OwnCase, hold: &Hold, at: usize) -> Option<Say> {
    Some(Say::Question {
        ticket: own.ticket.clone(),
        question: hold.questions.get(at)?.clone(),
        form: hold.forms.get(at).cloned().unwrap_or_default(),
    })
}

/// The next answer to a hold; `begun` is what was answered before, and the uploads that came with it.
fn to_hold(
    talk: &Talk,
    own: &OwnCase,
    hold: &Hold,
    (answers, files): (&[String], &[String]),
    words: Words<'_>,
) -> Turn {
    let form = hold.forms.get(answers.len()).cloned().unwrap_or_default();
    let (mut answers, files) = (answers.to_vec(), files.to_vec());
    let Some(answer) = fitting(&form, words) else {
        let begun = (answers, files);
        return waiting(talk, own.case, hold.message, begun, Say::Hint(form));
    };
    answers.push(answer);
    if let Some(next) = question(own, hold, answers.len()) {
        return waiting(talk, own.case, hold.message, (answers, files), next);
    }
    let act = ReporterAct::Complete {
        answers,
        text: None,
        attachments: files,
    };
    acted(talk, own, act, Say::PassedOn(own.ticket.clone()))
}

fn waiting(
    talk: &Talk,
    case: CaseId,
    hold: MessageId,
    (answers, files): (Vec<String>, Vec<String>),
    say: Say,
) -> Turn {
    let mut turn = Turn::of(talk, Deed::Asked, vec![say]);
    turn.talk.asked = Some(Asked::Hold {
        case,
        hold,
        answers,
        files,
    });
    turn.talk.asked_in = None;
    turn
}

fn to_close(talk: &Talk, own: &OwnCase, text: &str) -> Option<Turn> {
    if is_yes(text) {
        let confirm = ReporterAct::Confirm { text: None };
        let mut turn = acted(talk, own, confirm, Say::Confirmed(own.ticket.clone()));
        turn.talk.asked = Some(Asked::Rating { case: own.case });
        turn.talk.asked_in = None;
        return Some(turn);
    }
    is_no(text).then(|| {
        let reply = ReporterAct::Reply {
            text: text.to_owned(),
            attachments: Vec::new(),
        };
        acted(talk, own, reply, Say::PassedOn(own.ticket.clone()))
    })
}

/// Asks once more where it only sounds as if it were done, or where they do not know. The words lie aside meanwhile.
fn nearly(talk: &Talk, words: Words<'_>) -> Option<Turn> {
    let sounds = !words.files && (is_nearly_yes(words.text) || is_unsure(words.text));
    sounds.then(|| hinted(talk, Say::Hint(AnswerForm::YesNo)))
}

fn to_rating(talk: &Talk, own: &OwnCase, text: &str) -> Option<Turn> {
    let score = match number(text)? {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        "4" => 4,
        "5" => 5,
        _ => return None,
    };
    let rate = ReporterAct::Rate { score, text: None };
    Some(acted(talk, own, rate, Say::Rated))
}

/// Asks once more where a number is none of those that rate. The words lie aside meanwhile.
fn unrated(talk: &Talk, words: Words<'_>) -> Option<Turn> {
    number(words.text).filter(|_| !words.files)?;
    Some(hinted(talk, Say::AskRating))
}

/// Says how something is answered that they have heard.
fn hinted(talk: &Talk, hint: Say) -> Turn {
    let mut turn = Turn::of(talk, Deed::Aside, vec![hint]);
    turn.talk.asked_in = None;
    turn
}

/// A number of one digit or two, with thanks or without.
fn number(text: &str) -> Option<&str> {
    let text = text.trim();
    let (number, beside) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let number = number.trim_end_matches(['.', ',', '!']);
    let is_one = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    (is_one && is_beside(beside)).then_some(number)
}

/// An act after which nothing is asked any more in this case.
fn acted(talk: &Talk, own: &OwnCase, act: ReporterAct, say: Say) -> Turn {
    let case = own.case;
    let mut turn = Turn::of(talk, Deed::Act { case, act }, vec![say]);
    turn.talk.asked = turn.talk.asked.filter(|asked| asked.case() != case);
    turn
}

/// What was said as an answer of a form, if it is one.
fn fitting(form: &AnswerForm, words: Words<'_>) -> Option<String> {
    let text = words.text.trim();
    match form {
        AnswerForm::Picture | AnswerForm::Text if text.is_empty() && words.files => {
            Some(PICTURE_CAME.to_owned())
        }
        AnswerForm::YesNo if is_yes(text) => Some("Ya".into()),
        AnswerForm::YesNo if is_no(text) => Some("Tidak".into()),
        AnswerForm::YesNo => None,
        AnswerForm::Choice { choices } => {
            let by_number = text
                .parse()
                .ok()
                .and_then(|number: usize| number.checked_sub(1));
            let by_number = by_number.and_then(|at| choices.get(at));
            let lower = text.to_lowercase();
            let by_name = || choices.iter().find(|choice| choice.to_lowercase() == lower);
            by_number.or_else(by_name).cloned()
        }
        AnswerForm::Date => date(text),
        AnswerForm::Place | AnswerForm::Picture | AnswerForm::Text => {
            (!text.is_empty()).then(|| text.to_owned())
        }
    }
}

/// `YYYY-MM-DD` of a day as people write it: `5-11-2026`, `05/11/2026`.
fn date(text: &str) -> Option<String> {
    let shapes = ["%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d"];
    let read = |shape: &&str| NaiveDate::parse_from_str(text, shape).ok();
    // `5-11-26` is no day of the first century.
    let day = shapes
        .iter()
        .find_map(read)
        .filter(|day| day.year() > 1900)?;
    Some(day.format("%Y-%m-%d").to_string())
}
