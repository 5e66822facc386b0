//! Becoming a member: one pasted line, and then every case that concerns one.

use lapor_node::settings::PublicUrl;
use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::{NAME_CANARY, report};
use lapor_tests::fleet::{Fleet, kinds};

#[tokio::test]
async fn institutions_join_with_one_pasted_line_and_a_report_travels_between_them() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet
            .at("kota-bandung")
            .file(report("Lampu jalan padam"))
            .await;
        fleet.settle().await;
        let seen = fleet.at("pusat").view(case).await;
        assert_eq!(seen.summary.title.as_deref(), Some("Lampu jalan padam"));
        assert_eq!(seen.summary.state, Some(State::Received));
        assert!(!fleet.at("kemenpu").knows(case).await);
        let whole = serde_json::to_string(&seen).unwrap();
        assert!(!whole.contains(NAME_CANARY), "an identity left its node");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn pasting_the_line_again_changes_nothing() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT]).await;
        let line = fleet.hub.invite(&BANDUNG, true).await;
        let mut bandung = fleet.arrive(BANDUNG).await;
        let first = bandung.enrol(&line).await;
        assert_eq!(bandung.enrol(&line).await, first);
        bandung.start().await;
        assert_eq!(bandung.node().instance().unwrap(), &first.instance);
        bandung.catch_up().await;
        assert_eq!(bandung.enrol(&line).await, first, "also while it runs");
        bandung.stop().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn everybody_learns_where_the_portal_of_an_institution_is() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let site = "https://lapor.bandung.test";
        let address = PublicUrl::try_from(site.to_owned()).unwrap();
        let bandung = fleet.at("kota-bandung");
        let kept = bandung.node().keep_address(Some(address), "test").await;
        kept.unwrap();
        bandung.link().report_health().await.unwrap();
        fleet.settle().await;
        let known = fleet.at("pusat").node().directory();
        let entry = known.latest().instance(&fleet.id("kota-bandung"));
        assert_eq!(entry.unwrap().portal.as_deref(), Some(site));
        fleet.ends_well().await;
    }
}
