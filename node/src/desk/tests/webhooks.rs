//! Webhooks, as an administrator makes, mends and ends them.

use http::StatusCode;
use lapor_web::webhook::tiny_receiver::TinyReceiver;

use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::doors::router;
use crate::hooks::HookState;
use crate::store::webhooks::deliveries::{self, DeliveryRow};
use crate::testing::NOW;

const PATH: &str = "/meja/webhook";

#[tokio::test]
async fn a_webhook_is_made_its_secret_shown_once_and_its_form_keeps_what_was_typed() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        admin.open(PATH).await.shows("Belum ada webhook");
        let typed = [("nama", "Aplikasi kota"), ("alamat", "http://app.example/")];
        let wrong = admin.post(PATH, &typed).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("hanya lewat https")
            .shows("Centang sedikitnya satu")
            .shows("value=\"Aplikasi kota\"")
            .shows("value=\"http://app.example/\"");
        let form = [
            ("nama", "Aplikasi kota"),
            ("alamat", "https://app.example.go.id/rahasia-penerima"),
            ("jenis", "case.*"),
            ("lain", "programme.published"),
        ];
        let made = admin.post(PATH, &form).await;
        let secret = made
            .is(StatusCode::OK)
            .between("<code class=\"secret\">", "</code>");
        assert!(secret.starts_with("whsec_"), "{secret}");
        assert_eq!(made.headers["cache-control"], "no-store");
        let next = made.between("<div class=\"actions\">", "</div>");
        assert_eq!(
            next,
            format!("<a class=\"button\" href=\"{PATH}\">Sudah saya simpan</a>")
        );
        let hook = place.node.webhooks().await.unwrap().remove(0);
        assert_eq!(hook.kinds, ["case.*", "programme.published"]);
        let one = format!("{PATH}/{}", hook.id);
        let page = admin.open(&one).await;
        page.shows("Berjalan")
            .shows("app.example.go.id")
            .shows("value=\"case.*\" checked")
            .shows("value=\"programme.published\"");
        assert!(!page.text.contains("rahasia-penerima") && !page.text.contains(&secret));
        let known = admin.post(PATH, &form).await;
        known
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Sudah ada webhook ke alamat ini");
        let renamed = [("nama", "Aplikasi baru"), ("jenis", "*")];
        admin.post(&one, &renamed).await.is(StatusCode::SEE_OTHER);
        let hook = place.node.webhook(&hook.id).await.unwrap();
        assert_eq!(
            (hook.name.as_str(), hook.kinds),
            ("Aplikasi baru", vec!["*".to_owned()])
        );
        assert!(
            hook.url.ends_with("rahasia-penerima"),
            "it stays where none is given"
        );
        let again = admin.post(&format!("{one}/rahasia"), &[]).await;
        again.is(StatusCode::OK).shows("rahasia yang lama");
        let ended = admin.post(&format!("{one}/akhiri"), &[]).await;
        assert_eq!(ended.is(StatusCode::SEE_OTHER).to(), PATH);
        assert!(place.node.webhooks().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn one_that_gave_up_is_told_above_the_list_and_goes_on_when_it_is_switched_on() {
    lapor_certs::tls::install_default_provider();
    for mut place in staffed().await {
        place.settings.webhooks.local = true;
        place.node = place.reopened().await;
        let (receiver, at) = TinyReceiver::start().await.unwrap();
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let form = [
            ("nama", "Aplikasi"),
            ("alamat", at.as_str()),
            ("jenis", "*"),
        ];
        admin.post(PATH, &form).await.is(StatusCode::OK);
        let id = place.node.webhooks().await.unwrap().remove(0).id;
        let one = format!("{PATH}/{id}");
        let tried = admin.post(&format!("{one}/uji"), &[]).await;
        assert_eq!(tried.is(StatusCode::SEE_OTHER).to(), one);
        admin.open(&one).await.shows("Panggilan uji diterima");
        assert_eq!(receiver.heard().len(), 1);
        let mut tx = place.node.write_tx().await.unwrap();
        crate::store::webhooks::switch_off(&mut tx, &id, Some("HTTP 410"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        admin.open("/meja").await.shows("1 webhook dimatikan");
        admin
            .open(&one)
            .await
            .shows("Dimatikan sendiri")
            .shows("HTTP 410")
            .shows("Tidak ada kiriman");
        admin
            .post(&format!("{one}/nyala"), &[])
            .await
            .is(StatusCode::SEE_OTHER);
        let hook = place.node.webhook(&id).await.unwrap();
        assert_eq!((hook.state, hook.problem), (HookState::On, None));
        let wrong = admin
            .post(&format!("{one}/ulang"), &[("sejak", "kemarin")])
            .await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tulis tanggal dan jam")
            .shows("value=\"Aplikasi\"");
        let since = [("sejak", "2026-09-01T00:00")];
        let again = admin.post(&format!("{one}/ulang"), &since).await;
        again.is(StatusCode::SEE_OTHER);
        let (_, detail) = place.audited("webhook.replayed").await.remove(0);
        assert!(detail.contains(": 0") && NOW > 0, "{detail}");
        let row = DeliveryRow {
            id: "msg_1".into(),
            webhook: id,
            change: 1,
            kind: "case.verified".into(),
            body: "{}".into(),
            at: NOW,
            state: "waiting".into(),
            tries: 0,
            problem: None,
            done_at: None,
        };
        let mut tx = place.node.write_tx().await.unwrap();
        deliveries::add(&mut tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        for (act, field) in [("kirim", ("kiriman", "msg_1")), ("ulang", since[0])] {
            let again = admin.post(&format!("{one}/{act}"), &[field]).await;
            again.is(StatusCode::SEE_OTHER);
            let page = admin.open(&one).await;
            page.shows("masih menunggu, dan dikirim sendiri");
            let all = page.text.contains("Semua kiriman dari waktu itu");
            assert_eq!(all, act == "ulang");
        }
        let off = admin.post(&format!("{one}/mati"), &[]).await;
        off.is(StatusCode::SEE_OTHER);
        for (act, field) in [("kirim", ("kiriman", "msg_1")), ("ulang", since[0])] {
            let again = admin.post(&format!("{one}/{act}"), &[field]).await;
            again.is(StatusCode::SEE_OTHER);
            let page = admin.open(&one).await;
            page.shows("masih menunggu: webhook mati");
            let all = page.text.contains("Semua kiriman dari waktu itu");
            assert_eq!(all, act == "ulang");
        }
        let skip = [("kiriman", "msg_1")];
        admin.post(&format!("{one}/lewati"), &skip).await;
        let again = admin.post(&format!("{one}/kirim"), &skip).await;
        again.is(StatusCode::SEE_OTHER);
        let page = admin.open(&one).await;
        page.shows("baru dikirim setelah webhook dinyalakan");
    }
}

#[tokio::test]
async fn webhooks_are_for_administrators() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        siti.open(PATH).await.is(StatusCode::FORBIDDEN);
        let form = [
            ("nama", "a"),
            ("alamat", "https://a.example/"),
            ("jenis", "*"),
        ];
        siti.post(PATH, &form).await.is(StatusCode::FORBIDDEN);
        siti.post(&format!("{PATH}/x/akhiri"), &[])
            .await
            .is(StatusCode::FORBIDDEN);
        assert!(place.node.webhooks().await.unwrap().is_empty());
    }
}
