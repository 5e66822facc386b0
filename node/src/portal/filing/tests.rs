//! Filing through the router, as a browser without script does it, and as those
//! who mean harm do.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use futures_util::stream;
use http::{Request, StatusCode};

use super::super::report as report_page;
use super::super::tests::{Reply, open, places, post, report, send};
use super::*;
use crate::doors::router;
use crate::testing::{Place, acts, jpeg};

const PDF: &[u8] = b"%PDF-1.7 surat pengantar";
const SCRIPT: &str = "\"><script>alert(1)</script>";
const TOO_FAST_MS: i64 = 5000;

/// A form as it is sent.
#[derive(Clone)]
struct Sent {
    fields: Vec<(&'static str, String)>,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Sent {
    fn report() -> Self {
        let fields = [
            ("klasifikasi", "pengaduan"),
            ("judul", "Lampu jalan padam di Jalan Cikutra"),
            ("uraian", "Sudah seminggu gelap, dua orang jatuh."),
            ("wilayah", "Kota Bandung, Jawa Barat"),
            ("kunci", "0123456789abcdef0123456789abcdef"),
        ];
        Self {
            fields: fields.map(|(name, value)| (name, value.to_owned())).into(),
            files: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, value.into()));
        self
    }

    fn file(mut self, name: &'static str, bytes: &[u8]) -> Self {
        self.files.push((name, bytes.to_vec()));
        self
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            let part = format!(
                "--batas\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        for (name, bytes) in &self.files {
            let head = format!(
                "--batas\r\nContent-Disposition: form-data; name=\"lampiran\"; \
                 filename=\"{name}\"\r\nContent-Type: image/jpeg\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--batas--\r\n");
        body
    }

    async fn to(&self, router: &Router, path: &str) -> Reply {
        self.asking(router, Request::post(path)).await
    }

    async fn asking(&self, router: &Router, request: http::request::Builder) -> Reply {
        let request = request.header("content-type", "multipart/form-data; boundary=batas");
        send(router, request, self.body()).await
    }
}

async fn receipt(router: &Router, sent: &Reply) -> Reply {
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert_eq!(sent.header("location"), RECEIPT);
    let cookie = sent
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    send(router, Request::get(RECEIPT).header("cookie", cookie), "").await
}

/// The texts of `class="code"`: ticket and key.
fn secrets(page: &Reply) -> [String; 2] {
    let codes = page.text.split("class=\"code\">").skip(1);
    let codes: Vec<_> = codes
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    codes.try_into().unwrap()
}

async fn cases(place: &Place) -> u64 {
    place.node.tally().await.unwrap().all
}

#[tokio::test]
async fn a_report_with_a_file_is_filed_and_its_key_is_told_to_this_browser_alone() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = open(&router, PATH).await;
        assert!(
            form.text.contains("value=\"Kota Bandung, Jawa Barat\""),
            "{}",
            form.text
        );
        let sent = Sent::report()
            .with("surel", "siti@contoh.id")
            .with("kabari", "1")
            .file("surat.pdf", PDF);
        let sent = sent.to(&router, PATH).await;
        let cookie = sent.header("set-cookie");
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        let page = receipt(&router, &sent).await;
        let [ticket, key] = secrets(&page);
        assert!(!sent.header("location").contains(&ticket) && !cookie.contains(&ticket));
        assert!(
            page.text
                .contains("datang ke loket kami dengan tanda pengenal"),
            "{}",
            page.text
        );
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let opened = place
            .node
            .open_conversation(&ticket, &key, here)
            .await
            .unwrap();
        let visitor = place.node.visitor(&opened.token).await.unwrap().unwrap();
        let conversation = place.node.conversation(&visitor, None).await.unwrap();
        let view = place.node.reporter_view(&conversation).await.unwrap();
        assert_eq!(view.events[0].attachments[0].media_type, "application/pdf");
        assert_eq!(view.notify, Notify::Email);
        let waiting = std::fs::read_dir(place.settings.node.blobs.join("uploads"));
        assert_eq!(waiting.unwrap().count(), 0);

        let nobody = open(&router, RECEIPT).await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
        assert!(!nobody.text.contains(&ticket) && !nobody.text.contains(&key));
        let kept = post(&router, DONE, "").await;
        assert!(kept.header("set-cookie").starts_with("lapor-terima=; "));
    }
}

