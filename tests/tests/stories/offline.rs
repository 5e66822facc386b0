//! Without the hub, or the line to it: the work goes on, and nothing is lost or
//! done twice when the line is back.

use std::collections::BTreeSet;

use http::Method;
use lapor_migrations::Kind;
use lapor_node::casework::KeyState;
use lapor_node::folder::credential_path;
use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, OMBUDSMAN, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, Weather, kinds};

/// Everything that a node asks of a hub once it has joined.
const ENDPOINTS: [&str; 18] = [
    "GET /blobs/*",
    "GET /cases/*/keys",
    "GET /directory",
    "GET /inbox",
    "GET /outbox",
    "GET /outbox/head",
    "GET /public",
    "HEAD /blobs/*",
    "POST /certificates/challenge",
    "POST /certificates/recover",
    "POST /certificates/renew",
    "POST /epochs",
    "POST /health",
    "POST /inbox/ack",
    "POST /outbox",
    "POST /recovery",
    "PUT /blobs/*",
    "PUT /cases/*/keys",
];
/// Calls of everybody after which all have brought back what a hub has lost, however many answers
/// are lost on the way.
const ROUNDS: usize = 8;

#[tokio::test]
async fn an_institution_offline_for_weeks_works_on_and_catches_up_by_itself() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let given = pusat.file(report("Jembatan retak")).await;
        pusat.verify(given).await;
        pusat.dispose(given, "kota-bandung").await;
        fleet.settle().await;

        bandung.line().weather(Weather::CUT);
        let mut filed = Vec::new();
        for week in 0..3 {
            fleet.pass(6 * DAY_MS);
            filed.push(bandung.file(report(&format!("Minggu {week}"))).await);
            bandung
                .follow_up(given, &format!("Minggu {week}: dikerjakan."))
                .await;
            let other = pusat.file(report("Jalan berlubang")).await;
            pusat.dispose(other, "kemenpu").await;
            fleet.settle().await;
            kemenpu.follow_up(other, "Ditinjau.").await;
            fleet.settle().await;
        }
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.unsent, 6);
        assert_eq!(pusat.state(given).await, State::Disposed);

        bandung.line().weather(Weather::CLEAR);
        fleet.settle().await;
        for case in filed {
            assert_eq!(pusat.state(case).await, State::Received);
        }
        assert_eq!(pusat.state(given).await, State::InProgress);
        let told = pusat.view(given).await.history;
        let kinds: Vec<&str> = told.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds[3..], ["case.followed_up"; 3], "in the order of weeks");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_lost_answer_makes_nothing_happen_twice() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let case = bandung.file(report("Lampu jalan padam")).await;
        bandung.follow_up(case, "Dicatat.").await;
        bandung.line().lose_answers(Method::POST, "/outbox", 3);
        fleet.settle().await;
        let seen = fleet.at("pusat").view(case).await;
        assert_eq!(seen.case_seq, 2);
        assert_eq!(seen.history.len(), 2);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_node_that_ends_between_sealing_and_sending_sends_the_same_bytes() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let case = bandung.file(report("Lampu jalan padam")).await;
        bandung.line().lose_calls(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.start().await;
        fleet.at("kota-bandung").follow_up(case, "Dicatat.").await;
        fleet.settle().await;
        let status = fleet.at("kota-bandung").node().status().await.unwrap();
        assert_eq!((status.outbox.epoch, status.outbox.accepted), (1, 2));
        assert_eq!(fleet.at("pusat").view(case).await.case_seq, 2);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_line_on_which_calls_pass_and_no_answer_does_costs_time_and_nothing_else() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Lampu jalan padam")).await;
        bandung.follow_up(case, "Dicatat.").await;
        bandung.line().weather(Weather {
            lose_answer: 100,
            ..Weather::CLEAR
        });
        for _ in 0..5 {
            bandung.link().push().await.unwrap_err();
        }
        pusat.catch_up().await;
        assert_eq!(pusat.state(case).await, State::InProgress);
        let status = bandung.node().status().await.unwrap();
        assert_eq!((status.outbox.accepted, status.outbox.unsent), (0, 2));
        assert!(!bandung.link().state().connected);

        bandung.line().weather(Weather::CLEAR);
        fleet.settle().await;
        let seen = pusat.view(case).await;
        assert_eq!((seen.case_seq, seen.history.len()), (2, 2));
        let status = bandung.node().status().await.unwrap();
        assert_eq!((status.outbox.epoch, status.outbox.unsent), (1, 0));
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_batch_that_arrives_ten_minutes_late_behind_all_that_came_since_changes_nothing() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Lampu jalan padam")).await;
        bandung.line().delay_calls(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        fleet.settle().await;
        bandung.follow_up(case, "Dicatat.").await;
        fleet.settle().await;
        fleet.pass(10 * 60_000);
        bandung.line().arrive().await;
        bandung.follow_up(case, "Dikerjakan.").await;
        fleet.settle().await;
        let seen = pusat.view(case).await;
        assert_eq!((seen.case_seq, seen.history.len()), (3, 3));
        let status = bandung.node().status().await.unwrap();
        assert_eq!((status.outbox.epoch, status.outbox.accepted), (1, 3));
        fleet.ends_well().await;
    }
}

