//! Requests that come again under an `Idempotency-Key`, for all operations that do not answer for it in
//! the transaction of their work: done once, and answered as the first time. What was begun goes on
//! when the caller hangs up, so that its answer is known when they ask again.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use lapor_web::ApiProblem;
use lapor_web::reading::too_many_bytes;
use lapor_web::trace::Trace;
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use super::access::{Caller, IDEMPOTENCY_KEY, IdempotencyKey};
use super::refusals::problem;
use super::{Answer, JSON_BYTES};
use crate::casework::Asked;
use crate::node::Node;

/// Headers of an answer that are given again.
const HEADERS: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, CACHE_CONTROL];

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    /// Those of [`HEADERS`] that it had, in their order.
    headers: Vec<Option<String>>,
    body: String,
}

/// Does once what carries a key; all else passes.
pub async fn once(State(node): State<Arc<Node>>, request: Request, next: Next) -> Response {
    let changes = matches!(*request.method(), Method::POST | Method::PATCH);
    if !changes || !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return next.run(request).await;
    }
    // What it stores belongs to the trace of the request.
    let work = Trace::here().scope(async move { under_key(&node, request, next).await });
    let done = tokio::spawn(work.in_current_span()).await;
    let answer = done.unwrap_or_else(|failed| {
        tracing::error!(%failed, "a request under a key did not end");
        Err(ApiProblem::internal())
    });
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn under_key(node: &Arc<Node>, request: Request, next: Next) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, JSON_BYTES).await;
    let body = body.map_err(|_| too_many_bytes(JSON_BYTES as u64))?;
    let asked = asked(node, &mut parts, &body).await?;
    let known: Option<Kept> = asked.begin(node).await.map_err(|e| problem(&e))?;
    if let Some(kept) = known {
        return kept.again();
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    // What was refused did nothing; of what failed nobody knows.
    if response.status().is_client_error() {
        asked.give_up(node).await.map_err(|e| problem(&e))?;
    }
    if !response.status().is_success() {
        return Ok(response);
    }
    let kept = Kept::of(response).await?;
    if let Err(error) = asked.end(node, &kept).await {
        // It is done all the same; who asks again is told that nobody knows.
        tracing::error!(%error, "the answer to a program could not be kept");
    }
    kept.again()
}

/// The request as it is told apart from others of this caller.
async fn asked(node: &Arc<Node>, parts: &mut Parts, body: &[u8]) -> Answer<Asked> {
    let caller = Caller::from_request_parts(parts, node).await?;
    let key = IdempotencyKey::from_request_parts(parts, &()).await;
    let key = key.unwrap_or_else(|never| match never {});
    let once = key.of(&caller.actor())?.ok_or_else(ApiProblem::internal)?;
    let told = (parts.method.as_str(), parts.uri.to_string(), body);
    let once = once.told_by(&told).map_err(|e| problem(&e))?;
    once.asking(&()).map_err(|e| problem(&e))
}

impl Kept {
    async fn of(response: Response) -> Answer<Self> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await;
        let body = body.map_err(|_| ApiProblem::internal())?;
        let text = |name| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
        Ok(Self {
            status: parts.status.as_u16(),
            headers: HEADERS.map(text).to_vec(),
            body: String::from_utf8(body.to_vec()).map_err(|_| ApiProblem::internal())?,
        })
    }

    fn again(self) -> Answer<Response> {
        let status = StatusCode::from_u16(self.status).map_err(|_| ApiProblem::internal())?;
        let mut response = (status, self.body).into_response();
        response.headers_mut().remove(CONTENT_TYPE);
        for (name, value) in HEADERS.into_iter().zip(self.headers) {
            let value = value.and_then(|text| HeaderValue::from_str(&text).ok());
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}
