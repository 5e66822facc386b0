//! Machines that are lost, copied and started twice: what others hold comes
//! back, nothing is forked, and whoever must act is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use lapor_hub::app::Hub;
use lapor_hub::clock::Clock as _;
use lapor_hub::restored::{self, Stage};
use lapor_hub::watch::{self, Concern};
use lapor_hub::witness;
use lapor_migrations::{Db, on};
use lapor_node::backup::{NodeBackupError, back_up, restore};
use lapor_node::casework::KeyState;
use lapor_node::node::Node;
use lapor_node::publishing::NewProgramme;
use lapor_node::sync::{Call, Link, LinkError, Transport as _};
use lapor_protocol::case::State;
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Signer;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seen;
use lapor_protocol::wire::{PREFIX, SEEN_HEADER};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, kinds};
use lapor_tests::invariants;
use serde_json::json;

const FORKS: &str = "select count(*) from forks";
/// What the feed of changes tells of own messages that came to nothing.
const TOLD_REFUSED: &str = "select count(*) from changes where kind = 'message.refused'";
/// Own messages of closed epochs that no receipt covers.
pub const UNCOVERED: &str = "select count(*) from outbox o where o.state in ('accepted', 'ruled')
    and not exists (select 1 from receipts r where r.epoch = o.epoch
        and r.from_seq <= o.seq and r.to_seq >= o.seq)";

