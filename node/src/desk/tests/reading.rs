//! How a case is read at the desk: by whom, its words, its files and its history.

use http::StatusCode;
use lapor_protocol::case::State;
use serde_json::json;

use super::cases::{KEY, LEADER, at, filed, state, uploaded};
use super::walk_in::publishes;
use super::{Browser, SITI, WORDS, hire, staffed};
use crate::casework::{NewAct, NewReport};
use crate::desk::deeds::Deed;
use crate::desk::shared;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::acts;

#[tokio::test]
async fn a_leader_sees_everything_and_acts_on_nothing() {
    for place in staffed().await {
        hire(&place, LEADER, StaffRole::Leader).await;
        let router = router(place.node.clone());
        let leader = Browser::new(&router);
        leader.enters(LEADER, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        leader.open("/meja?tab=semua").await.shows("Lampu padam");
        let page = leader.open(&at(case, "")).await;
        page.is(StatusCode::OK).shows("Lampu padam");
        assert!(!page.text.contains("<form action=\"/meja/kasus"));
        for deed in Deed::ALL {
            let path = at(case, &format!("/{}", deed.slug()));
            leader.open(&path).await.is(StatusCode::FORBIDDEN);
            let fields = [("kunci", KEY), ("uraian", "Isi"), ("alasan", "other")];
            leader.post(&path, &fields).await.is(StatusCode::FORBIDDEN);
        }
        let ticked = case.to_string();
        let bulk = [
            ("laporan", &*ticked),
            ("tindakan", "verifikasi"),
            ("kunci", KEY),
        ];
        for (path, fields) in [
            ("/meja/bersama", &bulk[..]),
            ("/meja/baru", &[("judul", "x")][..]),
            (&at(case, "/unit"), &[][..]),
            (&at(case, "/abaikan"), &[][..]),
        ] {
            leader.post(path, fields).await.is(StatusCode::FORBIDDEN);
        }
        let view = place.node.case(case).await.unwrap();
        assert_eq!((view.history.len(), view.summary.looked_at), (1, None));
    }
}

#[tokio::test]
async fn another_units_case_is_not_there() {
    for place in staffed().await {
        let admin = "test";
        let unit = "dinas-pu".parse().unwrap();
        place
            .node
            .add_unit(admin, &unit, "Dinas PU", None)
            .await
            .unwrap();
        let asep = "asep@bandung.go.id";
        hire(&place, asep, StaffRole::Officer).await;
        let account = place.node.accounts().find_by_login(asep).await.unwrap();
        let moved = lapor_web::accounts::NewAccount {
            login: asep,
            name: "Asep",
            role: "officer",
            unit: Some("dinas-pu"),
        };
        let changed = place.node.change_account(admin, &account.id, &moved).await;
        changed.unwrap();
        let router = router(place.node.clone());
        let (asep_at, siti) = (Browser::new(&router), Browser::new(&router));
        asep_at.enters(asep, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let hidden = async || {
            let file = format!("/lampiran/{}", "0".repeat(64));
            for rest in ["", "/verifikasi", &file] {
                asep_at
                    .open(&at(case, rest))
                    .await
                    .is(StatusCode::NOT_FOUND);
            }
            for rest in ["/verifikasi", "/unit"] {
                let sent = asep_at.post(&at(case, rest), &[("kunci", KEY)]).await;
                sent.is(StatusCode::NOT_FOUND);
            }
            let list = asep_at.open("/meja?tab=semua").await;
            assert!(!list.text.contains("Lampu padam"));
        };
        hidden().await;
        let ticked = case.to_string();
        let bulk = [
            ("laporan", &*ticked),
            ("tindakan", "verifikasi"),
            ("kunci", KEY),
        ];
        asep_at
            .post("/meja/bersama", &bulk)
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(state(&place, case).await, Some(State::Received));
        let given = [
            ("laporan", &*ticked),
            ("tindakan", "unit"),
            ("unit", "dinas-pu"),
        ];
        siti.post("/meja/bersama", &given)
            .await
            .is(StatusCode::SEE_OTHER);
        asep_at
            .open(&at(case, ""))
            .await
            .is(StatusCode::OK)
            .shows("Dinas PU");
        asep_at.open("/meja").await.shows("Lampu padam");
        siti.post(&at(case, "/unit"), &[("unit", ""), ("petugas", "")])
            .await
            .is(StatusCode::SEE_OTHER);
        hidden().await;
    }
}

#[tokio::test]
async fn single_keys_are_switched_off_and_on_again_at_the_own_account() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        for (keys, said, offered, acts) in [
            ("", "Menyala di peramban ini.", "off", true),
            ("off", "Mati di peramban ini.", "on", false),
            ("sometimes", "Mati di peramban ini.", "on", false),
            ("on", "Menyala di peramban ini.", "off", true),
        ] {
            let chosen = [("keys", keys), ("back", "/meja/akun")];
            assert_eq!(siti.post("/pilihan", &chosen).await.to(), "/meja/akun");
            let button = format!("name=\"keys\" value=\"{offered}\"");
            siti.open("/meja/akun").await.shows(said).shows(&button);
            for path in ["/meja", &at(case, "")] {
                let page = siti.open(path).await;
                let has = page.text.contains("/keys.");
                assert_eq!(has, acts, "{path} after {keys:?}");
            }
        }
    }
}

