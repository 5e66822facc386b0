//! Taking in files before the report or act that uses them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use lapor_web::Json;
use lapor_web::reading::{too_many_bytes, unsupported_media};

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::media::{Door, UploadReceipt};
use crate::node::Node;
use crate::resumable;
use crate::tokens::Scope;

/// Whoever may use a file somewhere may bring it.
pub const NEEDS: &[Scope] = &[Scope::ReportsFile, Scope::CasesAct, Scope::ProgrammesWrite];

/// Upload a file
///
/// The body is the file itself, not a form. What it is, its content decides: pictures (JPEG, PNG,
/// WebP), PDF, video (MP4, MOV, WebM), documents (DOCX, XLSX, ODT, ODS) and plain text are taken.
/// Pictures and films lose the place and the device they were made with, a PDF who made it and
/// when, unless it is encrypted or signed. The answer's `upload` goes into `attachments` of a
/// report or an act, once.
///
/// On a poor line use tus 1.0.0 (core, creation, termination) at `/uploads/resumable` instead; the
/// last part of the upload's path is its `upload`.
#[utoipa::path(
    post,
    path = "/uploads",
    operation_id = "upload",
    tag = "reports",
    responses((status = 201, description = "The file is stored here.", body = UploadReceipt)),
    security(("token" = []))
)]
pub async fn upload(
    State(node): State<Arc<Node>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Answer<impl IntoResponse> {
    caller.holds_one_of(NEEDS)?;
    if is_form(&headers) {
        return Err(unsupported_media("the file itself and not a form"));
    }
    let limit = node.settings().api.upload_bytes;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|announced: u64| announced > limit) {
        return Err(too_many_bytes(limit));
    }
    let pieces = Box::pin(resumable::impatient(body.into_data_stream()));
    let receipt = node.receive_upload(Door::Staff, pieces).await;
    Ok((StatusCode::CREATED, Json(receipt.map_err(|e| problem(&e))?)))
}

/// Uploads that go on where a line broke, for those who may file and act.
pub fn resumable(node: &Arc<Node>) -> Router<Arc<Node>> {
    resumable::router(Door::Staff).layer(from_fn_with_state(Arc::clone(node), admit))
}

async fn admit(caller: Caller, request: Request, next: Next) -> Result<Response, Response> {
    let allowed = caller.holds_one_of(NEEDS);
    allowed.map_err(IntoResponse::into_response)?;
    Ok(next.run(request).await)
}

/// A form is a mistake: it would be stored with its envelope.
fn is_form(headers: &HeaderMap) -> bool {
    let told = headers
        .get(CONTENT_TYPE)
        .and_then(|told| told.to_str().ok());
    let told = told.unwrap_or_default().to_ascii_lowercase();
    told.starts_with("application/x-www-form-urlencoded") || told.starts_with("multipart/form-data")
}
