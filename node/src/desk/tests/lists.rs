//! What is set apart, counted and looked up at the desk: possible abuse, figures, the audit log, what
//! was set aside, regions of one name; and what a report that is taken in at the counter is asked.

use http::StatusCode;
use lapor_protocol::case::State;
use lapor_web::mail::tiny_server::{Manners, TinyServer};
use serde_json::json;

use super::cases::{at, filed, key_of};
use super::{ADMIN, Browser, Page, SITI, WORDS, staffed};
use crate::casework::{CaseFilter, Sight, Tab};
use crate::doors::router;
use crate::post::Encryption;
use crate::reporters::Suspicion;
use crate::store::outbox;
use crate::testing::acts;

#[tokio::test]
async fn what_looks_like_abuse_lies_in_a_list_of_its_own_until_it_is_cleared() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let good = filed(&place, "Lampu padam", "Isi.").await;
        let robot = filed(&place, "Beli murah", "Isi.").await;
        let plain = siti.open("/meja?tab=baru").await;
        assert!(
            !plain.text.contains("Diduga penyalahgunaan"),
            "{}",
            plain.text
        );
        let marked = place.node.mark_abuse(robot, Suspicion::Trap, "portal");
        marked.await.unwrap();
        for tab in ["baru", "kerja"] {
            let page = siti.open(&format!("/meja?tab={tab}")).await;
            page.shows("Lampu padam").shows("Diduga penyalahgunaan");
            assert!(!page.text.contains("Beli murah"), "{tab}");
        }
        let every = CaseFilter::default();
        let counts = place.node.inbox_counts(&Sight::ALL, &every);
        let counts = counts.await.unwrap();
        assert_eq!((counts.new, counts.runs_out, counts.suspect), (1, 1, 1));
        assert_eq!(counts.unseen, 1);
        let apart = siti.open("/meja?tab=penyalahgunaan").await;
        apart
            .shows("Beli murah")
            .shows("tidak terlihat oleh orang")
            .shows("Bukan penyalahgunaan");
        assert!(!apart.text.contains("Lampu padam"));
        let page = siti.open(&at(robot, "")).await;
        page.shows("tidak terlihat oleh orang")
            .shows(&at(robot, "/arsip"));
        let clear = [("tindakan", "wajar")];
        let cleared = siti.post(&at(robot, "/penyalahgunaan"), &clear).await;
        assert_eq!(cleared.is(StatusCode::SEE_OTHER).to(), at(robot, ""));
        siti.open("/meja?tab=baru").await.shows("Beli murah");
        let mark = [("tindakan", "tandai")];
        siti.post(&at(good, "/penyalahgunaan"), &mark).await;
        let apart = siti.open("/meja?tab=penyalahgunaan").await;
        apart.shows("Lampu padam").shows("Ditandai oleh petugas");
        let (one, many) = (good.to_string(), robot.to_string());
        let bulk = [
            ("laporan", &*one),
            ("laporan", &*many),
            ("tindakan", "wajar"),
        ];
        siti.post("/meja/bersama", &bulk).await;
        let shown = siti.open("/meja").await;
        shown.shows("1 laporan dinyatakan bukan penyalahgunaan");
        acts(
            &place,
            good,
            "case.archived",
            json!({"reason": "other"}),
            None,
        )
        .await;
        let again = place.node.mark_abuse(good, Suspicion::Officer, "test");
        again.await.unwrap();
        let left = place.node.inbox(&Sight::ALL, Tab::Suspect, &every, None, 5);
        assert!(left.await.unwrap().cases.is_empty(), "it was put away");
    }
}

#[tokio::test]
async fn what_looks_like_abuse_and_is_taken_up_runs_out_like_any_other() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let marked = place.node.mark_abuse(case, Suspicion::Trap, "portal");
        marked.await.unwrap();
        acts(&place, case, "case.verified", json!({}), None).await;
        siti.open("/meja").await.shows("Lampu padam");
        let counts = place
            .node
            .inbox_counts(&Sight::ALL, &CaseFilter::default())
            .await
            .unwrap();
        assert_eq!((counts.new, counts.runs_out, counts.suspect), (0, 1, 1));
        // What has gone meanwhile stops nothing.
        let gone = lapor_protocol::ids::CaseId::mint(1, [7; 10]).to_string();
        let here = case.to_string();
        let both = [
            ("laporan", gone.as_str()),
            ("laporan", here.as_str()),
            ("tindakan", "wajar"),
        ];
        siti.post("/meja/bersama", &both).await;
        let page = siti.open("/meja").await;
        page.shows("1 dari 2 laporan dinyatakan bukan penyalahgunaan");
        assert!(place.node.abuse_mark(case).await.unwrap().is_none());
    }
}

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

