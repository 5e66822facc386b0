//! Sentences and what they mean, as tables.

use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::Classification;
use lapor_protocol::kinds::case_held::AnswerForm;

use super::{
    Asked, Deed, Hold, Known, Marks, OwnCase, Say, Talk, Turn, begins_with_keyword, hear, is_free,
    named, normalised, silence, told,
};
use crate::casework::Coordinates;
use crate::chance::{new_case_id, new_message_id};
use crate::channels::heard::{Address, Heard};
use crate::channels::manner::Name;
use crate::channels::settings::Keyword;
use crate::reporters::ReporterAct;
use crate::testing::NOW;

/// A ticket whose check character is right.
fn ticket() -> String {
    crate::casework::ticket::mint()
}

struct Own {
    case: CaseId,
    tickets: Vec<(CaseId, String)>,
    cases: Vec<OwnCase>,
    hold: MessageId,
}

impl Own {
    fn with(may: &[&str], questions: &[(&str, AnswerForm)]) -> Self {
        let (case, hold, ticket) = (new_case_id(NOW), new_message_id(NOW), ticket());
        let waits = Hold {
            message: hold,
            questions: questions
                .iter()
                .map(|(text, _)| (*text).to_owned())
                .collect(),
            forms: questions.iter().map(|(_, form)| form.clone()).collect(),
        };
        Self {
            case,
            hold,
            tickets: vec![(case, ticket.clone())],
            cases: vec![OwnCase {
                case,
                ticket,
                may: may.iter().map(|act| (*act).to_owned()).collect(),
                hold: (!questions.is_empty()).then_some(waits),
            }],
        }
    }

    fn none() -> Self {
        let mut own = Self::with(&[], &[]);
        (own.tickets, own.cases) = (Vec::new(), Vec::new());
        own
    }

    fn known(&self, name: Name) -> Known<'_> {
        Known {
            manner: name.manner(),
            marks: Marks {
                keywords: &[],
                in_any_letters: name.manner().short,
                account: Some("LAPOR1708"),
            },
            tickets: &self.tickets,
            cases: &self.cases,
            referred: None,
            of_another: false,
            unproved: false,
            recent: None,
            again: None,
            stopped: false,
        }
    }

    fn hears(&self, name: Name, talk: &Talk, text: &str) -> Turn {
        hear(talk, &heard(text), &self.known(name), NOW)
    }

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

fn heard(text: &str) -> Heard {
    Heard {
        from: Address {
            id: "+628123456789".into(),
            ..Address::default()
        },
        text: text.into(),
        ..Heard::default()
    }
}

/// What a turn comes to, in one word.
fn deed(turn: &Turn) -> String {
    match &turn.deed {
        Deed::File(said) => format!("file {}", said.title),
        Deed::Act { act, .. } => match act {
            ReporterAct::Complete { answers, text, .. } => {
                format!(
                    "complete {}{}",
                    answers.join("|"),
                    text.as_deref().unwrap_or_default()
                )
            }
            ReporterAct::Reply { text, .. } => format!("reply {text}"),
            ReporterAct::Confirm { .. } => "confirm".into(),
            ReporterAct::Rate { score, .. } => format!("rate {score}"),
            ReporterAct::Reopen { .. } | ReporterAct::Escalate { .. } => "other".into(),
        },
        Deed::Drafted => "draft".into(),
        Deed::Asked => "asked".into(),
        Deed::Answered(outcome) => (*outcome).to_owned(),
        Deed::Aside => "aside".into(),
        Deed::Stop => "stop".into(),
        Deed::Start => "start".into(),
        Deed::Key(_) => "key".into(),
    }
}

