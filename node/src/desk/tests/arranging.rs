//! Contact, address, mail server and what is asked of answers are typed at the desk where `node.toml`
//! is silent.

use http::{Request, StatusCode};
use lapor_migrations::on;
use lapor_protocol::kinds::Category;
use lapor_web::accounts::Staffed as _;
use lapor_web::mail::Encryption;
use lapor_web::mail::tiny_server::{Manners, TinyServer};
use serde_json::json;

use super::cases::{at, filed};
use super::{ADMIN, Browser, Page, SITI, WORDS, staffed};
use crate::doors::router;
use crate::post::{Delivery, Round};
use crate::testing::{Place, acts};

const CONTACT: &str = "/meja/pengaturan/kontak";
const ADDRESS: &str = "/meja/pengaturan/alamat";
const MAIL: &str = "/meja/pengaturan/surel";
const STEP: &str = "/meja/pengaturan?langkah=6";
const PASSWORD: &str = "kunci surel bandung";

fn server_typed<'a>(port: &'a str, user: &'a str, password: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("host", "localhost"),
        ("porta", port),
        ("enkripsi", "none"),
        ("user", user),
        ("sandi", password),
        ("pengirim", "Lapor Bandung <lapor@bandung.go.id>"),
        ("balasan", ""),
    ]
}

/// Acts of the audit log, and what was typed, as the database has them.
async fn stored(place: &Place) -> (Vec<String>, String) {
    const ACTS: &str = "select action from audit where action like 'setup.%' order by number";
    const TYPED: &str = "select value from node_facts where name = 'typed_settings'";
    let mut tx = place.node.read_tx().await.unwrap();
    let acts = on!(&mut tx, c => sqlx::query_scalar(ACTS).fetch_all(c).await).unwrap();
    let typed: Option<String> =
        on!(&mut tx, c => sqlx::query_scalar(TYPED).fetch_optional(c).await).unwrap();
    (acts, typed.unwrap_or_default())
}

async fn sent_from(browser: &Browser<'_>, origin: &str, address: &str) -> Page {
    let request = Request::post(ADDRESS)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("origin", origin);
    browser
        .send(request, format!("alamat-portal={address}"))
        .await
}

