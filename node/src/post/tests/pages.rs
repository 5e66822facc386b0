//! The pages of letters through the node's router, as browsers and mail programs meet them.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use lapor_migrations::on;
use lapor_protocol::kinds::ProgrammeRef;
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_protocol::receipt::Stream;
use tower::ServiceExt as _;

use super::telling::REPORTER;
use super::{Encryption, HERE, MINUTE_MS, Posted, readable};
use crate::doors::router;
use crate::post::{LetterChoice, Round};
use crate::publishing::{NewProgramme, NewProgress};
use crate::reporters::{Proved, leave_for};
use crate::staff::StaffRole;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, databases};
use lapor_web::mail::tiny_server::Manners;

const SITI: &str = "siti@bandung.go.id";

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn to(&self) -> &str {
        self.headers
            .get("location")
            .map_or("", |to| to.to_str().unwrap())
    }
}

async fn send(router: &Router, request: http::request::Builder, body: &str) -> Page {
    let request = request.header("accept", "text/html");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Page {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn open(router: &Router, path: &str) -> Page {
    send(router, Request::get(path), "").await
}

async fn post(router: &Router, path: &str, body: &str) -> Page {
    let kind = "application/x-www-form-urlencoded";
    send(
        router,
        Request::post(path).header("content-type", kind),
        body,
    )
    .await
}

#[tokio::test]
async fn who_forgot_a_password_gets_one_answer_whether_there_is_an_account_or_not() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        posted.hires(SITI, StaffRole::Officer, None).await;
        let router = router(posted.node().clone());
        let page = open(&router, "/sandi/lupa").await;
        assert!(page.text.contains("name=\"login\""), "{}", page.text);
        let known = post(&router, "/sandi/lupa", &format!("login={SITI}")).await;
        let unknown = post(&router, "/sandi/lupa", "login=nila@bandung.go.id").await;
        assert_eq!(
            (known.status, known.to()),
            (StatusCode::SEE_OTHER, "/masuk")
        );
        assert_eq!(
            (unknown.status, unknown.to(), &unknown.text),
            (known.status, known.to(), &known.text)
        );
        assert_eq!(posted.round().await, Round::Worked(1));
        let no_address = post(&router, "/sandi/lupa", "login=siti").await;
        assert_eq!(no_address.status, StatusCode::UNPROCESSABLE_ENTITY);
        // The throttle counts what was typed, not what there is.
        for login in [SITI, "nila@bandung.go.id"] {
            let mut last = None;
            for _ in 0..4 {
                last = Some(post(&router, "/sandi/lupa", &format!("login={login}")).await);
            }
            let last = last.unwrap();
            assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{login}");
            assert_eq!(last.headers["retry-after"], "1200");
            assert!(last.text.contains("20 menit"), "{}", last.text);
        }
    }
}

#[tokio::test]
async fn a_report_is_followed_with_a_code_and_left_with_one_click() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let filed = posted.filed(false).await;
        let case = filed.case;
        posted
            .acts(case, "case.verified", serde_json::json!({}), "Diterima.")
            .await;
        posted.writes().await;
        posted.sends(0).await;
        let before = posted.server.taken().len();
        let router = router(posted.node().clone());
        let page = open(&router, &format!("/ikuti?laporan={case}")).await;
        assert!(page.text.contains("name=\"surel\""), "{}", page.text);
        let wrong = post(
            &router,
            "/ikuti",
            &format!("laporan={case}&surel=081234567890"),
        )
        .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let asked = post(
            &router,
            "/ikuti",
            &format!("laporan={case}&surel=budi@contoh.id"),
        )
        .await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        let code_at = asked.to().to_owned();
        assert!(open(&router, &code_at).await.text.contains("name=\"kode\""));
        let sent = posted.sends(before).await;
        let code = sent[0].text.split("Kode Anda: ").nth(1).unwrap();
        let code: String = code.chars().take(9).filter(char::is_ascii_digit).collect();
        let fields = code_at.split_once('?').unwrap().1;
        let miss = post(&router, "/ikuti/kode", &format!("{fields}&kode=1")).await;
        assert_eq!(miss.status, StatusCode::UNPROCESSABLE_ENTITY);
        let proved = post(&router, "/ikuti/kode", &format!("{fields}&kode={code}")).await;
        assert_eq!(proved.to(), format!("/laporan/{case}"), "{}", proved.text);
        let followers = async || posted.node().followers(case, "", 10).await.unwrap();
        assert_eq!(followers().await, ["budi@contoh.id"]);
        let again = post(
            &router,
            "/ikuti",
            &format!("laporan={case}&surel=budi@contoh.id"),
        )
        .await;
        assert_eq!(again.status, asked.status, "it tells nobody who follows");

        let mut tx = posted.node().write_tx().await.unwrap();
        let text = case.to_string();
        let leave = crate::reporters::leave_for(&mut tx, &text, "budi@contoh.id")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let at = format!("/ikuti/berhenti/{leave}");
        let asks = open(&router, &at).await;
        assert_eq!(asks.status, StatusCode::OK);
        assert!(asks.text.contains("Tekan Berhenti: surat"), "{}", asks.text);
        assert_eq!(followers().await.len(), 1, "opening a link ends nothing");
        let left = post(&router, &at, "List-Unsubscribe=One-Click").await;
        assert_eq!(left.status, StatusCode::SEE_OTHER);
        assert!(followers().await.is_empty());
        assert_eq!(
            post(&router, &at, "").await.status,
            StatusCode::SEE_OTHER,
            "twice is once"
        );
    }
}

