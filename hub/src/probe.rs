//! Trying the line to one institution: its long poll is woken, which it answers
//! by asking again. Nothing is written to its stream, and nobody else waits.

use std::time::Duration;

use lapor_protocol::ids::InstanceId;
use serde::Serialize;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use crate::app::Hub;
use crate::streams::StreamKey;

/// How long an answer is waited for.
pub const LIMIT: Duration = Duration::from_secs(10);
/// How often it is looked for; what is measured is no finer.
const STEP: Duration = Duration::from_millis(20);

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Probe {
    /// Connections that it had open.
    pub connections: usize,
    /// Requests of its inbox that waited at the hub.
    pub polls: usize,
    /// Milliseconds until it asked for its inbox again; `None` if it did not within [`LIMIT`].
    pub answered_ms: Option<u64>,
}

/// Wakes the long poll of an institution and waits for the next
/// request of its inbox; nothing else that it asks answers.
pub async fn probe(hub: &Hub, instance: &InstanceId) -> Probe {
    let key = StreamKey::Inbox(instance.clone());
    let mut probe = Probe {
        connections: hub.open_connections(instance),
        polls: hub.streams.watched(&key),
        answered_ms: None,
    };
    let before = hub.contacts.fetches(instance);
    let began = Instant::now();
    hub.streams.wake(&key);
    while began.elapsed() < LIMIT {
        if hub.contacts.fetches(instance) > before {
            probe.answered_ms = u64::try_from(began.elapsed().as_millis()).ok();
            break;
        }
        sleep(STEP).await;
    }
    probe
}
