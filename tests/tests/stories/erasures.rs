//! An erasure reaches every institution that has ever had the words, whoever has the case now.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use lapor_migrations::{Db, on};
use lapor_node::casework::{CaseFilter, Decider, KeyState, PublicFilter, Sight};
use lapor_node::error::NodeError;
use lapor_node::jobs::{Job, Jobs};
use lapor_node::reporters::{Conversation, ErasureState, FilingTerms};
use lapor_node::staff::StaffRole;
use lapor_protocol::ids::{CaseId, Digest};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PLN, PUSAT};
use lapor_tests::fleet::words::{WORDS_CANARY, act, report};
use lapor_tests::fleet::{Fleet, Institution, document, kinds};
use serde_json::json;

/// A word of the report that is looked for.
const WORD: &str = "Kosambi";
const KEYS: &str = "select count(*) from content_keys where case_id = $1";
const STEMS: &str = "select count(*) from case_texts where case_id = $1";
const REPORTERS: &str = "select count(*) from reporters where case_id = $1";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HOUR_MS: i64 = 3_600_000;

async fn count(db: &Db, sql: &'static str, case: CaseId) -> i64 {
    let (mut tx, case) = (db.read().await.unwrap(), case.to_string());
    let counted: Result<i64, sqlx::Error> =
        on!(&mut tx, c => sqlx::query_scalar(sql).bind(case.as_str()).fetch_one(c).await);
    counted.unwrap()
}

/// In how many places an institution holds words of a case: its public list, what the public and the
/// desk find, its index, its keys, the page of the case, its file.
async fn holds(at: &Institution, case: CaseId, photo: Digest) -> usize {
    let node = at.node();
    while node.catch_up_words().await.unwrap() > 0 {}
    let all = PublicFilter::default();
    let listed = node.public_cases("", &all, None, 50).await.unwrap();
    let found = node.public_cases(WORD, &all, None, 50).await.unwrap();
    let desk = CaseFilter::default();
    let hits = node.search(&Sight::ALL, WORD, &desk, None, 50).await;
    let view = at.view(case).await;
    let told = serde_json::to_string(&view).unwrap();
    [
        listed.cases.iter().any(|one| one.case == case),
        found.cases.iter().any(|one| one.case == case),
        hits.unwrap().cases.iter().any(|one| one.case == case),
        count(node.db(), STEMS, case).await > 0,
        count(node.db(), KEYS, case).await > 0,
        told.contains(WORDS_CANARY) || view.key != KeyState::Erased,
        at.attachment(case, photo).await.is_ok(),
    ]
    .into_iter()
    .filter(|held| *held)
    .count()
}

/// A public report with a file, which `first` has had to work on.
async fn had_by(fleet: &Fleet, first: &str) -> (CaseId, Digest) {
    let pusat = fleet.at("pusat");
    let mut filed = report("Lampu padam");
    filed.attachments = vec![pusat.upload(&document(b"sebuah foto")).await];
    let case = pusat.file(filed).await;
    pusat.verify(case).await;
    pusat.dispose(case, first).await;
    fleet.settle().await;
    let photo = pusat.view(case).await.history[0].attachments[0].sha256;
    assert_eq!(
        holds(fleet.at(first), case, photo).await,
        7,
        "it works on it"
    );
    (case, photo)
}

/// Erases a case that `former` has had, and looks everywhere; then gives it to `former` again.
async fn erased_at(fleet: &Fleet, (case, photo): (CaseId, Digest), former: &str, now: &str) {
    let (pusat, former) = (fleet.at("pusat"), fleet.at(former));
    let left_at = former.view(case).await.case_seq;
    assert!(left_at < pusat.view(case).await.case_seq);
    assert!(holds(former, case, photo).await > 0);
    pusat.redact(case).await;
    fleet.settle().await;
    for institution in [pusat, former, fleet.at(now)] {
        assert_eq!(holds(institution, case, photo).await, 0);
        let gone = institution.attachment(case, photo).await;
        assert!(matches!(gone, Err(NodeError::Redacted(_))));
    }
    let left = former.view(case).await;
    assert_eq!((left.case_seq, left.blocked), (left_at, None));
    assert_eq!(left.history.last().unwrap().kind, "case.redacted");

    // What it missed comes, the erasure once more among it, and no word with it.
    pusat.recall(case).await;
    let again = json!({ "target": former.member.slug });
    pusat.act(case, act("case.disposed", again)).await;
    fleet.settle().await;
    let back = former.view(case).await;
    assert_eq!(back.digest, pusat.view(case).await.digest);
    assert_eq!(holds(former, case, photo).await, 0);
}

