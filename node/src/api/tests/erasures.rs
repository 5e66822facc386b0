//! Erasures by the API, as strict as at the desk.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use super::{Desk, desks, owned};
use crate::staff::StaffRole;
use crate::testing::NOW;
use crate::tokens::Role;

#[tokio::test]
async fn an_erasure_is_asked_for_waits_and_is_called_off() {
    for desk in desks("kota-bandung").await {
        let (case, _) = desk.filed().await;
        let act = json!({"kind": "case.redacted", "body": {"reason": "legal_order"}});
        let acts = format!("/api/v1/cases/{case}/acts");
        let at_once = desk.post(Role::Admin, &acts, &act).await;
        assert_eq!(at_once.status, StatusCode::FORBIDDEN, "{}", at_once.text());
        let at = format!("/api/v1/cases/{case}/erasure");
        let why = json!({"reason": "legal_order"});
        let officer = desk.post(Role::Officer, &at, &why).await;
        assert_eq!(officer.status, StatusCode::FORBIDDEN);
        let odd = desk
            .post(Role::Admin, &at, &json!({"reason": "whim"}))
            .await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        let asked = desk.post(Role::Admin, &at, &why).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
        let again = desk.post(Role::Admin, &at, &why).await.json();
        assert_eq!(again, asked.json(), "asked twice is asked once");
        let listed = desk.get(Role::Admin, "/api/v1/erasures").await.json();
        assert_eq!(listed["erasures"], json!([asked.json()]));
        assert_eq!(listed["erasures"][0]["state"], "waiting");
        assert_eq!(listed["erasures"][0]["asked_by"], "token:admin");
        let days = 7 * 86_400_000;
        assert_eq!(listed["erasures"][0]["due_at"], json!(NOW + days));
        let one = format!("/api/v1/erasures/{}", again["id"].as_str().unwrap());
        assert_eq!(
            desk.delete(Role::Officer, &one).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            desk.delete(Role::Admin, &one).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            desk.delete(Role::Admin, &one).await.status,
            StatusCode::NOT_FOUND
        );
        desk.place.clock.advance(days);
        assert_eq!(desk.place.node.erase_due().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_second_person_confirms_with_a_token_of_their_own() {
    for desk in desks("kota-bandung").await {
        let mut place = desk.place;
        place.settings.erasure.second_person = true;
        place.node = place.reopened().await;
        let [first, second] = [
            owned(&place, "dewi@bandung.go.id", StaffRole::Admin).await,
            owned(&place, "budi@bandung.go.id", StaffRole::Admin).await,
        ];
        let desk = Desk {
            router: crate::doors::router(place.node.clone()),
            place,
            tokens: desk.tokens,
        };
        let send = async |token: &str, path: &str, body: &str| {
            let request = Request::post(path)
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {token}"));
            desk.send(None, request, Body::from(body.to_owned())).await
        };
        let (case, _) = desk.filed().await;
        let at = format!("/api/v1/cases/{case}/erasure");
        let why = r#"{"reason":"personal_data"}"#;
        let nobodys = desk
            .post(Role::Admin, &at, &json!({"reason": "other"}))
            .await;
        assert_eq!(nobodys.status, StatusCode::FORBIDDEN, "{}", nobodys.text());
        let asked = send(&first, &at, why).await;
        assert_eq!(asked.json()["state"], "asked", "{}", asked.text());
        let id = asked.json()["id"].as_str().unwrap().to_owned();
        let confirm = format!("/api/v1/erasures/{id}/confirmation");
        assert_eq!(
            send(&first, &confirm, "").await.status,
            StatusCode::FORBIDDEN
        );
        let confirmed = send(&second, &confirm, "").await;
        assert_eq!(
            confirmed.status,
            StatusCode::NO_CONTENT,
            "{}",
            confirmed.text()
        );
        let listed = desk.get(Role::Admin, "/api/v1/erasures").await.json();
        assert_eq!(listed["erasures"][0]["state"], "waiting");
        assert_eq!(listed["erasures"][0]["confirmed_by"], "token:budi");
        assert_eq!(
            send(&second, &confirm, "").await.status,
            StatusCode::NOT_FOUND
        );
    }
}