#[tokio::test]
async fn a_test_letter_leads_back_to_the_step_where_it_was_asked_for() {
    for mut place in staffed().await {
        let server = TinyServer::start(Manners::default()).await;
        let mail = &mut place.settings.mail;
        (mail.host, mail.port) = (Some("localhost".into()), server.port);
        mail.encryption = Encryption::None;
        mail.from = Some("Lapor Bandung <lapor@bandung.go.id>".into());
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let mut steps = Vec::new();
        for step in 1..=12 {
            let page = admin
                .open(&format!("/meja/pengaturan?langkah={step}"))
                .await;
            let field = format!("name=\"langkah\" value=\"{step}\"");
            steps.extend(page.text.contains(&field).then(|| step.to_string()));
        }
        let [step] = &steps[..] else {
            panic!("one step sends a letter: {steps:?}");
        };
        let asked = [("langkah", step.as_str())];
        let tried = admin.post("/meja/pengaturan/uji-surel", &asked).await;
        assert_eq!(tried.to(), format!("/meja/pengaturan?langkah={step}"));
        let tried = admin.post("/meja/pengaturan/uji-surel", &[]).await;
        assert_eq!(tried.to(), "/meja/pengaturan");
    }
}

#[tokio::test]
async fn an_assignment_carries_an_instruction_and_a_day_into_the_history() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/unit");
        let account = place.node.accounts().find_by_login(SITI).await.unwrap();
        let to = ("petugas", account.id.as_str());
        let late = [to, ("instruksi", "Cek."), ("batas", "2020-01-01")];
        let nobody = [("instruksi", "Cek.")];
        for (wrong, words) in [
            (&late[..], "Batas waktu harus hari ini atau sesudahnya"),
            (&nobody, "Pilih unit atau petugas"),
        ] {
            let page = siti.post(&path, wrong).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY)
                .shows(words)
                .shows("Cek.</textarea>");
            assert!(!page.text.contains("Diserahkan dengan instruksi"));
        }
        let lines = format!("{}\n", "a".repeat(99)).repeat(20);
        let long = [to, ("instruksi", lines.as_str())];
        siti.post(&path, &long).await.is(StatusCode::SEE_OTHER);
        let given = [
            to,
            ("instruksi", "Cek tiang nomor 12."),
            ("batas", "2099-12-04"),
        ];
        siti.post(&path, &given).await.is(StatusCode::SEE_OTHER);
        siti.open(&at(case, ""))
            .await
            .shows("Diserahkan dengan instruksi")
            .shows("Cek tiang nomor 12.")
            .shows("4 Desember 2099")
            .shows("<small>Petugas Loket</small>");
    }
}

#[tokio::test]
async fn what_lies_with_an_officer_is_handed_over_at_once() {
    for place in staffed().await {
        let node = &place.node;
        let heir = lapor_web::accounts::NewAccount {
            login: "asep@bandung.go.id",
            name: "Asep Sunarya",
            role: "officer",
            unit: None,
        };
        let (asep, _) = node.create_account("test", &heir).await.unwrap();
        let router = router(node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let accounts = node.accounts().list().await.unwrap();
        let siti = accounts
            .iter()
            .find(|one| one.login.as_str() == SITI)
            .unwrap();
        let path = format!("/meja/petugas/{}", siti.id);
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let before = admin.open(&path).await;
        assert!(!before.text.contains("Laporan di mejanya"));
        let cases = [case];
        let given = node.assign(&Sight::ALL, &cases, None, Some(siti.id.as_str()), "test");
        given.await.unwrap();
        let page = admin.open(&path).await;
        page.shows("1 laporan diserahkan").shows(&at(case, ""));
        let all = [
            ("dari", siti.id.as_str()),
            ("kepada", asep.id.as_str()),
            ("kembali", &*path),
        ];
        assert_eq!(admin.post("/meja/serah", &all).await.to(), path);
        admin
            .open(&path)
            .await
            .shows("diserahkan kepada Asep Sunarya");
        let officer = node.case(case).await.unwrap().summary.officer;
        assert_eq!(officer.as_deref(), Some(asep.id.as_str()));
    }
}

#[tokio::test]
async fn a_repeat_close_by_comes_before_one_across_the_city_and_says_how_far_it_is() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let there = async |latitude: f64| {
            let report = json!({
                "classification": "complaint", "title": "Lubang besar di jalan",
                "content": "Lubang besar di tengah jalan, berbahaya bagi motor.",
                "region": "32.73", "channel": "web",
                "coordinates": {"latitude": latitude, "longitude": 107.61},
            });
            let report = serde_json::from_value(report).unwrap();
            place.node.file(report, "test").await.unwrap().case
        };
        let (far, near, case) = (there(-6.96).await, there(-6.901).await, there(-6.90).await);
        let page = siti.open(&at(case, "/gabung")).await;
        let place_of = |other: lapor_protocol::ids::CaseId| page.text.find(&other.to_string());
        assert!(place_of(near).unwrap() < place_of(far).unwrap_or(usize::MAX));
        page.shows("sekitar 120 m");
    }
}

