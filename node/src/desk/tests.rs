//! The desk through the node's router, as a browser meets it: with its cookies,
//! without script.

mod cases;
mod forms;

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use lapor_migrations::throwaway::databases;
use lapor_protocol::ids::Digest;
use tower::ServiceExt;

use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::{Place, jpeg};

const WORDS: &str = "gerimis tujuh kelapa sepeda";
const OTHERS: &str = "mendung sembilan rambutan perahu";
const ADMIN: &str = "admin@bandung.go.id";
const SITI: &str = "siti@bandung.go.id";

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn to(&self) -> &str {
        let to = self.headers.get("location");
        to.map_or("", |to| to.to_str().unwrap())
    }

    fn shows(&self, what: &str) -> &Self {
        assert!(self.text.contains(what), "no {what} in {}", self.text);
        self
    }

    fn is(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// What stands between two texts of the page.
    fn between(&self, before: &str, after: &str) -> String {
        let rest = self.text.split_once(before).expect(before).1;
        rest.split_once(after).expect(after).0.to_owned()
    }
}

/// A browser that keeps cookies.
struct Browser<'a> {
    router: &'a Router,
    jar: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    fn new(router: &'a Router) -> Self {
        Self {
            router,
            jar: Mutex::default(),
        }
    }

    fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Page {
        let cookies: Vec<String> = self
            .jar
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .header("accept", "text/html,*/*;q=0.8")
            .header("cookie", cookies.join("; "))
            .body(body.into())
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for line in parts.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut jar = self.jar.lock().unwrap();
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = body.collect().await.unwrap().to_bytes();
        Page {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn open(&self, path: &str) -> Page {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let encoded: Vec<String> = fields
            .iter()
            .map(|(name, value)| {
                let value = value.replace('%', "%25").replace('&', "%26");
                let value = value.replace('+', "%2B").replace(' ', "+");
                format!("{name}={value}")
            })
            .collect();
        let request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, encoded.join("&")).await
    }

    /// Sends a form with a file, if it has bytes.
    async fn brings(&self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Page {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = "--batas\r\nContent-Disposition: form-data; name=";
            body.extend(format!("{head}\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        if !file.is_empty() {
            let head = "--batas\r\nContent-Disposition: form-data; name=\"lampiran\"; \
                 filename=\"foto.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
            body.extend([head.as_bytes(), file, b"\r\n"].concat());
        }
        body.extend(b"--batas--\r\n");
        let kind = "multipart/form-data; boundary=batas";
        let request = Request::post(path).header("content-type", kind);
        self.send(request, body).await
    }

    async fn enters(&self, login: &str, words: &str) -> Page {
        self.post("/masuk", &[("login", login), ("password", words)])
            .await
    }
}

/// A node with an admin and an officer, cheap to log in to.
async fn staffed() -> Vec<Place> {
    let mut places = Vec::new();
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        for (login, role) in [(ADMIN, StaffRole::Admin), (SITI, StaffRole::Officer)] {
            hire(&place, login, role).await;
        }
        places.push(place);
    }
    places
}

async fn hire(place: &Place, login: &str, role: StaffRole) {
    let new = lapor_web::accounts::NewAccount {
        login,
        name: "Petugas Loket",
        role: role.as_str(),
        unit: None,
    };
    let (_, link) = place.node.create_account("test", &new).await.unwrap();
    let from = "192.0.2.7".parse().unwrap();
    let accounts = place.node.accounts();
    let chosen = accounts.choose_password(&link, &WORDS.into(), from).await;
    chosen.unwrap();
}

#[tokio::test]
async fn the_first_set_up_makes_an_admin_who_adds_a_unit_and_an_officer() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.open("/pasang").await.shows("account setup-link");
        admin.open("/pasang/tidak-ada").await.is(StatusCode::GONE);
        let secret = place.node.accounts().setup_link("test").await.unwrap();
        let at = format!("/pasang/{}", secret.unwrap().reveal());
        admin.open(&at).await.shows("Asia/Jakarta");
        let mut fields = [
            ("name", "Dewi Lestari"),
            ("login", ADMIN),
            ("password", "dewi-lestari"),
            ("again", "dewi-lestari"),
        ];
        let weak = admin.post(&at, &fields).await;
        weak.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("dibuat dari nama")
            .shows("value=\"Dewi Lestari\"");
        assert!(
            !weak.text.contains("dewi-lestari"),
            "a password is never sent back"
        );
        fields[2].1 = WORDS;
        admin.post(&at, &fields).await.shows("tidak sama");
        fields[3].1 = WORDS;
        let done = admin.post(&at, &fields).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), "/meja/unit");
        admin.open("/meja/unit").await.shows("Akun admin dibuat");
        let unit = [("name", "Dinas PU"), ("unit", "dinas-pu")];
        admin
            .post("/meja/unit", &unit)
            .await
            .is(StatusCode::SEE_OTHER);
        admin.post("/meja/unit", &unit).await.shows("sudah dipakai");
        let officer = [
            ("name", "Siti Aminah"),
            ("login", SITI),
            ("role", "officer"),
            ("unit", "dinas-pu"),
        ];
        let made = admin.post("/meja/petugas/baru", &officer).await;
        let link = made
            .shows("/sandi/")
            .between("<code>http://127.0.0.1:8090", "</code>");
        let siti = Browser::new(&router);
        let chosen = [("password", OTHERS), ("again", OTHERS)];
        siti.open(&link).await.shows("Siti Aminah");
        assert_eq!(siti.post(&link, &chosen).await.to(), "/masuk");
        siti.open(&link).await.is(StatusCode::GONE);
        assert_eq!(siti.enters(SITI, OTHERS).await.to(), "/meja");
        siti.open("/meja/akun")
            .await
            .shows("dinas-pu")
            .shows("Siti Aminah");
        assert_eq!(
            Browser::new(&router).open(&at).await.status,
            StatusCode::GONE
        );
        assert_eq!(admin.open("/pasang").await.to(), "/masuk");
    }
}

