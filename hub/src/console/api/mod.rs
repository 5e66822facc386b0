//! The console's figures for programs, `/api/v1` on the console's listener,
//! with their OpenAPI document and a page that explains it. Everything is read
//! and nothing done; a handler asks what the pages ask.

mod access;
mod audit;
mod documents;
mod federation;
mod instances;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use lapor_web::{ApiProblem, docs};

use super::Console;
use crate::error::HubError;

/// Where the documentation page stands.
pub const DOCS: &str = "/api/docs";
const OPENAPI: &str = "/api/v1/openapi.json";
const STYLE: &str = "/api/docs/lapor.css";

type Answer<T> = Result<T, ApiProblem>;

pub fn routes() -> Router<Arc<Console>> {
    let (v1, _) = documents::routes().split_for_parts();
    Router::new()
        .nest("/api/v1", v1)
        .route(OPENAPI, get(documents::openapi))
        .route(DOCS, get(documents::docs))
        .route(STYLE, get(async || docs::style()))
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
