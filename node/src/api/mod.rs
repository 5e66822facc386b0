//! The JSON API for applications and officers, `/api/v1`, with its OpenAPI
//! document and a page that explains it.
//!
//! A handler reads a request, calls the node, and answers; it knows no SQL and
//! no rule. Every refusal is a problem; bodies and queries are never logged.

mod access;
mod acts;
mod audit;
mod cases;
mod catalogue;
mod documents;
mod editions;
mod examples;
mod federation;
pub mod kinds;
mod openapi;
mod paging;
mod programmes;
mod refusals;
mod reports;
#[cfg(test)]
mod tests;
mod uploads;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use lapor_web::{ApiProblem, docs, entrance, monitor, serving};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::monitor::TRAFFIC;
use crate::node::Node;

pub use openapi::document;

/// Where the documentation page stands.
pub const DOCS: &str = "/api/docs";
/// Where the OpenAPI document stands.
pub const OPENAPI: &str = "/api/v1/openapi.json";
const STYLE: &str = "/api/docs/lapor.css";
/// Bytes of a JSON body, at most; uploads have a limit of their own.
const JSON_BYTES: usize = 1024 * 1024;

type Answer<T> = Result<T, ApiProblem>;

/// Serves the API until `shutdown`, then drains.
pub async fn serve(
    node: Arc<Node>,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    Ok(serving::serve(listener, router(node), shutdown).await?)
}

/// All routes of the API listener.
pub fn router(node: Arc<Node>) -> Router {
    let (v1, _) = openapi::routes().split_for_parts();
    let router = Router::new()
        .nest("/api/v1", v1)
        .route(OPENAPI, get(documents::openapi))
        .route(DOCS, get(documents::docs))
        .route(STYLE, get(async || docs::style()))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(federation::ready))
        .layer(DefaultBodyLimit::max(JSON_BYTES));
    entrance::guard(monitor::count(router, &TRAFFIC)).with_state(node)
}
