//! The programs at work by themselves: long polls answered at once, a hub that
//! drains and comes back in the middle of traffic, programs that end.

use std::sync::Arc;

use http::Method;
use lapor_migrations::Kind;
use lapor_node::node::Node;
use lapor_node::sync::{Call, Https, Transport as _};
use lapor_protocol::case::State;
use lapor_protocol::wire::PREFIX;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT, TANGERANG};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet, Institution, kinds};
use lapor_tests::hostile::{Frame, Frames, Hostile};

#[tokio::test]
async fn what_happens_at_one_institution_is_at_the_next_without_waiting_for_a_poll() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let working = [bandung, pusat, kemenpu].map(Institution::work);
        let case = bandung.file(report("Jembatan retak")).await;
        pusat
            .until("heard of it", async || pusat.knows(case).await)
            .await;
        pusat.recall(case).await;
        pusat.dispose(case, "kemenpu").await;
        kemenpu
            .until("got it", async || kemenpu.knows(case).await)
            .await;
        kemenpu.answer(case, "Diperbaiki.").await;
        bandung
            .until("was answered", async || {
                bandung.state(case).await == State::Answered
            })
            .await;
        drop(working);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_drains_and_returns_in_the_middle_of_traffic_loses_nothing() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let slugs = fleet.slugs();
        let working: Vec<_> = slugs.iter().map(|slug| fleet.at(slug).work()).collect();
        let mut filed = Vec::new();
        for number in 0..30 {
            let at = ["kota-bandung", "kemenpu"][number % 2];
            filed.push(
                fleet
                    .at(at)
                    .file(report(&format!("Laporan {number}")))
                    .await,
            );
            if number % 10 == 4 {
                fleet.restart_hub().await;
            }
        }
        drop(working);
        fleet.settle().await;
        for case in filed {
            assert_eq!(fleet.at("pusat").view(case).await.case_seq, 1);
        }
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 30);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_was_away_finds_everything_as_it_was() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let first = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.stop().await;
        let second = fleet.at("kota-bandung").file(report("Selama")).await;
        fleet.hub.start().await;
        fleet.settle().await;
        for case in [first, second] {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_second_hub_on_the_same_file_takes_over_and_the_first_ends() {
    for kind in kinds().into_iter().filter(|kind| *kind == Kind::Sqlite) {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.be_replaced().await;
        let after = fleet.at("kota-bandung").file(report("Sesudah")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(after).await, State::Received);
        fleet.ends_well().await;
    }
}

/// A program of a node calls the hub and ends: in order, or as one that is killed.
async fn calls_and_ends(node: &Node, in_order: bool) {
    let way = Https::of(node).unwrap();
    let program = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let head = Call::new(Method::GET, format!("{PREFIX}/outbox/head"));
            way.call(head.clone()).await.unwrap();
            if in_order {
                way.close().await;
                assert!(way.call(head).await.is_err(), "it is closed");
            }
        });
    };
    tokio::task::spawn_blocking(program).await.unwrap();
}

#[tokio::test]
async fn a_program_that_stops_in_order_says_goodbye_and_one_that_is_killed_does_not() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let node = Arc::clone(fleet.at("kota-bandung").node());
        fleet.pass(1_000);
        fleet.at_mut("kota-bandung").stop().await;
        fleet.hub.left(&BANDUNG.id()).await;
        for in_order in [true, false] {
            fleet.pass(1_000);
            calls_and_ends(&node, in_order).await;
            let why = fleet.hub.left(&BANDUNG.id()).await;
            assert_eq!(why == "closed", in_order, "{why}");
        }
        fleet.at_mut("kota-bandung").start().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_says_goodbye_and_no_more_has_closed_the_connection() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let line = fleet.hub.invite(&TANGERANG, true).await;
        let player = Hostile::join(&line, 200, BEGINNING).await.unwrap();
        fleet.pass(1_000);
        let mut frames = Frames::greet(&player, 0).await.unwrap();
        frames.say(Frame::GOAWAY, 0, 0, &[0; 8]).await.unwrap();
        assert_eq!(fleet.hub.left(&player.id).await, "closed");
        fleet.ends_well().await;
    }
}
