//! Letters from the queue to a mail server, and what becomes of them when it
//! is away, refuses, or cannot be trusted.

mod account;
mod changing;
mod leaving;
mod merging;
mod officers;
mod own_acts;
mod pages;
mod programmes;
mod redacting;
mod telling;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use lapor_migrations::on;
use lapor_web::accounts::NewAccount;
use lapor_web::mail::tiny_server::{Manners, TinyServer};

use super::{Delivery, Draft, Encryption, Kind, Round, Said, letterhead};
use crate::clock::Clock as _;
use crate::node::Node;
use crate::reporters::{Opened, Proved, Visitor};
use crate::testing::{Place, databases};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
const SITI: &str = "siti@contoh.id";
const MINUTE_MS: i64 = 60_000;

/// A node whose letters go to a tiny server.
struct Posted {
    place: Place,
    server: TinyServer,
    delivery: Delivery,
}

impl Posted {
    async fn all(manners: &Manners, encryption: Encryption) -> Vec<Self> {
        let mut out = Vec::new();
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let server = TinyServer::start(manners.clone()).await;
            let roots = place.settings.node.keys.join("mail-roots.pem");
            std::fs::write(&roots, &server.certificate).unwrap();
            let mail = &mut place.settings.mail;
            mail.host = Some("localhost".into());
            mail.port = server.port;
            mail.encryption = encryption;
            mail.roots = Some(roots);
            mail.from = Some("Lapor Bandung <lapor@bandung.go.id>".into());
            place.node = place.reopened().await;
            let delivery = Delivery::of(&place.node).unwrap().unwrap();
            out.push(Self {
                place,
                server,
                delivery,
            });
        }
        out
    }

    fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    async fn round(&self) -> Round {
        self.delivery.round().await.unwrap()
    }

    /// How often each letter was tried, in the order in which they were written.
    async fn tries(&self) -> Vec<i64> {
        const SQL: &str = "select attempts from letters order by number";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_all(c).await).unwrap()
    }

    async fn asks(&self, contact: &str) {
        self.node().ask_sign_in(contact, HERE).await.unwrap();
    }

    /// What an address has opened by signing in; the code went there by another way.
    async fn opens(&self, contact: &str) -> Opened {
        let node = self.node();
        let sent = node.ask_sign_in(contact, HERE).await.unwrap();
        let letter = node.letters(0, 100).await.unwrap().pop().unwrap();
        node.letter_done(letter.number).await.unwrap();
        let digits = letter.code.unwrap();
        let proved = node.prove_code(&sent.id, &digits, HERE).await.unwrap();
        let Proved::SignedIn(opened) = proved else {
            panic!("the code signs in");
        };
        opened
    }

    /// Whoever has signed in with an address.
    async fn signs_in(&self, contact: &str) -> Visitor {
        let opened = self.opens(contact).await;
        self.node().visitor(&opened.token).await.unwrap().unwrap()
    }
}

fn refusing(address: &str, answer: &'static str) -> Manners {
    Manners {
        recipients: BTreeMap::from([(address.to_owned(), answer)]),
        ..Manners::default()
    }
}

/// The text of a letter as its reader sees it.
fn readable(text: &str) -> String {
    let body = text.split_once("\n\n").unwrap().1;
    assert!(text.contains("quoted-printable"), "{text}");
    let mut bytes = Vec::new();
    let joined = body.replace("=\n", "");
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let hex = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_code_goes_out_in_both_languages_and_leaves_nothing_behind() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        posted.asks(SITI).await;
        assert_eq!(posted.round().await, Round::Worked(1));
        let taken = posted.server.taken().remove(0);
        assert_eq!(taken.to, SITI);
        for header in [
            "From: \"Lapor Bandung\" <lapor@bandung.go.id>",
            "Auto-Submitted: auto-generated",
            "Subject: Kode masuk kota-bandung",
            "Date: Mon, 21 Sep 2026",
        ] {
            assert!(taken.text.contains(header), "{header}: {}", taken.text);
        }
        let (own, other) = (
            taken.text.find("Kode Anda: "),
            taken.text.find("Your code: "),
        );
        assert!(own.is_some() && own < other, "{}", taken.text);
        let status = posted.node().post_status().await.unwrap();
        assert_eq!((status.waiting, status.refused), (0, 0));
        assert!(posted.node().letters(0, 10).await.unwrap().is_empty());
        assert_eq!(posted.round().await, Round::Quiet);
    }
}

