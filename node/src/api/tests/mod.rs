//! The API through its router, as an application meets it.

/// An inline snapshot that holds on every database.
macro_rules! said {
    ($problem:expr, @$expected:literal) => {
        let problem = $problem;
        insta::allow_duplicates! { insta::assert_snapshot!(problem, @$expected) }
    };
}

mod changes;
mod erasures;
mod imports;
mod published;
mod refused;
mod reporters;
mod resumable;
mod scopes;
mod suggested;
mod work;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use lapor_migrations::throwaway::databases;
use serde_json::Value;
use tower::ServiceExt;

use super::examples::report as report_example;
use crate::doors::router;
use crate::testing::{NOW, Place};
use crate::tokens::{self, Role};

/// A node's API and a token of each role.
struct Desk {
    place: Place,
    router: Router,
    tokens: Vec<(Role, String)>,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The problem without what is random.
    fn problem(&self, random: &str) -> String {
        assert_eq!(
            self.headers["content-type"],
            "application/problem+json",
            "{}",
            self.text()
        );
        self.text().replace(random, "CASE")
    }
}

impl Desk {
    async fn of(place: Place) -> Self {
        let mut tokens = Vec::new();
        for role in Role::ALL {
            let secret = tokens::create(place.node.db(), role.as_str(), role, "test", NOW).await;
            tokens.push((role, secret.unwrap().to_string()));
        }
        let router = router(place.node.clone());
        Self {
            place,
            router,
            tokens,
        }
    }

    async fn send(&self, role: Option<Role>, request: http::request::Builder, body: Body) -> Reply {
        let mut request = request.header("x-request-id", "request-of-test");
        if let Some((_, secret)) = self.tokens.iter().find(|(held, _)| Some(*held) == role) {
            request = request.header("authorization", format!("Bearer {secret}"));
        }
        let request = request.body(body).unwrap();
        let (parts, body) = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    async fn get(&self, role: Role, path: &str) -> Reply {
        self.send(Some(role), Request::get(path), Body::empty())
            .await
    }

    async fn post(&self, role: Role, path: &str, body: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(Some(role), request, Body::from(body.to_string()))
            .await
    }

    async fn upload(&self, media_type: &str, body: Body) -> Reply {
        let request = Request::post("/api/v1/uploads").header("content-type", media_type);
        self.send(Some(Role::Officer), request, body).await
    }

    /// Files the example and returns the case and its ticket.
    async fn filed(&self) -> (String, String) {
        let filed = self
            .post(Role::Officer, "/api/v1/reports", &report_example())
            .await;
        assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text());
        let said = filed.json();
        let case = said["case"].as_str().unwrap().to_owned();
        assert_eq!(filed.headers["location"], format!("/api/v1/cases/{case}"));
        (case, said["ticket"].as_str().unwrap().to_owned())
    }

    async fn act(&self, case: &str, act: Value) -> Reply {
        self.post(Role::Officer, &format!("/api/v1/cases/{case}/acts"), &act)
            .await
    }
}

async fn desks(slug: &str) -> Vec<Desk> {
    let mut desks = Vec::new();
    for db in databases().await {
        desks.push(Desk::of(Place::joined(slug, db).await).await);
    }
    desks
}
