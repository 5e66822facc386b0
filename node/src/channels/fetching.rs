//! Fetching from a provider that does not knock: again and again until the node stops. What fails is
//! tried later, ever later, logged once, and noted for whoever watches the line.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store::channels::lines;
use crate::sync::Backoff;

/// Longest pause after failures.
const LATER: Duration = Duration::from_mins(5);
/// For how long a provider is left alone at most, whatever it asks for.
const MOST_ASKED: Duration = Duration::from_hours(1);

/// For how long it is taken for granted that no other process has noted an outage of a line that goes
/// through.
const NOTED_MS: i64 = 10 * 60 * 1000;

/// When to fetch next; `None` is never again.
pub(super) type Next = Option<Duration>;

/// Why nothing was fetched. Says no word, no address and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interrupted {
    pub problem: String,
    /// For how long the provider wants to be left alone.
    pub pause: Option<Duration>,
}

impl From<NodeError> for Interrupted {
    fn from(error: NodeError) -> Self {
        error.to_string().into()
    }
}

impl From<String> for Interrupted {
    fn from(problem: String) -> Self {
        Self {
            problem,
            pause: None,
        }
    }
}

/// Fetches until `stop`, or until there is nothing more to do.
pub(super) async fn again<F>(
    node: &Node,
    name: Name,
    stop: &CancellationToken,
    fetch: impl Fn() -> F,
) where
    F: Future<Output = Result<Next, Interrupted>>,
{
    let mut backoff = Backoff::default();
    let mut is_well = true;
    let fetching = async {
        loop {
            let pause = match fetch().await {
                Ok(next) => {
                    if !is_well {
                        tracing::info!(channel = name.as_str(), "the provider is reached again");
                    }
                    is_well = true;
                    node.note_fetched(name).await;
                    backoff.reset();
                    let Some(pause) = next else {
                        return;
                    };
                    pause
                }
                Err(Interrupted { problem, pause }) => {
                    if is_well {
                        tracing::warn!(
                            channel = name.as_str(),
                            "nothing can be fetched from the provider: {problem}"
                        );
                    }
                    is_well = false;
                    node.note_unfetched(name, &problem).await;
                    backoff.next(LATER, pause.map(|asked| asked.min(MOST_ASKED)))
                }
            };
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = fetching => {}
        () = stop.cancelled() => {}
    }
}

impl Node {
    /// Notes that the line by which messages come goes through. One that was noted before the node
    /// was started may have been down.
    pub(super) async fn note_fetched(&self, name: Name) {
        if let Err(error) = self.put_fetched(name).await {
            unnoted(name, &error);
        }
    }

    /// Notes that it does not, and why.
    pub(super) async fn note_unfetched(&self, name: Name, problem: &str) {
        if let Err(error) = self.put_unfetched(name, problem).await {
            unnoted(name, &error);
        }
    }

    async fn put_fetched(&self, name: Name) -> Result<(), NodeError> {
        let (switch, name, now) = (self.switch(), name.as_str(), self.clock().now_ms());
        let noted = switch.fetched_at(name);
        if noted.is_some_and(|noted| (0..NOTED_MS).contains(&(now - noted))) {
            return Ok(());
        }
        let mut tx = self.write_tx().await?;
        lines::fetched(&mut tx, name).await?;
        tx.commit().await?;
        switch.is_fetched(name, Some(now));
        Ok(())
    }

    async fn put_unfetched(&self, name: Name, problem: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        self.switch().is_fetched(name.as_str(), None);
        let mut tx = self.write_tx().await?;
        lines::not_fetched(&mut tx, name.as_str(), now, problem).await?;
        Ok(tx.commit().await?)
    }
}

fn unnoted(name: Name, error: &NodeError) {
    let channel = name.as_str();
    tracing::warn!(%error, channel, "how the provider is reached could not be noted");
}
