//! The console for programs, `/api/v1` on its listener, with an OpenAPI document
//! and a page that explains it. A handler asks and does what the pages ask and
//! do, by the same functions; who acts is some operator, by a token of theirs.

mod access;
mod acting;
mod alarm_acts;
mod alarms;
mod audit;
mod casework;
mod decisions;
mod documents;
mod federation;
mod instances;
mod invitations;
mod membership;
mod once;
mod recipients;
mod roadmap;
#[cfg(test)]
mod tests;
mod upkeep;
mod upkeep_acts;
mod words;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::routing::get;
use axum::{Router, middleware};
use http::StatusCode;
use http::request::Parts;
use lapor_web::reading::JSON_BYTES;
use lapor_web::{ApiProblem, Query, docs};
use serde::Deserialize;

use super::Console;
use crate::error::HubError;
use crate::watch::Picture;

/// Where the documentation page stands.
pub const DOCS: &str = "/api/docs";
const OPENAPI: &str = "/api/v1/openapi.json";
const STYLE: &str = "/api/docs/lapor.css";

/// Lines of a list if nothing is asked, and at most.
const PAGE: u32 = 50;
const MOST: u32 = 200;

pub use once::sweep;

type Answer<T> = Result<T, ApiProblem>;

/// Of an operation without a query: what is asked all the same is refused as elsewhere.
pub struct Unasked;

impl<S: Send + Sync> FromRequestParts<S> for Unasked {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let asked = Query::<Nothing>::from_request_parts(parts, state).await;
        asked.map(|Query(Nothing {})| Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub fn routes(console: &Arc<Console>) -> Router<Arc<Console>> {
    let (v1, _) = documents::routes().split_for_parts();
    let once = middleware::from_fn_with_state(Arc::clone(console), once::once);
    let v1 = v1.layer(once);
    Router::new()
        .nest("/api/v1", v1)
        .route(OPENAPI, get(documents::openapi))
        .route(DOCS, get(documents::docs))
        .route(STYLE, get(async || docs::style()))
        .layer(DefaultBodyLimit::max(JSON_BYTES))
}

/// The federation as the hub last looked; until it has, programs are asked to come again.
fn picture(console: &Console) -> Answer<Arc<Picture>> {
    let picture = console.hub.watch.picture();
    if picture.at > 0 {
        return Ok(picture);
    }
    let title = "The hub has not looked at the federation yet";
    let early = ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, "starting", title);
    Err(early
        .with_detail("It has just started; ask again in a few seconds.")
        .retry_after(2))
}

/// What a program is told of a query that cannot be answered.
fn wrong(detail: impl Into<String>) -> ApiProblem {
    let title = "The query cannot be used";
    ApiProblem::new(StatusCode::BAD_REQUEST, "invalid_query", title).with_detail(detail)
}

/// How many lines of a list a program wants at once.
fn limit(asked: Option<u32>) -> Answer<u32> {
    let limit = asked.unwrap_or(PAGE);
    let fits = (1..=MOST).contains(&limit);
    let unfit = || wrong(format!("limit: expected 1 to {MOST}."));
    fits.then_some(limit).ok_or_else(unfit)
}

/// What it is told of something that there is not.
fn absent(title: &'static str, detail: impl Into<String>) -> ApiProblem {
    ApiProblem::new(StatusCode::NOT_FOUND, "not_found", title).with_detail(detail)
}

/// What a program is told of a failure of the hub.
fn problem(error: &HubError) -> ApiProblem {
    match error {
        HubError::Database(error) => ApiProblem::database(error),
        error => {
            tracing::error!(%error, "a question of a program could not be answered");
            ApiProblem::internal()
        }
    }
}
