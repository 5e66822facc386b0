//! Everything that is said by text message fits into one, with the longest ticket, name and address.

use chrono_tz::Tz;
use lapor_protocol::case::State;
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_web::language::{Language, Voice, text_id};

use crate::channels::LeftOut;
use crate::channels::manner::Name;
use crate::channels::sms::alphabet::{SEPTETS, plain, septets};
use crate::channels::talk::Say;
use crate::channels::words::{Piece, asked, short, spoken};
use crate::doors::texts;
use crate::portal::state_words;
use crate::testing::NOW;

const TICKET: &str = "4F7KX-92MQ3";
const PORTAL: &str = "https://lapor.kepulauansiautagulandangbiaro.go.id";
const INSTITUTION: &str = "Pemerintah Kabupaten Kepulauan Siau Tagulandang Biaro";

fn voices() -> [Voice; 2] {
    Language::ALL.map(|language| Voice::new(language, texts(), Tz::Asia__Jakarta, NOW))
}

fn fits(text: &str) {
    assert_eq!(plain(text), text, "only letters that every telephone has");
    assert!(
        septets(text) <= SEPTETS,
        "{} septets: {text}",
        septets(text)
    );
}

#[test]
fn every_sentence_fits_into_one_message() {
    let of = || TICKET.to_owned();
    for v in voices() {
        for say in [
            Say::Filed,
            Say::Again(of()),
            Say::NoReport,
            Say::Help,
            Say::Stopped,
            Say::Started,
            Say::Portal,
            Say::Dropped,
            Say::PassedOn(of()),
            Say::Confirmed(of()),
            Say::Rated,
            Say::NotNow(of()),
            Say::Hint(AnswerForm::YesNo),
            Say::Hint(AnswerForm::Date),
            Say::Hint(AnswerForm::Place),
            Say::Hint(AnswerForm::Text),
            Say::AskWords,
            Say::AskPlace,
            Say::AskRating,
            Say::AskPicture,
            Say::Directly,
            Say::Wordless,
            Say::ByReply,
            Say::LeftOut(LeftOut::Large),
            Say::LeftOut(LeftOut::Kind),
            Say::LeftOut(LeftOut::Gone),
            Say::LeftOut(LeftOut::Many),
        ] {
            fits(&spoken(&v, PORTAL, &say, Some(TICKET), None).head);
        }
        fits(&v.say("chat-status-unknown"));
        fits(&v.with("code", "1234 5678").say("chat-code"));
        let secret = v.with("ticket", TICKET).with("portal", PORTAL);
        fits(&secret.say("chat-news-secret"));
    }
}

#[test]
fn how_far_a_case_is_fits_into_one_message() {
    for v in voices() {
        let states = State::ALL.map(|state| state_words(state).0);
        let outcomes = [
            text_id("state-replied"),
            text_id("outcome-confirmed"),
            text_id("outcome-officer"),
            text_id("outcome-silence"),
        ];
        for state in states.into_iter().chain(outcomes) {
            let said = v.with("ticket", TICKET).with("state", v.say(state));
            let head = said
                .with("institution", short(INSTITUTION))
                .say("chat-status-at");
            let since = v.with("date", v.date(NOW)).say("chat-status-since");
            fits(&plain(&format!("{head} {since}")));
        }
    }
}

#[test]
fn every_news_with_its_question_fits_into_one_message() {
    for v in voices() {
        let to = short(INSTITUTION);
        for said in [
            text_id("event-verified"),
            text_id("event-disposed"),
            text_id("event-held"),
            text_id("event-answered"),
            text_id("event-followed-up"),
            text_id("event-returned"),
            text_id("event-archived"),
            text_id("event-recalled"),
            text_id("event-reopened"),
            text_id("event-taken-over"),
            text_id("event-erased"),
            text_id("event-merged"),
            text_id("event-unmerged"),
            text_id("event-split"),
            text_id("letter-closed-there"),
            text_id("closed-officer"),
            text_id("closed-silence"),
        ] {
            let said = v.with("institution", &to).say(said);
            let head = v.with("ticket", TICKET).with("said", said).say("chat-news");
            for tail in [v.say("chat-ask-close"), v.say("chat-ask-rating")] {
                let piece = Piece {
                    head: head.clone(),
                    body: Some("Petugas sudah datang. ".repeat(30)),
                    tail: Some(tail),
                    shorter: Vec::new(),
                };
                fits(&piece.fitted(Name::Sms.manner()));
            }
        }
        let choices = ["satu lampu", "dua lampu", "semua lampu"].map(str::to_owned);
        let form = AnswerForm::Choice {
            choices: choices.to_vec(),
        };
        let question = "Berapa lampu yang padam? ".repeat(20);
        fits(&asked(&v, TICKET, &question, &form).fitted(Name::Sms.manner()));
    }
}

#[test]
fn a_question_that_is_answered_by_its_ticket_fits_and_says_so() {
    for v in voices() {
        let by_ticket = v.with("ticket", TICKET).say("chat-answer-by-ticket");
        let question = "Bagian mana dari jalan itu yang rusak? ".repeat(10);
        let piece = asked(&v, TICKET, &question, &AnswerForm::YesNo).ending(&by_ticket);
        let said = piece.fitted(Name::Sms.manner());
        fits(&said);
        for part in ["Bagian mana dari", by_ticket.as_str()] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[test]
fn a_question_with_many_long_choices_fits_and_still_asks() {
    let sms = Name::Sms.manner();
    for v in voices() {
        for signs in [12, 40, 200] {
            let choices = ('a'..='j').map(|name| {
                let choice = format!("{name} {}", "panjang ".repeat(30));
                choice.chars().take(signs).collect::<String>()
            });
            let form = AnswerForm::Choice {
                choices: choices.collect(),
            };
            let question = "Bagian mana dari jalan itu yang rusak? ".repeat(10);
            let said = asked(&v, TICKET, &question, &form).fitted(sms);
            fits(&said);
            for part in [TICKET, "Bagian mana dari", " 1 a", " 10 j"] {
                assert!(said.contains(part), "{part}: {said}");
            }
            let hint = spoken(&v, PORTAL, &Say::Hint(form), None, None);
            fits(&hint.fitted(sms));
        }
    }
}
