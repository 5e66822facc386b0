//! The API through its router, as an application meets it.

/// An inline snapshot that holds on every database.
macro_rules! said {
    ($problem:expr, @$expected:literal) => {
        let problem = $problem;
        insta::allow_duplicates! { insta::assert_snapshot!(problem, @$expected) }
    };
}

mod bounds;
mod changes;
mod channels;
mod cities;
mod counter;
mod desk_forms;
mod drafts;
mod erasures;
mod identities;
mod imports;
mod published;
mod refused;
mod repeated;
mod reporters;
mod resumable;
mod scopes;
mod several;
mod staff;
mod suggested;
mod work;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use lapor_web::accounts::{AccountId, NewAccount};
use serde_json::Value;
use tower::ServiceExt;

use super::examples::report as report_example;
use crate::doors::router;
use crate::settings::Settings;
use crate::staff::StaffRole;
use crate::testing::{NOW, Place, databases};
use crate::tokens::{self, Bounds, NewToken, Role};

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

    async fn put(&self, role: Role, path: &str, body: &Value) -> Reply {
        let request = Request::put(path).header("content-type", "application/json");
        self.send(Some(role), request, Body::from(body.to_string()))
            .await
    }

    async fn patch(&self, role: Role, path: &str, body: &Value) -> Reply {
        let request = Request::patch(path).header("content-type", "application/json");
        self.send(Some(role), request, Body::from(body.to_string()))
            .await
    }

    async fn delete(&self, role: Role, path: &str) -> Reply {
        let request = Request::delete(path);
        self.send(Some(role), request, Body::empty()).await
    }

    /// The same with a token that is none of a role.
    async fn calls_with(&self, secret: &str, method: Method, path: &str, body: &Value) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/json");
        self.send(None, request, Body::from(body.to_string())).await
    }

    /// The same node with other settings.
    async fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.place.settings);
        self.place.node = self.place.reopened().await;
        self.router = router(self.place.node.clone());
        self
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

/// Somebody with an account.
async fn hired(place: &Place, login: &str, role: StaffRole) -> AccountId {
    let new = NewAccount {
        login,
        name: "Petugas",
        role: role.as_str(),
        unit: None,
    };
    let (account, link) = place.node.create_account("test", &new).await.unwrap();
    let words = "gerimis tujuh kelapa sepeda";
    let from = "192.0.2.7".parse().unwrap();
    let accounts = place.node.accounts();
    let chosen = accounts.choose_password(&link, &words.into(), from).await;
    chosen.unwrap();
    account.id
}

/// A token of an account.
async fn token_of(place: &Place, name: &str, account: &AccountId, role: Role) -> String {
    let new = NewToken {
        name,
        rights: role.into(),
        bounds: Bounds::default(),
        expires_at: None,
        owner: Some(account),
    };
    let secret = tokens::create_for(place.node.db(), new, "test", NOW).await;
    secret.unwrap().to_string()
}

/// Somebody who was hired has another role from now on.
async fn moved(place: &Place, login: &str, account: &AccountId, role: StaffRole) {
    let new = NewAccount {
        login,
        name: "Petugas",
        role: role.as_str(),
        unit: None,
    };
    let changed = place.node.change_account("test", account, &new).await;
    changed.unwrap();
}

/// A token, with the rights of an administrator, of somebody who is hired for it.
async fn owned(place: &Place, login: &str, role: StaffRole) -> String {
    let account = hired(place, login, role).await;
    let name = login.split('@').next().unwrap();
    token_of(place, name, &account, Role::Admin).await
}

async fn desks(slug: &str) -> Vec<Desk> {
    let mut desks = Vec::new();
    for db in databases().await {
        desks.push(Desk::of(Place::joined(slug, db).await).await);
    }
    desks
}
