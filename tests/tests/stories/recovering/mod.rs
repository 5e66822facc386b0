//! A hub that is restored from a backup too old, and gets back from its
//! members what it has lost: in the places that it had, from nobody's word.

mod apart;
mod barred;
mod beside;
mod damaged;
mod lost;
mod maintenance;
mod wraps;

use http::{HeaderName, HeaderValue, Method};
use lapor_hub::audit::By;
use lapor_hub::deeds::{self, Deed};
use lapor_hub::restored::{self, Recovery, Stage};
use lapor_migrations::{Db, on};
use lapor_node::casework::KeyState;
use lapor_node::sync::{Call, LinkError, Transport as _};
use lapor_protocol::case::State;
use lapor_protocol::directory::DirectoryVersion;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::{KeyUse, Signer};
use lapor_protocol::limits::BATCH_ENVELOPES;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Receipt, Stream};
use lapor_protocol::wire::{NDJSON, PREFIX, SEEN_HEADER};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, Weather, kinds};
use serde_json::{Value, json};
use tempfile::TempDir;

const STREAMS: &str = "select recipient, depoch, dseq, item from deliveries order by 1, 2, 3";
const CHAINS: &str = "select author, epoch, seq, head from chains order by author";
const COVERED: &str = "select count(*) from envelopes e where exists (select 1 from receipts r \
     where r.author = e.author and r.epoch = e.epoch and e.seq between r.from_seq and r.to_seq)";
const ALL: &str = "select count(*) from envelopes";
const BROUGHT: &str = "select (select count(*) from retrieved_items) \
     + (select count(*) from retrieved_envelopes) + (select count(*) from retrieved_receipts)";

async fn count(db: &Db, sql: &'static str) -> i64 {
    let mut tx = db.read().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

/// All that a hub has told anybody, and where every chain stands.
async fn record(fleet: &Fleet) -> (Vec<(String, i64, i64, String)>, Vec<(String, i64, i64)>) {
    let db = fleet.hub.db().await;
    let mut tx = db.read().await.unwrap();
    let streams = on!(&mut tx, c => sqlx::query_as(STREAMS).fetch_all(c).await).unwrap();
    let chains: Vec<(String, i64, i64, Vec<u8>)> =
        on!(&mut tx, c => sqlx::query_as(CHAINS).fetch_all(c).await).unwrap();
    let chains = chains.into_iter();
    let chains = chains.map(|(author, epoch, seq, _)| (author, epoch, seq));
    let chains = chains.collect();
    tx.rollback().await.unwrap();
    db.close().await;
    (streams, chains)
}

/// A backup of the hub, made once everybody is in step.
async fn backed_up(fleet: &Fleet) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fleet.settle().await;
    fleet.hub.back_up(folder.path()).await;
    folder
}

/// Everybody calls the hub as often as it takes all to hear that it is recovering.
async fn all_call(fleet: &Fleet) {
    for _ in 0..2 {
        for institution in fleet.running().filter(|of| !of.line().is_cut()) {
            institution.attempt().await;
        }
    }
}

async fn found(fleet: &Fleet) -> Recovery {
    restored::read(fleet.hub.hub()).await.unwrap()
}

async fn is_covered(fleet: &Fleet) {
    let db = fleet.hub.db().await;
    assert_eq!(count(&db, COVERED).await, count(&db, ALL).await);
    assert_eq!(count(&db, BROUGHT).await, 0, "nothing is kept twice");
    db.close().await;
}

