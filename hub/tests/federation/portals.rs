//! The portals of institutions: what their nodes say of them stands in the directory, once and not
//! too often.

use lapor_protocol::problem::Code;

use super::harness::{Institution, NOW, Place, databases};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Says an address, or with `None` nothing of one, in a report of this moment.
async fn says(place: &Place, of: &Institution, portal: Option<&str>) -> Option<Code> {
    let mut report = serde_json::json!({
        "software": "lapor-node 1", "time": NOW, "unsent": 0, "unapplied": 0, "quarantined": 0,
        "parked": 0, "directory": 1, "certificate_expires": NOW + 1_000 * MINUTE,
    });
    if let Some(portal) = portal {
        report["portal"] = portal.into();
    }
    place.post(of, "/health", report.to_string()).await.code()
}

/// What the directory has of it, with its version.
fn known(place: &Place, of: &Institution) -> (Option<String>, u64) {
    let directory = place.hub.ground.directory.current();
    let entry = directory.latest().instance(&of.id).unwrap();
    (entry.portal.clone(), directory.version())
}

#[tokio::test]
async fn the_directory_names_the_portal_that_a_node_says_until_it_says_another() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let (none, before) = known(&place, &bandung);
        assert_eq!(none, None);
        let [first, second] = ["https://lapor.bandung.go.id", "https://lapor.bandung.test"];
        for said in [Some(first), Some("https://lapor.bandung.go.id/"), None] {
            assert_eq!(says(&place, &bandung, said).await, None);
            let named = (Some(first.to_owned()), before + 1);
            assert_eq!(known(&place, &bandung), named, "{said:?}");
        }
        place.clock.advance(59 * MINUTE);
        assert_eq!(says(&place, &bandung, Some(second)).await, None);
        assert_eq!(
            known(&place, &bandung),
            (Some(first.to_owned()), before + 1),
            "too early"
        );
        place.clock.advance(MINUTE);
        assert_eq!(says(&place, &bandung, Some(second)).await, None);
        assert_eq!(
            known(&place, &bandung),
            (Some(second.to_owned()), before + 2)
        );
        place.clock.advance(60 * MINUTE);
        assert_eq!(says(&place, &bandung, Some("")).await, None);
        assert_eq!(known(&place, &bandung), (None, before + 3));
    }
}

#[tokio::test]
async fn an_address_that_changes_all_the_time_adds_four_versions_in_a_month() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let (_, before) = known(&place, &bandung);
        let address = |hour: i64| format!("https://lapor-{}.bandung.test", hour % 2);
        for hour in 0..8 {
            assert_eq!(says(&place, &bandung, Some(&address(hour))).await, None);
            place.clock.advance(HOUR);
        }
        let fourth = (Some(address(3)), before + 4);
        assert_eq!(known(&place, &bandung), fourth);
        place.clock.advance(30 * 24 * HOUR - 8 * HOUR - MINUTE);
        assert_eq!(says(&place, &bandung, Some(&address(4))).await, None);
        assert_eq!(known(&place, &bandung), fourth, "a minute too early");
        place.clock.advance(MINUTE);
        assert_eq!(says(&place, &bandung, Some(&address(4))).await, None);
        assert_eq!(known(&place, &bandung), (Some(address(4)), before + 5));
    }
}

#[tokio::test]
async fn what_many_say_of_theirs_within_a_short_time_is_one_version() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [pusat, bandung, kemenpu] = place.three().await;
        let (_, before) = known(&place, &pusat);
        let address = |of: &Institution| Some(format!("https://{}.test", of.id));
        for of in [&pusat, &bandung, &kemenpu] {
            assert_eq!(says(&place, of, address(of).as_deref()).await, None);
            place.clock.advance(MINUTE);
        }
        assert_eq!(known(&place, &pusat), (address(&pusat), before + 1));
        for of in [&bandung, &kemenpu] {
            assert_eq!(known(&place, of), (None, before + 1), "it waits");
        }
        place.restart().await;
        place.clock.advance(6 * MINUTE);
        assert_eq!(
            says(&place, &bandung, address(&bandung).as_deref()).await,
            None
        );
        assert_eq!(known(&place, &bandung).1, before + 1, "a minute too early");
        place.clock.advance(MINUTE);
        assert_eq!(
            says(&place, &bandung, address(&bandung).as_deref()).await,
            None
        );
        for of in [&pusat, &bandung, &kemenpu] {
            assert_eq!(known(&place, of), (address(of), before + 2));
        }
        place.clock.advance(HOUR);
        assert_eq!(says(&place, &pusat, Some("")).await, None);
        assert_eq!(known(&place, &pusat), (None, before + 3));
        assert_eq!(known(&place, &kemenpu), (address(&kemenpu), before + 3));
    }
}

#[tokio::test]
async fn what_waits_for_others_counts_as_often_as_it_is_named() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, bandung, _] = place.three().await;
        let (_, before) = known(&place, &bandung);
        let address = |hour: i64| format!("https://lapor-{}.bandung.test", hour % 2);
        for hour in 0..4 {
            assert_eq!(says(&place, &bandung, Some(&address(hour))).await, None);
            place.clock.advance(HOUR);
        }
        assert_eq!(says(&place, &bandung, Some(&address(4))).await, None);
        let first = "https://lapor.pusat.test";
        assert_eq!(says(&place, &pusat, Some(first)).await, None);
        assert_eq!(known(&place, &pusat), (Some(first.to_owned()), before + 5));
        let fourth = (Some(address(3)), before + 5);
        assert_eq!(known(&place, &bandung), fourth, "nobody takes it along");
    }
}

#[tokio::test]
async fn what_is_no_address_of_a_site_is_refused_and_stands_nowhere() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let before = known(&place, &bandung);
        let long = format!("https://{}.test", "a".repeat(300));
        for said in [
            "javascript:alert(1)",
            "https://lapor.bandung.go.id/masuk",
            "https://orang@lapor.bandung.go.id",
            "lapor.bandung.go.id",
            long.as_str(),
        ] {
            let refused = says(&place, &bandung, Some(said)).await;
            assert_eq!(refused, Some(Code::MalformedRequest), "{said}");
        }
        assert_eq!(known(&place, &bandung), before);
    }
}
