//! Erasures that wait, and what can still be called off.

use std::collections::BTreeSet;

use lapor_migrations::Tx;
use lapor_migrations::throwaway::cancelled;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_protocol::receipt::Stream;
use sqlx::AssertSqlSafe;

use super::*;
use crate::casework::{AT_WORK, Decider};
use crate::jobs::{Job, Jobs};
use crate::staff::StaffRole;
use crate::store;
use crate::store::erasures::ErasureRow;
use crate::sync::Link;
use crate::testing::PaperHub;

fn admin(name: &str) -> Decider {
    Decider::officer(StaffRole::Admin, format!("account:{name}"))
}

/// An erasure of the institution of which nothing can be done.
pub(super) async fn damaged(place: &Place, case: CaseId) {
    const DAMAGE: &str = "update cases set fold = '{' where case_id = $1";
    let (case, mut tx) = (case.to_string(), place.node.write_tx().await.unwrap());
    let done = on!(&mut tx, c => sqlx::query(DAMAGE).bind(&case).execute(c).await.map(drop));
    done.unwrap();
    tx.commit().await.unwrap();
}

async fn row(place: &Place, id: &str) -> ErasureRow {
    let mut tx = place.node.read_tx().await.unwrap();
    store::erasures::one(&mut tx, id).await.unwrap().unwrap()
}

async fn begin(place: &Place, id: &str) -> u64 {
    let mut tx = place.node.write_tx().await.unwrap();
    let now = place.clock.now_ms();
    let begun = store::erasures::begin(&mut tx, id, now).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

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
        let left = node.planned_erasures().await.unwrap();
        let states: Vec<ErasureState> = left.iter().map(|one| one.erasure.state).collect();
        assert_eq!(states, [ErasureState::Waiting], "the damaged one");
    }
}

/// An erasure that cannot be done waits before all others.
async fn damaged_one_waits(place: &Place) {
    let (filed, conversation) = filed(place, json!({})).await;
    let asked = place
        .node
        .ask_erasure(&conversation, &filed.filed.ticket)
        .await;
    asked.unwrap();
    damaged(place, filed.filed.case).await;
}

