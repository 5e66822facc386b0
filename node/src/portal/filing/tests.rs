//! Filing through the router, as a browser without script does it, and as those
//! who mean harm do.

use axum::Router;
use http::{Request, StatusCode};

use super::super::tests::{Reply, open, places, report, send};
use super::*;
use crate::doors::router;
use crate::testing::{Place, acts};

pub(super) const PDF: &[u8] = b"%PDF-1.7 surat pengantar";
const SCRIPT: &str = "\"><script>alert(1)</script>";
const TOO_FAST_MS: i64 = 5000;

/// A form as it is sent.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
}

impl Sent {
    pub(super) fn report() -> Self {
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

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, value.into()));
        self
    }

    pub(super) fn file(mut self, name: &'static str, bytes: &[u8]) -> Self {
        self.files.push((name, bytes.to_vec()));
        self
    }

    pub(super) fn body(&self) -> Vec<u8> {
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

    pub(super) async fn to(&self, router: &Router, path: &str) -> Reply {
        self.asking(router, Request::post(path)).await
    }

    pub(super) async fn asking(&self, router: &Router, request: http::request::Builder) -> Reply {
        let request = request.header("content-type", "multipart/form-data; boundary=batas");
        send(router, request, self.body()).await
    }
}

pub(super) async fn receipt(router: &Router, sent: &Reply) -> Reply {
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
pub(super) fn secrets(page: &Reply) -> [String; 2] {
    let codes = page.text.split("class=\"code\">").skip(1);
    let codes: Vec<_> = codes
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    codes.try_into().unwrap()
}

pub(super) async fn cases(place: &Place) -> u64 {
    place.node.tally().await.unwrap().all
}

pub(super) async fn verified(place: &Place, case: lapor_protocol::ids::CaseId) {
    acts(place, case, "case.verified", serde_json::json!({}), None).await;
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

#[tokio::test]
async fn a_form_that_is_gone_back_to_is_shown_and_leads_to_its_receipt_once_it_was_filed() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = Sent::report().file("surat.pdf", PDF);
        let back = form.clone().with("langkah", "sunting");
        let shown = back.to(&router, PATH).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.text.contains("surat.pdf<small>"), "{}", shown.text);
        assert_eq!(cases(&place).await, 0);

        let first = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        let uploads = place.settings.node.blobs.join("uploads");
        let waiting = || std::fs::read_dir(&uploads).unwrap().count();
        let before = waiting();
        let changed = back.clone().with("uraian", "Yang lain sama sekali.");
        for back in [back, changed] {
            let led = back.to(&router, PATH).await;
            assert_eq!(first, secrets(&receipt(&router, &led).await));
        }
        assert_eq!(waiting(), before, "the files that came again are given up");
        assert_eq!(cases(&place).await, 1);

        let guessed = Sent::report().with("langkah", "sunting");
        for _ in 0..120 {
            guessed.to(&router, PATH).await;
        }
        let guessed = guessed.to(&router, PATH).await;
        assert_eq!(guessed.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(!guessed.text.contains(&first[1]), "{}", guessed.text);
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
        assert!(
            page.text
                .contains("Wilayah mana yang Anda maksud?</legend>"),
            "what has to be mended is not called optional: {}",
            page.text
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
            "kecuali-terbuka",
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
async fn too_many_reports_of_one_contact_are_not_said_to_be_the_connections_alone() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = |n: usize| {
            let form = Sent::report()
                .with("tetap", "1")
                .with("surel", "siti@contoh.id")
                .with("kunci", format!("{n:032}"));
            form.with("judul", format!("Laporan ke-{n} tentang lampu"))
        };
        for n in 0..5 {
            let sent = form(n).to(&router, PATH).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{n}: {}", sent.text);
        }
        let page = form(5).to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        let told = "Dari sambungan atau kontak ini sudah banyak laporan masuk.";
        assert!(page.text.contains(told), "{}", page.text);
        let other = form(5).with("surel", "budi@contoh.id");
        let sent = other.to(&router, PATH).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
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
        assert_eq!(shown(&page, "wilayah"), "", "it says nowhere where it is");
        let sent = Sent::report().with("program", "kota-bandung/jembatan");
        receipt(&router, &sent.to(&router, PATH).await).await;
        let unknown = Sent::report()
            .with("program", "kota-bandung/entah")
            .with("tetap", "1");
        let unknown = unknown.to(&router, PATH).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

/// What stands in a field of the form at first.
fn shown(page: &Reply, field: &str) -> String {
    let (_, from) = page.text.split_once(&format!("name=\"{field}\"")).unwrap();
    let (field, _) = from.split_once('>').unwrap();
    let (_, value) = field.split_once("value=\"").unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_report_on_a_programme_begins_in_its_place_and_any_other_at_home() {
    for place in places().await {
        let router = router(place.node.clone());
        for (slug, region, coordinates) in [
            (
                "pasar",
                "32.05",
                serde_json::json!({"latitude": -7.2, "longitude": 107.9}),
            ),
            (
                "jauh",
                "32.05",
                serde_json::json!({"latitude": -7.2575, "longitude": 112.7521}),
            ),
        ] {
            let programme = serde_json::json!({
                "slug": slug, "name": "Pasar Baru", "description": "Pasar yang diperluas.",
                "region": region, "coordinates": coordinates,
            });
            let programme: crate::publishing::NewProgramme =
                serde_json::from_value(programme).unwrap();
            let published = place.node.publish_programme(programme, "test").await;
            published.unwrap();
        }
        let page = open(&router, PATH).await;
        assert_eq!(shown(&page, "wilayah"), "Kota Bandung, Jawa Barat");
        assert_eq!(shown(&page, "lintang"), "");
        let page = open(&router, "/lapor?program=kota-bandung%2Fpasar").await;
        assert_eq!(shown(&page, "wilayah"), "Kabupaten Garut, Jawa Barat");
        assert_eq!(shown(&page, "lintang"), "-7.2");
        assert_eq!(shown(&page, "bujur"), "107.9");
        let page = open(&router, "/lapor?program=kota-bandung%2Fjauh").await;
        assert_eq!(shown(&page, "wilayah"), "Kabupaten Garut, Jawa Barat");
        assert_eq!(shown(&page, "lintang"), "", "it lies in another province");
        let page = open(&router, "/lapor?program=kota-bandung%2Fentah").await;
        assert_eq!(shown(&page, "wilayah"), "");
    }
}
