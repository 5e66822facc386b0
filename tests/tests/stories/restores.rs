//! Machines that are put back from a backup: what others hold comes back,
//! nothing is forked, and nobody gets other keys.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Method;
use lapor_hub::app::Hub;
use lapor_hub::clock::Clock as _;
use lapor_migrations::{Db, on};
use lapor_node::backup::{NodeBackupError, back_up, restore};
use lapor_node::casework::KeyState;
use lapor_node::node::Node;
use lapor_node::reporters::FilingTerms;
use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, kinds};
use lapor_tests::invariants;
use lapor_web::accounts::NewAccount;

const FORKS: &str = "select count(*) from forks";
/// Own messages of closed epochs that no receipt covers.
pub const UNCOVERED: &str = "select count(*) from outbox o where o.state in ('accepted', 'ruled')
    and not exists (select 1 from receipts r where r.epoch = o.epoch
        and r.from_seq <= o.seq and r.to_seq >= o.seq)";

/// When it was restored last, which a node remembers when it has met the hub.
const REMEMBERED: &str = "select count(*) from node_facts where name = 'restored_last'";

pub async fn count(db: &Db, sql: &'static str) -> i64 {
    let mut tx = db.read().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

pub async fn epoch(at: &Institution) -> u64 {
    at.node().status().await.unwrap().outbox.epoch
}

pub async fn nothing_was_forked(fleet: &Fleet) {
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
        assert_eq!(count(bandung.node().db(), REMEMBERED).await, 1);

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

#[tokio::test]
async fn by_what_may_have_ended_since_the_backup_nobody_is_let_in_at_a_restored_node() {
    const OPEN: [&str; 5] = [
        "select count(*) from sessions",
        "select count(*) from account_links",
        "select count(*) from recovery_codes",
        "select count(*) from reporter_sessions",
        "select count(*) from reporter_codes",
    ];
    const SESSION: &str = "insert into sessions
            (hash, id, account, stage, agent, created_at, seen_at, expires_at)
        values ($1, 's', 'a', 'open', '', 1, $2, $2)";
    const CODE: &str = "insert into reporter_codes
            (id, purpose, contact, case_id, hash, attempts, expires_at)
        values ('c', 'sign_in', 'siti@contoh.id', null, $1, 0, $2)";
    const RECOVERY: &str = "insert into recovery_codes (account, hash) values ('a', $1)";
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let node = fleet.at("kota-bandung").node();
        let terms = FilingTerms::default();
        let filed = node.file_for_reporter(report("Lampu padam"), terms).await;
        let filed = filed.unwrap();
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let opened = node.open_conversation(&filed.filed.ticket, &filed.key, here);
        let token = opened.await.unwrap().token;
        let new = NewAccount {
            login: "dewi@bandung.go.id",
            name: "Dewi",
            role: "admin",
            unit: None,
        };
        node.create_account("test", &new).await.unwrap();
        let late = fleet.at("kota-bandung").clock().now_ms() + 3_600_000;
        let mut tx = node.db().write().await.unwrap();
        for sql in [SESSION, CODE] {
            let hash = vec![7_u8; 32];
            on!(&mut tx, c => sqlx::query(sql).bind(hash).bind(late).execute(c).await.map(drop))
                .unwrap();
        }
        let hash = vec![7_u8; 32];
        on!(&mut tx, c => sqlx::query(RECOVERY).bind(hash).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        for sql in OPEN {
            assert_eq!(count(node.db(), sql).await, 1, "{sql}");
        }
        let folder = tempfile::tempdir().unwrap();
        let database = fleet.database().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.back_up(folder.path()).await;
        bandung.stop().await;
        bandung.restore(folder.path(), database).await;
        bandung.start().await;
        let node = bandung.node();
        for sql in OPEN {
            assert_eq!(count(node.db(), sql).await, 0, "{sql}");
        }
        assert!(node.visitor(&token).await.unwrap().is_none());
        fleet.settle().await;
        fleet.ends_well().await;
    }
}
