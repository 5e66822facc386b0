//! Webhooks from what changes to the receiver, on both databases: in order, again and again, under the
//! same ids, and nothing lost.

use std::sync::Arc;

use http::StatusCode;
use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_web::accounts::NewAccount;
use lapor_web::webhook::tiny_receiver::{Heard, TinyReceiver};
use serde_json::{Value, json};

use super::delivery::Sender;
use super::{DeliveryState, Hook, HookChange, HookState, NewHook, Replay};
use crate::casework::NewReport;
use crate::clock::Clock as _;
use crate::error::NodeError;
use crate::feed::Wanted;
use crate::node::Node;
use crate::testing::{NOW, Place, acts, databases};
use crate::tokens::{self, Bounds, NewToken, Role};

const SECOND_MS: i64 = 1000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A node that may call this machine, and a receiver.
struct Stage {
    place: Place,
    receiver: TinyReceiver,
    at: String,
}

impl Stage {
    async fn all() -> Vec<Self> {
        lapor_certs::tls::install_default_provider();
        let mut out = Vec::new();
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            place.settings.webhooks.local = true;
            let mail = &mut place.settings.mail;
            mail.host = Some("localhost".into());
            mail.from = Some("Lapor Bandung <lapor@bandung.go.id>".into());
            place.node = place.reopened().await;
            let (receiver, at) = TinyReceiver::start().await.unwrap();
            out.push(Self {
                place,
                receiver,
                at,
            });
        }
        out
    }

    fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    async fn hook(&self, kinds: &str) -> (String, String) {
        let new = NewHook {
            name: "Aplikasi kota",
            url: &self.at,
            wanted: Wanted::read("kinds", kinds.split(' ')).unwrap(),
        };
        let made = self.node().make_webhook(new, "token:kota").await;
        let (hook, secret) = made.unwrap();
        (hook.id, secret.to_string())
    }

    async fn filed(&self) -> CaseId {
        self.filed_in(None).await
    }

    async fn filed_in(&self, region: Option<&str>) -> CaseId {
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint", "title": "Lampu jalan padam",
            "content": "Sejak Minggu.", "channel": "web", "region": region,
        }))
        .unwrap();
        self.node().file(report, "test").await.unwrap().case
    }

    /// Calls what is due; how many webhooks that were.
    async fn round(&self) -> usize {
        let sender = Sender::of(self.node()).unwrap();
        let taken = sender.take(8).await.unwrap();
        for one in &taken {
            sender.settle(one).await.unwrap();
        }
        taken.len()
    }

    async fn is(&self, id: &str) -> Hook {
        self.node().webhook(id).await.unwrap()
    }

    async fn states(&self, id: &str) -> Vec<DeliveryState> {
        let found = self.node().webhook_deliveries(id, None, None, 200).await;
        let found = found.unwrap().into_iter();
        found.map(|delivery| delivery.state).collect()
    }

    async fn switches(&self, id: &str, state: HookState) {
        let change = HookChange {
            state: Some(state),
            ..HookChange::default()
        };
        let changed = self.node().change_webhook(id, change, "test").await;
        assert_eq!(changed.unwrap().state, state);
    }
}

fn told(call: &Heard) -> (String, Value) {
    let body: Value = serde_json::from_str(&call.body).unwrap();
    (body["type"].as_str().unwrap().to_owned(), body)
}

#[tokio::test]
async fn what_is_switched_off_or_goes_elsewhere_while_it_is_held_is_called_no_more() {
    for stage in Stage::all().await {
        let (id, _) = stage.hook("report.*").await;
        stage.filed().await;
        let sender = Sender::of(stage.node()).unwrap();
        let taken = sender.take(8).await.unwrap();
        stage.switches(&id, HookState::Off).await;
        sender.settle(&taken[0]).await.unwrap();
        assert_eq!(stage.receiver.heard().len(), 0);
        stage.switches(&id, HookState::On).await;
        let taken = sender.take(8).await.unwrap();
        let (other, at) = TinyReceiver::start().await.unwrap();
        let change = HookChange {
            url: Some(&at),
            ..HookChange::default()
        };
        let changed = stage.node().change_webhook(&id, change, "test").await;
        changed.unwrap();
        sender.settle(&taken[0]).await.unwrap();
        assert_eq!(stage.receiver.heard().len(), 0);
        assert_eq!(other.heard().len(), 1);
    }
}

