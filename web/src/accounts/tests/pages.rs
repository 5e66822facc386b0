//! The extractor, through a router.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use http::{Request, StatusCode};
use tower::ServiceExt;

use super::factors::code_of;
use super::*;
use crate::accounts::cookie::{Cookies, Ticket};

struct Program {
    accounts: Arc<Accounts>,
}

impl Staffed for Program {
    fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    fn cookies(&self) -> Cookies {
        Cookies { https: true }
    }

    fn doors(&self) -> Doors {
        Doors {
            sign_in: "/masuk",
            factor: "/meja/akun/kode",
        }
    }
}

async fn page(State(_): State<Arc<Program>>, SignedIn(session): SignedIn) -> String {
    session.account.role.code.to_owned()
}

/// The secret of a second factor, in base32.
async fn offer(State(program): State<Arc<Program>>, SignedIn(session): SignedIn) -> String {
    let offered = program.accounts.offer_factor(&session, &WORDS.into()).await;
    offered.unwrap().base32.to_string()
}

/// The new token and the recovery codes, one a line.
async fn confirm(
    State(program): State<Arc<Program>>,
    SignedIn(session): SignedIn,
    code: String,
) -> String {
    let arrival = arrival();
    let confirmed = program.accounts.confirm_factor(&session, &code, &arrival);
    let (opened, codes) = confirmed.await.unwrap();
    let mut lines = vec![opened.token.reveal().to_owned()];
    lines.extend(codes.iter().map(RecoveryCode::reveal));
    lines.join("\n")
}

fn router(office: &Office) -> Router {
    let program = Arc::new(Program {
        accounts: Arc::clone(&office.accounts),
    });
    Router::new()
        .route("/meja", get(page).post(page))
        .route("/meja/akun/kode", get(page).post(offer))
        .route("/meja/akun/kode/aktifkan", post(confirm))
        .route("/meja/akun/kodefikasi", get(page))
        .with_state(program)
}

/// What a form that is sent is answered with.
async fn sent(office: &Office, path: &str, token: &Secret, text: String) -> (StatusCode, String) {
    let request = with(Request::post(path), token).body(Body::from(text));
    let answer = router(office).oneshot(request.unwrap()).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 4096).await;
    let text = String::from_utf8(body.unwrap().to_vec()).unwrap();
    (status, text)
}

/// Status, the place to go to, and whether the cookie is taken away.
async fn asked(office: &Office, request: http::request::Builder) -> (StatusCode, String, bool) {
    let request = request.body(Body::empty()).unwrap();
    let answer = router(office).oneshot(request).await.unwrap();
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let forgotten = header("set-cookie").starts_with("__Host-lapor-session=; ");
    (answer.status(), header("location"), forgotten)
}

fn with(request: http::request::Builder, token: &Secret) -> http::request::Builder {
    let name = "__Host-lapor-session";
    request.header("cookie", format!("{name}={}", token.reveal()))
}

#[tokio::test]
async fn a_page_is_shown_to_whom_is_logged_in_and_others_come_back_to_it() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (opened, _) = office.opened("siti@bandung.go.id").await;
        let path = "/meja?cari=jalan&halaman=2";
        let shown = asked(&office, with(Request::get(path), &opened.token)).await;
        assert_eq!(
            shown,
            (StatusCode::OK, String::new(), false),
            "{}",
            office.name
        );
        let back = "/masuk?next=/meja%3Fcari%3Djalan%26halaman%3D2".to_owned();
        let stranger = asked(&office, Request::get(path)).await;
        assert_eq!(stranger, (StatusCode::SEE_OTHER, back.clone(), false));
        office.accounts.sign_out(&opened.token).await.unwrap();
        let ended = asked(&office, with(Request::get(path), &opened.token)).await;
        assert_eq!(
            ended,
            (StatusCode::SEE_OTHER, back, true),
            "{}",
            office.name
        );
    }
}

#[tokio::test]
async fn a_form_sent_too_late_comes_back_to_its_own_page_and_to_no_other_host() {
    for office in offices().await {
        for (referer, place) in [
            (
                "https://lapor.bandung.go.id/meja?id=7",
                "/masuk?next=/meja%3Fid%3D7",
            ),
            ("https://jahat.example/meja", "/masuk"),
            ("https://lapor.bandung.go.id.jahat.example/", "/masuk"),
            ("https://lapor.bandung.go.id//jahat.example", "/masuk"),
            ("meja", "/masuk"),
        ] {
            let request = Request::post("/meja")
                .header("host", "lapor.bandung.go.id")
                .header("referer", referer);
            let (status, location, _) = asked(&office, request).await;
            assert_eq!(
                (status, &*location),
                (StatusCode::SEE_OTHER, place),
                "{referer}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_lacks_a_second_factor_sees_only_the_page_that_sets_one_up() {
    for office in offices().await {
        office.staffed("kunci@bandung.go.id", "keeper").await;
        let (opened, _) = office.opened("kunci@bandung.go.id").await;
        let elsewhere = asked(&office, with(Request::get("/meja"), &opened.token)).await;
        let place = "/meja/akun/kode".to_owned();
        assert_eq!(
            elsewhere,
            (StatusCode::SEE_OTHER, place, false),
            "{}",
            office.name
        );
        let there = asked(
            &office,
            with(Request::get("/meja/akun/kode"), &opened.token),
        )
        .await;
        assert_eq!(there.0, StatusCode::OK, "{}", office.name);
    }
}

#[tokio::test]
async fn whoever_lacks_a_second_factor_sets_one_up_and_goes_on() {
    for office in offices().await {
        office.staffed("kunci@bandung.go.id", "keeper").await;
        let (opened, _) = office.opened("kunci@bandung.go.id").await;
        let namesake = with(Request::get("/meja/akun/kodefikasi"), &opened.token);
        let namesake = asked(&office, namesake).await;
        assert_eq!(namesake.0, StatusCode::SEE_OTHER, "{}", office.name);
        let at = "/meja/akun/kode";
        let (status, secret) = sent(&office, at, &opened.token, String::new()).await;
        assert_eq!(status, StatusCode::OK, "{}", office.name);
        let at = "/meja/akun/kode/aktifkan";
        let code = code_of(&office, &secret);
        let (status, text) = sent(&office, at, &opened.token, code).await;
        assert_eq!(status, StatusCode::OK, "{}", office.name);
        let (token, codes) = text.split_once('\n').unwrap();
        assert_eq!(codes.lines().count(), 10, "{}", office.name);
        let cookie = format!("__Host-lapor-session={token}");
        let inside = asked(&office, Request::get("/meja").header("cookie", cookie)).await;
        assert_eq!(inside.0, StatusCode::OK, "{}", office.name);
    }
}

#[tokio::test]
async fn a_token_for_the_second_step_opens_no_page() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (opened, _) = office.opened("siti@bandung.go.id").await;
        let mut headers = http::HeaderMap::new();
        Cookies { https: true }.give(&mut headers, Ticket::Code, &opened);
        let line = &headers["set-cookie"];
        let pair = line.to_str().unwrap().split(';').next().unwrap().to_owned();
        let asked = asked(&office, Request::get("/meja").header("cookie", pair)).await;
        assert_eq!(asked.0, StatusCode::SEE_OTHER, "{}", office.name);
    }
}
