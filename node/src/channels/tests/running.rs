//! The tasks that listen and speak while a node serves.

use tokio_util::sync::CancellationToken;

use super::{REPORT, SITI, Talked};
use crate::channels::{Name, run};

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
