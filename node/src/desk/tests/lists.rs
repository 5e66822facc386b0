//! What is counted, narrowed and looked up at the desk: figures, the audit log, regions of one name, the
//! inbox of an institution and of some days.

use http::StatusCode;
use serde_json::json;

use super::cases::{at, filed};
use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::casework::Sight;
use crate::doors::router;
use crate::testing::acts;

#[tokio::test]
async fn figures_add_up_and_days_that_are_swapped_are_told() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let mut cases = Vec::new();
        for title in ["Lampu", "Jalan", "Parit", "Pohon", "Rambu"] {
            cases.push(filed(&place, title, "Isi.").await);
        }
        let [_, worked_on, archived, merged, confirmed] = cases[..] else {
            unreachable!("five were filed")
        };
        let words = || Some(json!({"text": "Sudah diperbaiki."}));
        for case in [worked_on, merged, confirmed] {
            acts(&place, case, "case.verified", json!({}), None).await;
        }
        let other = json!({"reason": "other"});
        acts(&place, archived, "case.archived", other, None).await;
        let same = json!({"target_case": worked_on});
        acts(&place, merged, "case.linked", same, None).await;
        let answer = json!({"proposes_to_close": true});
        acts(&place, confirmed, "case.followed_up", answer, words()).await;
        let by = json!({"by": "reporter"});
        acts(&place, confirmed, "case.closed", by, None).await;
        let page = admin.open("/meja/kinerja").await;
        page.is(StatusCode::OK)
            .shows("Kali dikembalikan")
            .shows("0 (0%)");
        let cell = |name: &str| {
            let value = page.between(&format!("data-label=\"{name}\">"), "<");
            value.parse::<u32>().unwrap()
        };
        let parts = [
            ("Masih terbuka", 2),
            ("Selesai, dikonfirmasi pelapor", 0),
            ("Selesai, ditutup petugas", 1),
            ("Selesai, pelapor diam", 0),
            ("Diarsipkan", 1),
            ("Digabung", 1),
        ];
        for (name, expected) in parts {
            assert_eq!(cell(name), expected, "{name}");
        }
        assert_eq!(cell("Masuk"), parts.iter().map(|(_, n)| n).sum::<u32>());
        assert!(!page.text.contains("class=\"scroll\""));
        let swapped = admin
            .open("/meja/kinerja?dari=2026-11-02&sampai=2026-11-01")
            .await;
        swapped
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("lebih awal daripada tanggal mulainya")
            .shows("value=\"2026-11-02\"");
    }
}

#[tokio::test]
async fn the_audit_log_speaks_of_acts_people_and_tickets() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let other = filed(&place, "Jalan rusak", "Isi.").await;
        admin
            .post(&at(case, "/penyalahgunaan"), &[("tindakan", "tandai")])
            .await;
        let ticket = place.node.case(case).await.unwrap().summary.ticket.unwrap();
        let page = admin.open("/meja/audit").await;
        page.shows("Ditandai sebagai dugaan penyalahgunaan")
            .shows("Petugas Loket")
            .shows(&format!("<a href=\"{}\">{ticket}</a>", at(case, "")))
            .shows("<td><details><summary>")
            .shows("<code>abuse.marked</code>")
            .shows("<option value=\"account.signed_in\"")
            .shows("<option value=\"token:\">");
        let numbered = place
            .node
            .number(&Sight::ALL, case, Some("7"), "token:desk");
        numbered.await.unwrap();
        let programs = admin.open("/meja/audit?pelaku=token:").await;
        programs
            .shows("<code>token:desk</code>")
            .shows("<td data-label=\"Pelaku\">token API «desk»</td>")
            .shows("Nomor di aplikasi sendiri dicatat");
        assert!(!programs.text.contains("<code>account:"));
        let of_it = admin.open(&format!("/meja/audit?berkas={ticket}")).await;
        of_it.shows(&ticket).shows("Laporan dicatat");
        assert!(!of_it.text.contains(&other.to_string()));
        assert!(of_it.text.contains(&case.to_string()));
    }
}

#[tokio::test]
async fn a_region_name_that_several_bear_is_asked_back_in_the_inbox_and_in_public() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        for (path, code) in [
            ("/meja", "32.73"),
            ("/laporan", "32.04"),
            ("/program", "32.04"),
        ] {
            let page = siti.open(&format!("{path}?wilayah=Bandung")).await;
            page.shows("Wilayah mana yang Anda maksud?")
                .shows("Kota Bandung, Jawa Barat")
                .shows(&format!("wilayah={code}"));
        }
        let clear = siti.open("/laporan?wilayah=Kota+Bandung").await;
        assert!(!clear.text.contains("Wilayah mana"));
    }
}

#[tokio::test]
async fn the_inbox_is_narrowed_to_an_institution_and_to_days() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        filed(&place, "Lampu padam", "Isi.").await;
        let directory = place.node.directory();
        let us = place.node.instance().unwrap();
        let name = &directory.latest().instance(us).unwrap().name;
        let typed = name.replace(' ', "+");
        for narrowed in [
            format!("instansi={us}"),
            format!("instansi={typed}"),
            "dari=2020-01-01&sampai=2099-12-31".to_owned(),
        ] {
            let page = siti.open(&format!("/meja?tab=semua&{narrowed}")).await;
            page.shows("Lampu padam");
        }
        for elsewhere in ["instansi=kemenpu", "sampai=2020-01-01"] {
            let page = siti.open(&format!("/meja?tab=semua&{elsewhere}")).await;
            assert!(!page.text.contains("Lampu padam"), "{elsewhere}");
        }
        for (unclear, said) in [
            ("instansi=entah", "Tidak ada instansi dengan nama ini"),
            ("dari=kemarin", "saringan tanggal diabaikan"),
        ] {
            let page = siti.open(&format!("/meja?tab=semua&{unclear}")).await;
            page.shows(said).shows("Lampu padam");
        }
        let page = siti.open("/meja?tab=semua&instansi=kemen").await;
        page.shows("Instansi mana yang dimaksud?")
            .shows("instansi=kemenpu\">kemenpu</a>")
            .shows("Lampu padam");
    }
}