#[tokio::test]
async fn a_form_that_is_sent_twice_files_once_and_one_that_was_changed_says_so() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = Sent::report().file("surat.pdf", PDF);
        let (one, other) = tokio::join!(form.to(&router, PATH), form.to(&router, PATH));
        let first = secrets(&receipt(&router, &one).await);
        assert_eq!(first, secrets(&receipt(&router, &other).await));
        let again = form.clone().with("tetap", "1").to(&router, PATH).await;
        assert_eq!(first, secrets(&receipt(&router, &again).await));
        assert_eq!(cases(&place).await, 1);
        let waiting = std::fs::read_dir(place.settings.node.blobs.join("uploads"));
        assert_eq!(
            waiting.unwrap().count(),
            0,
            "files of the second are given up"
        );

        let changed = form
            .with("uraian", "Yang lain sama sekali.")
            .with("tetap", "1");
        let changed = changed.to(&router, PATH).await;
        assert_eq!(changed.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            changed.text.contains("sudah terkirim sebelumnya"),
            "{}",
            changed.text
        );
        assert!(
            !changed
                .text
                .contains("value=\"0123456789abcdef0123456789abcdef\"")
        );
        assert_eq!(cases(&place).await, 1);
    }
}

/// What a form that is shown again names of the files that it brought.
async fn held(router: &Router, file: &'static str) -> String {
    let wrong = Sent::report().with("uraian", "").file(file, PDF);
    let page = wrong.to(router, PATH).await;
    let mut named = page.text.split("name=\"unggahan\" value=\"").skip(1);
    let rest = named.next().unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn verified(place: &Place, case: lapor_protocol::ids::CaseId) {
    acts(place, case, "case.verified", serde_json::json!({}), None).await;
}

#[tokio::test]
async fn a_form_whose_files_went_up_before_files_once_and_tells_its_receipt_by_its_key() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = Sent::report().with("unggahan", held(&router, "surat.pdf").await);
        let first = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        let again = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        assert_eq!(first, again);
        assert_eq!(cases(&place).await, 1);
        let changed = form.clone().with("uraian", "Yang lain sama sekali.");
        let changed = changed.to(&router, PATH).await;
        assert_eq!(changed.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in [
            "sudah terkirim sebelumnya",
            "surat.pdf: berkas ini tidak ada lagi",
        ] {
            assert!(changed.text.contains(said), "{}", changed.text);
        }

        let asked = post(&router, RECEIPT, "kunci=0123456789abcdef0123456789abcdef").await;
        assert_eq!(first, secrets(&receipt(&router, &asked).await));
        let unknown = post(&router, RECEIPT, "kunci=00000000000000000000000000000000").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        place.clock.advance(8 * 86_400_000);
        crate::casework::expire_answers(&place.node).await.unwrap();
        let late = post(&router, RECEIPT, "kunci=0123456789abcdef0123456789abcdef").await;
        assert_eq!(late.status, StatusCode::NOT_FOUND);
        assert_eq!(cases(&place).await, 1, "to ask files nothing");
    }
}

#[tokio::test]
async fn files_of_citizens_together_have_a_bound_and_those_of_a_network_too() {
    for mut place in places().await {
        place.settings.api.waiting_bytes = 2_000_000_000;
        let router = router(place.reopened().await);
        let begin = async || {
            let begin = Request::post("/unggahan")
                .header("tus-resumable", "1.0.0")
                .header("upload-length", "200000000");
            send(&router, begin, "").await.status
        };
        for _ in 0..5 {
            assert_eq!(begin().await, StatusCode::CREATED);
        }
        assert_eq!(begin().await, StatusCode::TOO_MANY_REQUESTS);
        for _ in 0..5 {
            place.clock.advance(3_600_000);
            assert_eq!(begin().await, StatusCode::CREATED);
        }
        place.clock.advance(3_600_000);
        assert_eq!(begin().await, StatusCode::INSUFFICIENT_STORAGE);
        let page = Sent::report().file("surat.pdf", PDF);
        let page = page.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::INSUFFICIENT_STORAGE);
        assert!(
            page.text
                .contains("Untuk sementara berkas tidak dapat diterima"),
            "{}",
            page.text
        );
        receipt(&router, &Sent::report().to(&router, PATH).await).await;
    }
}