#[tokio::test]
async fn a_page_asks_to_log_in_and_comes_back_to_no_other_site() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let browser = Browser::new(&router);
        let asked = browser.open("/meja/audit?tindakan=a").await;
        assert_eq!(asked.to(), "/masuk?next=/meja/audit%3Ftindakan%3Da");
        browser
            .open(asked.to())
            .await
            .shows("value=\"/meja/audit?tindakan=a\"");
        for (next, expected) in [
            ("/meja/akun?a=b", "/meja/akun?a=b"),
            ("https://jahat.example/", "/meja"),
            ("//jahat.example", "/meja"),
            ("/\\jahat.example", "/meja"),
            ("javascript:alert(1)", "/meja"),
        ] {
            let fields = [("login", SITI), ("password", WORDS), ("next", next)];
            let entered = browser.post("/masuk", &fields).await;
            assert_eq!(entered.is(StatusCode::SEE_OTHER).to(), expected, "{next}");
        }
    }
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_show_the_same_page() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let browser = Browser::new(&router);
        let wrong = browser.enters(SITI, OTHERS).await;
        let unknown = browser.enters("nila@bandung.go.id", OTHERS).await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY).shows("salah");
        assert_eq!(wrong.text, unknown.text.replace("nila@bandung.go.id", SITI));
        assert_eq!(unknown.status, wrong.status);
        assert!(browser.cookie("lapor-session").is_none());
    }
}

#[tokio::test]
async fn guessing_is_answered_with_429_that_says_when_to_come_back() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let browser = Browser::new(&router);
        for _ in 0..5 {
            let wrong = browser.enters(SITI, OTHERS).await;
            wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        }
        let slowed = browser.enters(SITI, WORDS).await;
        slowed.is(StatusCode::TOO_MANY_REQUESTS).shows("30 detik");
        assert_eq!(slowed.headers["retry-after"], "30");
        place.clock.advance(30_000);
        assert_eq!(browser.enters(SITI, WORDS).await.to(), "/meja");
    }
}

#[tokio::test]
async fn a_planted_session_is_replaced_when_somebody_logs_in() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let attacker = Browser::new(&router);
        attacker.enters(ADMIN, WORDS).await;
        let planted = attacker.cookie("lapor-session").unwrap();
        let victim = Browser::new(&router);
        let jar = || victim.jar.lock().unwrap();
        jar().insert("lapor-session".to_owned(), planted.clone());
        victim.enters(SITI, WORDS).await;
        assert_ne!(victim.cookie("lapor-session").unwrap(), planted);
        let out = attacker.open("/meja/akun").await;
        assert_eq!(out.is(StatusCode::SEE_OTHER).to(), "/masuk?next=/meja/akun");
    }
}

