//! Clocks that all parties see alike, and a case that silence closes.

use lapor_protocol::case::State;
use lapor_protocol::deadline::ClockKind;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn every_party_sees_the_same_clocks_and_the_origin_closes_what_nobody_answers() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Jembatan retak")).await;
        bandung.give_back(case, "kemenpu").await;
        fleet.settle().await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        kemenpu.hold(case, "Jembatan yang mana?").await;
        fleet.settle().await;
        fleet.pass(50 * HOUR);
        bandung.complete(case, "Jembatan Cikapundung.").await;
        fleet.settle().await;
        let clocks = kemenpu.view(case).await.clocks;
        assert_eq!(clocks.len(), 2);
        assert_eq!(bandung.view(case).await.clocks, clocks);
        assert_eq!(pusat.view(case).await.clocks, clocks);

        kemenpu.answer(case, "Jembatan telah diperbaiki.").await;
        fleet.settle().await;
        let silence = bandung.view(case).await.clocks;
        assert_eq!(pusat.view(case).await.clocks, silence);
        assert_eq!(silence[0].kind, ClockKind::Silence);
        let left = silence[0].due.unwrap() - kemenpu.view(case).await.history[5].at;
        fleet.pass(left - HOUR);
        for institution in [bandung, pusat, kemenpu] {
            institution.node().look_after_deadlines().await.unwrap();
        }
        fleet.settle().await;
        assert_eq!(
            pusat.state(case).await,
            State::Answered,
            "not a day too early"
        );
        fleet.pass(12 * HOUR);
        for institution in [pusat, kemenpu, bandung, bandung] {
            institution.node().look_after_deadlines().await.unwrap();
        }
        fleet.settle().await;
        let closed = kemenpu.view(case).await;
        assert_eq!(closed.summary.state, Some(State::Closed));
        let closes = closed
            .history
            .iter()
            .filter(|entry| entry.kind == "case.closed");
        assert_eq!(closes.count(), 1);
        assert_eq!(closed.clocks, []);
        fleet.ends_well().await;
    }
}
