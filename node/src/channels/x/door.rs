//! The door at which X knocks: it asks whether this node knows the secret, and shows by a signature
//! over the whole body that it does itself.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use lapor_web::ApiProblem;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{X, posts};
use crate::api::problem;
use crate::node::Node;

const PATH: &str = "/saluran/x";
const LONGEST: usize = 1024 * 1024;
const SIGNATURE: &str = "x-twitter-webhooks-signature";
/// Signs of what X asks to be signed.
const LONGEST_TOKEN: usize = 512;

#[derive(Deserialize)]
struct Asked {
    crc_token: String,
}

pub fn routes(line: Arc<X>) -> Router<Arc<Node>> {
    let answers = {
        let line = Arc::clone(&line);
        async move |Query(asked): Query<Asked>| answers(&line, &asked)
    };
    let take = async move |State(node): State<Arc<Node>>, headers: HeaderMap, body: Bytes| {
        take(&line, &node, &headers, &body).await
    };
    let door = Router::new().route(PATH, get(answers).post(take));
    door.layer(DefaultBodyLimit::max(LONGEST))
}

/// Anybody may ask, and what is signed here opens the door below: so it is nothing that a body could
/// be.
fn answers(line: &X, asked: &Asked) -> Response {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    let token = &asked.crc_token;
    if token.len() > LONGEST_TOKEN || !token.bytes().all(is_plain) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let token = signature(line.secret(), token.as_bytes());
    Json(json!({ "response_token": token })).into_response()
}

async fn take(line: &X, node: &Node, headers: &HeaderMap, body: &[u8]) -> Response {
    let ours = signature(line.secret(), body);
    let shown = headers.get(SIGNATURE).map(HeaderValue::as_bytes);
    if !shown.is_some_and(|shown| bool::from(shown.ct_eq(ours.as_bytes()))) {
        return ApiProblem::not_found().into_response();
    }
    // A token that was signed for somebody is no object.
    let Some(raws) = posts::apart(body, &line.account) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match node.take_in(line, &raws).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => problem(&error).into_response(),
    }
}

fn signature(secret: &str, text: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text);
    format!(
        "sha256={}",
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    )
}