#[tokio::test]
async fn what_was_given_back_is_erased_with_the_rest() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, PLN]).await;
        let had = had_by(&fleet, "kemenpu").await;
        fleet.at("kemenpu").give_back(had.0, "bumn-pln").await;
        fleet.settle().await;
        fleet.at("pusat").dispose(had.0, "bumn-pln").await;
        fleet.settle().await;
        erased_at(&fleet, had, "kemenpu", "bumn-pln").await;
        assert!(!fleet.at("kota-bandung").knows(had.0).await, "never had it");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_was_recalled_is_erased_with_the_rest() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, KEMENPU, PLN]).await;
        let had = had_by(&fleet, "kemenpu").await;
        fleet.at("pusat").recall(had.0).await;
        fleet.settle().await;
        fleet.at("pusat").dispose(had.0, "bumn-pln").await;
        fleet.settle().await;
        erased_at(&fleet, had, "kemenpu", "bumn-pln").await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_institution_that_was_away_forgets_when_it_returns() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, KEMENPU]).await;
        let (case, photo) = had_by(&fleet, "kemenpu").await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        fleet.at_mut("kemenpu").stop().await;
        fleet
            .at("pusat")
            .follow_up(case, "Kami tangani sendiri.")
            .await;
        fleet.at("pusat").redact(case).await;
        fleet.settle().await;
        fleet.at_mut("kemenpu").start().await;
        fleet.settle().await;
        assert_eq!(holds(fleet.at("kemenpu"), case, photo).await, 0);
        fleet.ends_well().await;
    }
}

/// A report with its reporter's conversation and the ticket.
async fn filed_by_its_reporter(at: &Institution) -> (CaseId, Conversation, String) {
    let terms = FilingTerms::default();
    let node = at.node();
    let filed = node.file_for_reporter(report("Lampu padam"), terms).await;
    let filed = filed.unwrap();
    let (case, ticket) = (filed.filed.case, filed.filed.ticket);
    let opened = node.open_conversation(&ticket, &filed.key, HERE).await;
    let visitor = node.visitor(&opened.unwrap().token).await.unwrap();
    let conversation = node.conversation(&visitor.unwrap(), None).await;
    (case, conversation.unwrap(), ticket)
}

/// Does what is due for reporters, as the scheduler would.
async fn looks_after_reporters(at: &Institution) {
    let jobs = Jobs::of(at.link());
    jobs.note(Job::Reporters).await.unwrap();
    assert_eq!(jobs.work().await.unwrap(), 1);
}

#[tokio::test]
async fn a_half_that_comes_when_its_whole_was_erased_for_the_reporter_is_erased_too() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, KEMENPU]).await;
        let [pusat, kemenpu] = ["pusat", "kemenpu"].map(|slug| fleet.at(slug));
        // The hub has it before the erasure, and behind it.
        for sent in [true, false] {
            let (case, conversation, ticket) = filed_by_its_reporter(pusat).await;
            pusat.verify(case).await;
            pusat.dispose(case, "kemenpu").await;
            fleet.settle().await;
            let half = kemenpu.split(case, "Trotoar rusak").await;
            if sent {
                kemenpu.link().push().await.unwrap();
            }
            let asked = pusat.node().ask_erasure(&conversation, &ticket).await;
            let asked = asked.unwrap();
            fleet.pass(asked.due_at - asked.asked_at);
            looks_after_reporters(pusat).await;
            assert_eq!(pusat.view(case).await.key, KeyState::Erased, "{sent}");
            assert!(!pusat.knows(half).await, "{sent}");
            fleet.settle().await;
            for at in [pusat, kemenpu] {
                assert_ne!(at.view(half).await.key, KeyState::Erased, "{sent}");
            }

            fleet.pass(HOUR_MS);
            looks_after_reporters(pusat).await;
            fleet.settle().await;
            for at in [pusat, kemenpu] {
                assert_eq!(at.view(case).await.key, KeyState::Erased, "{sent}");
                let view = at.view(half).await;
                assert_eq!(view.key, KeyState::Erased, "{sent}");
                assert_eq!(view.history.last().unwrap().kind, "case.redacted");
                assert_eq!(count(at.node().db(), KEYS, half).await, 0, "{sent}");
            }
            // That is all of it.
            let left = pusat.node().planned_erasures().await.unwrap();
            assert!(left.is_empty(), "{sent}");
        }
        fleet.ends_well().await;
    }
}

/// The process of `kota-bandung` ends and its machine is lost; a backup is in its place.
async fn bandung_is_restored(fleet: &mut Fleet, from: &Path) {
    let database = fleet.database().await;
    let bandung = fleet.at_mut("kota-bandung");
    bandung.stop().await;
    bandung.restore(from, database).await;
    bandung.start().await;
}

