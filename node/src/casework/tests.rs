//! Casework without a hub, on both databases.

mod files;
mod sent;

use std::collections::BTreeMap;

use lapor_protocol::case::{Effect, Reason, State};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::Classification;
use serde_json::{Value, json};

use super::{CaseFilter, NewAct, NewReport, Once, Reporter, Sight};
use crate::chance::new_case_id;
use crate::channels::tests::ruled;
use crate::error::NodeError;
use crate::testing::{NOW, PaperHub, Place, databases};

fn report(title: &str) -> NewReport {
    serde_json::from_value(json!({
        "classification": "complaint",
        "title": title,
        "content": "Lampu jalan di depan pasar padam sejak hari Minggu.",
        "region": "32.73",
        "place": "Pasar Kosambi",
        "coordinates": { "latitude": -6.919, "longitude": 107.622 },
        "channel": "web",
        "reporter": { "name": "Ibu Canary", "phone": "080000000000" },
    }))
    .unwrap()
}

fn act(kind: &str, body: Value, words: Option<Value>) -> NewAct {
    let object = |value: Value| value.as_object().cloned().unwrap();
    NewAct {
        kind: kind.into(),
        body: object(body),
        words: words.map(object),
        attachments: Vec::new(),
    }
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

async fn filed(place: &Place) -> CaseId {
    place
        .node
        .file(report("Lampu jalan padam"), "test")
        .await
        .unwrap()
        .case
}

#[tokio::test]
async fn a_report_is_filed_listed_and_read_without_a_hub() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let filed = place
            .node
            .file(report("Lampu jalan padam"), "test")
            .await
            .unwrap();
        let view = place
            .node
            .case_by_ticket(&filed.ticket.to_lowercase())
            .await
            .unwrap();
        assert_eq!(view.summary.case, filed.case);
        assert_eq!(view.summary.title.as_deref(), Some("Lampu jalan padam"));
        assert_eq!(
            (view.summary.state, view.summary.pending),
            (Some(State::Received), 1)
        );
        assert_eq!(view.digest, None, "nothing is ruled yet");
        let list = place
            .node
            .cases(&CaseFilter::default(), None, 10)
            .await
            .unwrap();
        assert_eq!(list.cases.len(), 1);
        assert_eq!(
            list.cases[0].classification,
            Some(Classification::Complaint)
        );
        let after = place.reopened().await.case(filed.case).await.unwrap();
        assert_eq!(after, view, "a restart forgets nothing");
    }
}

#[tokio::test]
async fn an_identity_stays_apart_from_its_case() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let case = filed(&place).await;
        let view = serde_json::to_string(&place.node.case(case).await.unwrap()).unwrap();
        assert!(!view.contains("Canary"));
        let identity = place.node.identity(case, "keeper").await.unwrap();
        assert_eq!(
            identity
                .and_then(|reporter: Reporter| reporter.name)
                .as_deref(),
            Some("Ibu Canary")
        );
    }
}

