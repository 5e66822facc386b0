//! The feed of changes and webhooks, as an application meets them.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use super::{Desk, desks};
use crate::store::webhooks::deliveries::{self, DeliveryRow};
use crate::tokens::{Role, Scope};

async fn with(desk: &Desk, secret: &str, path: &str) -> super::Reply {
    let request = Request::get(path).header("authorization", format!("Bearer {secret}"));
    desk.send(None, request, Body::empty()).await
}

#[tokio::test]
async fn an_application_reads_on_from_where_it_stopped() {
    for desk in desks("kota-bandung").await {
        let (case, _) = desk.filed().await;
        let first = desk
            .get(Role::Reader, "/api/v1/changes?limit=1")
            .await
            .json();
        assert_eq!(first["changes"][0]["id"], case.as_str());
        assert_eq!(first["changes"][0]["kind"], "report.filed");
        let next = first["next"].as_str().unwrap();
        let path = format!("/api/v1/changes?after={next}&kind=case.*&subject=case");
        let none = desk.get(Role::Reader, &path).await.json();
        assert_eq!(
            (&none["changes"], &none["more"]),
            (&json!([]), &json!(false))
        );
        let acted = desk.act(&case, json!({"kind": "case.verified"})).await;
        assert_eq!(acted.status, StatusCode::ACCEPTED);
        let some = desk.get(Role::Reader, &path).await.json();
        assert_eq!(some["changes"][0]["kind"], "case.verified");
        assert_eq!(some["changes"][0]["message"], acted.json()["message"]);
        let begun = desk.get(Role::Reader, "/api/v1/changes?after=latest").await;
        assert_eq!(begun.json()["next"], some["next"]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_on_is_told_with_what_to_do() {
    for desk in desks("kota-bandung").await {
        desk.filed().await;
        let get = async |query: &str| {
            let path = format!("/api/v1/changes?{query}");
            desk.get(Role::Reader, &path).await
        };
        let gone = get("after=00000000-1").await;
        assert_eq!(gone.status, StatusCode::GONE);
        let said = gone.json();
        assert_eq!(said["code"], "cursor_gone");
        let earliest = said["earliest"].as_str().unwrap();
        let anew = get(&format!("after={earliest}")).await.json();
        assert_eq!(anew["changes"][0]["number"], 1);
        assert_eq!(
            get("after=x").await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let unknown = get("kind=case.dispose").await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        let said = unknown.json();
        assert_eq!(said["field"], "kind");
        let detail = said["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("kind: ") && detail.contains("case.disposed"),
            "{detail}"
        );
        for wrong in ["wait=26", "limit=0", "subject=person"] {
            assert_eq!(get(wrong).await.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_program_has_nobody_told_what_it_may_not_read_itself() {
    for desk in desks("kota-bandung").await {
        let scopes = [Scope::WebhooksWrite, Scope::CasesRead];
        let secret = desk.token_of("kota", scopes).await;
        let make = async |url: &str, kinds: serde_json::Value| {
            let request = Request::post("/api/v1/webhooks")
                .header("authorization", format!("Bearer {secret}"))
                .header("content-type", "application/json");
            let body = json!({"name": "Aplikasi", "url": url, "kinds": kinds});
            desk.send(None, request, Body::from(body.to_string())).await
        };
        let url = "https://app.example.go.id/lapor";
        let unknown = make(url, json!(["case.dispose"])).await.json();
        assert_eq!(unknown["field"], "kinds");
        for more in [
            json!(["*"]),
            json!(["case.*", "deadline.overdue"]),
            json!([]),
        ] {
            assert_eq!(make(url, more).await.status, StatusCode::FORBIDDEN);
        }
        let hook = make(url, json!(["case.*"])).await;
        assert_eq!(hook.status, StatusCode::CREATED, "{}", hook.text());
        assert_eq!(hook.headers["cache-control"], "no-store");
        let said = hook.json();
        assert!(said["secret"].as_str().unwrap().starts_with("whsec_"));
        assert_eq!(said["webhook"]["made_by"], "token:kota");
        assert_eq!(
            make(url, json!(["case.*"])).await.status,
            StatusCode::CONFLICT
        );
        let open = make("http://app.example/", json!(["case.*"])).await;
        assert_eq!(open.json()["field"], "url");
        let list = with(&desk, &secret, "/api/v1/webhooks").await;
        assert!(!list.text().contains("whsec_"));
        let id = list.json()["webhooks"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/v1/webhooks/{id}/replay");
        let wrong = desk.post(Role::Admin, &path, &json!({"until": 1})).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let none = desk.post(Role::Admin, &path, &json!({"since": 1})).await;
        assert_eq!(none.json()["deliveries"], 0);
        let row = DeliveryRow {
            id: "msg_1".into(),
            webhook: id.clone(),
            change: 1,
            kind: "case.verified".into(),
            body: "{}".into(),
            at: 2,
            state: "waiting".into(),
            tries: 0,
            problem: None,
            done_at: None,
        };
        let mut tx = desk.place.node.write_tx().await.unwrap();
        deliveries::add(&mut tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        for which in [json!({"since": 1}), json!({"delivery": "msg_1"})] {
            let waits = desk.post(Role::Admin, &path, &which).await;
            assert_eq!(waits.status, StatusCode::CONFLICT, "{which}");
            assert_eq!(waits.json()["code"], "still_waits");
        }
        let request = Request::patch(format!("/api/v1/webhooks/{id}"))
            .header("content-type", "application/json");
        let off = desk.send(Some(Role::Admin), request, Body::from(r#"{"state":"off"}"#));
        assert_eq!(off.await.json()["state"], "off");
        let waits = desk.post(Role::Admin, &path, &json!({"since": 1})).await;
        assert_eq!(waits.json()["code"], "still_waits");
        let detail = waits.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with("once it is switched on."), "{detail}");
        let request = Request::delete(format!("/api/v1/webhooks/{id}"));
        let ended = desk.send(Some(Role::Admin), request, Body::empty()).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        let gone = with(&desk, &secret, &format!("/api/v1/webhooks/{id}")).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
    }
}
