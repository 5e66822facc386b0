//! Registers as an officer brings them in and takes them out.

use http::{Request, StatusCode};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Classification;
use serde_json::{Value, json};

use super::{ADMIN, Browser, Page, SITI, WORDS, staffed};
use crate::audit::AuditQuery;
use crate::casework::{CaseFilter, NewReport, Sight};
use crate::doors::router;
use crate::registers::{Import, NewRegister, Wrong};
use crate::testing::{Place, acts};

const PATH: &str = "/meja/register";
const FILE: &str = "No. Register,Curhat,Judul\n1,Jalan rusak,=Jalan\n1,Lampu padam,\n";

async fn uploads(browser: &Browser<'_>, channel: &str, table: &str) -> Page {
    let head = "--batas\r\nContent-Disposition: form-data; name=";
    let body = format!(
        "{head}\"saluran\"\r\n\r\n{channel}\r\n{head}\"berkas\"; filename=\"register 2026.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{table}\r\n--batas--\r\n"
    );
    let kind = "multipart/form-data; boundary=batas";
    let request = Request::post(PATH).header("content-type", kind);
    browser.send(request, body).await
}

#[tokio::test]
async fn a_register_is_looked_at_mended_and_filed_and_goes_out_again() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let page = siti.open(PATH).await;
        page.shows("<h2>Unggah register</h2>")
            .shows("<h2>Riwayat</h2>")
            .shows("Belum ada register");
        let wrong = uploads(&siti, "phone", "Isi\n").await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak ada baris di bawah judul kolomnya")
            .shows("value=\"phone\" selected");
        let open = uploads(&siti, "phone", "Isi,Judul\nJalan,\"A\nLampu,B\n").await;
        open.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Baris 2: tanda kutip yang membuka sebuah sel tidak ditutup");
        let one = uploads(&siti, "phone", FILE).await.to().to_owned();
        let page = siti.open(&one).await;
        page.shows("register 2026.csv")
            .shows("Tidak ada kolom yang dikenali sebagai isi laporan");
        assert!(!page.text.contains("Yang bermasalah"), "{}", page.text);
        let twice = [("kolom", "number"), ("kolom", "title"), ("kolom", "title")];
        let twice = siti.post(&format!("{one}/kolom"), &twice).await;
        twice
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Dua kolom dipilih sebagai");
        let columns = [
            ("kolom", "number"),
            ("kolom", "content"),
            ("kolom", "title"),
        ];
        let chosen = siti.post(&format!("{one}/kolom"), &columns).await;
        chosen.is(StatusCode::SEE_OTHER);
        let page = siti.open(&one).await;
        page.shows("Baris 3, kolom No. Register «1»: nomornya sama dengan baris 2")
            .shows("=Jalan");
        let held = siti.post(&format!("{one}/masukkan"), &[]).await;
        held.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("id=\"tanpa-salah-error\">1 baris bermasalah, jadi belum ada yang masuk.");
        let left_out = [("tanpa-salah", "1")];
        let filed = siti.post(&format!("{one}/masukkan"), &left_out).await;
        filed.is(StatusCode::SEE_OTHER);
        let every = CaseFilter::default();
        let cases = place.node.search(&Sight::ALL, "", &every, None, 9).await;
        let cases = cases.unwrap().cases;
        assert_eq!(cases.len(), 1);
        let ticket = cases[0].ticket.clone().unwrap();
        siti.open(&one)
            .await
            .shows(&ticket)
            .shows("Baris yang ditinggalkan")
            .shows("Baris 3, kolom No. Register «1»: nomornya sama dengan baris 2");
        let table = siti.open(&format!("{one}/hasil.csv")).await;
        table
            .shows(&format!("2,1,{ticket},,"))
            .shows("3,,,No. Register,nomornya sama dengan baris 2.");
        let again = uploads(&siti, "phone", FILE).await;
        again
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Berkas yang sama sudah pernah diunggah")
            .shows(&one);
        let csv = siti.open("/meja/register.csv").await;
        csv.shows(&ticket).shows("'=Jalan");
        let none = siti.open("/meja/register.csv?sampai=2020-01-01").await;
        assert!(!none.text.contains(&ticket));
        let book = siti.open("/meja/register.xlsx").await;
        book.is(StatusCode::OK);
        assert!(
            book.headers["content-type"]
                .to_str()
                .unwrap()
                .contains("spreadsheetml")
        );
    }
}