#[tokio::test]
async fn a_clock_that_is_ahead_of_the_hubs_erases_nothing_until_it_is_right_and_the_days_have_passed()
 {
    const OFF_MS: i64 = 10 * 86_400_000;
    for db in databases().await {
        let mut place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, ticket) = (filed.filed.case, filed.filed.ticket);
        let asked = place.node.ask_erasure(&conversation, &ticket).await;
        let asked = asked.unwrap();
        place.clock.set_off(OFF_MS);
        assert_eq!(place.node.erase_due().await.unwrap(), 0, "it was set");
        // The machine starts with it, and at first the hub has said nothing.
        place.node = place.begun_again().await;
        let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
        let jobs = Jobs::of(&link);
        let erased = async || {
            jobs.note(Job::Reporters).await.unwrap();
            assert_eq!(Box::pin(jobs.work()).await.unwrap(), 1);
            let view = place.node.case(case).await.unwrap();
            view.history.last().unwrap().kind == "case.redacted"
        };
        assert!(!erased().await, "nobody knows");
        link.pull(Stream::Inbox, 0).await.unwrap();
        place.clock.advance(3_600_000);
        assert!(!erased().await, "it is known to be wrong");
        place.clock.set_off(-OFF_MS);
        assert!(!erased().await, "it is not due");
        // The line may be down meanwhile.
        place.clock.advance(asked.due_at - place.clock.now_ms());
        assert!(erased().await);
    }
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
            let dewi = admin("dewi");
            let planned = node.plan_erasure(case, RedactionReason::LegalOrder, &dewi);
            let planned = planned.await.unwrap();
            assert_eq!(planned.erasure.state, ErasureState::Asked);
            planned.id
        };
        let id = plan().await;
        assert_eq!(plan().await, id, "asked twice is asked once");
        let own = node.confirm_erasure(&id, &admin("dewi")).await;
        assert!(matches!(own, Err(NodeError::Forbidden(_))));
        place.clock.advance(30 * 86_400_000);
        assert_eq!(node.erase_due().await.unwrap(), 0, "nobody confirmed it");
        assert!(node.erasures_of(&conversation).await.unwrap().is_empty());
        node.confirm_erasure(&id, &admin("budi")).await.unwrap();
        let ahead = node.erasures_of(&conversation).await.unwrap();
        assert!(ahead[0].by_institution && ahead[0].reason == "legal_order");
        node.withdraw_erasure(&conversation).await.unwrap();
        let id = plan().await;
        node.confirm_erasure(&id, &admin("budi")).await.unwrap();
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
        let dewi = admin("dewi");
        let planned = node.plan_erasure(case, RedactionReason::LegalOrder, &dewi);
        let planned = planned.await.unwrap();
        let (id, due_at) = (planned.id, planned.erasure.due_at);
        assert_eq!(begin(&place, &id).await, 0, "its days have not passed");
        place.clock.advance(due_at - place.clock.now_ms());
        // And there the process ended.
        assert_eq!(begin(&place, &id).await, 1);
        let state = node.planned_erasures().await.unwrap()[0].erasure.state;
        assert_eq!(state, ErasureState::Erasing);
        let reporter = node.withdraw_erasure(&conversation).await;
        assert!(matches!(reporter, Err(NodeError::NotFound { .. })));
        let shown = node.erasures_of(&conversation).await.unwrap();
        assert_eq!(shown[0].state, ErasureState::Erasing, "and it is shown");
        let officer = node.stop_erasure(&id, &dewi).await;
        assert!(matches!(officer, Err(NodeError::NotFound { .. })));
        assert_eq!(node.erase_due().await.unwrap(), 1);
        assert_eq!(begin(&place, &id).await, 0, "it is done once");
        let view = node.case(case).await.unwrap();
        assert_eq!(view.history.last().unwrap().kind, "case.redacted");
        assert!(node.planned_erasures().await.unwrap().is_empty());
    }
}

/// The database takes nothing in that is said of a case.
async fn refused(place: &Place, case: CaseId) {
    let of_case = format!("new.case_id = '{case}'");
    let mut tx = place.node.write_tx().await.unwrap();
    if let Tx::Sqlite(transaction) = &mut tx {
        let trigger = format!(
            "create trigger refuse before insert on outbox when {of_case}
                begin select raise(abort, 'refused'); end"
        );
        let made = sqlx::query(AssertSqlSafe(trigger)).execute(&mut **transaction);
        made.await.unwrap();
    } else {
        let begun = cancelled::begin(&mut tx, "outbox", &of_case).await;
        begun.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_erasure_that_the_database_refuses_keeps_no_other_waiting() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, dewi) = (&place.node, admin("dewi"));
        let mut planned = Vec::new();
        for _ in 0..2 {
            let case = filed(&place, json!({})).await.0.filed.case;
            let plan = node.plan_erasure(case, RedactionReason::LegalOrder, &dewi);
            planned.push((case, plan.await.unwrap()));
            place.clock.advance(1);
        }
        let [(first, ahead), (second, behind)] = &planned[..] else {
            panic!("two erasures");
        };
        refused(&place, *first).await;
        let due_at = behind.erasure.due_at;
        place.clock.advance(due_at - place.clock.now_ms());
        assert_eq!(node.erase_due().await.unwrap(), 1);
        assert_eq!(row(&place, &ahead.id).await.state, "waiting");
        let view = node.case(*second).await.unwrap();
        assert_eq!(view.history.last().unwrap().kind, "case.redacted");
    }
}