#[tokio::test]
async fn a_form_whose_files_find_no_room_is_told_to_come_again_and_knows_its_receipt() {
    for mut place in places().await {
        place.settings.api.waiting_bytes = 1_000_000;
        let node = place.reopened().await;
        let router = router(node.clone());
        let begin = async || {
            let begin = Request::post("/unggahan")
                .header("tus-resumable", "1.0.0")
                .header("upload-length", "900000");
            send(&router, begin, "").await.status
        };
        let form = Sent::report().file("surat.pdf", PDF);
        let first = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        assert_eq!(begin().await, StatusCode::CREATED);
        let other = form.clone().with("kunci", "f".repeat(32));
        let large = other.clone().file("besar.pdf", &vec![b'%'; 200_000]);
        let put_off = large.to(&router, PATH).await;
        assert_eq!(put_off.status, StatusCode::INSUFFICIENT_STORAGE);
        let both = large.with("judul", " ").to(&router, PATH).await;
        assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(both.text.contains("Untuk sementara berkas tidak"));

        for _ in 0..60 {
            node.admit_upload(std::net::Ipv4Addr::UNSPECIFIED.into(), 1)
                .await
                .ok();
        }
        let again = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        assert_eq!(first, again, "whatever has room now");
        let early = other.to(&router, PATH).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(early.header("retry-after").parse::<u32>().unwrap() > 0);
        assert_eq!(cases(&place).await, 1);
    }
}

