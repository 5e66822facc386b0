//! Without the hub, or the line to it: the work goes on, and nothing is lost or
//! done twice when the line is back.

use http::Method;
use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, Weather, kinds};

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
