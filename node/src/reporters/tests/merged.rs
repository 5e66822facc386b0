//! What the reporter of a report that was merged reads of the other one.

use super::*;
use crate::media::Door;

#[tokio::test]
async fn the_reporter_of_a_merged_report_reads_no_number_of_the_other_one() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (target, _) = filed(&place, json!({})).await;
        let (merged, _) = filed(&place, json!({})).await;
        let into = json!({ "target_case": target.filed.case });
        officer(
            &place,
            merged.filed.case,
            act("case.linked", into, json!(null)),
        )
        .await;
        let words = json!({ "text": "Bapak Asep (0812-3456-7890) sudah dihubungi." });
        let file = futures_util::stream::iter([Ok::<_, std::io::Error>(
            bytes::Bytes::from_static(b"catatan serah terima"),
        )]);
        let file = place.node.receive_upload(Door::Staff, file).await;
        let answer = NewAct {
            attachments: vec![file.unwrap().upload],
            ..act("case.followed_up", json!({}), words)
        };
        officer(&place, target.filed.case, answer).await;
        let theirs = opened(&place, &merged.filed.ticket, &merged.key).await;
        let theirs = theirs.unwrap();
        let view = place.node.reporter_view(&theirs).await.unwrap();
        let answered = view.linked[0].events.last().unwrap();
        let proof = answered.attachments[0].sha256;
        let file = place.node.reporter_attachment(&theirs, proof).await;
        assert_eq!(file.unwrap().size, 20, "of an answer where it goes on");
        let heard = view.linked[0].events.last().unwrap().text.clone().unwrap();
        assert!(
            heard.contains("sudah dihubungi") && !heard.contains("3456"),
            "{heard}"
        );
        let own = opened(&place, &target.filed.ticket, &target.key).await;
        let view = place.node.reporter_view(&own.unwrap()).await.unwrap();
        let heard = view.events.last().unwrap().text.clone().unwrap();
        assert!(heard.contains("0812-3456-7890"), "{heard}");
        let undone = act("case.unlinked", json!({}), Value::Null);
        officer(&place, merged.filed.case, undone).await;
        let apart = place.node.reporter_attachment(&theirs, proof).await;
        assert!(matches!(apart, Err(NodeError::NotFound { .. })));
    }
}

#[tokio::test]
async fn numbers_in_another_report_are_masked_for_the_reporter_of_one_merged_into_it() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (own, conversation) = filed(&place, json!({})).await;
        let (other, _) = filed(&place, json!({})).await;
        let (own, other) = (own.filed.case, other.filed.case);
        let split = json!({"title": "Trotoar", "content": "Bagian kedua."});
        let split = act("case.split", json!({}), split);
        let child = place.node.act(own, split, "token:desk").await.unwrap();
        let linked = act("case.linked", json!({"target_case": other}), Value::Null);
        officer(&place, own, linked).await;
        for case in [other, child.child.unwrap()] {
            let text = json!({"text": "Sudah dibahas, hubungi 0812-9999-7890."});
            officer(&place, case, act("case.followed_up", json!({}), text)).await;
        }
        let view = place.node.reporter_view(&conversation).await.unwrap();
        let heard = |relation| {
            let linked = view
                .linked
                .iter()
                .find(|linked| linked.relation == relation);
            let events = &linked.unwrap().events;
            events.last().unwrap().text.clone().unwrap()
        };
        let merged = heard(Relation::MergedInto);
        assert!(!merged.contains("9999"), "{merged}");
        assert!(
            heard(Relation::Child).contains("0812-9999-7890"),
            "their own"
        );
    }
}

#[tokio::test]
async fn the_reporter_of_a_report_that_was_merged_twice_reads_on_to_the_end_but_not_behind_a_secret()
 {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (last, _) = filed(&place, json!({})).await;
        let last = last.filed.case;
        for secret in [false, true] {
            let (middle, _) = filed(&place, json!({ "secret": secret })).await;
            let (own, conversation) = filed(&place, json!({})).await;
            let (middle, own) = (middle.filed.case, own.filed.case);
            for (case, target) in [(own, middle), (middle, last)] {
                let into = json!({ "target_case": target });
                officer(&place, case, act("case.linked", into, Value::Null)).await;
            }
            let text = json!({ "text": "Lampu telah diganti." });
            officer(&place, last, act("case.followed_up", json!({}), text)).await;
            let view = place.node.reporter_view(&conversation).await.unwrap();
            let led: Vec<CaseId> = view.linked.iter().map(|linked| linked.case).collect();
            if secret {
                assert_eq!(led, [middle]);
                continue;
            }
            assert_eq!(led, [middle, last]);
            let end = &view.linked[1];
            assert_eq!(end.relation, Relation::MergedInto);
            let heard = end.events.last().unwrap();
            assert_eq!(heard.text.as_deref(), Some("Lampu telah diganti."));
        }
    }
}