#[tokio::test]
async fn a_telephone_gets_no_letter() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        posted.asks("0812 3456 7890").await;
        assert_eq!(posted.round().await, Round::Quiet);
        assert_eq!(posted.node().letters(0, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_outage_only_keeps_letters_waiting() {
    for mut posted in Posted::all(&Manners::default(), Encryption::None).await {
        posted.asks(SITI).await;
        let port = posted.server.port;
        posted.server = TinyServer::start(Manners::default()).await;
        for _ in 0..3 {
            let Round::Down(problem) = posted.round().await else {
                panic!("the letter went to nobody");
            };
            assert!(!problem.contains(SITI), "{problem}");
            let said: Vec<&str> = problem.split(": ").collect();
            let once: BTreeSet<&str> = said.iter().copied().collect();
            assert_eq!(said.len(), once.len(), "each cause once: {problem}");
        }
        let status = posted.node().post_status().await.unwrap();
        assert_eq!((status.waiting, status.refused), (1, 0));
        assert_eq!(status.troubled[0].attempts, 0, "an outage is not its fault");
        posted.place.settings.mail.port = posted.server.port;
        assert_ne!(port, posted.server.port);
        let again = posted.place.reopened().await;
        let delivery = Delivery::of(&again).unwrap().unwrap();
        assert_eq!(delivery.round().await.unwrap(), Round::Worked(1));
        assert_eq!(posted.server.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_keeps_no_letter_waiting() {
    const NOTED: [(&str, &str); 2] = [
        (SITI, "update letters set due_at = $1"),
        ("budi@contoh.id", "update letters set leased_until = $1"),
    ];
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let later = posted.place.clock.now_ms() + 365 * 24 * 60 * MINUTE_MS;
        for (contact, noted) in NOTED {
            posted.asks(contact).await;
            posted.node().write_codes().await.unwrap();
            let mut tx = posted.node().write_tx().await.unwrap();
            on!(&mut tx, c => sqlx::query(noted).bind(later).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            assert_eq!(posted.round().await, Round::Worked(1), "{noted}");
        }
    }
}

#[tokio::test]
async fn codes_that_expired_or_go_to_telephones_hold_up_no_letter() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let neighbour = |n: u8| IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, n));
        for late in [false, true] {
            for n in 0..60 {
                let phone = format!("0812 3456 {}{n:03}", u8::from(late));
                let asked = posted.node().ask_sign_in(&phone, neighbour(n)).await;
                asked.unwrap();
            }
            posted.asks(SITI).await;
            assert_eq!(posted.round().await, Round::Worked(1), "{late}");
            posted.place.clock.advance(15 * MINUTE_MS);
        }
    }
}

#[tokio::test]
async fn a_line_that_breaks_within_a_letter_sends_it_again() {
    let manners = Manners {
        hangs_up: true,
        ..Manners::default()
    };
    for posted in Posted::all(&manners, Encryption::None).await {
        posted.asks(SITI).await;
        assert_eq!(posted.round().await, Round::Worked(1));
        posted.server.behave(Manners::default());
        assert_eq!(posted.round().await, Round::Quiet, "it is not time");
        posted.place.clock.advance(5 * MINUTE_MS);
        assert_eq!(posted.round().await, Round::Worked(1));
        assert_eq!(posted.server.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_recipient_over_whom_the_line_breaks_holds_up_nobody() {
    for posted in Posted::all(&refusing(SITI, ""), Encryption::None).await {
        posted.asks(SITI).await;
        posted.asks("budi@contoh.id").await;
        assert_eq!(posted.round().await, Round::Worked(1));
        let tried = posted.tries().await;
        assert_eq!(tried, [1, 0], "only who broke it was tried");
        assert_eq!(posted.round().await, Round::Worked(1));
        assert_eq!(posted.server.taken()[0].to, "budi@contoh.id");
        assert_eq!(posted.round().await, Round::Quiet);
    }
}

#[tokio::test]
async fn a_relay_that_is_closed_to_us_costs_no_words() {
    let closed = refusing(SITI, "554 5.7.1 relay access denied");
    for posted in Posted::all(&closed, Encryption::None).await {
        posted.asks(SITI).await;
        assert_eq!(posted.round().await, Round::Worked(1));
        let status = posted.node().post_status().await.unwrap();
        assert_eq!((status.waiting, status.refused), (1, 0));
        posted.server.behave(Manners::default());
        posted.place.clock.advance(5 * MINUTE_MS);
        assert_eq!(posted.round().await, Round::Worked(1));
        assert!(posted.server.taken()[0].text.contains("Kode Anda: "));
    }
}

#[tokio::test]
async fn a_letter_is_given_up_after_twenty_tries() {
    let never = refusing(SITI, "450 come back");
    for posted in Posted::all(&never, Encryption::None).await {
        let node = posted.node();
        let draft = Draft {
            kind: Kind::Notice,
            address: SITI,
            case: None,
            words: letterhead(node).write(|_| Said {
                subject: "Kabar".into(),
                paragraphs: vec!["Ada kabar.".into()],
            }),
            leave: None,
            expires_at: None,
        };
        let mut tx = node.write_tx().await.unwrap();
        node.write_letter(&mut tx, draft).await.unwrap();
        tx.commit().await.unwrap();
        for tried in 1..=20 {
            assert_eq!(posted.round().await, Round::Worked(1), "{tried}");
            let refused = node.post_status().await.unwrap().refused;
            assert_eq!(refused, u64::from(tried == 20), "{tried}");
            posted.place.clock.advance(6 * 60 * MINUTE_MS);
        }
        assert_eq!(posted.round().await, Round::Quiet);
    }
}

#[tokio::test]
async fn the_monitoring_learns_what_is_late_and_not_what_was_put_off() {
    for posted in Posted::all(&refusing(SITI, "450 later"), Encryption::None).await {
        let queue = async || posted.node().letter_queue().await.unwrap();
        posted.asks(SITI).await;
        posted.round().await;
        assert_eq!((queue().await.waiting, queue().await.late_ms), (1, 0));
        posted.place.clock.advance(7 * MINUTE_MS);
        assert_eq!(queue().await.late_ms, 2 * MINUTE_MS);
    }
}

#[tokio::test]
async fn a_busy_recipient_is_tried_later_and_holds_up_nobody() {
    let later = refusing(SITI, "451 greylisted, come back");
    for posted in Posted::all(&later, Encryption::None).await {
        posted.asks(SITI).await;
        posted.asks("budi@contoh.id").await;
        assert_eq!(posted.round().await, Round::Worked(2));
        assert_eq!(posted.server.taken().len(), 1);
        let status = posted.node().post_status().await.unwrap();
        assert_eq!((status.waiting, status.refused), (1, 0));
        assert!(status.troubled[0].problem.contains("greylisted"));
        posted.server.behave(Manners::default());
        assert_eq!(posted.round().await, Round::Quiet, "it is not time");
        posted.place.clock.advance(5 * MINUTE_MS);
        assert_eq!(posted.round().await, Round::Worked(1));
        assert_eq!(posted.server.taken().len(), 2);
    }
}

#[tokio::test]
async fn a_refusal_for_ever_is_kept_without_words_until_somebody_drops_it() {
    let never = refusing(SITI, "550 5.1.1 no such mailbox");
    for posted in Posted::all(&never, Encryption::None).await {
        posted.asks(SITI).await;
        assert_eq!(posted.round().await, Round::Worked(1));
        let node = posted.node();
        let status = node.post_status().await.unwrap();
        assert_eq!((status.waiting, status.refused), (0, 1));
        let letter = &status.troubled[0];
        assert!(letter.refused && letter.problem.contains("no such mailbox"));
        let mut tx = node.read_tx().await.unwrap();
        let kept = crate::store::letters::troubled(&mut tx, 1).await.unwrap();
        assert_eq!((kept[0].subject.as_str(), kept[0].body.as_str()), ("", ""));
        drop(tx);
        assert_eq!(posted.round().await, Round::Quiet);
        node.drop_refused_letter(letter.number, "test")
            .await
            .unwrap();
        assert!(
            node.drop_refused_letter(letter.number, "test")
                .await
                .is_err()
        );
        assert_eq!(node.post_status().await.unwrap().refused, 0);
    }
}

#[tokio::test]
async fn a_refused_sender_is_nobodys_fault_who_is_written_to() {
    let manners = Manners {
        sender: Some("553 not yours"),
        ..Manners::default()
    };
    for posted in Posted::all(&manners, Encryption::None).await {
        posted.asks(SITI).await;
        assert!(matches!(posted.round().await, Round::Down(said) if said.contains("not yours")));
        assert_eq!(posted.node().post_status().await.unwrap().refused, 0);
    }
}

#[tokio::test]
async fn a_code_that_has_expired_is_not_sent() {
    let manners = Manners {
        sender: Some("451 later"),
        ..Manners::default()
    };
    for posted in Posted::all(&manners, Encryption::None).await {
        posted.asks(SITI).await;
        assert!(matches!(posted.round().await, Round::Down(_)));
        posted.server.behave(Manners::default());
        posted.place.clock.advance(15 * MINUTE_MS);
        assert_eq!(posted.round().await, Round::Quiet);
        assert_eq!(posted.node().post_status().await.unwrap().waiting, 0);
    }
}

#[tokio::test]
async fn a_letter_travels_encrypted_after_starttls() {
    let manners = Manners {
        starttls: Some("220 go"),
        ..Manners::default()
    };
    for posted in Posted::all(&manners, Encryption::StartTls).await {
        posted.asks(SITI).await;
        assert_eq!(posted.round().await, Round::Worked(1));
        assert!(posted.server.taken()[0].encrypted);
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    for manners in [
        Manners::default(),
        Manners {
            starttls: Some("454 not now"),
            ..Manners::default()
        },
    ] {
        for posted in Posted::all(&manners, Encryption::StartTls).await {
            posted.asks(SITI).await;
            assert!(matches!(posted.round().await, Round::Down(_)));
            let heard = posted.server.heard();
            assert!(
                !heard
                    .iter()
                    .any(|command| command.starts_with("MAIL") || command.starts_with("AUTH")),
                "{heard:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_with_a_certificate_of_somebody_else_gets_no_letter() {
    let manners = Manners {
        starttls: Some("220 go"),
        ..Manners::default()
    };
    for mut posted in Posted::all(&manners, Encryption::StartTls).await {
        let stranger = TinyServer::start(manners.clone()).await;
        posted.place.settings.mail.port = stranger.port;
        let node = posted.place.reopened().await;
        node.ask_sign_in(SITI, HERE).await.unwrap();
        let delivery = Delivery::of(&node).unwrap().unwrap();
        assert!(matches!(delivery.round().await.unwrap(), Round::Down(_)));
        assert!(stranger.taken().is_empty());
    }
}

#[tokio::test]
async fn two_processes_send_a_letter_once() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        posted.asks(SITI).await;
        let other = Delivery::of(&posted.place.reopened().await)
            .unwrap()
            .unwrap();
        let (one, two) = tokio::join!(posted.delivery.round(), other.round());
        let worked = [one.unwrap(), two.unwrap()];
        assert!(
            worked.contains(&Round::Worked(1)) && worked.contains(&Round::Quiet),
            "{worked:?}"
        );
        assert_eq!(posted.server.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_forgotten_password_brings_a_link_only_to_an_account() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let new = NewAccount {
            login: "siti@bandung.go.id",
            name: "Siti Aminah",
            role: "officer",
            unit: None,
        };
        let (_, link) = node.create_account("test", &new).await.unwrap();
        let words = "gerimis tujuh kelapa sepeda";
        node.accounts()
            .choose_password(&link, &words.into(), HERE)
            .await
            .unwrap();
        for login in ["tidak.ada@bandung.go.id", "Siti@Bandung.go.id"] {
            node.ask_reset(login, HERE).await.unwrap();
        }
        assert_eq!(posted.round().await, Round::Worked(1));
        let taken = posted.server.taken().remove(0);
        assert_eq!(taken.to, "siti@bandung.go.id");
        assert!(
            readable(&taken.text).contains("http://127.0.0.1:8090/sandi/"),
            "{}",
            taken.text
        );
        posted.place.clock.advance(61 * MINUTE_MS);
        assert!(posted.place.clock.now_ms() > 0);
        assert_eq!(posted.round().await, Round::Quiet);
    }
}
