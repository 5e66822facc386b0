//! Answers to what was asked, and words to a case that somebody names.

use lapor_protocol::kinds::case_held::AnswerForm;

use super::{Own, deed, heard};
use crate::chance::{new_case_id, new_message_id};
use crate::channels::heard::{Heard, MediaKind, MediaRef, Sort};
use crate::channels::manner::Name;
use crate::channels::talk::{Asked, Say, Talk, hear, named};
use crate::testing::NOW;

impl Own {
    fn held(&self, answers: &[&str]) -> Talk {
        let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        Talk {
            asked: Some(Asked::Hold {
                case: self.case,
                hold: self.hold,
                answers,
                files: Vec::new(),
            }),
            ..Talk::default()
        }
    }
}

#[test]
fn answers_to_a_hold_fit_their_forms() {
    let choices = vec!["satu".to_owned(), "dua".to_owned()];
    for (form, text, comes_to) in [
        (AnswerForm::YesNo, "iya", "complete Ya"),
        (AnswerForm::YesNo, "Ya Pak, benar", "complete Ya"),
        (AnswerForm::YesNo, "tidak pak", "complete Tidak"),
        (AnswerForm::YesNo, "entah", "asked"),
        (AnswerForm::YesNo, "tidak tahu", "asked"),
        (AnswerForm::YesNo, "Gak tau Pak", "asked"),
        (AnswerForm::YesNo, "tidak yakin", "asked"),
        (
            AnswerForm::Choice {
                choices: choices.clone(),
            },
            "2",
            "complete dua",
        ),
        (
            AnswerForm::Choice {
                choices: choices.clone(),
            },
            "SATU",
            "complete satu",
        ),
        (
            AnswerForm::Choice {
                choices: choices.clone(),
            },
            "3",
            "asked",
        ),
        (AnswerForm::Choice { choices }, "0", "asked"),
        (AnswerForm::Date, "5-11-2026", "complete 2026-11-05"),
        (AnswerForm::Date, "05/11/2026", "complete 2026-11-05"),
        (AnswerForm::Date, "5-11-26", "asked"),
        (AnswerForm::Date, "31-02-2026", "asked"),
        (AnswerForm::Text, "Di RT 03", "complete Di RT 03"),
        (AnswerForm::Text, "malam", "complete malam"),
        (AnswerForm::Text, "terima kasih", "aside"),
        (AnswerForm::Text, "selamat malam", "aside"),
        (AnswerForm::Text, "STOP", "stop"),
        (
            AnswerForm::Text,
            "LAPOR: sampah menumpuk di Caringin",
            "file sampah menumpuk di Caringin",
        ),
    ] {
        let own = Own::with(&["complete", "reply"], &[("Apa?", form)]);
        let turn = own.hears(Name::Sms, &own.held(&[]), text);
        assert_eq!(deed(&turn), comes_to, "{text}");
        assert_eq!(
            turn.talk.asked.is_none(),
            comes_to.starts_with("complete"),
            "{text}"
        );
    }
}

#[test]
fn questions_are_asked_one_after_the_other() {
    let questions = [
        ("Sejak kapan?", AnswerForm::Date),
        ("Di mana?", AnswerForm::Place),
    ];
    let own = Own::with(&["complete"], &questions);
    let first = own.hears(Name::Sms, &own.held(&[]), "1-11-2026");
    assert_eq!(deed(&first), "asked");
    assert!(matches!(&first.says[..], [Say::Question { question, .. }] if question == "Di mana?"));
    let last = own.hears(Name::Sms, &first.talk, "Depan pasar");
    assert_eq!(deed(&last), "complete 2026-11-01|Depan pasar");
    // A hold that is over asks nothing.
    let over = Own {
        hold: new_message_id(NOW + 1),
        ..Own::with(&["complete"], &questions)
    };
    assert_eq!(
        deed(&over.hears(Name::Sms, &over.held(&[]), "1-11-2026")),
        "aside"
    );
}

#[test]
fn whether_it_is_done_and_how_it_was() {
    let asked = |own: &Own, close: bool| Talk {
        asked: Some(if close {
            Asked::Close { case: own.case }
        } else {
            Asked::Rating { case: own.case }
        }),
        ..Talk::default()
    };
    let open = Own::with(&["confirm", "reply"], &[]);
    for (text, comes_to) in [
        ("YA", "confirm"),
        ("sudah.", "confirm"),
        ("Sudah Pak, terima kasih banyak", "confirm"),
        ("Selamat siang, sudah selesai Pak", "confirm"),
        ("tidak, masih padam", "reply tidak, masih padam"),
        ("Belum", "reply Belum"),
        (
            "Sampah menumpuk di depan pasar",
            "file Sampah menumpuk di depan pasar",
        ),
        ("5", "aside"),
    ] {
        assert_eq!(
            deed(&open.hears(Name::Sms, &asked(&open, true), text)),
            comes_to,
            "{text}"
        );
    }
    // What only sounds like it closes nothing, and is no report either.
    for text in [
        "Sudah selesai?",
        "sudah nyala, Pak",
        "sudah malam",
        "Lampunya sudah nyala",
        "Tidak tahu, Pak",
        "Terima kasih Pak, lampunya nyala lagi",
    ] {
        let turn = open.hears(Name::Sms, &asked(&open, true), text);
        assert_eq!(deed(&turn), "aside", "{text}");
        assert!(
            matches!(turn.says[..], [Say::Hint(AnswerForm::YesNo)]),
            "{text}"
        );
        assert!(turn.talk.asked.is_some(), "{text}");
    }
    let confirmed = open.hears(Name::Sms, &asked(&open, true), "ya");
    assert!(matches!(confirmed.talk.asked, Some(Asked::Rating { .. })));
    let closed = Own::with(&["rate", "reply"], &[]);
    for (text, comes_to) in [
        ("5", "rate 5"),
        ("1.", "rate 1"),
        ("5 terima kasih banyak", "rate 5"),
        ("4, Pak", "rate 4"),
        ("5 bintang", "rate 5"),
        (
            "2 lampu di Dago padam lagi",
            "file 2 lampu di Dago padam lagi",
        ),
        ("Terima kasih Pak, sekarang terang kembali", "aside"),
        (
            "Terima kasih, tapi lampu di Dago masih padam",
            "file tapi lampu di Dago masih padam",
        ),
        ("0", "aside"),
        ("6", "aside"),
        ("55", "aside"),
        ("terima kasih", "aside"),
    ] {
        assert_eq!(
            deed(&closed.hears(Name::Sms, &asked(&closed, false), text)),
            comes_to,
            "{text}"
        );
    }
    for text in ["0", "9", "55", "9 terima kasih"] {
        let turn = closed.hears(Name::Sms, &asked(&closed, false), text);
        assert!(matches!(turn.says[..], [Say::AskRating]), "{text}");
        assert!(turn.talk.asked.is_some(), "{text}");
    }
    let nothing = Own::with(&["reply"], &[]);
    assert_eq!(
        deed(&nothing.hears(Name::Sms, &asked(&nothing, true), "ya")),
        "aside"
    );
}