#[tokio::test]
async fn what_is_ticked_is_archived_with_a_reason_noted_and_given_to_an_officer() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let (one, other) = (
            filed(&place, "Banjir di jalan", "Isi.").await,
            filed(&place, "Banjir lagi", "Isi.").await,
        );
        let (first, second) = (one.to_string(), other.to_string());
        let send = async |more: &[(&str, &str)]| {
            let key = key_of(&siti.open("/meja?tab=semua").await);
            let ticked = [
                ("kunci", key.as_str()),
                ("laporan", &*first),
                ("laporan", &*second),
            ];
            siti.post("/meja/bersama", &[&ticked, more].concat()).await;
            siti.open("/meja?tab=semua").await
        };
        let account = place.node.accounts().find_by_login(SITI).await.unwrap();
        let given = [("tindakan", "petugas"), ("petugas", account.id.as_str())];
        send(&given).await.shows("2 laporan diserahkan");
        let summary = place.node.case(one).await.unwrap().summary;
        assert_eq!(summary.officer.as_deref(), Some(account.id.as_str()));
        let unit = "dinas-pu".parse().unwrap();
        let added = place.node.add_unit("test", &unit, "Dinas PU", None).await;
        added.unwrap();
        send(&[("tindakan", "unit"), ("unit", "")])
            .await
            .shows("Pilih dahulu unitnya");
        send(&[("tindakan", "unit"), ("unit", "dinas-pu")])
            .await
            .shows("2 laporan diserahkan");
        let summary = place.node.case(one).await.unwrap().summary;
        assert_eq!(summary.unit.as_deref(), Some("dinas-pu"));
        let officer = summary.officer.as_deref();
        assert_eq!(officer, Some(account.id.as_str()), "sees the unit");
        send(&[("tindakan", "unit"), ("unit", "-")])
            .await
            .shows("2 laporan dilepaskan");
        let summary = place.node.case(one).await.unwrap().summary;
        assert_eq!((summary.unit, summary.officer), (None, None));
        send(&[("tindakan", "lihat")])
            .await
            .shows("2 laporan ditandai");
        send(&[("tindakan", "lihat")])
            .await
            .shows("0 laporan ditandai");
        send(&[("tindakan", "penerus")])
            .await
            .shows("Selesai pada 0 dari 2")
            .shows("Tidak dapat pada");
        let gone = ("laporan", "0198c0de-0000-7000-8000-000000000001");
        send(&[&given[..], &[gone]].concat())
            .await
            .shows("Selesai pada 2 dari 3");
        let note = [("tindakan", "catatan"), ("uraian", "Satu kejadian.")];
        send(&note).await.shows("Catatan ditulis pada 2 laporan");
        send(&[("tindakan", "arsip")])
            .await
            .shows("Pilih dahulu alasan");
        let archive = [("tindakan", "arsip"), ("alasan", "not_a_report")];
        send(&archive).await.shows("2 laporan diarsipkan");
        for case in [one, other] {
            let view = place.node.case(case).await.unwrap();
            assert_eq!(view.summary.state, Some(State::Archived));
            assert_eq!(view.history.len(), 3, "filed, noted, archived");
        }
        let again = [("tindakan", "arsip"), ("alasan", "other")];
        send(&again).await.shows("Tidak dapat pada");
    }
}
