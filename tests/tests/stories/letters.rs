//! Citizens write letters to a mailbox whose node is put back from a backup.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use lapor_hub::clock::Clock as _;
use lapor_node::casework::CaseFilter;
use lapor_node::channels::{self, Lines};
use lapor_node::settings::Settings;
use lapor_stand_ins::imap::{Door, Imap, PASSWORD, USER};
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::{Fleet, Institution, kinds};
use lapor_web::mail::Encryption;
use tokio_util::sync::CancellationToken;

const CITY: &str = "kota-bandung";
const MINUTE_MS: i64 = 60_000;
const PATIENCE: Duration = Duration::from_mins(1);
const LETTER: &str = "From: Siti Aminah <siti.aminah@contoh.id>\r\nTo: lapor@bandung.go.id\r\nSubject: Lampu jalan\r\nMessage-ID: <a1@contoh.id>\r\nDate: Fri, 27 Nov 2026 10:00:00 +0700\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLampu jalan padam di Kota Bandung sejak hari Minggu.\r\n";

/// Letters of this mailbox are taken, and stay where they are.
fn reads(settings: &mut Settings, imap: &Imap) {
    let password = settings.node.keys.join("imap-password");
    let email = &mut settings.channels.email;
    email.address = Some("lapor@bandung.go.id".into());
    email.imap.host = Some("localhost".into());
    email.imap.port = imap.port;
    email.imap.encryption = Encryption::None;
    email.imap.user = Some(USER.into());
    email.imap.password_file = Some(password);
}

fn calls(imap: &Imap) -> usize {
    let heard = imap.heard().into_iter();
    heard.filter(|command| command.starts_with("IDLE")).count()
}

async fn cases(at: &Institution) -> usize {
    at.cases(&CaseFilter::default()).await.len()
}

/// The city fetches what is in the mailbox, until it waits for more and has so many cases.
async fn fetches(at: &Institution, imap: &Imap, made: usize) {
    let (lines, stop) = (
        Lines::of(&at.settings.channels).unwrap(),
        CancellationToken::new(),
    );
    let before = calls(imap);
    let running = tokio::spawn(channels::run(at.node().clone(), lines, stop.clone()));
    let waiting = async {
        while calls(imap) == before || cases(at).await < made {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "the mailbox is not read");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_letter_that_was_taken_after_the_backup_is_one_case_when_it_is_fetched_again() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let imap = Imap::open(Door::Open).await.unwrap();
        let city = fleet.at_mut(CITY);
        city.stop().await;
        reads(&mut city.settings, &imap);
        let kept = city.settings.channels.email.imap.password_file.clone();
        let mut open = OpenOptions::new();
        let file = open.write(true).create_new(true).mode(0o600);
        let mut file = file.open(kept.unwrap()).unwrap();
        writeln!(file, "{PASSWORD}").unwrap();
        city.start().await;
        // What lies there before is not read.
        fetches(city, &imap, 0).await;
        let folder = tempfile::tempdir().unwrap();
        city.back_up(folder.path()).await;
        imap.arrives(LETTER.as_bytes(), city.clock().now_ms());
        fetches(city, &imap, 1).await;
        fleet.settle().await;
        assert_eq!(cases(fleet.at("pusat")).await, 1);

        fleet.pass(MINUTE_MS);
        let database = fleet.database().await;
        let city = fleet.at_mut(CITY);
        city.stop().await;
        city.restore(folder.path(), database).await;
        reads(&mut city.settings, &imap);
        city.start().await;
        fetches(city, &imap, 0).await;
        fleet.settle().await;
        for slug in ["pusat", CITY] {
            assert_eq!(cases(fleet.at(slug)).await, 1, "{slug}");
        }
        let aside = fleet.at(CITY).node().conversations(None, false).await;
        assert_eq!(aside.unwrap().all.len(), 1, "somebody looks at it");
        fleet.ends_well().await;
    }
}
