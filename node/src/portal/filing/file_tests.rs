//! Files that go with a report: those of one form, those of everybody together, and those that are none.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use futures_util::stream;
use http::{Request, StatusCode};

use super::super::tests::{Reply, open, places, post, send};
use super::tests::{PDF, Sent, cases, receipt, secrets};
use super::*;
use crate::doors::router;
use crate::testing::jpeg;

/// What a form that is shown again names of the files that it brought.
async fn held(router: &Router, file: &'static str) -> String {
    let wrong = Sent::report().with("uraian", "").file(file, PDF);
    let page = wrong.to(router, PATH).await;
    let mut named = page.text.split("name=\"unggahan\" value=\"").skip(1);
    let rest = named.next().unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Opens an upload of 900,000 bytes; gives its path.
async fn begun(router: &Router) -> String {
    let asked = Request::post("/unggahan")
        .header("tus-resumable", "1.0.0")
        .header("upload-length", "900000");
    let begun = send(router, asked, "").await;
    assert_eq!(begun.status, StatusCode::CREATED);
    begun.header("location").to_owned()
}

/// Sends the first bytes of an upload.
async fn piece(router: &Router, upload: &str, bytes: usize) -> Reply {
    let piece = Request::patch(upload)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", "0")
        .header("content-type", "application/offset+octet-stream");
    send(router, piece, vec![0; bytes]).await
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
async fn a_form_that_names_a_file_twice_is_filed_with_one() {
    for place in places().await {
        let router = router(place.node.clone());
        let named = held(&router, "surat.pdf").await;
        let mut form = Sent::report().with("unggahan", named.clone());
        form.fields.push(("unggahan", named));
        let shown = form.clone().with("uraian", "").to(&router, PATH).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(shown.text.matches("name=\"unggahan\"").count(), 1);
        let [ticket, key] = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let opened = place.node.open_conversation(&ticket, &key, here);
        let token = opened.await.unwrap().token;
        let visitor = place.node.visitor(&token).await.unwrap().unwrap();
        let conversation = place.node.conversation(&visitor, None).await.unwrap();
        let view = place.node.reporter_view(&conversation).await.unwrap();
        assert_eq!(view.events[0].attachments.len(), 1);
        let again = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        assert_eq!([ticket, key], again);
        assert_eq!(cases(&place).await, 1);
    }
}

#[tokio::test]
async fn what_a_network_announces_has_a_bound_and_takes_no_room_from_others() {
    for mut place in places().await {
        place.settings.api.waiting_bytes = 200_000_000;
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
        let form = Sent::report().file("surat.pdf", PDF);
        receipt(&router, &form.to(&router, PATH).await).await;
    }
}

#[tokio::test]
async fn files_of_citizens_that_have_come_have_a_bound_together() {
    for mut place in places().await {
        place.settings.api.waiting_bytes = 1_000_000;
        let router = router(place.reopened().await);
        let (first, second) = (begun(&router).await, begun(&router).await);
        let sent = piece(&router, &first, 900_000 - 1).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT);
        let full = piece(&router, &second, 200_000).await;
        assert_eq!(full.status, StatusCode::INSUFFICIENT_STORAGE);
        let begin = Request::post("/unggahan")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "200000");
        let refused = send(&router, begin, "").await;
        assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
        let page = Sent::report().file("surat.pdf", &vec![b'%'; 200_000]);
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
        let form = Sent::report().file("surat.pdf", PDF);
        let first = secrets(&receipt(&router, &form.to(&router, PATH).await).await);
        let upload = begun(&router).await;
        let sent = piece(&router, &upload, 900_000 - 1).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT);
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
async fn a_form_whose_file_finds_no_turn_is_told_to_come_again() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = Sent::report().file("surat.pdf", PDF);
        let crowd = place.node.turns().crowd();
        let early = form.to(&router, PATH).await;
        assert_eq!(early.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(early.header("retry-after"), "10");
        assert!(early.text.contains("berkas sedang diperiksa"));
        drop(crowd);
        receipt(&router, &form.to(&router, PATH).await).await;
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
            page.text
                .contains("besar.pdf: berkas ini terlalu besar. Satu berkas paling besar 64 KB"),
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
        assert!(page.text.contains("paling besar 1,1 MB"), "{}", page.text);
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
