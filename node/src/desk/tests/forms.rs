//! What the forms of the desk keep: what stands, what was typed, and the files that came with it.

use http::{Request, StatusCode};
use lapor_protocol::case::State;
use lapor_web::accounts::NewAccount;
use serde_json::json;

use super::cases::{KEY, at, filed, key_of, state};
use super::{ADMIN, Browser, Page, SITI, WORDS, hire, staffed};
use crate::casework::Sight;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::{Place, acts, databases};

const KEEPER: &str = "ratna@bandung.go.id";

impl Browser<'_> {
    /// Posts a form with files; a field that is called `lampiran` is one.
    pub async fn send_files(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let parts = fields.iter().map(|(name, value)| {
            let file = if *name == "lampiran" { "; filename=\"berita acara.txt\"" } else { "" };
            format!(
                "--batas\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
            )
        });
        let body = parts.collect::<String>() + "--batas--\r\n";
        let request = Request::post(path);
        let request = request.header("content-type", "multipart/form-data; boundary=batas");
        self.send(request, body).await
    }
}

#[tokio::test]
async fn verifying_again_keeps_what_stands_and_what_the_form_does_not_ask() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let stands = json!({
            "oversight": true, "region": "32.73.01", "on_behalf_of": "kab-garut",
        });
        acts(&place, case, "case.verified", stands, None).await;
        let form = siti.open(&at(case, "/verifikasi")).await;
        form.shows("name=\"pengawasan\" value=\"1\" checked");
        let region = form.between(
            "id=\"wilayah\" name=\"wilayah\" type=\"text\" value=\"",
            "\"",
        );
        let fields = [
            ("kunci", &*key_of(&form)),
            ("judul", "Lampu padam di Cikutra"),
            ("jenis", "pengaduan"),
            ("pengawasan", "1"),
            ("wilayah", &*region),
        ];
        siti.post(&at(case, "/verifikasi"), &fields)
            .await
            .is(StatusCode::SEE_OTHER);
        let view = place.node.case(case).await.unwrap();
        assert_eq!(view.oversight, Some(true));
        assert_eq!(view.summary.region.unwrap().as_str(), "32.73.01");
        assert_eq!(view.summary.on_behalf_of.unwrap().as_str(), "kab-garut");
    }
}

#[tokio::test]
async fn who_verifies_undoes_nothing_that_another_has_corrected_meanwhile_unread() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/verifikasi");
        let stood = |page: &Page| page.between("name=\"keadaan-semula\" value=\"", "\"");
        let form = siti.open(&path).await;
        let (key, mark) = (key_of(&form), stood(&form));
        let other = json!({
            "oversight": true, "category": "Perhubungan/Penerangan Jalan Umum",
        });
        acts(&place, case, "case.verified", other, None).await;
        let mut fields = vec![
            ("kunci", &*key),
            ("judul", "Lampu padam di Cikutra"),
            ("jenis", "pengaduan"),
            ("wilayah", "32.73"),
        ];
        fields.push(("keadaan-semula", &*mark));
        let late = siti.post(&path, &fields).await;
        late.is(StatusCode::CONFLICT)
            .shows("diubah orang lain sejak halaman ini dibuka")
            .shows("<dd class=\"said\">Ya</dd>")
            .shows("Lampu padam di Cikutra");
        let view = place.node.case(case).await.unwrap();
        assert_eq!((view.oversight, view.history.len()), (Some(true), 2));
        // Whoever sends it again has read it, and it is done once.
        let mark = stood(&late);
        fields.pop();
        fields.push(("keadaan-semula", &*mark));
        for _ in 0..2 {
            siti.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        }
        let view = place.node.case(case).await.unwrap();
        assert_eq!((view.oversight, view.history.len()), (Some(false), 3));
    }
}

