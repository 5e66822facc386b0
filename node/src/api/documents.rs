//! The OpenAPI document and the page made from it; neither needs a token.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use lapor_web::docs;
use lapor_web::language::Language;
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::{Answer, OPENAPI, STYLE, document};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocsQuery {
    #[serde(default)]
    lang: Language,
}

pub async fn openapi() -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, document().to_string()).into_response()
}

pub async fn docs(Query(query): Query<DocsQuery>) -> Answer<Response> {
    docs::page(document(), query.lang, "$NODE/api/v1", STYLE, OPENAPI).map_err(|error| {
        tracing::error!(%error, "the documentation page cannot be made");
        ApiProblem::internal()
    })
}
