//! What becomes of answers behind the network, or behind the gateway.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_stand_ins::kannel::Gateway;
use lapor_stand_ins::smsc::Reply;
use rusmpp::values::MessageState;
use tower::util::ServiceExt as _;

use super::kannel::Kannel;
use super::spoken::{MINUTE_MS, Networked, REPORT, SITI, sms};
use super::{SECRET, address, saying, settings};
use crate::testing::{Place, databases};

/// One that has reported and was answered, with the network's id of the answer.
async fn answered() -> Vec<(Networked, String)> {
    let mut all = Vec::new();
    for one in Networked::bound().await {
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        one.speaks().await;
        let said = one.smsc.submitted().await.unwrap();
        all.push((one, said.id));
    }
    all
}

#[tokio::test]
async fn a_receipt_says_that_an_answer_was_delivered() {
    for (one, id) in Box::pin(answered()).await {
        for (id, stat, state) in [
            (id.as_str(), "ACCEPTD", "sent"),
            ("another", "DELIVRD", "sent"),
            (&id, "DELIVRD", "delivered"),
            // What is over stays so.
            (&id, "UNDELIV", "delivered"),
        ] {
            assert_eq!(one.smsc.receipt(id, stat).await, Some(0));
            assert_eq!(one.outbox().await, [state], "{stat}");
        }
        assert_eq!(one.taken().await.len(), 1, "a receipt is no message");
    }
}

#[tokio::test]
async fn an_answer_that_reached_nobody_is_listed_with_why() {
    for (one, id) in Box::pin(answered()).await {
        let told = one
            .smsc
            .told_by_parameters(&id, MessageState::Undeliverable);
        assert_eq!(told.await, Some(0));
        assert_eq!(one.outbox().await, ["refused"]);
        let refused = one.node().channel_refused().await.unwrap();
        assert_eq!(
            refused[0].problem.as_deref(),
            Some("the network says UNDELIV")
        );
        let listed = format!("{refused:?}");
        assert!(!listed.contains(&SITI[1..]), "{listed}");
        let unsaid = one.node().not_said().await.unwrap();
        assert_eq!(unsaid.len(), 1);
        let number = unsaid[0].number;
        one.node().say_again(number, "test").await.unwrap();
        one.speaks().await;
        assert_ne!(one.smsc.submitted().await.unwrap().id, id);
        assert_eq!(one.outbox().await, ["sent"]);
    }
}

#[tokio::test]
async fn a_receipt_that_comes_before_the_answer_is_kept_until_then() {
    for one in Networked::bound().await {
        one.takes(&sms(SITI, REPORT)).await;
        one.hears().await;
        one.smsc.replies([Reply::ReceiptFirst]);
        one.speaks().await;
        assert_eq!(one.outbox().await, ["delivered"]);
        let kept = "select state from channel_receipts";
        assert!(one.column(kept).await.is_empty());
        // One of somebody else's message goes after a day.
        assert_eq!(one.smsc.receipt("another", "DELIVRD").await, Some(0));
        assert_eq!(one.column(kept).await.len(), 1);
        one.place.clock.advance(25 * 60 * MINUTE_MS);
        one.node().expire_channels().await.unwrap();
        assert!(one.column(kept).await.is_empty());
    }
}

#[tokio::test]
async fn kannel_is_asked_for_receipts_and_tells_them_at_a_door() {
    for db in databases().await {
        let gateway = Gateway::open().await;
        let mut place = Place::joined("kota-bandung", db).await;
        let keys = place.settings.node.keys.clone();
        let mut sms = settings(&keys, &gateway.send_url);
        sms.kannel.node_url = Some("http://127.0.0.1:8090/".into());
        let kannel = Kannel::of(&sms).unwrap();
        let id = kannel
            .say(&address(SITI), &saying("Lampu \u{1f4a1}"))
            .await
            .unwrap();
        let asked = gateway.taken().remove(0);
        assert_eq!(
            (asked["coding"].as_str(), asked["dlr-mask"].as_str()),
            ("2", "19")
        );
        let at = format!(
            "/saluran/sms/kannel/{SECRET}/kabar?id={}&status=",
            id.unwrap()
        );
        assert_eq!(asked["dlr-url"], format!("http://127.0.0.1:8090{at}%d"));
        place.settings.channels.sms = sms;
        place.node = place.reopened().await;
        let router = crate::doors::router(place.node.clone());
        let knocks = async |at: &str| {
            let request = Request::get(at).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(knocks(&format!("{at}1")).await, StatusCode::OK);
        assert_eq!(knocks(&format!("{at}8")).await, StatusCode::OK);
        let wrong = at.replace(SECRET, "kunciMasukKannel18");
        assert_eq!(knocks(&format!("{wrong}1")).await, StatusCode::NOT_FOUND);
        let nothing = at.split('?').next().unwrap();
        assert_eq!(knocks(nothing).await, StatusCode::BAD_REQUEST);
        let mut tx = place.node.read_tx().await.unwrap();
        let kept: Vec<String> = lapor_migrations::on!(&mut tx, c =>
            sqlx::query_scalar("select state from channel_receipts").fetch_all(c).await)
        .unwrap();
        assert_eq!(
            kept,
            ["delivered"],
            "it is kept until it is noted what it is for"
        );
    }
}