#[tokio::test]
async fn several_are_verified_only_where_they_wait_for_it_and_the_others_are_named() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [new, held, done] = [
            filed(&place, "Lampu padam", "Isi.").await,
            filed(&place, "Jalan rusak", "Isi.").await,
            filed(&place, "Banjir", "Isi.").await,
        ];
        let ask = json!({ "questions": ["Di mana?"] });
        acts(&place, held, "case.held", json!({}), Some(ask)).await;
        let stands = json!({ "on_behalf_of": "kab-garut" });
        acts(&place, done, "case.verified", stands, None).await;
        let ids = [new, held, done].map(|case| case.to_string());
        let mut bulk: Vec<(&str, &str)> = ids.iter().map(|id| ("laporan", id.as_str())).collect();
        bulk.extend([("tindakan", "verifikasi"), ("kunci", KEY)]);
        siti.post("/meja/bersama", &bulk)
            .await
            .is(StatusCode::SEE_OTHER);
        let told = siti.open("/meja").await;
        told.shows("1 dari 3 laporan diverifikasi");
        let said = told.between("Tidak menunggu verifikasi: ", ".");
        for (case, named) in [(new, false), (held, true), (done, true)] {
            let ticket = place.node.case(case).await.unwrap().summary.ticket.unwrap();
            assert_eq!(said.contains(&ticket), named, "{said}");
        }
        assert_eq!(state(&place, new).await, Some(State::Verified));
        assert_eq!(state(&place, held).await, Some(State::Held));
        let kept = place.node.case(done).await.unwrap().summary.on_behalf_of;
        assert_eq!(kept.unwrap().as_str(), "kab-garut");
        let many: Vec<String> = (0..201)
            .map(|n| format!("{}{n:03}", &ids[0][..33]))
            .collect();
        let mut bulk: Vec<(&str, &str)> = many.iter().map(|id| ("laporan", id.as_str())).collect();
        bulk.extend([("tindakan", "verifikasi"), ("kunci", KEY)]);
        siti.post("/meja/bersama", &bulk).await;
        siti.open("/meja").await.shows("Tidak ada yang diubah");
    }
}