#[tokio::test]
async fn a_webhook_is_told_what_it_wants_in_order_signed_and_without_a_word() {
    for stage in Stage::all().await {
        stage.filed().await;
        let (id, secret) = stage.hook("report.* case.verified").await;
        let case = stage.filed().await;
        acts(&stage.place, case, "case.verified", json!({}), None).await;
        let words = Some(json!({"text": "Rahasia dapur."}));
        acts(&stage.place, case, "case.noted", json!({}), words).await;
        assert_eq!(stage.round().await, 1);
        assert_eq!(stage.round().await, 0, "there is nothing more");
        let heard = stage.receiver.heard();
        let kinds: Vec<String> = heard.iter().map(|call| told(call).0).collect();
        assert_eq!(
            kinds,
            ["report.filed", "case.verified"],
            "none of before it was made"
        );
        assert!(heard.iter().all(|call| call.is_signed_with(&secret)));
        let (_, body) = told(&heard[0]);
        assert_eq!(body["timestamp"], "2026-09-21T14:13:20.000Z");
        assert_eq!(body["data"]["id"], case.to_string());
        assert_eq!(body["data"]["subject"], "case");
        assert_eq!(body["data"]["institution"], "kota-bandung");
        assert!(!heard.iter().any(|call| call.body.contains("Lampu")));
        assert_ne!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
        let hook = stage.is(&id).await;
        assert_eq!((hook.waiting, hook.arrived_at), (0, Some(NOW)));
        assert_eq!(stage.states(&id).await, [DeliveryState::Sent; 2]);
    }
}

#[tokio::test]
async fn what_does_not_arrive_holds_back_what_is_behind_it_and_keeps_its_id() {
    for stage in Stage::all().await {
        let (id, _) = stage.hook("report.*").await;
        for _ in 0..3 {
            stage.filed().await;
        }
        let answers = [StatusCode::OK, StatusCode::BAD_GATEWAY, StatusCode::FOUND];
        stage.receiver.answers(&answers);
        assert_eq!(stage.round().await, 1);
        let hook = stage.is(&id).await;
        assert_eq!(hook.problem.as_deref(), Some("HTTP 502"));
        assert_eq!(
            (hook.waiting, hook.next_try),
            (2, Some(NOW + 5 * SECOND_MS))
        );
        assert_eq!(stage.round().await, 0, "it is not due yet");
        stage.place.clock.advance(5 * SECOND_MS);
        assert_eq!(stage.round().await, 1);
        assert_eq!(stage.is(&id).await.problem.as_deref(), Some("HTTP 302"));
        stage.place.clock.advance(HOUR_MS);
        assert_eq!(stage.round().await, 1);
        let heard = stage.receiver.heard();
        let ids: Vec<&str> = heard.iter().map(|call| call.header("webhook-id")).collect();
        assert_eq!(ids.len(), 5);
        assert_eq!(
            (ids[1], ids[2]),
            (ids[2], ids[3]),
            "the second, three times"
        );
        assert!(ids[0] != ids[1] && ids[4] != ids[1]);
        let hook = stage.is(&id).await;
        assert_eq!(
            (hook.waiting, hook.problem, hook.troubled_since),
            (0, None, None)
        );
    }
}

