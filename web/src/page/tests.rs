//! The shell through a router of its own, as a program puts it together.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use chrono_tz::Tz;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{Area, Facts, Flash, Form, LocalPath, Person, Site, Visit};
use crate::ApiProblem;
use crate::clock::HandClock;
use crate::entrance;
use crate::language::{SHARED, Voice, text_id};

const NOW: i64 = 1_790_000_000_000;

static AREAS: &[Area] = &[Area {
    root: "/",
    name: text_id("footer-api"),
    links: &[],
    for_members: false,
}];

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% import "kit/form.html" as form_kit %}
{% call form_kit::summary(v, form.complaints()) %}{% endcall %}
{% call form_kit::area(v, form.field("isi", "Isi").required()) %}{% endcall %}"#
)]
struct Writing {
    v: Voice,
    form: Form,
}

async fn ask(visit: Visit) -> Result<Response, ApiProblem> {
    let page = Writing {
        v: visit.v,
        form: Form::empty(),
    };
    visit.shell("Menulis").show(&page)
}

async fn send(visit: Visit, mut form: Form) -> Result<Response, ApiProblem> {
    form.required(&visit.v, "isi");
    form.at_most(&visit.v, "isi", 10);
    if form.is_fine() {
        let next = LocalPath::parse("/tulis").unwrap();
        let flash = Flash::done(text_id("days-ago")).with("n", "<b>3</b>");
        return Ok(visit.go_saying(&next, &flash));
    }
    let page = Writing { v: visit.v, form };
    let shell = visit.shell("Menulis");
    shell.status(StatusCode::UNPROCESSABLE_ENTITY).show(&page)
}

async fn busy() -> ApiProblem {
    ApiProblem::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "Too many").retry_after(130)
}

async fn broken() -> Response {
    panic!("words of a case")
}

async fn at_home(mut visit: Visit) -> Result<Response, ApiProblem> {
    visit.belong_to(Person {
        name: "Siti <Aminah>".into(),
        role: "admin".into(),
        account_at: "/akun",
        leave_at: "/keluar",
    });
    ask(visit).await
}

fn router() -> Router {
    let facts = || Facts {
        institution: "Kota <Bandung>".into(),
        zone: Tz::Asia__Jakarta,
        contact: None,
        national: None,
    };
    let mut site = Site::new(&SHARED, AREAS, Arc::new(HandClock::at(NOW)), facts);
    site.https = Box::new(|| true);
    let site = Arc::new(site);
    let routes = Router::new()
        .route("/tulis", get(ask).post(send))
        .route("/sibuk", get(busy))
        .route("/rusak", get(broken))
        .route("/rumah", get(at_home))
        .route("/api/rusak", get(broken));
    let pages = entrance::answer_missing(super::pages(routes, &site));
    entrance::stand_before(super::receive(pages, &site))
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn reply(router: &Router, request: http::request::Builder, body: &str) -> Reply {
    let request = request
        .header("accept", "text/html")
        .header("x-request-id", "request-of-test")
        .header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(body.to_vec()).unwrap(),
    }
}

#[tokio::test]
async fn a_form_comes_back_with_what_was_typed_and_what_is_wrong() {
    let body = "isi=%3C%2Ftextarea%3E%3Cscript%3E";
    let sent = reply(&router(), Request::post("/tulis"), body).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = "&#60;/textarea&#62;&#60;script&#62;</textarea>";
    assert!(sent.text.contains(kept), "{}", sent.text);
    assert!(
        sent.text
            .contains("Paling banyak 10 karakter; tulisan Anda 19 karakter.")
    );
    assert!(sent.text.contains("<a href=\"#isi\">") && sent.text.contains("id=\"isi-error\""));
}

#[tokio::test]
async fn a_form_that_is_too_large_is_told_how_large_it_may_be() {
    let body = format!("isi={}", "a".repeat(300 * 1024));
    for (language, said) in [
        ("id", "berkas dan isiannya, paling besar 256 KB."),
        ("en", "may have 256 KB at most."),
    ] {
        let request = Request::post("/tulis").header("accept-language", language);
        let sent = reply(&router(), request, &body).await;
        assert_eq!(sent.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(sent.text.contains(said), "{}", sent.text);
    }
}

#[tokio::test]
async fn what_was_done_is_said_once_on_the_page_behind_the_redirect() {
    let router = router();
    let sent = reply(&router, Request::post("/tulis"), "isi=Halo").await;
    assert_eq!(
        (sent.status, &sent.headers["location"]),
        (StatusCode::SEE_OTHER, &"/tulis".parse().unwrap())
    );
    let cookie = sent.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age="),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let page = reply(&router, Request::get("/tulis").header("cookie", cookie), "").await;
    assert!(
        page.text.contains("&#60;b&#62;3&#60;/b&#62; hari lalu"),
        "{}",
        page.text
    );
    let cleared = page.headers["set-cookie"].to_str().unwrap();
    assert!(
        cleared.starts_with("lapor_kabar=;") && cleared.ends_with("Max-Age=0"),
        "{cleared}"
    );
    let next = reply(&router, Request::get("/tulis"), "").await;
    assert!(!next.text.contains("role=\"status\"") && next.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let busy = reply(&router(), Request::get("/sibuk"), "").await;
    assert_eq!(
        (busy.status.as_u16(), &busy.headers["retry-after"]),
        (429, &"130".parse().unwrap())
    );
    assert!(
        busy.text.contains("Silakan coba lagi dalam 3 menit."),
        "{}",
        busy.text
    );
    assert!(!busy.text.contains("request-of-test"));
}

#[tokio::test]
async fn our_own_failure_is_a_page_with_the_requests_id_and_nothing_else() {
    let router = router();
    let asked = Request::get("/rusak").header("accept-language", "en");
    let broken = reply(&router, asked, "").await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        broken.text.contains("Something went wrong on our side"),
        "{}",
        broken.text
    );
    assert!(broken.text.contains("<code>request-of-test</code>") && !broken.text.contains("words"));
    assert_eq!(broken.headers["x-request-id"], "request-of-test");
    let program = reply(&router, Request::get("/api/rusak"), "").await;
    assert_eq!(program.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn who_has_logged_in_stands_in_the_masthead_and_can_leave() {
    let page = reply(&router(), Request::get("/rumah"), "").await;
    assert!(page.text.contains("Siti &#60;Aminah&#62;"), "{}", page.text);
    assert!(
        page.text
            .contains("<form method=\"post\" action=\"/keluar\">")
    );
    assert!(page.text.contains("Kota &#60;Bandung&#62;") && !page.text.contains("<Bandung>"));
}
