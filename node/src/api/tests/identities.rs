//! Who asks who reported and who answers are two persons, whatever tokens they have.

use http::{Method, StatusCode};
use serde_json::json;

use super::{desks, hired, moved, token_of};
use crate::staff::StaffRole;
use crate::tokens::Role;

#[tokio::test]
async fn an_officer_asks_the_keeper_grants_and_only_then_it_is_opened() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let at = format!("/api/v1/cases/{case}/identity-asks");
        let granted = format!("/api/v1/cases/{case}/identity/granted");
        let early = desk.get(Role::Officer, &granted).await;
        assert_eq!(early.status, StatusCode::FORBIDDEN, "{}", early.text());
        let odd = json!({"purpose": "curiosity", "reason": "Ingin tahu."});
        let odd = desk.post(Role::Officer, &at, &odd).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        let blank = desk
            .post(
                Role::Officer,
                &at,
                &json!({"purpose": "contact", "reason": ""}),
            )
            .await;
        assert_eq!(blank.json()["field"], "reason", "{}", blank.text());
        let why = json!({"purpose": "contact", "reason": "Lokasi tiang."});
        let asked = desk.post(Role::Officer, &at, &why).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.text());
        let id = asked.json()["id"].as_str().unwrap().to_owned();
        let waiting = desk
            .get(Role::Identity, "/api/v1/identity-requests")
            .await
            .json();
        assert_eq!(waiting["requests"][0]["ask"], id.as_str());
        assert_eq!(waiting["requests"][0]["officer"], "token:officer");
        let answer = format!("{at}/{id}/answer");
        let yes = json!({"granted": true});
        let answered = desk.post(Role::Identity, &answer, &yes).await;
        assert_eq!(
            answered.status,
            StatusCode::NO_CONTENT,
            "{}",
            answered.text()
        );
        let twice = desk.post(Role::Identity, &answer, &yes).await;
        assert_eq!(twice.json()["field"], "ask", "{}", twice.text());
        let none = format!("{at}/none/answer");
        let none = desk.post(Role::Identity, &none, &yes).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND);
        let own = desk
            .get(Role::Officer, "/api/v1/identity-asks")
            .await
            .json();
        assert_eq!(own["asks"][0]["granted"], true, "{own}");
        let opened = desk.get(Role::Officer, &granted).await.json();
        assert_eq!(opened["name"], "Siti");
        let log = format!("/api/v1/cases/{case}/identity/log");
        let log = desk.get(Role::Identity, &log).await.json();
        assert_eq!(log["events"][0]["step"], "asked", "{log}");
        let others = desk.get(Role::Admin, "/api/v1/identity-asks").await.json();
        assert_eq!(others, json!({"asks": []}));
    }
}

#[tokio::test]
async fn somebody_with_two_tokens_is_one_person() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let login = "siti@pusat.go.id";
        let siti = hired(&desk.place, login, StaffRole::Officer).await;
        let works = token_of(&desk.place, "siti-works", &siti, Role::Officer).await;
        let keeps = token_of(&desk.place, "siti-keeps", &siti, Role::Identity).await;
        let at = format!("/api/v1/cases/{case}/identity-asks");
        let why = json!({"purpose": "contact", "reason": "Lokasi tiang."});
        let asked = desk.calls_with(&works, Method::POST, &at, &why).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.text());
        let answer = format!("{at}/{}/answer", asked.json()["id"].as_str().unwrap());
        let yes = json!({"granted": true});
        moved(&desk.place, login, &siti, StaffRole::IdentityKeeper).await;
        let own = desk.calls_with(&keeps, Method::POST, &answer, &yes).await;
        assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.text());
        let acts = format!("/api/v1/cases/{case}/acts");
        let note = json!({"kind": "case.noted", "words": {"text": "Ditelepon."}});
        moved(&desk.place, login, &siti, StaffRole::Officer).await;
        desk.calls_with(&works, Method::POST, &acts, &note).await;
        moved(&desk.place, login, &siti, StaffRole::IdentityKeeper).await;
        let identity = format!("/api/v1/cases/{case}/identity");
        let opened = desk
            .calls_with(&keeps, Method::GET, &identity, &json!(null))
            .await;
        assert_eq!(
            opened.status,
            StatusCode::FORBIDDEN,
            "who handles it opens nothing"
        );
        let keeper = desk.get(Role::Identity, &identity).await;
        assert_eq!(keeper.status, StatusCode::OK, "{}", keeper.text());
    }
}
