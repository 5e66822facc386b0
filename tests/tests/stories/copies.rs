//! Nodes that are copied or started twice: one of them works, the other says
//! why it does not, nothing is forked, and whoever begins again alone is no
//! copy.

use http::Method;
use lapor_hub::watch::{self, Concern};
use lapor_node::casework::KeyState;
use lapor_node::node::Node;
use lapor_node::publishing::NewProgramme;
use lapor_node::sync::{Link, LinkError};
use lapor_protocol::case::State;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};
use serde_json::json;

use crate::restores::{count, epoch, nothing_was_forked};

/// What the feed of changes tells of own messages that came to nothing.
const TOLD_REFUSED: &str = "select count(*) from changes where kind = 'message.refused'";

/// Whether the hub shows it of the node.
async fn runs_twice(fleet: &Fleet) -> bool {
    let picture = watch::look(fleet.hub.hub()).await.unwrap();
    let mut seen = picture.instances.values();
    seen.any(|of| {
        let mut findings = of.health.findings.iter();
        findings.any(|finding| finding.concern == Concern::Twice)
    })
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
