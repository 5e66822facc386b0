//! Problems as pages, for whoever asked for a page: what is wrong in plain
//! words, what to do next, when to come back; of our own failures the request's
//! id and nothing else. Programs go on getting `application/problem+json`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use super::{Site, Visit};
use crate::ApiProblem;
use crate::language::{TextId, Voice, text_id};

/// Of a link that was used, or is too old.
pub const LINK_DEAD: &str = "link_dead";
/// Below these paths only programs ask.
const FOR_PROGRAMS: [&str; 3] = ["/api/", "/healthz", "/readyz"];

#[derive(Template)]
#[template(path = "refusal.html")]
struct Refusal<'a> {
    v: Voice,
    status: u16,
    title: String,
    advice: String,
    wait: Option<String>,
    /// Only of our own failures: of others there is nothing to be found.
    request_id: Option<&'a str>,
}

pub async fn show(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let visit = Visit::of(&request, &site);
    let page = wants_page(request.uri().path(), request.headers());
    request.extensions_mut().insert(visit.clone());
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| ApiProblem::internal().into_response());
    let problem = response.extensions().get::<ApiProblem>();
    let problem = problem.map(|problem| (problem.code(), problem.limit_bytes()));
    match problem.filter(|_| page) {
        Some((code, limit)) => as_page(response, &visit, code, limit),
        None => response,
    }
}

fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|types| types.contains("text/html"))
        && !FOR_PROGRAMS.iter().any(|root| path.starts_with(root))
}

fn as_page(response: Response, visit: &Visit, code: &str, limit: Option<u64>) -> Response {
    let status = response.status();
    let (v, (title, advice)) = (visit.v, words(status, code));
    let seconds = response.headers().get(RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
    let title = v.say(title);
    let refusal = Refusal {
        v,
        status: status.as_u16(),
        title: title.clone(),
        advice: match limit {
            Some(bytes) => v.with("size", v.size(bytes)).say("refusal-413-limit"),
            None => v.say(advice),
        },
        wait: seconds.map(|seconds| waiting(&v, seconds)),
        request_id: status.is_server_error().then_some(&visit.request_id),
    };
    let Ok(mut page) = visit.shell(title).status(status).show(&refusal) else {
        return response;
    };
    // `Allow`, `Retry-After` and the like belong to the status, not to its form.
    for (name, value) in response.headers() {
        if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}

/// Says in the head of an answer in how many seconds to come back, if at all.
pub fn come_back(mut response: Response, in_s: Option<u32>) -> Response {
    if let Some(seconds) = in_s {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Seconds as people say them, never less than it takes.
pub fn waiting(v: &Voice, seconds: u64) -> String {
    match seconds {
        0..=90 => v.with("n", seconds.max(1)).say("wait-seconds"),
        91..=5400 => v.with("n", seconds.div_ceil(60)).say("wait-minutes"),
        _ => v.with("n", seconds.div_ceil(3600)).say("wait-hours"),
    }
}

fn words(status: StatusCode, code: &str) -> (TextId, TextId) {
    match status.as_u16() {
        410 if code == LINK_DEAD => (text_id("refusal-link-title"), text_id("refusal-link-text")),
        401 => (text_id("refusal-401-title"), text_id("refusal-401-text")),
        403 => (text_id("refusal-403-title"), text_id("refusal-403-text")),
        404 => (text_id("refusal-404-title"), text_id("refusal-404-text")),
        405 => (text_id("refusal-405-title"), text_id("refusal-405-text")),
        408 => (text_id("refusal-408-title"), text_id("refusal-408-text")),
        409 => (text_id("refusal-409-title"), text_id("refusal-409-text")),
        410 => (text_id("refusal-410-title"), text_id("refusal-410-text")),
        413 => (text_id("refusal-413-title"), text_id("refusal-413-text")),
        415 => (text_id("refusal-415-title"), text_id("refusal-415-text")),
        422 => (text_id("refusal-422-title"), text_id("refusal-422-text")),
        429 => (text_id("refusal-429-title"), text_id("refusal-429-text")),
        503 => (text_id("refusal-503-title"), text_id("refusal-503-text")),
        507 => (text_id("refusal-507-title"), text_id("refusal-507-text")),
        400..=499 => (text_id("refusal-400-title"), text_id("refusal-400-text")),
        _ => (text_id("refusal-500-title"), text_id("refusal-500-text")),
    }
}