#[tokio::test]
async fn forms_of_the_desk_are_taken_from_no_other_site() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let browser = Browser::new(&router);
        browser.enters(SITI, WORDS).await;
        for path in ["/masuk", "/keluar", "/meja/akun/sandi", "/meja/akun/sesi"] {
            for (name, value) in [
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://jahat.example"),
            ] {
                let request = Request::post(path)
                    .header("host", "lapor.bandung.test")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header(name, value);
                let refused = browser.send(request, String::new()).await;
                refused.is(StatusCode::FORBIDDEN);
            }
        }
        browser.open("/meja/akun").await.is(StatusCode::OK);
    }
}

#[tokio::test]
async fn logging_out_and_an_expired_session_end_at_the_log_in_page() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let browser = Browser::new(&router);
        browser.enters(SITI, WORDS).await;
        let token = browser.cookie("lapor-session").unwrap();
        assert_eq!(browser.post("/keluar", &[]).await.to(), "/masuk");
        assert!(browser.cookie("lapor-session").is_none());
        browser.open("/masuk").await.shows("Anda sudah keluar");
        browser
            .jar
            .lock()
            .unwrap()
            .insert("lapor-session".to_owned(), token);
        assert!(browser.open("/meja/akun").await.to().starts_with("/masuk"));
        browser.enters(SITI, WORDS).await;
        place.clock.advance(60 * 60_000);
        assert!(browser.open("/meja/akun").await.to().starts_with("/masuk"));
    }
}

#[tokio::test]
async fn only_an_admin_sees_officers_units_and_the_log() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (siti, admin) = (Browser::new(&router), Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        for path in [
            "/meja/petugas",
            "/meja/petugas/baru",
            "/meja/unit",
            "/meja/audit",
        ] {
            siti.open(path).await.is(StatusCode::FORBIDDEN);
            admin.open(path).await.is(StatusCode::OK);
        }
        let unit = [("name", "Dinas"), ("unit", "dinas")];
        siti.post("/meja/unit", &unit)
            .await
            .is(StatusCode::FORBIDDEN);
        assert!(place.node.units().await.unwrap().is_empty());
        let log = admin.open("/meja/audit?tindakan=account.signed_in").await;
        log.shows("Petugas Loket").shows("account.signed_in");
        assert!(!log.text.contains(SITI), "the log names no address");
        admin
            .open("/meja/audit?pelaku=%3Cscript%3E")
            .await
            .shows("Tidak ada catatan");
    }
}

#[tokio::test]
async fn an_admin_looks_after_an_officer_and_not_after_the_last_admin() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (siti, admin) = (Browser::new(&router), Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        let find = async |login: &str| place.node.accounts().find_by_login(login).await.unwrap();
        let at = format!("/meja/petugas/{}", find(SITI).await.id);
        admin.open(&at).await.shows(SITI);
        let changed = [
            ("name", "Siti Baru"),
            ("login", SITI),
            ("role", "leader"),
            ("unit", ""),
        ];
        assert_eq!(admin.post(&at, &changed).await.to(), at);
        assert!(
            siti.open("/meja/akun").await.to().starts_with("/masuk"),
            "another role"
        );
        assert_eq!(find(SITI).await.role.code, "leader");
        let taken = [("name", "Siti"), ("login", ADMIN), ("role", "leader")];
        admin
            .post(&at, &taken)
            .await
            .shows("sudah dipakai akun lain");
        admin
            .post(&format!("{at}/nonaktif"), &[])
            .await
            .is(StatusCode::SEE_OTHER);
        siti.enters(SITI, WORDS)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
        admin
            .post(&format!("{at}/aktif"), &[])
            .await
            .is(StatusCode::SEE_OTHER);
        let reset = admin.post(&format!("{at}/sandi"), &[]).await;
        reset.shows("/sandi/");
        let own = format!("/meja/petugas/{}", find(ADMIN).await.id);
        let last = admin.post(&format!("{own}/nonaktif"), &[]).await;
        last.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("admin aktif yang terakhir");
        admin
            .post(&format!("{own}/lain"), &[])
            .await
            .is(StatusCode::NOT_FOUND);
        admin
            .open("/meja/petugas/0123456789abcdef")
            .await
            .is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_second_factor_is_set_up_asked_for_and_replaced_by_a_recovery_code() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let browser = Browser::new(&router);
        browser.enters(SITI, WORDS).await;
        browser.open("/meja/akun/kode").await.shows("Belum aktif");
        let wrong = browser
            .post("/meja/akun/kode", &[("password", OTHERS)])
            .await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        let offer = browser
            .post("/meja/akun/kode", &[("password", WORDS)])
            .await;
        offer.shows("<svg");
        assert!(
            !offer.text.contains("style="),
            "the policy of the page allows no inline style"
        );
        let secret = offer.between("<p><code>", "</code>").replace(' ', "");
        let mistyped = browser
            .post("/meja/akun/kode/aktifkan", &[("code", "12")])
            .await;
        mistyped.is(StatusCode::UNPROCESSABLE_ENTITY).shows("<svg");
        let before = browser.cookie("lapor-session");
        let code = code_of(&place, &secret);
        let codes = browser
            .post("/meja/akun/kode/aktifkan", &[("code", &code)])
            .await;
        let recovery = codes.between("<li><code>", "</code>");
        assert_ne!(browser.cookie("lapor-session"), before, "a new token");
        browser
            .open("/meja/akun/kode")
            .await
            .shows("10 kode cadangan");

        let other = Browser::new(&router);
        let half = other.enters(SITI, WORDS).await;
        assert_eq!(half.to(), "/masuk/kode?next=/meja");
        assert!(other.open("/meja/akun").await.to().starts_with("/masuk?"));
        let replayed = other.post("/masuk/kode", &[("code", &code)]).await;
        replayed
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("sudah dipakai");
        let entered = other
            .post(
                "/masuk/kode",
                &[("code", &recovery), ("next", "/meja/akun")],
            )
            .await;
        assert_eq!(entered.to(), "/meja/akun");
        other.open("/meja/akun").await.is(StatusCode::OK);
        assert!(other.cookie("lapor-code").is_none());
    }
}

