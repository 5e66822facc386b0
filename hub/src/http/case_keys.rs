//! Wraps of a case's content key: kept for parties, given by parties.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use lapor_protocol::directory::{DirectoryAt, Status};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::keys::KeyId;
use lapor_protocol::limits::WRAPS;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::Subject;
use lapor_protocol::wire::CaseKeys;

use super::{Peer, body};
use crate::app::Hub;
use crate::casefile;
use crate::damage;
use crate::error::HubError;
use crate::store;
use crate::store::wraps::NewWrap;

/// `GET /cases/{case}/keys`: the caller's wraps, and for a party also who
/// lacks one.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    Path(case): Path<String>,
) -> Result<Json<CaseKeys>, HubError> {
    let case: CaseId = body::id(&case, Code::CaseUnknown)?;
    let keys = keys_for(&hub, &peer, case).await;
    damage::noted(&hub.ground, keys).await.map(Json)
}

async fn keys_for(hub: &Hub, peer: &InstanceId, case: CaseId) -> Result<CaseKeys, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let directory = hub.ground.directory.refresh(&mut tx).await?;
    let world = directory.latest();
    let file = casefile::load_one(&mut tx, &directory, case).await?;
    let redacted = file.as_ref().is_some_and(|file| file.case.redacted);
    let parties = file.map_or_else(BTreeSet::new, |file| file.case.parties(world));
    let subject = Subject::Case(case).to_string();
    let stored = store::wraps::of_cases(&mut tx, peer, [case]).await?;
    let own = stored.iter().filter(|wrap| wrap.subject == subject);
    let wraps = own
        .map(|wrap| serde_json::from_str(&wrap.wrap))
        .collect::<Result<Vec<_>, _>>()
        .map_err(HubError::damaged)?;
    let is_party = parties.contains(peer);
    if !is_party && wraps.is_empty() {
        return Err(Code::CaseUnknown.into());
    }
    // What has been erased is owed to nobody.
    let missing = if is_party && !redacted {
        let holders = store::wraps::holders(&mut tx, case).await?;
        parties
            .into_iter()
            .filter(|party| lacks_wrap(party, &holders, world))
            .collect()
    } else {
        Vec::new()
    };
    Ok(CaseKeys {
        case,
        wraps,
        missing,
    })
}

/// `PUT /cases/{case}/keys`: from a party, for parties. A recipient that has
/// ceased to be one meanwhile is passed over.
pub async fn add(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    Path(case): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Result<StatusCode, HubError> {
    let case: CaseId = body::id(&case, Code::CaseUnknown)?;
    let seconds = hub.settings().limits.body_seconds;
    let keys: CaseKeys = body::json(&headers, sent, seconds).await?;
    if keys.case != case || keys.wraps.len() > WRAPS {
        let detail = format!("expected at most {WRAPS} wraps for the case in the path");
        return Err(HubError::refused(Code::MalformedRequest, detail));
    }
    let mut tx = hub.ground.db.write().await?;
    let directory = hub.ground.directory.refresh(&mut tx).await?;
    let file = casefile::load_one(&mut tx, &directory, case).await?;
    let file = file.ok_or(Code::CaseUnknown)?;
    let parties = file.case.parties(directory.latest());
    if !parties.contains(&peer) {
        return Err(Code::CaseUnknown.into());
    }
    if file.case.redacted {
        return Ok(StatusCode::NO_CONTENT);
    }
    let wraps = keys.wraps.into_iter();
    let world = directory.latest();
    let wraps = wraps.filter(|wrap| {
        let recipient = world.instance(&wrap.recipient);
        parties.contains(&wrap.recipient) && recipient.is_some_and(|entry| wrap.may_open(entry))
    });
    let rows = wraps.map(|wrap| NewWrap {
        subject: Subject::Case(case),
        author: peer.clone(),
        case,
        number: None,
        wrap,
    });
    store::wraps::save(&mut tx, rows.collect()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A party with a sealing key to which nobody has wrapped the case's key.
fn lacks_wrap(party: &InstanceId, holders: &[(InstanceId, KeyId)], world: DirectoryAt<'_>) -> bool {
    let entry = world
        .instance(party)
        .filter(|entry| entry.status != Status::Revoked);
    let Some(key) = entry.and_then(|entry| entry.sealing_key()) else {
        return false;
    };
    !holders
        .iter()
        .any(|(holder, kid)| holder == party && *kid == key.jwk.kid)
}