/// Sends what waits. The hub may still be ending a connection of before a suspension: the next call
/// opens another.
async fn pushed(fleet: &Fleet, slug: &str) {
    let link = fleet.at(slug).link();
    if link.push().await.is_err() {
        link.push().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_restored_hub_has_lost_comes_back_from_its_members_to_the_last_byte() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let bandung = fleet.at("kota-bandung");
        let old = bandung.file(report("Jalan berlubang")).await;
        let folder = backed_up(&fleet).await;

        // Work goes on, in old cases and in new ones, and the directory with it.
        let mut new = report("Lampu padam");
        new.attachments = vec![bandung.upload(b"foto lampu padam").await];
        let new = bandung.file(new).await;
        bandung.note(old, "Sudah disurvei.").await;
        fleet.settle().await;
        for case in [old, new] {
            fleet.at("pusat").recall(case).await;
            fleet.at("pusat").dispose(case, "kemenpu").await;
        }
        fleet.settle().await;
        let bandung = fleet.at("kota-bandung");
        bandung
            .node()
            .rotate(KeyUse::Signing, "petugas")
            .await
            .unwrap();
        fleet.settle().await;
        fleet.suspend("kemenpu").await;
        fleet.resume("kemenpu").await;
        fleet.settle().await;
        fleet.at("kemenpu").follow_up(old, "Tim berangkat.").await;
        fleet.at("kemenpu").note(new, "Menunggu bahan.").await;
        fleet.settle().await;
        // Accepted, and told to nobody: only its author can know of it.
        fleet.at("kemenpu").follow_up(new, "Bahan tiba.").await;
        pushed(&fleet, "kemenpu").await;
        let photo = fleet.at("pusat").view(new).await.history[0].attachments[0].sha256;
        let before = record(&fleet).await;

        fleet.restore_hub(folder.path()).await;
        assert_ne!(record(&fleet).await, before);
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!(is.stage, Stage::Still, "{is:?}");
        assert!(is.restore.unwrap().closed_at.is_some());
        let brought = |slug: &str| {
            let member = is.members.iter().find(|member| member.id.as_str() == slug);
            member.unwrap().back.clone()
        };
        assert!(brought("kota-bandung").messages >= 3);
        assert!(brought("pusat").items > 0);
        let after = record(&fleet).await;
        let told = |record: &Vec<(String, i64, i64, String)>| record.len();
        assert_eq!(told(&after.0), told(&before.0));
        assert_eq!(after.1, before.1, "no chain goes on elsewhere");

        fleet.settle().await;
        is_covered(&fleet).await;
        for slug in ["kota-bandung", "pusat", "kemenpu"] {
            for case in [old, new] {
                let here = fleet.at(slug).view(case).await;
                let there = fleet.at("pusat").view(case).await;
                assert_eq!(here.case_seq, there.case_seq, "{slug}");
            }
        }
        let seen = fleet.at("kemenpu").attachment(new, photo).await.unwrap();
        assert_eq!(seen, b"foto lampu padam");
        fleet.at("kemenpu").follow_up(new, "Sudah menyala.").await;
        let more = fleet.at("kota-bandung").file(report("Banjir")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(more).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_is_not_heard_is_waited_for_until_an_operator_says_otherwise_and_loses_nothing() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let theirs = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        fleet.settle().await;
        fleet.at("pusat").recall(theirs).await;
        fleet.at("pusat").dispose(theirs, "kemenpu").await;
        let folder = backed_up(&fleet).await;
        let lost = fleet.at("kota-bandung").file(report("Hilang")).await;
        fleet.settle().await;
        fleet
            .at("kemenpu")
            .follow_up(theirs, "Tim berangkat.")
            .await;
        fleet.at("kemenpu").link().push().await.unwrap();
        fleet.at("kemenpu").line().weather(Weather::CUT);

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.whole()), (Stage::Lost, 2), "{is:?}");
        let said = fleet.at("pusat").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        // What was brought outlives the process.
        fleet.restart_hub().await;
        assert_eq!(found(&fleet).await.whole(), 2);

        let hub = fleet.hub.hub().clone();
        let by = By::actor("test");
        deeds::act(&hub.ground, &by, &Deed::CloseRecovery)
            .await
            .unwrap();
        restored::settle(&hub).await.unwrap();
        let is = found(&fleet).await;
        assert_eq!(is.stage, Stage::Still, "{is:?}");
        assert_eq!(is.restore.unwrap().closed_by.as_deref(), Some("test"));
        drop(hub);
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(lost).await, State::Received);
        fleet.at("kota-bandung").note(lost, "Masih bekerja.").await;
        fleet.settle().await;

        // They come back with what only they hold; it stops everybody for a moment.
        fleet.at("kemenpu").line().weather(Weather::CLEAR);
        fleet.at("kemenpu").attempt().await;
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.stage, Stage::Still);
        fleet.settle().await;
        is_covered(&fleet).await;
        let case = fleet.at("pusat").view(theirs).await;
        assert_eq!(
            case.case_seq,
            fleet.at("kemenpu").view(theirs).await.case_seq
        );
        assert_eq!(case.key, KeyState::Held);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_holds_what_the_restored_hub_has_given_to_another_is_refused_alone() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [hubs, desks] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        fleet.settle().await;
        fleet.at("pusat").back_up(desks.path()).await;
        fleet.hub.back_up(hubs.path()).await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        for slug in ["kota-bandung", "pusat"] {
            fleet.at(slug).line().weather(Weather::CUT);
        }

        // Nobody has shown yet what is lost, and the hub tells the desk of something else.
        fleet.restore_hub(hubs.path()).await;
        let theirs = fleet.at("kemenpu").file(report("Lain")).await;
        fleet.at("kemenpu").link().push().await.unwrap();
        fleet.weather_clears().await;
        let said = fleet.at("pusat").link().catch_up().await;
        assert_eq!(code(said), Some(Code::ForkDetected));
        for slug in ["kota-bandung", "kemenpu"] {
            fleet.at(slug).attempt().await;
        }
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.whole()), (Stage::Lost, 2), "{is:?}");
        let mut conflicts = is.members.iter().filter_map(|of| of.back.conflict);
        let conflict = conflicts.next().unwrap().to_string();
        assert!(
            conflict.ends_with("of its inbox is another one here"),
            "{conflict}"
        );

        let hub = fleet.hub.hub().clone();
        let by = By::actor("test");
        deeds::act(&hub.ground, &by, &Deed::CloseRecovery)
            .await
            .unwrap();
        restored::settle(&hub).await.unwrap();
        drop(hub);
        assert_eq!(found(&fleet).await.stage, Stage::Still);
        let said = fleet.at("pusat").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        fleet.restart_hub().await;
        let said = fleet.at("pusat").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(said), Some(Code::Recovering), "it remembers");
        for slug in ["kota-bandung", "kemenpu"] {
            fleet.at(slug).catch_up().await;
        }

        // Restored from before the loss, it has no other history any more.
        let database = fleet.database().await;
        let pusat = fleet.at_mut("pusat");
        pusat.stop().await;
        pusat.restore(desks.path(), database).await;
        pusat.start().await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(case).await.case_seq, 2);
        assert_eq!(fleet.at("pusat").state(theirs).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_restored_hub_listens_before_it_gives_anything_a_place() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [folder, later] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fleet.hub.back_up(folder.path()).await;
        let lost = fleet.at("kota-bandung").file(report("Hilang")).await;
        fleet.settle().await;
        fleet.at("pusat").line().weather(Weather::CUT);
        fleet.at("kota-bandung").line().weather(Weather::CUT);

        fleet.hub.stop().await;
        let database = fleet.database().await;
        fleet.hub.restore(folder.path(), database).await;
        fleet.hub.settings.limits.listen_seconds = 60;
        fleet.hub.start().await;
        // One that has lost nothing comes first.
        let new = fleet.at("kemenpu").file(report("Baru")).await;
        let said = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering));
        assert_eq!(found(&fleet).await.stage, Stage::Listening);
        fleet.weather_clears().await;
        all_call(&fleet).await;
        fleet.settle().await;
        assert_eq!(found(&fleet).await.stage, Stage::Still);
        let pusat = fleet.at("pusat");
        for case in [lost, new] {
            assert_eq!(pusat.state(case).await, State::Received);
        }

        // Who never comes is not waited for longer than that.
        fleet.hub.back_up(later.path()).await;
        fleet.hub.stop().await;
        let database = fleet.database().await;
        fleet.hub.restore(later.path(), database).await;
        fleet.hub.settings.limits.listen_seconds = 60;
        fleet.hub.start().await;
        fleet.at("kemenpu").file(report("Lagi")).await;
        let said = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering));
        fleet.pass(60_000);
        fleet.at("kemenpu").link().push().await.unwrap();
        fleet.settle().await;
        fleet.ends_well().await;
    }
}