#[tokio::test]
async fn whoever_takes_a_register_out_stands_in_the_audit_log_and_figures_leave_no_line() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        files(&place, json!({"title": "Canary", "content": "Canary"})).await;
        let some = "/meja/register.csv?dari=2020-01-02&sampai=2020-01-03";
        for path in ["/meja/register.xlsx", some, "/meja/kinerja.csv"] {
            siti.open(path).await.is(StatusCode::OK);
        }
        let taken = AuditQuery {
            action: "cases.downloaded",
            limit: 9,
            ..AuditQuery::default()
        };
        let taken = place.node.audit_log(&taken).await.unwrap();
        let accounts = place.node.accounts().list().await.unwrap();
        let mut accounts = accounts.iter();
        let account = accounts.find(|one| one.login.as_str() == SITI).unwrap();
        assert!(taken.iter().all(|entry| entry.actor == account.actor()));
        let details: Vec<&str> = taken.iter().map(|entry| entry.detail.as_str()).collect();
        assert_eq!(
            details,
            [
                "register.csv, rows: 0, filed from 2020-01-02T00:00:00+07:00, \
                 filed before 2020-01-04T00:00:00+07:00",
                "register.xlsx, rows: 1",
            ]
        );
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let page = admin.open("/meja/audit?tindakan=cases.downloaded").await;
        page.shows("<td data-label=\"Tindakan\">Tabel laporan diunduh</td>")
            .shows("Petugas Loket");
    }
}

#[tokio::test]
async fn a_register_that_waits_can_be_dropped() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let one = uploads(&siti, "loket", "Isi\nJalan\n")
            .await
            .to()
            .to_owned();
        let dropped = siti.post(&format!("{one}/buang"), &[]).await;
        dropped.is(StatusCode::SEE_OTHER);
        siti.open(&one).await.is(StatusCode::NOT_FOUND);
        let again = uploads(&siti, "loket", "Isi\nJalan\n").await;
        again.is(StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn every_row_is_shown_with_all_that_it_says_and_nobody_s_name() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let long = "Lampu padam sejak Senin. ".repeat(40);
        let file = format!(
            "No. Register;Isi;Judul;Wilayah;Lokasi;Tanggal Kejadian;Saluran;Rahasia;Nama;Surel;Petugas\n\
             7/I;{long};Gelap;32.73;Dago;04-03-2026;telepon;ya;Canary Satu;;A\n\
             8/I;Sampah;;;;31/02/2026;;;;canary.surel;\n"
        );
        let one = uploads(&siti, "letter", &file).await.to().to_owned();
        let page = siti.open(&one).await;
        for words in [
            "<span class=\"count\">Baris 2</span> Gelap</h3>",
            "<dt>Nomor register</dt><dd>7/I</dd>",
            "<dt>Kategori</dt><dd>tidak diisi</dd>",
            "<dt>Wilayah</dt><dd>Kota Bandung, Jawa Barat (32.73)</dd>",
            "<dt>Lokasi</dt><dd>Dago</dd>",
            "<dt>Tanggal kejadian</dt><dd>4 Maret 2026</dd>",
            "<dt>Saluran</dt><dd>Telepon</dd>",
            "<dt>Anonim</dt><dd>Tidak</dd>",
            "<dt>Rahasia</dt><dd>Ya</dd>",
            "<dt>Identitas pelapor</dt><dd>ada</dd>",
            "<summary>Selengkapnya</summary>",
            "Baris 3, kolom Tanggal Kejadian «31/02/2026»: bukan tanggal.",
            "Baris 3, kolom Surel: bukan alamat surel.",
        ] {
            page.shows(words);
        }
        assert!(
            !page.text.to_lowercase().contains("canary"),
            "{}",
            page.text
        );
        let (lead, rows) = page.text.split_once("register-rows").unwrap();
        assert!(lead.contains("Tidak dimasukkan: kolom Petugas."), "{lead}");
        assert_eq!(
            rows.matches("Lampu padam").count(),
            40,
            "nothing stands there twice"
        );
    }
}

