//! How the link is doing, for `status` in this and in another process.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Link, LinkError};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

const FACT: &str = "link";
/// The state is written at a change, and otherwise at most this often.
const REWRITE_MS: i64 = 10_000;

/// Connected or not, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkState {
    pub connected: bool,
    /// Unix ms; since when it has been so.
    pub since: Option<i64>,
    /// Unix ms of the last answer of the hub.
    pub last_contact: Option<i64>,
    /// Why not, in a sentence.
    pub problem: Option<String>,
    /// The hub's code, if it refused: `instance_suspended`, `instance_revoked`, ...
    pub code: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<(LinkState, i64)>);

impl Link {
    pub fn state(&self) -> LinkState {
        self.lock().0.clone()
    }

    /// Notes the outcome of a call to the hub, keeps it for other processes,
    /// and lets pausing steps try again after a success.
    pub(super) async fn note<T>(&self, outcome: &Result<T, LinkError>) {
        if outcome.is_ok() {
            self.answered.notify_waiters();
        }
        let now = self.node.clock().now_ms();
        let write = {
            let mut shared = self.lock();
            let changed = update(&mut shared.0, outcome.as_ref().err(), now);
            let due = changed || now - shared.1 >= REWRITE_MS;
            if due {
                shared.1 = now;
            }
            due.then(|| shared.0.clone())
        };
        if let Some(state) = write
            && let Err(error) = self.keep(&state).await
        {
            tracing::warn!(%error, "the state of the link could not be stored");
        }
    }

    async fn keep(&self, state: &LinkState) -> Result<(), NodeError> {
        let text = serde_json::to_string(state).map_err(NodeError::damaged)?;
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, FACT, &text).await?;
        Ok(tx.commit().await?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (LinkState, i64)> {
        self.state
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The state that the serving process last wrote.
pub async fn read_state(node: &Node) -> Result<LinkState, NodeError> {
    let mut tx = node.read_tx().await?;
    match store::chain::fact(&mut tx, FACT).await? {
        Some(text) => store::read(serde_json::from_str(&text)),
        None => Ok(LinkState::default()),
    }
}

/// Says whether connectedness or its reason changed.
fn update(state: &mut LinkState, error: Option<&LinkError>, now: i64) -> bool {
    let (connected, problem, code) = match error {
        None => (true, None, None),
        Some(LinkError::Refused(problem)) => (
            false,
            Some(problem.title.clone()),
            Some(problem.code.as_str().to_owned()),
        ),
        Some(error) => (false, Some(error.to_string()), None),
    };
    if error.is_none() || matches!(error, Some(LinkError::Refused(_))) {
        state.last_contact = Some(now);
    }
    let changed = state.connected != connected || state.problem != problem || state.since.is_none();
    if state.connected != connected || state.since.is_none() {
        state.since = Some(now);
    }
    state.connected = connected;
    state.problem = problem;
    state.code = code;
    changed
}
