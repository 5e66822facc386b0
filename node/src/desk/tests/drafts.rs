//! Answers that wait for a signature: what who signs sees, and what becomes of those that cannot be sent.

use http::StatusCode;
use lapor_migrations::on;
use serde_json::json;

use super::cases::{KEY, LEADER, at, filed, key_of};
use super::{ADMIN, Browser, SITI, WORDS, hire, staffed};
use crate::casework::NewDraft;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::acts;

#[tokio::test]
async fn a_drafted_answer_shows_its_files_to_who_signs_and_hides_personal_numbers() {
    for mut place in staffed().await {
        place.settings.answers.approval = Some(true);
        place.node = place.reopened().await;
        hire(&place, LEADER, StaffRole::Leader).await;
        let router = router(place.node.clone());
        let [siti, admin, leader] = [(); 3].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        leader.enters(LEADER, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/tindak-lanjut");
        let answer = [
            ("kunci", KEY),
            ("sifat", "usul"),
            ("uraian", "Hubungi 081234567890."),
            ("lampiran", "catatan serah terima"),
        ];
        siti.send_files(&path, &answer)
            .await
            .is(StatusCode::SEE_OTHER);
        let list = admin.open("/meja/persetujuan").await;
        list.shows("Hubungi");
        assert!(!list.text.contains("081234567890"));
        siti.open(&at(case, "")).await.shows("081234567890");
        let file = list.between("<ul class=\"attachments\">\n<li><a href=\"", "\"");
        assert!(file.ends_with("/berkas/1"), "{file}");
        let opened = admin.open(&file).await;
        assert_eq!(opened.is(StatusCode::OK).text, "catatan serah terima");
        admin
            .open(&file.replace("/berkas/1", "/berkas/2"))
            .await
            .is(StatusCode::NOT_FOUND);
        let at_draft = list.between("<form action=\"/meja/persetujuan/", "\"");
        let at_draft = format!("/meja/persetujuan/{at_draft}");
        let back = [("keputusan", "kembali"), ("catatan", "Sebut tanggalnya.")];
        admin.post(&at_draft, &back).await.is(StatusCode::SEE_OTHER);
        let seen = leader.open(&at(case, "")).await;
        seen.shows("Sebut tanggalnya.");
        assert!(!seen.text.contains("Perbaiki jawaban"));
        let page = siti.open(&at(case, "")).await;
        let again = page.between("<a class=\"button\" href=\"/meja/kasus/", "\"");
        let form = siti.open(&format!("/meja/kasus/{again}")).await;
        let held = form.between("name=\"unggahan\" value=\"", "\"");
        let answer = [
            ("kunci", &*key_of(&form)),
            ("sifat", "usul"),
            ("uraian", "Sudah diganti tanggal 3."),
            ("unggahan", &*held),
        ];
        siti.send_files(&path, &answer)
            .await
            .is(StatusCode::SEE_OTHER);
        let list = leader.open("/meja/persetujuan").await;
        let at_draft = list.between("<form action=\"/meja/persetujuan/", "\"");
        let version = list.between("name=\"versi\" value=\"", "\"");
        let sign = [("keputusan", "terbit"), ("versi", &*version)];
        let signed = leader
            .post(&format!("/meja/persetujuan/{at_draft}"), &sign)
            .await;
        signed.is(StatusCode::SEE_OTHER);
        leader
            .open("/meja/persetujuan")
            .await
            .shows("disetujui dan diterbitkan");
        let history = place.node.case(case).await.unwrap().history;
        assert_eq!(history.last().unwrap().attachments.len(), 1);
    }
}

#[tokio::test]
async fn a_draft_that_can_no_longer_be_sent_says_so_and_is_dropped() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let answer = NewDraft {
            text: "Sudah.",
            proposes_to_close: false,
            attachments: &[],
        };
        let drafted = place.node.draft_answer(case, KEY, &answer, "siti").await;
        drafted.unwrap();
        let list = admin.open("/meja/persetujuan").await;
        let at_draft = list.between("<form action=\"/meja/persetujuan/", "\"");
        let at_draft = format!("/meja/persetujuan/{at_draft}");
        let drop = [("keputusan", "buang")];
        admin.post(&at_draft, &drop).await;
        let list = admin.open("/meja/persetujuan").await;
        list.shows("masih dapat terbit")
            .shows("Setujui dan terbitkan");
        let body = json!({ "reason": "not_a_report" });
        acts(&place, case, "case.archived", body, None).await;
        let list = admin.open("/meja/persetujuan").await;
        list.shows("tidak dapat terbit lagi")
            .shows("Buang rancangan");
        assert!(!list.text.contains("Setujui dan terbitkan"));
        admin.post(&at_draft, &drop).await.is(StatusCode::SEE_OTHER);
        let list = admin.open("/meja/persetujuan").await;
        list.shows("Rancangan jawaban dibuang")
            .shows("Tidak ada jawaban yang menunggu");
    }
}

#[tokio::test]
async fn a_draft_of_a_case_that_is_not_here_any_more_hides_no_other() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let [gone, barred, left] = [
            filed(&place, "Hilang", "Isi.").await,
            filed(&place, "Dikecualikan", "Isi.").await,
            filed(&place, "Tertinggal", "Isi.").await,
        ];
        for case in [gone, barred, left] {
            let answer = NewDraft {
                text: "Sudah.",
                proposes_to_close: false,
                attachments: &[],
            };
            let key = case.to_string();
            let drafted = place.node.draft_answer(case, &key, &answer, "siti").await;
            drafted.unwrap();
        }
        let mut tx = place.node.write_tx().await.unwrap();
        for (sql, case) in [
            ("delete from cases where case_id = $1", gone),
            ("update cases set tray = null where case_id = $1", barred),
        ] {
            let case = case.to_string();
            on!(&mut tx, c => sqlx::query(sql).bind(&case).execute(c).await.map(drop)).unwrap();
        }
        tx.commit().await.unwrap();
        let list = admin.open("/meja/persetujuan").await;
        list.is(StatusCode::OK).shows("Tertinggal");
        assert!(!list.text.contains("Dikecualikan"));
        admin.open("/meja").await.shows("1 jawaban menunggu");
    }
}

#[tokio::test]
async fn a_draft_that_was_given_back_lies_with_what_came_back_for_its_writer() {
    for mut place in staffed().await {
        place.settings.answers.approval = Some(true);
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let [siti, admin] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let answer = [("kunci", KEY), ("sifat", "usul"), ("uraian", "Sudah.")];
        siti.send_files(&at(case, "/tindak-lanjut"), &answer)
            .await
            .is(StatusCode::SEE_OTHER);
        siti.open("/meja").await.shows("Menunggu persetujuan");
        let list = admin.open("/meja/persetujuan").await;
        let at_draft = list.between("<form action=\"/meja/persetujuan/", "\"");
        let back = [("keputusan", "kembali"), ("catatan", "Sebut tanggalnya.")];
        admin
            .post(&format!("/meja/persetujuan/{at_draft}"), &back)
            .await
            .is(StatusCode::SEE_OTHER);
        let own = siti.open("/meja?tab=kembali").await;
        own.shows("1 jawaban Anda dikembalikan")
            .shows("Lampu padam")
            .shows("Jawaban dikembalikan");
        let others = admin.open("/meja?tab=kembali").await;
        assert!(!others.text.contains("Lampu padam"), "{}", others.text);
    }
}
