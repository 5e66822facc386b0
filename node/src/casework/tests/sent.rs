//! What the outbox sends of casework, and what comes back of it.

use lapor_migrations::on;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::{act, filed, text};
use crate::sync::{Link, LinkError};
use crate::testing::{PaperHub, Place, databases};

#[tokio::test]
async fn what_is_sent_is_one_chain_and_a_lost_answer_sends_the_same_bytes() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        assert_eq!(link.push().await.unwrap(), 0);
        assert!(
            link.state().connected,
            "heads are compared although nothing was to be sent"
        );
        let case = filed(&place).await;
        place
            .node
            .act(case, act("case.verified", json!({}), None), "test")
            .await
            .unwrap();
        let disposed = act("case.disposed", json!({ "target": "kota-bandung" }), None);
        place.node.act(case, disposed, "test").await.unwrap();
        hub.lose_answers(1);
        assert!(matches!(link.push().await, Err(LinkError::Unreachable(_))));
        assert!(!link.state().connected);
        assert_eq!(
            place.node.status().await.unwrap().outbox.unsent,
            3,
            "no receipt, not sent"
        );
        assert_eq!(link.push().await.unwrap(), 3);
        assert_eq!(link.push().await.unwrap(), 0);
        assert_eq!(
            (hub.accepted(), hub.wraps()),
            (3, 2),
            "the origin and the target of the disposition can read"
        );
        let sent = hub.sent();
        assert_eq!(sent[..3], sent[3..], "a retry is byte for byte the same");
        let status = place.node.status().await.unwrap();
        assert_eq!(
            (
                status.outbox.unsent,
                status.outbox.unruled,
                status.outbox.accepted
            ),
            (0, 3, 3)
        );
        assert!(link.state().connected);
    }
}

#[tokio::test]
async fn an_own_message_that_has_its_ruling_and_waits_to_be_applied_is_shown_once() {
    const WAITS: &str = "update inbox set state = 'received'
        where case_id = $1 and kind = 'case.noted'";
    const UNRULED: &str = "update outbox set state = 'accepted' where envelope_id in
        (select envelope_id from inbox where case_id = $1 and kind = 'case.noted')";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
        let case = filed(&place).await;
        let note = act("case.noted", json!({}), Some(text("Petugas berangkat.")));
        place.node.act(case, note, "test").await.unwrap();
        let shown = async || {
            let history = place.node.case(case).await.unwrap().history.into_iter();
            let notes = history.filter(|entry| entry.kind == "case.noted");
            notes.map(|entry| entry.case_seq).collect::<Vec<_>>()
        };
        assert_eq!(shown().await, [None], "before it has gone out");
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(shown().await, [Some(2)]);
        // As it stands between the page that is on disk and what follows.
        let id = case.to_string();
        let mut tx = place.node.write_tx().await.unwrap();
        for sql in [UNRULED, WAITS] {
            let done = on!(&mut tx, c => sqlx::query(sql).bind(&id).execute(c).await.map(drop));
            done.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(shown().await, [Some(2)], "and not as its draft beside it");
    }
}

#[tokio::test]
async fn what_came_back_from_the_hub_takes_nothing_from_what_is_still_pending() {
    const CAME_BACK: &str = "delete from outbox_drafts where number =
        (select number from outbox where kind = 'case.noted')";
    const PENDING: &str = "select pending from cases where case_id = $1";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
        let (case, other) = (filed(&place).await, filed(&place).await);
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let note = act("case.noted", json!({}), Some(text("Petugas berangkat.")));
        place.node.act(case, note, "test").await.unwrap();
        link.push().await.unwrap();
        let mut tx = place.node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(CAME_BACK).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let linked = act("case.linked", json!({"target_case": case}), None);
        place.node.act(other, linked, "test").await.unwrap();
        let id = case.to_string();
        let pending = async || {
            let mut tx = place.node.read_tx().await.unwrap();
            let found: i64 =
                on!(&mut tx, c => sqlx::query_scalar(PENDING).bind(&id).fetch_one(c).await)
                    .unwrap();
            found
        };
        assert_eq!(pending().await, 1);
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(pending().await, 1, "the link is not ruled yet");
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(pending().await, 0);
    }
}

#[tokio::test]
async fn words_leave_the_node_sealed_only() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        let note = act(
            "case.noted",
            json!({}),
            Some(text("Catatan canary-kasus untuk rekan.")),
        );
        place.node.act(case, note, "test").await.unwrap();
        assert_eq!(link.push().await.unwrap(), 2);
        for line in hub.sent() {
            let envelope = lapor_protocol::dsse::Envelope::parse(line.as_bytes()).unwrap();
            let payload = String::from_utf8(envelope.payload).unwrap();
            for word in ["Lampu", "Kosambi", "canary", "Canary", "080000000000"] {
                assert!(!payload.contains(word), "{word} left the node");
            }
        }
    }
}