fn code_of(place: &Place, secret: &str) -> String {
    use crate::clock::Clock as _;
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate((place.clock.now_ms() / 1000) as u64)
        .to_string()
}

#[tokio::test]
async fn one_changes_ones_password_and_ends_ones_sessions() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (here, there) = (Browser::new(&router), Browser::new(&router));
        here.enters(SITI, WORDS).await;
        there.enters(SITI, WORDS).await;
        here.open("/meja/akun")
            .await
            .shows("Akhiri semua sesi lain");
        here.post("/meja/akun/sesi", &[])
            .await
            .is(StatusCode::SEE_OTHER);
        assert!(there.open("/meja/akun").await.to().starts_with("/masuk"));
        let change = [("current", OTHERS), ("password", OTHERS), ("again", OTHERS)];
        let wrong = here.post("/meja/akun/sandi", &change).await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY).shows("salah");
        let change = [("current", WORDS), ("password", OTHERS), ("again", OTHERS)];
        assert_eq!(
            here.post("/meja/akun/sandi", &change).await.to(),
            "/meja/akun"
        );
        here.open("/meja/akun").await.shows("Kata sandi diganti");
        there
            .enters(SITI, WORDS)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn every_page_of_the_desk_speaks_both_languages_and_frames_nowhere() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        for path in [
            "/masuk",
            "/sandi/lupa",
            "/meja",
            "/meja?tab=semua",
            "/meja/baru",
            "/meja/akun",
            "/meja/akun/kode",
            "/meja/petugas",
            "/meja/petugas/baru",
            "/meja/unit",
            "/meja/audit",
        ] {
            let page = admin.open(path).await;
            page.is(StatusCode::OK).shows("<html lang=\"id\">");
            let policy = page.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
            assert!(
                !page.text.contains(" style=") && !page.text.contains("<script>"),
                "{path}"
            );
            if path.starts_with("/meja") {
                let (_, menu) = page.text.split_once("<nav class=\"menu\"").unwrap();
                let (menu, _) = menu.split_once("</nav>").unwrap();
                assert_eq!(menu.matches("aria-current").count(), 1, "{path}");
            }
            let english = Request::get(path).header("accept-language", "en");
            let english = admin.send(english, String::new()).await;
            english.shows("<html lang=\"en\">");
            assert_ne!(english.text, page.text, "{path}");
        }
    }
}

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
        assert!(refused.to().starts_with("/masuk"), "{}", refused.text);
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
        assert!(asked.to().starts_with("/masuk"), "{}", asked.text);
        assert!(place.audited("programme.published").await.is_empty());
    }
}