#[tokio::test]
async fn whoever_has_signed_in_follows_with_one_press_and_without_a_code() {
    const OWNER: &str = "warga@contoh.id";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, router) = (posted.node(), router(posted.node().clone()));
        let case = posted.filed(false).await.case;
        posted
            .acts(case, "case.verified", serde_json::json!({}), "Diterima.")
            .await;
        let programme: NewProgramme = serde_json::from_value(serde_json::json!({
            "slug": "trotoar", "name": "Trotoar Braga", "description": "Diperlebar.",
        }))
        .unwrap();
        node.publish_programme(programme, "test").await.unwrap();
        let sent = node.ask_sign_in(OWNER, HERE).await.unwrap();
        let letters = node.letters(0, 10).await.unwrap();
        let digits = letters.last().unwrap().code.clone().unwrap();
        let proved = node.prove_code(&sent.id, &digits, HERE).await.unwrap();
        let Proved::SignedIn(opened) = proved else {
            panic!("the code signs in");
        };
        posted.place.clock.advance(5 * MINUTE_MS);
        posted.writes().await;
        let before = posted.sends(0).await.len();
        let cookie = format!("lapor-percakapan={}", opened.token);
        let signed = |request: http::request::Builder, language: &str| {
            request
                .header("cookie", format!("{cookie}; lapor_bahasa={language}"))
                .header("content-type", "application/x-www-form-urlencoded")
        };
        for (language, said) in [
            ("id", "warga@contoh.id adalah surel akun Anda"),
            ("en", "warga@contoh.id is the address of your account"),
        ] {
            let asks = Request::get(format!("/ikuti?laporan={case}"));
            let page = send(&router, signed(asks, language), "").await;
            let filled = format!("value=\"{OWNER}\"");
            assert!(
                page.text.contains(said) && page.text.contains(&filled),
                "{}",
                page.text
            );
        }
        let press = async |about: &str, address: &str| {
            let body = format!("{about}&surel={address}");
            send(&router, signed(Request::post("/ikuti"), "id"), &body).await
        };
        let about = format!("laporan={case}");
        for again in ["first", "twice is once"] {
            let followed = press(&about, "Warga@contoh.id").await;
            assert_eq!(
                followed.to(),
                format!("/laporan/{case}"),
                "{}",
                followed.text
            );
            let followers = node.followers(case, "", 10).await.unwrap();
            assert_eq!(followers, [OWNER], "{again}");
        }
        let followed = press("program=kota-bandung%2Ftrotoar", OWNER).await;
        assert_eq!(followed.to(), "/program/kota-bandung/trotoar");
        let programme = ProgrammeRef {
            owner: "kota-bandung".parse().unwrap(),
            slug: "trotoar".into(),
        };
        let followers = node.programme_followers(&programme).await.unwrap();
        assert_eq!(followers, [OWNER]);
        assert!(
            posted.sends(before).await.is_empty(),
            "nothing is to be proved"
        );

        let other = press(&about, "budi@contoh.id").await;
        assert!(other.to().starts_with("/ikuti/kode?"), "{}", other.text);
        let body = format!("{about}&surel={OWNER}");
        let without = post(&router, "/ikuti", &body).await;
        assert!(without.to().starts_with("/ikuti/kode?"), "{}", without.text);
        assert_eq!(posted.sends(before).await.len(), 2, "a code to each");
        let unknown = press("laporan=01a0c450-6c00-7742-aec4-2404946c4051", OWNER).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        let page = open(&router, &format!("/ikuti?laporan={case}")).await;
        assert!(!page.text.contains(OWNER), "{}", page.text);
        assert!(page.text.contains("Kirim kode"), "{}", page.text);
    }
}