#[test]
fn a_first_message_is_a_command_a_report_or_talk() {
    let own = Own::none();
    let letters = loop {
        let one = ticket();
        if !one.contains(|c: char| c.is_ascii_digit()) {
            break format!("STATUS {one}");
        }
    };
    for (text, comes_to) in [
        ("STOP", "stop"),
        ("berhenti.", "stop"),
        (
            "Stop lampu merah di Dago rusak parah",
            "file Stop lampu merah di Dago rusak parah",
        ),
        ("mulai", "start"),
        ("STATUS", "status"),
        ("cek 4F7KX-92MQ3", "status"),
        ("cek 4f7kx 92mq3", "status"),
        // One without a digit.
        (letters.as_str(), "status"),
        (
            "Status jalan di depan rumah saya rusak",
            "file Status jalan di depan rumah saya rusak",
        ),
        ("BANTUAN", "help"),
        ("Info", "help"),
        (
            "INFO jadwal pelayanan KTP di Sukajadi",
            "file jadwal pelayanan KTP di Sukajadi",
        ),
        ("KUNCI", "portal"),
        ("batal", "aside"),
        ("halo", "aside"),
        ("Selamat pagi, Pak", "aside"),
        ("terima kasih banyak ya min", "aside"),
        ("Assalamu'alaikum", "aside"),
        ("Assalamu'alaikum wr. wb., selamat pagi Bapak/Ibu", "aside"),
        ("Halo Pak, selamat siang. Saya mau lapor", "aside"),
        ("Mohon bantuannya", "aside"),
        ("Maaf, salah kirim. Terima kasih.", "aside"),
        (
            "Selamat pagi Pak, lampu di Dago padam",
            "file Selamat pagi Pak, lampu di Dago padam",
        ),
        (
            "Terima kasih, lampu di Dago padam",
            "file Terima kasih, lampu di Dago padam",
        ),
        ("\u{1f600}\u{1f600}", "aside"),
        ("", "aside"),
        ("1", "aside"),
        ("jalan rusak", "aside"),
        (
            "Jalan berlubang. Sudah lama dan banyak korban.",
            "file Jalan berlubang. Sudah lama dan banyak korban",
        ),
        (
            "Lampu jalan padam semua. Tolong.",
            "file Lampu jalan padam semua",
        ),
        (
            "#lapor @LAPOR1708 Sampah menumpuk di Dago",
            "file Sampah menumpuk di Dago",
        ),
    ] {
        assert_eq!(
            deed(&own.hears(Name::Sms, &Talk::default(), text)),
            comes_to,
            "{text}"
        );
    }
}

#[test]
fn a_report_says_of_itself_how_it_is_to_be_taken_and_where_it_is() {
    let own = Own::none();
    let said = |text: &str| match own.hears(Name::Sms, &Talk::default(), text).deed {
        Deed::File(said) => *said,
        _ => panic!("{text}"),
    };
    let marked = said("ANONIM, RAHASIA: aspirasi Perbanyak taman di Kota Bandung");
    assert!(marked.anonymous && marked.secret);
    assert!(marked.classification == Classification::Aspiration);
    assert_eq!(marked.content, "Perbanyak taman di Kota Bandung");
    assert_eq!(marked.region.unwrap().as_str(), "32.73");
    let two = said("Jalan dari Kota Bandung ke Kota Cimahi rusak");
    assert!(two.region.is_none(), "of two nobody knows which is meant");
    let long = said(&"Jalan di depan sekolah rusak berat dan berlubang, ".repeat(5));
    assert!(
        long.title.ends_with('\u{2026}') && long.title.chars().count() <= 80,
        "{}",
        long.title
    );
    assert!(long.content.chars().count() > 200);
}

