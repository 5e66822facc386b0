//! What the page of all that is arranged says of the ways in and out.

use serde_json::json;

use super::{ADMIN, Browser, WORDS, staffed};
use crate::channels::Name;
use crate::channels::tests::on_paper;
use crate::doors::router;
use crate::store::channels::lines::{self, LineRow};
use crate::testing::NOW;

const PAGE: &str = "/meja/pengaturan";

#[tokio::test]
async fn a_way_that_is_off_says_where_it_is_switched_on() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let ways = admin.open(PAGE).await.between("id=\"jalan\"", "</section>");
        for part in [
            "[channels.sms]",
            "[channels.meta], [channels.whatsapp]",
            "[channels.meta], [channels.facebook]",
            "[channels.telegram]",
            "[channels.x]",
            "[channels.email]",
            "[mail]",
            "[open311]",
            "[bridge]",
            "[[cities]]",
            "href=\"/meja/webhook\"",
        ] {
            assert!(ways.contains(part), "{part}: {ways}");
        }
        assert!(!ways.contains("class=\"badge done\""), "{ways}");
        let step = admin.open("/meja/pengaturan?langkah=1").await;
        assert!(!step.text.contains("id=\"jalan\""));
    }
}

#[tokio::test]
async fn a_way_that_is_on_says_how_it_stands_and_leads_to_its_page() {
    for mut place in staffed().await {
        place.settings.open311.enabled = true;
        place.settings.bridge.base_url = Some("https://sp4n.example.id/lapor".into());
        let city = json!({
            "name": "bandung",
            "title": "Bandung 311",
            "url": "https://311.example.id/open311/v2",
        });
        place.settings.cities = vec![serde_json::from_value(city).unwrap()];
        place.node = place.reopened().await;
        on_paper(&place.node, Name::Sms);
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let ways = admin.open(PAGE).await.between("id=\"jalan\"", "</section>");
        for part in [
            "<a href=\"/meja/saluran/rincian/sms\">SMS</a>",
            "Tersambung",
            "<a href=\"/meja/saluran/kota/bandung\">Bandung 311</a>",
            "Belum dihubungi",
            "<a href=\"/meja/saluran\">Open311</a>",
            "sebelum portal.public_url memakai https",
            "Belum pernah berjalan",
        ] {
            assert!(ways.contains(part), "{part}: {ways}");
        }
        let down = LineRow {
            failures: 2,
            since: Some(NOW),
            problem: Some("it answers 502".into()),
            ..LineRow::default()
        };
        let mut tx = place.node.write_tx().await.unwrap();
        lines::put(&mut tx, "sms", &down).await.unwrap();
        tx.commit().await.unwrap();
        let ways = admin.open(PAGE).await.between("id=\"jalan\"", "</section>");
        for part in [
            "Terputus sejak",
            "tidak hilang",
            "<code>it answers 502</code>",
        ] {
            assert!(ways.contains(part), "{part}: {ways}");
        }
        let mut tx = place.node.write_tx().await.unwrap();
        let unfetched = lines::not_fetched(&mut tx, "sms", NOW, "it hangs up");
        unfetched.await.unwrap();
        tx.commit().await.unwrap();
        let ways = admin.open(PAGE).await.between("id=\"jalan\"", "</section>");
        assert!(ways.contains("Penyedia tidak dapat dicapai"), "{ways}");
        let mut tx = place.node.write_tx().await.unwrap();
        let well = LineRow::default();
        lines::put(&mut tx, "sms", &well).await.unwrap();
        tx.commit().await.unwrap();
        let ways = admin.open(PAGE).await.between("id=\"jalan\"", "</section>");
        for part in [
            "Terputus sejak",
            "tidak dapat diambil",
            "<code>it hangs up</code>",
        ] {
            assert!(ways.contains(part), "{part}: {ways}");
        }
    }
}
