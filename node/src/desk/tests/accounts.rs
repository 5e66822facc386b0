//! Accounts of the desk: set up, logged in, looked after.

use http::{Request, StatusCode};

use super::cases::{KEY, at, filed};
use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::doors::router;
use crate::testing::{Place, databases};

const OTHERS: &str = "mendung sembilan rambutan perahu";

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
        let endless = "a".repeat(4000);
        let mut long = fields;
        long[0].1 = &endless;
        admin
            .post(&at, &long)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("dalam satu baris, paling banyak 100 karakter");
        let done = admin.post(&at, &fields).await;
        assert_eq!(
            done.is(StatusCode::SEE_OTHER).to(),
            "/meja/pengaturan?langkah=1"
        );
        let step = admin.open("/meja/pengaturan?langkah=1").await;
        step.shows("Akun admin dibuat").shows("Langkah 1 dari 10");
        step.shows("href=\"/meja/pengaturan?langkah=2\"");
        let people = admin.open("/meja/pengaturan?langkah=5").await;
        people.shows("href=\"/meja/petugas\"");
        people.shows("Belum ada penjaga identitas");
        people.shows("href=\"/meja/pengaturan?langkah=4\"");
        let last = admin.open("/meja/pengaturan?langkah=10").await;
        last.shows("1 dari 4 yang diperlukan")
            .shows("href=\"/meja\"");
        admin.open("/meja").await.shows("Menyiapkan node: 1 dari 4");
        admin
            .post("/meja/pengaturan/selesai", &[])
            .await
            .is(StatusCode::SEE_OTHER);
        let told = admin.open("/meja").await;
        assert!(!told.text.contains("Menyiapkan node"), "it was dismissed");
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
        let used = siti.open(&link).await;
        used.is(StatusCode::GONE)
            .shows("Tautan ini tidak berlaku lagi");
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
async fn a_form_that_is_sent_after_the_session_has_ended_comes_back_after_logging_in() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/catatan");
        let note = [("kunci", KEY), ("uraian", "Sudah \"dicek\" di lapangan.")];
        place.clock.advance(60 * 60_000);
        let asked = siti.send_files(&path, &note).await;
        asked
            .is(StatusCode::UNAUTHORIZED)
            .shows("isian tadi belum terkirim");
        let kept = asked.between("name=\"isian\" value=\"", "\"");
        let kept = kept.replace("&#34;", "\"").replace("&#38;", "&");
        let enters =
            |words: &'static str| [("login", SITI), ("password", words), ("isian", &*kept)];
        let wrong = siti.post("/masuk", &enters("bukan kata sandinya")).await;
        wrong.shows("name=\"isian\"");
        let back = siti.post("/masuk", &enters(WORDS)).await;
        back.is(StatusCode::OK)
            .shows("Isian Anda belum terkirim")
            .shows(&format!("action=\"{path}\""))
            .shows("di lapangan.</p>");
        siti.send_files(&path, &note)
            .await
            .is(StatusCode::SEE_OTHER);
        siti.open(&at(case, "")).await.shows("di lapangan.");
    }
}
