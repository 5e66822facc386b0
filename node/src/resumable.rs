//! Uploads that go on where a line broke, by tus 1.0.0 (tus.io, core protocol
//! with the extensions creation and termination), for the API and the portal
//! alike. Who may come in, the router around it decides; an upload's random name
//! is the right to continue it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{OriginalUri, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::{ALLOW, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use lapor_web::reading::unsupported_media;
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use crate::api::problem;
use crate::media::{Door, Progress};
use crate::node::Node;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const MOST: HeaderName = HeaderName::from_static("tus-max-size");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const PIECE: &str = "application/offset+octet-stream";

/// How long the line may be silent in the middle of an upload.
const SILENCE: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct UploadPath {
    upload: String,
}

/// The routes: `/` opens an upload, `/{upload}` asks, continues and ends it.
pub fn router(door: Door) -> Router<Arc<Node>> {
    let opening = move |node, asked, headers| begin(door, node, asked, headers);
    let piece = move |node, path, headers, body| go_on(door, node, path, headers, body);
    Router::new()
        .route("/", post(opening).options(options))
        .route("/{upload}", head(ask).patch(piece).delete(end))
        .layer(from_fn(speak))
}

/// Every request but the question for versions says which one it speaks, and
/// every answer too.
async fn speak(request: Request, next: Next) -> Response {
    let known = request.headers().get(RESUMABLE) == Some(&VERSION);
    let mut response = if known || request.method() == Method::OPTIONS {
        next.run(request).await
    } else {
        let problem = ApiProblem::new(
            StatusCode::PRECONDITION_FAILED,
            "tus_version",
            "The version of tus is not spoken here",
        );
        let problem = problem.with_detail("Send the header `Tus-Resumable: 1.0.0`.");
        let mut response = problem.into_response();
        response.headers_mut().insert(VERSIONS, VERSION);
        response
    };
    response.headers_mut().insert(RESUMABLE, VERSION);
    response
}

async fn options(State(node): State<Arc<Node>>) -> impl IntoResponse {
    let headers = [
        (VERSIONS, VERSION),
        (EXTENSIONS, HeaderValue::from_static("creation,termination")),
        (MOST, HeaderValue::from(node.settings().api.upload_bytes)),
        (ALLOW, HeaderValue::from_static("OPTIONS, POST")),
    ];
    (StatusCode::NO_CONTENT, headers)
}

async fn begin(
    door: Door,
    State(node): State<Arc<Node>>,
    OriginalUri(asked): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let length = announced(&headers)?;
    let begun = node.begin_upload(door, length).await;
    let begun = begun.map_err(|e| problem(&e))?;
    let place = format!("{}/{}", asked.path().trim_end_matches('/'), begun.upload);
    let mut response = state(StatusCode::CREATED, &begun);
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

async fn ask(
    State(node): State<Arc<Node>>,
    Path(at): Path<UploadPath>,
) -> Result<Response, ApiProblem> {
    let progress = node.upload_progress(&at.upload).await;
    Ok(state(StatusCode::OK, &progress.map_err(|e| problem(&e))?))
}

async fn go_on(
    door: Door,
    State(node): State<Arc<Node>>,
    Path(at): Path<UploadPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiProblem> {
    if headers.get(CONTENT_TYPE).is_none_or(|told| told != PIECE) {
        return Err(unsupported_media(
            "Content-Type: application/offset+octet-stream",
        ));
    }
    let offset = number(&headers, &OFFSET)?;
    let bytes = body.size_hint().upper();
    let pieces = Box::pin(impatient(body.into_data_stream()));
    let continued = node.continue_upload(&at.upload, offset, door, bytes, pieces);
    let progress = continued.await.map_err(|e| problem(&e))?;
    Ok(state(StatusCode::NO_CONTENT, &progress))
}

async fn end(
    State(node): State<Arc<Node>>,
    Path(at): Path<UploadPath>,
) -> Result<StatusCode, ApiProblem> {
    let ended = node.cancel_upload(&at.upload).await;
    ended
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// Bytes of the upload that a request opens.
pub fn announced(headers: &HeaderMap) -> Result<u64, ApiProblem> {
    number(headers, &LENGTH)
}

fn state(status: StatusCode, progress: &Progress) -> Response {
    let headers = [
        (OFFSET, HeaderValue::from(progress.offset)),
        (LENGTH, HeaderValue::from(progress.length)),
    ];
    (status, headers).into_response()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, ApiProblem> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let title = "A header is missing or cannot be read";
        ApiProblem::new(StatusCode::BAD_REQUEST, "bad_header", title)
            .with_detail(format!("{name}: a count of bytes is expected."))
    })
}

/// The same pieces, and an error if the next one takes too long.
pub fn impatient<S>(pieces: S) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin + Send,
{
    stream::unfold(Some(pieces), async |pieces| {
        let mut pieces = pieces?;
        match tokio::time::timeout(SILENCE, pieces.next()).await {
            Ok(piece) => piece.map(|piece| (piece, Some(pieces))),
            Err(silent) => Some((Err(axum::Error::new(silent)), None)),
        }
    })
}
