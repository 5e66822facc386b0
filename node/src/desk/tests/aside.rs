//! What was set aside: an admin is told of it, reads why, and sends it again or refuses it.

use http::StatusCode;
use serde_json::json;

use super::cases::{at, filed};
use super::{ADMIN, Browser, Page, SITI, WORDS, staffed};
use crate::doors::router;
use crate::store::outbox;
use crate::testing::acts;

#[tokio::test]
async fn only_an_admin_sees_what_was_set_aside_and_what_is_arranged() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (admin, siti) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        for (path, words) in [
            ("/meja/tertahan", "Tidak ada pesan yang tertahan"),
            ("/meja/pengaturan", "Belum diatur."),
        ] {
            admin.open(path).await.is(StatusCode::OK).shows(words);
            siti.open(path).await.is(StatusCode::FORBIDDEN);
        }
        let none = [("pesan", "inbox:1.42"), ("tindakan", "ulang")];
        admin
            .post("/meja/tertahan", &none)
            .await
            .is(StatusCode::SEE_OTHER);
        admin
            .open("/meja/tertahan")
            .await
            .shows("Tidak ada yang diubah");
    }
}

#[tokio::test]
async fn an_admin_is_told_of_what_is_set_aside_and_its_report_is_shown_until_it_is_refused() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (admin, siti) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let told = |page: &Page| page.text.contains("pesan tertahan. Lihat");
        assert!(!told(&admin.open("/meja").await));
        let mut tx = place.node.write_tx().await.unwrap();
        let waits = outbox::pending(&mut tx, 1).await.unwrap();
        let number = waits[0].number;
        outbox::quarantine(&mut tx, number, "bytes_damaged")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let inbox = admin.open("/meja").await;
        inbox.shows("<a href=\"/meja/tertahan\">1 pesan tertahan. Lihat</a>");
        assert!(!told(&siti.open("/meja").await));
        let words = json!({"text": "Dicatat."});
        acts(&place, case, "case.noted", json!({}), Some(words)).await;
        admin.open("/meja").await.shows("2 pesan tertahan. Lihat");
        admin.open("/meja?tab=semua").await.shows("Lampu padam");
        admin.open(&at(case, "")).await.is(StatusCode::OK);
        let link = format!("href=\"{}\"", at(case, ""));
        let list = admin.open("/meja/tertahan").await;
        list.shows("rusak di cakram node ini").shows(&link);
        list.shows("menunggu pesan sebelumnya dan terkirim bersamanya");

        let id = format!("outbox:{number}");
        let noted = place.node.set_aside(false, 9).await.unwrap()[1].id;
        let noted = noted.to_string();
        let refusal = [("pesan", &*id), ("tindakan", "tolak"), ("alasan", "rusak")];
        let refused = admin.post("/meja/tertahan", &refusal).await;
        refused.is(StatusCode::SEE_OTHER);
        admin.open(&at(case, "")).await.is(StatusCode::NOT_FOUND);
        let list = admin.open("/meja/tertahan").await;
        assert!(!list.text.contains(&link), "it leads nowhere");
        list.shows("Ditolak bersama pesan yang menjadi awal berkasnya");
        list.shows(&format!("awal berkasnya, {id}, ditolak"));
        let offered = list.text.matches("value=\"ulang\"").count();
        assert_eq!(offered, 1, "only with the filing");
        let alone = [("pesan", &*noted), ("tindakan", "ulang")];
        admin.post("/meja/tertahan", &alone).await;
        let list = admin.open("/meja/tertahan").await;
        list.shows("Tidak ada yang diubah");
        let again = [("pesan", &*id), ("tindakan", "ulang")];
        admin.post("/meja/tertahan", &again).await;
        let list = admin.open("/meja/tertahan").await;
        list.shows("Pesan akan dikirim lagi; bila tetap tidak diterima, ia kembali ke sini.");
        admin.open(&at(case, "")).await.is(StatusCode::OK);
        assert!(!told(&admin.open("/meja").await));

        for (code, said) in [
            ("draft_unreadable", "tidak dapat dibaca di cakram node ini"),
            (
                "header_invalid",
                "kepala pesannya tidak sah. (header_invalid)",
            ),
            (
                "signature_invalid",
                "tanda tangannya tidak sah. (signature_invalid)",
            ),
            ("epoch_closed", "tidak diterima pusat: epoch_closed"),
        ] {
            let mut tx = place.node.write_tx().await.unwrap();
            let bad = outbox::quarantine(&mut tx, number, code);
            bad.await.unwrap();
            tx.commit().await.unwrap();
            admin.open("/meja/tertahan").await.shows(said);
        }
    }
}