#[tokio::test]
async fn a_case_that_was_given_away_is_somebody_elses() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let case = filed(&place).await;
        place
            .node
            .act(case, act("case.verified", json!({}), None), "test")
            .await
            .unwrap();
        let disposed = act(
            "case.disposed",
            json!({ "target": "kota-bandung" }),
            Some(text("Mohon ditindaklanjuti.")),
        );
        let acted = place.node.act(case, disposed, "test").await.unwrap();
        assert_eq!(acted.state, Some(State::Disposed));
        assert_eq!(
            acted.custodian.as_ref().map(InstanceId::as_str),
            Some("kota-bandung")
        );
        let follow_up = act(
            "case.followed_up",
            json!({}),
            Some(text("Sudah diperbaiki.")),
        );
        let refused = place.node.act(case, follow_up, "test").await.unwrap_err();
        let NodeError::NotAllowed(refusal) = &refused else {
            panic!("{refused}")
        };
        assert_eq!(
            (refusal.ruling.effect, refusal.ruling.reason),
            (Effect::Stale, Some(Reason::TermEnded))
        );
        assert!(
            refused.to_string().contains("kota-bandung has it"),
            "{refused}"
        );
        let recalled = act(
            "case.recalled",
            json!({ "reason": "disposed_in_error" }),
            None,
        );
        let back = place.node.act(case, recalled, "test").await.unwrap();
        assert_eq!(
            back.custodian.as_ref().map(InstanceId::as_str),
            Some("pusat")
        );
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_the_reason_and_changes_nothing() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let case = filed(&place).await;
        let before = place.node.case(case).await.unwrap();
        for (bad, says) in [
            (act("case.followed_up", json!({}), None), "words"),
            (
                act("case.followed_up", json!({}), Some(text(" "))),
                "must not be empty",
            ),
            (act("case.dispatched", json!({}), None), "unknown kind"),
            (
                act("case.held", json!({}), Some(json!({ "questions": [] }))),
                "at least one",
            ),
            (
                act("case.disposed", json!({ "target": "kab-garut" }), None),
                "outside authority",
            ),
            (
                act("case.verified", json!({ "region": "3273" }), None),
                "region code",
            ),
            (act("case.rated", json!({ "score": 9 }), None), "1 to 5"),
        ] {
            let error = place
                .node
                .act(case, bad, "test")
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{error:?} should say {says:?}");
        }
        let unknown = CaseId::mint(1, [1; 10]);
        let missing = place
            .node
            .act(unknown, act("case.verified", json!({}), None), "test")
            .await;
        assert!(matches!(missing, Err(NodeError::NotFound { .. })));
        assert_eq!(place.node.case(case).await.unwrap(), before);
    }
}

#[tokio::test]
async fn what_is_meant_of_one_state_is_refused_in_another_and_answered_again_as_before() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, case) = (&place.node, filed(&place).await);
        let verify = async |key: &str| {
            let new = act("case.verified", json!({}), None);
            let once = Once::new("test", key).unwrap();
            node.act_once_in(State::Received, (case, new), "test", &once)
                .await
        };
        let first = verify("verify-verify-verify-1").await.unwrap();
        let other = verify("verify-verify-verify-2").await;
        assert!(matches!(other, Err(NodeError::NotAllowed(_))), "decided");
        assert_eq!(verify("verify-verify-verify-1").await.unwrap(), first);
        assert_eq!(node.case(case).await.unwrap().history.len(), 2);
    }
}

#[tokio::test]
async fn what_was_taken_back_is_verified_together_with_what_is_new() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let (node, case) = (&place.node, filed(&place).await);
        for (kind, body) in [
            ("case.verified", json!({})),
            ("case.disposed", json!({ "target": "kemenpu" })),
            ("case.recalled", json!({ "reason": "disposed_in_error" })),
        ] {
            node.act(case, act(kind, body, None), "test").await.unwrap();
        }
        let state = async || node.case(case).await.unwrap().summary.state;
        assert_eq!(state().await, Some(State::Received));
        let once = Once::new("test", "verify-verify-verify-1").unwrap();
        let new = act("case.verified", json!({}), None);
        node.act_once_in(State::Received, (case, new), "test", &once)
            .await
            .unwrap();
        assert_eq!(state().await, Some(State::Verified));
    }
}

#[tokio::test]
async fn a_split_that_is_sent_twice_takes_no_half_off_the_desk_that_it_was_given_to() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, case) = (&place.node, filed(&place).await);
        let give = async |case, unit, officer| {
            node.assign(&Sight::ALL, &[case], Some(unit), officer, "test")
                .await
                .unwrap();
        };
        let split = async || {
            let words = json!({ "title": "Sampah", "content": "Bagian kedua." });
            let new = act("case.split", json!({}), Some(words));
            let once = Once::new("test", "5b6a1c5e-9d7f-4a41-8a55-0d5d0c3b7a10").unwrap();
            let acted = node.act_once(case, new, "test", &once).await.unwrap();
            acted.child.unwrap()
        };
        let desk = async |case| {
            let summary = node.case(case).await.unwrap().summary;
            (summary.unit.unwrap(), summary.officer)
        };
        give(case, "dinas-pu", Some("Siti")).await;
        let child = split().await;
        assert_eq!(desk(child).await, ("dinas-pu".into(), Some("Siti".into())));
        give(child, "dishub", None).await;
        assert_eq!(split().await, child);
        assert_eq!(desk(child).await, ("dishub".into(), None));
    }
}