#[tokio::test]
async fn an_erasure_that_could_not_begin_waits_again_and_can_be_called_off() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, _) = filed(&place, json!({})).await;
        let (case, node, dewi) = (filed.filed.case, &place.node, admin("dewi"));
        let planned = node.plan_erasure(case, RedactionReason::LegalOrder, &dewi);
        let planned = planned.await.unwrap();
        place
            .clock
            .advance(planned.erasure.due_at - place.clock.now_ms());
        damaged(&place, case).await;
        assert_eq!(node.erase_due().await.unwrap(), 0);
        assert_eq!(row(&place, &planned.id).await.state, "waiting");
        // Somebody has begun, and their process ended.
        assert_eq!(begin(&place, &planned.id).await, 1);
        assert_eq!(node.erase_due().await.unwrap(), 0);
        assert_eq!(row(&place, &planned.id).await.state, "waiting");
        node.stop_erasure(&planned.id, &dewi).await.unwrap();
        assert_eq!(place.audited("erasure.lapsed").await.len(), 0);
    }
}

#[tokio::test]
async fn what_was_put_back_and_called_off_is_erased_by_nobody_who_still_has_it_in_hand() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case, &place.node);
        let dewi = admin("dewi");
        let planned = node.plan_erasure(case, RedactionReason::LegalOrder, &dewi);
        let planned = planned.await.unwrap();
        place
            .clock
            .advance(planned.erasure.due_at - place.clock.now_ms());
        assert_eq!(begin(&place, &planned.id).await, 1);
        let mut tx = node.write_tx().await.unwrap();
        store::erasures::put_back(&mut tx, None).await.unwrap();
        tx.commit().await.unwrap();
        node.withdraw_erasure(&conversation).await.unwrap();
        let late = node.act_erasing(case, "legal_order", "account:dewi", &planned.id);
        let late = late.await.unwrap_err();
        assert!(matches!(late, NodeError::NotFound { what: AT_WORK, .. }));
        let view = node.case(case).await.unwrap();
        assert_ne!(view.history.last().unwrap().kind, "case.redacted");
    }
}

#[tokio::test]
async fn two_who_do_the_same_erasure_note_it_once() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (first, _) = filed(&place, json!({})).await;
        let (second, conversation) = filed(&place, json!({})).await;
        let (node, now) = (&place.node, || place.clock.now_ms());
        let dewi = admin("dewi");
        let decided = node.plan_erasure(first.filed.case, RedactionReason::Other, &dewi);
        let decided = decided.await.unwrap().id;
        let asked = node.ask_erasure(&conversation, &second.filed.ticket).await;
        let wished = node.planned_erasures().await.unwrap()[0].id.clone();
        assert!(asked.unwrap().due_at < now() + 7 * 86_400_000);
        place.clock.advance(7 * 86_400_000);
        assert_eq!(
            begin(&place, &decided).await + begin(&place, &wished).await,
            2
        );
        let rows = [row(&place, &decided).await, row(&place, &wished).await];
        // One has sent the message, and the other does the rest.
        let case = first.filed.case;
        let sent = node.act_erasing(case, "other", "account:dewi", &decided);
        sent.await.unwrap();
        let other = async || node.erase_as_decided(&rows[0], "account:dewi", now()).await;
        assert!(other().await.unwrap());
        let late = other().await;
        assert!(matches!(
            late,
            Err(NodeError::NotFound { what: AT_WORK, .. })
        ));
        for ended in [true, false] {
            assert_eq!(node.erase(&rows[1], now()).await.unwrap(), ended);
        }
        assert_eq!(place.audited("erasure.done").await.len(), 2, "each once");
        assert_eq!(place.audited("erasure.lapsed").await.len(), 0);
        assert_eq!(row(&place, &decided).await.state, "done");
    }
}

#[tokio::test]
async fn a_half_that_comes_while_its_whole_is_erased_is_erased_with_it() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node, now) = (filed.filed.case, &place.node, || place.clock.now_ms());
        let asked = node.ask_erasure(&conversation, &filed.filed.ticket).await;
        place.clock.advance(asked.unwrap().due_at - now());
        let id = node.planned_erasures().await.unwrap()[0].id.clone();
        assert_eq!(begin(&place, &id).await, 1);
        let begun = row(&place, &id).await;
        let words = json!({"title": "Trotoar", "content": "Bagian lain."});
        let split = node.act(case, act("case.split", json!({}), words), "token:desk");
        let half = split.await.unwrap().child.unwrap();
        for family in [BTreeSet::from([case]), BTreeSet::from([case, half])] {
            let ended = node.forget_family(&begun, &family, now()).await.unwrap();
            assert_eq!(ended, None, "the words of the half stand");
        }
        assert!(node.erase(&begun, now()).await.unwrap());
        for id in [case, half] {
            let view = node.case(id).await.unwrap();
            assert_eq!(view.history.last().unwrap().kind, "case.redacted");
        }
    }
}

