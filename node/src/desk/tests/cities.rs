//! The page of cities: who may see and change what, and what a press does.

use http::StatusCode;
use lapor_stand_ins::city311::City311;
use serde_json::json;

use super::{ADMIN, Browser, SITI, WORDS, hire, staffed};
use crate::cities::tests::Linked;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::NOW;

const PAGE: &str = "/meja/saluran/kota";
const LEADER: &str = "pimpinan@bandung.go.id";
const PROBLEM: &str = "400: attribute[tiang] has an unknown value";

async fn linked() -> Vec<Linked> {
    let mut all = Vec::new();
    for place in Box::pin(staffed()).await {
        hire(&place, LEADER, StaffRole::Leader).await;
        let office = City311::open().await;
        office.is_at(NOW);
        let url = office.url();
        all.push(Box::pin(Linked::over(place, office, &url, &json!({}))).await);
    }
    all
}

#[tokio::test]
async fn an_administrator_tries_again_or_drops_what_a_city_refused() {
    for linked in linked().await {
        let router = router(linked.place.node.clone());
        let [siti, leader, admin] = [(); 3].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        leader.enters(LEADER, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        siti.open(PAGE).await.shows("Belum dihubungi");
        linked.look().await.unwrap();
        linked.office.refuses(Some((400, &PROBLEM[5..])));
        for _ in 0..2 {
            linked.files_verified(&json!({})).await;
        }
        linked.look().await.unwrap();
        leader.open(PAGE).await.is(StatusCode::FORBIDDEN);
        let seen = siti.open(PAGE).await;
        seen.shows("Bandung 311")
            .shows("Ditolak kota")
            .shows(PROBLEM);
        assert!(!seen.text.contains("Coba lagi"), "an officer only reads");
        siti.post(PAGE, &[]).await.is(StatusCode::FORBIDDEN);
        admin
            .open("/meja")
            .await
            .shows("2 permintaan kota perlu dilihat");

        let stuck = linked.figures().await.stuck;
        for (id, deed, said) in [
            (&stuck[0].id, "ulang", "Akan dicoba pada putaran berikut."),
            (&stuck[1].id, "buang", "Tidak akan dicoba lagi."),
        ] {
            let fields = [("permintaan", id.as_str()), ("tindakan", deed)];
            let done = admin.post(PAGE, &fields).await;
            done.is(StatusCode::SEE_OTHER);
            admin.open(done.to()).await.shows(said);
        }
        let gone = [("permintaan", stuck[1].id.as_str()), ("tindakan", "ulang")];
        admin.post(PAGE, &gone).await.is(StatusCode::SEE_OTHER);
        linked.office.refuses(None);
        linked.look().await.unwrap();
        assert_eq!(linked.office.filed().len(), 1);
        let calm = siti.open(PAGE).await;
        assert!(!calm.text.contains("Ditolak kota"), "{}", calm.text);
    }
}

#[tokio::test]
async fn the_page_says_since_when_a_city_does_not_answer() {
    for linked in linked().await {
        linked.office.mood.is_away(true);
        linked.look().await.unwrap_err();
        let router = router(linked.place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let seen = siti.open(PAGE).await;
        seen.shows("it answers 502").shows("Tidak ada yang hilang");
    }
}
