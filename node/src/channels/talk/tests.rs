//! Sentences and what they mean, as tables.

mod answers;
mod keywords;

use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::Classification;
use lapor_protocol::kinds::case_held::AnswerForm;

use super::{Deed, Hold, Known, Marks, OwnCase, Say, Talk, Turn, hear, normalised, silence, told};
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
            unsaid: None,
            stopped: false,
        }
    }

    fn hears(&self, name: Name, talk: &Talk, text: &str) -> Turn {
        hear(talk, &heard(text), &self.known(name), NOW)
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
        ("stop pak", "stop"),
        ("STOP dulu ya, terima kasih", "stop"),
        ("Mulai lagi, Bu", "start"),
        (
            "Mulai malam ini lampu di Dago padam",
            "file Mulai malam ini lampu di Dago padam",
        ),
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
        ("STATUS ZZZZZ-ZZZZZ", "status"),
        ("STATUS 4F7KX-92MQ3 pak", "status"),
        ("status 4f7kx 92mq3, terima kasih", "status"),
        ("STATUS laporan saya 4F7KX-92MQ3", "status"),
        ("cek tiket nomor: 4F7KX-92MQ3 ya min", "status"),
        ("STATUS laporan saya", "status"),
        (
            "Status lampu 4F7KX-92MQ3 padam lagi sejak kemarin",
            "file Status lampu 4F7KX-92MQ3 padam lagi sejak kemarin",
        ),
        (
            "Status rumah-rumah di Dago kebanjiran",
            "file Status rumah-rumah di Dago kebanjiran",
        ),
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
            "file lampu di Dago padam",
        ),
        (
            "Terima kasih, lampu di Dago padam",
            "file lampu di Dago padam",
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
fn whose_status_is_asked_is_told_apart_from_the_words_around_it() {
    let own = Own::none();
    for (text, asked) in [
        ("STATUS SE0FT-YJNP1 pak", "SE0FT-YJNP1"),
        ("STATUS SE0FT-YJNP1 ya", "SE0FT-YJNP1"),
        ("status se0ft yjnp1, terima kasih", "se0ft yjnp1"),
        ("STATUS laporan saya (SE0FT-YJNP1)", "SE0FT-YJNP1"),
        ("STATUS ZZZZZ-ZZZZZ", "ZZZZZ-ZZZZZ"),
    ] {
        let turn = own.hears(Name::Sms, &Talk::default(), text);
        assert!(
            matches!(&turn.says[..], [Say::Status(typed)] if typed == asked),
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
        (
            "Selamat siang pak, sampah di Pasar Sukajadi menumpuk. Tolong.",
            "sampah di Pasar Sukajadi menumpuk",
        ),
        (
            "Assalamu'alaikum wr. wb., selamat pagi Bapak/Ibu. Lampu di Dago padam",
            "Lampu di Dago padam",
        ),
        (
            "Jl. Dago, depan pasar: lampu padam",
            "Jl. Dago, depan pasar: lampu padam",
        ),
    ] {
        let said = told(&heard(text), marks);
        assert_eq!(said.title, title, "{text}");
        assert_eq!(said.content, text.trim(), "no word is lost");
    }
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
    located.location = Coordinates::of(-6.9, 107.6).ok();
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
