//! Attachments of a case: a picture is shown, anything else is downloaded.
//!
//! What a stranger uploaded never runs here: its kind was found by its content, no browser may
//! guess another, and where it is opened by itself it is in a sandbox that loads nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::message::Attachment;
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::{Answer, Officer, case_page};
use crate::api::problem;
use crate::casework::Opened;
use crate::node::Node;

pub const PATH: &str = "/meja/kasus/{id}/lampiran/{sha256}";
/// Pictures that browsers draw and that nothing runs in.
const PICTURES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

#[derive(Deserialize)]
pub struct AttachmentPath {
    id: CaseId,
    sha256: Digest,
}

/// An attachment on a page.
pub struct AttachmentLine {
    pub at: String,
    pub picture: bool,
    pub media_type: String,
    /// KiB, at least 1.
    pub kib: u64,
}

impl AttachmentLine {
    /// `size` in bytes.
    pub fn of(at: String, media_type: &str, size: u64) -> Self {
        Self {
            at,
            picture: PICTURES.contains(&media_type),
            media_type: media_type.to_owned(),
            kib: size.div_ceil(1024),
        }
    }
}

pub fn attachment_lines(case: CaseId, all: &[Attachment]) -> Vec<AttachmentLine> {
    let line = |attachment: &Attachment| {
        let name = attachment.sha256.to_hex();
        let at = format!("{}/lampiran/{name}", case_page::at(case));
        AttachmentLine::of(at, &attachment.media_type, attachment.size)
    };
    all.iter().map(line).collect()
}

pub async fn open(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<AttachmentPath>,
) -> Answer<Response> {
    officer.case(&node, path.id).await?;
    let opened = node.open_attachment(path.id, path.sha256).await;
    let opened = opened.map_err(|error| problem(&error))?;
    sent(opened, &path.sha256.to_hex()[..16])
}

/// The answer with an opened file, which is called by a name of ours and its kind.
pub fn sent(opened: Opened, name: &str) -> Answer<Response> {
    let picture = PICTURES.contains(&opened.media_type.as_str());
    let how = if picture { "inline" } else { "attachment" };
    let name = format!("{how}; filename=\"{name}.{}\"", opened.extension());
    let header = |text: &str| HeaderValue::from_str(text).map_err(|_| ApiProblem::internal());
    let headers = [
        (CONTENT_TYPE, header(&opened.media_type)?),
        (CONTENT_LENGTH, opened.size.into()),
        (CONTENT_DISPOSITION, header(&name)?),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, Body::from_stream(opened.body)).into_response())
}
