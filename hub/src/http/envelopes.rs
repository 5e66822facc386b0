//! One envelope again, exactly as it was sent, for its author and for those
//! who were sent it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::problem::Code;

use super::{Peer, body};
use crate::app::Hub;
use crate::casefile;
use crate::damage;
use crate::error::HubError;
use crate::store;

/// `GET /envelopes/{id}`.
pub async fn exact(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    Path(id): Path<String>,
) -> Result<Response, HubError> {
    let id = body::id(&id, Code::EnvelopeUnknown)?;
    let line = damage::noted(&hub.ground, line_for(&hub, &peer, id).await).await?;
    Ok(([(CONTENT_TYPE, "application/json")], line).into_response())
}

async fn line_for(hub: &Hub, peer: &InstanceId, id: EnvelopeId) -> Result<String, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let stored = store::envelopes::by_id(&mut tx, id).await?;
    let stored = stored.ok_or(Code::EnvelopeUnknown)?;
    let allowed = stored.author == *peer
        || match stored.case {
            // A link is shown in its second case, too.
            Some(_) => {
                let cases = store::rulings::cases(&mut tx, stored.number).await?;
                may_read_in_any(hub, &mut tx, &cases, stored.number, peer).await?
            }
            None => store::rulings::applied(&mut tx, stored.number).await?,
        };
    if !allowed {
        return Err(Code::EnvelopeUnknown.into());
    }
    if damage::is_whole(&stored.line, id) {
        Ok(stored.line)
    } else {
        Err(HubError::Message(id))
    }
}

/// Whether an instance has been sent a message whole, in any of these cases.
pub async fn may_read_in_any(
    hub: &Hub,
    tx: &mut Tx,
    cases: &[CaseId],
    number: i64,
    peer: &InstanceId,
) -> Result<bool, HubError> {
    let directory = hub.ground.directory.refresh(tx).await?;
    let files = casefile::load(tx, &directory, cases.iter().copied()).await?;
    let world = directory.latest();
    Ok(files
        .values()
        .any(|file| file.may_read(number, peer, world)))
}
