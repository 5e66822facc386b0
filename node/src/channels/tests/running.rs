//! The tasks that listen and speak while a node serves.

use std::sync::Arc;

use lapor_migrations::on;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::paper::Paper;
use super::{BUDI, PLACED, REPORT, SITI, Talked};
use crate::channels::{Name, Raw, run};

#[tokio::test]
async fn while_a_node_serves_what_comes_in_is_answered_and_a_word_ends_it() {
    for talked in Talked::on(Name::Sms).await {
        let stop = CancellationToken::new();
        let running = tokio::spawn(run(
            talked.node().clone(),
            talked.lines.clone(),
            stop.clone(),
        ));
        talked.writes(SITI, REPORT).await;
        talked.paper.spoken.notified().await;
        stop.cancel();
        running.await.unwrap();
        let told = talked.paper.said_to(SITI);
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
        talked.case().await;
    }
}

#[tokio::test]
async fn a_file_that_does_not_come_holds_up_no_other_channel() {
    for talked in Talked::on(Name::Sms).await {
        let slow = Arc::new(Paper::of(Name::X));
        slow.stalls();
        let mut lines = talked.lines.clone();
        lines.0.push(slow.clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn(run(talked.node().clone(), lines, stop.clone()));
        let body = json!({"from": BUDI, "text": PLACED, "media": [{"at": "p1"}]});
        let raw = Raw {
            id: "1".into(),
            body: body.to_string().into_bytes(),
        };
        assert_eq!(talked.node().take_in(&*slow, &[raw]).await.unwrap(), 1);
        slow.stalled.notified().await;
        talked.writes(SITI, REPORT).await;
        talked.paper.spoken.notified().await;
        stop.cancel();
        running.await.unwrap();
        let told = talked.paper.said_to(SITI);
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
        let states: Vec<String> = talked.taken().await.into_iter().map(|one| one.0).collect();
        assert_eq!(states, ["waiting", "done"]);
        let given_up = "select count(*) from channel_taken where problem is not null";
        let mut tx = talked.node().read_tx().await.unwrap();
        let given_up: i64 =
            on!(&mut tx, c => sqlx::query_scalar(given_up).fetch_one(c).await).unwrap();
        assert_eq!(given_up, 0, "it is still waited for");
    }
}
