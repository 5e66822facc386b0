//! The link to a password goes to its owner as a letter, or is shown to be handed over.

use http::StatusCode;
use lapor_web::mail::Encryption;
use lapor_web::mail::tiny_server::{Manners, TinyServer};

use super::{ADMIN, Browser, WORDS, staffed};
use crate::doors::router;
use crate::testing::Place;

const BUDI: &str = "budi@bandung.go.id";
const OTHERS: &str = "mendung sembilan rambutan perahu";
const NEW: [(&str, &str); 3] = [("name", "Budi"), ("login", BUDI), ("role", "officer")];

async fn with_mail(manners: &Manners) -> Vec<(Place, TinyServer)> {
    let mut out = Vec::new();
    for mut place in staffed().await {
        let server = TinyServer::start(manners.clone()).await;
        let mail = &mut place.settings.mail;
        (mail.host, mail.port) = (Some("localhost".into()), server.port);
        mail.encryption = Encryption::None;
        mail.from = Some("Lapor Bandung <lapor@bandung.go.id>".into());
        place.node = place.reopened().await;
        out.push((place, server));
    }
    out
}

fn mailing(fields: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    fields.iter().copied().chain([("kirim", "ya")]).collect()
}

/// A letter without the breaks that its way gave it.
fn joined(text: &str) -> String {
    text.replace("=\r\n", "").replace("=\n", "")
}

/// The path of the link in a letter.
fn link_in(text: &str) -> String {
    let text = joined(text);
    let (_, rest) = text.split_once("http://127.0.0.1:8090").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn who_is_invited_by_letter_chooses_a_password_by_it_once_and_the_admin_never_sees_it() {
    for (place, server) in Box::pin(with_mail(&Manners::default())).await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let offered = admin.open("/meja/petugas/baru").await;
        offered.shows("Buat akun dan kirim tautannya");
        let made = admin.post("/meja/petugas/baru", &mailing(&NEW)).await;
        made.is(StatusCode::OK)
            .shows("Tautan dikirim kepada Budi di budi@bandung.go.id");
        assert!(!made.text.contains("/sandi/"), "the link is for Budi alone");
        let letter = server.taken().remove(0);
        assert_eq!(letter.to, BUDI);
        assert!(letter.text.contains("Subject: Akun Anda di kota-bandung"));
        assert!(letter.text.contains("Your account at kota-bandung"));
        let (budi, link) = (Browser::new(&router), link_in(&letter.text));
        let chosen = [("password", OTHERS), ("again", OTHERS)];
        assert_eq!(budi.post(&link, &chosen).await.to(), "/masuk");
        budi.open(&link).await.is(StatusCode::GONE);
        assert_eq!(budi.enters(BUDI, OTHERS).await.to(), "/meja");
        let audit = admin.open("/meja/audit").await;
        audit.shows("Tautan kata sandi dikirim lewat surel");

        let account = place.node.accounts().find_by_login(BUDI).await.unwrap();
        let reset = format!("/meja/petugas/{}/sandi", account.id);
        admin
            .post(&reset, &[("kirim", "ya")])
            .await
            .shows("dikirim kepada Budi");
        let letter = joined(&server.taken().remove(1).text);
        assert!(
            letter.contains("kata sandi lama tidak berlaku lagi"),
            "{letter}"
        );
        budi.open("/meja").await.is(StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_link_is_shown_where_that_is_chosen_or_the_letter_fails() {
    let refusing = Manners {
        recipients: [(BUDI.to_owned(), "550 5.1.1 no such user")].into(),
        ..Manners::default()
    };
    for (place, server) in Box::pin(with_mail(&refusing)).await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let made = admin.post("/meja/petugas/baru", &mailing(&NEW)).await;
        made.shows("Surat ke budi@bandung.go.id tidak terkirim")
            .shows("no such user")
            .shows("/sandi/");
        let account = place.node.accounts().find_by_login(BUDI).await.unwrap();
        let reset = format!("/meja/petugas/{}/sandi", account.id);
        let shown = admin.post(&reset, &[]).await;
        shown
            .shows("Berikan tautan ini kepada Budi")
            .shows("/sandi/");
        assert!(server.taken().is_empty());
    }
}

#[tokio::test]
async fn without_a_mail_server_a_link_is_shown_as_before() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let offered = admin.open("/meja/petugas/baru").await;
        assert!(!offered.text.contains("name=\"kirim\""));
        let made = admin.post("/meja/petugas/baru", &mailing(&NEW)).await;
        made.shows("Berikan tautan ini kepada Budi")
            .shows("/sandi/");
    }
}
