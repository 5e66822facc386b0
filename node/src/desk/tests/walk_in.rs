//! What an officer takes in for somebody: news to their address, and the programme it is about.

use http::StatusCode;

use super::cases::key_of;
use super::{Browser, SITI, WORDS, staffed};
use crate::doors::router;
use crate::publishing::NewProgramme;
use crate::testing::Place;

/// Own programme `trotoar`.
pub(super) async fn publishes(place: &Place) {
    let programme: NewProgramme = serde_json::from_value(serde_json::json!({
        "slug": "trotoar", "name": "Trotoar Braga", "description": "Diperlebar.",
    }))
    .unwrap();
    place
        .node
        .publish_programme(programme, "test")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_walk_in_hears_by_mail_where_they_leave_an_address_and_names_a_programme() {
    for mut place in staffed().await {
        publishes(&place).await;
        place.settings.mail.host = Some("localhost".into());
        place.settings.mail.from = Some("lapor@bandung.go.id".into());
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let blank = siti.open("/meja/baru").await;
        blank.shows("name=\"kabari\" value=\"1\" checked");
        blank.shows("<option value=\"kota-bandung/trotoar\"");
        let key = key_of(&blank);
        let mut fields = vec![
            ("kunci", key.as_str()),
            ("saluran", "loket"),
            ("jenis", "pengaduan"),
            ("judul", "Ubin lepas"),
            ("uraian", "Di depan toko roti."),
            ("program", "kota-bandung/trotoar"),
            ("surel", "bukan surel"),
            ("kabari", "1"),
        ];
        let wrong = siti.post("/meja/baru", &fields).await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        fields[6].1 = "canary@contoh.id";
        fields.push(("tanggal", "2026-09-22"));
        let ahead = siti.post("/meja/baru", &fields).await;
        ahead
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tanggal kejadian belum lewat.");
        fields[8].1 = "2026-09-21";
        let slip = siti.post("/meja/baru", &fields).await;
        slip.is(StatusCode::OK)
            .shows("dikirim ke surel Anda setelah");
        let prove = slip.between("notice no-print", "</form>");
        let prove = prove.split("action=\"").nth(1).unwrap();
        let prove = prove.split('"').next().unwrap().to_owned();
        let code_at = siti.post(&prove, &[]).await;
        assert!(
            code_at.to().starts_with("/percakapan/kode/"),
            "{}",
            code_at.to()
        );
        let letters = place.node.letters(0, 10).await.unwrap();
        assert_eq!(letters[0].contact, "canary@contoh.id");
        let case = letters[0].case.unwrap();
        let view = place.node.case(case).await.unwrap();
        let programme = view.history[0].body.clone().unwrap();
        assert!(programme.to_string().contains("trotoar"), "{programme}");
        let mut tx = place.node.read_tx().await.unwrap();
        let row = crate::store::reporters::of_case(&mut tx, &case.to_string()).await;
        assert_eq!(row.unwrap().unwrap().notify, "email");
    }
}
