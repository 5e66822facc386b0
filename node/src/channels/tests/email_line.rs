//! How letters come from a mailbox and go to a mail server: once, whatever is numbered anew, breaks
//! off or is away; over a line that is safe; without a password in any word.

use std::sync::Arc;

use lapor_stand_ins::imap::{Door, INBOX, Imap, PASSWORD};
use lapor_web::log::Overheard;
use lapor_web::mail::Encryption;
use lapor_web::mail::tiny_server::{Manners, TinyServer};
use tokio_util::sync::CancellationToken;

use super::email::{Desk, REPORT, SITI, letter};
use super::private::Log;
use super::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::channels::email::{self, EmailSettings};
use crate::channels::{Lines, Name, Outage, run};

const DONE: &str = "Sudah diambil";

fn second(text: &str) -> String {
    letter("z2", "Jalan berlubang", text)
}

#[tokio::test]
async fn a_letter_is_taken_once_whatever_number_it_has_and_however_often_it_lies_there() {
    for desk in Desk::open().await {
        let first = letter("a1", "Lampu jalan", REPORT);
        desk.arrives(&first);
        // It came by two ways.
        desk.arrives(&format!("Received: from elsewhere\n{first}"));
        assert_eq!(desk.hears().await.len(), 1);
        assert_eq!(desk.line.fetch_letters(desk.talked.node()).await, Ok(0));
        assert_eq!(desk.talked.taken().await.len(), 1);
        // Whoever uses the id of another's letter keeps it out of nothing.
        desk.arrives(&letter(
            "a1",
            "Lampu jalan",
            "Jalan berlubang di depan pasar Sukajadi.",
        ));
        desk.hears().await;
        assert_eq!(desk.talked.cases().await.len(), 2);
        desk.imap.is_rebuilt();
        desk.imap.is_away(true);
        desk.line
            .fetch_letters(desk.talked.node())
            .await
            .unwrap_err();
        desk.imap.is_away(false);
        assert_eq!(desk.line.fetch_letters(desk.talked.node()).await, Ok(3));
        assert!(desk.goes_on().await.is_empty());
        assert_eq!(desk.talked.taken().await.len(), 2);
        assert!(desk.imap.folder(INBOX).is_empty(), "it was laid away again");
        desk.arrives(&second("Pohon tumbang menutup jalan di Dago."));
        assert_eq!(desk.hears().await.len(), 1);
    }
}

#[tokio::test]
async fn what_lay_there_before_the_channel_was_on_is_no_report() {
    for desk in Desk::open().await {
        let now = desk.talked.node().clock().now_ms();
        let old = letter("y1", "Surat lama", REPORT).replace('\n', "\r\n");
        desk.imap.arrives(old.as_bytes(), now - 3 * DAY_MS);
        desk.imap.arrives(old.as_bytes(), now - 2 * HOUR_MS);
        desk.imap.is_rebuilt();
        desk.imap.is_away(true);
        desk.line
            .fetch_letters(desk.talked.node())
            .await
            .unwrap_err();
        desk.imap.is_away(false);
        assert!(desk.hears().await.is_empty());
        assert!(desk.talked.taken().await.is_empty());
        assert_eq!(desk.imap.folder(INBOX).len(), 2, "it stays where it is");
    }
}

#[tokio::test]
async fn what_was_taken_is_marked_and_laid_away_as_the_server_can() {
    for mut desk in Desk::open().await {
        desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        assert!(desk.imap.folder(INBOX).is_empty());
        assert!(desk.imap.folder(DONE)[0].flags.contains("\\Seen"));
        // A server that can neither move nor tell.
        desk.imap.offers(&["UIDPLUS"]);
        desk.imap.breaks_at("SEARCH");
        desk.line
            .fetch_letters(desk.talked.node())
            .await
            .unwrap_err();
        desk.says(&second("Jalan berlubang di depan pasar Sukajadi."))
            .await;
        assert!(desk.imap.folder(INBOX).is_empty());
        assert_eq!(desk.imap.folder(DONE).len(), 2);
        let settings = &mut desk.talked.place.settings.channels.email;
        settings.imap.done_folder = None;
        let clock = desk.talked.place.node.shared_clock();
        let line = email::of(settings, clock).unwrap().unwrap();
        desk.arrives(&letter(
            "z3",
            "Pohon",
            "Pohon tumbang menutup jalan di Dago.",
        ));
        line.fetch_letters(desk.talked.node()).await.unwrap();
        let here = desk.imap.folder(INBOX);
        assert!(here.len() == 1 && here[0].flags.contains("\\Seen"));
        assert_eq!(desk.talked.taken().await.len(), 3);
    }
}

