//! What concerns everyone, through the API.

use http::StatusCode;
use serde_json::{Value, json};

use super::desks;
use crate::api::examples;
use crate::tokens::Role;

fn without_id(mut published: Value) -> Value {
    let id = published.as_object_mut().unwrap().remove("message");
    assert!(id.is_some_and(|id| id.is_string()));
    published
}

#[tokio::test]
async fn a_programme_is_published_and_read_with_its_history() {
    for desk in desks("kota-bandung").await {
        let path = "/api/v1/programmes/kota-bandung/jembatan-cikapundung-2026";
        let programme = examples::programme();
        let posted = desk
            .post(Role::Officer, "/api/v1/programmes", &programme)
            .await;
        assert_eq!(posted.status, StatusCode::ACCEPTED, "{}", posted.text());
        assert_eq!(posted.headers["location"], path);
        said!(without_id(posted.json()), @r#"{"author":"kota-bandung","kind":"programme.published","name":"jembatan-cikapundung-2026"}"#);
        let told = format!("{path}/progress");
        let told = desk.post(Role::Officer, &told, &examples::progress()).await;
        assert_eq!(told.status, StatusCode::ACCEPTED, "{}", told.text());
        let mut view = desk.get(Role::Reader, path).await.json();
        let history = view.as_object_mut().unwrap().remove("history").unwrap();
        let kinds: Vec<_> = history
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["kind"].as_str().unwrap(), &entry["standing"]))
            .collect();
        let pending = json!("pending");
        assert_eq!(
            kinds,
            [
                ("programme.published", &pending),
                ("programme.progressed", &pending)
            ]
        );
        said!(&view, @r#"{"owner":"kota-bandung","pending":2,"progress":{"percent":52,"slug":"jembatan-cikapundung-2026","status":"running","text":"Pemasangan gelagar selesai."},"published":{"budget_idr":18500000000,"description":"Jembatan baru 60 meter dengan trotoar di kedua sisi.","end":"2027-06-30","name":"Jembatan Cikapundung","region":"32.73","slug":"jembatan-cikapundung-2026","start":"2026-03-01"},"updated_at":1790000000000}"#);
        for query in ["", "?owner=kota-bandung", "?region=32&limit=1"] {
            let listed = desk
                .get(Role::Reader, &format!("/api/v1/programmes{query}"))
                .await;
            assert_eq!(listed.json(), json!({"programmes": [view]}), "{query}");
        }
        let other = desk.get(Role::Reader, "/api/v1/programmes?region=31").await;
        assert_eq!(other.json(), json!({"programmes": []}));
    }
}