#[tokio::test]
async fn a_form_that_does_not_say_how_large_it_is_counts_what_its_files_may_have() {
    for mut place in places().await {
        place.settings.api.upload_bytes = 400_000;
        place.settings.api.waiting_bytes = 1_000_000;
        let router = router(place.reopened().await);
        let form = Sent::report().file("surat.pdf", PDF);
        let pieces = stream::iter([Ok::<_, Infallible>(form.body())]);
        let request = Request::post(PATH);
        let request = request.header("content-type", "multipart/form-data; boundary=batas");
        let filed = send(&router, request, Body::from_stream(pieces)).await;
        receipt(&router, &filed).await;
    }
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_all_that_was_sent_is_kept() {
    for place in places().await {
        let router = router(place.node.clone());
        let wrong = Sent::report()
            .with("klasifikasi", "")
            .with("uraian", " ")
            .with("wilayah", "bandung")
            .with("lintang", "91")
            .with("bujur", "107")
            .with("tanggal", "2099-01-01")
            .with("kategori", "Tidak/Ada")
            .with("instansi", "Tidak Ada")
            .with("surel", "siti")
            .with("kecuali", "Dinas Entah")
            .file("surat.pdf", PDF)
            .file("virus.jpg", b"MZ\x90\0");
        let page = wrong.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in [
            "klasifikasi",
            "uraian",
            "wilayah",
            "lintang",
            "tanggal",
            "kategori",
            "instansi",
            "surel",
            "kecuali",
            "lampiran",
        ] {
            assert!(
                page.text.contains(&format!("id=\"{field}-error\"")),
                "{field}"
            );
        }
        assert!(
            page.text
                .contains("value=\"Lampu jalan padam di Jalan Cikutra\"")
        );
        assert!(
            page.text
                .contains("virus.jpg: jenis berkas ini tidak diterima")
        );
        assert!(
            page.text
                .contains("name=\"wilayah-pilihan\" value=\"32.73\"")
        );
        assert_eq!(cases(&place).await, 0);

        let held = page
            .text
            .split("name=\"unggahan\" value=\"")
            .nth(1)
            .unwrap();
        let held = held.split('"').next().unwrap();
        assert!(held.ends_with("/surat.pdf"), "{held}");
        let mended = Sent::report().with("unggahan", held);
        receipt(&router, &mended.to(&router, PATH).await).await;
        let used = Sent::report()
            .with("kunci", "f".repeat(32))
            .with("tetap", "1")
            .with("unggahan", held);
        let used = used.to(&router, PATH).await;
        assert!(
            used.text.contains("surat.pdf: berkas ini tidak ada lagi"),
            "{}",
            used.text
        );
    }
}

#[tokio::test]
async fn what_is_typed_is_shown_as_text_in_every_field() {
    for place in places().await {
        let router = router(place.node.clone());
        let fields = [
            "klasifikasi",
            "judul",
            "uraian",
            "wilayah",
            "wilayah-pilihan",
            "tempat",
            "lintang",
            "bujur",
            "tanggal",
            "kategori",
            "instansi",
            "saran",
            "nama",
            "surel",
            "telepon",
            "kabari",
            "anonim",
            "rahasia",
            "kecuali",
            "program",
            "kunci",
            "cap",
            "situs",
        ];
        let mut form = Sent::report();
        for field in fields {
            form = form.with(field, SCRIPT);
        }
        let form = form.file("<img src=x>.pdf", PDF);
        for step in ["", "saran", "sunting"] {
            let page = form.clone().with("langkah", step).to(&router, PATH).await;
            assert!(
                !page.text.contains("<script>alert"),
                "{step}: {}",
                page.text
            );
            assert!(!page.text.contains("<img src=x"), "{step}");
        }
        let asked = open(
            &router,
            "/lapor?program=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        )
        .await;
        assert!(!asked.text.contains("<script>alert"));
        let mut alike = report("Lampu jalan <script>alert(1)</script> Cikutra padam", false);
        alike.content = "Lampu jalan Cikutra padam seminggu".into();
        let alike = place.node.file(alike, "test").await.unwrap();
        verified(&place, alike.case).await;
        let form = Sent::report().with("nama", SCRIPT);
        let page = form.to(&router, PATH).await;
        assert!(
            page.text.contains("Apakah ini laporan Anda?"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("<script>alert"), "{}", page.text);
    }
}

#[tokio::test]
async fn reports_that_are_alike_are_shown_once_before_filing_and_hide_numbers_of_people() {
    for place in places().await {
        let router = router(place.node.clone());
        let title = "Lampu jalan padam di Jalan Cikutra, hubungi 0812-3456-7890";
        let mut known = report(title, false);
        known.content = "Lampu jalan padam, sudah seminggu gelap.".into();
        known.coordinates = Some(crate::casework::Coordinates {
            latitude: -6.9,
            longitude: 107.64,
        });
        let known = place.node.file(known, "test").await.unwrap();
        let words = "judul=Lampu+jalan+padam+di+Jalan+Cikutra&uraian=Sudah+gelap+seminggu\
            &lintang=-6.9001&bujur=107.64";
        let unverified = post(&router, LIKELY, words).await;
        assert_eq!(unverified.text.trim(), "", "it may be abuse");
        let support = report_page::support_path(known.case);
        let unverified = post(&router, &support, "").await;
        assert_eq!(unverified.status, StatusCode::NOT_FOUND);
        verified(&place, known.case).await;
        let form = Sent::report().file("surat.pdf", PDF);
        let page = form.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(
            page.text.contains("Apakah ini laporan Anda?"),
            "{}",
            page.text
        );
        assert!(page.text.contains(&report_page::support_path(known.case)));
        assert!(!page.text.contains("0812"), "{}", page.text);
        assert_eq!(cases(&place).await, 1);

        let hidden = page.text.split("<input type=\"hidden\" name=\"").skip(1);
        let mut kept = Sent {
            fields: Vec::new(),
            files: Vec::new(),
        };
        for field in hidden {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            let value = rest.split('"').next().unwrap().to_owned();
            if name != "back" {
                kept.fields.push((name.to_owned().leak(), value));
            }
        }
        let back = kept
            .clone()
            .with("langkah", "sunting")
            .to(&router, PATH)
            .await;
        assert!(back.text.contains("surat.pdf<small>"), "{}", back.text);
        receipt(&router, &kept.to(&router, PATH).await).await;
        assert_eq!(cases(&place).await, 2);

        post(&router, &report_page::support_path(known.case), "").await;
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let view = place.node.public_view(&known.ticket, here).await.unwrap();
        assert_eq!(view.supports, 1);

        let piece = post(&router, LIKELY, words).await;
        assert!(piece.text.contains("sekitar 500 m"), "{}", piece.text);
        assert!(
            piece.text.starts_with("<div class=\"notice"),
            "{}",
            piece.text
        );
        assert!(!piece.text.contains("<html") && !piece.text.contains("0812"));
        let nothing = post(
            &router,
            LIKELY,
            "judul=Paspor&uraian=Paspor+saya+belum+terbit",
        )
        .await;
        assert_eq!(nothing.text.trim(), "");
    }
}

#[tokio::test]
async fn institutions_are_suggested_with_their_reasons_with_and_without_script() {
    for place in places().await {
        let router = router(place.node.clone());
        let words = "judul=Jalan+nasional+berlubang&uraian=Lubang+besar+di+jalan+nasional";
        let piece = post(&router, ADVICE, words).await;
        assert!(piece.text.contains("value=\"kemenpu\""), "{}", piece.text);
        assert!(
            piece.text.contains("Menangani hal ini: jalan nasional"),
            "{}",
            piece.text
        );
        let form = Sent::report()
            .with("judul", "Jalan nasional berlubang")
            .with("langkah", "saran")
            .with("saran", "kemenpu");
        let page = form.to(&router, PATH).await;
        let chosen = "name=\"saran\" value=\"kemenpu\" checked";
        assert!(page.text.contains(chosen), "{}", page.text);
        let found = open(&router, "/lapor/wilayah?q=bandnug+barat").await;
        assert!(
            found.text.contains("Kabupaten Bandung Barat, Jawa Barat"),
            "{}",
            found.text
        );
    }
}

#[tokio::test]
async fn a_place_in_another_region_is_told_and_stays_where_both_are_right() {
    for place in places().await {
        let router = router(place.node.clone());
        let away = Sent::report()
            .with("lintang", "-7.2575")
            .with("bujur", "112.7521");
        let page = away.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in ["berada di Jawa Timur", "name=\"wilayah-beda\"", "-7.2575"] {
            assert!(page.text.contains(words), "{words}");
        }
        receipt(
            &router,
            &away
                .clone()
                .with("wilayah-beda", "1")
                .to(&router, PATH)
                .await,
        )
        .await;
        // That was said of Surabaya, and of no other place.
        let other = away
            .clone()
            .with("wilayah-beda", "1")
            .with("wilayah-beda-untuk", "32.73 -7.2575 112.7521")
            .with("bujur", "110.4")
            .with("kunci", "e".repeat(32))
            .to(&router, PATH)
            .await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(other.text.contains("value=\"32.73 -7.2575 110.4\""));
        let unknown = Sent::report()
            .with("wilayah", "Wakanda")
            .with("lintang", "-6.9")
            .with("bujur", "107.6");
        let unknown = unknown.to(&router, PATH).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!unknown.text.contains("wilayah-beda"), "nothing lies apart");
        let untold = away
            .with("wilayah", "")
            .with("lintang", "-7.82")
            .with("bujur", "112.01")
            .with("kunci", "f".repeat(32));
        receipt(&router, &untold.with("tetap", "1").to(&router, PATH).await).await;
        let every = crate::casework::CaseFilter::default();
        let all = place.node.cases(&every, None, 10).await.unwrap().cases;
        let mut regions: Vec<_> = all
            .iter()
            .map(|c| c.region.as_ref().unwrap().to_string())
            .collect();
        regions.sort();
        assert_eq!(
            regions,
            ["32.73", "35"],
            "where none was told, by the place"
        );
        let moved = post(
            &router,
            PLACE,
            "wilayah=Kota+Bandung&lintang=-7.2575&bujur=112.7521",
        )
        .await;
        assert!(
            moved.text.contains("Wilayah diubah menjadi Jawa Timur"),
            "{}",
            moved.text
        );
    }
}

#[tokio::test]
async fn whoever_excludes_this_institution_is_led_to_the_national_portal_and_loses_nothing() {
    for mut place in places().await {
        let national = "https://www.lapor.test".to_owned();
        place.settings.portal.national_url = Some(national.try_into().unwrap());
        let router = router(place.reopened().await);
        let page = Sent::report()
            .with("kecuali", "kota-bandung")
            .to(&router, PATH)
            .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in [
            "href=\"https://www.lapor.test\"",
            "data-copy",
            "Sudah seminggu gelap, dua orang jatuh.",
        ] {
            assert!(page.text.contains(words), "{words}");
        }
        let files = async || {
            let mut tx = place.node.read_tx().await.unwrap();
            crate::store::uploads::bytes(&mut tx, "public")
                .await
                .unwrap()
        };
        let brought = Sent::report()
            .file("surat.pdf", PDF)
            .with("kecuali", "kota-bandung");
        let page = brought.to(&router, PATH).await;
        assert!(
            page.text.contains("sudah dihapus dari server instansi ini"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("name=\"unggahan\" value"));
        assert_eq!(files().await, 0, "nothing is kept here");
        let unknown = Sent::report().with("kecuali", "pusat\r\nDinas Entah");
        let page = unknown.to(&router, PATH).await;
        assert!(
            page.text.contains("“Dinas Entah” tidak dikenal"),
            "{}",
            page.text
        );
    }
}

#[tokio::test]
async fn several_institutions_are_excluded_a_line_for_each() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = Sent::report().with("kecuali", "pusat\r\nTidak Ada");
        let page = form.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("pusat\nTidak Ada"), "{}", page.text);
        let form = Sent::report().with("kecuali", " pusat\r\n\r\nKEMENPU\r\npusat\r\n");
        receipt(&router, &form.to(&router, PATH).await).await;
        let every = crate::casework::CaseFilter::default();
        let all = place.node.cases(&every, None, 10);
        let case = all.await.unwrap().cases[0].case;
        let excluded = place.node.case(case).await.unwrap().excluded;
        let excluded: Vec<_> = excluded.iter().map(ToString::to_string).collect();
        assert_eq!(excluded, ["kemenpu", "pusat"]);
    }
}