pub async fn count(db: &Db, sql: &'static str) -> i64 {
    let mut tx = db.read().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

pub async fn epoch(at: &Institution) -> u64 {
    at.node().status().await.unwrap().outbox.epoch
}

/// Whether the hub shows it of the node.
async fn runs_twice(fleet: &Fleet) -> bool {
    let picture = watch::look(fleet.hub.hub()).await.unwrap();
    let mut seen = picture.instances.values();
    seen.any(|of| {
        let mut findings = of.health.findings.iter();
        findings.any(|finding| finding.concern == Concern::Twice)
    })
}

async fn nothing_was_forked(fleet: &Fleet) {
    let db = fleet.hub.db().await;
    assert_eq!(count(&db, FORKS).await, 0);
    db.close().await;
}

#[tokio::test]
async fn a_node_restored_from_an_old_backup_gets_back_all_that_others_hold() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let bandung = fleet.at("kota-bandung");
        let before = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        let folder = tempfile::tempdir().unwrap();
        let made = bandung.back_up(folder.path()).await;
        assert_eq!(made.origin.instance.as_deref(), Some("kota-bandung"));

        bandung.note(before, "Sudah disurvei.").await;
        let mut after = report("Lampu padam");
        after.attachments = vec![bandung.upload(b"foto lampu padam").await];
        let after = bandung.file(after).await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        pusat.recall(after).await;
        pusat.dispose(after, "kemenpu").await;
        fleet.settle().await;
        let photo = fleet.at("pusat").view(after).await;
        let photo = photo.history[0].attachments[0].sha256;
        fleet
            .at("kota-bandung")
            .line()
            .weather(lapor_tests::fleet::Weather::CUT);
        let unsent = fleet
            .at("kota-bandung")
            .file(report("Tidak terkirim"))
            .await;

        let database = fleet.database().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.restore(folder.path(), database).await;
        bandung.start().await;
        let told = bandung.node().status().await.unwrap();
        assert_eq!(told.restored.unwrap().backup_at, made.origin.made_at);
        fleet.settle().await;

        let bandung = fleet.at("kota-bandung");
        let told = bandung.node().status().await.unwrap();
        assert_eq!(
            (told.restored, told.alarm, told.outbox.epoch),
            (None, None, 2)
        );
        let seen = bandung.view(after).await;
        assert_eq!(seen.key, KeyState::Held);
        assert_eq!(seen.summary.title.as_deref(), Some("Lampu padam"));
        assert_eq!(seen.history.len(), 3);
        assert_eq!(
            bandung.attachment(after, photo).await.unwrap(),
            b"foto lampu padam"
        );
        assert_eq!(bandung.view(before).await.history.len(), 2);
        assert!(!bandung.knows(unsent).await, "nobody else ever had it");
        assert_eq!(count(bandung.node().db(), UNCOVERED).await, 0);

        bandung.reply(after, "Kapan diperbaiki?").await;
        let more = bandung.file(report("Banjir")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(after).await.case_seq, 4);
        assert_eq!(fleet.at("pusat").state(more).await, State::Received);
        nothing_was_forked(&fleet).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_was_sealed_and_never_accepted_is_sent_again_in_the_new_epoch() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        // Signed, with a place in the chain, and lost on its way.
        let first = bandung.file(report("Jalan berlubang")).await;
        bandung.line().lose_calls(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        let folder = tempfile::tempdir().unwrap();
        bandung.back_up(folder.path()).await;
        // Another message gets the place that the backup believes to be its next one.
        fleet.settle().await;
        let second = fleet.at("kota-bandung").file(report("Lampu padam")).await;
        fleet.settle().await;

        let database = fleet.database().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.restore(folder.path(), database).await;
        bandung.start().await;
        let third = bandung.file(report("Banjir")).await;
        fleet.settle().await;
        for case in [first, second, third] {
            assert_eq!(fleet.at("pusat").view(case).await.case_seq, 1);
            assert_eq!(
                fleet.at("kota-bandung").view(case).await.key,
                KeyState::Held
            );
        }
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 3);
        nothing_was_forked(&fleet).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn of_a_node_that_runs_twice_the_later_one_works_and_the_other_says_so() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        let database = fleet.database().await;
        let mut clone = fleet.at("kota-bandung").cloned(database).await;
        clone.start().await;
        let theirs = clone.file(report("Di mesin kedua")).await;
        clone.catch_up().await;
        let original = fleet.at("kota-bandung");
        let ours = original.file(report("Di mesin pertama")).await;
        original.link().push().await.unwrap_err();
        for _ in 0..3 {
            let outcome = original.link().push().await;
            assert!(
                matches!(outcome, Err(LinkError::Replaced(_))),
                "{outcome:?}"
            );
        }
        let told = original.node().status().await.unwrap();
        assert!(told.alarm.unwrap().text.contains("this node runs twice"));
        assert_eq!(told.outbox.unsent, 1);
        // The hub shows it for as long as the silenced one is heard.
        for _ in 0..2 {
            original.link().report_health().await.unwrap();
            clone.link().report_health().await.unwrap();
            assert!(runs_twice(&fleet).await);
            fleet.pass(4 * 60_000);
        }
        clone.file(report("Lagi di mesin kedua")).await;
        clone.catch_up().await;
        let told = clone.node().status().await.unwrap();
        assert_eq!(
            (told.alarm, told.outbox.unsent, told.outbox.epoch),
            (None, 0, 1)
        );

        // The operator does what the alarm says.
        clone.stop().await;
        let original = fleet.at_mut("kota-bandung");
        original.stop().await;
        original.start().await;
        fleet.settle().await;
        let original = fleet.at("kota-bandung");
        let told = original.node().status().await.unwrap();
        assert_eq!((told.alarm, told.outbox.epoch), (None, 2));
        fleet.pass(5 * 60_000);
        fleet
            .at("kota-bandung")
            .link()
            .report_health()
            .await
            .unwrap();
        assert!(!runs_twice(&fleet).await, "one machine is left");
        for case in [theirs, ours] {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
            assert_eq!(original.view(case).await.key, KeyState::Held);
        }
        nothing_was_forked(&fleet).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_one_of_two_copies_published_is_shown_by_the_other_once_it_is_alone() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let database = fleet.database().await;
        let mut clone = fleet.at("kota-bandung").cloned(database).await;
        clone.start().await;
        let new = json!({ "slug": "jembatan", "name": "Jembatan", "description": "Baru." });
        let new: NewProgramme = serde_json::from_value(new).unwrap();
        clone.node().publish_programme(new, "humas").await.unwrap();
        clone.catch_up().await;
        // It is told of what it has never said.
        let original = fleet.at("kota-bandung");
        for stream in [Stream::Inbox, Stream::Public] {
            original.link().pull(stream, 0).await.unwrap();
        }
        clone.stop().await;
        let original = fleet.at_mut("kota-bandung");
        original.stop().await;
        original.start().await;
        fleet.settle().await;
        for slug in ["pusat", "kota-bandung"] {
            let shown = fleet.at(slug).node();
            let shown = shown.programme(&BANDUNG.id(), "jembatan").await.unwrap();
            assert_eq!(shown.programme.published.name, "Jembatan", "{slug}");
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_one_of_two_copies_did_in_vain_is_pending_no_more_once_the_other_is_alone() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet.at("kota-bandung").file(report("Jembatan")).await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        pusat.recall(case).await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        // Both copies have it among their drafts, and it comes too late.
        let database = fleet.database().await;
        let original = fleet.at("kemenpu");
        original.follow_up(case, "Dikerjakan.").await;
        let mut clone = original.cloned(database).await;
        fleet.at("pusat").recall(case).await;
        fleet.at("pusat").catch_up().await;
        clone.start().await;
        clone.catch_up().await;
        original.link().pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(original.view(case).await.summary.pending, 1);
        assert_eq!(count(original.node().db(), TOLD_REFUSED).await, 0);
        clone.stop().await;
        let original = fleet.at_mut("kemenpu");
        original.stop().await;
        original.start().await;
        fleet.settle().await;
        let original = fleet.at("kemenpu");
        assert_eq!(original.view(case).await.summary.pending, 0);
        assert_eq!(count(original.node().db(), TOLD_REFUSED).await, 1);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_node_that_is_started_twice_on_one_database_sends_everything_once() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let first = fleet.at("kota-bandung");
        let node = Node::open(&first.settings, fleet.clock.clone())
            .await
            .unwrap();
        let second = Link::connect(node.clone()).unwrap();
        second.catch_up().await.unwrap();
        let case = first.file(report("Jalan berlubang")).await;
        first.link().push().await.unwrap_err();
        let outcome = first.link().push().await;
        assert!(
            matches!(outcome, Err(LinkError::Replaced(_))),
            "{outcome:?}"
        );
        assert_eq!(
            second.catch_up().await.unwrap(),
            2,
            "sent, and heard of its ruling"
        );
        let told = node.status().await.unwrap();
        let alarm = told.alarm.unwrap().text;
        assert!(alarm.contains("twice on this database"), "{alarm}");
        assert_eq!(told.outbox.epoch, 1);
        node.db().close().await;
        let first = fleet.at_mut("kota-bandung");
        first.stop().await;
        first.start().await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        assert_eq!(epoch(fleet.at("kota-bandung")).await, 1);
        assert_eq!(
            fleet
                .at("kota-bandung")
                .node()
                .status()
                .await
                .unwrap()
                .alarm,
            None
        );
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_node_that_starts_again_and_again_on_a_bad_line_stays_in_its_epoch() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        for round in 0..6 {
            let bandung = fleet.at_mut("kota-bandung");
            bandung.stop().await;
            bandung.start().await;
            // Heard or not, the hub's answer never comes.
            match round % 2 {
                0 => bandung.line().lose_calls(Method::GET, "/outbox/head", 1),
                _ => bandung.line().lose_answers(Method::GET, "/outbox/head", 1),
            }
            bandung.link().push().await.unwrap_err();
        }
        fleet.settle().await;
        assert_eq!(epoch(fleet.at("kota-bandung")).await, 1);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_grant_whose_answer_is_lost_costs_no_second_epoch() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        let folder = tempfile::tempdir().unwrap();
        let database = fleet.database().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.back_up(folder.path()).await;
        bandung.stop().await;
        bandung.restore(folder.path(), database).await;
        for _ in 0..3 {
            bandung.start().await;
            bandung.line().lose_answers(Method::POST, "/epochs", 1);
            bandung.link().push().await.unwrap_err();
            bandung.stop().await;
        }
        bandung.start().await;
        fleet.settle().await;
        assert_eq!(epoch(fleet.at("kota-bandung")).await, 2);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_is_restored_to_the_moment_of_its_backup_goes_on() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let folder = tempfile::tempdir().unwrap();
        // Under load: what is copied is one moment, and audits as such.
        let slugs = fleet.slugs();
        let working: Vec<_> = slugs.iter().map(|slug| fleet.at(slug).work()).collect();
        let mut filed = Vec::new();
        for number in 0..10 {
            let at = fleet.at(["kota-bandung", "kemenpu"][number % 2]);
            filed.push(at.file(report(&format!("Laporan {number}"))).await);
            if number == 5 {
                fleet.hub.back_up(folder.path()).await;
            }
        }
        drop(working);
        fleet.settle().await;
        let other = fleet.database().await;
        let copy = lapor_web::backup::Backup::open(folder.path(), "lapor-hub").unwrap();
        let file = copy.path(other.kind.copy_name());
        let schema = lapor_migrations::Schema::Hub;
        let copied = lapor_migrations::restore_copy(&other.url, other.kind, &file, schema).await;
        let copied = copied.unwrap();
        invariants::check(&copied, &[], &[]).await.unwrap().assert();
        copied.close().await;

        fleet.pass(1);
        fleet.hub.back_up(folder.path()).await;
        fleet.restore_hub(folder.path()).await;
        let more = fleet.at("kota-bandung").file(report("Sesudah")).await;
        fleet.settle().await;
        for case in filed.into_iter().chain([more]) {
            assert_eq!(fleet.at("pusat").view(case).await.case_seq, 1);
        }
        for slug in fleet.slugs() {
            assert_eq!(epoch(fleet.at(slug)).await, 1, "{slug}");
        }
        fleet.ends_well().await;
    }
}

