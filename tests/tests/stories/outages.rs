//! What a hub and its nodes need goes away for a while, and comes back: the hub
//! itself, the database, the room on the disk. All of it ends without a person
//! touching either program.

use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, Institution, kinds};

#[tokio::test]
async fn a_hub_that_is_gone_for_a_day_finds_everybody_at_work_and_all_in_step_without_a_person() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let given = fleet.at("pusat").file(report("Jembatan retak")).await;
        fleet.at("pusat").dispose(given, "kota-bandung").await;
        fleet.settle().await;
        // The links work by themselves from here on; nobody settles them.
        let working: Vec<_> = fleet.running().map(Institution::work).collect();
        fleet.hub.stop().await;
        let mut filed = Vec::new();
        for hour in 0..24 {
            fleet.pass(DAY_MS / 24);
            let at = fleet.at(["pusat", "kota-bandung", "kemenpu"][hour % 3]);
            filed.push(at.file(report(&format!("Jam {hour}"))).await);
        }
        let bandung = fleet.at("kota-bandung");
        bandung.answer(given, "Diperbaiki.").await;
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.unsent, 9);
        bandung
            .until("said that the hub is away", async || {
                let said = bandung.link().state();
                !said.connected && said.problem.is_some()
            })
            .await;
        fleet.hub.start().await;
        let pusat = fleet.at("pusat");
        pusat
            .until("was answered", async || {
                pusat.state(given).await == State::Answered
            })
            .await;
        for case in &filed {
            pusat
                .until("heard of a report", async || pusat.knows(*case).await)
                .await;
        }
        drop(working);
        let report = {
            fleet.settle().await;
            fleet.invariants().await
        };
        assert_eq!(report.applied["report.filed"], 25);
        fleet.ends_well().await;
    }
}
