//! What people say to an officer, taken down by a program, and what looks like abuse.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, Reply, desks, hired, moved, report_example, token_of};
use crate::staff::StaffRole;
use crate::tokens::Role;

/// The contact of the report, and that of somebody else.
const RIGHT: &str = "0811 0000 000";
const WRONG: &str = "+62 811 9999 999";
const DAY_MS: i64 = 86_400_000;

impl Desk {
    /// A report whose reporter has a key, and is hidden so if that is said.
    async fn keyed(&self, hidden: Option<&str>) -> String {
        let mut report = report_example();
        if let Some(hidden) = hidden {
            report[hidden] = json!(true);
        }
        let path = "/api/v1/reports?key=true";
        let filed = self.post(Role::Officer, path, &report).await.json();
        filed["case"].as_str().unwrap().to_owned()
    }

    async fn claims(&self, role: Role, case: &str, contact: &str) -> Reply {
        self.post(role, &lost(case), &claim(contact)).await
    }
}

fn lost(case: &str) -> String {
    format!("/api/v1/cases/{case}/counter/key")
}

fn claim(contact: &str) -> Value {
    json!({"assurance": "called", "contact": contact})
}

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
async fn who_reported_is_tried_three_times_a_case_and_ten_times_a_person() {
    for desk in desks("pusat").await {
        let (first, last) = (desk.keyed(None).await, desk.keyed(None).await);
        for _ in 0..3 {
            let wrong = desk.claims(Role::Officer, &first, WRONG).await;
            assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{}", wrong.text());
        }
        for role in [Role::Officer, Role::Admin] {
            let refused = desk.claims(role, &first, RIGHT).await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{role}");
            assert_eq!(refused.json()["code"], "too_many");
            assert_eq!(refused.headers["retry-after"], "28800", "eight hours");
        }
        // Four were brought so far.
        for _ in 0..6 {
            let other = desk.keyed(None).await;
            let wrong = desk.claims(Role::Officer, &other, WRONG).await;
            assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{}", wrong.text());
        }
        for _ in 0..3 {
            let refused = desk.claims(Role::Officer, &last, RIGHT).await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(refused.headers["retry-after"], "8640", "144 minutes");
        }
        let other = desk.claims(Role::Admin, &last, RIGHT).await;
        let taken = format!("no claim was taken from the case: {}", other.text());
        assert_eq!(other.status, StatusCode::CREATED, "{taken}");
        assert_eq!(desk.place.audited("counter.key_refused").await.len(), 9);
        desk.place.clock.advance(DAY_MS);
        let later = desk.claims(Role::Officer, &first, RIGHT).await;
        assert_eq!(later.status, StatusCode::CREATED, "{}", later.text());
    }
}

#[tokio::test]
async fn two_tokens_of_one_owner_bring_the_claims_of_one_person() {
    for desk in desks("pusat").await {
        let budi = hired(&desk.place, "budi@pusat.go.id", StaffRole::Officer).await;
        let one = token_of(&desk.place, "one", &budi, Role::Officer).await;
        let other = token_of(&desk.place, "other", &budi, Role::Officer).await;
        for number in 0..11 {
            let at = lost(&desk.keyed(None).await);
            let token = if number % 2 == 0 { &one } else { &other };
            let wrong = claim(WRONG);
            let tried = desk.calls_with(token, Method::POST, &at, &wrong).await;
            let expected = if number < 10 {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::TOO_MANY_REQUESTS
            };
            assert_eq!(tried.status, expected, "{number}");
        }
    }
}

#[tokio::test]
async fn of_a_hidden_report_a_keeper_of_identities_gives_the_key_and_nobody_else() {
    for desk in desks("pusat").await {
        for hidden in [Some("secret"), Some("anonymous"), None] {
            let (who, said) = match hidden {
                Some(_) => ("keeper", "a keeper of identities gives"),
                None => ("officer", "officer who handles cases gives"),
            };
            let (role, other) = match hidden {
                Some(_) => (Role::Identity, Role::Officer),
                None => (Role::Officer, Role::Identity),
            };
            let case = desk.keyed(hidden).await;
            let counter = format!("/api/v1/cases/{case}/counter");
            let counter = desk.get(Role::Officer, &counter).await.json();
            assert_eq!(counter["key_giver"], who, "{counter}");
            for contact in [WRONG, RIGHT] {
                let refused = desk.claims(other, &case, contact).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{hidden:?}");
                assert!(refused.text().contains(said), "{}", refused.text());
            }
            let given = desk.claims(role, &case, RIGHT).await;
            assert_eq!(given.status, StatusCode::CREATED, "{}", given.text());
        }
        let compared = desk.place.audited("counter.key_refused").await;
        assert!(compared.is_empty(), "{compared:?}");
    }
}

#[tokio::test]
async fn a_keeper_who_has_handled_a_hidden_report_gives_no_key_of_it() {
    for desk in desks("pusat").await {
        let login = "ratna@pusat.go.id";
        let ratna = hired(&desk.place, login, StaffRole::Officer).await;
        let handles = token_of(&desk.place, "handles", &ratna, Role::Officer).await;
        let keeps = token_of(&desk.place, "keeps", &ratna, Role::Identity).await;
        let case = desk.keyed(Some("secret")).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        let act = json!({"kind": "case.verified"});
        let acted = desk.calls_with(&handles, Method::POST, &acts, &act).await;
        assert_eq!(acted.status, StatusCode::ACCEPTED, "{}", acted.text());
        moved(&desk.place, login, &ratna, StaffRole::IdentityKeeper).await;
        let (at, right) = (lost(&case), claim(RIGHT));
        let refused = desk.calls_with(&keeps, Method::POST, &at, &right).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        assert!(
            refused.text().contains("another keeper"),
            "{}",
            refused.text()
        );
        let given = desk.claims(Role::Identity, &case, RIGHT).await;
        assert_eq!(given.status, StatusCode::CREATED, "{}", given.text());
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
