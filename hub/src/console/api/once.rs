//! Requests that may come twice: a program that does not know whether its act
//! arrived sends it again under the same key and gets the first answer. An act
//! is noted before it begins, so that one that broke off is done no second
//! time, and goes on when its caller hangs up. Answers may hold what is told
//! once and are kept sealed.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use lapor_web::reading::too_many_bytes;
use lapor_web::{ApiProblem, people};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::Instrument as _;

use super::Answer;
use super::access::Caller;
use crate::console::Console;
use crate::error::HubError;
use crate::keys;
use crate::store::answers::{self, AnswerRow};

/// The header.
pub const KEY: &str = "idempotency-key";
/// What is said of it to programs.
pub const ABOUT: &str = "16 to 128 visible characters, new for each request, such as a random UUID: sent \
     again under the same key within a week, a request is done once and answered as the first time.";
const KEPT_MS: i64 = 7 * 86_400_000;
/// Bytes of a request and of an answer, at most.
const BYTES: usize = 512 * 1024;
/// Seconds after which it is worth to ask again.
const AGAIN: u32 = 2;

/// A request under a key, by what is stored of it.
struct Asked {
    scope: String,
    hash: [u8; 32],
    request: [u8; 32],
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    body: String,
}

/// Does an act that carries a key once.
pub async fn once(
    State(console): State<Arc<Console>>,
    request: Request,
    next: Next,
) -> Answer<Response> {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return Ok(next.run(request).await);
    }
    let work = async move { under_key(&console, request, next).await };
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|failed| {
        tracing::error!(%failed, "an act under a key did not end");
        Err(ApiProblem::internal())
    })
}

async fn under_key(console: &Arc<Console>, request: Request, next: Next) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let scope = Caller::from_request_parts(&mut parts, console).await?;
    let body = to_bytes(body, BYTES).await;
    let body = body.map_err(|_| too_many_bytes(BYTES as u64))?;
    let asked = Asked::of(scope.actor(), &parts, &body)?;
    if let Some(known) = asked.begin(console).await? {
        return asked.again(console, known);
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    asked.keep(console, answer).await
}

/// Forgets old answers.
pub async fn sweep(console: &Console) -> Result<(), lapor_migrations::DbError> {
    let ground = &console.hub.ground;
    let mut tx = ground.db.write().await?;
    answers::expire(&mut tx, ground.clock.now_ms() - KEPT_MS).await?;
    tx.commit().await
}

impl Asked {
    fn of(scope: String, parts: &Parts, body: &Bytes) -> Answer<Self> {
        let key = parts.headers.get(KEY).and_then(|key| key.to_str().ok());
        let fits = |key: &&str| (16..=128).contains(&key.len()) && !key.contains(' ');
        let key = key.filter(fits).ok_or_else(|| {
            let detail = "Idempotency-Key: expected 16 to 128 visible ASCII characters, such as a random UUID.";
            ApiProblem::invalid().with_detail(detail)
        })?;
        let digest = |texts: [&[u8]; 3]| -> [u8; 32] {
            let mut hash = Sha256::new();
            for text in texts {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            hash.finalize().into()
        };
        let path = parts.uri.path().as_bytes();
        Ok(Self {
            hash: digest([b"lapor hub once", scope.as_bytes(), key.as_bytes()]),
            request: digest([key.as_bytes(), path, body]),
            scope,
        })
    }

    fn place(&self) -> (&str, &[u8]) {
        (&self.scope, &self.hash)
    }

    /// Whose a sealed answer is.
    fn owner(&self) -> String {
        format!("answer:{}", hex::encode(self.hash))
    }

    /// What is known of the request; `None` where it begins now.
    async fn begin(&self, console: &Console) -> Answer<Option<AnswerRow>> {
        let ground = &console.hub.ground;
        let begin = async {
            let mut tx = ground.db.write().await?;
            let now = ground.clock.now_ms();
            if answers::begin(&mut tx, self.place(), &self.request, now).await? {
                tx.commit().await?;
                return Ok(None);
            }
            answers::find(&mut tx, self.place()).await
        };
        begin.await.map_err(|error| ApiProblem::database(&error))
    }

    fn again(&self, console: &Console, known: AnswerRow) -> Answer<Response> {
        if known.request != self.request {
            let title = "The key was given to another request";
            let reused = ApiProblem::new(StatusCode::CONFLICT, "key_reused", title);
            return Err(reused.with_detail("Give each request a key of its own."));
        }
        let sealed = known.answer.ok_or_else(|| {
            let title = "The same request is under way, or broke off";
            let waits = ApiProblem::new(StatusCode::CONFLICT, "in_doubt", title);
            waits
                .with_detail(
                    "Ask again in a moment. If it stays so, look into the audit log whether it was \
                     done, and ask anew under another key.",
                )
                .retry_after(AGAIN)
        })?;
        let vault = keys::vault(console.hub.settings());
        let text = vault.open(&self.owner(), &sealed);
        let text = text.map_err(|error| people::refusal(&error))?;
        let kept: Kept = serde_json::from_slice(&text).map_err(damaged)?;
        answered(kept)
    }

    /// Keeps what was answered. What was refused did nothing and may be asked again under the same
    /// key; of what failed nobody knows.
    async fn keep(&self, console: &Console, answer: Response) -> Answer<Response> {
        let status = answer.status();
        let ground = &console.hub.ground;
        if status.is_client_error() {
            let forget = async {
                let mut tx = ground.db.write().await?;
                answers::forget(&mut tx, self.place()).await?;
                tx.commit().await
            };
            forget.await.map_err(|error| ApiProblem::database(&error))?;
            return Ok(answer);
        }
        if !status.is_success() {
            return Ok(answer);
        }
        let body = to_bytes(answer.into_body(), BYTES).await.map_err(damaged)?;
        let kept = Kept {
            status: status.as_u16(),
            body: String::from_utf8(body.into()).map_err(damaged)?,
        };
        let keep = async {
            let text = serde_json::to_vec(&kept).map_err(HubError::damaged)?;
            let vault = keys::vault(console.hub.settings());
            let sealed = vault
                .seal(&self.owner(), &text)
                .map_err(HubError::damaged)?;
            let mut tx = ground.db.write().await?;
            answers::keep(&mut tx, self.place(), &sealed).await?;
            tx.commit().await?;
            Ok::<_, HubError>(())
        };
        // It is done all the same; who asks again is told that nobody knows.
        if let Err(error) = keep.await {
            tracing::error!(%error, "the answer to a program could not be kept");
        }
        answered(kept)
    }
}

fn answered(kept: Kept) -> Answer<Response> {
    let status = StatusCode::from_u16(kept.status).map_err(damaged)?;
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((status, [json], kept.body).into_response())
}

fn damaged(error: impl std::fmt::Display) -> ApiProblem {
    tracing::error!(%error, "the answer to a program cannot be kept or read");
    ApiProblem::internal()
}