#[tokio::test]
async fn after_five_days_it_is_off_and_administrators_are_told_and_nothing_is_lost() {
    const LETTERS: &str = "select subject from letters";
    for stage in Stage::all().await {
        let new = NewAccount {
            login: "admin@bandung.go.id",
            name: "Dewi",
            role: "admin",
            unit: None,
        };
        let (_, link) = stage.node().create_account("test", &new).await.unwrap();
        let from = [192, 0, 2, 7].into();
        let words = "gerimis tujuh kelapa sepeda".into();
        let accounts = stage.node().accounts();
        accounts.choose_password(&link, &words, from).await.unwrap();
        let (id, _) = stage.hook("report.*").await;
        stage.filed().await;
        let mut tries = 0;
        while stage.is(&id).await.state == HookState::On {
            stage.receiver.answers(&[StatusCode::SERVICE_UNAVAILABLE]);
            assert_eq!(stage.round().await, 1);
            tries += 1;
            let next = stage.is(&id).await.next_try;
            let next = next.unwrap_or_else(|| stage.place.clock.now_ms());
            stage.place.clock.advance(next - stage.place.clock.now_ms());
        }
        let passed = stage.place.clock.now_ms() - NOW;
        assert!((5 * DAY_MS..6 * DAY_MS).contains(&passed), "{passed}");
        assert!((15..25).contains(&tries), "{tries}");
        let mut tx = stage.node().read_tx().await.unwrap();
        let letters: Vec<String> =
            on!(&mut tx, c => sqlx::query_scalar(LETTERS).fetch_all(c).await).unwrap();
        drop(tx);
        assert_eq!(letters.len(), 1);
        assert!(
            letters[0].contains("Webhook Aplikasi kota dimatikan"),
            "{letters:?}"
        );
        stage.filed().await;
        assert_eq!(stage.round().await, 0, "it is off");
        stage.switches(&id, HookState::On).await;
        assert_eq!(stage.round().await, 1);
        assert_eq!(stage.states(&id).await, [DeliveryState::Sent; 2]);
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_switches_it_off_at_once() {
    for stage in Stage::all().await {
        let (id, _) = stage.hook("*").await;
        stage.filed().await;
        stage.receiver.answers(&[StatusCode::GONE]);
        stage.round().await;
        let hook = stage.is(&id).await;
        assert_eq!(hook.state, HookState::Off);
        assert_eq!(hook.problem.as_deref(), Some("HTTP 410"));
        assert_eq!(hook.waiting, 1);
    }
}

#[tokio::test]
async fn whoever_is_called_when_the_process_ends_is_called_again_with_the_same() {
    for stage in Stage::all().await {
        let (id, _) = stage.hook("report.*").await;
        stage.filed().await;
        let sender = Sender::of(stage.node()).unwrap();
        // Taken, and never settled.
        assert_eq!(sender.take(8).await.unwrap().len(), 1);
        assert_eq!(stage.round().await, 0, "another holds it");
        stage.filed().await;
        stage.place.clock.advance(HOUR_MS);
        assert_eq!(stage.round().await, 1);
        assert_eq!(stage.states(&id).await, [DeliveryState::Sent; 2]);
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_keeps_no_webhook_waiting() {
    const NOTED: [&str; 2] = [
        "update webhooks set due_at = $1",
        "update webhooks set leased_until = $1",
    ];
    for stage in Stage::all().await {
        stage.hook("report.*").await;
        let later = stage.place.clock.now_ms() + 365 * DAY_MS;
        for noted in NOTED {
            stage.filed().await;
            let mut tx = stage.node().write_tx().await.unwrap();
            on!(&mut tx, c => sqlx::query(noted).bind(later).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            assert_eq!(stage.round().await, 1, "{noted}");
        }
    }
}

#[tokio::test]
async fn what_was_sent_goes_again_one_or_all_of_a_time_before_what_is_new() {
    for stage in Stage::all().await {
        let (id, _) = stage.hook("report.*").await;
        for _ in 0..3 {
            stage.filed().await;
            stage.place.clock.advance(HOUR_MS);
        }
        stage.round().await;
        let first = stage.receiver.heard();
        let node = stage.node();
        let one = first[1].header("webhook-id").to_owned();
        let again = node.replay_webhook(&id, Replay::One(&one), "test").await;
        assert_eq!(again.unwrap(), 1);
        let waits = node.replay_webhook(&id, Replay::One(&one), "test").await;
        assert!(matches!(waits, Err(NodeError::StillWaits)));
        let unknown = node.replay_webhook(&id, Replay::One("msg_0"), "test").await;
        assert!(matches!(unknown, Err(NodeError::NotFound { .. })));
        stage.round().await;
        assert_eq!(stage.receiver.heard()[3].header("webhook-id"), one);
        stage.filed().await;
        let range = Replay::Between(NOW + HOUR_MS, NOW + 3 * HOUR_MS);
        assert_eq!(node.replay_webhook(&id, range, "test").await.unwrap(), 2);
        stage.round().await;
        let heard = stage.receiver.heard();
        let ids: Vec<&str> = heard[4..]
            .iter()
            .map(|one| one.header("webhook-id"))
            .collect();
        assert_eq!(
            ids[..2],
            [first[1].header("webhook-id"), first[2].header("webhook-id")]
        );
        assert_eq!(ids.len(), 3, "and what is new behind them");
        let since = Replay::Between(NOW, i64::MAX);
        assert_eq!(node.replay_webhook(&id, since, "test").await.unwrap(), 4);
        let waits = node.replay_webhook(&id, since, "test").await;
        assert!(matches!(waits, Err(NodeError::StillWaits)));
        assert_eq!(stage.place.audited("webhook.replayed").await.len(), 3);
    }
}

#[tokio::test]
async fn what_a_receiver_never_takes_can_be_skipped() {
    for stage in Stage::all().await {
        let (id, _) = stage.hook("report.*").await;
        stage.filed().await;
        stage.filed().await;
        stage.receiver.answers(&[StatusCode::BAD_REQUEST]);
        stage.round().await;
        let bad = stage.receiver.heard()[0].header("webhook-id").to_owned();
        stage.node().skip_delivery(&id, &bad, "test").await.unwrap();
        assert_eq!(stage.round().await, 1, "what is behind it goes on at once");
        let states = stage.states(&id).await;
        assert_eq!(states, [DeliveryState::Sent, DeliveryState::Skipped]);
    }
}

#[tokio::test]
async fn while_a_secret_is_changed_both_hold_and_neither_is_stored_openly() {
    const SEALED: &str = "select secret from webhooks";
    for stage in Stage::all().await {
        let (id, first) = stage.hook("report.*").await;
        let rotated = stage.node().rotate_webhook_secret(&id, "test").await;
        let (hook, second) = rotated.unwrap();
        assert_eq!(hook.former_until, Some(NOW + DAY_MS));
        let mut tx = stage.node().read_tx().await.unwrap();
        let sealed: Vec<u8> =
            on!(&mut tx, c => sqlx::query_scalar(SEALED).fetch_one(c).await).unwrap();
        drop(tx);
        assert!(!String::from_utf8_lossy(&sealed).contains(&second[6..20]));
        stage.filed().await;
        stage.round().await;
        let call = stage.receiver.heard().pop().unwrap();
        assert!(call.is_signed_with(&first) && call.is_signed_with(&second));
        stage.place.clock.advance(DAY_MS);
        stage.filed().await;
        stage.round().await;
        let call = stage.receiver.heard().pop().unwrap();
        assert!(!call.is_signed_with(&first) && call.is_signed_with(&second));
    }
}

#[tokio::test]
async fn a_trial_call_says_what_came_of_it_and_touches_nothing() {
    for stage in Stage::all().await {
        let (id, secret) = stage.hook("report.*").await;
        stage.filed().await;
        let tried = stage.node().try_webhook(&id, "test").await.unwrap();
        assert!(tried.arrived);
        let call = stage.receiver.heard().pop().unwrap();
        assert!(call.is_signed_with(&secret));
        assert_eq!(told(&call).0, "webhook.test");
        stage.receiver.answers(&[StatusCode::NOT_FOUND]);
        let tried = stage.node().try_webhook(&id, "test").await.unwrap();
        assert_eq!(tried.problem.as_deref(), Some("HTTP 404"));
        assert_eq!(stage.is(&id).await.troubled_since, None);
    }
}

#[tokio::test]
async fn an_address_is_taken_once_and_never_in_the_house() {
    for stage in Stage::all().await {
        stage.hook("*").await;
        let make = async |node: &Node, url: &str| {
            let new = NewHook {
                name: "Lain",
                url,
                wanted: Wanted::all(),
            };
            node.make_webhook(new, "test").await.map(drop)
        };
        let twice = make(stage.node(), &stage.at).await;
        assert!(matches!(twice, Err(NodeError::Known(_))));
        let mut settings = stage.place.settings.clone();
        settings.webhooks.local = false;
        let shared = stage.node().shared_clock();
        let strict = Node::open(&settings, shared).await.unwrap();
        for wrong in [
            stage.at.as_str(),
            "http://app.example/",
            "https://127.0.0.1/",
            "app",
        ] {
            let refused = make(&strict, wrong).await;
            assert!(matches!(refused, Err(NodeError::Invalid(_))), "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_webhook_of_a_bounded_key_is_told_of_cases_within_its_bounds_alone() {
    for stage in Stage::all().await {
        let new = NewToken {
            name: "kota",
            rights: Role::Admin.into(),
            bounds: Bounds::read([], ["32.73"]).unwrap(),
            expires_at: None,
            owner: None,
        };
        let made = tokens::create_for(stage.node().db(), new, "test", NOW).await;
        made.unwrap();
        stage.hook("report.*").await;
        stage.filed().await;
        let within = stage.filed_in(Some("32.73.01")).await;
        stage.filed_in(Some("31.71")).await;
        stage.round().await;
        let heard = stage.receiver.heard();
        let cases: Vec<Value> = heard
            .iter()
            .map(|call| told(call).1["data"]["id"].clone())
            .collect();
        assert_eq!(cases, [json!(within.to_string())]);
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_takes_its_webhooks_with_it() {
    for stage in Stage::all().await {
        let db = stage.node().db();
        tokens::create(db, "kota", Role::Admin, "test", NOW)
            .await
            .unwrap();
        let (id, _) = stage.hook("*").await;
        stage.filed().await;
        tokens::revoke(db, "kota", "test", NOW).await.unwrap();
        assert_eq!(stage.is(&id).await.state, HookState::Off);
        assert_eq!(stage.round().await, 0);
        assert_eq!(stage.place.audited("webhook.off").await.len(), 1);
    }
}

#[tokio::test]
async fn a_webhook_ends_with_the_key_that_made_it_and_nothing_that_waits_goes_out() {
    for stage in Stage::all().await {
        let new = NewToken {
            name: "kota",
            rights: Role::Admin.into(),
            bounds: Bounds::default(),
            expires_at: Some(NOW + HOUR_MS),
            owner: None,
        };
        let made = tokens::create_for(stage.node().db(), new, "test", NOW).await;
        made.unwrap();
        let (id, _) = stage.hook("report.*").await;
        stage.filed().await;
        stage.receiver.answers(&[StatusCode::BAD_GATEWAY]);
        assert_eq!(stage.round().await, 1, "the key is good");
        stage.filed().await;
        stage.place.clock.advance(HOUR_MS);
        assert_eq!(stage.round().await, 0);
        assert_eq!(stage.receiver.heard().len(), 1, "none beyond its end");
        let hook = stage.is(&id).await;
        assert_eq!((hook.state, hook.waiting), (HookState::Off, 1));
        assert!(hook.problem.unwrap().contains("has ended"));
        let off = stage.place.audited("webhook.off").await;
        assert_eq!(off.len(), 1);
        assert_eq!(off[0].0, "jobs");
        let on = HookChange {
            state: Some(HookState::On),
            ..HookChange::default()
        };
        let refused = stage.node().change_webhook(&id, on, "test").await;
        assert!(matches!(refused, Err(NodeError::Forbidden(_))));
        assert_eq!(stage.is(&id).await.state, HookState::Off);
    }
}

#[tokio::test]
async fn a_webhook_is_off_once_the_owner_of_its_key_is_disabled_until_somebody_switches_it_on() {
    for stage in Stage::all().await {
        let new = NewAccount {
            login: "siti@bandung.go.id",
            name: "Siti",
            role: "officer",
            unit: None,
        };
        let (account, _) = stage.node().create_account("test", &new).await.unwrap();
        let new = NewToken {
            name: "kota",
            rights: Role::Admin.into(),
            bounds: Bounds::default(),
            expires_at: None,
            owner: Some(&account.id),
        };
        let made = tokens::create_for(stage.node().db(), new, "test", NOW).await;
        made.unwrap();
        let (id, _) = stage.hook("report.*").await;
        stage.filed().await;
        assert_eq!(stage.round().await, 1);
        let accounts = stage.node().accounts();
        accounts.disable("test", &account.id).await.unwrap();
        stage.filed().await;
        assert_eq!(stage.round().await, 0);
        assert_eq!(stage.is(&id).await.state, HookState::Off);
        accounts.enable("test", &account.id).await.unwrap();
        assert_eq!(stage.round().await, 0, "it stays off");
        stage.switches(&id, HookState::On).await;
        assert_eq!(stage.round().await, 1);
        assert_eq!(stage.receiver.heard().len(), 2);
    }
}