#[tokio::test]
async fn an_erasure_that_was_called_off_after_the_backup_is_not_done_by_the_restored_node() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let (case, conversation, ticket) = filed_by_its_reporter(bandung).await;
        fleet.settle().await;
        let asked = bandung.node().ask_erasure(&conversation, &ticket).await;
        asked.unwrap();
        let folder = tempfile::tempdir().unwrap();
        bandung.back_up(folder.path()).await;
        let withdrawn = bandung.node().withdraw_erasure(&conversation).await;
        withdrawn.unwrap();
        fleet.settle().await;

        Box::pin(bandung_is_restored(&mut fleet, folder.path())).await;
        fleet.settle().await;
        fleet.pass(4 * 24 * HOUR_MS);
        looks_after_reporters(fleet.at("kota-bandung")).await;
        fleet.settle().await;
        for slug in ["pusat", "kota-bandung"] {
            assert_eq!(fleet.at(slug).view(case).await.key, KeyState::Held);
        }
        let waits = fleet.at("kota-bandung").node().planned_erasures().await;
        assert_eq!(
            waits.unwrap().len(),
            1,
            "somebody confirms it or calls it off"
        );
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_a_reporter_had_erased_is_forgotten_again_by_a_node_restored_from_before() {
    for kind in kinds() {
        // The backup knows nothing of the wish, or knows that it was asked for.
        for known in [false, true] {
            let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
            let bandung = fleet.at("kota-bandung");
            let (case, conversation, ticket) = filed_by_its_reporter(bandung).await;
            fleet.settle().await;
            let folder = tempfile::tempdir().unwrap();
            if !known {
                bandung.back_up(folder.path()).await;
            }
            let asked = bandung.node().ask_erasure(&conversation, &ticket).await;
            asked.unwrap();
            if known {
                bandung.back_up(folder.path()).await;
            }
            fleet.pass(4 * 24 * HOUR_MS);
            looks_after_reporters(bandung).await;
            fleet.settle().await;
            assert_eq!(count(bandung.node().db(), REPORTERS, case).await, 0);

            Box::pin(bandung_is_restored(&mut fleet, folder.path())).await;
            let bandung = fleet.at("kota-bandung");
            assert_eq!(count(bandung.node().db(), REPORTERS, case).await, 1);
            fleet.settle().await;
            fleet.pass(HOUR_MS);
            looks_after_reporters(bandung).await;
            if !known {
                somebody_confirms_what_is_doubted(bandung, case).await;
                fleet.pass(8 * 24 * HOUR_MS);
                looks_after_reporters(bandung).await;
            }
            assert_eq!(count(bandung.node().db(), REPORTERS, case).await, 0);
            assert_eq!(count(bandung.node().db(), KEYS, case).await, 0);
            let left = bandung.node().planned_erasures().await.unwrap();
            assert!(left.is_empty(), "known: {known}");
            fleet.settle().await;
            fleet.ends_well().await;
        }
    }
}

/// An administrator confirms the only erasure that a restored node has noted, by which nothing was
/// forgotten yet.
async fn somebody_confirms_what_is_doubted(at: &Institution, case: CaseId) {
    assert_eq!(count(at.node().db(), REPORTERS, case).await, 1);
    let doubted = at.node().planned_erasures().await.unwrap();
    assert_eq!(doubted.len(), 1);
    assert_eq!(doubted[0].erasure.state, ErasureState::Asked);
    assert_eq!(doubted[0].erasure.case, case);
    let dewi = Decider::officer(StaffRole::Admin, "account:dewi".into());
    let confirmed = at.node().confirm_erasure(&doubted[0].id, &dewi).await;
    confirmed.unwrap();
}

#[tokio::test]
async fn what_an_officer_erased_for_a_reporters_reason_takes_no_half_with_it_at_a_restored_node() {
    for kind in kinds() {
        // The backup knows nothing of a reporter's wish, or of one that was called off since.
        for wished in [false, true] {
            let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
            let bandung = fleet.at("kota-bandung");
            let (case, conversation, ticket) = filed_by_its_reporter(bandung).await;
            bandung.verify(case).await;
            let half = bandung.split(case, "Trotoar rusak").await;
            fleet.settle().await;
            if wished {
                let asked = bandung.node().ask_erasure(&conversation, &ticket).await;
                asked.unwrap();
            }
            let folder = tempfile::tempdir().unwrap();
            bandung.back_up(folder.path()).await;
            if wished {
                let withdrawn = bandung.node().withdraw_erasure(&conversation).await;
                withdrawn.unwrap();
            }
            bandung.redact(case).await;
            fleet.settle().await;
            fleet.pass(HOUR_MS);

            Box::pin(bandung_is_restored(&mut fleet, folder.path())).await;
            fleet.settle().await;
            fleet.pass(HOUR_MS);
            let bandung = fleet.at("kota-bandung");
            looks_after_reporters(bandung).await;
            fleet.settle().await;
            assert_eq!(bandung.view(case).await.key, KeyState::Erased, "{wished}");
            assert_eq!(bandung.view(half).await.key, KeyState::Held, "{wished}");
            assert_eq!(count(bandung.node().db(), REPORTERS, case).await, 1);
            let doubted = bandung.node().planned_erasures().await.unwrap();
            let states: Vec<_> = doubted.iter().map(|one| one.erasure.state).collect();
            assert_eq!(states, [ErasureState::Asked], "a person says which it was");
            fleet.ends_well().await;
        }
    }
}
