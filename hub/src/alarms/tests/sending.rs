//! Letters and webhooks on their way: to a mail server and a receiver of a few
//! lines, in the process of the test.

use std::sync::Arc;

use http::StatusCode;
use lapor_migrations::throwaway::databases_of;
use lapor_migrations::{Schema, on};
use lapor_web::hindrance::Cause;
use lapor_web::mail::Encryption;
use lapor_web::mail::tiny_server::{Manners, TinyServer};
use lapor_web::webhook::tiny_receiver::TinyReceiver;
use serde_json::Value;

use super::super::acts::{self, ActError, Channel};
use super::super::overview::{self, Place as From, Sent};
use super::super::{Sender, look, recipients};
use super::{HOUR_MS, MINUTE_MS, Place};
use crate::deeds::Deed;
use crate::settings::Settings;
use crate::store::alarms::deliveries::{self, Trouble};

const SEALED: &str = "select secret from alarm_recipients";

async fn places(institutions: usize, change: impl Fn(&mut Settings)) -> Vec<Place> {
    lapor_certs::tls::install_default_provider();
    let mut out = Vec::new();
    for db in databases_of(Schema::Hub).await {
        out.push(Place::on(db, institutions, &change).await);
    }
    out
}

async fn add_webhook(place: &Place, at: &str) -> (String, String) {
    let to = ("Pusat krisis", at);
    let secret = recipients::add(&place.hub, "test", Channel::Webhook, to).await;
    let secret = secret.unwrap().unwrap().to_string();
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let all = acts::recipients(&mut tx).await.unwrap();
    (all.last().unwrap().id.clone(), secret)
}

/// Sends what is due; how many that were.
async fn round(sender: &Sender, place: &Place) -> usize {
    let taken = sender.take(&place.hub, 8).await.unwrap();
    for one in &taken {
        sender.settle(&place.hub, one).await.unwrap();
    }
    taken.len()
}

async fn sent(place: &Place) -> Vec<Sent> {
    let all = overview::sent(&place.hub, &From::default(), 100).await;
    all.unwrap()
}

#[tokio::test]
async fn a_webhook_is_signed_and_keeps_its_id_until_it_arrives() {
    let (receiver, at) = TinyReceiver::start().await.unwrap();
    for place in places(1, |_| {}).await {
        place.only_silence().await;
        let (_, secret) = add_webhook(&place, &at).await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        let sender = Sender::of(place.hub.settings()).unwrap();
        let before = receiver.heard().len();
        receiver.answers(&[StatusCode::BAD_GATEWAY, StatusCode::FOUND]);
        for _ in 0..2 {
            assert_eq!(round(&sender, &place).await, 1);
            assert_eq!(round(&sender, &place).await, 0, "not yet");
            place.after(MINUTE_MS).await;
        }
        let waits = sent(&place).await;
        assert_eq!((waits[0].state.as_str(), waits[0].tries), ("waiting", 2));
        assert_eq!(waits[0].problem.as_deref(), Some("HTTP 302"));
        assert_eq!(waits[0].cause, Some(Cause::Http { status: 302 }));
        assert_eq!(round(&sender, &place).await, 1);
        let there = sent(&place).await.remove(0);
        assert_eq!((there.state.as_str(), there.cause), ("sent", None));
        let heard = receiver.heard().split_off(before);
        assert_eq!(heard.len(), 3);
        for call in &heard {
            assert!(call.is_signed_with(&secret));
            assert_eq!(call.header("webhook-id"), heard[0].header("webhook-id"));
            let told: Value = serde_json::from_str(&call.body).unwrap();
            assert_eq!(told["type"], "alarms.changed");
            let group = &told["data"]["opened"][0];
            assert_eq!(group["condition"], "silent");
            assert_eq!(group["alarms"][0]["instance"], "kab-0");
        }
        let mut changed = heard[0].clone();
        changed.body.push(' ');
        assert!(!changed.is_signed_with(&secret));
    }
}