#[tokio::test]
async fn a_split_of_what_one_officer_has_stays_with_that_officer() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, case) = (&place.node, filed(&place).await);
        node.assign(&Sight::ALL, &[case], None, Some("Siti"), "test")
            .await
            .unwrap();
        let words = json!({ "title": "Sampah", "content": "Bagian kedua." });
        let new = act("case.split", json!({}), Some(words));
        let child = node.act(case, new, "test").await.unwrap().child.unwrap();
        let officer = node.case(child).await.unwrap().summary.officer;
        assert_eq!(officer.as_deref(), Some("Siti"));
    }
}

#[tokio::test]
async fn a_split_gives_a_second_case_that_reads_alike() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let case = filed(&place).await;
        let words = json!({ "title": "Sampah menumpuk", "content": "Bagian kedua dari laporan." });
        let acted = place
            .node
            .act(case, act("case.split", json!({}), Some(words)), "test")
            .await
            .unwrap();
        let child = place.node.case(acted.child.unwrap()).await.unwrap();
        assert_eq!(child.summary.title.as_deref(), Some("Sampah menumpuk"));
        assert_eq!(
            (child.summary.state, child.parent),
            (Some(State::Verified), Some(case))
        );
        assert_eq!(
            place.node.case(case).await.unwrap().children,
            [child.summary.case]
        );
        let linked = act("case.linked", json!({ "target_case": case }), None);
        place
            .node
            .act(child.summary.case, linked, "test")
            .await
            .unwrap();
        let merged = place.node.case(child.summary.case).await.unwrap();
        assert_eq!(
            (merged.summary.state, merged.merged_into),
            (Some(State::Merged), Some(case))
        );
        let target = place.node.case(case).await.unwrap();
        assert_eq!(target.merged_from, [child.summary.case]);
    }
}

#[tokio::test]
async fn what_was_written_in_many_reports_is_read_together_and_each_has_its_own() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, hub) = (&place.node, PaperHub::of(&place));
        let mut told = BTreeMap::new();
        for number in 0..20 {
            if number == 10 {
                ruled(&place, &hub).await;
            }
            let content = format!("Lampu nomor {number} padam.");
            let report = NewReport {
                content: content.clone(),
                ..report("Lampu jalan padam")
            };
            let case = node.file(report, "test").await.unwrap().case;
            told.insert(case, content);
        }
        let whole = *told.keys().next().unwrap();
        let words = json!({ "title": "Sampah", "content": "Bagian kedua." });
        let split = act("case.split", json!({}), Some(words));
        let child = node.act(whole, split, "test").await.unwrap().child.unwrap();
        told.insert(child, "Bagian kedua.".to_owned());
        let cases: Vec<CaseId> = told.keys().copied().collect();
        for _ in 0..2 {
            let read = node.reported(&cases).await.unwrap();
            let read: BTreeMap<CaseId, String> = read
                .into_iter()
                .map(|(case, reported)| (case, reported.content.unwrap()))
                .collect();
            assert_eq!(read, told, "whether the hub has ruled them or not");
            ruled(&place, &hub).await;
        }
        let unknown = node.reported(&[new_case_id(NOW)]).await.unwrap();
        assert!(unknown.is_empty());
    }
}

#[tokio::test]
async fn words_that_hold_a_zero_are_kept_on_both_databases() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let node = &place.node;
        let filed = node.file(report("Lampu\0padam"), "test").await.unwrap();
        let said = [
            act("case.verified", json!({}), None),
            act("case.followed_up", json!({}), Some(text("Sudah\0beres."))),
        ];
        for act in said {
            node.act(filed.case, act, "test").await.unwrap();
        }
        for _ in 0..2 {
            node.catch_up_words().await.unwrap();
            let shown = node.case(filed.case).await.unwrap().summary;
            assert_eq!(shown.title.as_deref(), Some("Lampu\u{fffd}padam"));
            assert_eq!(shown.answer.as_deref(), Some("Sudah\u{fffd}beres."));
            ruled(&place, &hub).await;
        }
    }
}
