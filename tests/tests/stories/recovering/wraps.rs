//! Wraps that a restored hub has lost: nothing that anybody brings back leads to them.

use lapor_hub::restored::Stage;
use lapor_protocol::ids::CaseId;
use lapor_protocol::keys::{KeyId, KeyUse};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Weather, kinds};

use super::{all_call, backed_up, found};
use crate::keys::{in_force, keys_at_the_hub};

/// In which whoever looks after a key later has done so.
const HOUR_MS: i64 = 3_600_000;

/// Whether the hub has the key of a case for this sealing key of `kemenpu`, which is in force.
async fn is_given(fleet: &Fleet, case: CaseId, to: &KeyId) -> bool {
    let keys = keys_at_the_hub(fleet.at("kemenpu"), case).await;
    let lacks = keys.missing.contains(&fleet.id("kemenpu"));
    let given = keys.wraps.iter().any(|wrap| wrap.kid == *to);
    assert_ne!(given, lacks);
    given
}

#[tokio::test]
async fn keys_that_a_restored_hub_has_lost_are_given_again_though_nobody_has_changed_theirs() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        fleet.settle().await;
        fleet.pass(HOUR_MS);
        fleet.settle().await;

        // The backup has the new sealing key of one, to which nobody has wrapped anything yet.
        for slug in ["kota-bandung", "pusat"] {
            fleet.at(slug).line().weather(Weather::CUT);
        }
        let rotated = fleet
            .at("kemenpu")
            .node()
            .rotate(KeyUse::Sealing, "petugas");
        let next = rotated.await.unwrap().kid;
        let folder = backed_up(&fleet).await;
        let current = in_force(fleet.at("kemenpu"), "sealing").await;
        assert_eq!(current, next.as_str());
        assert!(!is_given(&fleet, case, &next).await);
        fleet.weather_clears().await;
        fleet.settle().await;
        fleet.pass(HOUR_MS);
        fleet.settle().await;
        assert!(is_given(&fleet, case, &next).await);
        // By this members show that something is lost.
        fleet.at("kota-bandung").file(report("Lampu padam")).await;
        fleet.settle().await;

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.stage, Stage::Still);
        fleet.settle().await;
        assert!(is_given(&fleet, case, &next).await);
        fleet.ends_well().await;
    }
}