#[tokio::test]
async fn what_never_arrives_is_given_up_and_can_be_sent_again() {
    let (receiver, at) = TinyReceiver::start().await.unwrap();
    for place in places(0, |settings| settings.alarms.tries = 3).await {
        place.only_silence().await;
        let (id, secret) = add_webhook(&place, &at).await;
        recipients::test(&place.hub, "test", &id).await.unwrap();
        let sender = Sender::of(place.hub.settings()).unwrap();
        receiver.answers(&[StatusCode::INTERNAL_SERVER_ERROR; 3]);
        for _ in 0..5 {
            round(&sender, &place).await;
            place.after(HOUR_MS).await;
        }
        let dead = sent(&place).await.remove(0);
        assert_eq!((dead.state.as_str(), dead.tries), ("dead", 3));
        assert_eq!(dead.problem.as_deref(), Some("HTTP 500"));
        recipients::send_again(&place.hub, "test", &dead.id)
            .await
            .unwrap();
        let waits = recipients::send_again(&place.hub, "test", &dead.id).await;
        assert!(matches!(waits, Err(ActError::Gone)), "it is on its way");
        assert_eq!(round(&sender, &place).await, 1);
        let heard = receiver.heard();
        let last = heard.last().unwrap();
        assert_eq!(last.header("webhook-id"), dead.id);
        assert!(last.is_signed_with(&secret) && last.body.contains("alarms.test"));
        receiver.answers(&[StatusCode::GONE]);
        recipients::test(&place.hub, "test", &id).await.unwrap();
        round(&sender, &place).await;
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let trouble = deliveries::trouble(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(trouble, Trouble::default(), "a test is none");
        let gone = sent(&place).await;
        let gone = gone.iter().find(|one| one.id != dead.id).unwrap();
        assert_eq!((gone.state.as_str(), gone.tries), ("dead", 1));
        assert_eq!(
            sent(&place)
                .await
                .iter()
                .filter(|one| one.state == "sent")
                .count(),
            1
        );
    }
}

#[tokio::test]
async fn whoever_does_not_answer_holds_up_nobody() {
    let (receiver, at) = TinyReceiver::start().await.unwrap();
    // It takes connections, and says nothing.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for place in places(0, |_| {}).await {
        let to = format!("http://{}/", deaf.local_addr().unwrap());
        let (mute, _) = add_webhook(&place, &to).await;
        place.clock.advance(1);
        let (well, _) = add_webhook(&place, &at).await;
        let before = receiver.heard().len();
        recipients::test(&place.hub, "test", &mute).await.unwrap();
        let hub = Arc::clone(&place.hub);
        let sender = tokio::spawn(async move { super::super::send(&hub).await });
        let until = async |is_so: &dyn Fn(&[Sent]) -> bool| {
            while !is_so(&sent(&place).await) {
                tokio::task::yield_now().await;
            }
        };
        until(&|sent| sent[0].tries == 1).await;
        recipients::test(&place.hub, "test", &well).await.unwrap();
        until(&|sent| sent.iter().any(|one| one.state == "sent")).await;
        assert_eq!(receiver.heard().len(), before + 1);
        sender.abort();
    }
}

#[tokio::test]
async fn a_secret_is_sealed_and_another_one_replaces_it() {
    let (receiver, at) = TinyReceiver::start().await.unwrap();
    for place in places(1, |_| {}).await {
        let (id, first) = add_webhook(&place, &at).await;
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let sealed: Vec<u8> =
            on!(&mut tx, c => sqlx::query_scalar(SEALED).fetch_one(c).await).unwrap();
        tx.rollback().await.unwrap();
        let hidden = |text: &str| !String::from_utf8_lossy(&sealed).contains(&text[6..20]);
        assert!(hidden(&first));
        let second = recipients::new_secret(&place.hub, "test", &id)
            .await
            .unwrap();
        recipients::test(&place.hub, "test", &id).await.unwrap();
        let sender = Sender::of(place.hub.settings()).unwrap();
        round(&sender, &place).await;
        let last = receiver.heard().pop().unwrap();
        assert!(last.is_signed_with(&second) && !last.is_signed_with(&first));
    }
}

