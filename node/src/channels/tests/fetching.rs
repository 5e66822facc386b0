//! A provider that does not knock, and from which nothing can be fetched: whoever watches the line is
//! told, however well it takes what is said.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use super::{MINUTE_MS, REPORT, SITI, Talked};
use crate::channels::fetching::{self, Interrupted};
use crate::channels::{Name, Outage};
use crate::clock::Clock as _;
use crate::store::channels::lines;

const AWAY: &str = "Telegram answers 500";

impl Talked {
    /// What is the matter with its line as the desk tells it, and whether it is up as the metrics do.
    async fn stands(&self) -> (Outage, bool) {
        let figures = self.node().channel_figures_of_late().await.unwrap();
        let queues = self.node().channel_queues().await.unwrap();
        (figures[0].outage.clone(), queues.lines[0].1)
    }
}

#[tokio::test]
async fn a_provider_from_which_nothing_can_be_fetched_is_down_until_it_can() {
    for talked in Talked::on(Name::Telegram).await {
        let since = talked.place.clock.now_ms();
        assert_eq!(talked.stands().await, (Outage::default(), true));
        let looks = AtomicUsize::new(0);
        let (stop, talked, looks) = (CancellationToken::new(), &talked, &looks);
        fetching::again(talked.node(), Name::Telegram, &stop, || async move {
            if looks.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(Interrupted::from(AWAY.to_owned()));
            }
            let (outage, is_up) = talked.stands().await;
            assert_eq!(outage.fetching, Some((AWAY.to_owned(), since)));
            assert!(!is_up);
            Ok(None)
        })
        .await;
        assert_eq!(looks.load(Ordering::Relaxed), 2);
        assert_eq!(talked.stands().await, (Outage::default(), true));
    }
}

#[tokio::test]
async fn what_goes_well_is_noted_once_and_what_another_process_noted_is_found_in_ten_minutes() {
    for talked in Talked::on(Name::Telegram).await {
        let (node, clock) = (talked.node(), &talked.place.clock);
        let fetches = async || {
            let stop = CancellationToken::new();
            fetching::again(node, Name::Telegram, &stop, || async { Ok(None) }).await;
        };
        fetches().await;
        let mut tx = node.write_tx().await.unwrap();
        lines::not_fetched(&mut tx, "telegram", clock.now_ms(), AWAY)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        clock.advance(9 * MINUTE_MS);
        fetches().await;
        assert!(!talked.stands().await.1, "nothing is read for each fetch");
        clock.advance(MINUTE_MS);
        fetches().await;
        assert_eq!(talked.stands().await, (Outage::default(), true));
        // What this process noted itself is cleared at once.
        node.note_unfetched(Name::Telegram, AWAY).await;
        assert!(!talked.stands().await.1);
        fetches().await;
        assert_eq!(talked.stands().await, (Outage::default(), true));
    }
}

#[tokio::test]
async fn what_can_be_said_hides_no_outage_and_its_first_moment_stays() {
    for talked in Talked::on(Name::Telegram).await {
        let (node, clock) = (talked.node(), &talked.place.clock);
        let since = clock.now_ms();
        node.note_unfetched(Name::Telegram, "Telegram answers 502")
            .await;
        clock.advance(MINUTE_MS);
        node.note_unfetched(Name::Telegram, AWAY).await;
        assert!(!talked.says(SITI, REPORT).await.is_empty());
        let deaf = Outage {
            out: None,
            fetching: Some((AWAY.to_owned(), since)),
        };
        assert_eq!(talked.stands().await, (deaf.clone(), false));
        talked.paper.is_down(true);
        talked.says(SITI, "STATUS").await;
        let (outage, _) = talked.stands().await;
        assert!(outage.out.is_some());
        assert_eq!(outage.first(), deaf.fetching, "it began first");
        // A node that was started anew has seen nothing of it.
        let stop = CancellationToken::new();
        fetching::again(node, Name::Telegram, &stop, || async { Ok(None) }).await;
        let (after, is_up) = talked.stands().await;
        assert_eq!((after.out, after.fetching), (outage.out, None));
        assert!(!is_up, "nothing goes out yet");
    }
}
