//! A line of SMPP: bound, tried, lost and bound again; what comes over it is kept before it is
//! acknowledged, what goes out finds its answer.

use bytes::BytesMut;
use lapor_stand_ins::smsc::{Event, Reply, Sms};
use rusmpp::pdus::DeliverSm;
use rusmpp::types::OctetString;
use rusmpp::{Command, CommandStatus, Pdu};
use serde_json::json;
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::spoken::{BUDI, MINUTE_MS, Networked, REPORT, SITI, settings, sms};
use super::{Change, address, saying, spoil};
use crate::channels::settings::{Bind, DefaultAlphabet};
use crate::channels::sms::alphabet;
use crate::channels::sms::smpp::{self, Received, Wire};
use crate::channels::{Sort, Unsaid};
use crate::clock::Clock as _;

/// `ESME_RX_T_APPN`.
const TRY_AGAIN: u32 = 0x64;

#[tokio::test]
async fn a_message_by_smpp_becomes_a_case_and_its_ticket_goes_back() {
    for one in Networked::bound().await {
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        assert_eq!(one.reports().await, [REPORT]);
        one.speaks().await;
        let said = one.smsc.submitted().await.unwrap();
        assert_eq!((said.from.as_str(), said.to.as_str()), ("1708", &SITI[1..]));
        assert_eq!(said.coding, 0);
        let text = alphabet::from_septets(&said.bytes);
        assert!(
            text.starts_with("Laporan Anda kami terima. Nomor tiket: "),
            "{text}"
        );
        assert!(said.wants_receipt);
        assert_eq!(one.outbox().await, ["sent"]);
    }
}

#[tokio::test]
async fn what_comes_again_was_not_answered_and_much_later_it_is_another() {
    for one in Networked::bound().await {
        for _ in 0..2 {
            one.takes(&sms(SITI, REPORT)).await;
        }
        one.takes(&sms(BUDI, REPORT)).await;
        assert_eq!(one.taken().await.len(), 2);
        one.place.clock.advance(14 * MINUTE_MS);
        one.takes(&sms(SITI, REPORT)).await;
        assert_eq!(one.taken().await.len(), 2);
        one.place.clock.advance(2 * MINUTE_MS);
        one.takes(&sms(SITI, REPORT)).await;
        assert_eq!(one.taken().await.len(), 3);
        one.hears().await;
        assert_eq!(one.reports().await.len(), 2, "and is no second report");
    }
}

