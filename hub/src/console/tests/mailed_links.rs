//! The link to an operator's password goes to its owner as a letter.

use lapor_web::mail::Encryption;
use lapor_web::mail::tiny_server::{Manners, TinyServer};

use super::*;

const NEW: [(&str, &str); 5] = [
    ("name", "Budi Santoso"),
    ("login", "budi@pusat.example"),
    ("role", "operator"),
    ("alasan", "petugas baru"),
    ("kirim", "ya"),
];

#[tokio::test]
async fn an_operator_who_is_invited_by_letter_chooses_a_password_by_it() {
    for db in databases_of(Schema::Hub).await {
        let server = TinyServer::start(Manners::default()).await;
        let mail = MailSettings {
            host: Some("localhost".into()),
            port: server.port,
            encryption: Encryption::None,
            from: Some("Federasi Lapor <hub@lapor.go.id>".into()),
            ..MailSettings::default()
        };
        let place = Place::with(db, true, mail).await;
        let operator = login(ConsoleRole::Operator);
        place.hire(&operator, ConsoleRole::Operator).await;
        let browser = place.enters(&operator).await;
        let made = browser.post("/konsol/petugas/baru", &NEW).await;
        made.is(StatusCode::OK)
            .shows("Tautan dikirim kepada Budi Santoso di budi@pusat.example")
            .shows("operator lain")
            .hides("/sandi/");
        let letter = server.taken().remove(0);
        assert_eq!(letter.to, "budi@pusat.example");
        let text = letter.text.replace("=\r\n", "").replace("=\n", "");
        assert!(text.contains("otomatis oleh hub"), "{text}");
        assert_eq!(place.audited("account.link_mailed").await.len(), 1);
        let (_, link) = text.split_once("/sandi/").unwrap();
        let link = link.split_whitespace().next().unwrap();
        let budi = Browser::before(&place.console);
        let chosen = [("password", WORDS), ("again", WORDS)];
        let done = budi.post(&format!("/sandi/{link}"), &chosen).await;
        assert_eq!(done.to, "/masuk");
    }
}

#[tokio::test]
async fn without_a_mail_server_the_console_shows_the_link() {
    for place in Place::all(false).await {
        let browser = place.enters(&login(ConsoleRole::Operator)).await;
        let made = browser.post("/konsol/petugas/baru", &NEW).await;
        made.shows("/sandi/");
    }
}
