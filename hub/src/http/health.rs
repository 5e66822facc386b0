//! The nodes' own view of their health; the console shows it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use lapor_protocol::wire::Health;

use super::outbox::boot;
use super::{Peer, body};
use crate::app::Hub;
use crate::error::HubError;
use crate::watch;

/// `POST /health`.
pub async fn report(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    headers: HeaderMap,
    sent: Body,
) -> Result<StatusCode, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let boot = boot(&headers)?;
    let health: Health = body::json(&headers, sent, seconds).await?;
    let chain = watch::receive(&hub.ground, &peer, &health).await?;
    let followed = chain.and_then(|chain| chain.boot);
    if boot.is_some_and(|boot| !boot.follows(followed.as_deref())) {
        hub.watch.copies.met(&peer, hub.now_ms());
        hub.watch.look_again();
    }
    Ok(StatusCode::NO_CONTENT)
}
