//! What an officer takes in for somebody: where it is, for whom, whether it is known, news to their
//! address, and the programme it is about.

use http::StatusCode;

use super::cases::{at, filed, key_of};
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

#[tokio::test]
async fn a_report_at_the_counter_says_where_for_whom_and_whether_it_is_known() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let known = filed(
            &place,
            "Lampu jalan padam di Jalan Cikutra",
            "Gelap sejak Minggu, dua orang jatuh.",
        )
        .await;
        let blank = siti.open("/meja/baru").await;
        let key = key_of(&blank);
        let mut fields = vec![
            ("kunci", key.as_str()),
            ("saluran", "telepon"),
            ("jenis", "pengaduan"),
            ("judul", "Lampu jalan padam di Jalan Cikutra"),
            ("uraian", "Gelap sejak Minggu, dua orang jatuh."),
            ("wilayah", "Kota Bandung, Jawa Barat"),
            ("lintang", "-7,2575"),
            ("bujur", "112,7521"),
            ("kecuali", "pusat"),
        ];
        let apart = siti.post("/meja/baru", &fields).await;
        apart
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("berada di Jawa Timur, sedangkan wilayahnya Kota Bandung")
            .shows("juga oleh instansi yang dikecualikan")
            .shows("id=\"kecuali-terbuka-error\"")
            .shows("name=\"kecuali-terbuka\" value=\"1\"")
            .shows("name=\"wilayah-beda\"")
            .shows("name=\"wilayah-beda-untuk\" value=\"32.73 -7.2575 112.7521\"");
        fields.push(("kecuali-terbuka", "1"));
        fields[8].1 = "kota-bandung";
        let ours = siti.post("/meja/baru", &fields).await;
        ours.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tunjukkan portal LAPOR! nasional kepada pelapor");
        fields[8].1 = "pusat";
        fields[6].1 = "-6,9175";
        fields[7].1 = "107,6191";
        let alike = siti.post("/meja/baru", &fields).await;
        alike
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows(&format!("{}\" target=\"_blank\"", at(known, "")))
            .shows("name=\"tetap\" value=\"1\"")
            .shows("value=\"107,6191\"");
        fields.push(("tetap", "1"));
        let slip = siti.post("/meja/baru", &fields).await;
        let ticket = slip
            .is(StatusCode::OK)
            .shows("data-print")
            .between("<dd class=\"ticket\">", "</dd>");
        // Nobody has said where the portal is found.
        assert!(!slip.text.contains("/lacak</strong>"));
        let view = place.node.case_by_ticket(&ticket).await.unwrap();
        let page = siti.open(&at(view.summary.case, "")).await;
        page.shows("-6.91750, 107.61910")
            .shows("href=\"/peta/32\"")
            .shows("<circle cx=");
    }
}
