//! Who comes late gets everything that is theirs: the history, and the key to
//! its words, whoever is left to give it.

use http::Method;
use lapor_migrations::{Kind, on};
use lapor_node::casework::{CaseFilter, KeyState};
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, KEMENSOS, OMBUDSMAN, PUSAT};
use lapor_tests::fleet::words::{act, report, said};
use lapor_tests::fleet::{Fleet, Institution, kinds};
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;

/// A case that has gone to a supervisor who has not joined yet.
async fn escalated(kind: Kind) -> (Fleet, CaseId) {
    let fleet = Box::pin(Fleet::gather(kind, &[PUSAT, BANDUNG])).await;
    fleet.hub.register(&OMBUDSMAN).await;
    fleet.settle().await;
    let bandung = fleet.at("kota-bandung");
    let case = bandung.file(report("Izin tidak kunjung terbit")).await;
    bandung.escalate(case).await;
    (fleet, case)
}

#[tokio::test]
async fn a_party_that_joins_late_gets_the_history_and_the_key() {
    for kind in kinds() {
        let (mut fleet, case) = escalated(kind).await;
        let bandung = fleet.at("kota-bandung");
        bandung.follow_up(case, "Diperiksa.").await;
        fleet.settle().await;
        fleet.join(OMBUDSMAN).await;
        fleet.settle().await;
        let seen = fleet.at("ombudsman").view(case).await;
        assert_eq!(seen.key, KeyState::Held);
        assert_eq!(
            seen.summary.title.as_deref(),
            Some("Izin tidak kunjung terbit")
        );
        assert_eq!(seen.history.len(), 3);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_key_owed_to_a_newcomer_is_given_although_every_attempt_fails_at_first() {
    for kind in kinds() {
        let (mut fleet, case) = escalated(kind).await;
        fleet.settle().await;
        fleet.join(OMBUDSMAN).await;
        // Bandung takes the directory in, and fails to give; then its process ends.
        let bandung = fleet.at("kota-bandung");
        bandung.line().lose_calls(Method::PUT, "/keys", 1);
        bandung.link().catch_up().await.unwrap_err();
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.start().await;
        fleet.settle().await;
        assert_eq!(fleet.at("ombudsman").view(case).await.key, KeyState::Held);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn where_the_origin_is_gone_another_holder_gives_the_key() {
    for kind in kinds() {
        let (mut fleet, case) = escalated(kind).await;
        fleet.settle().await;
        fleet.at_mut("kota-bandung").stop().await;
        fleet.join(OMBUDSMAN).await;
        fleet.settle().await;
        let waiting = fleet.at("ombudsman").view(case).await;
        assert_eq!(
            waiting.key,
            KeyState::Missing,
            "the origin has a while to give it"
        );
        fleet.pass(HOUR_MS);
        fleet.settle().await;
        let seen = fleet.at("ombudsman").view(case).await;
        assert_eq!(seen.key, KeyState::Held);
        fleet.at_mut("kota-bandung").start().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_key_that_its_giver_lacked_and_never_sent_comes_from_another_holder() {
    for kind in kinds() {
        let members = [PUSAT, BANDUNG, KEMENPU, KEMENSOS];
        let mut fleet = Fleet::gather(kind, &members).await;
        let case = fleet.at("kota-bandung").file(report("Jalan retak")).await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        pusat.recall(case).await;
        pusat.dispose(case, "kemenpu").await;
        bring_nobody_a_key(pusat).await;
        pusat.link().push().await.expect("a hub that takes it");
        fleet.at_mut("pusat").stop().await;
        fleet.settle().await;
        let waiting = fleet.at("kemenpu").view(case).await;
        assert_eq!(waiting.key, KeyState::Missing);
        fleet.pass(HOUR_MS);
        fleet.settle().await;
        assert_eq!(fleet.at("kemenpu").view(case).await.key, KeyState::Held);
        fleet.at_mut("pusat").start().await;
        fleet.ends_well().await;
    }
}

/// What waits to be sent is sent without wraps.
async fn bring_nobody_a_key(giver: &Institution) {
    const SQL: &str = "update outbox set newcomers = '[]' where state = 'pending'";
    let mut tx = giver.node().db().write().await.expect("a database");
    let changed = on!(&mut tx, conn => sqlx::query(SQL)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()));
    assert!(changed.expect("an outbox") > 0, "nothing waits");
    tx.commit().await.expect("a database");
}

#[tokio::test]
async fn a_national_desk_that_joins_last_hears_of_each_case_with_its_next_message() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[BANDUNG, KEMENPU]).await;
        let bandung = fleet.at("kota-bandung");
        let before = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        fleet.join(PUSAT).await;
        // Filed by one who does not know yet that there is a desk.
        let bandung = fleet.at("kota-bandung");
        let unaware = bandung.file(report("Lampu padam")).await;
        bandung.follow_up(before, "Ditambal.").await;
        fleet.settle().await;
        for (case, messages) in [(before, 2), (unaware, 1)] {
            let seen = fleet.at("pusat").view(case).await;
            assert_eq!(seen.key, KeyState::Held);
            assert_eq!(seen.case_seq, messages);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_case_answered_for_an_institution_is_handed_over_when_it_joins() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.hub.register(&KEMENSOS).await;
        fleet.settle().await;
        let case = fleet
            .at("kota-bandung")
            .file(report("Bansos belum turun"))
            .await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        pusat.recall(case).await;
        fleet.settle().await;
        let not_yet = act("case.disposed", json!({ "target": "kemensos" }));
        pusat.tries(case, not_yet).await;
        let for_it = json!({ "on_behalf_of": "kemensos" });
        pusat.act(case, act("case.verified", for_it)).await;
        pusat.follow_up(case, "Kami teruskan ke kementerian.").await;
        fleet.settle().await;
        let badge = fleet.at("kota-bandung").view(case).await;
        assert_eq!(badge.summary.on_behalf_of, Some(KEMENSOS.id()));

        fleet.join(KEMENSOS).await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        let offered = CaseFilter {
            on_behalf_of: Some(KEMENSOS.id()),
            ..CaseFilter::default()
        };
        let waiting = pusat.cases(&offered).await;
        assert_eq!(waiting.len(), 1);
        pusat.dispose(waiting[0].case, "kemensos").await;
        fleet.settle().await;
        let kemensos = fleet.at("kemensos");
        let told = kemensos.view(case).await;
        assert_eq!(told.history.len(), 5);
        assert_eq!(told.summary.on_behalf_of, None);
        let done = json!({ "proposes_to_close": true });
        let answer = said("case.followed_up", done, "Bansos dicairkan.");
        kemensos.act(case, answer).await;
        fleet.settle().await;
        assert_eq!(fleet.at("kota-bandung").state(case).await, State::Answered);
        fleet.ends_well().await;
    }
}