#[tokio::test]
async fn a_report_is_not_merged_into_itself_and_the_form_says_why() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let ticket = place.node.case(case).await.unwrap().summary.ticket.unwrap();
        let form = siti.open(&at(case, "/gabung")).await;
        let fields = [("kunci", &*key_of(&form)), ("laporan", &*ticket)];
        siti.post(&at(case, "/gabung"), &fields)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tulis nomor laporan lain");
        assert_eq!(state(&place, case).await, Some(State::Received));
    }
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/catatan");
        let note = |text| [("kunci", KEY), ("uraian", text)];
        siti.post(&path, &note("Sudah dicek."))
            .await
            .is(StatusCode::SEE_OTHER);
        let other = siti.post(&path, &note("Sudah dicek dua kali.")).await;
        other
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Sudah dicek dua kali.")
            .shows("terkirim dengan isi lain");
        let again = [
            ("kunci", &*key_of(&other)),
            ("uraian", "Sudah dicek dua kali."),
        ];
        siti.post(&path, &again).await.is(StatusCode::SEE_OTHER);
        assert_eq!(place.node.case(case).await.unwrap().history.len(), 3);

        let gone = json!({ "reason": "other" });
        acts(&place, case, "case.archived", gone, None).await;
        let late = [("kunci", "telat-telat-telat"), ("tanya1", "Di mana?")];
        siti.post(&at(case, "/tunda"), &late)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Di mana?")
            .shows("keadaan laporan sudah berubah");
        let ask = [
            ("kunci", "tanya-tanya-tanya"),
            ("alasan", "contact"),
            ("uraian", "Perlu menelepon."),
        ];
        siti.post(&at(case, "/identitas"), &ask)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Perlu menelepon.");
        assert!(place.node.identity_asks(case).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_identity_that_is_asked_for_twice_at_once_is_asked_for_once() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/identitas");
        let ask = [
            ("kunci", KEY),
            ("alasan", "contact"),
            ("uraian", "Perlu menelepon."),
        ];
        let (one, two) = tokio::join!(siti.post(&path, &ask), siti.post(&path, &ask));
        one.is(StatusCode::SEE_OTHER);
        two.is(StatusCode::SEE_OTHER);
        assert_eq!(place.node.identity_asks(case).await.unwrap().len(), 1);
        assert_eq!(place.audited("identity.asked").await.len(), 1);
        assert_eq!(place.node.identity_tasks_waiting().await.unwrap(), 1);
        assert_eq!(place.node.identity_tasks().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn files_go_with_an_act_and_wait_with_a_form_that_comes_back() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/tindak-lanjut");
        siti.open(&path)
            .await
            .shows("enctype=\"multipart/form-data\"");
        let mut answer = vec![
            ("kunci", KEY),
            ("sifat", "usul"),
            ("uraian", ""),
            ("lampiran", "catatan serah terima"),
        ];
        let empty = siti.send_files(&path, &answer).await;
        empty
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("berita acara.txt");
        let held = empty.between("name=\"unggahan\" value=\"", "\"");
        answer[2].1 = "Lampu sudah diganti.";
        answer[3] = ("unggahan", &*held);
        for _ in 0..2 {
            let sent = siti.send_files(&path, &answer).await;
            assert_eq!(sent.is(StatusCode::SEE_OTHER).to(), at(case, ""));
        }
        let history = place.node.case(case).await.unwrap().history;
        assert_eq!(history.len(), 2, "sent twice, done once");
        assert_eq!(history[1].attachments[0].media_type, "text/plain");
        let page = siti.open(&at(case, "")).await;
        let file = page.between("<ul class=\"attachments\">\n<li><a href=\"", "\"");
        let file = siti.open(&file).await;
        assert_eq!(file.text, "catatan serah terima");
        let name = file.headers["content-disposition"].to_str().unwrap();
        assert!(name.ends_with(".txt\""), "{name}");
        let program = [
            ("kunci", "program-program-1"),
            ("uraian", "x"),
            ("lampiran", "\u{0}MZ"),
        ];
        siti.send_files(&at(case, "/catatan"), &program)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);

        let pieces = async |browser: &Browser<'_>| {
            let begin = Request::post("/meja/unggahan");
            let begin = begin.header("tus-resumable", "1.0.0");
            browser
                .send(begin.header("upload-length", "3"), String::new())
                .await
        };
        pieces(&siti).await.is(StatusCode::CREATED);
        let stranger = Browser::new(&router);
        assert_ne!(pieces(&stranger).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn who_has_a_case_keeps_it_until_it_is_given_to_another() {
    for place in staffed().await {
        let unit = "dinas-pu".parse().unwrap();
        let node = &place.node;
        node.add_unit("test", &unit, "Dinas PU", None)
            .await
            .unwrap();
        let disabled = "asep@bandung.go.id";
        hire(&place, disabled, StaffRole::Officer).await;
        let other = node.accounts().find_by_login(disabled).await.unwrap();
        let called = NewAccount {
            login: disabled,
            name: "Asep Keluar",
            role: "officer",
            unit: None,
        };
        node.change_account("test", &other.id, &called)
            .await
            .unwrap();
        node.accounts().disable("test", &other.id).await.unwrap();
        let case = filed(&place, "Lampu padam", "Isi.").await;
        node.assign(
            &Sight::ALL,
            &[case],
            Some("dinas-pu"),
            Some("Nama Lama"),
            "test",
        )
        .await
        .unwrap();
        node.close_unit("test", &unit).await.unwrap();
        let router = router(node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let page = admin.open(&at(case, "")).await;
        page.shows("<option value=\"dinas-pu\" selected>Dinas PU</option>")
            .shows("<option value=\"Nama Lama\" selected>");
        assert!(!page.text.contains("Asep Keluar"));
        let path = at(case, "/unit");
        let same = [("unit", "dinas-pu"), ("petugas", "Nama Lama")];
        admin.post(&path, &same).await.is(StatusCode::SEE_OTHER);
        let nobody = [("unit", "dinas-pu"), ("petugas", "Asep Keluar")];
        let refused = admin.post(&path, &nobody).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tidak ada petugas aktif dengan nama ini");
        let summary = node.case(case).await.unwrap().summary;
        assert_eq!(summary.unit.as_deref(), Some("dinas-pu"));
        assert_eq!(summary.officer.as_deref(), Some("Nama Lama"));
    }
}

#[tokio::test]
async fn the_counter_takes_files_and_long_names_and_loses_nothing() {
    for place in staffed().await {
        let account = place.node.accounts().find_by_login(SITI).await.unwrap();
        let name = "S".repeat(100);
        let called = NewAccount {
            login: SITI,
            name: &name,
            role: "officer",
            unit: None,
        };
        place
            .node
            .change_account("test", &account.id, &called)
            .await
            .unwrap();
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let mut report = vec![
            ("kunci", KEY),
            ("saluran", "loket"),
            ("jenis", "pengaduan"),
            ("judul", "Lampu jalan padam"),
            ("uraian", "Gelap sejak Minggu."),
            ("wilayah", "bandung"),
            ("lampiran", "surat warga"),
        ];
        let asked = siti.send_files("/meja/baru", &report).await;
        asked
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Kabupaten Bandung, Jawa Barat; Kota Bandung, Jawa Barat");
        let held = asked.between("name=\"unggahan\" value=\"", "\"");
        report[5].1 = "Kota Bandung, Jawa Barat";
        report[6] = ("unggahan", &held);
        siti.send_files("/meja/baru", &report).await;
        let slip = siti.send_files("/meja/baru", &report).await;
        let ticket = slip
            .is(StatusCode::OK)
            .between("<dd class=\"ticket\">", "</dd>");
        let view = place.node.case_by_ticket(&ticket).await.unwrap();
        assert_eq!(view.history[0].attachments.len(), 1);
        assert_eq!(view.summary.officer, Some(account.id.to_string()));
        let case = [view.summary.case];
        let given = place.node.assign(&Sight::ALL, &case, None, None, "test");
        given.await.unwrap();
        siti.send_files("/meja/baru", &report).await;
        let view = place.node.case_by_ticket(&ticket).await.unwrap();
        assert_eq!(view.summary.officer, None, "a replay assigns nothing");
        let page = siti.open(&at(view.summary.case, "")).await;
        page.shows("Datang ke loket");
        assert!(!page.text.contains("walk-in"));
        report[3].1 = "Judul lain";
        let other = siti.send_files("/meja/baru", &report[..6]).await;
        other
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("value=\"Judul lain\"");
        assert_ne!(key_of(&other), KEY);
    }
}

#[tokio::test]
async fn an_institution_that_a_link_names_stands_in_the_form() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        hire(&place, SITI, StaffRole::Officer).await;
        hire(&place, KEEPER, StaffRole::IdentityKeeper).await;
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let form = siti.open(&at(case, "/disposisi?ke=kemenpu")).await;
        form.is(StatusCode::OK);
        let chosen = form.text.contains("value=\"kemenpu\" checked")
            || form
                .text
                .contains("name=\"instansi\" type=\"text\" value=\"kemenpu\"");
        assert!(chosen, "{}", form.text);
    }
}

