//! Cities by a program: how much comes and goes, where each is, and every request that is a case.

use http::StatusCode;
use lapor_migrations::throwaway::databases;
use lapor_stand_ins::city311::City311;
use serde_json::{Value, json};

use super::Desk;
use crate::cities::tests::Linked;
use crate::testing::{NOW, Place};
use crate::tokens::Role;

const HOLE: [(&str, &str); 5] = [
    ("service_code", "002"),
    ("description", "Jalan berlubang di Braga. Dalam sekali."),
    ("address", "Jalan Braga 12"),
    ("lat", "-6.9175"),
    ("long", "107.6091"),
];

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
        let told: Vec<[&Value; 3]> = services
            .map(|one| {
                [
                    &one["city"],
                    &one["today"]["came"],
                    &one["thirty_days"]["said"],
                ]
            })
            .collect();
        assert_eq!(
            told,
            [
                [&json!(null), &json!(0), &json!(0)],
                [&json!("Bandung 311"), &json!(1), &json!(0)],
            ],
            "{read}"
        );
    }
}
