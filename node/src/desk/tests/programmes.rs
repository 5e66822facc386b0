//! Programmes and their pictures, as officers publish them.

use http::StatusCode;
use lapor_protocol::ids::Digest;
use serde_json::json;

use super::{Browser, SITI, WORDS, hire, staffed};
use crate::doors::router;
use crate::publishing::NewProgramme;
use crate::staff::StaffRole;
use crate::testing::jpeg;

#[tokio::test]
async fn an_officer_announces_a_programme_and_tells_its_progress() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let wrong = [
            ("nama", "Trotoar Braga"),
            ("uraian", ""),
            ("anggaran", "banyak"),
        ];
        let again = siti.post("/meja/program/baru", &wrong).await;
        again
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("bilangan bulat dalam rupiah");
        again.shows("value=\"Trotoar Braga\"");
        let told = [
            ("nama", "Trotoar <b>Braga</b>"),
            ("uraian", "Diperlebar."),
            ("wilayah", "kota bandung"),
            ("anggaran", "4.750.000.000"),
            ("mulai", "2026-03-02"),
            ("selesai", "2026-12-18"),
        ];
        let made = siti.post("/meja/program/baru", &told).await;
        assert_eq!(made.to(), "/meja/program/trotoar-b-braga-b");
        let second = siti.post("/meja/program/baru", &told).await;
        assert_eq!(
            second.to(),
            "/meja/program/trotoar-b-braga-b-2",
            "it replaces no other"
        );

        let page = siti.open(made.to()).await;
        page.is(StatusCode::OK)
            .shows("4.750.000.000")
            .shows("Kota Bandung, Jawa Barat");
        assert!(!page.text.contains("<b>Braga"));
        let progress = format!("{}/kemajuan", made.to());
        let over = siti
            .post(&progress, &[("persen", "101"), ("keadaan", "running")])
            .await;
        over.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("0 sampai 100");
        let fields = [
            ("persen", "40"),
            ("keadaan", "running"),
            ("kabar", "Sisi barat."),
        ];
        assert_eq!(siti.post(&progress, &fields).await.to(), made.to());
        let public = siti.open("/program/kota-bandung/trotoar-b-braga-b").await;
        public
            .shows("40 persen")
            .shows("Sisi barat.")
            .shows("Diperlebar.");
        let actors = place.audited("programme.published").await;
        assert!(
            actors
                .iter()
                .all(|(actor, _)| actor.starts_with("account:")),
            "{actors:?}"
        );
    }
}

#[tokio::test]
async fn an_officer_adds_orders_describes_and_removes_pictures() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let told = [("nama", "Trotoar"), ("uraian", "Diperlebar.")];
        let at = siti.post("/meja/program/baru", &told).await.to().to_owned();
        let pictures = format!("{at}/gambar");
        let page = siti.open(&at).await;
        page.shows("Belum ada gambar.")
            .shows("data-shrink=\"262144\"");
        let silent = siti.brings(&pictures, &[], &jpeg(10, 5)).await;
        silent
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("name=\"unggahan\"");
        let (words, wrong) = (
            [("teks", "Batu <b>baru</b>")],
            StatusCode::UNPROCESSABLE_ENTITY,
        );
        let large = siti.brings(&pictures, &words, &jpeg(10, 300_000)).await;
        large
            .is(wrong)
            .shows("paling besar 256 KB")
            .shows("Batu &#60;b&#62;baru");
        let other = siti.brings(&pictures, &words, b"%PDF-1.7 surat").await;
        other.is(wrong).shows("JPEG, PNG, atau WebP");

        let (first, second) = (jpeg(10, 5), jpeg(11, 5));
        assert_eq!(siti.brings(&pictures, &words, &first).await.to(), at);
        let twice = siti.brings(&pictures, &words, &first).await;
        twice.is(wrong).shows("sudah ada di program ini");
        siti.open(&at).await.shows("Menunggu dikirim ke hub.");
        let [one, two] = [&first, &second].map(|bytes| Digest::of(bytes).to_hex());
        let kept = [
            ("gambar", one.as_str()),
            ("keterangan", "Batu baru"),
            ("urutan", "1"),
        ];
        let also = [&kept[..], &[("teks", "Pohon")]].concat();
        assert_eq!(siti.brings(&pictures, &also, &second).await.to(), at);
        let shown = async || {
            let page = siti.open("/program/kota-bandung/trotoar").await;
            let images = page.text.split("<img class=\"picture\" src=\"").skip(1);
            let images = images.map(|rest| {
                let (at, rest) = rest.split_once("\" alt=\"").unwrap();
                let sha256 = at.rsplit('/').next().unwrap().to_owned();
                (sha256, rest.split('"').next().unwrap().to_owned())
            });
            images.collect::<Vec<_>>()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            shown().await,
            [pair(&one, "Batu baru"), pair(&two, "Pohon")]
        );
        let turned = [
            ("gambar", one.as_str()),
            ("keterangan", "Batu"),
            ("urutan", "2"),
            ("gambar", two.as_str()),
            ("keterangan", "Pohon"),
            ("urutan", "2"),
        ];
        siti.brings(&pictures, &turned, b"")
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(shown().await, [pair(&two, "Pohon"), pair(&one, "Batu")]);
        let guest = Browser::new(&router);
        let picture = format!("/program/kota-bandung/trotoar/gambar/{one}");
        let seen = guest.open(&picture).await;
        assert_eq!(
            seen.is(StatusCode::OK).headers["content-type"],
            "image/jpeg"
        );
        assert!(
            seen.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("sandbox")
        );
        let list = guest.open("/program").await;
        list.shows(&format!("/program/kota-bandung/trotoar/gambar/{two}"));

        let gone = [&turned[..], &[("hapus", one.as_str())]].concat();
        siti.brings(&pictures, &gone, b"")
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(shown().await, [pair(&two, "Pohon")]);
        guest.open(&picture).await.is(StatusCode::NOT_FOUND);
        let changed = [("nama", "Trotoar"), ("uraian", "Sudah lebar.")];
        siti.post(&at, &changed).await.is(StatusCode::SEE_OTHER);
        assert_eq!(
            shown().await,
            [pair(&two, "Pohon")],
            "a new text keeps them"
        );
        let refused = guest.brings(&pictures, &words, &second).await;
        refused.is(StatusCode::UNAUTHORIZED);
    }
}