#[tokio::test]
async fn a_form_of_another_site_files_nothing_and_uploads_nothing() {
    for place in places().await {
        let router = router(place.node.clone());
        let from = |path: &str| {
            Request::post(path)
                .header("host", "lapor.bandung.test")
                .header("origin", "https://jahat.example")
        };
        let refused = Sent::report().asking(&router, from(PATH)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let begin = from("/unggahan")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "3");
        assert_eq!(send(&router, begin, "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(cases(&place).await, 0);
    }
}

#[tokio::test]
async fn too_many_reports_are_told_when_to_come_back_and_lose_no_word() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = |n: usize| {
            let form = Sent::report()
                .with("tetap", "1")
                .with("kunci", format!("{n:032}"));
            form.with("judul", format!("Laporan ke-{n} tentang lampu"))
        };
        for n in 0..10 {
            let sent = form(n).to(&router, PATH).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{n}: {}", sent.text);
        }
        let page = form(10).to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(page.header("retry-after").parse::<u32>().unwrap() > 60);
        assert!(
            page.text.contains("Silakan coba lagi dalam"),
            "{}",
            page.text
        );
        assert!(page.text.contains("value=\"Laporan ke-10 tentang lampu\""));
        let again = form(9).to(&router, PATH).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "it was filed before");
    }
}

