//! Erasures that wait, and what can still be called off.

use super::*;
use crate::store;

#[tokio::test]
async fn an_erasure_waits_can_be_withdrawn_and_leaves_the_fact() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case, &place.node);
        let data = serde_json::to_string(&node.own_data(&conversation).await.unwrap()).unwrap();
        assert!(data.contains("Ibu Canary") && data.contains("Lampu jalan padam"));
        assert!(
            node.ask_erasure(&conversation, "00000-00000")
                .await
                .is_err()
        );
        let ask = async || {
            node.ask_erasure(&conversation, &filed.filed.ticket)
                .await
                .unwrap()
        };
        ask().await;
        node.withdraw_erasure(&conversation).await.unwrap();
        place.clock.advance(4 * 86_400_000);
        assert_eq!(node.erase_due().await.unwrap(), 0);
        let split = async |of: CaseId| {
            let words = json!({"title": "Trotoar", "content": "Bagian lain."});
            let split = act("case.split", json!({}), words);
            let split = node.act(of, split, "token:desk").await.unwrap();
            split.child.unwrap()
        };
        let half = split(case).await;
        let quarter = split(half).await;
        let mut tx = node.write_tx().await.unwrap();
        let now = place.clock.now_ms();
        let followed = follow(&mut tx, &quarter.to_string(), "budi@contoh.id", now).await;
        followed.unwrap();
        tx.commit().await.unwrap();
        damaged_one_waits(&place).await;
        let waiting = ask().await;
        assert_eq!(ask().await, waiting, "asked twice is asked once");
        assert_eq!(node.erase_due().await.unwrap(), 0, "it waits");
        place.clock.advance(waiting.due_at - place.clock.now_ms());
        assert_eq!(node.erase_due().await.unwrap(), 1);
        assert_eq!(node.identity(case, "token:keeper").await.unwrap(), None);
        assert!(
            opened(&place, &filed.filed.ticket, &filed.key)
                .await
                .is_err()
        );
        for id in [case, half, quarter] {
            let view = node.case(id).await.unwrap();
            assert_eq!(view.history.last().unwrap().kind, "case.redacted");
        }
        let followers = node.followers(quarter, "", 10).await.unwrap();
        assert_eq!(followers, Vec::<String>::new());
        assert_eq!(place.audited("erasure.done").await.len(), 1);
        assert_eq!(node.erasures().await.unwrap().len(), 1, "the damaged one");
    }
}

/// An erasure that cannot be done waits before all others.
async fn damaged_one_waits(place: &Place) {
    const DAMAGE: &str = "update cases set fold = '{' where case_id = $1";
    let (filed, conversation) = filed(place, json!({})).await;
    let asked = place
        .node
        .ask_erasure(&conversation, &filed.filed.ticket)
        .await;
    asked.unwrap();
    let (case, mut tx) = (
        filed.filed.case.to_string(),
        place.node.write_tx().await.unwrap(),
    );
    let done = on!(&mut tx, c => sqlx::query(DAMAGE).bind(&case).execute(c).await.map(drop));
    done.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_an_officer_erases_needs_a_second_person_and_leaves_the_reporter_days_to_stop_it() {
    for db in databases().await {
        let mut place = Place::joined("kota-bandung", db).await;
        place.settings.erasure.second_person = true;
        place.node = place.reopened().await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case, &place.node);
        let plan = async || {
            let planned = node.plan_erasure(case, "legal_order", "account:dewi").await;
            assert_eq!(planned.unwrap().state, ErasureState::Asked);
            node.planned_erasures().await.unwrap()[0].id.clone()
        };
        assert!(matches!(
            node.plan_erasure(case, "a whim", "account:dewi").await,
            Err(NodeError::Invalid(_))
        ));
        let id = plan().await;
        assert_eq!(plan().await, id, "asked twice is asked once");
        let own = node.confirm_erasure(&id, "account:dewi").await;
        assert!(matches!(own, Err(NodeError::Forbidden(_))));
        let alone = node.erases_alone("case.redacted");
        assert!(matches!(alone, Err(NodeError::Forbidden(_))));
        place.clock.advance(30 * 86_400_000);
        assert_eq!(node.erase_due().await.unwrap(), 0, "nobody confirmed it");
        assert!(node.erasures_of(&conversation).await.unwrap().is_empty());
        node.confirm_erasure(&id, "account:budi").await.unwrap();
        let ahead = node.erasures_of(&conversation).await.unwrap();
        assert!(ahead[0].by_institution && ahead[0].reason == "legal_order");
        node.withdraw_erasure(&conversation).await.unwrap();
        let id = plan().await;
        node.confirm_erasure(&id, "account:budi").await.unwrap();
        place.clock.advance(7 * 86_400_000 - 1);
        assert_eq!(node.erase_due().await.unwrap(), 0, "it waits");
        place.clock.advance(1);
        assert_eq!(node.erase_due().await.unwrap(), 1);
        let conversation = opened(&place, &filed.filed.ticket, &filed.key).await;
        let view = node.reporter_view(&conversation.unwrap()).await.unwrap();
        let last = view.events.last().unwrap();
        assert_eq!(
            (last.kind.as_str(), last.reason.as_deref()),
            ("case.redacted", Some("legal_order"))
        );
        assert!(view.erased, "and the reporter still reads that and why");
        let kept = node.identity(case, "token:keeper").await.unwrap();
        assert!(kept.is_some(), "who reported stays with the keeper");
    }
}

#[tokio::test]
async fn what_has_begun_to_be_erased_is_withdrawn_by_nobody_and_finished_after_a_crash() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case, &place.node);
        let planned = node.plan_erasure(case, "legal_order", "account:dewi").await;
        let due_at = planned.unwrap().due_at;
        let id = node.planned_erasures().await.unwrap()[0].id.clone();
        let begin = async || {
            let mut tx = node.write_tx().await.unwrap();
            let now = place.clock.now_ms();
            let begun = store::erasures::begin(&mut tx, &id, now).await.unwrap();
            tx.commit().await.unwrap();
            begun
        };
        assert_eq!(begin().await, 0, "its days have not passed");
        place.clock.advance(due_at - place.clock.now_ms());
        // And there the process ended.
        assert_eq!(begin().await, 1);
        let state = node.planned_erasures().await.unwrap()[0].erasure.state;
        assert_eq!(state, ErasureState::Erasing);
        let reporter = node.withdraw_erasure(&conversation).await;
        assert!(matches!(reporter, Err(NodeError::NotFound { .. })));
        let officer = node.stop_erasure(&id, "account:dewi").await;
        assert!(matches!(officer, Err(NodeError::NotFound { .. })));
        assert_eq!(node.erase_due().await.unwrap(), 1);
        assert_eq!(begin().await, 0, "it is done once");
        let view = node.case(case).await.unwrap();
        assert_eq!(view.history.last().unwrap().kind, "case.redacted");
        assert!(node.planned_erasures().await.unwrap().is_empty());
    }
}
