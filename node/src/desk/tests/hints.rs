//! What the desk suggests: an institution where a report is not this one's, a unit where it is, and
//! what it may repeat.

use http::StatusCode;
use serde_json::json;

use super::cases::{KEY, at, filed};
use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::casework::Sight;
use crate::doors::router;

#[tokio::test]
async fn a_report_that_is_not_ours_goes_back_with_the_institution_that_is_suggested() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let said = "Lubang besar di jalan nasional dekat gerbang tol.";
        let case = filed(&place, "Jalan nasional berlubang", said).await;
        let path = at(case, "/bukan-wewenang");
        let page = siti.open(&path).await;
        page.is(StatusCode::OK)
            .shows("name=\"tujuan\" value=\"kemenpu\"")
            .shows("Menangani: jalan nasional");
        assert!(
            !page.text.contains("value=\"kota-bandung\""),
            "not ourselves"
        );
        let chosen = siti.open(&at(case, "/bukan-wewenang?ke=kemenpu")).await;
        chosen.shows("value=\"kemenpu\" id=\"tujuan\" checked");
        let mut fields = vec![
            ("kunci", KEY),
            ("tujuan", "kemenpu"),
            ("uraian", "Milik pusat."),
        ];
        let again = siti.post(&path, &fields).await;
        again
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("value=\"kemenpu\" id=\"tujuan\" checked")
            .shows("Milik pusat.");
        fields.push(("alasan", "belongs_to_another"));
        siti.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        let view = place.node.case(case).await.unwrap();
        let returned = view.history[1].body.as_ref().unwrap();
        assert_eq!(returned["suggested"], "kemenpu");
    }
}

#[tokio::test]
async fn what_is_typed_on_a_return_goes_before_what_is_suggested() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Jalan nasional berlubang", "Lubang besar.").await;
        let fields = [
            ("kunci", KEY),
            ("tujuan", "kemenpu"),
            ("instansi", "kab-garut"),
            ("alasan", "belongs_to_another"),
        ];
        let path = at(case, "/bukan-wewenang");
        siti.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        let view = place.node.case(case).await.unwrap();
        let returned = view.history[1].body.as_ref().unwrap();
        assert_eq!(returned["suggested"], "kab-garut");
    }
}

#[tokio::test]
async fn a_unit_is_suggested_with_its_reason_and_stands_in_the_field_at_one_press() {
    for place in staffed().await {
        for (id, name) in [("dinas-pu", "Dinas PU"), ("dinkes", "Dinas Kesehatan")] {
            let id = id.parse().unwrap();
            place.node.add_unit("test", &id, name, None).await.unwrap();
        }
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let said = "Lubang besar di depan pasar.";
        let before = filed(&place, "Jalan berlubang", said).await;
        let first = admin.open(&at(before, "")).await;
        assert!(!first.text.contains("Saran unit"), "there is no past yet");
        let (cases, unit) = ([before], Some("dinas-pu"));
        let given = place.node.assign(&Sight::ALL, &cases, unit, None, "test");
        given.await.unwrap();
        place.clock.advance(1000);
        let case = filed(&place, "Jalan berlubang lagi", said).await;
        let page = admin.open(&at(case, "")).await;
        page.shows("Saran unit")
            .shows("1 laporan serupa ditangani unit ini.")
            .shows("?unit=dinas-pu#penugasan");
        let chosen = admin.open(&at(case, "?unit=dinas-pu")).await;
        chosen.shows("<option value=\"dinas-pu\" selected>");
        let unknown = admin.open(&at(case, "?unit=entah")).await;
        assert!(!unknown.text.contains("selected>Dinas"));
        let taken = [("unit", "dinas-pu"), ("petugas", "")];
        admin
            .post(&at(case, "/unit"), &taken)
            .await
            .is(StatusCode::SEE_OTHER);
        let after = admin.open(&at(case, "")).await;
        assert!(!after.text.contains("Saran unit"), "it lies with a unit");
    }
}

#[tokio::test]
async fn a_repeat_close_by_comes_before_one_across_the_city_and_says_how_far_it_is() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let there = async |latitude: f64| {
            let report = json!({
                "classification": "complaint", "title": "Lubang besar di jalan",
                "content": "Lubang besar di tengah jalan, berbahaya bagi motor.",
                "region": "32.73", "channel": "web",
                "coordinates": {"latitude": latitude, "longitude": 107.61},
            });
            let report = serde_json::from_value(report).unwrap();
            place.node.file(report, "test").await.unwrap().case
        };
        let (far, near, case) = (there(-6.96).await, there(-6.901).await, there(-6.90).await);
        let page = siti.open(&at(case, "/gabung")).await;
        let place_of = |other: lapor_protocol::ids::CaseId| page.text.find(&other.to_string());
        assert!(place_of(near).unwrap() < place_of(far).unwrap_or(usize::MAX));
        page.shows("sekitar 120 m");
    }
}