#[test]
fn a_word_of_the_table_says_what_a_report_is_about() {
    let own = Own::none();
    let keyword = Keyword {
        word: "lampu".into(),
        category: "Energi".to_owned().try_into().ok(),
        region: "32.73".parse().ok(),
        suggested: "kemenpu".parse().ok(),
    };
    let keywords = [keyword.clone()];
    let known = Known {
        marks: Marks {
            keywords: &keywords,
            in_any_letters: true,
            account: None,
        },
        ..own.known(Name::Sms)
    };
    let said = |text: &str| match hear(&Talk::default(), &heard(text), &known, NOW).deed {
        Deed::File(said) => *said,
        _ => panic!("{text}"),
    };
    let marked = said("anonim LAMPU: padam di depan sekolah");
    assert_eq!(marked.content, "padam di depan sekolah");
    assert!(marked.anonymous && marked.category == keyword.category);
    assert_eq!(
        (marked.region, marked.suggested),
        (keyword.region, keyword.suggested)
    );
    let elsewhere = said("lampu padam di Kota Cimahi sejak kemarin");
    assert_eq!(elsewhere.region.unwrap().as_str(), "32.77");
    assert!(elsewhere.suggested.is_none() && elsewhere.category == keyword.category);
    let between = said("lampu padam dari Kota Cimahi sampai Kota Bogor");
    assert!(between.region.is_none() && between.suggested.is_none());
    let here = said("lampu padam dari Kota Bandung sampai Kota Cimahi");
    assert_eq!(
        (here.region, here.suggested),
        (keywords[0].region.clone(), keywords[0].suggested.clone())
    );
    assert!(
        said("Padam lampu di depan sekolah").category.is_none(),
        "only in front"
    );
    assert_eq!(
        said("LAMPU: padam Braga").content,
        "padam Braga",
        "the word counts, too"
    );
    assert!(
        said("@LAPOR1708 LAMPU padam di depan sekolah")
            .category
            .is_none(),
        "that is somebody else"
    );
    let known = Known {
        marks: Marks {
            account: Some("lapor_bdg"),
            ..known.marks
        },
        ..known
    };
    let said = |text: &str| match hear(&Talk::default(), &heard(text), &known, NOW).deed {
        Deed::File(said) => *said,
        _ => panic!("{text}"),
    };
    assert_eq!(
        said("@Lapor_BDG: LAMPU padam di depan sekolah").content,
        "LAMPU padam di depan sekolah"
    );
    for small in ["LAMPU padam", "LAMPU terima kasih"] {
        let turn = hear(&Talk::default(), &heard(small), &known, NOW);
        assert_eq!(deed(&turn), "aside", "{small}");
    }
    for (word, free) in [
        ("LAMPU", true),
        ("stop", false),
        ("info", false),
        ("cek", false),
        ("", false),
        ("dua kata", false),
    ] {
        assert_eq!(is_free(word), free, "{word}");
    }
}

#[test]
fn a_word_of_the_table_stays_in_a_sentence_that_begins_with_it() {
    let keywords = [Keyword {
        word: "lampu".into(),
        category: "Energi".to_owned().try_into().ok(),
        region: None,
        suggested: None,
    }];
    let by_sms = Marks {
        keywords: &keywords,
        in_any_letters: true,
        account: None,
    };
    let elsewhere = Marks {
        in_any_letters: false,
        ..by_sms
    };
    for (text, content, counts) in [
        (
            "Lampu merah di Simpang Dago mati",
            "Lampu merah di Simpang Dago mati",
            false,
        ),
        (
            "LAMPU merah di Simpang Dago mati",
            "LAMPU merah di Simpang Dago mati",
            true,
        ),
        (
            "#lampu Gelap sekali di Dago",
            "#lampu Gelap sekali di Dago",
            true,
        ),
        ("LAMPU Lampu jalan mati", "Lampu jalan mati", true),
        ("LAMPU LAMPU JALAN MATI", "LAMPU JALAN MATI", true),
        ("#lampu Lampu jalan mati", "Lampu jalan mati", true),
        ("Lampu: jalan di Dago gelap", "jalan di Dago gelap", true),
        ("Lampu : jalan di Dago gelap", "jalan di Dago gelap", true),
        (
            "Lampu, jalan di Dago gelap",
            "Lampu, jalan di Dago gelap",
            false,
        ),
        ("lapor LAMPU rahasia gelap sekali", "gelap sekali", true),
        (
            "LAMPU lapor ke RT percuma",
            "LAMPU lapor ke RT percuma",
            true,
        ),
        ("LAMPU INFO jadwal padam", "jadwal padam", true),
        ("Lampunya mati", "Lampunya mati", false),
    ] {
        let said = told(&heard(text), elsewhere);
        assert_eq!(said.content, content, "{text}");
        assert_eq!(said.keyword.is_some(), counts, "{text}");
        assert_eq!(said.secret, text.contains("rahasia"), "{text}");
        assert_eq!(begins_with_keyword(text, elsewhere), counts, "{text}");
    }
    let typed = told(&heard("lampu merah di Simpang Dago mati"), by_sms);
    assert_eq!(typed.content, "lampu merah di Simpang Dago mati");
    assert!(typed.category.is_some() && typed.category == keywords[0].category);
}

