//! Requests, counted by route and never by path: ids, tickets and the words of
//! a query stand in paths.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::Method;
use metrics::{counter, describe_counter, describe_histogram, histogram};

/// The names under which a program counts its requests.
#[derive(Debug)]
pub struct Traffic {
    /// A counter, `..._requests_total`.
    pub requests: &'static str,
    /// A histogram, `..._request_duration_seconds`.
    pub duration: &'static str,
}

impl Traffic {
    /// Says what the two mean.
    pub fn describe(&self) {
        describe_counter!(self.requests, "Requests by route, method and status.");
        describe_histogram!(self.duration, "Time from request to answer, by route.");
    }

    /// Counts one request. A method outside HTTP's own is the caller's word.
    pub fn note(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            Method::HEAD => "HEAD",
            Method::PATCH => "PATCH",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        let route = route.to_owned();
        counter!(self.requests, "method" => method, "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        histogram!(self.duration, "route" => route).record(took.as_secs_f64());
    }
}

/// Counts whatever passes a router.
pub fn count<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    traffic: &'static Traffic,
) -> Router<S> {
    router.layer(middleware::from_fn_with_state(traffic, pass))
}

async fn pass(State(traffic): State<&'static Traffic>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let response = next.run(request).await;
    traffic.note(&method, &route, response.status().as_u16(), began.elapsed());
    response
}