#[test]
fn a_ticket_in_front_and_a_reply_lead_to_their_case() {
    let own = Own::with(&["reply", "complete"], &[]);
    let ticket = own.tickets[0].1.clone();
    let spaced = ticket.replace('-', " ").to_lowercase();
    for (text, comes_to) in [
        (format!("{ticket} masih padam"), "reply masih padam"),
        (format!("{spaced}: masih padam"), "reply masih padam"),
        (ticket.clone(), "status"),
    ] {
        assert_eq!(
            deed(&own.hears(Name::Sms, &Talk::default(), &text)),
            comes_to,
            "{text}"
        );
    }
    let other = format!("{} masih padam sampai sekarang", super::ticket());
    assert!(named(&other, &own.tickets).is_none());
    let mut known = own.known(Name::Telegram);
    known.referred = Some(own.case);
    let reply = |text: &str| deed(&hear(&Talk::default(), &heard(text), &known, NOW));
    assert_eq!(reply("masih padam"), "reply masih padam");
    assert_eq!(reply("terima kasih"), "aside", "thanks reopen nothing");
    let ended = Own::with(&["reopen"], &[]);
    let text = format!("{} masih padam", ended.tickets[0].1);
    assert_eq!(
        deed(&ended.hears(Name::Sms, &Talk::default(), &text)),
        "refused"
    );
}

#[test]
fn a_question_is_answered_by_what_ends_it_or_asks_on_in_its_case() {
    let questions = [
        ("Masih padam?", AnswerForm::YesNo),
        ("Di mana?", AnswerForm::Place),
    ];
    let row = || Some("waits:1".to_owned());
    let own = Own::with(&["complete"], &questions);
    let held = |answers: &[&str]| Talk {
        asked_in: row(),
        ..own.held(answers)
    };
    let said: [(&[&str], &str, bool); 5] = [
        (&[], "ya", true),
        (&["Ya"], "Depan pasar", true),
        (&[], "entah", true),
        (&[], "terima kasih", false),
        (&[], "STATUS", false),
    ];
    for (answers, text, answered) in said {
        let asked = held(answers);
        let turn = own.hears(Name::Sms, &asked, text);
        assert_eq!(asked.answered(&turn.talk).is_some(), answered, "{text}");
    }
    let open = Own::with(&["confirm", "reply"], &[]);
    let asked = Talk {
        asked: Some(Asked::Close { case: open.case }),
        asked_in: row(),
        ..Talk::default()
    };
    for (text, answered) in [
        ("ya", true),
        ("belum", true),
        ("sudah nyala, Pak", true),
        ("Sampah menumpuk di depan pasar", false),
    ] {
        let turn = open.hears(Name::Sms, &asked, text);
        assert_eq!(asked.answered(&turn.talk).is_some(), answered, "{text}");
    }
    let another = Talk {
        asked: Some(Asked::Close {
            case: new_case_id(NOW + 1),
        }),
        ..Talk::default()
    };
    assert_eq!(asked.answered(&another), None, "that is of another case");
    assert_eq!(asked.answered(&Talk::default()), Some("waits:1"));
}

#[test]
fn a_picture_and_a_correction_behind_a_follow_up_are_replies() {
    let all = ["complete", "reply", "confirm"];
    for (may, comes_to) in [(&all[..], "reply"), (&all[..2], "complete")] {
        let own = Own::with(may, &[]);
        let asked = Talk {
            asked: Some(Asked::Close { case: own.case }),
            ..Talk::default()
        };
        let picture = Heard {
            media: vec![MediaRef {
                at: "p1".into(),
                content: None,
                kind: MediaKind::Picture,
                size: None,
            }],
            ..heard("")
        };
        let corrected = Heard {
            sort: Sort::Edit,
            ..heard("masih padam")
        };
        let (mut recent, mut referred) = (own.known(Name::Telegram), own.known(Name::Telegram));
        recent.recent = Some(own.case);
        referred.referred = Some(own.case);
        for turn in [
            hear(&asked, &picture, &recent, NOW),
            hear(&asked, &picture, &referred, NOW),
            hear(&Talk::default(), &corrected, &referred, NOW),
        ] {
            let deed = deed(&turn);
            assert_eq!(deed.split(' ').next(), Some(comes_to), "{deed}");
        }
    }
}