#[test]
fn a_place_elsewhere_takes_back_whom_a_word_suggests() {
    let own = Own::none();
    let keywords = [Keyword {
        word: "lampu".into(),
        category: None,
        region: "32.73".parse().ok(),
        suggested: "kota-bandung".parse().ok(),
    }];
    let known = Known {
        marks: Marks {
            keywords: &keywords,
            in_any_letters: false,
            account: None,
        },
        ..own.known(Name::Telegram)
    };
    let hears = |talk: &Talk, text: &str| hear(talk, &heard(text), &known, NOW).talk;
    let begun = hears(&Talk::default(), "LAMPU: jalan kami gelap sejak Senin");
    for (place, region, suggested) in [
        ("Kota Bandung", "32.73", true),
        ("Kota Cimahi", "32.77", false),
    ] {
        let said = hears(&begun, place).draft.unwrap().said;
        assert_eq!(said.region.unwrap().as_str(), region, "{place}");
        assert_eq!(said.suggested.is_some(), suggested, "{place}");
    }
}

#[test]
fn a_shared_place_goes_before_the_region_of_a_word_and_behind_what_somebody_names() {
    let own = Own::none();
    let keywords = [Keyword {
        word: "lampu".into(),
        category: None,
        region: "32.73".parse().ok(),
        suggested: "kota-bandung".parse().ok(),
    }];
    let known = Known {
        marks: Marks {
            keywords: &keywords,
            in_any_letters: false,
            account: None,
        },
        ..own.known(Name::Whatsapp)
    };
    let says = |talk: &Talk, text: &str| hear(talk, &heard(text), &known, NOW).talk;
    let shares = |talk: &Talk, (latitude, longitude): (f64, f64), name: &str| {
        let shared = Heard {
            location: Some(Coordinates {
                latitude,
                longitude,
            }),
            ..heard(name)
        };
        hear(talk, &shared, &known, NOW).talk
    };
    let (begun, madiun) = (Talk::default(), (-7.63, 111.52));
    let text = "LAMPU: jalan kami gelap sejak Senin";
    for (at, holds) in [
        ((-6.9, 107.6), true),
        (madiun, false),
        ((-35.28, 149.13), true),
    ] {
        let words_first = shares(&says(&begun, text), at, "");
        let place_first = says(&shares(&begun, at, ""), text);
        for talk in [words_first, place_first] {
            let said = talk.draft.unwrap().said;
            assert!(said.coordinates.is_some() && said.keyword.is_some());
            assert_eq!(said.region.is_some(), holds, "{at:?}");
            assert_eq!(said.suggested.is_some(), holds, "{at:?}");
        }
    }
    let named = "LAMPU: jalan di Kota Bandung gelap sejak Senin";
    for talk in [
        shares(&says(&begun, named), madiun, ""),
        says(&shares(&begun, madiun, ""), named),
        shares(&says(&begun, text), madiun, "Kota Bandung"),
        says(&shares(&begun, madiun, "Kota Bandung"), text),
    ] {
        let said = talk.draft.unwrap().said;
        assert_eq!(said.region.unwrap().as_str(), "32.73");
        assert!(said.suggested.is_some());
    }
}

