//! What people say to an officer, taken down by a program, and what looks like abuse.

use http::StatusCode;
use serde_json::json;

use super::{desks, report_example};
use crate::tokens::Role;

#[tokio::test]
async fn what_the_reporter_says_is_taken_down_with_the_key_where_it_is_needed() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let held = json!({"kind": "case.held", "words": {"questions": ["Di mana?"]}});
        desk.act(&case, held).await;
        let at = format!("/api/v1/cases/{case}/counter");
        let counter = desk.get(Role::Officer, &at).await.json();
        assert_eq!(counter["on_word"], true, "no key was ever given: {counter}");
        let may = counter["may"].as_array().unwrap();
        assert!(may.contains(&json!("complete")), "{counter}");
        let words = format!("{at}/words");
        let fax = json!({"channel": "fax", "act": {"act": "complete", "answers": ["Di sini."]}});
        let fax = desk.post(Role::Officer, &words, &fax).await;
        assert_eq!(fax.status, StatusCode::UNPROCESSABLE_ENTITY);
        let said = json!({"channel": "phone", "act": {"act": "complete", "answers": ["Di sini."]}});
        let done = desk.post(Role::Officer, &words, &said).await;
        assert_eq!(done.status, StatusCode::ACCEPTED, "{}", done.text());
        assert_eq!(
            desk.place.audited("counter.said").await[0].0,
            "token:officer"
        );
        let early = json!({"channel": "phone", "act": {"act": "rate", "score": 5}});
        let early = desk.post(Role::Officer, &words, &early).await;
        assert_eq!(early.json()["code"], "not_allowed", "{}", early.text());
        let keyed = desk
            .post(Role::Officer, "/api/v1/reports?key=true", &report_example())
            .await;
        let keyed = keyed.json();
        let at = format!("/api/v1/cases/{}/counter", keyed["case"].as_str().unwrap());
        let words = format!("{at}/words");
        let unproved = json!({"channel": "phone", "act": {"act": "reply", "text": "Ya."}});
        let unproved = desk.post(Role::Officer, &words, &unproved).await;
        assert_eq!(
            unproved.status,
            StatusCode::FORBIDDEN,
            "{}",
            unproved.text()
        );
        let wrong = json!({"assurance": "called", "contact": "+62 811 9999 999"});
        let lost = format!("{at}/key");
        let wrong = desk.post(Role::Officer, &lost, &wrong).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{}", wrong.text());
        let nothing = desk
            .post(Role::Officer, &lost, &json!({"assurance": "called"}))
            .await;
        assert_eq!(nothing.json()["field"], "contact");
        let right = json!({"assurance": "called", "contact": "0811 0000 000"});
        let given = desk.post(Role::Officer, &lost, &right).await;
        assert_eq!(given.status, StatusCode::CREATED, "{}", given.text());
        assert_eq!(given.json()["ticket"], keyed["ticket"]);
        assert_ne!(given.json()["key"], keyed["key"]);
    }
}

#[tokio::test]
async fn a_case_that_looks_like_abuse_lies_apart_until_it_is_cleared() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let at = format!("/api/v1/cases/{case}/suspicion");
        assert_eq!(
            desk.get(Role::Reader, &at).await.status,
            StatusCode::NOT_FOUND
        );
        let marked = desk.put(Role::Officer, &at, &json!(null)).await;
        assert_eq!(marked.status, StatusCode::NO_CONTENT, "{}", marked.text());
        let mark = desk.get(Role::Reader, &at).await.json();
        assert_eq!(mark["marked_by"], "token:officer", "{mark}");
        let apart = desk
            .get(Role::Reader, "/api/v1/cases?tab=suspect")
            .await
            .json();
        assert_eq!(apart["cases"][0]["case"], case.as_str());
        let new = desk.get(Role::Reader, "/api/v1/cases?tab=new").await.json();
        assert_eq!(new["cases"], json!([]));
        assert_eq!(
            desk.delete(Role::Officer, &at).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            desk.delete(Role::Officer, &at).await.status,
            StatusCode::NOT_FOUND
        );
        let nowhere = "/api/v1/cases/019a0a7e-3c00-7000-8000-000000000001/suspicion";
        let missing = desk.put(Role::Officer, nowhere, &json!(null)).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }
}