#[tokio::test]
async fn what_may_not_be_published_is_a_problem_that_says_why() {
    for desk in desks("kota-bandung").await {
        let refused = async |path: &str, body: Value| {
            let reply = desk
                .post(Role::Admin, &format!("/api/v1{path}"), &body)
                .await;
            format!("{} {}", reply.status.as_u16(), reply.problem("(none)"))
        };
        said!(refused("/programmes/kota-bandung/taman/progress", examples::progress()).await, @r#"409 {"type":"urn:lapor:problem:not_allowed","title":"The rules do not allow this act","status":409,"code":"not_allowed","detail":"The act is inapplicable: not published.","request":"request-of-test","effect":"inapplicable","reason":"not_published"}"#);
        said!(refused("/programmes/kemenpu/taman/progress", examples::progress()).await, @r#"409 {"type":"urn:lapor:problem:not_allowed","title":"The rules do not allow this act","status":409,"code":"not_allowed","detail":"The act is unauthorised: not owner.","request":"request-of-test","effect":"unauthorised","reason":"not_owner"}"#);
        said!(refused("/taxonomy", examples::taxonomy()).await, @r#"409 {"type":"urn:lapor:problem:not_allowed","title":"The rules do not allow this act","status":409,"code":"not_allowed","detail":"The act is unauthorised: not desk.","request":"request-of-test","effect":"unauthorised","reason":"not_desk"}"#);
        said!(refused("/calendar", examples::calendar()).await, @r#"409 {"type":"urn:lapor:problem:not_allowed","title":"The rules do not allow this act","status":409,"code":"not_allowed","detail":"The act is unauthorised: not desk.","request":"request-of-test","effect":"unauthorised","reason":"not_desk"}"#);
        let mut programme = examples::programme();
        programme["start"] = json!("1 Maret");
        said!(refused("/programmes", programme.clone()).await, @r#"422 {"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"start: expected a date of the form YYYY-MM-DD.","request":"request-of-test","field":"start"}"#);
        programme["strat"] = json!("2026-03-01");
        said!(refused("/programmes", programme).await, @r#"422 {"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"strat: unknown field `strat`, expected one of `slug`, `name`, `region`, `budget_idr`, `start`, `end`, `description`, `pictures`, `coordinates`, `base` at line 1 column 221.","request":"request-of-test","field":"strat"}"#);
        let mut calendar = examples::calendar();
        calendar["days"][0]["kind"] = json!("libur");
        said!(refused("/calendar", calendar).await, @r#"422 {"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"days[0].kind: unknown variant `libur`, expected `national_holiday` or `collective_leave` at line 1 column 44.","request":"request-of-test","field":"days[0].kind"}"#);
        let missing = desk
            .get(Role::Reader, "/api/v1/programmes/kemenpu/taman")
            .await;
        said!(missing.problem("(none)"), @r#"{"type":"urn:lapor:problem:not_found","title":"This node does not hold it","status":404,"code":"not_found","detail":"This node holds no programme kemenpu/taman.","request":"request-of-test"}"#);
        let missing = desk
            .get(Role::Reader, "/api/v1/taxonomy?edition=2026.9")
            .await;
        said!(missing.problem("(none)"), @r#"{"type":"urn:lapor:problem:not_found","title":"This node does not hold it","status":404,"code":"not_found","detail":"This node holds no edition 2026.9.","request":"request-of-test"}"#);
    }
}

#[tokio::test]
async fn only_an_admin_of_the_national_desk_publishes_editions() {
    for desk in desks("pusat").await {
        for (place, body) in [
            ("taxonomy", examples::taxonomy()),
            ("calendar", examples::calendar()),
        ] {
            let path = format!("/api/v1/{place}");
            let none = desk.get(Role::Reader, &path).await.json();
            assert_eq!(none, json!({ place: null, "editions": [] }));
            let officer = desk.post(Role::Officer, &path, &body).await;
            assert_eq!(officer.status, StatusCode::FORBIDDEN, "{}", officer.text());
            let posted = desk.post(Role::Admin, &path, &body).await;
            assert_eq!(posted.status, StatusCode::ACCEPTED, "{}", posted.text());
            assert_eq!(
                posted.headers["location"],
                format!("/api/v1/{place}?edition=2026.1")
            );
            let listed = desk.get(Role::Reader, &path).await.json();
            let pending = json!([{"edition": "2026.1", "current": false, "standing": "pending", "at": crate::testing::NOW}]);
            assert_eq!(listed["editions"], pending, "{listed}");
            let read = desk
                .get(Role::Reader, &format!("{path}?edition=2026.1"))
                .await
                .json();
            assert_eq!(read[place]["edition"], "2026.1");
            let again = desk.post(Role::Admin, &path, &body).await;
            assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(again.json()["field"], "edition");
        }
    }
}

#[tokio::test]
async fn a_picture_of_a_programme_is_uploaded_published_and_read() {
    for desk in desks("kota-bandung").await {
        let bytes = crate::testing::jpeg(20, 9);
        let sent = desk.upload("image/png", bytes.clone().into()).await;
        let upload = sent.json()["upload"].clone();
        let mut programme = examples::programme();
        let path = "/api/v1/programmes/kota-bandung/jembatan-cikapundung-2026";
        let mut publish = async |pictures: Value| {
            programme["pictures"] = pictures;
            desk.post(Role::Officer, "/api/v1/programmes", &programme)
                .await
        };
        let silent = publish(json!([{"upload": upload, "alt": " "}])).await;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
        let added = publish(json!([{"upload": upload, "alt": "Gelagar."}])).await;
        assert_eq!(added.status, StatusCode::ACCEPTED, "{}", added.text());
        let view = desk.get(Role::Reader, path).await.json();
        let sha256 = lapor_protocol::ids::Digest::of(&bytes).to_hex();
        let picture = json!({
            "sha256": sha256, "size": bytes.len(), "media_type": "image/jpeg", "alt": "Gelagar.",
        });
        assert_eq!(view["published"]["pictures"], json!([picture]));
        assert_eq!(
            view["pictures"],
            json!([{"sha256": sha256, "state": "here", "at_hub": "waiting"}])
        );
        let at = format!("{path}/pictures/{sha256}");
        let read = desk.get(Role::Reader, &at).await;
        assert_eq!(read.headers["content-type"], "image/jpeg");
        assert_eq!(read.body, bytes);
        let again = publish(json!([{"upload": upload, "alt": "Gelagar."}])).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "it has been used");
        for pictures in [
            json!([{"sha256": "0".repeat(64), "alt": "Gelagar."}]),
            json!([{"alt": "Gelagar."}]),
            json!(vec![json!({"sha256": sha256, "alt": "Gelagar."}); 11]),
        ] {
            let refused = publish(pictures).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let kept = publish(Value::Null).await;
        assert_eq!(kept.status, StatusCode::ACCEPTED, "{}", kept.text());
        assert_eq!(desk.get(Role::Reader, &at).await.status, StatusCode::OK);
        let dropped = publish(json!([])).await;
        assert_eq!(dropped.status, StatusCode::ACCEPTED, "{}", dropped.text());
        assert_eq!(
            desk.get(Role::Reader, &at).await.status,
            StatusCode::NOT_FOUND
        );
    }
}