#[tokio::test]
async fn a_contact_is_shown_to_everybody_at_once_and_is_what_the_file_says_where_it_says_one() {
    for mut place in staffed().await {
        let router = router(place.node.clone());
        let (admin, siti) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let mut fields = [
            ("alamat", "Jalan Wastukencana 2"),
            ("telepon", "022 123456"),
            ("jam", "Senin-Jumat 08.00-16.00"),
        ];
        siti.post(CONTACT, &fields).await.is(StatusCode::FORBIDDEN);
        let long = "0".repeat(61);
        fields[1].1 = &long;
        let wrong = admin.post(CONTACT, &fields).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("value=\"Jalan Wastukencana 2\"")
            .shows("href=\"#telepon\"");
        fields[1].1 = "022 123456";
        let kept = admin.post(CONTACT, &fields).await;
        assert_eq!(kept.to(), "/meja/pengaturan?langkah=1");
        let line = "Jalan Wastukencana 2; 022 123456; Senin-Jumat 08.00-16.00";
        Browser::new(&router).open("/").await.shows(line);
        admin.open(kept.to()).await.shows("diisi di meja kerja");
        assert_eq!(stored(&place).await.0, ["setup.contact"]);

        place.settings.portal.contact = Some("Loket balai kota".into());
        place.node = place.reopened().await;
        let router = crate::doors::router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let step = admin.open("/meja/pengaturan?langkah=1").await;
        step.shows("Loket balai kota (tertulis dalam node.toml)");
        assert!(!step.text.contains(CONTACT), "it is read only");
        admin.post(CONTACT, &fields).await.is(StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn an_address_is_kept_when_the_page_was_opened_there_and_holds_at_once() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let there = "https://lapor.bandung.go.id";
        for (typed, said) in [
            ("lapor.bandung.go.id", "tanpa apa pun di belakangnya"),
            (there, "Halaman ini dibuka di http://127.0.0.1:8090"),
        ] {
            let wrong = sent_from(&admin, "http://127.0.0.1:8090", typed).await;
            wrong
                .is(StatusCode::UNPROCESSABLE_ENTITY)
                .shows(said)
                .shows(&format!("value=\"{typed}\""));
        }
        assert_eq!(place.node.site(), "http://127.0.0.1:8090");
        let kept = sent_from(&admin, there, there).await;
        kept.is(StatusCode::SEE_OTHER);
        assert_eq!(place.node.site(), there);
        assert!(place.node.cookies().https, "cookies go over nothing else");
        let entered = Browser::new(&router).enters(ADMIN, WORDS).await;
        let cookie = entered.headers["set-cookie"].to_str().unwrap();
        assert!(
            cookie.contains("__Host-") && cookie.contains("Secure"),
            "{cookie}"
        );
        assert_eq!(stored(&place).await.0, ["setup.address"]);
        let again = place.reopened().await;
        assert_eq!(again.site(), there, "it outlives the process");
        assert!(again.cookies().https);
    }
}

#[tokio::test]
async fn a_mail_server_is_kept_when_it_has_taken_a_letter_and_its_password_is_never_shown() {
    for place in staffed().await {
        let server = TinyServer::start(Manners {
            auth: Some("235 come in"),
            ..Manners::default()
        })
        .await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        assert!(!place.node.sends_letters());
        let port = server.port.to_string();
        let kept = admin
            .post(MAIL, &server_typed(&port, "lapor", PASSWORD))
            .await;
        assert_eq!(kept.is(StatusCode::SEE_OTHER).to(), STEP);
        assert_eq!(server.taken()[0].to, ADMIN);
        let step = admin.open(STEP).await;
        step.shows("surat uji untuk").shows("value=\"localhost\"");
        let (acts, typed) = stored(&place).await;
        assert_eq!(acts, ["setup.mail"]);
        assert!(
            !step.text.contains(PASSWORD) && !typed.contains(PASSWORD),
            "{typed}"
        );

        assert!(place.node.sends_letters(), "no restart was needed");
        let again = place.reopened().await;
        again
            .ask_sign_in("warga@contoh.id", [192, 0, 2, 7].into())
            .await
            .unwrap();
        let delivery = Delivery::of(&again).unwrap().unwrap();
        assert_eq!(delivery.round().await.unwrap(), Round::Worked(1));
        assert_eq!(server.taken()[1].to, "warga@contoh.id");

        let same = admin.post(MAIL, &server_typed(&port, "lapor", "")).await;
        same.is(StatusCode::SEE_OTHER);
        let other = TinyServer::start(Manners::default()).await;
        let stolen = other.port.to_string();
        let asked = admin.post(MAIL, &server_typed(&stolen, "lapor", "")).await;
        asked
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tulis kata sandi untuk pengguna dan server ini");
        assert!(
            other.heard().is_empty(),
            "a kept password goes to no other server"
        );
        let gone = admin.post(MAIL, &[("hapus", "ya")]).await;
        gone.is(StatusCode::SEE_OTHER);
        assert!(!place.node.sends_letters());
    }
}

#[tokio::test]
async fn a_mail_server_that_takes_nothing_is_not_kept_and_the_form_says_why() {
    for place in staffed().await {
        let server = TinyServer::start(Manners {
            auth: Some("535 5.7.8 wrong"),
            ..Manners::default()
        })
        .await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let port = server.port.to_string();
        let refused = admin
            .post(MAIL, &server_typed(&port, "lapor", PASSWORD))
            .await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Surat uji tidak terkirim")
            .shows(&format!("value=\"{port}\""));
        assert!(!refused.text.contains(PASSWORD));
        for (field, value, said) in [
            ("porta", "banyak", "angka dari 0 sampai 65535"),
            ("pengirim", "lapor", "Tulis alamat seperti"),
            ("host", "smtp.bandung.go.id", "kata sandi terbaca di jalan"),
            ("sandi", "", "Tulis kata sandi untuk"),
            ("user", "", "Tulis juga nama pengguna"),
        ] {
            let mut fields = server_typed(&port, "lapor", PASSWORD);
            fields
                .iter_mut()
                .find(|(name, _)| *name == field)
                .unwrap()
                .1 = value;
            let page = admin.post(MAIL, &fields).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY).shows(said);
        }
        assert!(!place.node.sends_letters());
        assert_eq!(stored(&place).await, (Vec::new(), String::new()));
    }
}