#[tokio::test]
async fn a_letter_goes_to_the_mail_server_and_waits_while_it_is_away() {
    for place in places(1, |_| {}).await {
        let server = TinyServer::start(Manners::default()).await;
        let mut settings = place.hub.settings().clone();
        settings.mail.host = Some("localhost".into());
        settings.mail.port = server.port;
        settings.mail.encryption = Encryption::None;
        settings.mail.from = Some("Lapor <hub@pusat.example>".into());
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        let none = Sender::of(place.hub.settings()).unwrap();
        round(&none, &place).await;
        let waits = sent(&place).await.remove(0);
        assert_eq!(waits.problem.as_deref(), Some("mail.host is not set"));
        assert_eq!(waits.cause, Some(Cause::Unset));
        place.after(MINUTE_MS).await;
        let sender = Sender::of(&settings).unwrap();
        assert_eq!(round(&sender, &place).await, 1);
        let taken = server.taken().remove(0);
        assert_eq!(taken.to, "piket@pusat.example");
        assert!(
            taken
                .text
                .contains("Subject: Gawat: Tidak terdengar: Kabupaten 0"),
            "{}",
            taken.text
        );
        assert_eq!(sent(&place).await[0].state, "sent");
    }
}

#[tokio::test]
async fn what_kept_one_from_arriving_is_noted_by_kind_beside_what_was_said() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let address = "piket@pusat.example";
    let manners = Manners {
        recipients: [(address.to_owned(), "550 5.1.1 nobody here")].into(),
        ..Manners::default()
    };
    let server = TinyServer::start(manners).await;
    for place in places(0, |_| {}).await {
        let mut settings = place.hub.settings().clone();
        settings.mail.host = Some("localhost".into());
        settings.mail.port = server.port;
        settings.mail.encryption = Encryption::None;
        settings.mail.from = Some("Lapor <hub@pusat.example>".into());
        let sender = Sender::of(&settings).unwrap();
        add_webhook(&place, &nobody).await;
        recipients::add(&place.hub, "test", Channel::Mail, ("Piket", address))
            .await
            .unwrap();
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let all = acts::recipients(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        for one in &all {
            recipients::test(&place.hub, "test", &one.id).await.unwrap();
        }
        assert_eq!(round(&sender, &place).await, 2);
        let sent = sent(&place).await;
        for (channel, state, cause, said) in [
            (
                Channel::Webhook,
                "waiting",
                Cause::Unreachable,
                "Connection refused",
            ),
            (
                Channel::Mail,
                "dead",
                Cause::Mail { code: 550 },
                "5.1.1 nobody here",
            ),
        ] {
            let one = sent.iter().find(|one| one.channel == channel).unwrap();
            assert_eq!((one.state.as_str(), one.cause), (state, Some(cause)));
            let problem = one.problem.as_deref().unwrap();
            assert!(problem.contains(said), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_recipient_that_is_switched_off_gets_nothing_more() {
    for place in places(1, |_| {}).await {
        place.only_silence().await;
        let (id, _) = add_webhook(&place, "http://127.0.0.1:9/").await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        let recipient = id.clone();
        place.does(Deed::DisableRecipient { recipient }).await;
        assert_eq!(sent(&place).await[0].state, "dropped");
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let trouble = deliveries::trouble(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(trouble, Trouble::default(), "nobody is to blame");
        assert!(recipients::test(&place.hub, "test", &id).await.is_err());
        look(&place.hub).await.unwrap();
        place.after(25 * HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        assert_eq!(sent(&place).await.len(), 1);
    }
}
