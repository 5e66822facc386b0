//! The work with cities while a node serves: each on its own, again and again, so that one that is away
//! holds up no other. What fails is tried later, ever later, and told once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use lapor_protocol::calendar::begin_of;
use tokio_util::sync::CancellationToken;

use super::{Cities, City, Trouble};
use crate::doors::facts;
use crate::error::NodeError;
use crate::node::Node;
use crate::store::cities::{self, LineRow};
use crate::sync::Backoff;

/// Requests of cities, by what became of them.
pub const REQUESTS: &str = "lapor_node_city_requests_total";
/// Longest pause after failures, where a city does not ask for more.
const LATER: Duration = Duration::from_mins(15);

/// Follows and feeds all cities until `shutdown`.
pub async fn run(node: Arc<Node>, cities: Cities, shutdown: CancellationToken) {
    let all = cities.0.iter().map(|city| again(&node, city));
    tokio::select! {
        _ = join_all(all) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn again(node: &Node, city: &City) {
    let mut backoff = Backoff::default();
    let mut is_well = true;
    loop {
        let pause = match node.look_at_city(city).await {
            Ok(()) => {
                if !is_well {
                    tracing::info!(city = city.name(), "the city answers again");
                }
                is_well = true;
                backoff.reset();
                Duration::from_secs(city.settings.poll_seconds.into())
            }
            Err(Trouble { problem, pause }) => {
                if is_well {
                    tracing::warn!(city = city.name(), "a city is asked again later: {problem}");
                }
                is_well = false;
                backoff.next(LATER, pause)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

impl Node {
    /// Looks once for what is new at a city, and sends what waits; notes how it went.
    pub(crate) async fn look_at_city(&self, city: &City) -> Result<(), Trouble> {
        self.city_line(city).await?;
        let looked = self.all_of_city(city).await;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        match &looked {
            Ok(()) => cities::well(&mut tx, city.name(), now).await?,
            Err(trouble) => {
                cities::troubled(&mut tx, city.name(), now, &trouble.problem).await?;
            }
        }
        tx.commit().await?;
        looked
    }

    async fn all_of_city(&self, city: &City) -> Result<(), Trouble> {
        if city.settings.feed {
            // Whatever the city answers, what waits for it is known.
            self.gather_for_city(city).await?;
        }
        let mut trouble = None;
        if city.settings.follow {
            trouble = self.follow_left(city).await?;
            self.follow_new(city).await?;
        }
        self.follow_known(city).await?;
        if city.settings.feed {
            trouble = self.feed_city(city).await?.or(trouble);
        }
        trouble.map_or(Ok(()), Err)
    }

    /// How it stands with a city, which begins now or when the settings say.
    pub(super) async fn city_line(&self, city: &City) -> Result<LineRow, NodeError> {
        let mut tx = self.read_tx().await?;
        if let Some(line) = cities::line_of(&mut tx, city.name()).await? {
            return Ok(line);
        }
        drop(tx);
        let since = city.settings.since;
        let begin = since.map(|day| begin_of(facts(self).zone, day));
        let begin = begin.unwrap_or_else(|| self.clock().now_ms());
        let mut tx = self.write_tx().await?;
        let line = cities::line(&mut tx, city.name(), begin).await?;
        tx.commit().await?;
        Ok(line)
    }
}
