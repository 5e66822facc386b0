//! Answers that wait for a superior, who is another person than who wrote them.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{desks, hired, owned, token_of};
use crate::staff::StaffRole;
use crate::tokens::Role;

const KEY: &str = "51d3a9d0-27c8-4c0e-8f0c-2d9e57b1a001";

#[tokio::test]
async fn who_signs_is_another_person_than_who_wrote() {
    for desk in desks("kota-bandung").await {
        let desk = desk
            .with(|settings| settings.answers.approval = Some(true))
            .await;
        let (case, _) = desk.filed().await;
        let place = &desk.place;
        let siti = hired(place, "siti@bandung.go.id", StaffRole::Admin).await;
        let writes = token_of(place, "siti-app", &siti, Role::Officer).await;
        let also = token_of(place, "siti-desk", &siti, Role::Admin).await;
        let dewi = owned(place, "dewi@bandung.go.id", StaffRole::Leader).await;
        let budi = owned(place, "budi@bandung.go.id", StaffRole::Officer).await;
        let at = format!("/api/v1/cases/{case}/drafts/{KEY}");
        let text = json!({"text": "Lampu sudah diganti, hubungi 3273010101900001."});
        let nobodys = desk.put(Role::Officer, &at, &text).await;
        assert_eq!(nobodys.status, StatusCode::FORBIDDEN, "{}", nobodys.text());
        let put = async |body: &Value| desk.calls_with(&writes, Method::PUT, &at, body).await;
        let empty = put(&json!({"text": " "})).await;
        assert_eq!(empty.json()["field"], "text", "{}", empty.text());
        let first = put(&text).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text());
        let first = first.json();
        assert_eq!(put(&text).await.json(), first, "sent again it is the same");
        let id = first["id"].as_str().unwrap();
        let read = async |token: &str| {
            let listed = desk
                .calls_with(token, Method::GET, "/api/v1/drafts", &json!(null))
                .await;
            listed.json()["drafts"][0].clone()
        };
        let seen = read(&dewi).await;
        assert!(!seen.to_string().contains("3273010101900001"), "{seen}");
        let corrected = put(&json!({"text": "Lampu sudah diganti."})).await.json();
        assert_ne!(corrected["version"], first["version"]);
        let decide = format!("/api/v1/drafts/{id}/decision");
        let sign = async |token: &str, version: &Value| {
            let body = json!({"decision": "publish", "version": version});
            desk.calls_with(token, Method::POST, &decide, &body).await
        };
        let stale = sign(&dewi, &first["version"]).await;
        assert_eq!(stale.json()["code"], "draft_changed", "{}", stale.text());
        for (token, why) in [(&also, "the same person"), (&budi, "signs nothing")] {
            let refused = sign(token, &corrected["version"]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{why}");
        }
        let blank = json!({"decision": "return", "remark": ""});
        let blank = desk.calls_with(&dewi, Method::POST, &decide, &blank).await;
        assert_eq!(blank.json()["field"], "remark");
        let signed = sign(&dewi, &corrected["version"]).await;
        assert_eq!(signed.status, StatusCode::OK, "{}", signed.text());
        assert_eq!(signed.json()["state"], "published");
        assert_eq!(signed.json()["decided_by"], "token:dewi");
        let again = sign(&dewi, &corrected["version"]).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        let of_case = format!("/api/v1/cases/{case}/drafts");
        let kept = desk.get(Role::Officer, &of_case).await.json();
        assert_eq!(kept["drafts"][0]["message"], signed.json()["message"]);
    }
}

#[tokio::test]
async fn nothing_is_drafted_that_no_superior_signs() {
    for desk in desks("kota-bandung").await {
        let (case, _) = desk.filed().await;
        let at = format!("/api/v1/cases/{case}/drafts/{KEY}");
        let refused = desk
            .put(Role::Officer, &at, &json!({"text": "Sudah."}))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.text().contains("case.followed_up"),
            "{}",
            refused.text()
        );
        let file = "/api/v1/drafts/none/attachments/1";
        let file = desk.get(Role::Reader, file).await;
        assert_eq!(file.status, StatusCode::NOT_FOUND);
    }
}
