//! Taking in files before the report or act that uses them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use lapor_web::Json;
use lapor_web::reading::{too_large, unsupported_media};

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::casework::UploadReceipt;
use crate::node::Node;

/// How long the line may be silent in the middle of an upload.
const SILENCE: Duration = Duration::from_mins(1);

/// Upload a file
///
/// The body is the file itself, not a form; `Content-Type` is the file's. The answer's `upload`
/// goes into `attachments` of a report or an act, once.
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
    caller.handles_cases()?;
    let media_type = media_type(&headers).ok_or_else(|| {
        unsupported_media("the Content-Type of the file itself, such as image/jpeg")
    })?;
    let limit = node.settings().api.upload_bytes;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|announced: u64| announced > limit) {
        return Err(too_large(&format!("{limit} bytes")));
    }
    let chunks = Box::pin(impatient(body.into_data_stream()));
    let receipt = node
        .receive_upload(media_type, chunks)
        .await
        .map_err(|e| problem(&e))?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// A form is a mistake: it would be stored with its envelope.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let form =
        ["application/x-www-form-urlencoded", "multipart/form-data"].contains(&essence.as_str());
    (!form && essence.contains('/')).then_some(text)
}

/// The same chunks, and an error if the next one takes too long.
fn impatient<S>(chunks: S) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin + Send,
{
    stream::unfold(Some(chunks), async |chunks| {
        let mut chunks = chunks?;
        match tokio::time::timeout(SILENCE, chunks.next()).await {
            Ok(chunk) => chunk.map(|chunk| (chunk, Some(chunks))),
            Err(silent) => Some((Err(axum::Error::new(silent)), None)),
        }
    })
}