/// Told on one database: which answer is lost does not depend on it. A lost answer to joining is told
/// with the invitations.
#[tokio::test]
async fn an_answer_that_is_lost_once_at_every_endpoint_makes_nothing_happen_twice() {
    let mut fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    fleet.hub.register(&OMBUDSMAN).await;
    fleet.settle().await;
    for slug in ["pusat", "kota-bandung"] {
        fleet.at(slug).line().lose_first_answers();
    }
    let bandung = fleet.at("kota-bandung");
    let mut filed = report("Lampu jalan padam");
    filed.attachments = vec![bandung.upload(b"foto lampu jalan").await];
    let case = bandung.file(filed).await;
    let photo = bandung.view(case).await.history[0].attachments[0].sha256;
    bandung.escalate(case).await;
    fleet.settle().await;
    // The supervisor joins later, and is owed the key.
    fleet.join(OMBUDSMAN).await;
    fleet.at("ombudsman").line().lose_first_answers();
    fleet.settle().await;
    let bandung = fleet.at("kota-bandung");
    bandung.link().report_health().await.unwrap_err();
    bandung.link().report_health().await.unwrap();
    fleet.pass(20 * DAY_MS);
    let bandung = fleet.at("kota-bandung");
    bandung.link().renew_certificate().await.unwrap_err();
    assert!(bandung.link().renew_certificate().await.unwrap());

    // The machine is lost, and so is the certificate of the one that takes its place.
    let [nodes, hubs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    bandung.back_up(nodes.path()).await;
    bandung.note(case, "Sesudah cadangan node.").await;
    fleet.settle().await;
    let mut lost = fleet.at("kota-bandung").line().lost_first();
    let database = fleet.database().await;
    let bandung = fleet.at_mut("kota-bandung");
    bandung.stop().await;
    bandung.restore(nodes.path(), database).await;
    std::fs::remove_file(credential_path(&bandung.settings.node.keys)).unwrap();
    bandung.start().await;
    bandung.line().lose_first_answers();
    fleet.settle().await;

    // And the hub's machine, after everybody has heard more.
    fleet.hub.back_up(hubs.path()).await;
    let bandung = fleet.at("kota-bandung");
    bandung.note(case, "Sesudah cadangan hub.").await;
    fleet.settle().await;
    fleet.restore_hub(hubs.path()).await;
    for _ in 0..ROUNDS {
        for institution in fleet.running() {
            institution.attempt().await;
        }
    }
    fleet.settle().await;
    for institution in fleet.running() {
        lost.extend(institution.line().lost_first());
    }
    assert_eq!(lost, BTreeSet::from(ENDPOINTS.map(str::to_owned)));

    for institution in fleet.running() {
        let seen = institution.view(case).await;
        assert_eq!((seen.case_seq, seen.history.len()), (4, 4));
        assert_eq!(seen.key, KeyState::Held);
    }
    for slug in ["pusat", "kota-bandung"] {
        let read = fleet.at(slug).attachment(case, photo).await.unwrap();
        assert_eq!(read, b"foto lampu jalan", "{slug}");
    }
    let status = fleet.at("kota-bandung").node().status().await.unwrap();
    assert_eq!((status.outbox.epoch, status.alarm), (2, None));
    let report = fleet.invariants().await;
    assert_eq!(report.applied["case.noted"], 2);
    assert_eq!((report.applied["report.filed"], report.messages), (1, 4));
    fleet.ends_well().await;
}