#[tokio::test]
async fn a_short_answer_may_be_given_twice_and_comes_again_when_the_line_was_lost() {
    for one in Networked::bound().await {
        for count in 1..=2 {
            one.takes(&sms(SITI, "Ya")).await;
            assert_eq!(one.taken().await.len(), count);
        }
        one.smsc.drops_the_line();
        one.smsc.bound().await.unwrap();
        one.takes(&sms(SITI, "Ya")).await;
        assert_eq!(one.taken().await.len(), 2);
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    for one in Networked::bound().await {
        one.node().db().close().await;
        assert_eq!(one.smsc.delivers(&sms(SITI, REPORT)).await, Some(TRY_AGAIN));
    }
}

#[tokio::test]
async fn texts_are_read_in_their_alphabet_and_what_is_no_text_lies_aside() {
    for one in Networked::bound().await {
        let codings = [
            (
                0,
                alphabet::to_septets("Lampu [A] padam sejak kemarin \u{20ac}"),
            ),
            (0xf1, alphabet::to_septets("Air keran mati sejak kemarin")),
            (0x11, alphabet::to_septets("Got mampet di depan [SD 2]")),
            (1, b"Jalan rusak parah sekali".to_vec()),
            (
                1,
                alphabet::to_septets("Banjir di Jl_Braga [RT 3] sejak pagi"),
            ),
            (3, b"Caf\xe9 membuang sampah ke sungai".to_vec()),
            (
                8,
                alphabet::to_wide("Pohon tumbang \u{1f333} di depan pasar"),
            ),
            (0x18, alphabet::to_wide("Sampah menumpuk di Dago \u{1f5d1}")),
            (
                0x19,
                alphabet::to_wide("Trotoar ambles \u{26a0} dekat halte"),
            ),
        ];
        for (coding, text) in codings {
            let sms = Sms {
                from: SITI.into(),
                coding,
                text,
                ..Sms::default()
            };
            one.takes(&sms).await;
            one.hears().await;
            one.place.clock.advance(MINUTE_MS);
        }
        assert_eq!(
            one.reports().await,
            [
                "Lampu [A] padam sejak kemarin \u{20ac}",
                "Air keran mati sejak kemarin",
                "Got mampet di depan [SD 2]",
                "Jalan rusak parah sekali",
                "Banjir di Jl_Braga [RT 3] sejak pagi",
                "Caf\u{e9} membuang sampah ke sungai",
                "Pohon tumbang \u{1f333} di depan pasar",
                "Sampah menumpuk di Dago \u{1f5d1}",
                "Trotoar ambles \u{26a0} dekat halte",
            ]
        );
        let wide = "select cast(wide as text) from channel_threads";
        assert_eq!(
            one.column(wide).await,
            ["1"],
            "the last message had other letters"
        );
        // Bytes; of a class twice; then alphabets that may be read one day.
        for coding in [4, 0x16, 0xf5, 6, 0x1c] {
            let odd = Sms {
                coding,
                ..sms(SITI, "gambar")
            };
            one.takes(&odd).await;
        }
        let card = Sms {
            header: vec![6, 5, 4, 0x23, 0xf4, 0, 0],
            ..sms(SITI, "BEGIN:VCARD")
        };
        one.takes(&card).await;
        one.hears().await;
        assert_eq!(
            one.taken().await[9..],
            ["aside", "aside", "aside", "unread", "unread", "aside"]
        );
    }
}

#[tokio::test]
async fn what_comes_from_a_name_lies_aside_with_its_words_and_is_not_answered() {
    for one in Networked::bound().await {
        let texts = [REPORT, "STATUS", "halo"];
        for text in texts {
            one.takes(&sms("TELKOMSEL", text)).await;
        }
        one.hears().await;
        assert!(one.reports().await.is_empty());
        assert_eq!(one.taken().await, ["aside"; 3]);
        assert!(one.outbox().await.is_empty());
        let page = one.node().conversations(None, false).await.unwrap();
        let messages = page.all[0].messages.iter();
        let words: Vec<&str> = messages.filter_map(|one| one.words.as_deref()).collect();
        assert_eq!(words, texts);
    }
}

#[test]
fn whoever_has_a_name_or_the_type_of_one_is_nobody_to_answer() {
    for (from, ton, sort) in [
        ("628123456789", 1, Sort::Word),
        ("08123456789", 0, Sort::Word),
        ("1708", 3, Sort::Word),
        ("TELKOMSEL", 5, Sort::Noise),
        ("Info 3", 0, Sort::Noise),
        ("3355", 5, Sort::Noise),
    ] {
        let kept = json!({
            "from": from,
            "ton": ton,
            "to": "1708",
            "esm": 0,
            "coding": 0,
            "payload": hex::encode(REPORT),
            "sar": null,
        });
        let heard = smpp::read(kept.to_string().as_bytes(), DefaultAlphabet::Gsm7);
        assert_eq!(heard.unwrap().sort, sort, "{from}");
    }
}

#[tokio::test]
async fn what_the_network_answers_says_what_becomes_of_a_message() {
    let one = Networked::bound().await.remove(0);
    let to = address(SITI);
    let told = async |words: &str| one.line.say(&to, &saying(words)).await;
    assert_eq!(told("Terima kasih").await, Ok(Some("1".into())));
    one.smsc.replies([Reply::Status(0x58), Reply::Status(0x14)]);
    for _ in 0..2 {
        assert!(matches!(told("a").await, Err(Unsaid::Slower(_))));
    }
    one.smsc.replies([Reply::Status(0x0b)]);
    let refused = told("kata").await;
    let problem = "the network refuses the message (0xb)";
    assert_eq!(refused, Err(Unsaid::Never(problem.into())));
    one.smsc.replies([Reply::Status(0x08), Reply::Status(0x0a)]);
    for _ in 0..2 {
        assert!(matches!(told("a").await, Err(Unsaid::Down(_))));
    }
    one.smsc.replies([Reply::Status(0x45), Reply::Drop]);
    assert!(matches!(told("a").await, Err(Unsaid::Later(_))));
    assert!(
        matches!(told("a").await, Err(Unsaid::Unanswered(_))),
        "the line was lost, and the network may have it"
    );
    one.smsc.bound().await.unwrap();
    assert!(told("a").await.is_ok(), "and is there again");
}

#[tokio::test]
async fn what_was_queued_when_the_line_was_lost_was_never_submitted() {
    let one = Networked::on(|sms| sms.smpp.window = 1).await.remove(0);
    one.smsc.bound().await.unwrap();
    let (to, words) = (address(SITI), saying("a"));
    one.smsc.replies([Reply::Drop]);
    let both = (one.line.say(&to, &words), one.line.say(&to, &words));
    let (first, second) = tokio::join!(both.0, both.1);
    assert!(matches!(first, Err(Unsaid::Unanswered(_))), "{first:?}");
    assert!(matches!(second, Err(Unsaid::Down(_))), "{second:?}");
}

#[tokio::test]
async fn letters_that_the_alphabet_lacks_go_in_another_where_they_fit() {
    let plain: Change = |_| {};
    let latin: Change = |sms| sms.smpp.alphabet = DefaultAlphabet::Latin1;
    for (change, words, coding, bytes) in [
        (plain, "Rp [5]", 0, alphabet::to_septets("Rp [5]")),
        (
            plain,
            "Lampu \u{1f4a1}",
            8,
            alphabet::to_wide("Lampu \u{1f4a1}"),
        ),
        (latin, "d\u{e9}j\u{e0} [5]", 0, b"d\xe9j\xe0 [5]".to_vec()),
    ] {
        let one = Networked::on(change).await.remove(0);
        one.smsc.bound().await.unwrap();
        one.line.say(&address(SITI), &saying(words)).await.unwrap();
        let said = one.smsc.submitted().await.unwrap();
        assert_eq!((said.coding, said.bytes), (coding, bytes), "{words}");
    }
}

#[tokio::test]
async fn a_line_that_is_refused_or_lost_is_bound_again_and_nothing_is_dropped() {
    const DEAF: &str = "select unfetched_why from channel_lines
        where unfetched_since is not null";
    for one in Networked::bound().await {
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        one.smsc.is_away(true);
        one.smsc.drops_the_line();
        while one.smsc.next().await.unwrap() != Event::Refused {}
        one.speaks().await;
        assert_eq!(one.outbox().await, ["waiting"]);
        let problem = one.column("select problem from channel_lines").await;
        assert_eq!(problem, ["the network refuses the bind (0xd)"]);
        assert_eq!(one.column(DEAF).await, problem);
        let queues = one.node().channel_queues().await.unwrap();
        assert_eq!(queues.lines, [("sms", false)]);
        one.smsc.is_away(false);
        one.smsc.bound().await.unwrap();
        // What comes over the line comes after it was noted that it stands.
        one.takes(&sms(BUDI, "BANTUAN")).await;
        let queues = one.node().channel_queues().await.unwrap();
        assert_eq!(queues.lines, [("sms", true)], "and nothing was said yet");
        one.place.clock.advance(MINUTE_MS);
        one.speaks().await;
        assert_eq!(one.outbox().await, ["sent"]);
        assert!(one.column(DEAF).await.is_empty());
        one.takes(&sms(SITI, "STATUS")).await;
    }
}

#[tokio::test]
async fn a_network_that_never_answers_what_is_submitted_is_down_and_what_waits_is_not_sent() {
    let problem = "the network does not answer what is submitted";
    for one in Networked::on(|sms| sms.smpp.answer_seconds = 1).await {
        one.smsc.bound().await.unwrap();
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        let since = one.place.clock.now_ms();
        one.smsc.replies([Reply::Silence]);
        one.speaks().await;
        let first = one.smsc.submitted().await.unwrap();
        assert_eq!(one.outbox().await, ["waiting"]);
        let figures = one.node().channel_figures_of_late().await.unwrap();
        assert_eq!(figures[0].outage.out, Some((problem.to_owned(), since)));
        let queues = one.node().channel_queues().await.unwrap();
        assert_eq!(queues.lines, [("sms", false)]);
        // The line may be tried with something else, and this is not said at once again.
        one.place.clock.advance(MINUTE_MS);
        one.speaks().await;
        assert_eq!(one.outbox().await, ["waiting"]);
        one.place.clock.advance(4 * MINUTE_MS);
        one.speaks().await;
        assert_eq!(one.outbox().await, ["sent"]);
        let again = one.smsc.submitted().await.unwrap();
        assert_eq!(again.bytes, first.bytes);
        let queues = one.node().channel_queues().await.unwrap();
        assert_eq!(queues.lines, [("sms", true)]);
    }
}

#[tokio::test]
async fn a_line_that_is_lost_at_each_submit_is_down_though_it_is_bound_again() {
    for one in Networked::bound().await {
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        let since = one.place.clock.now_ms();
        one.smsc.replies([Reply::Drop, Reply::Drop]);
        for minutes in [5, 10] {
            one.speaks().await;
            one.smsc.bound().await.unwrap();
            // What comes over the line comes after it was noted that it stands.
            one.takes(&sms(BUDI, "BANTUAN")).await;
            assert_eq!(one.outbox().await, ["waiting"]);
            let figures = one.node().channel_figures_of_late().await.unwrap();
            let down = figures[0].outage.out.as_ref().map(|(_, at)| *at);
            assert_eq!(down, Some(since));
            let queues = one.node().channel_queues().await.unwrap();
            assert_eq!(queues.lines, [("sms", false)]);
            one.place.clock.advance(minutes * MINUTE_MS);
        }
        one.speaks().await;
        assert_eq!(one.outbox().await, ["sent"]);
        let queues = one.node().channel_queues().await.unwrap();
        assert_eq!(queues.lines, [("sms", true)], "it has answered");
    }
}

#[tokio::test]
async fn a_pair_of_lines_has_one_for_each_direction() {
    for one in Networked::on(|sms| sms.smpp.bind = Bind::Pair).await {
        let mut kinds = [
            one.smsc.bound().await.unwrap(),
            one.smsc.bound().await.unwrap(),
        ];
        kinds.sort_unstable();
        assert_eq!(kinds, ["receiver", "transmitter"]);
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        one.speaks().await;
        assert_eq!(one.outbox().await, ["sent"]);
    }
}

#[tokio::test]
async fn a_silent_line_is_tried_and_a_node_that_stops_takes_leave() {
    for mut one in Networked::on(|sms| sms.smpp.enquire_seconds = 1).await {
        for expected in [Event::Bound("transceiver"), Event::Enquired] {
            assert_eq!(one.smsc.next().await, Some(expected));
        }
        one.stop.cancel();
        one.listening.take().unwrap().await.unwrap();
        while one.smsc.next().await.unwrap() != Event::Unbound {}
        assert_eq!(one.smsc.next().await, Some(Event::Left));
    }
}

#[test]
fn a_command_that_cannot_be_taken_apart_spoils_none_behind_it() {
    let mut bytes = BytesMut::new();
    let mut wire = Wire;
    let mut deliver = DeliverSm::default();
    deliver.set_short_message(OctetString::from_static_slice(b"Lampu padam").unwrap());
    for (sequence, pdu) in [(7, deliver.into()), (8, Pdu::EnquireLink)] {
        let command = Command::new(CommandStatus::EsmeRok, sequence, pdu);
        wire.encode(command, &mut bytes).unwrap();
    }
    // Its text claims to be longer than it is.
    let at = bytes.len() - 16 - "Lampu padam".len() - 1;
    bytes[at] = 200;
    let first = wire.decode(&mut bytes).unwrap();
    let Some(Received::Unreadable {
        command_id: 5,
        sequence: 7,
        pdu,
    }) = first
    else {
        panic!("it was read");
    };
    assert!(pdu.ends_with(b"Lampu padam"), "its bytes are kept");
    let Some(Received::Command(next)) = wire.decode(&mut bytes).unwrap() else {
        panic!("what stands behind is lost");
    };
    assert_eq!((next.sequence_number(), bytes.len()), (8, 0));
    bytes.extend_from_slice(&[0xff; 16]);
    assert!(wire.decode(&mut bytes).is_err(), "no command is so long");
}

#[test]
fn settings_of_a_line_that_cannot_work_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), "smsc.example.net:2775");
    let changes: [(Change, &str); 6] = [
        (|s| s.number = None, "channels.sms.number"),
        (|s| s.smpp.system_id = None, "channels.sms.smpp.system_id"),
        (
            |s| s.smpp.answer_seconds = 61,
            "channels.sms.smpp.answer_seconds",
        ),
        (
            |s| s.smpp.password_file = None,
            "channels.sms.smpp.password_file",
        ),
        (
            |s| s.smpp.address = Some("smsc".into()),
            "channels.sms.smpp.address",
        ),
        (
            |s| s.smpp.system_id = Some("lapor-kota-bandung".into()),
            "15 and 8 signs",
        ),
    ];
    spoil(&settings, &changes);
}
