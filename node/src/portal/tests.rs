//! The portal through the node's router, as a browser meets it.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use lapor_protocol::kinds::Classification;
use serde_json::json;
use tower::ServiceExt;

use crate::casework::NewReport;
use crate::doors::router;
use crate::testing::{Place, acts, databases};

pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) async fn send(
    router: &Router,
    request: http::request::Builder,
    body: impl Into<Body>,
) -> Reply {
    let request = request.header("accept", "text/html,*/*;q=0.8");
    let request = request.body(body.into()).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&body).into_owned(),
    }
}

pub(super) async fn open(router: &Router, path: &str) -> Reply {
    send(router, Request::get(path), "").await
}

pub(super) async fn post(router: &Router, path: &str, body: &str) -> Reply {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(router, request, body.to_owned()).await
}

pub(super) fn report(title: &str, secret: bool) -> NewReport {
    NewReport {
        classification: Classification::Complaint,
        title: title.into(),
        content: "Lubang sedalam 20 cm di depan pasar.".into(),
        category: None,
        region: None,
        place: None,
        coordinates: None,
        incident_date: None,
        anonymous: false,
        secret,
        channel: "web".into(),
        excluded: Vec::new(),
        suggested: None,
        programme: None,
        attachments: Vec::new(),
        reporter: None,
        own_number: None,
        local_category: None,
    }
}

pub(super) async fn places() -> Vec<Place> {
    let mut out = Vec::new();
    for db in databases().await {
        out.push(Place::joined("kota-bandung", db).await);
    }
    out
}

