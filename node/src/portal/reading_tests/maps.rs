//! Maps: of streets and of outlines, and what is built where.

use lapor_migrations::on;

use super::*;
use crate::store;

#[tokio::test]
async fn streets_are_shown_where_the_operator_supplies_tiles_and_nothing_is_fetched_elsewhere() {
    for mut place in places().await {
        let programme: NewProgramme = serde_json::from_value(json!({
            "slug": "trotoar", "name": "Trotoar Braga", "description": "Diperlebar.",
            "coordinates": {"latitude": -6.9175, "longitude": 107.6191},
        }))
        .unwrap();
        let published = place.node.publish_programme(programme, "test").await;
        published.unwrap();
        let elsewhere: NewProgramme = serde_json::from_value(json!({
            "slug": "dermaga", "name": "Dermaga Jayapura", "description": "Diperpanjang.",
            "coordinates": {"latitude": -2.5337, "longitude": 140.7181},
        }))
        .unwrap();
        let published = place.node.publish_programme(elsewhere, "test").await;
        published.unwrap();
        let before = router(place.node.clone());
        let outlines = open(&before, "/program/kota-bandung/trotoar").await;
        assert!(outlines.text.contains("<use href=") && !outlines.text.contains("<image"));
        let tile = "/peta/ubin/10/818/531";
        assert_eq!(open(&before, tile).await.status, StatusCode::NOT_FOUND);
        assert!(!open(&before, "/lapor").await.text.contains("data-streets"));

        let folder = place.settings.node.keys.clone();
        place.settings.portal.tiles = Some(crate::tiles::tests::sample(&folder, "png").await);
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let page = open(&router, "/program/kota-bandung/trotoar").await;
        for shown in [
            format!("<image href=\"{tile}\""),
            "\u{a9} Peta Contoh".into(),
        ] {
            assert!(page.text.contains(&shown), "{shown}: {}", page.text);
        }
        assert!(!page.text.contains("<use href=") && !page.text.contains("https://example.id"));
        let beyond = open(&router, "/program/kota-bandung/dermaga").await;
        assert!(
            beyond.text.contains("<use href=") && !beyond.text.contains("<image"),
            "no tile is there, so the outlines are drawn"
        );
        let picture = open(&router, tile).await;
        assert_eq!(picture.status, StatusCode::OK);
        assert_eq!(picture.header("content-type"), "image/png");
        assert_eq!(picture.header("cache-control"), "public, max-age=604800");
        for missing in [
            "/peta/ubin/10/818/532",
            "/peta/ubin/9/1/1",
            "/peta/ubin/99/1/1",
        ] {
            assert_eq!(open(&router, missing).await.status, StatusCode::NOT_FOUND);
        }
        let form = open(&router, "/lapor").await;
        assert!(form.text.contains("data-at=\"/peta/ubin\"") && form.text.contains("/aset/"));
    }
}

#[tokio::test]
async fn the_map_leads_from_the_country_to_a_city() {
    for place in places().await {
        published(&place, "Lampu jalan padam", json!({})).await;
        let router = router(place.node.clone());
        let country = open(&router, "/peta").await;
        assert!(country.text.contains(
            "<a href=\"/peta/32\" class=\"heat-4\" aria-label=\"Jawa Barat: 1 laporan\">"
        ));
        assert_eq!(country.text.matches("<use href=").count(), 34);
        let drawing = country.text.split("<use href=\"").nth(1).unwrap();
        let drawing = open(&router, drawing.split('#').next().unwrap()).await;
        assert_eq!(drawing.header("content-type"), "image/svg+xml");
        let province = open(&router, "/peta/32").await;
        assert!(
            province.text.contains("/laporan?wilayah=32.73"),
            "{}",
            province.text
        );
        for missing in ["/peta/99", "/peta/32.73", "/peta/jawa"] {
            assert_ne!(
                open(&router, missing).await.status,
                StatusCode::OK,
                "{missing}"
            );
        }
    }
}

#[tokio::test]
async fn a_province_has_the_programmes_that_are_built_in_it_wherever_their_region_is() {
    const OLD: &str = "update programmes set built_in = null";
    for place in places().await {
        let publish = async |slug: &str, region: Option<&str>, longitude: f64| {
            let programme: NewProgramme = serde_json::from_value(json!({
                "slug": slug, "name": slug, "description": "Dibangun.", "region": region,
                "coordinates": {"latitude": -6.9175, "longitude": longitude},
            }))
            .unwrap();
            place
                .node
                .publish_programme(programme, "test")
                .await
                .unwrap();
        };
        publish("trotoar", Some("32.73"), 107.6191).await;
        publish("taman", None, 107.6195).await;
        publish("jauh", Some("33.74"), 110.42).await;
        publish("salah", Some("33.74"), 107.6195).await;
        let west = "32".parse().unwrap();
        let slugs = async |province| {
            let placed = place.node.placed_programmes(province).await.unwrap();
            let slugs = placed.into_iter().map(|one| one.published.slug);
            slugs.collect::<std::collections::BTreeSet<String>>()
        };
        let set = |all: &[&str]| all.iter().map(|slug| (*slug).to_owned()).collect();
        let all = set(&["salah", "taman", "trotoar"]);
        assert_eq!(slugs(Some(&west)).await, all, "by coordinates");
        let middle = "33".parse().unwrap();
        assert_eq!(slugs(Some(&middle)).await, set(&["jauh"]));
        assert_eq!(
            slugs(None).await,
            set(&["jauh", "salah", "taman", "trotoar"])
        );
        let mut tx = place.node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(OLD).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(place.node.catch_up_words().await.unwrap(), 4);
        assert_eq!(slugs(Some(&west)).await, all, "of an older version");
        let router = router(place.node.clone());
        let map = open(&router, "/peta/32").await;
        assert!(map.text.contains("/program/kota-bandung/taman"));
        assert!(!map.text.contains("/program/kota-bandung/jauh"));
    }
}

#[tokio::test]
async fn programmes_without_a_region_keep_none_off_the_map_of_another_province() {
    for place in places().await {
        let programme: NewProgramme = serde_json::from_value(json!({
            "slug": "taman", "name": "Taman", "description": "Dibangun.",
            "coordinates": {"latitude": -6.9175, "longitude": 107.6195},
        }))
        .unwrap();
        let published = place.node.publish_programme(programme, "test").await;
        published.unwrap();
        let mut tx = place.node.write_tx().await.unwrap();
        let mut row = store::public::programme(&mut tx, "kota-bandung", "taman")
            .await
            .unwrap()
            .unwrap();
        for number in 0..1001 {
            row.slug = format!("papua-{number}");
            row.updated_at += 1;
            let stored = store::public::put_programme(&mut tx, &row, Some("94"));
            stored.await.unwrap();
        }
        tx.commit().await.unwrap();
        let router = router(place.node.clone());
        let map = open(&router, "/peta/32").await;
        assert!(map.text.contains("/program/kota-bandung/taman"));
    }
}