#[tokio::test]
async fn words_of_a_case_are_shown_as_words_and_personal_numbers_are_hidden() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let title = "<script>alert(1)</script> padam";
        let content = "\"><img src=x onerror=alert(1)> NIK 3273014506900001 {{ 7*7 }}";
        let case = filed(&place, title, content).await;
        let ask = json!({ "questions": ["<svg onload=alert(1)>"] });
        acts(&place, case, "case.held", json!({}), Some(ask)).await;
        for path in [
            "/meja?tab=semua".to_owned(),
            at(case, ""),
            at(case, "/verifikasi"),
            at(case, "/arsip"),
            "/meja?cari=%22%3E%3Cscript%3Ealert(1)".to_owned(),
            at(case, "/disposisi?ke=%22%3E%3Cscript%3E"),
        ] {
            let page = siti.open(&path).await;
            for raw in [
                "<script>alert",
                "<img src=x",
                "<svg onload",
                "3273014506900001",
            ] {
                assert!(!page.text.contains(raw), "{raw} on {path}");
            }
        }
        siti.open(&at(case, ""))
            .await
            .shows("&#60;script&#62;alert(1)");
    }
}

#[tokio::test]
async fn an_attachment_is_shown_in_a_sandbox_or_downloaded() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let note = NewAct {
            attachments: vec![uploaded(&place).await],
            ..shared::act("case.noted", &[], &[("text", json!("Lihat lampiran."))])
        };
        place.node.act(case, note, "test").await.unwrap();
        let page = siti.open(&at(case, "")).await;
        let path = page.between("<ul class=\"attachments\">\n<li><a href=\"", "\"");
        let file = siti.open(&path).await;
        assert_eq!(file.is(StatusCode::OK).text, "catatan rapat");
        let header = |name: &str| file.headers[name].to_str().unwrap().to_owned();
        assert!(header("content-disposition").starts_with("attachment;"));
        assert!(header("content-security-policy").starts_with("sandbox;"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("cache-control").contains("no-store"));
        let stranger = Browser::new(&router);
        assert!(stranger.open(&path).await.to().starts_with("/masuk"));
    }
}

