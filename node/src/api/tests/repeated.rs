//! Requests that come twice under one key.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Request, StatusCode};
use lapor_migrations::on;
use serde_json::{Value, json};

use super::{Desk, Reply, desks};
use crate::api::{document, examples};
use crate::store;
use crate::tokens::Role;

const KEY: &str = "3f0c9a52-6a1d-4d0a-9a53-3ef1c5a0b7d4";
/// Operations that take no key: what they do is the same when it is done twice.
const ALIKE: [(&str, &str); 5] = [
    (
        "bringRegister",
        "a file that is known is named, and not brought again",
    ),
    (
        "upload",
        "a file that nothing uses is forgotten after a day",
    ),
    (
        "openConversation",
        "another token for the same conversation",
    ),
    ("consent", "it says what holds from then on"),
    ("askErasure", "asked twice it is asked once"),
];

impl Desk {
    async fn posts_under(&self, key: &str, path: &str, body: &Value) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.send(Some(Role::Admin), request, Body::from(body.to_string()))
            .await
    }
}

#[test]
fn what_is_not_the_same_when_it_is_done_twice_takes_a_key() {
    let mut without = BTreeSet::new();
    for item in document()["paths"].as_object().unwrap().values() {
        for method in ["post", "patch"] {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let parameters = operation["parameters"].as_array();
            let mut names = parameters.into_iter().flatten().map(|one| &one["name"]);
            if !names.any(|name| name == "Idempotency-Key") {
                without.insert(operation["operationId"].as_str().unwrap());
            }
        }
    }
    assert_eq!(without, ALIKE.map(|(id, _)| id).into());
}

#[tokio::test]
async fn what_is_sent_again_is_done_once_and_answered_alike() {
    for desk in desks("pusat").await {
        let hook = json!({
            "name": "Aplikasi",
            "url": "https://aplikasi.example.go.id/lapor",
            "kinds": ["case.closed"],
        });
        let first = desk.posts_under(KEY, "/api/v1/webhooks", &hook).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
        assert_eq!(first.headers["cache-control"], "no-store");
        let again = desk.posts_under(KEY, "/api/v1/webhooks", &hook).await;
        assert_eq!(again.status, StatusCode::CREATED);
        assert_eq!(again.text(), first.text(), "the secret as well");
        for name in ["content-type", "cache-control"] {
            assert_eq!(again.headers[name], first.headers[name]);
        }
        let listed = desk.get(Role::Admin, "/api/v1/webhooks").await.json();
        assert_eq!(listed["webhooks"].as_array().unwrap().len(), 1, "{listed}");
        let other = json!({"id": "dinas-pu", "name": "Dinas PU"});
        let reused = desk.posts_under(KEY, "/api/v1/units", &other).await;
        assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reused.json()["code"], "idempotency_key_reused");
        let short = desk.posts_under("short", "/api/v1/units", &other).await;
        assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn what_is_done_under_a_key_belongs_to_the_trace_of_its_request() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    for desk in desks("kota-bandung").await {
        let request = Request::post("/api/v1/programmes")
            .header("content-type", "application/json")
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
            .header("idempotency-key", KEY);
        let body = Body::from(examples::programme().to_string());
        let posted = desk.send(Some(Role::Admin), request, body).await;
        assert_eq!(posted.status, StatusCode::ACCEPTED, "{}", posted.text());
        let mut tx = desk.place.node.read_tx().await.unwrap();
        let written = store::outbox::pending(&mut tx, 100).await.unwrap();
        let last = written.last().and_then(|row| row.trace.as_deref());
        assert!(last.unwrap().contains(TRACE), "{last:?}");
    }
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_and_what_never_ended_is_not_done_again() {
    for desk in desks("pusat").await {
        let part = json!({"id": "seksi-lampu", "name": "Seksi Lampu", "parent": "dinas-pu"});
        let early = desk.posts_under(KEY, "/api/v1/units", &part).await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(early.json()["field"], "parent", "{}", early.text());
        let whole = json!({"id": "dinas-pu", "name": "Dinas PU"});
        let added = desk.post(Role::Admin, "/api/v1/units", &whole).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
        let added = desk.posts_under(KEY, "/api/v1/units", &part).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
        // As if this node had stopped before it answered.
        let mut tx = desk.place.node.write_tx().await.unwrap();
        let forgotten = on!(&mut tx, c => sqlx::query("update answers set answer = ''")
            .execute(c)
            .await
            .map(drop));
        forgotten.unwrap();
        tx.commit().await.unwrap();
        let soon = desk.posts_under(KEY, "/api/v1/units", &part).await;
        assert_eq!(soon.status, StatusCode::CONFLICT);
        assert_eq!(soon.json()["code"], "answered_meanwhile");
        desk.place.clock.advance(200_000);
        let late = desk.posts_under(KEY, "/api/v1/units", &part).await;
        assert_eq!(late.json()["code"], "in_doubt", "{}", late.text());
    }
}
