//! The nodes' own view of their health; the console shows it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use lapor_protocol::wire::Health;

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
    let health: Health = body::json(&headers, sent, seconds).await?;
    watch::receive(&hub.ground, &peer, &health).await?;
    Ok(StatusCode::NO_CONTENT)
}
