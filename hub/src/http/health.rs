//! The nodes' own view of their health; the console shows it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use lapor_protocol::wire::{Health, HealthAnswer};

use super::outbox::boot;
use super::{Peer, body};
use crate::app::Hub;
use crate::damage;
use crate::error::HubError;
use crate::{portals, restored, watch};

/// `POST /health`: asks for messages that are damaged here, and tells when the hub was restored.
pub async fn report(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    headers: HeaderMap,
    sent: Body,
) -> Result<Response, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let boot = boot(&headers)?;
    let health: Health = body::json(&headers, sent, seconds).await?;
    let chain = watch::receive(&hub.ground, &peer, &health).await?;
    if health.unsent == 0 {
        // What was refused is set aside there, or was given up.
        hub.watch.refusals.taken(&peer, hub.now_ms());
    }
    let followed = chain.and_then(|chain| chain.boot);
    if boot.is_some_and(|boot| !boot.follows(followed.as_deref())) {
        hub.watch.copies.met(&peer, hub.now_ms());
        hub.watch.look_again();
    }
    if let Some(said) = &health.portal
        && let Err(error) = portals::follow(&hub.ground, &peer, said).await
    {
        tracing::warn!(instance = %peer, %error, "the address of a portal waits for a later report");
    }
    let again = damage::wanted_of(&hub.ground, &peer).await?;
    let restored = restored::last_at(&hub.ground.db).await?;
    if again.is_empty() && restored.is_none() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(HealthAnswer { again, restored }).into_response())
}