#[tokio::test]
async fn the_first_page_speaks_indonesian_until_the_visitor_chooses_english() {
    for place in places().await {
        let router = router(place.node.clone());
        let page = open(&router, "/").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains("<html lang=\"id\">") && page.text.contains("kota-bandung"));
        let asked = Request::get("/").header("accept-language", "en-GB,en;q=0.9");
        let page = send(&router, asked, "").await;
        assert!(page.text.contains("<html lang=\"en\">"), "{}", page.text);

        let chosen = post(&router, "/pilihan", "language=en&back=%2Flacak").await;
        assert_eq!(chosen.status, StatusCode::SEE_OTHER);
        assert_eq!(chosen.header("location"), "/lacak");
        let cookie = chosen.header("set-cookie").to_owned();
        assert!(
            cookie.starts_with("lapor_bahasa=en; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
        let cookie = cookie.split(';').next().unwrap();
        let asked = Request::get("/")
            .header("cookie", cookie)
            .header("accept-language", "id");
        assert!(
            send(&router, asked, "")
                .await
                .text
                .contains("<html lang=\"en\">")
        );
    }
}

#[tokio::test]
async fn a_switch_never_leads_to_another_site() {
    for place in places().await {
        let router = router(place.node.clone());
        for back in [
            "https%3A%2F%2Fjahat.example",
            "%2F%2Fjahat.example",
            "%2F%5Cjahat.example",
        ] {
            let chosen = post(&router, "/pilihan", &format!("theme=dark&back={back}")).await;
            assert_eq!(chosen.header("location"), "/", "{back}");
        }
        let odd = post(&router, "/pilihan", "language=xx&theme=pink&back=%2F").await;
        assert!(odd.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_and_says_so_as_a_page() {
    for place in places().await {
        let router = router(place.node.clone());
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://jahat.example"),
            ("origin", "null"),
        ] {
            let request = Request::post("/pilihan")
                .header("host", "lapor.bandung.test")
                .header("content-type", "application/x-www-form-urlencoded")
                .header(name, value);
            let refused = send(&router, request, "language=en&back=%2F").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}: {value}");
            assert!(refused.text.contains("Tidak diizinkan"), "{}", refused.text);
            assert!(refused.headers.get("set-cookie").is_none());
        }
        for (name, value) in [
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://lapor.bandung.test"),
        ] {
            let request = Request::post("/pilihan")
                .header("host", "lapor.bandung.test")
                .header("content-type", "application/x-www-form-urlencoded")
                .header(name, value);
            let done = send(&router, request, "language=en&back=%2F").await;
            assert_eq!(done.status, StatusCode::SEE_OTHER, "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn every_page_carries_the_policy_and_no_script_or_style_of_its_own() {
    for place in places().await {
        let router = router(place.node.clone());
        for path in [
            "/",
            "/lapor",
            "/lapor/terima",
            "/percakapan",
            "/lacak",
            "/lacak?tiket=x",
            "/tidak-ada",
        ] {
            let page = open(&router, path).await;
            let policy = page.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self'"),
                "{path}"
            );
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert_eq!(page.header("x-frame-options"), "DENY");
            assert_eq!(page.header("referrer-policy"), "same-origin");
            assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
            assert!(page.header("permissions-policy").contains("microphone=()"));
            for inline in [
                "<script>",
                "<style",
                " style=",
                " onclick=",
                " onload=",
                "javascript:",
            ] {
                assert!(!page.text.contains(inline), "{path}: {inline}");
            }
        }
    }
}

#[tokio::test]
async fn problems_are_pages_for_people_and_problems_for_programs() {
    for place in places().await {
        let router = router(place.node.clone());
        let missing = open(&router, "/tidak-ada").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(missing.header("content-type"), "text/html; charset=utf-8");
        assert!(
            missing.text.contains("Halaman tidak ditemukan"),
            "{}",
            missing.text
        );
        let wrong = post(&router, "/lacak", "a=b").await;
        assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(wrong.header("allow"), "GET,HEAD");
        let vast = post(&router, "/pilihan", &"a".repeat(300 * 1024)).await;
        assert_eq!(vast.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(vast.text.contains("paling besar 256 KB"), "{}", vast.text);
        let json = Request::post("/pilihan").header("content-type", "application/json");
        let json = send(&router, json, "{}").await;
        assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(json.text.contains("<h1>"), "{}", json.text);
        for path in ["/api/v1/tidak-ada", "/api/v1/cases"] {
            let problem = open(&router, path).await;
            assert_eq!(
                problem.header("content-type"),
                "application/problem+json",
                "{path}"
            );
            assert!(
                problem
                    .header("content-security-policy")
                    .starts_with("default-src 'none'; frame")
            );
        }
    }
}

#[tokio::test]
async fn a_ticket_shows_how_far_its_report_has_come() {
    for place in places().await {
        let filed = place
            .node
            .file(report("Jalan <b>berlubang</b>", false), "test")
            .await
            .unwrap();
        let router = router(place.node.clone());
        let typed = filed.ticket.to_lowercase().replace('-', "+");
        let page = open(&router, &format!("/lacak?tiket={typed}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(
            page.text.contains("Jalan &#60;b&#62;berlubang&#60;/b&#62;"),
            "{}",
            page.text
        );
        assert!(
            page.text.contains("Menunggu verifikasi") && page.text.contains("Laporan diterima")
        );
        assert!(
            !page.text.contains("Lubang sedalam"),
            "the content is not on this page"
        );
        assert!(page.text.contains("noindex"));
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_confidential_report_shows_its_steps_and_no_word() {
    for place in places().await {
        let filed = place
            .node
            .file(report("Pungutan liar", true), "test")
            .await
            .unwrap();
        let router = router(place.node.clone());
        let page = open(&router, &format!("/lacak?tiket={}", filed.ticket)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains("Laporan rahasia") && !page.text.contains("Pungutan"));
        assert!(page.text.contains("Menunggu verifikasi"));
        for untold in ["Riwayat", "Laporan diterima", "<dl", "<time"] {
            assert!(!page.text.contains(untold), "{untold}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn a_wrong_ticket_is_explained_beside_the_field_and_kept() {
    for place in places().await {
        let router = router(place.node.clone());
        let mistyped = open(&router, "/lacak?tiket=12345%22%3E%3Cb%3E").await;
        assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            mistyped
                .text
                .contains("value=\"12345&#34;&#62;&#60;b&#62;\""),
            "{}",
            mistyped.text
        );
        assert!(
            mistyped
                .text
                .contains("aria-invalid=\"true\" aria-describedby=\"tiket-hint tiket-error\"")
        );
        let unknown = open(
            &router,
            &format!("/lacak?tiket={}", crate::casework::ticket::mint()),
        )
        .await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert!(
            unknown
                .text
                .contains("Tidak ada laporan dengan nomor tiket ini")
        );
    }
}

#[tokio::test]
async fn what_a_page_loads_is_there_and_stays_for_a_year() {
    for place in places().await {
        let router = router(place.node.clone());
        let page = open(&router, "/").await;
        let loaded: Vec<&str> = page.text.split("\"/aset/").skip(1).collect();
        assert_eq!(loaded.len(), 4, "a style sheet, a script and two icons");
        for asset in loaded {
            let path = format!("/aset/{}", asset.split('"').next().unwrap());
            let request = Request::get(&path).header("accept-encoding", "gzip");
            let asset = send(&router, request, "").await;
            assert_eq!(asset.status, StatusCode::OK, "{path}");
            assert!(asset.header("cache-control").contains("immutable"));
            let packed = asset.header("content-encoding") == "gzip";
            assert_eq!(
                packed,
                asset.header("content-type") != "image/png",
                "{path}"
            );
        }
        for path in [
            "/aset/lapor.css",
            "/aset/..%2F..%2FCargo.toml",
            "/aset/%2Fetc%2Fpasswd",
        ] {
            assert_eq!(
                open(&router, path).await.status,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_that_somebody_writes_is_opened_by_nobody() {
    for place in places().await {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let link = format!("http://{}/foto.jpg", listener.local_addr().unwrap());
        let mut written = report(&format!("Lihat {link}"), false);
        written.content = format!("Fotonya di {link} <img src=\"{link}\">");
        written.place = Some(link.clone());
        let filed = place.node.file(written, "test").await.unwrap();
        acts(&place, filed.case, "case.verified", json!({}), None).await;
        let words = json!({"text": format!("Jawaban: {link}")});
        let body = json!({"proposes_to_close": true});
        acts(&place, filed.case, "case.followed_up", body, Some(words)).await;
        let router = router(place.node.clone());
        for path in [
            format!("/laporan/{}", filed.case),
            format!("/lacak?tiket={}", filed.ticket),
        ] {
            let page = open(&router, &path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.text.contains(&link), "{path}");
            assert!(!page.text.contains(&format!("src=\"{link}\"")), "{path}");
        }
        let nobody = listener.accept().unwrap_err();
        assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    }
}
