//! What a member brings back while the hub lacks what it has signed for.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;
use lapor_protocol::limits::BATCH_BYTES;
use lapor_protocol::problem::Code;
use lapor_protocol::recovery::RecoveryAnswer;
use lapor_protocol::wire::NDJSON;

use super::{Peer, body};
use crate::app::Hub;
use crate::error::HubError;
use crate::{restored, retrieval, witness};

/// `POST /recovery`: bounded as a batch is.
pub async fn bring(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<RecoveryAnswer>, HubError> {
    let shown = witness::shown(&headers)?;
    let lost = hub.witness.known_loss().is_some();
    if !lost && !hub.witness.reopen(&hub.ground, &peer, &shown).await? {
        return Err(Code::NotFound.into());
    }
    body::expect_type(&headers, NDJSON)?;
    let _place = hub.admission.batches.take(peer.clone(), None)?;
    let seconds = hub.settings().limits.body_seconds;
    let packed = body::read(sent, BATCH_BYTES, seconds, Code::BatchTooLarge).await?;
    hub.admission.bytes(&peer, packed.len())?;
    let lines = body::unpack(&headers, packed, BATCH_BYTES).await?;
    let count = lines.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    hub.admission.envelopes(&peer, count.count().max(1))?;
    let answer = retrieval::accept(&hub, &peer, &shown, &lines).await?;
    if answer.whole {
        // Whoever asked may go: what is begun is ended.
        let settling = tokio::spawn(async move { restored::settle(&hub).await });
        if let Err(error) = settling.await.map_err(|_| HubError::Aborted).flatten() {
            tracing::error!(%error, "what members have brought back could not be put in its place");
        }
    }
    Ok(Json(answer))
}