#[tokio::test]
async fn a_reporter_who_has_signed_in_and_follows_their_own_report_is_told_as_its_reporter() {
    const LEAVES: &str = "select count(*) from follower_leaves where contact = $1";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, router) = (posted.node(), router(posted.node().clone()));
        let case = posted.filed(false).await.case;
        posted
            .acts(case, "case.verified", serde_json::json!({}), "Diterima.")
            .await;
        let [reporter, other] = [
            posted.opens(REPORTER).await.token,
            posted.opens("budi@contoh.id").await.token,
        ];
        let signed = |request: http::request::Builder, token: &str, more: &str| {
            request
                .header("cookie", format!("lapor-percakapan={token}; {more}"))
                .header("content-type", "application/x-www-form-urlencoded")
        };
        let press = async |token: &str, address: &str| {
            let body = format!("laporan={case}&surel={address}");
            let pressed = send(&router, signed(Request::post("/ikuti"), token, ""), &body).await;
            assert_eq!(pressed.to(), format!("/laporan/{case}"), "{}", pressed.text);
            let flash = pressed.headers["set-cookie"].to_str().unwrap();
            let flash = flash.split(';').next().unwrap();
            let back = signed(Request::get(pressed.to()), token, flash);
            send(&router, back, "").await.text
        };
        let told = async || {
            let mut tx = node.read_tx().await.unwrap();
            let row = crate::store::reporters::of_case(&mut tx, &case.to_string()).await;
            row.unwrap().unwrap().notify
        };
        posted.leaves(case).await;
        for (said, unsaid) in [
            ("Mulai sekarang kami mengabari", "surel sudah aktif"),
            ("surel sudah aktif", "Mulai sekarang"),
        ] {
            // As they could before they were told apart.
            posted.follows(case, REPORTER).await;
            let mut tx = node.write_tx().await.unwrap();
            let leave = leave_for(&mut tx, &case.to_string(), REPORTER).await;
            leave.unwrap();
            tx.commit().await.unwrap();
            let page = press(&reporter, REPORTER).await;
            assert!(page.contains("Ini laporan Anda sendiri"), "{page}");
            assert!(page.contains(said) && !page.contains(unsaid), "{page}");
            assert_eq!(told().await, "email");
            assert!(node.followers(case, "", 10).await.unwrap().is_empty());
            let mut tx = node.read_tx().await.unwrap();
            let leaves = on!(&mut tx, c => sqlx::query_scalar(LEAVES)
                .bind(REPORTER)
                .fetch_one(c)
                .await);
            let leaves: i64 = leaves.unwrap();
            assert_eq!(leaves, 0, "nor is it left any more");
        }
        // Anybody else who has signed in follows, and learns nothing of whose it is.
        posted.leaves(case).await;
        let page = press(&other, "budi@contoh.id").await;
        assert!(page.contains("Anda mengikuti laporan ini"), "{page}");
        assert!(!page.contains("Ini laporan Anda sendiri"), "{page}");
        assert_eq!(told().await, "off");
        let followers = node.followers(case, "", 10).await.unwrap();
        assert_eq!(followers, ["budi@contoh.id"]);
    }
}