fn code<T>(outcome: Result<T, LinkError>) -> Option<Code> {
    outcome.err().and_then(|error| error.code())
}

#[tokio::test]
async fn a_hub_that_lost_what_it_signed_for_takes_nothing_in_and_says_so() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.back_up(old.path()).await;
        let lost = fleet.at("kota-bandung").file(report("Hilang")).await;
        fleet.settle().await;
        fleet.hub.back_up(new.path()).await;
        let tried = fleet.hub.tries(old.path()).await;
        assert!(tried.holds(), "{:?}", tried.wrong);
        assert_eq!((tried.cases, tried.since), (1, 1));
        assert!(tried.compared > 2 && tried.receipts > 0);

        fleet.restore_hub(old.path()).await;
        let tried = fleet.hub.tries(new.path()).await;
        assert!(!tried.holds(), "it goes further than this hub's record");
        // One who wrote it and one who was told it both know better, also after their processes end.
        for slug in ["kota-bandung", "pusat"] {
            let member = fleet.at_mut(slug);
            member.stop().await;
            member.start().await;
            let said = member.link().pull(Stream::Inbox, 0).await;
            assert_eq!(code(said), Some(Code::Recovering), "{slug}");
        }
        // Nobody gets another order of what is lost, whatever they know.
        fleet.at("kemenpu").file(report("Baru")).await;
        let said = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering));
        fleet.restart_hub().await;
        let said = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering), "it remembers");
        let noted = witness::loss(&fleet.hub.hub().ground.db).await.unwrap();
        assert_eq!(noted.unwrap().shown_by, BANDUNG.id());
        let found = restored::read(fleet.hub.hub()).await.unwrap();
        assert_eq!(found.stage, Stage::Lost);
        let said = fleet.at("kota-bandung").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering));
        let found = restored::read(fleet.hub.hub()).await.unwrap();
        let bandung = &found.members[0];
        assert_eq!(bandung.id, BANDUNG.id(), "{found:?}");
        assert!(bandung.gap() > 0, "it is heard although it is refused");

        fleet.restore_hub(new.path()).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(lost).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_lost_a_suspension_learns_of_it_from_any_member_that_saw_it() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.back_up(old.path()).await;
        // Nothing but the directory goes on after that.
        fleet.suspend("kemenpu").await;
        fleet.settle().await;
        fleet.hub.back_up(new.path()).await;

        fleet.restore_hub(old.path()).await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.start().await;
        let said = bandung.link().refresh_directory(0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        // Who was suspended is not let in again by a hub that has forgotten it.
        let said = fleet.at("kemenpu").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        let noted = witness::loss(&fleet.hub.hub().ground.db).await.unwrap();
        let noted = noted.unwrap();
        assert!(noted.what.ends_with("of the directory"), "{}", noted.what);

        fleet.restore_hub(new.path()).await;
        fleet.settle().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_invented_head_does_not_move_the_hub() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let case = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        let hub = &fleet.hub.hub().ground.signer();
        let head = StreamHead {
            recipient: Some(BANDUNG.id()),
            stream: Stream::Inbox,
            depoch: 1,
            dseq: 1_000_000,
            hash: Digest::of(b"nothing"),
            at: 1,
        };
        let own = head.sign(&Signer::from_seed(&[7; 32]));
        let mut forged = own.clone();
        forged.kid = hub.kid().clone();
        for (shown, answer) in [
            (seen::shown(&own), None),
            (seen::shown(&forged), None),
            (Some("head:x".to_owned()), Some(Code::MalformedRequest)),
        ] {
            let value = HeaderValue::from_str(&shown.unwrap()).unwrap();
            let call = Call::new(Method::GET, format!("{PREFIX}/outbox/head"))
                .header(HeaderName::from_static(SEEN_HEADER), value);
            let said = fleet.at("kota-bandung").line().call(call).await;
            assert_eq!(code(said), answer);
        }
        fleet.at("kota-bandung").note(case, "Masih bekerja.").await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(case).await.case_seq, 2);
        fleet.ends_well().await;
    }
}