#[tokio::test]
async fn what_looks_like_a_robot_is_filed_and_marked() {
    for place in places().await {
        let router = router(place.node.clone());
        let trapped = Sent::report().with("situs", "https://jahat.example");
        receipt(&router, &trapped.to(&router, PATH).await).await;
        let fast = Sent::report()
            .with("cap", place.node.form_stamp())
            .with("kunci", "e".repeat(32))
            .with("tetap", "1");
        receipt(&router, &fast.to(&router, PATH).await).await;
        let stamp = place.node.form_stamp();
        place.clock.advance(TOO_FAST_MS);
        let calm = Sent::report()
            .with("cap", stamp)
            .with("kunci", "d".repeat(32))
            .with("tetap", "1");
        receipt(&router, &calm.to(&router, PATH).await).await;
        let marks = place.node.abuse_queue().await.unwrap();
        let mut reasons: Vec<_> = marks.iter().map(|mark| mark.reason.as_str()).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, ["too_fast", "trap"]);
    }
}

#[tokio::test]
async fn bombs_of_files_are_refused_and_leave_nothing_behind() {
    for mut place in places().await {
        place.settings.api.upload_bytes = 64 * 1024;
        let router = router(place.reopened().await);
        let uploads = || {
            let folder = std::fs::read_dir(place.settings.node.blobs.join("uploads"));
            folder.map_or(0, Iterator::count)
        };
        let wrong = Sent::report().with("uraian", "");
        let large = [PDF, &vec![b'a'; 65 * 1024][..]].concat();
        let page = wrong
            .clone()
            .file("besar.pdf", &large)
            .to(&router, PATH)
            .await;
        assert!(
            page.text.contains("besar.pdf: berkas ini terlalu besar"),
            "{}",
            page.text
        );
        let vast = [PDF, &vec![b'a'; 1300 * 1024][..]].concat();
        let page = wrong
            .clone()
            .file("vast.pdf", &vast)
            .to(&router, PATH)
            .await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
        // A picture that would take gigabytes once it is drawn.
        let page = wrong
            .clone()
            .file("bom.jpg", &jpeg(60_000, 2))
            .to(&router, PATH)
            .await;
        assert!(
            page.text.contains("bom.jpg: berkas ini terlalu besar"),
            "{}",
            page.text
        );
        assert_eq!(uploads(), 0);

        let mut many = wrong.clone();
        for _ in 0..12 {
            many = many.file("a.pdf", PDF);
        }
        let page = many.to(&router, PATH).await;
        assert!(
            page.text.contains("Paling banyak 10 berkas"),
            "{}",
            page.text
        );
        assert_eq!(uploads(), attach::MOST);
        for _ in 0..3 {
            many.to(&router, PATH).await;
        }
        let page = wrong.file("a.pdf", PDF).to(&router, PATH).await;
        assert!(
            page.text
                .contains("Terlalu banyak berkas dalam waktu singkat"),
            "{}",
            page.text
        );
        let begin = Request::post("/unggahan")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "3");
        let refused = send(&router, begin, "").await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(!refused.header("retry-after").is_empty());
        // What says that it is compressed is not unpacked.
        let packed = Request::post(PATH).header("content-encoding", "gzip");
        let packed = Sent::report().asking(&router, packed).await;
        assert_ne!(packed.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn an_upload_is_a_name_and_never_a_path() {
    for place in places().await {
        let router = router(place.node.clone());
        let secret = place.settings.node.blobs.join("rahasia");
        std::fs::create_dir_all(&place.settings.node.blobs).unwrap();
        std::fs::write(&secret, PDF).unwrap();
        for upload in ["../rahasia", "..%2Frahasia", "/etc/passwd", "....//rahasia"] {
            let form = Sent::report().with("unggahan", format!("{upload}/a.pdf"));
            let page = form.to(&router, PATH).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{upload}");
            let asked = upload.replace('/', "%2F");
            for method in ["HEAD", "PATCH", "DELETE"] {
                let request = Request::builder()
                    .method(method)
                    .uri(format!("/unggahan/{asked}"))
                    .header("tus-resumable", "1.0.0")
                    .header("upload-offset", "0")
                    .header("content-type", "application/offset+octet-stream");
                let answer = send(&router, request, "x").await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {upload}");
            }
        }
        assert_eq!(std::fs::read(&secret).unwrap(), PDF);
    }
}

#[tokio::test]
async fn a_report_on_a_programme_names_it() {
    for place in places().await {
        let router = router(place.node.clone());
        let programme = serde_json::json!({
            "slug": "jembatan", "name": "Jembatan Cikapundung", "description": "Jembatan baru.",
        });
        let programme: crate::publishing::NewProgramme = serde_json::from_value(programme).unwrap();
        place
            .node
            .publish_programme(programme, "test")
            .await
            .unwrap();
        let page = open(&router, "/lapor?program=kota-bandung%2Fjembatan").await;
        assert!(page.text.contains("Jembatan Cikapundung"), "{}", page.text);
        let (_, field) = page.text.split_once("name=\"instansi\"").unwrap();
        let (field, _) = field.split_once('>').unwrap();
        assert!(field.contains("value=\"kota-bandung\""), "{field}");
        let sent = Sent::report().with("program", "kota-bandung/jembatan");
        receipt(&router, &sent.to(&router, PATH).await).await;
        let unknown = Sent::report()
            .with("program", "kota-bandung/entah")
            .with("tetap", "1");
        let unknown = unknown.to(&router, PATH).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