fn code<T>(outcome: Result<T, LinkError>) -> Option<Code> {
    outcome.err().and_then(|error| error.code())
}

/// What a member shows, and the last item of its inbox with its message.
async fn last_item(at: &Institution) -> (String, String, String) {
    const SHOWN: &str = "select value from node_facts where name = 'seen_inbox'";
    const LAST: &str = "select item, line from inbox where stream = 'inbox' \
         order by dseq desc limit 1";
    let mut tx = at.node().db().read().await.unwrap();
    let shown = on!(&mut tx, c => sqlx::query_scalar(SHOWN).fetch_one(c).await).unwrap();
    let (item, line): (String, String) =
        on!(&mut tx, c => sqlx::query_as(LAST).fetch_one(c).await).unwrap();
    (shown, item, line)
}

async fn brings(at: &Institution, shown: &str, body: String) -> Option<Code> {
    let call = Call::new(Method::POST, format!("{PREFIX}/recovery"))
        .header(
            HeaderName::from_static(SEEN_HEADER),
            HeaderValue::from_str(shown).unwrap(),
        )
        .body(NDJSON, body);
    code(at.line().call(call).await)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn nobody_brings_back_what_the_hub_has_not_signed() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        let folder = backed_up(&fleet).await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        let bandung = fleet.at("kota-bandung");
        let (shown, item, line) = last_item(bandung).await;
        let none = brings(bandung, &shown, String::new()).await;
        assert_eq!(none, Some(Code::NotFound), "it is not recovering");

        fleet.restore_hub(folder.path()).await;
        let bandung = fleet.at("kota-bandung");
        let said = bandung.link().refresh_directory(0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        let stranger = Signer::from_seed(&[7; 32]);
        let changed = item.replace(r#""effect":"applied""#, r#""effect":"stale""#);
        assert_ne!(changed, item);
        let mut resigned = Envelope::parse(line.as_bytes()).unwrap();
        resigned.signature[0] ^= 1;
        let other = Envelope::sign(&resigned.payload_type, b"{}".to_vec(), &stranger);
        let receipt = |author: &str, signer: &Signer| {
            let author = author.parse().unwrap();
            let ids = [Digest::of(b"nothing")];
            let receipt = Receipt::accepted(author, 1, 99, &ids, 1).sign(signer);
            format!(r#"{{"receipt":{}}}"#, receipt.to_line())
        };
        let signer = fleet.hub.hub().ground.signer();
        let next = fleet.hub.hub().ground.directory.current().version() + 1;
        let version = |number: u64, signer: &Signer| {
            let version: DirectoryVersion = serde_json::from_value(json!({
                "version": number, "prev": Digest::ZERO, "at": 1, "trust_domain": "lapor.test",
                "hub_keys": [], "changes": []
            }))
            .unwrap();
            format!(r#"{{"directory":{}}}"#, version.sign(signer).to_line())
        };
        let beside = |envelope: String| {
            format!(r#"{{"stream":"inbox","item":{item},"envelope":{envelope}}}"#)
        };
        let forged = [
            ("x".to_owned(), Code::MalformedBatch),
            (r#"{"stream":"inbox"}"#.to_owned(), Code::MalformedBatch),
            (
                format!(r#"{{"item":{item},"own":{line}}}"#),
                Code::MalformedBatch,
            ),
            (format!(r#"{{"item":{item}}}"#), Code::MalformedBatch),
            (
                format!(r#"{{"stream":"public","item":{item}}}"#),
                Code::SequenceGap,
            ),
            (
                format!(r#"{{"stream":"inbox","item":{changed}}}"#),
                Code::PreviousMismatch,
            ),
            (beside(other.to_line()), Code::MalformedBatch),
            (beside(resigned.to_line()), Code::SignatureInvalid),
            (format!(r#"{{"own":{line}}}"#), Code::SequenceGap),
            (receipt("kota-bandung", &stranger), Code::KeyUnknown),
            (receipt("pusat", &signer), Code::AuthorMismatch),
            (version(next, &stranger), Code::KeyUnknown),
            (version(99, &signer), Code::SequenceGap),
            (version(next, &signer), Code::ForkDetected),
            ("{}\n".repeat(BATCH_ENVELOPES + 1), Code::BatchTooLarge),
        ];
        for (body, expected) in forged {
            let begin: String = body.chars().take(60).collect();
            let said = brings(fleet.at("kota-bandung"), &shown, body).await;
            assert_eq!(said, Some(expected), "{begin}");
        }
        assert_eq!(parsed(&item)["effect"], "applied");
        let db = fleet.hub.db().await;
        assert_eq!(count(&db, BROUGHT).await, 0, "nothing of it is kept");
        db.close().await;

        all_call(&fleet).await;
        fleet.settle().await;
        is_covered(&fleet).await;
        let seen = fleet.at("kota-bandung").view(case).await;
        assert_eq!(seen.case_seq, fleet.at("pusat").view(case).await.case_seq);
        fleet.ends_well().await;
    }
}