#[tokio::test]
async fn rows_that_a_page_does_not_hold_are_on_the_next() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let rows: Vec<String> = (1..=60).map(|n| format!("Lampu {n} padam\n")).collect();
        let file = format!("Isi\n{}", rows.concat());
        let one = uploads(&siti, "letter", &file).await.to().to_owned();
        let first = siti.open(&one).await;
        first
            .shows("Baris siap ke-1 sampai ke-50 dari 60.")
            .shows(&format!("{one}?halaman=2"))
            .shows("Baris 51</span>");
        assert!(!first.text.contains("Baris 52</span>"));
        let second = siti.open(&format!("{one}?halaman=2")).await;
        second
            .shows("Baris siap ke-51 sampai ke-60 dari 60.")
            .shows("Baris 61</span>");
        assert!(!second.text.contains("?halaman=3"));
    }
}

#[tokio::test]
async fn where_no_row_can_be_filed_there_is_no_button_and_the_page_says_why() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let file = "Isi,Tanggal Kejadian\nJalan,kemarin\n";
        let one = uploads(&siti, "letter", file).await.to().to_owned();
        let words = "<p id=\"tanpa-salah\">Tidak ada baris yang dapat dimasukkan.";
        let page = siti.open(&one).await;
        page.shows(words);
        assert!(!page.text.contains("<button>Masukkan"), "{}", page.text);
        let forms: [&[(&str, &str)]; 2] = [&[], &[("tanpa-salah", "1")]];
        for ticked in forms {
            let refused = siti.post(&format!("{one}/masukkan"), ticked).await;
            refused.is(StatusCode::UNPROCESSABLE_ENTITY).shows(words);
        }
    }
}

