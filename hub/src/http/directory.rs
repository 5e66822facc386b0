//! The control stream: signed directory versions, on a poll of their own so
//! that they never wait behind a backlog.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use lapor_protocol::directory::DirectoryVersion;
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::Envelope;
use serde::Deserialize;

use super::held::holding;
use super::{Peer, body};
use crate::app::Hub;
use crate::error::HubError;
use crate::store;

/// A page ends when it has more than this.
const PAGE_BYTES: usize = 4 << 20;

/// `GET /directory?since=&wait=`.
#[derive(Debug, Deserialize)]
pub struct SinceQuery {
    #[serde(default)]
    since: u64,
    #[serde(default)]
    wait: u64,
}

/// A `DirectoryPage`, built from the stored lines.
pub async fn versions(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    query: Result<Query<SinceQuery>, QueryRejection>,
) -> Result<Response, HubError> {
    let SinceQuery { since, wait } = body::query(query)?;
    if since > hub.ground.directory.current().version() {
        // Another process of this hub may have published what this one has not heard of.
        hub.ground.directory.look(&hub.ground.db).await?;
    }
    let mut version = hub.ground.directory.watch();
    if *version.borrow_and_update() <= since {
        let event = async {
            // The book lives as long as the hub; an end is as good as an event.
            let _ = version.wait_for(|version| *version > since).await;
        };
        hub.wait_for(&peer, wait, event).await?;
    }
    let latest = hub.ground.directory.current().version();
    let mut place = None;
    let lines = if latest > since {
        place = Some(hub.admission.answers.take(peer)?);
        // Boxed, so that a request that waits does not hold the room for its page.
        Box::pin(lines_after(&hub, since)).await?
    } else {
        Vec::new()
    };
    let head = match lines.last() {
        Some(line) => format!(r#""head":{},"#, sign_head(&hub, line)?),
        None => String::new(),
    };
    let versions = lines.join(",");
    let page = format!(r#"{{"versions":[{versions}],{head}"latest":{latest}}}"#);
    let response = ([(CONTENT_TYPE, "application/json")], page).into_response();
    Ok(holding(response, place))
}

/// What a member shows later of the last version that it was sent.
fn sign_head(hub: &Hub, line: &str) -> Result<String, HubError> {
    let published = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
    let stated: DirectoryVersion =
        serde_json::from_slice(&published.payload).map_err(HubError::damaged)?;
    let head = DirectoryHead {
        version: stated.version,
        id: published.id(),
        at: hub.now_ms(),
    };
    let ground = &hub.ground;
    let signer = ground
        .signers
        .signing_at(&ground.directory.current(), head.version);
    Ok(head.sign(&signer).to_line())
}

async fn lines_after(hub: &Hub, since: u64) -> Result<Vec<String>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    Ok(store::directory::after(&mut tx, since, PAGE_BYTES).await?)
}