#[tokio::test]
async fn a_secret_report_cannot_be_followed_and_an_unknown_one_neither() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let secret = posted.filed(true).await.case;
        let router = router(posted.node().clone());
        let unknown = "01a0c450-6c00-7742-aec4-2404946c4051";
        for case in [secret.to_string(), unknown.to_owned()] {
            let body = format!("laporan={case}&surel=budi@contoh.id");
            assert_eq!(
                post(&router, "/ikuti", &body).await.status,
                StatusCode::NOT_FOUND
            );
        }
        assert_eq!(
            open(&router, "/ikuti?laporan=x").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn without_a_mail_server_the_pages_say_so() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let router = router(place.node.clone());
        let forgotten = open(&router, "/sandi/lupa").await;
        assert!(!forgotten.text.contains("name=\"login\"") && forgotten.text.contains("Admin"));
        let case = "01a0c450-6c00-7742-aec4-2404946c4051";
        let follow = open(&router, &format!("/ikuti?laporan={case}")).await;
        assert!(
            follow.text.contains("belum dapat diikuti"),
            "{}",
            follow.text
        );
        let tried = post(
            &router,
            "/ikuti",
            &format!("laporan={case}&surel=budi@contoh.id"),
        )
        .await;
        assert_eq!(tried.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(place.node.write_post().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn an_account_chooses_its_letters_and_the_admin_sees_what_was_refused() {
    let manners = super::refusing(
        "budi@contoh.id",
        "550 5.1.1 <budi@contoh.id>: no such mailbox",
    );
    for posted in Posted::all(&manners, Encryption::None).await {
        let account = posted.hires(SITI, StaffRole::Admin, None).await;
        let router = router(posted.node().clone());
        let words = "login=siti@bandung.go.id&password=gerimis+tujuh+kelapa+sepeda";
        let entered = post(&router, "/masuk", words).await;
        let cookie = entered.headers["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let kind = "application/x-www-form-urlencoded";
        let signed = |request: http::request::Builder| {
            request
                .header("cookie", &cookie)
                .header("content-type", kind)
        };
        let chosen = send(
            &router,
            signed(Request::post("/meja/akun/surat")),
            "surat=each",
        )
        .await;
        assert_eq!(chosen.to(), "/meja/akun", "{}", chosen.text);
        let kept = posted.node().letter_choice(&account).await.unwrap();
        assert_eq!(kept, LetterChoice::Each);
        let wrong = send(
            &router,
            signed(Request::post("/meja/akun/surat")),
            "surat=x",
        )
        .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        posted.asks("budi@contoh.id").await;
        assert_eq!(posted.round().await, Round::Worked(1));
        let listed = send(&router, signed(Request::get("/meja/surat")), "").await;
        assert!(listed.text.contains("•••@contoh.id") && listed.text.contains("no such mailbox"));
        assert!(
            !listed.text.contains("budi@"),
            "who writes to a node is not for those who work on cases"
        );
        let number = posted.node().post_status().await.unwrap().troubled[0].number;
        let body = format!("nomor={number}");
        let dropped = send(&router, signed(Request::post("/meja/surat")), &body).await;
        assert_eq!(dropped.to(), "/meja/surat", "{}", dropped.text);
        assert_eq!(posted.node().post_status().await.unwrap().refused, 0);
    }
}

/// A form of the portal as a browser without script sends it.
async fn file(router: &Router, fields: &[(&str, &str)]) -> Page {
    let parts = fields.iter().map(|(name, value)| {
        format!("--batas\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let body = parts.collect::<String>() + "--batas--\r\n";
    let kind = "multipart/form-data; boundary=batas";
    let request = Request::post("/lapor").header("content-type", kind);
    send(router, request, &body).await
}

#[tokio::test]
async fn whoever_wants_news_is_led_from_the_receipt_to_proving_the_address_and_back() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let router = router(posted.node().clone());
        let form = open(&router, "/lapor").await;
        assert!(form.text.contains("Kami kirim kode ke surel itu"));
        let filed = file(
            &router,
            &[
                ("klasifikasi", "pengaduan"),
                ("judul", "Lampu jalan padam di Jalan Cikutra"),
                ("uraian", "Sudah seminggu gelap."),
                ("surel", "warga@contoh.id"),
                ("kabari", "1"),
                ("kunci", "0123456789abcdef0123456789abcdef"),
            ],
        )
        .await;
        assert_eq!(filed.to(), "/lapor/terima", "{}", filed.text);
        let cookie = filed.headers.get("set-cookie").unwrap().to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let receipt = async || {
            let asked = Request::get("/lapor/terima").header("cookie", cookie);
            send(&router, asked, "").await.text
        };
        let page = receipt().await;
        assert!(page.contains("Belum ada kabar yang dikirim"), "{page}");
        let nobody = post(&router, "/lapor/terima/kontak", "").await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
        let asked = Request::post("/lapor/terima/kontak").header("cookie", cookie);
        let asked = send(&router, asked, "").await;
        let code_at = asked.to().to_owned();
        assert!(code_at.starts_with("/percakapan/kode/"), "{}", asked.text);
        let page = Request::get(&code_at).header("cookie", cookie);
        let page = send(&router, page, "").await;
        assert!(
            page.text.contains("href=\"/lapor/terima\""),
            "{}",
            page.text
        );
        let letters = posted.node().letters(0, 10).await.unwrap();
        assert_eq!(letters.last().unwrap().contact, "warga@contoh.id");
        let code = letters.last().unwrap().code.clone().unwrap();
        let typed = Request::post(&code_at)
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        let proved = send(&router, typed, &format!("kode={}", code.replace(' ', "+"))).await;
        assert_eq!(proved.to(), "/lapor/terima", "{}", proved.text);
        let page = receipt().await;
        assert!(!page.contains("Belum ada kabar yang dikirim"), "{page}");
        assert!(page.contains("sudah dibuktikan"), "{page}");
    }
}

#[tokio::test]
async fn a_programme_is_followed_with_a_code_told_of_once_and_left_with_one_click() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, hub) = (posted.node(), PaperHub::of(&posted.place));
        let programme: NewProgramme = serde_json::from_value(serde_json::json!({
            "slug": "trotoar", "name": "Trotoar Braga", "description": "Diperlebar.",
        }))
        .unwrap();
        node.publish_programme(programme, "test").await.unwrap();
        let progress = |percent: u8| NewProgress {
            percent,
            status: ProgrammeStatus::Running,
            text: "Sisi barat selesai.".into(),
        };
        let router = router(node.clone());
        let page = open(&router, "/program/kota-bandung/trotoar").await;
        assert!(page.text.contains("/ikuti?program="), "{}", page.text);
        let about = "program=kota-bandung%2Ftrotoar";
        let asked = post(&router, "/ikuti", &format!("{about}&surel=budi@contoh.id")).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        let code_at = asked.to().to_owned();
        assert!(open(&router, &code_at).await.text.contains("name=\"kode\""));
        let sent = posted.sends(0).await;
        let code = sent[0].text.split("Kode Anda: ").nth(1).unwrap();
        let code: String = code.chars().take(9).filter(char::is_ascii_digit).collect();
        let fields = code_at.split_once('?').unwrap().1;
        let proved = post(&router, "/ikuti/kode", &format!("{fields}&kode={code}")).await;
        assert_eq!(
            proved.to(),
            "/program/kota-bandung/trotoar",
            "{}",
            proved.text
        );
        let told = node.publish(progress(62).about("trotoar".into()), "test");
        told.await.unwrap();
        posted.writes().await;
        assert!(posted.sends(1).await.is_empty(), "the hub has not ruled");
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Public, 0).await.unwrap();
        posted.writes().await;
        let sent = posted.sends(1).await;
        assert_eq!(sent.len(), 1);
        let text = readable(&sent[0].text);
        assert!(
            text.contains("62 persen, Berjalan: Sisi barat selesai."),
            "{text}"
        );
        assert!(text.contains("/program/kota-bandung/trotoar"), "{text}");
        posted.writes().await;
        assert!(posted.sends(2).await.is_empty(), "once");
        let leave = text.split("/ikuti/berhenti/").nth(1).unwrap();
        let leave = leave.split_whitespace().next().unwrap();
        let at = format!("/ikuti/berhenti/{leave}");
        assert_eq!(post(&router, &at, "").await.status, StatusCode::SEE_OTHER);
        let left = ProgrammeRef {
            owner: "kota-bandung".parse().unwrap(),
            slug: "trotoar".into(),
        };
        assert!(node.programme_followers(&left).await.unwrap().is_empty());
    }
}
