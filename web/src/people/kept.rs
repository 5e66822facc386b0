//! A form that was sent after its session had ended: what was typed goes through the pages for
//! logging in and comes back to be sent. It stands in the browser alone; nothing keeps it here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use super::{Answer, Office, sign_in};
use crate::accounts::Staffed as _;
use crate::accounts::cookie::Ticket;
use crate::language::Voice;
use crate::page::{Form, FormWithFiles, LocalPath, Visit};

/// The field of the forms for logging in that holds it.
pub(super) const FIELD: &str = "isian";
/// Bytes of a form that is kept, at most: it must fit into another form, each byte as three.
const MOST: usize = 60 * 1024;
/// Bytes of a form with files of which the fields are read, at most.
const WITH_FILES: u64 = 64 * 1024 * 1024;

/// What was sent, and where to. Not printable: it holds words of a case.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    to: String,
    fields: Vec<(String, String)>,
    /// It was sent as a form with files.
    files: bool,
}

#[derive(Template)]
#[template(path = "people/kept.html")]
struct KeptPage<'a> {
    v: Voice,
    kept: &'a Kept,
    typed: Vec<&'a str>,
}

/// Stands before forms that only somebody who is logged in may send.
pub async fn keep<O: Office>(
    State(office): State<Arc<O>>,
    request: Request,
    next: Next,
) -> Response {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let files = kind.starts_with("multipart/form-data");
    let form = files || kind.starts_with("application/x-www-form-urlencoded");
    if request.method() != Method::POST || !form {
        return next.run(request).await;
    }
    let token = office.cookies().read(Ticket::Session, request.headers());
    let session = match &token {
        Some(token) => office.accounts().session(token).await,
        None => Ok(None),
    };
    if !matches!(session, Ok(None)) {
        return next.run(request).await;
    }
    let shown = ask(&office, request, files).await;
    shown.unwrap_or_else(IntoResponse::into_response)
}

async fn ask<O: Office>(office: &Arc<O>, request: Request, files: bool) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::from_request_parts(&mut parts, office).await?;
    let to = parts.uri.path().to_owned();
    let request = Request::from_parts(parts, body);
    let form = if files {
        let mut form = FormWithFiles::open(request, WITH_FILES)?;
        while let Some(mut file) = form.next_file().await? {
            file.pass_over().await;
        }
        form.form()
    } else {
        Form::from_request(request, office).await?
    };
    let fields = form.sent();
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let kept = Kept {
        to,
        fields: fields.collect(),
        files,
    };
    sign_in::ask_again(&**office, &visit, kept.text())
}

impl Kept {
    /// As a field holds it; nothing where it is too long for one.
    fn text(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok()?;
        (text.len() <= MOST).then_some(text)
    }

    /// What a form for logging in has brought along.
    pub(super) fn of(form: &Form) -> Option<Self> {
        let kept: Self = serde_json::from_str(form.text(FIELD)).ok()?;
        LocalPath::parse(&kept.to)?;
        Some(kept)
    }

    /// The page from which it is sent.
    pub(super) fn show(&self, visit: &Visit) -> Answer<Response> {
        let values = self.fields.iter().map(|(_, value)| value.as_str());
        let page = KeptPage {
            v: visit.v,
            kept: self,
            // Somebody typed what has a space in it; keys and choices have none.
            typed: values
                .filter(|value| value.trim().contains(char::is_whitespace))
                .collect(),
        };
        visit.shell(visit.v.say("kept-title")).show(&page)
    }
}