#[tokio::test]
async fn the_desk_takes_a_report_up_for_an_institution_that_has_not_joined() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        hire(&place, SITI, StaffRole::Officer).await;
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Jalan di Kabupaten Garut rusak", "Isi.").await;
        let path = at(case, "/disposisi");
        let form = siti.open(&path).await;
        form.is(StatusCode::OK)
            .shows("pusat menindaklanjuti atas nama")
            .shows("Kabupaten Garut");
        let mut fields = vec![
            ("kunci", KEY),
            ("instansi", "kab-garut"),
            ("tenggat", "2126-01-01"),
        ];
        let refused = siti.post(&path, &fields).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak sampai kepadanya");
        fields.pop();
        siti.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        siti.open(&at(case, ""))
            .await
            .shows("ditindaklanjuti di sini atas nama");
        let view = place.node.case(case).await.unwrap();
        assert_eq!(view.summary.state, Some(State::Verified));
        assert_eq!(view.summary.on_behalf_of.unwrap().as_str(), "kab-garut");
    }
}

#[tokio::test]
async fn an_institution_without_authority_is_not_told_that_the_report_has_changed() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let beyond = "di luar wewenang instansi Anda";
        for deed in ["/disposisi", "/ambil-alih"] {
            let asked = siti.open(&at(case, deed)).await;
            asked.is(StatusCode::SEE_OTHER);
            siti.open(&at(case, "")).await.shows(beyond);
        }
        let gone = json!({ "reason": "other" });
        acts(&place, case, "case.archived", gone, None).await;
        let late = siti.open(&at(case, "/tunda")).await;
        late.is(StatusCode::SEE_OTHER);
        siti.open(&at(case, ""))
            .await
            .shows("keadaan laporan sudah berubah");
    }
}

#[tokio::test]
async fn only_the_desk_acts_for_others_and_a_deadline_lies_ahead() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/disposisi");
        for (target, day, said) in [
            ("kab-garut", "", "terdaftar tetapi belum bergabung"),
            ("kemenpu", "2020-01-01", "sudah lewat"),
            ("kemenpu", "2999-01-01", "lebih dari satu tahun lagi"),
        ] {
            let fields = [("kunci", KEY), ("instansi", target), ("tenggat", day)];
            siti.post(&path, &fields)
                .await
                .is(StatusCode::UNPROCESSABLE_ENTITY)
                .shows(said);
        }
        let fields = [
            ("kunci", KEY),
            ("judul", "Kapan lampu diganti"),
            ("jenis", "permintaan-informasi"),
            ("pengawasan", "1"),
        ];
        siti.post(&at(case, "/verifikasi"), &fields)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Hanya pengaduan yang dapat berkadar pengawasan");
    }
}
