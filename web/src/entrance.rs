//! What every request passes on its way in and out: an id, the trace that it
//! is part of, one line in the log, security headers, and a problem where there
//! would be nothing or a panic.
//!
//! The log names the route, never the path, the query or a body: tickets and
//! the words of a case stand in those.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;

use crate::ApiProblem;
use crate::problem::name_request;
use crate::trace::Trace;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The id of the request, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Puts the entrance before all routes of `router`, the missing ones included.
pub fn guard<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    stand_before(answer_missing(router))
}

/// Answers with a problem where there is no route, or not for this method.
pub fn answer_missing<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(async || ApiProblem::not_found())
        .method_not_allowed_fallback(async || ApiProblem::method_not_allowed())
}

/// The entrance alone, for a router with layers between it and what
/// [`answer_missing`] answers.
pub fn stand_before<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn(admit))
}

/// Makes a panic say where it happened, and not what: its message may quote data.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        tracing::error!(
            place,
            "a part of the program panicked; this is a mistake in it"
        );
    }));
}

async fn admit(mut request: Request, next: Next) -> Response {
    let id = offered_id(request.headers()).unwrap_or_else(fresh_id);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let trace = Trace::of(request.headers());
    let span = tracing::info_span!("request", id, trace_id = trace.trace_id());
    let began = Instant::now();
    request.extensions_mut().insert(RequestId(id.clone()));
    let answering = async move {
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(|_| ApiProblem::internal().into_response());
        name_request(&mut response, &id);
        fortify(response.headers_mut());
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let status = response.status().as_u16();
        let ms = began.elapsed().as_millis() as u64;
        tracing::info!(%method, route, status, ms, "answered");
        response
    };
    trace.scope(answering).instrument(span).await
}

/// A caller may bring an id, so that one id runs through a chain of programs.
fn offered_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let shape = (8..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    shape.then(|| id.to_owned())
}

fn fresh_id() -> String {
    let mut bytes = [0; 12];
    // An id that repeats is a nuisance in the log and no danger.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

/// The strictest answer is the default; a route that needs more says so itself.
fn fortify(headers: &mut HeaderMap) {
    let defaults = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (RESOURCE_POLICY, "same-origin"),
    ];
    for (name, value) in defaults {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use axum::routing::get;
    use http::StatusCode;
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::compression::CompressionLayer;

    use super::*;
    use crate::log::Overheard;

    async fn ask(request: http::request::Builder) -> (StatusCode, HeaderMap, String) {
        let router: Router = guard(Router::new().route("/here", get(async || "here")).route(
            "/broken",
            get(async || -> String { panic!("words of a case") }),
        ));
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_path_that_does_not_exist_is_a_problem_with_the_id_that_the_caller_brought() {
        let (status, headers, body) =
            ask(Request::get("/nowhere?nik=32").header("x-request-id", "from-proxy-1")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-request-id"], "from-proxy-1");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        insta::assert_snapshot!(body, @r#"{"type":"urn:lapor:problem:not_found","title":"There is nothing at this path","status":404,"code":"not_found","request":"from-proxy-1"}"#);
    }

    #[tokio::test]
    async fn a_problem_is_not_said_to_be_compressed() {
        let inner: Router = answer_missing(Router::new());
        let router = stand_before(inner.layer(CompressionLayer::new()));
        let request = Request::get("/nowhere").header("accept-encoding", "gzip");
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await;
        let (parts, body) = response.unwrap().into_parts();
        assert!(!parts.headers.contains_key("content-encoding"));
        let body = body.collect().await.unwrap().to_bytes();
        let said: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(said["code"], "not_found");
    }

    #[tokio::test]
    async fn a_wrong_method_is_a_problem_that_lists_the_right_ones() {
        let (status, headers, body) =
            ask(Request::post("/here").header("x-request-id", "from-proxy-1")).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(headers["allow"], "GET,HEAD");
        insta::assert_snapshot!(body, @r#"{"type":"urn:lapor:problem:method_not_allowed","title":"The path does not serve this method","status":405,"code":"method_not_allowed","detail":"The Allow header lists the methods that it serves.","request":"from-proxy-1"}"#);
    }

    #[tokio::test]
    async fn a_panic_tells_the_caller_nothing_but_the_requests_id() {
        let (status, _, body) =
            ask(Request::get("/broken").header("x-request-id", "from-proxy-1")).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.contains("words"));
        insta::assert_snapshot!(body, @r#"{"type":"urn:lapor:problem:internal","title":"Something failed here","status":500,"code":"internal","detail":"The operator finds the reason in the log, under this request's id.","request":"from-proxy-1"}"#);
    }

    #[tokio::test]
    async fn an_id_that_could_forge_a_log_line_is_replaced() {
        for id in ["short", "a b c d e f g h", "quote\"quote", &"x".repeat(65)] {
            let (status, headers, body) =
                ask(Request::get("/here").header("x-request-id", id)).await;
            assert_eq!((status, body.as_str()), (StatusCode::OK, "here"));
            assert_eq!(headers["x-request-id"].len(), 24, "{id}");
        }
    }

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_log_names_the_route_and_the_request_but_no_ticket_and_no_query() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone());
        let logging = Overheard::by(log.finish());
        let inner = Router::new().route("/tickets/{ticket}", get(async || "here"));
        let router: Router = guard(Router::new().nest("/api", inner));
        for path in [
            "/api/tickets/4F7KX-92MQ3?name=Siti",
            "/elsewhere/4F7KX?name=Siti",
        ] {
            let request = Request::get(path).header("x-request-id", "from-proxy-1");
            router
                .clone()
                .oneshot(request.body(Body::from("Siti")).unwrap())
                .await
                .unwrap();
        }
        drop(logging);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("from-proxy-1").count(), 2, "{text}");
        assert!(
            text.contains("/api/tickets/{ticket}") && text.contains("status=404"),
            "{text}"
        );
        assert!(!text.contains("4F7KX") && !text.contains("Siti"), "{text}");
    }
}
