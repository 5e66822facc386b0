//! Who reported a half is who reported the whole.

use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;

use super::*;
use crate::chance::new_message_id;
use crate::channels::tests::ruled;
use crate::testing::{NOW, PaperHub};

/// A report whose half lies at the ministry, and the hub that has ruled both. One officer has split the
/// whole, another has given the half away.
async fn halved(place: &Place) -> (CaseId, CaseId, std::sync::Arc<PaperHub>) {
    let (filed, _) = filed(place, json!({})).await;
    let whole = filed.filed.case;
    let words = json!({"title": "Trotoar", "content": "Bagian kedua."});
    let split = act("case.split", json!({}), words);
    let split = place.node.act(whole, split, "token:desk").await.unwrap();
    let half = split.child.unwrap();
    let given = act("case.disposed", json!({"target": "kemenpu"}), Value::Null);
    place.node.act(half, given, "token:other").await.unwrap();
    let hub = PaperHub::of(place);
    ruled(place, &hub).await;
    (whole, half, hub)
}

/// A request of the ministry for who reported a case, which the hub has ruled.
async fn requested(place: &Place, hub: &std::sync::Arc<PaperHub>, case: CaseId) -> String {
    let mut tx = place.node.read_tx().await.unwrap();
    let term = place.node.shown_case(&mut tx, case).await.unwrap().term;
    drop(tx);
    let kind = "identity.requested";
    let request = Draft {
        kind: kind.into(),
        id: new_message_id(NOW),
        case: Some(case),
        term: Some(term),
        created_at: NOW,
        body: Body::of_kind(kind, r#"{"purpose":"visit"}"#).unwrap(),
        sealed: None,
        attachments: Vec::new(),
    };
    hub.authors("kemenpu", &request);
    ruled(place, hub).await;
    request.id.to_string()
}

fn is_refused<T>(result: &Result<T, NodeError>) -> bool {
    matches!(result, Err(NodeError::Forbidden(_)))
}

#[tokio::test]
async fn who_reported_a_half_is_opened_but_for_nobody_who_has_handled_any_part() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let (whole, half, _) = halved(&place).await;
        let node = &place.node;
        for (part, actor) in [
            (half, "token:other"),
            (half, "token:desk"),
            (whole, "token:other"),
        ] {
            assert!(is_refused(&node.identity(part, actor).await), "{actor}");
        }
        let opened = node.identity(half, "token:keeper").await.unwrap();
        assert_eq!(opened.unwrap().name.as_deref(), Some("Ibu Canary"));
        let once = Once::new("token:visits", ONCE).unwrap();
        let asked = node.ask_identity(
            half,
            IdentityPurpose::Visit,
            "Perlu kunjungan.",
            "token:visits",
            &once,
        );
        let ask = asked.await.unwrap().id;
        let by_handler = node.answer_identity_ask(half, &ask, true, "token:desk");
        assert!(is_refused(&by_handler.await));
        let granted = node.answer_identity_ask(half, &ask, true, "token:keeper");
        granted.await.unwrap();
        let told = node.granted_identity(half, "token:visits").await.unwrap();
        assert_eq!(told.unwrap().name.as_deref(), Some("Ibu Canary"));
    }
}

#[tokio::test]
async fn who_reported_a_half_is_disclosed_but_by_nobody_who_has_handled_the_whole() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let (_, half, hub) = halved(&place).await;
        let node = &place.node;
        requested(&place, &hub, half).await;
        let disclosed = || act("identity.disclosed", json!({}), Value::Null);
        let by_handler = node.act(half, disclosed(), "token:desk").await;
        assert!(is_refused(&by_handler));
        node.act(half, disclosed(), "token:keeper").await.unwrap();
        let asks = node.identity_tasks().await.unwrap();
        assert!(asks.is_empty(), "it is answered");
    }
}

#[tokio::test]
async fn what_a_reporter_has_refused_is_disclosed_under_no_other_spelling_of_the_request() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case, &place.node);
        let given = act("case.disposed", json!({"target": "kemenpu"}), Value::Null);
        node.act(case, given, "token:desk").await.unwrap();
        let hub = PaperHub::of(&place);
        ruled(&place, &hub).await;
        let ask = requested(&place, &hub, case).await;
        node.consent(&conversation, &ask, false).await.unwrap();
        let told = async |named: Value| {
            let disclosed = act("identity.disclosed", named, Value::Null);
            node.act(case, disclosed, "token:keeper").await
        };
        for named in [&*ask, &ask.to_uppercase(), &format!("{{{ask}}}"), "-", ""] {
            let disclosed = told(json!({ "request": named })).await;
            assert!(disclosed.is_err(), "{named:?}");
        }
        assert!(is_refused(&told(json!({})).await), "it is the first");
        node.consent(&conversation, &ask, true).await.unwrap();
        told(json!({ "request": ask })).await.unwrap();
    }
}

#[tokio::test]
async fn a_keeper_who_has_handled_a_part_gives_no_key_of_any_other() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let (filed, _) = filed(&place, json!({"secret": true})).await;
        let (whole, node) = (filed.filed.case, &place.node);
        let half = async |title: &str| {
            let words = json!({"title": title, "content": "Bagian lain."});
            let split = act("case.split", json!({}), words);
            let split = node.act(whole, split, "token:desk").await.unwrap();
            split.child.unwrap()
        };
        let (handled, other) = (half("Trotoar").await, half("Saluran").await);
        let seen = act("case.noted", json!({}), json!({"text": "Sudah dilihat."}));
        node.act(handled, seen, "token:other").await.unwrap();
        let claim = Claim {
            assurance: Assurance::IdentityCard,
            contact: "canary@contoh.id",
            name: "",
        };
        for part in [whole, handled, other] {
            let given = node.give_key(part, claim, (KeyGiver::Keeper, "token:other"));
            assert!(is_refused(&given.await), "{part}");
        }
        let given = node.give_key(other, claim, (KeyGiver::Keeper, "token:keeper"));
        assert_eq!(given.await.ok().unwrap().ticket, filed.filed.ticket);
    }
}

#[tokio::test]
async fn a_damaged_case_hides_no_request_in_another_from_the_keeper() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let (_, half, hub) = halved(&place).await;
        requested(&place, &hub, half).await;
        let (filed, _) = filed(&place, json!({})).await;
        let (other, node) = (filed.filed.case, &place.node);
        let given = act("case.disposed", json!({"target": "kemenpu"}), Value::Null);
        node.act(other, given, "token:desk").await.unwrap();
        ruled(&place, &hub).await;
        requested(&place, &hub, other).await;
        assert_eq!(node.identity_tasks_waiting().await.unwrap(), 2);
        erasing::damaged(&place, half).await;
        let tasks = node.identity_tasks().await.unwrap();
        let cases: Vec<CaseId> = tasks.iter().map(|task| task.case).collect();
        assert_eq!(cases, [other]);
        assert_eq!(node.identity_tasks_waiting().await.unwrap(), 1);
    }
}
