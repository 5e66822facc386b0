//! A hub that is restored into a maintenance that it had announced.

use lapor_hub::audit::By;
use lapor_hub::deeds::{self, Deed};
use lapor_hub::restored::Stage;
use lapor_node::folder::credential_path;
use lapor_protocol::case::State;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

use super::{all_call, backed_up, code, found, is_covered};

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn what_is_lost_comes_back_while_a_maintenance_lasts() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let hub = fleet.hub.hub();
        let now = hub.now_ms();
        let (from, until) = (now + MINUTE_MS, now + 30 * MINUTE_MS);
        let by = By {
            reason: "ganti mesin",
            ..By::actor("test")
        };
        let deed = Deed::Maintain { from, until };
        deeds::act(&hub.ground, &by, &deed).await.unwrap();
        let folder = backed_up(&fleet).await;
        let lost = fleet.at("kota-bandung").file(report("Hilang")).await;
        fleet.settle().await;
        fleet.pass(MINUTE_MS);
        // Who brings it back needs another certificate first.
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        let credential = credential_path(&bandung.settings.node.keys);
        std::fs::remove_file(credential).unwrap();

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.stage, Stage::Lost);
        fleet.at_mut("kota-bandung").start().await;
        let bandung = fleet.at("kota-bandung");
        let working = bandung.work();
        let is_back = async || found(&fleet).await.stage == Stage::Still;
        bandung.until("what was lost is back", is_back).await;
        drop(working);
        let refused = fleet.at("pusat").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(refused), Some(Code::Maintenance), "it lasts");

        fleet.pass(30 * MINUTE_MS);
        fleet.settle().await;
        is_covered(&fleet).await;
        assert_eq!(fleet.at("pusat").state(lost).await, State::Received);
        fleet.ends_well().await;
    }
}
