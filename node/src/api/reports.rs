//! Filing a report.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use lapor_protocol::ids::CaseId;
use lapor_web::{Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::Answer;
use super::access::{Caller, IdempotencyKey};
use super::refusals::problem;
use crate::casework::{Filed, NewReport};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{FilingTerms, Notify, check_contacts};
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FilingQuery {
    /// Whether the reporter gets a key to their conversation; it is told in this answer alone.
    key: Option<bool>,
    /// Whether the reporter is told by e-mail of what happens; needs the key.
    notify: Option<bool>,
}

/// File a report
///
/// The report becomes a case of this institution at once, hub or no hub. The ticket is what the
/// reporter keeps. Who reports is stored apart from the case and is never sent with it. With
/// `key=true` the answer also has `key`, sixteen digits that open the reporter's conversation with
/// the ticket, and `recoverable`. With an `Idempotency-Key` the same request sent again files no
/// second case and gets the same answer, key included.
#[utoipa::path(
    post,
    path = "/reports",
    operation_id = "fileReport",
    tag = "reports",
    params(FilingQuery, IdempotencyKey),
    request_body = NewReport,
    responses((status = 201, description = "The report is filed; `Location` is its case.", body = Filed)),
    security(("token" = []))
)]
pub async fn file(
    State(node): State<Arc<Node>>,
    caller: Caller,
    key: IdempotencyKey,
    Query(query): Query<FilingQuery>,
    Json(report): Json<NewReport>,
) -> Answer<Response> {
    let sight = caller.sees(Scope::ReportsFile)?;
    let actor = caller.actor();
    let once = key.of(&actor)?;
    let wrong = |error: NodeError| problem(&error);
    sight.takes(report.region.as_ref()).map_err(wrong)?;
    let contacts = report.reporter.as_ref().map_or(Ok(()), check_contacts);
    contacts.map_err(wrong)?;
    if query.key.unwrap_or(false) {
        let notify = if query.notify.unwrap_or(false) {
            Notify::Email
        } else {
            Notify::Off
        };
        let terms = FilingTerms {
            actor: Some(&actor),
            notify,
            once: once.as_ref(),
            ..FilingTerms::default()
        };
        let filed = node.file_for_reporter(report, terms).await.map_err(wrong)?;
        return Ok(created(filed.filed.case, &filed));
    }
    let filed = match once {
        Some(once) => node.file_once(report, &actor, &once).await,
        None => node.file(report, &actor).await,
    };
    let filed = filed.map_err(wrong)?;
    Ok(created(filed.case, &filed))
}

fn created(case: CaseId, answer: &impl Serialize) -> Response {
    let location = format!("/api/v1/cases/{case}");
    (StatusCode::CREATED, [(LOCATION, location)], Json(answer)).into_response()
}
