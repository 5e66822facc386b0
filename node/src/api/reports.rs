//! Filing a report.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::LOCATION;
use lapor_web::Json;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::casework::{Filed, NewReport};
use crate::node::Node;

/// File a report
///
/// The report becomes a case of this institution at once, hub or no hub. The ticket is what the
/// reporter keeps. Who reports is stored apart from the case and is never sent with it.
#[utoipa::path(
    post,
    path = "/reports",
    operation_id = "fileReport",
    tag = "reports",
    request_body = NewReport,
    responses((status = 201, description = "The report is filed; `Location` is its case.", body = Filed)),
    security(("token" = []))
)]
pub async fn file(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(report): Json<NewReport>,
) -> Answer<impl IntoResponse> {
    caller.handles_cases()?;
    let filed = node
        .file(report, &caller.actor())
        .await
        .map_err(|e| problem(&e))?;
    let location = format!("/api/v1/cases/{}", filed.case);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(filed)))
}
