//! Fetching from a provider that does not knock: again and again until the node stops. What fails is
//! tried later, ever later, and told once.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Name;
use crate::error::NodeError;
use crate::sync::Backoff;

/// Longest pause after failures.
const LATER: Duration = Duration::from_mins(5);
/// For how long a provider is left alone at most, whatever it asks for.
const MOST_ASKED: Duration = Duration::from_hours(1);

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
pub(super) async fn again<F>(name: Name, stop: &CancellationToken, fetch: impl Fn() -> F)
where
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
