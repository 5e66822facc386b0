//! The supervisor: joins with the reporter's consent, and may take a case into
//! its own hands. A province has the desk's power over its own cities.

use lapor_protocol::case::{Reason, State};
use lapor_tests::fleet::member::{BANDUNG, JABAR, KEMENPU, OMBUDSMAN, PUSAT, TANGERANG};
use lapor_tests::fleet::words::{act, report};
use lapor_tests::fleet::{Fleet, kinds};
use serde_json::json;

#[tokio::test]
async fn an_escalated_case_is_taken_over_by_the_supervisor() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, OMBUDSMAN]).await;
        let [bandung, pusat, kemenpu, ombudsman] =
            ["kota-bandung", "pusat", "kemenpu", "ombudsman"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Izin tidak kunjung terbit")).await;
        fleet.settle().await;
        pusat.recall(case).await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        assert!(!ombudsman.knows(case).await);
        bandung.escalate(case).await;
        fleet.settle().await;
        let seen = ombudsman.view(case).await;
        assert_eq!(
            seen.summary.title.as_deref(),
            Some("Izin tidak kunjung terbit")
        );
        assert_eq!(seen.history.len(), 4);
        ombudsman.take_over(case).await;
        fleet.settle().await;
        assert_eq!(bandung.custodian(case).await, "ombudsman");
        let late = act("case.disposed", json!({ "target": "pusat" }));
        kemenpu.tries(case, late).await;
        ombudsman
            .answer(case, "Izin harus terbit dalam tiga hari.")
            .await;
        fleet.settle().await;
        assert_eq!(kemenpu.state(case).await, State::Answered, "still a party");
        ombudsman.give_back(case, "kemenpu").await;
        fleet.settle().await;
        assert_eq!(bandung.custodian(case).await, "kemenpu");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_province_disposes_to_its_own_cities_and_to_nobody_elses() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, JABAR, BANDUNG, TANGERANG]).await;
        let [jabar, bandung] = ["prov-jawa-barat", "kota-bandung"].map(|slug| fleet.at(slug));
        let case = jabar.file(report("Sampah di Sungai Citarum")).await;
        let outside = act("case.disposed", json!({ "target": "kota-tangerang" }));
        let refused = jabar.tries(case, outside).await;
        assert_eq!(refused.ruling.reason, Some(Reason::OutsideAuthority));
        jabar.dispose(case, "kota-bandung").await;
        fleet.settle().await;
        bandung.give_back(case, "prov-jawa-barat").await;
        fleet.settle().await;
        assert_eq!(
            jabar.custodian(case).await,
            "prov-jawa-barat",
            "not the national desk"
        );
        fleet.ends_well().await;
    }
}