/// What stands in a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&field).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn of_two_officers_who_change_a_programme_at_once_the_second_looks_again() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let told = [("nama", "Trotoar"), ("uraian", "Diperlebar.")];
        let at = siti.post("/meja/program/baru", &told).await.to().to_owned();
        let base = hidden(&siti.open(&at).await.text, "dasar");
        let first = [
            ("dasar", base.as_str()),
            ("nama", "Trotoar"),
            ("uraian", "Diperlebar dua meter."),
            ("anggaran", "1000"),
        ];
        siti.post(&at, &first).await.is(StatusCode::SEE_OTHER);
        let second = [
            ("dasar", base.as_str()),
            ("nama", "Trotoar Braga"),
            ("uraian", "Diperlebar."),
            ("anggaran", "1.000"),
        ];
        let again = siti.post(&at, &second).await;
        again
            .is(StatusCode::CONFLICT)
            .shows("value=\"Trotoar Braga\"")
            .shows("<dd class=\"said\">Diperlebar dua meter.</dd>")
            .shows("<dd class=\"said\">Trotoar</dd>");
        assert_eq!(
            again.text.matches("<dd class=\"said\">").count(),
            2,
            "the budget is the same"
        );
        let base = hidden(&again.text, "dasar");
        let agreed = [&[("dasar", base.as_str())], &second[1..]].concat();
        siti.post(&at, &agreed).await.is(StatusCode::SEE_OTHER);
        let public = siti.open("/program/kota-bandung/trotoar").await;
        public.shows("Trotoar Braga");
    }
}

/// As where two are sent at once: each is to have the same slug.
#[tokio::test]
async fn a_new_programme_takes_the_place_of_no_other_and_stands_there_once() {
    const NEW: &str = "/meja/program/baru";
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let told = [("nama", "Taman"), ("uraian", "Sepuluh pohon.")];
        let at = siti.post(NEW, &told).await.to().to_owned();
        // All names beside it are taken.
        for number in 2..=200 {
            let slug = format!("taman-{number}");
            let new = json!({"slug": slug, "name": "Taman", "description": "Satu pohon."});
            let new: NewProgramme = serde_json::from_value(new).unwrap();
            place.node.publish_programme(new, "test").await.unwrap();
        }
        let before = place.audited("programme.published").await.len();
        assert_eq!(siti.post(NEW, &told).await.to(), at, "it was sent twice");
        let other = [("nama", "Taman"), ("uraian", "Dua pohon.")];
        let other = siti.post(NEW, &other).await;
        other
            .is(StatusCode::CONFLICT)
            .shows("<dd class=\"said\">Sepuluh pohon.</dd>")
            .shows("Dua pohon.");
        let after = place.audited("programme.published").await.len();
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn whoever_only_reads_announces_nothing() {
    for place in staffed().await {
        hire(&place, "pimpinan@bandung.go.id", StaffRole::Leader).await;
        let router = router(place.node.clone());
        let leader = Browser::new(&router);
        leader.enters("pimpinan@bandung.go.id", WORDS).await;
        let list = leader.open("/meja/program").await;
        assert!(!list.is(StatusCode::OK).text.contains("/meja/program/baru"));
        let fields = [("nama", "Trotoar"), ("uraian", "Diperlebar.")];
        for path in [
            "/meja/program/baru",
            "/meja/program/a",
            "/meja/program/a/kemajuan",
        ] {
            leader.post(path, &fields).await.is(StatusCode::FORBIDDEN);
        }
        let guest = Browser::new(&router);
        let asked = guest.post("/meja/program/baru", &fields).await;
        asked.is(StatusCode::UNAUTHORIZED);
        assert!(place.audited("programme.published").await.is_empty());
    }
}
