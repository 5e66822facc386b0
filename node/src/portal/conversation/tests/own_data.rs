//! What reporters read of their own data, and have erased.

use super::*;
use crate::casework::Coordinates;

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn own_data_are_shown_and_erased_after_three_days_unless_called_off() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let data = talk.read(DATA).await;
        assert!(data.text.contains("siti@contoh.id"), "{}", data.text);
        let file = talk.read(DATA_FILE).await;
        assert!(
            file.header("content-disposition")
                .contains("data-saya.json")
        );
        assert!(file.text.contains("\"siti@contoh.id\""));
        let mistyped = talk.post(ERASE, "tiket=00000-00000").await;
        assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = talk
            .done(talk.post(ERASE, &format!("tiket={ticket}")).await)
            .await;
        assert!(page.text.contains("akan dihapus pada"), "{}", page.text);
        let page = talk.done(talk.post(KEEP, "").await).await;
        assert!(!page.text.contains("akan dihapus pada"), "{}", page.text);
        talk.post(ERASE, &format!("tiket={ticket}")).await;
        place.clock.advance(3 * DAY_MS);
        place.node.erase_due().await.unwrap();
        let gone = post(&router, PATH, &format!("tiket={ticket}&kunci={key}")).await;
        assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn own_data_have_every_field_of_what_was_filed() {
    for place in places().await {
        let router = router(place.node.clone());
        let report = NewReport {
            category: "Perhubungan/Parkir Liar".to_owned().try_into().ok(),
            region: "32.73".parse().ok(),
            place: Some("Jalan Cikutra 12".into()),
            coordinates: Coordinates::of(-6.9, 107.64).ok(),
            incident_date: Some("2026-01-02".into()),
            suggested: "kab-garut".parse().ok(),
            excluded: vec!["kemenpu".parse().unwrap()],
            anonymous: true,
            ..report("Jalan berlubang", true)
        };
        let (_, ticket, key) = filed_as(&place, report).await;
        let talk = enter(&router, &ticket, &key).await;
        let page = talk.read(DATA).await.text;
        for told in [
            "<summary>Anda menulis laporan</summary>",
            "<dt>Jenis laporan</dt><dd class=\"said\">Pengaduan</dd>",
            "<dd class=\"said\">Lubang sedalam 20 cm di depan pasar.</dd>",
            "<dt>Wilayah</dt><dd class=\"said\">Kota Bandung, Jawa Barat</dd>",
            "<dd class=\"said\">Jalan Cikutra 12</dd>",
            "<dd class=\"said\">-6.90000, 107.64000</dd>",
            "<dd class=\"said\">Parkir Liar</dd>",
            "<dt>Instansi yang dituju</dt><dd class=\"said\">kab-garut</dd>",
            "<dt>Instansi yang dikecualikan</dt><dd class=\"said\">kemenpu</dd>",
            "<dt>Anonim</dt><dd class=\"said\">Ya</dd>",
            "<dt>Rahasia</dt><dd class=\"said\">Ya</dd>",
        ] {
            assert!(page.contains(told), "{told}: {page}");
        }
        let file = talk.read(DATA_FILE).await.text;
        let file: serde_json::Value = serde_json::from_str(&file).unwrap();
        assert_eq!(
            file["report"],
            json!({
                "classification": "complaint",
                "title": "Jalan berlubang",
                "content": "Lubang sedalam 20 cm di depan pasar.",
                "category": "Perhubungan/Parkir Liar",
                "region": "32.73",
                "place": "Jalan Cikutra 12",
                "coordinates": {"latitude": -6.9, "longitude": 107.64},
                "incident_date": "2026-01-02",
                "suggested": "kab-garut",
                "excluded": ["kemenpu"],
                "programme": null,
                "anonymous": true,
                "secret": true,
                "channel": "web",
            })
        );
    }
}