#[tokio::test]
async fn a_line_that_breaks_anywhere_loses_no_letter_and_doubles_none() {
    for desk in Desk::open().await {
        for (at, verb) in ["SEARCH", "FETCH", "STORE", "MOVE", "NOOP"]
            .into_iter()
            .enumerate()
        {
            let text = format!("Jalan berlubang nomor {at} di depan pasar Sukajadi.");
            desk.arrives(&letter(&format!("f{at}"), "Jalan", &text));
            desk.imap.breaks_at(verb);
            let problem = desk
                .line
                .fetch_letters(desk.talked.node())
                .await
                .unwrap_err();
            assert!(problem.problem.contains("IMAP server"), "{problem:?}");
            desk.line.fetch_letters(desk.talked.node()).await.unwrap();
            assert_eq!(desk.talked.taken().await.len(), at + 1, "{verb}");
        }
        desk.imap.refuses(Some("FETCH"));
        desk.arrives(&letter(
            "f9",
            "Pohon",
            "Pohon tumbang menutup jalan di Dago.",
        ));
        let problem = desk
            .line
            .fetch_letters(desk.talked.node())
            .await
            .unwrap_err();
        assert!(problem.problem.contains("does not give"), "{problem:?}");
        desk.imap.refuses(None);
        desk.line.fetch_letters(desk.talked.node()).await.unwrap();
        assert_eq!(desk.talked.taken().await.len(), 6);
    }
}

