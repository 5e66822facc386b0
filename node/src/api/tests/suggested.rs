//! Suggestions through the API: regions, categories, hints, likely duplicates.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{Body, Role, desks};

fn codes(found: &Value) -> Vec<&str> {
    let regions = found["regions"].as_array().unwrap();
    regions
        .iter()
        .map(|region| region["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_region_is_found_by_what_is_typed() {
    for desk in desks("kota-bandung").await {
        let found = desk
            .get(Role::Reader, "/api/v1/regions?q=kab%20bdg&limit=1")
            .await;
        assert_eq!(codes(&found.json()), ["32.04"]);
        assert_eq!(found.json()["regions"][0]["province"], "Jawa Barat");
        let many = desk
            .get(Role::Reader, "/api/v1/regions?q=kota&limit=51")
            .await;
        assert_eq!(many.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_report_with_a_local_category_is_filed_under_the_national_one() {
    for desk in desks("kota-bandung").await {
        let path = "/api/v1/categories/local";
        let mapping = json!({"local": "Lampu", "category": "Perhubungan/Penerangan Jalan Umum"});
        let put = |role| {
            let request = Request::put(path).header("content-type", "application/json");
            desk.send(Some(role), request, Body::from(mapping.to_string()))
        };
        assert_eq!(put(Role::Officer).await.status, StatusCode::FORBIDDEN);
        assert_eq!(put(Role::Admin).await.status, StatusCode::NO_CONTENT);
        let all = desk.get(Role::Reader, path).await.json();
        assert_eq!(
            all["local"],
            json!([{"local": "Lampu", "category": mapping["category"], "known": true}])
        );

        let mut report = crate::api::examples::report();
        report["category"] = "Lampu".into();
        let filed = desk
            .post(Role::Officer, "/api/v1/reports", &report)
            .await
            .json();
        let case = format!("/api/v1/cases/{}", filed["case"].as_str().unwrap());
        assert_eq!(
            desk.get(Role::Reader, &case).await.json()["category"],
            mapping["category"]
        );

        let delete = Request::delete(format!("{path}?local=Lampu"));
        let gone = desk.send(Some(Role::Admin), delete, Body::empty()).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        let editions = format!("{path}/editions");
        let kept = desk.get(Role::Admin, &editions).await.json();
        let first = kept["editions"].as_array().unwrap().last().unwrap();
        let first = format!("{editions}/{}", first["number"]);
        let first = desk.get(Role::Admin, &first).await;
        let pair = json!({"local": "Lampu", "category": mapping["category"]});
        assert_eq!(first.json(), json!({"local": [pair]}), "{}", first.text());
        let unknown = format!("{editions}/404");
        let unknown = desk.get(Role::Admin, &unknown).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        let categories = desk.get(Role::Reader, "/api/v1/categories").await.json();
        assert_eq!(categories["edition"], "2026.0");
    }
}

#[tokio::test]
async fn a_case_has_hints_and_a_report_its_likely_duplicates() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let hints = desk
            .get(Role::Reader, &format!("/api/v1/cases/{case}/hints"))
            .await
            .json();
        let first = &hints["hints"][0];
        assert_eq!(first["institution"], "kota-bandung");
        assert!(
            first["reasons"]
                .as_array()
                .unwrap()
                .iter()
                .any(|reason| reason["kind"] == "subject")
        );

        let likely =
            "/api/v1/reports/likely?title=Lampu%20padam&content=jalan%20Braga&region=32.73";
        let found = desk.get(Role::Reader, likely).await.json();
        assert_eq!(found["duplicates"][0]["case"], case);
        let half = desk
            .get(Role::Reader, &format!("{likely}&latitude=-6.9"))
            .await;
        assert_eq!(half.json()["field"], "longitude");
        for (latitude, longitude, field) in [
            ("NaN", "107.6", "latitude"),
            ("-6.9", "nan", "longitude"),
            ("inf", "107.6", "latitude"),
            ("-6.9", "-inf", "longitude"),
            ("90.1", "107.6", "latitude"),
            ("-6.9", "180.1", "longitude"),
        ] {
            let asked = format!("{likely}&latitude={latitude}&longitude={longitude}");
            let refused = desk.get(Role::Reader, &asked).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{asked}");
            let problem = refused.json();
            assert_eq!(problem["code"], "invalid_query");
            assert_eq!(problem["field"], field, "{asked}");
            let detail = problem["detail"].as_str().unwrap();
            let said = format!("{field}: expected degrees from ");
            assert!(detail.starts_with(&said), "{detail}");
        }
        let placed = format!("{likely}&latitude=-6.9175&longitude=107.6091");
        let found = desk.get(Role::Reader, &placed).await.json();
        assert_eq!(found["duplicates"][0]["case"], case);
    }
}