#[test]
fn a_title_begins_behind_greetings() {
    let own = Own::none();
    let marks = own.known(Name::Sms).marks;
    for (text, title) in [
        (
            "Selamat pagi Pak\nBANTUAN\nLampu di Dago padam. Tolong.",
            "Lampu di Dago padam",
        ),
        ("\nhalo\n\nLampu mati", "Lampu mati"),
        ("halo\nterima kasih", "halo"),
    ] {
        let said = told(&heard(text), marks);
        assert_eq!(said.title, title, "{text}");
        assert_eq!(said.content, text.trim(), "no word is lost");
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
            "file Terima kasih, tapi lampu di Dago masih padam",
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
    let other = format!("{} masih padam sampai sekarang", self::ticket());
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
fn where_people_chat_what_is_missing_is_asked() {
    let own = Own::none();
    let name = Name::Telegram;
    let placeless = own.hears(name, &Talk::default(), "Lampu jalan padam seminggu ini");
    assert!(matches!(placeless.says[..], [Say::AskPlace]));
    assert!(matches!(
        own.hears(name, &placeless.talk, "oke").says[..],
        [Say::AskPlace]
    ));
    assert!(matches!(
        own.hears(name, &placeless.talk, "ya").says[..],
        [Say::AskPlace]
    ));
    let placed = own.hears(name, &placeless.talk, "Jalan Braga, Kota Bandung");
    assert!(matches!(placed.says[..], [Say::AskPicture]));
    for (text, adds) in [
        ("LEWATI", false),
        ("tidak ada.", false),
        ("Belum ada yang memperbaiki sampai hari ini", true),
    ] {
        let sure = own.hears(name, &placed.talk, text);
        assert!(matches!(sure.says[..], [Say::AskSure(_)]), "{text}");
        let content = sure.talk.draft.unwrap().said.content;
        assert_eq!(content.contains(text), adds, "{text}");
    }
    let placed = own.hears(name, &placed.talk, "lewati");
    let [Say::AskSure(sure)] = &placed.says[..] else {
        panic!("it is not told");
    };
    assert_eq!(sure.content, "Lampu jalan padam seminggu ini");
    assert_eq!(sure.place.as_deref(), Some("Jalan Braga, Kota Bandung"));
    assert!(!sure.shared && sure.files == 0);
    let Deed::File(said) = own.hears(name, &placed.talk, "YA RAHASIA").deed else {
        panic!("it is not filed");
    };
    assert_eq!(said.place.as_deref(), Some("Jalan Braga, Kota Bandung"));
    assert!(said.secret && !said.anonymous);
    let more = own.hears(name, &placed.talk, "Juga di gang sebelah");
    let Some(Turn {
        deed: Deed::File(said),
        talk,
        ..
    }) = silence(&more.talk)
    else {
        panic!("silence files nothing");
    };
    assert_eq!(
        said.content,
        "Lampu jalan padam seminggu ini\nJuga di gang sebelah"
    );
    assert!(talk.draft.is_none());
    assert!(own.hears(name, &placed.talk, "batal").talk.draft.is_none());
    let mut located = heard("Lampu jalan padam seminggu ini");
    located.location = Some(Coordinates {
        latitude: -6.9,
        longitude: 107.6,
    });
    let named = hear(&Talk::default(), &located, &own.known(name), NOW);
    assert!(
        matches!(named.says[..], [Say::AskWords]),
        "the words beside a place are its name"
    );
    let shared = Heard {
        location: located.location,
        ..heard("Taman Lansia, Bandung")
    };
    let placed = hear(&placeless.talk, &shared, &own.known(name), NOW);
    assert!(matches!(placed.says[..], [Say::AskPicture]));
    let said = placed.talk.draft.unwrap().said;
    assert_eq!(said.place.as_deref(), Some("Taman Lansia, Bandung"));
    assert_eq!(said.content, "Lampu jalan padam seminggu ini");
}

#[test]
fn help_comes_once_a_day_or_when_it_is_wanted_and_a_secret_is_not_taken_in_public() {
    let own = Own::none();
    let first = own.hears(Name::Sms, &Talk::default(), "halo");
    assert!(matches!(first.says[..], [Say::Help]));
    assert!(own.hears(Name::Sms, &first.talk, "halo").says.is_empty());
    for wanted in ["BANTUAN", "info", "batal"] {
        let again = own.hears(Name::Sms, &first.talk, wanted);
        assert!(matches!(again.says[..], [Say::Help]), "{wanted}");
    }
    let public = own.hears(Name::X, &Talk::default(), "BANTUAN");
    assert!(matches!(public.says[..], [Say::Help]));
    assert!(own.hears(Name::X, &public.talk, "BANTUAN").says.is_empty());
    let unproved = Known {
        unproved: true,
        ..own.known(Name::Email)
    };
    let twice = hear(&first.talk, &heard("BANTUAN"), &unproved, NOW);
    assert!(twice.says.is_empty(), "it may be somebody else");
    let keywords = [Keyword {
        word: "lampu".into(),
        category: None,
        region: None,
        suggested: None,
    }];
    let mut known = own.known(Name::Sms);
    known.marks.keywords = &keywords;
    let alone = hear(&first.talk, &heard("LAMPU"), &known, NOW);
    assert_eq!(deed(&alone), "aside");
    assert!(matches!(alone.says[..], [Say::Help]), "a word alone asks");
    let secret = own.hears(
        Name::X,
        &Talk::default(),
        "rahasia Pejabat minta uang kepada warga",
    );
    assert_eq!(deed(&secret), "aside");
    assert!(matches!(secret.says[..], [Say::Portal]));
}

#[test]
fn two_texts_that_say_the_same_are_one() {
    assert_eq!(
        normalised("Lampu  PADAM, di Dago!"),
        normalised("lampu padam di dago")
    );
    assert_ne!(
        normalised("Lampu padam di Dago 1"),
        normalised("Lampu padam di Dago 2")
    );
}