#[tokio::test]
async fn a_letter_that_is_never_given_holds_up_no_other_and_waits_for_a_person() {
    for desk in Desk::open().await {
        let node = desk.talked.node();
        desk.arrives(&letter("n1", "Lampu jalan", REPORT));
        desk.arrives(&second("Jalan berlubang di depan pasar Sukajadi."));
        desk.imap.withholds(1);
        // An outage is no trouble of one letter.
        desk.imap.refuses(Some("FETCH"));
        for _ in 0..3 {
            let problem = desk.line.fetch_letters(node).await.unwrap_err();
            assert!(problem.problem.contains("does not give"), "{problem:?}");
        }
        assert!(node.channel_trouble().await.unwrap().is_empty());
        desk.imap.refuses(None);
        assert_eq!(desk.hears().await.len(), 1);
        desk.talked.case().await;
        let here = desk.imap.folder(INBOX);
        assert!(here.len() == 1 && here[0].flags.is_empty(), "it is unread");
        assert_eq!(desk.line.fetch_letters(node).await, Ok(0));
        let trouble = node.channel_trouble().await.unwrap();
        assert_eq!(trouble.len(), 1);
        let problem = trouble[0].problem.clone().unwrap();
        assert!(problem.starts_with("letter 1 stays unread"), "{problem}");
        let again = node.look_again(&desk.talked.lines, None, "test").await;
        assert_eq!(again.unwrap(), 0, "nothing of it is here");
        node.lay_aside(trouble[0].number, "test").await.unwrap();
        assert!(node.channel_trouble().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn while_the_mail_server_is_away_what_is_to_be_said_waits_without_an_end() {
    for mut desk in Desk::open().await {
        desk.smtp.behave(Manners {
            sender: Some("451 4.3.0 later"),
            ..Manners::default()
        });
        assert!(
            desk.says(&letter("a1", "Lampu jalan", REPORT))
                .await
                .is_empty()
        );
        for _ in 0..30 {
            desk.talked.place.clock.advance(HOUR_MS);
            assert!(desk.goes_on().await.is_empty());
        }
        assert_eq!(desk.talked.outbox().await, ["waiting"]);
        // Another server is set up at the desk, or in the file.
        desk.smtp = TinyServer::start(Manners::default()).await;
        desk.talked.place.settings.mail.port = desk.smtp.port;
        desk.talked.place.node = desk.talked.place.reopened().await;
        desk.line.set_up(&desk.talked.place.node);
        desk.talked.place.clock.advance(HOUR_MS);
        assert_eq!(desk.goes_on().await.len(), 1);
        assert_eq!(desk.talked.outbox().await, ["sent"]);
    }
}

#[tokio::test]
async fn an_address_that_the_server_refuses_is_given_up_with_its_letter() {
    for desk in Desk::open().await {
        let mut manners = Manners::default();
        manners
            .recipients
            .insert(SITI.into(), "550 5.1.1 no such user");
        desk.smtp.behave(manners);
        desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        assert_eq!(desk.talked.outbox().await, ["refused"]);
        let other = second("Jalan berlubang di depan pasar Sukajadi.");
        let told = desk.says(&other.replace("Siti.Aminah", "budi")).await;
        assert_eq!(told.len(), 1);
        // Nobody is reached at such an address, and it harms nobody else.
        let odd = letter("g1", "Pohon", "Pohon tumbang menutup jalan di Dago.");
        desk.says(&odd.replace("Siti.Aminah@contoh.id", "bukan alamat"))
            .await;
        assert_eq!(desk.talked.cases().await.len(), 3);
    }
}

#[tokio::test]
async fn of_a_letter_that_is_too_large_the_words_are_taken() {
    let large = "A".repeat(76).repeat(360_000);
    let letter = format!(
        "From: {SITI}\nSubject: Lampu jalan\nMessage-ID: <h1@contoh.id>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{REPORT}\n--b\nContent-Type: image/jpeg\nContent-Disposition: attachment; filename=a.jpg\nContent-Transfer-Encoding: base64\n\n{large}\n--b--\n"
    );
    for desk in Desk::open().await {
        let told = desk.says(&letter).await;
        let (case, _) = desk.talked.case().await;
        assert_eq!(desk.talked.files(case).await, [0]);
        assert!(told.iter().any(|told| told.text.contains("terlalu besar")));
        let fetched = desk.imap.heard();
        let part = fetched
            .iter()
            .any(|heard| heard.contains("BODY.PEEK[]<0.25000000>"));
        assert!(part, "{fetched:?}");
    }
}

#[tokio::test]
async fn of_a_letter_of_countless_parts_the_words_are_taken() {
    let many = "--b\n\n".repeat(100_000);
    let letter = format!(
        "From: {SITI}\nSubject: Lampu jalan\nMessage-ID: <h1@contoh.id>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{REPORT}\n--b\nContent-Type: image/jpeg\nContent-Disposition: attachment; filename=a.jpg\nContent-Transfer-Encoding: base64\n\nAAAA\n{many}--b--\n"
    );
    for desk in Desk::open().await {
        let told = desk.says(&letter).await;
        let (case, _) = desk.talked.case().await;
        assert_eq!(desk.talked.files(case).await, [0]);
        assert!(told.iter().any(|told| told.text.contains("terlalu besar")));
    }
}

#[tokio::test]
async fn while_a_node_serves_it_waits_for_letters_and_answers_at_once() {
    for desk in Desk::open().await {
        let stop = CancellationToken::new();
        let node = desk.talked.node().clone();
        node.note_unfetched(Name::Email, "the IMAP server hangs up")
            .await;
        // As when a program starts: it has no line that is open.
        let settings = &desk.talked.place.settings.channels.email;
        let line = email::of(settings, node.shared_clock()).unwrap().unwrap();
        let lines = Lines(vec![Arc::new(line)]);
        let running = tokio::spawn(run(node.clone(), lines, stop.clone()));
        desk.imap.is_waited_for().await;
        let figures = node.channel_figures_of_late().await.unwrap();
        let email = figures.iter().find(|one| one.channel == "email").unwrap();
        assert_eq!(email.outage, Outage::default(), "before the wait is over");
        desk.arrives(&letter("a1", "Lampu jalan", REPORT));
        desk.smtp.took().await;
        stop.cancel();
        running.await.unwrap();
        assert_eq!(desk.smtp.taken().len(), 1);
        assert!(desk.imap.heard().contains(&"IDLE".to_owned()));
    }
}

#[tokio::test]
async fn the_line_is_safe_or_there_is_none() {
    for desk in Desk::open().await {
        for (door, encryption) in [
            (Door::Tls, Encryption::Tls),
            (Door::StartTls, Encryption::StartTls),
        ] {
            let imap = Imap::open(door).await.unwrap();
            let roots = desk.talked.place.settings.node.keys.join("roots.pem");
            std::fs::write(&roots, &imap.certificate).unwrap();
            let mut settings = desk.talked.place.settings.channels.email.clone();
            (settings.imap.port, settings.imap.encryption) = (imap.port, encryption);
            let tried = async |settings: &EmailSettings| {
                let clock = desk.talked.node().shared_clock();
                email::try_out(settings, clock).await.unwrap().unwrap()
            };
            let problem = tried(&settings).await.unwrap_err();
            assert!(problem.contains("not safe"), "{problem}");
            settings.imap.roots = Some(roots);
            assert_eq!(tried(&settings).await, Ok(0));
            settings.imap.user = Some("orang-lain".into());
            let problem = tried(&settings).await.unwrap_err();
            assert!(
                problem.starts_with("log-in: ") && problem.contains("who are you?"),
                "{problem}"
            );
            assert!(!problem.contains("surel"), "{problem}");
        }
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_and_say_no_secret() {
    for desk in Desk::open().await {
        type Change = fn(&mut EmailSettings);
        let good = desk.talked.place.settings.channels.email.clone();
        let cases: [(Change, &str); 8] = [
            (
                |s| s.address = Some("lapor".into()),
                "email.address: lapor is no address",
            ),
            (|s| s.imap.host = None, "email.imap.host: needed where"),
            (|s| s.imap.user = None, "email.imap.user: needed where"),
            (
                |s| s.imap.password_file = None,
                "email.imap.password_file: needed where",
            ),
            (
                |s| s.imap.host = Some("imap.contoh.id".into()),
                "would travel in the open",
            ),
            (|s| s.idle_minutes = 0, "email.idle_minutes"),
            (
                |s| {
                    s.imap.encryption = Encryption::Tls;
                    s.imap.roots = Some("/tidak/ada".into());
                },
                "email.imap.roots: ",
            ),
            (
                |s| {
                    s.imap.encryption = Encryption::Tls;
                    s.imap.host = Some("bukan nama".into());
                },
                "bukan nama is no name",
            ),
        ];
        for (change, said) in cases {
            let mut settings = good.clone();
            change(&mut settings);
            let clock = desk.talked.node().shared_clock();
            let problem = email::of(&settings, clock).err().unwrap().to_string();
            assert!(problem.contains(said), "{problem}");
            assert!(!problem.contains(PASSWORD), "{problem}");
        }
        let clock = desk.talked.node().shared_clock();
        assert!(
            email::of(&EmailSettings::default(), clock)
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn who_writes_what_they_write_and_the_password_stand_in_no_log() {
    let log = Log::default();
    let listening = Overheard::by(log.clone());
    for desk in Desk::open().await {
        desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        desk.imap.breaks_at("FETCH");
        desk.arrives(&second("Jalan berlubang di depan pasar Sukajadi."));
        desk.line
            .fetch_letters(desk.talked.node())
            .await
            .unwrap_err();
        let mut manners = Manners::default();
        manners
            .recipients
            .insert(SITI.into(), "550 5.1.1 no such user");
        desk.smtp.behave(manners);
        desk.hears().await;
        desk.talked.place.clock.advance(MINUTE_MS);
        desk.goes_on().await;
    }
    drop(listening);
    let log = log.text();
    assert!(!log.is_empty());
    for canary in ["aminah", "Aminah", "Minggu", "Sukajadi", "surel"] {
        assert!(!log.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn what_lay_there_before_a_restore_is_no_second_report_unless_somebody_says_so() {
    for desk in Desk::open().await {
        let node = desk.talked.node();
        // The machine that is gone has fetched it, and its case is at the hub.
        desk.arrives(&letter("a1", "Lampu jalan", REPORT));
        node.seems_restored().await;
        desk.talked.place.clock.advance(MINUTE_MS);
        assert!(desk.hears().await.is_empty(), "nobody is answered");
        assert!(desk.talked.cases().await.is_empty());
        let all = node.conversations(None, false).await.unwrap().all;
        assert_eq!(all[0].messages[0].outcome, "doubted");
        let numbers = [all[0].messages[0].number];
        let made = node.take_up(&all[0].thread, &numbers, "account:budi").await;
        made.unwrap();
        assert_eq!(desk.talked.cases().await.len(), 1);
        desk.says(&second("Pohon tumbang menutup jalan di Dago."))
            .await;
        assert_eq!(desk.talked.cases().await.len(), 2);
    }
}
