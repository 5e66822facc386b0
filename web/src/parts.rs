//! Parts of a program that run beside what it serves: a mistake in one ends neither the program nor
//! another part, and it begins anew.

use std::time::Duration;

use tokio::task::JoinSet;

/// When a part begins anew after a mistake.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Runs a part until it ends by itself, and anew whenever a mistake has ended it. It ends with what
/// this returns.
pub async fn again<Run>(part: &'static str, begin: impl Fn() -> Run)
where
    Run: Future<Output = ()> + Send + 'static,
{
    again_after(AGAIN_AFTER, part, begin).await;
}

async fn again_after<Run>(pause: Duration, part: &'static str, begin: impl Fn() -> Run)
where
    Run: Future<Output = ()> + Send + 'static,
{
    loop {
        let mut running = JoinSet::new();
        running.spawn(begin());
        match running.join_next().await {
            // What it said may quote data; where it was stands in the log already.
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(
                    part,
                    "a mistake in the program has ended this part; it begins anew"
                );
            }
            _ => return,
        }
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_part_that_a_mistake_has_ended_runs_again_until_it_ends_by_itself() {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let part = move || {
            let before = count.fetch_add(1, Ordering::SeqCst);
            async move { assert!(before >= 2, "a mistake") }
        };
        again_after(Duration::ZERO, "index", part).await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_part_ends_with_whoever_looks_after_it() {
        let (kept, begun) = (Arc::new(()), Arc::new(Notify::new()));
        let still = Arc::downgrade(&kept);
        let heard = Arc::clone(&begun);
        let looked_after = tokio::spawn(again("index", move || {
            let (kept, begun) = (Arc::clone(&kept), Arc::clone(&begun));
            async move {
                begun.notify_one();
                std::future::pending::<()>().await;
                drop(kept);
            }
        }));
        heard.notified().await;
        looked_after.abort();
        let ended = looked_after.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
        while still.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    }
}