#[tokio::test]
async fn a_server_of_the_file_is_read_only_at_the_desk() {
    for mut place in staffed().await {
        let mail = &mut place.settings.mail;
        mail.host = Some("localhost".into());
        mail.encryption = Encryption::None;
        mail.from = Some("lapor@bandung.go.id".into());
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        admin.open(STEP).await.shows("hanya dapat diubah di sana");
        let fields = server_typed("2525", "", "");
        admin.post(MAIL, &fields).await.is(StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn what_is_asked_of_answers_holds_at_once_and_is_what_the_file_says_where_it_says_it() {
    const APPROVAL: &str = "/meja/pengaturan/persetujuan";
    const EVIDENCE: &str = "/meja/pengaturan/bukti";
    const STEPS: [&str; 2] = ["/meja/pengaturan?langkah=8", "/meja/pengaturan?langkah=9"];
    let category = |name: &str| Category::try_from(name.to_owned()).unwrap();
    let (parking, neutral) = (
        category("Perhubungan/Parkir Liar"),
        category("Netralitas ASN"),
    );
    for mut place in staffed().await {
        let node = place.node.clone();
        let router = router(node.clone());
        let (admin, siti) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let typed = [("kategori-bukti", "Parkir Liar\nBecak")];
        siti.post(EVIDENCE, &typed).await.is(StatusCode::FORBIDDEN);
        let wrong = admin.post(EVIDENCE, &typed).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tidak ada satu kategori yang bernama Becak")
            .shows("Parkir Liar\nBecak</textarea>");
        assert!(!node.category_needs(&parking).evidence);
        let typed = [
            ("kategori-bukti", "parkir liar\nPerhubungan/Parkir Liar"),
            ("tambah-bukti", "Netralitas ASN"),
        ];
        let kept = admin.post(EVIDENCE, &typed).await;
        assert_eq!(kept.is(StatusCode::SEE_OTHER).to(), STEPS[1]);
        assert!(node.category_needs(&parking).evidence);
        admin
            .open(STEPS[1])
            .await
            .shows("\nPerhubungan/Parkir Liar\nNetralitas ASN</textarea>")
            .shows("<option value=\"Perhubungan/Parkir Liar\">");
        let case = filed(&place, "Parkir di trotoar", "Isi.").await;
        let stands = json!({ "category": parking });
        acts(&place, case, "case.verified", stands, None).await;
        let answer = siti.open(&at(case, "/tindak-lanjut")).await;
        answer.shows("<label for=\"lampiran\">Lampiran</label>");

        assert!(!node.wants_approval(None));
        let kept = admin.post(APPROVAL, &[("semua", "1")]).await;
        assert_eq!(kept.is(StatusCode::SEE_OTHER).to(), STEPS[0]);
        assert!(node.wants_approval(None));
        let step = admin.open(STEPS[0]).await;
        step.shows("Setiap jawaban publik disetujui atasan")
            .shows("value=\"1\" checked");
        let some = [("kategori-atasan", "Netralitas ASN")];
        admin.post(APPROVAL, &some).await.is(StatusCode::SEE_OTHER);
        let wanted = [&parking, &neutral].map(|of| node.wants_approval(Some(of)));
        assert_eq!(wanted, [false, true]);
        assert!(place.reopened().await.wants_approval(Some(&neutral)));
        let cleared = admin.post(EVIDENCE, &[("kategori-bukti", "")]).await;
        cleared.is(StatusCode::SEE_OTHER);
        assert!(!node.category_needs(&parking).evidence);
        let acts = ["evidence", "approval", "approval", "evidence"];
        assert_eq!(
            stored(&place).await.0,
            acts.map(|act| format!("setup.{act}"))
        );

        place.settings.answers.approval = Some(false);
        place.node = place.reopened().await;
        assert!(!place.node.wants_approval(Some(&neutral)));
        let router = crate::doors::router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        admin
            .open(STEPS[0])
            .await
            .shows("hanya dapat diubah di sana");
        admin.post(APPROVAL, &some).await.is(StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn the_page_says_that_what_is_filled_in_there_holds_at_once_whatever_it_is() {
    for place in staffed().await {
        let router = crate::doors::router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let page = admin.open("/meja/pengaturan").await;
        page.is(StatusCode::OK)
            .shows("Yang dapat diisi di sini berlaku seketika");
        // Contact with address, mail, approval and evidence.
        assert_eq!(page.text.matches(">Isi atau ubah<").count(), 4);
    }
}

#[tokio::test]
async fn a_warning_on_the_last_day_is_said_without_a_count() {
    for mut place in staffed().await {
        place.settings.deadlines.warn_working_days = 0;
        place.settings.deadlines.escalate_working_days = 0;
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let page = admin.open("/meja/pengaturan").await;
        page.is(StatusCode::OK)
            .shows("Peringatan pada hari terakhir tenggat.")
            .shows("Pimpinan dikabari begitu tenggat lewat.");
    }
}

#[tokio::test]
async fn what_is_arranged_elsewhere_leads_back_to_its_step_until_all_is_arranged() {
    const PAGES: [(&str, usize); 3] = [
        ("/meja/unit", 3),
        ("/meja/kategori", 4),
        ("/meja/petugas", 5),
    ];
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        for (path, step) in PAGES {
            let back = format!("/meja/pengaturan?langkah={step}");
            admin.open(&back).await.shows(&format!("href=\"{path}\""));
            let crumb = format!("<p class=\"crumb\"><a href=\"{back}\">Menyiapkan node</a>");
            admin.open(path).await.shows(&crumb);
        }
        admin.post("/meja/pengaturan/selesai", &[]).await;
        for (path, _) in PAGES {
            let page = admin.open(path).await;
            assert!(!page.text.contains("langkah="), "{}", page.text);
        }
        let crumb = "<p class=\"crumb\"><a href=\"/meja/pengaturan\">Pengaturan</a>";
        admin.open("/meja/unit").await.shows(crumb);
    }
}

#[tokio::test]
async fn a_test_letter_leads_back_to_the_step_where_it_was_asked_for() {
    for mut place in staffed().await {
        let server = TinyServer::start(Manners::default()).await;
        let mail = &mut place.settings.mail;
        (mail.host, mail.port) = (Some("localhost".into()), server.port);
        mail.encryption = Encryption::None;
        mail.from = Some("Lapor Bandung <lapor@bandung.go.id>".into());
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let mut steps = Vec::new();
        for step in 1..=12 {
            let page = admin
                .open(&format!("/meja/pengaturan?langkah={step}"))
                .await;
            let field = format!("name=\"langkah\" value=\"{step}\"");
            steps.extend(page.text.contains(&field).then(|| step.to_string()));
        }
        let [step] = &steps[..] else {
            panic!("one step sends a letter: {steps:?}");
        };
        let asked = [("langkah", step.as_str())];
        let tried = admin.post("/meja/pengaturan/uji-surel", &asked).await;
        assert_eq!(tried.to(), format!("/meja/pengaturan?langkah={step}"));
        let tried = admin.post("/meja/pengaturan/uji-surel", &[]).await;
        assert_eq!(tried.to(), "/meja/pengaturan");
    }
}