#[tokio::test]
async fn an_erasure_of_a_half_is_withdrawn_by_itself() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node, dewi) = (filed.filed.case, &place.node, admin("dewi"));
        let words = json!({"title": "Trotoar", "content": "Bagian lain."});
        let split = node.act(case, act("case.split", json!({}), words), "token:desk");
        let half = split.await.unwrap().child.unwrap();
        for of in [case, half] {
            let planned = node.plan_erasure(of, RedactionReason::PersonalData, &dewi);
            planned.await.unwrap();
        }
        let opened = node.open_conversation(&filed.filed.ticket, &filed.key, HERE);
        let visitor = node.visitor(&opened.await.unwrap().token).await;
        let visitor = visitor.unwrap().unwrap();
        let of_half = node.conversation(&visitor, Some(half)).await.unwrap();
        let shown = async |conversation: &Conversation| {
            let all = node.erasures_of(conversation).await.unwrap();
            all.iter().map(|one| one.case).collect::<BTreeSet<_>>()
        };
        assert_eq!(shown(&conversation).await, [case, half].into());
        assert_eq!(shown(&of_half).await, [half].into());
        node.withdraw_erasure(&of_half).await.unwrap();
        assert_eq!(
            shown(&conversation).await,
            [case].into(),
            "the whole waits still"
        );
        let again = node.withdraw_erasure(&of_half).await;
        assert!(matches!(again, Err(NodeError::NotFound { .. })));
        node.withdraw_erasure(&conversation).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_restore_puts_in_doubt_waits_until_somebody_confirms_it() {
    const DAYS: i64 = 30 * 86_400_000;
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let node = &place.node;
        let ask = async || {
            let asked = node.ask_erasure(&conversation, &filed.filed.ticket);
            asked.await.unwrap()
        };
        let doubt = async || {
            let mut tx = node.write_tx().await.unwrap();
            let doubted = store::erasures::doubt(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(doubted.len(), 1);
            doubted[0].0.clone()
        };
        ask().await;
        let id = doubt().await;
        place.clock.advance(DAYS);
        assert_eq!(node.erase_due().await.unwrap(), 0);
        assert_eq!(node.erasures_to_confirm("account:dewi").await.unwrap(), 1);
        node.stop_erasure(&id, &admin("dewi")).await.unwrap();

        ask().await;
        doubt().await;
        let again = ask().await;
        assert_eq!(again.state, ErasureState::Waiting, "said anew");
        let wished = node.planned_erasures().await.unwrap();
        assert_eq!(wished.len(), 1, "in place of the one in doubt");
        let own = node.stop_erasure(&wished[0].id, &admin("dewi")).await;
        assert!(own.is_err(), "only its reporter withdraws it");

        let id = doubt().await;
        node.confirm_erasure(&id, &admin("dewi")).await.unwrap();
        assert_eq!(node.erase_due().await.unwrap(), 0, "its days begin anew");
        place.clock.advance(DAYS);
        let met = async |met: bool| {
            let mut tx = node.write_tx().await.unwrap();
            let done = if met {
                store::chain::forget_fact(&mut tx, crate::backup::RESTORED).await
            } else {
                store::chain::set_fact(&mut tx, crate::backup::RESTORED, "{}").await
            };
            done.unwrap();
            tx.commit().await.unwrap();
        };
        met(false).await;
        assert_eq!(node.erase_due().await.unwrap(), 0, "it has not met the hub");
        met(true).await;
        assert_eq!(node.erase_due().await.unwrap(), 1);
    }
}