/// Takes a folder of keys away, and says where it is.
fn mislaid(keys: &Path) -> PathBuf {
    let aside = keys.with_extension("aside");
    std::fs::rename(keys, &aside).unwrap();
    aside
}

/// A backup without keys, restored where there are none either.
async fn restored_without_keys(bandung: &Institution, database: &str) {
    let [backup, elsewhere] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let now = bandung.clock().now_ms();
    let made = back_up(
        &bandung.settings,
        None,
        backup.path(),
        false,
        now,
        |_, _, _| {},
    )
    .await;
    assert!(!made.unwrap().origin.keys);
    let config = format!("[database]\nurl = {database:?}\n");
    std::fs::write(elsewhere.path().join("node.toml"), config).unwrap();
    let refused = restore(backup.path(), elsewhere.path(), now, |_, _, _| {}).await;
    let refused = refused.err();
    assert!(
        matches!(refused, Some(NodeBackupError::KeysMissing(_))),
        "{refused:?}"
    );
    assert!(!elsewhere.path().join("keys").exists());
}

#[tokio::test]
async fn a_configuration_that_comes_back_without_its_keys_starts_nothing_and_gets_no_others() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let clock = Arc::clone(&fleet.clock);
        let before = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        let elsewhere = fleet.database().await;
        restored_without_keys(fleet.at("kota-bandung"), &elsewhere.url).await;

        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        let keys = bandung.settings.node.keys.clone();
        let aside = mislaid(&keys);
        let refused = Node::open(&bandung.settings, clock.clone()).await.err();
        let refused = refused.map(|error| error.to_string()).unwrap_or_default();
        assert!(
            refused.contains("restore it from the backup of the keys folder"),
            "{refused}"
        );
        assert!(!keys.exists(), "another key would be another institution");
        std::fs::rename(&aside, &keys).unwrap();
        bandung.start().await;

        fleet.hub.stop().await;
        let keys = fleet.hub.settings.storage.keys.clone();
        let aside = mislaid(&keys);
        let refused = Hub::open(fleet.hub.settings.clone(), clock).await.err();
        let refused = refused.map(|error| error.to_string()).unwrap_or_default();
        let told = ["hub-signing.key", "put it back from the backup"];
        assert!(
            told.iter().all(|words| refused.contains(words)),
            "{refused}"
        );
        assert!(!keys.exists(), "nobody would know another key");
        std::fs::rename(&aside, &keys).unwrap();
        fleet.hub.start().await;

        let after = fleet.at("kota-bandung").file(report("Sesudah")).await;
        fleet.settle().await;
        for case in [before, after] {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        assert_eq!(epoch(fleet.at("kota-bandung")).await, 1);
        nothing_was_forked(&fleet).await;
        fleet.ends_well().await;
    }
}
