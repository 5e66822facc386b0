//! The JSON API for applications and officers, `/api/v1`, with its OpenAPI
//! document and a page that explains it.
//!
//! A handler reads a request, calls the node, and answers; it knows no SQL and
//! no rule. Every refusal is a problem; bodies and queries are never logged.

mod access;
mod accounts;
mod acts;
mod arrangements;
mod aside;
mod assignments;
mod audit;
mod cases;
pub(crate) mod catalogue;
mod categories;
mod changes;
mod channels;
mod cities;
mod counter;
mod deadlines;
mod documents;
mod drafts;
mod editions;
mod erasures;
mod examples;
mod federation;
mod figures;
mod filters;
mod hints;
mod identities;
mod imports;
mod keywords;
pub mod kinds;
mod openapi;
mod own_numbers;
mod paging;
mod programmes;
mod refusals;
mod register_tables;
mod repeated;
mod reporters;
mod reports;
mod several;
mod shapes;
mod staff;
mod tables;
mod talks;
#[cfg(test)]
mod tests;
mod uploads;
mod ways;
mod webhooks;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use lapor_web::reading::JSON_BYTES;
use lapor_web::{ApiProblem, docs};

use crate::node::Node;

pub use openapi::document;
pub(crate) use refusals::{problem, staff_problem};
pub(crate) use reporters::Address;

/// Where the documentation page stands.
pub const DOCS: &str = "/api/docs";
/// Where the OpenAPI document stands.
pub const OPENAPI: &str = "/api/v1/openapi.json";
const STYLE: &str = "/api/docs/lapor.css";

type Answer<T> = Result<T, ApiProblem>;

/// The API's routes, with the health of the listener beside them.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    let (keyed, _) = openapi::keyed().split_for_parts();
    let (repeated, _) = openapi::repeated().split_for_parts();
    let once = from_fn_with_state(Arc::clone(node), repeated::once);
    let v1 = keyed.merge(repeated.layer(once));
    Router::new()
        .nest("/api/v1", v1)
        .nest("/api/v1/uploads/resumable", uploads::resumable(node))
        .route(OPENAPI, get(documents::openapi))
        .route(DOCS, get(documents::docs))
        .route(STYLE, get(async || docs::style()))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(federation::ready))
        .layer(DefaultBodyLimit::max(JSON_BYTES))
}
