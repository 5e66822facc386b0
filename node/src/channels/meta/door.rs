//! Where the provider knocks: once with a word that was agreed on, and then with what people say.
//! Nothing of a body is read before its signature is found right, and it is acknowledged when all
//! of it is on disk.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{Meta, hashed, signature};
use crate::api::problem;
use crate::channels::Name;
use crate::channels::settings::ChannelSettings;
use crate::error::NodeError;
use crate::node::Node;

/// Bytes of what it hands over, at most.
const LONGEST: usize = 1 << 20;
/// Of what it wants to hear again.
const CHALLENGE: usize = 200;
const SIGNATURE: &str = "x-hub-signature-256";

/// The provider makes sure that the door is that of whoever entered it.
#[derive(Deserialize)]
struct Entering {
    #[serde(rename = "hub.mode", default)]
    mode: String,
    #[serde(rename = "hub.verify_token", default)]
    word: String,
    #[serde(rename = "hub.challenge", default)]
    challenge: String,
}

/// The door, where a line is on. Where the settings cannot be used there is none, and `serve` has
/// said why.
pub fn routes(settings: &ChannelSettings) -> Router<Arc<Node>> {
    let Ok(Some(meta)) = Meta::of(settings) else {
        return Router::new();
    };
    let meta = Arc::new(meta);
    let known = meta.clone();
    let enter = move |Query(told): Query<Entering>| std::future::ready(entered(&known, told));
    let take = async move |State(node): State<Arc<Node>>, headers: HeaderMap, body: Bytes| {
        take(&node, &meta, &headers, &body).await
    };
    Router::new()
        .route("/saluran/meta", get(enter).post(take))
        .layer(DefaultBodyLimit::max(LONGEST))
}

fn entered(meta: &Meta, told: Entering) -> Response {
    let right = bool::from(hashed(&told.word).ct_eq(&meta.verify));
    let plain = told.challenge.len() <= CHALLENGE
        && told.challenge.bytes().all(|b| b.is_ascii_alphanumeric());
    if !right || told.mode != "subscribe" || !plain {
        return StatusCode::FORBIDDEN.into_response();
    }
    told.challenge.into_response()
}

async fn take(node: &Node, meta: &Meta, headers: &HeaderMap, body: &[u8]) -> Response {
    let told = headers.get(SIGNATURE).and_then(|told| told.to_str().ok());
    if !signature::is_right(&meta.app_secret, body, told.unwrap_or_default()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match take_apart(node, meta, body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => problem(&error).into_response(),
    }
}

async fn take_apart(node: &Node, meta: &Meta, body: &[u8]) -> Result<(), NodeError> {
    let keywords = if meta.goes_by_keywords() {
        node.keywords_in_force().await?
    } else {
        Vec::new()
    };
    let own = node.below_own(Name::Facebook, meta.below(body)).await?;
    for (line, said) in meta.messages(body, &keywords, &own) {
        node.take_in(&*line, &said).await?;
    }
    for (id, fate) in meta.receipts(body) {
        node.take_receipt(Name::Whatsapp, &id, &fate).await?;
    }
    Ok(())
}
