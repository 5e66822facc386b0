//! Cities by a program: how much comes and goes, where each is, and every request that is a case.

use http::{Method, StatusCode};
use lapor_stand_ins::city311::City311;
use serde_json::{Value, json};

use super::Desk;
use crate::cities::tests::{HOLE, Linked};
use crate::testing::{NOW, Place, databases};
use crate::tokens::{Bounds, NewToken, Rights, Role, Scope, Scopes, create_for};

const CITY: &str = "/api/v1/channels/cities/bandung";
/// Nodes that have followed one request of their city, the city, and the number of the request there.
async fn beside(more: &Value) -> Vec<(Desk, City311, String)> {
    let mut all = Vec::new();
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let office = City311::open().await;
        office.is_at(NOW);
        let url = office.url();
        let linked = Box::pin(Linked::over(place, office, &url, more)).await;
        linked.look().await.unwrap();
        let number = linked.office.hears(&HOLE);
        linked.look().await.unwrap();
        let Linked { place, office, .. } = linked;
        all.push((Desk::of(place).await, office, number));
    }
    all
}

#[tokio::test]
async fn what_programs_file_and_what_cities_tell_is_counted_beside_the_channels() {
    for (desk, _office, _) in Box::pin(beside(&json!({}))).await {
        let desk = desk.with(|settings| settings.open311.enabled = true);
        let read = desk.await.get(Role::Officer, "/api/v1/channels").await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text());
        let read = read.json();
        let services = read["services"].as_array().unwrap().iter();
        let told: Vec<[&Value; 4]> = services
            .map(|one| {
                [
                    &one["name"],
                    &one["city"],
                    &one["today"]["came"],
                    &one["thirty_days"]["said"],
                ]
            })
            .collect();
        assert_eq!(
            told,
            [
                [&json!(null), &json!(null), &json!(0), &json!(0)],
                [
                    &json!("bandung"),
                    &json!("Bandung 311"),
                    &json!(1),
                    &json!(0)
                ],
            ],
            "{read}"
        );
    }
}

#[tokio::test]
async fn a_city_by_itself_says_where_it_is_what_is_mapped_and_how_each_request_stands() {
    for (desk, office, number) in Box::pin(beside(&json!({}))).await {
        let read = desk.get(Role::Officer, CITY).await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text());
        let city = read.json();
        assert_eq!(city["address"], office.url());
        assert_eq!(city["figures"]["title"], "Bandung 311");
        assert_eq!(city["begun_at"], NOW);
        assert_eq!(
            (&city["on_closed"], &city["on_progress"]),
            (&json!("propose"), &json!("note"))
        );
        let lamp = "Perhubungan/Penerangan Jalan Umum";
        let mapped = json!([{"code": "001", "name": null, "category": lamp, "unknown": false}]);
        assert_eq!(city["services"], mapped);

        let all = desk.get(Role::Officer, &format!("{CITY}/requests")).await;
        assert_eq!(all.status, StatusCode::OK, "{}", all.text());
        let all = all.json();
        assert_eq!(all.get("next"), None, "{all}");
        let one = &all["requests"][0];
        assert_eq!(
            (&one["request"], &one["way"], &one["open"], &one["state"]),
            (
                &json!(number),
                &json!("followed"),
                &json!(true),
                &json!("received")
            )
        );
        let case = format!("/api/v1/cases/{}", one["case"].as_str().unwrap());
        let case = desk.get(Role::Reader, &case).await.json();
        assert_eq!(case["ticket"], one["ticket"], "{case}");

        for (asked, status) in [
            ("?after=akhir", StatusCode::UNPROCESSABLE_ENTITY),
            ("?after=1.5", StatusCode::UNPROCESSABLE_ENTITY),
            ("?after=1.%00", StatusCode::BAD_REQUEST),
            ("?limit=0", StatusCode::BAD_REQUEST),
            ("?sesudah=1.a", StatusCode::BAD_REQUEST),
        ] {
            let refused = format!("{CITY}/requests{asked}");
            let refused = desk.get(Role::Officer, &refused).await;
            assert_eq!(refused.status, status, "{asked}: {}", refused.text());
        }
        for rest in ["", "/requests", "/services"] {
            let nowhere = format!("/api/v1/channels/cities/bogor{rest}");
            let nowhere = desk.get(Role::Admin, &nowhere).await;
            assert_eq!(nowhere.status, StatusCode::NOT_FOUND, "{rest}");
        }
    }
}

#[tokio::test]
async fn a_city_is_asked_for_its_services_by_an_administrator() {
    let map = json!({"map": [
        {"code": "001", "category": "Perhubungan/Penerangan Jalan Umum"},
        {"code": "999", "category": "Kesehatan"},
    ]});
    for (desk, office, _) in Box::pin(beside(&map)).await {
        let at = format!("{CITY}/services");
        let officer = desk.get(Role::Officer, &at).await;
        assert_eq!(officer.status, StatusCode::FORBIDDEN);
        let asked = desk.get(Role::Admin, &at).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
        let asked = asked.json();
        assert_eq!(asked.get("problem"), None, "{asked}");
        let told = asked["services"].as_array().unwrap();
        let of = |code: &str| told.iter().find(|one| one["code"] == code).unwrap();
        assert_eq!(told.len(), 4, "{asked}");
        assert_eq!(of("002")["name"], "Jalan berlubang");
        assert_eq!(of("002")["category"], Value::Null);
        let unknown = json!({
            "code": "999", "name": null, "category": "Kesehatan", "unknown": true,
        });
        assert_eq!(*of("999"), unknown);
        office.mood.is_away(true);
        let untold = desk.get(Role::Admin, &at).await.json();
        assert_eq!(untold["problem"], "it answers 502", "{untold}");
        let mapped = untold["services"].as_array().unwrap().iter();
        let mapped: Vec<&Value> = mapped.map(|one| &one["code"]).collect();
        assert_eq!(mapped, ["001", "999"]);
    }
}

#[tokio::test]
async fn of_a_case_outside_the_bounds_of_a_token_a_request_tells_nothing() {
    for (desk, _office, number) in Box::pin(beside(&json!({}))).await {
        let new = NewToken {
            name: "app",
            rights: Rights::Scopes(Scopes::new([Scope::ChannelsRead]).unwrap()),
            bounds: Bounds::read([], ["31"]).unwrap(),
            expires_at: None,
            owner: None,
        };
        let made = create_for(desk.place.node.db(), new, "test", NOW).await;
        let app = made.unwrap().to_string();
        let reads = async |path: &str| desk.calls_with(&app, Method::GET, path, &json!(null)).await;
        let all = reads(&format!("{CITY}/requests")).await;
        assert_eq!(all.status, StatusCode::OK, "{}", all.text());
        let all = all.json();
        let one = &all["requests"][0];
        assert_eq!(one["request"], json!(number));
        for untold in ["case", "ticket", "state", "outcome"] {
            assert_eq!(one[untold], Value::Null, "{untold}");
        }
        assert_eq!(reads(CITY).await.status, StatusCode::FORBIDDEN);
    }
}