async fn files(place: &Place, more: Value) -> CaseId {
    let mut report = json!({
        "classification": "information_request", "title": "=Jalan rusak",
        "content": "Jalan rusak, \"parah\".\nSejak Senin.",
        "category": "Perhubungan/Angkutan Umum", "region": "32.73", "place": "Dago",
        "incident_date": "2026-03-04", "anonymous": true, "channel": "telegram",
    });
    let more = more.as_object().unwrap().clone();
    report.as_object_mut().unwrap().extend(more);
    let report: NewReport = serde_json::from_value(report).unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn reads(place: &Place, name: &str, bytes: Vec<u8>) -> Import {
    let new = NewRegister {
        name,
        bytes,
        channel: "letter",
    };
    let id = place.node.bring_register(new, "account:siti").await;
    let read = place.node.register(&id.unwrap(), "account:siti").await;
    read.unwrap()
}

#[tokio::test]
async fn a_register_that_went_out_is_read_in_elsewhere_and_known_where_it_came_from() {
    let others = staffed().await.into_iter();
    for (place, other) in staffed().await.into_iter().zip(others) {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        files(&place, json!({})).await;
        files(
            &place,
            json!({"title": "Lampu", "content": "Lampu padam.", "channel": "walk-in"}),
        )
        .await;
        files(
            &place,
            json!({"content": "Parit mampet.", "own_number": "9/2026"}),
        )
        .await;
        files(
            &place,
            json!({"title": "Canary judul", "content": "Canary isi.", "place": "Canary",
            "secret": true}),
        )
        .await;
        let csv = siti.open("/meja/register.csv").await;
        csv.shows("2026-09-21 21:13,Telegram,'=Jalan rusak,")
            .shows(",2026-03-04,Ya,Tidak,");
        assert!(!csv.text.contains("Canary"), "{}", csv.text);
        for (path, language) in [
            ("/meja/register.csv", "id"),
            ("/meja/register.csv", "en"),
            ("/meja/register.xlsx", "id"),
            ("/meja/register.xlsx", "en"),
        ] {
            let asked = Request::get(path).header("accept-language", language);
            let went = siti.send(asked, String::new()).await;
            let bytes = went.is(StatusCode::OK).bytes.clone();
            let here = reads(&place, path, bytes.clone()).await;
            let told = format!("{path} {language}: {:?}", here.problems);
            assert_eq!((here.ready, here.wrong), (0, 4), "{told}");
            let mut faults = here.problems.iter().map(|one| &one.wrong);
            assert!(
                faults.all(|wrong| matches!(wrong, Wrong::KnownTicket(_))),
                "{told}"
            );
            let read = reads(&other, path, bytes).await;
            let told = format!("{path} {language}: {:?}", read.problems);
            let codes: Vec<_> = read.problems.iter().map(|one| one.code).collect();
            // What is *rahasia* has no words.
            assert_eq!((read.ready, codes), (3, vec!["missing"]), "{told}");
            let mut rows = read.sample.iter();
            let row = rows.find(|row| row.content.starts_with("Jalan")).unwrap();
            assert_eq!(row.title, "=Jalan rusak");
            assert_eq!(row.content, "Jalan rusak, \"parah\".\nSejak Senin.");
            assert_eq!(row.classification, Classification::InformationRequest);
            assert_eq!(row.category.as_deref(), Some("Perhubungan/Angkutan Umum"));
            assert_eq!(row.region.as_ref().unwrap().as_str(), "32.73");
            assert_eq!(row.place.as_deref(), Some("Dago"));
            assert_eq!(row.incident_date.as_deref(), Some("2026-03-04"));
            assert_eq!(row.channel, "telegram");
            assert!(row.anonymous && !row.secret && !row.reporter_given);
        }
    }
}

#[tokio::test]
async fn a_part_that_was_split_off_has_no_ticket_and_is_known_by_its_case() {
    let others = staffed().await.into_iter();
    for (place, other) in staffed().await.into_iter().zip(others) {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let whole = files(&place, json!({})).await;
        let part = json!({"title": "Sampah", "content": "Sampah menumpuk."});
        acts(&place, whole, "case.split", json!({}), Some(part)).await;
        let child = place.node.case(whole).await.unwrap().children[0].to_string();
        for path in ["/meja/register.csv", "/meja/register.xlsx"] {
            let went = siti.open(path).await;
            let bytes = went.is(StatusCode::OK).bytes.clone();
            let here = reads(&place, path, bytes.clone()).await;
            let known: Vec<&Wrong> = here.problems.iter().map(|one| &one.wrong).collect();
            assert_eq!((here.ready, here.wrong), (0, 2), "{path}: {known:?}");
            assert!(
                known.contains(&&Wrong::KnownTicket(child.clone())),
                "{path}: {known:?}"
            );
            let read = reads(&other, path, bytes).await;
            let told = format!("{path}: {:?}", read.problems);
            assert_eq!((read.ready, read.wrong), (2, 0), "{told}");
            let mut rows = read.sample.iter();
            let row = rows.find(|row| row.content == "Sampah menumpuk.").unwrap();
            assert_eq!(row.channel, "telegram", "as the whole came in");
        }
    }
}

#[tokio::test]
async fn whoever_uploaded_a_register_stands_in_words_beside_it() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let own = uploads(&siti, "letter", "Isi\nJalan\n")
            .await
            .to()
            .to_owned();
        let new = NewRegister {
            name: "dinas.csv",
            bytes: b"Isi\nLampu\n".to_vec(),
            channel: "letter",
        };
        let other = place.node.bring_register(new, "token:demo").await.unwrap();
        let page = siti.open(PATH).await;
        page.shows("Petugas Loket, ")
            .shows("token API «demo», ")
            .shows(&own);
        assert!(!page.text.contains("token:demo"), "{}", page.text);
        assert!(!page.text.contains(&other), "only who uploaded it opens it");
        let english = Request::get(PATH).header("accept-language", "en");
        let english = siti.send(english, String::new()).await;
        english
            .shows("<h2>Upload register</h2>")
            .shows("<h2>History</h2>")
            .shows("API token «demo», ")
            .shows("Used where the file has no column Saluran.");
    }
}