#[tokio::test]
async fn the_history_names_the_officer_and_keeps_the_reporters_title() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam sekali", "Isi.").await;
        siti.open("/meja")
            .await
            .shows("Verifikasi: 3 hari kerja lagi");
        let next = |slug| format!("<a class=\"button\" href=\"{}\">", at(case, slug));
        siti.open(&at(case, "")).await.shows(&next("/verifikasi"));
        let fields = [
            ("kunci", KEY),
            ("judul", "Lampu padam di Cikutra"),
            ("jenis", "pengaduan"),
            ("pengawasan", "1"),
        ];
        siti.post(&at(case, "/verifikasi"), &fields)
            .await
            .is(StatusCode::SEE_OTHER);
        let page = siti.open(&at(case, "")).await;
        page.shows("Laporan diverifikasi.")
            .shows("<small>Petugas Loket, ")
            .shows("Lampu padam sekali")
            .shows("<dt>Berkadar pengawasan</dt>")
            .shows(&next("/tindak-lanjut"));
        assert!(!page.text.contains(&next("/verifikasi")));
        let found = siti.open("/meja?cari=Cikutra").await;
        assert!(!found.text.contains("<details open>"), "{}", found.text);
        siti.open("/meja?jenis=pengaduan")
            .await
            .shows("<details open>");
    }
}

#[tokio::test]
async fn a_report_that_is_its_own_title_is_read_in_its_card_and_its_history_names_what_was_renamed()
{
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(
            &place,
            "Lampu padam di Gang Mawar",
            "Lampu padam di Gang Mawar.",
        )
        .await;
        let verified = |title: &str| Some(json!({ "title": title }));
        let same = verified("Lampu padam di Gang Mawar");
        acts(&place, case, "case.verified", json!({}), same).await;
        let said = "<p class=\"said\">Lampu padam";
        let page = siti.open(&at(case, "")).await;
        page.shows("<h1>Lampu padam di Gang Mawar</h1>");
        assert_eq!(page.text.matches(said).count(), 1, "{}", page.text);
        assert!(!page.text.contains("tidak dapat dibaca"), "{}", page.text);
        let deed = siti.open(&at(case, "/tindak-lanjut")).await;
        deed.is(StatusCode::OK);
        assert!(!deed.text.contains(said), "{}", deed.text);

        let other = filed(&place, "Lampu padam", "Lampu padam. Gelap.").await;
        acts(
            &place,
            other,
            "case.verified",
            json!({}),
            verified("Lampu jalan"),
        )
        .await;
        let page = siti.open(&at(other, "")).await;
        page.shows("<h1>Lampu jalan</h1>")
            .shows("<p class=\"said\">Lampu padam. Gelap.</p>")
            .shows("<p class=\"said\">Lampu padam</p>");
    }
}

#[tokio::test]
async fn a_case_says_which_programme_it_is_about_and_whose_that_is() {
    for place in staffed().await {
        publishes(&place).await;
        hire(&place, LEADER, StaffRole::Leader).await;
        let router = router(place.node.clone());
        let (siti, leader) = (Browser::new(&router), Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        leader.enters(LEADER, WORDS).await;
        let known = "<a href=\"/program/kota-bandung/trotoar\">Trotoar Braga (kota-bandung)</a>";
        // What has not reached this node has no page here and no name.
        let unknown = "<dd>bendungan (kemenpu)</dd>";
        for (owner, slug, shown) in [
            ("kota-bandung", "trotoar", known),
            ("kemenpu", "bendungan", unknown),
        ] {
            let report: NewReport = serde_json::from_value(json!({
                "classification": "complaint",
                "title": "Ubin lepas",
                "content": "Di depan toko roti.",
                "channel": "web",
                "programme": {"owner": owner, "slug": slug},
            }))
            .unwrap();
            let case = place.node.file(report, "test").await.unwrap().case;
            let shows = async |rest: &str| {
                let page = siti.open(&at(case, rest)).await;
                page.is(StatusCode::OK)
                    .shows("Tentang program")
                    .shows(shown);
            };
            shows("").await;
            shows("/verifikasi").await;
            acts(&place, case, "case.verified", json!({}), None).await;
            shows("/tindak-lanjut").await;
            shows("/loket/dukung").await;
            let page = leader.open(&at(case, "")).await;
            page.shows("Tentang program").shows(shown);
        }
        let case = filed(&place, "Lampu padam", "Isi.").await;
        for rest in ["", "/verifikasi"] {
            let page = siti.open(&at(case, rest)).await;
            assert!(!page.text.contains("Tentang program"), "{}", page.text);
        }
    }
}
