//! Own messages that are set aside: what waits for one goes with it, whatever becomes of it, and what
//! comes to nothing is told once.

use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::keys::Signer;
use serde_json::json;

use super::{Scene, note, report, scenes};
use crate::casework::refresh_cases_of;
use crate::error::NodeError;
use crate::quarantine::{Aside, AsideId};
use crate::store;
use crate::testing::acts;

/// A report whose filing is set aside, with a note that waits for it.
async fn unsent(scene: &Scene) -> [Aside; 2] {
    let node = &scene.place.node;
    let filed = node.file(report("Banjir"), "test").await.unwrap();
    let mut tx = node.write_tx().await.unwrap();
    let pending = store::outbox::pending(&mut tx, 9).await;
    let [filing] = &pending.unwrap()[..] else {
        panic!("one message is unsent")
    };
    let bad = store::outbox::quarantine(&mut tx, filing.number, "header_invalid");
    bad.await.unwrap();
    tx.commit().await.unwrap();
    let words = json!({"text": "Dicatat."});
    acts(
        &scene.place,
        filed.case,
        "case.noted",
        json!({}),
        Some(words),
    )
    .await;
    let aside: Vec<Aside> = scene.set_aside().await;
    assert_eq!(aside[1].reason.as_deref(), Some("waits_for_earlier"));
    aside.try_into().unwrap()
}

#[tokio::test]
async fn what_waits_for_the_filing_of_its_report_goes_out_behind_it_whichever_is_sent_again() {
    for scene in scenes().await {
        let node = &scene.place.node;
        for which in 0..2 {
            let aside = unsent(&scene).await;
            assert_eq!(node.aside(aside[0].id).await.unwrap().aside.behind, 1);
            let (sent, audited) = (scene.hub.accepted(), scene.audited_replays().await);
            let replayed = node.replay(aside[which].id, "budi").await.unwrap();
            assert_eq!((replayed.looked_at, replayed.still), (2, None));
            // Whichever was asked for, the filing is among what is noted.
            assert_eq!(scene.audited_replays().await, audited + 1 + which);
            scene.link.push().await.unwrap();
            assert_eq!(scene.hub.accepted(), sent + 2);
            scene.pull().await;
            assert!(scene.set_aside().await.is_empty());
        }
    }
}

#[tokio::test]
async fn what_waits_for_a_filing_is_refused_with_it_and_comes_back_with_it() {
    for scene in scenes().await {
        let node = &scene.place.node;
        let [filing, noted] = unsent(&scene).await;
        node.refuse(filing.id, "ganda", "budi").await.unwrap();
        assert!(scene.set_aside().await.is_empty());
        let refused = node.aside(noted.id).await.unwrap().aside;
        let why = refused.reason.as_deref();
        assert_eq!(
            (&*refused.state, why),
            ("refused", Some("refused_with_earlier"))
        );
        let audited = scene.place.audited("quarantine.refuse").await;
        let with = format!("with {}: ganda", filing.id);
        assert_eq!(audited.len(), 2);
        assert!(audited.iter().any(|(_, detail)| detail.ends_with(&with)));

        // Also what was set aside by a version that left it behind.
        let AsideId::Own(number) = noted.id else {
            panic!("{} is an own message", noted.id)
        };
        for old in [false, true] {
            if old {
                let mut tx = node.write_tx().await.unwrap();
                let left = store::outbox::quarantine(&mut tx, number, "header_invalid");
                left.await.unwrap();
                tx.commit().await.unwrap();
            }
            match node.replay(noted.id, "budi").await {
                Err(NodeError::Invalid(why)) => {
                    let first = format!("replay {} first", filing.id);
                    assert!(why.contains(&first), "{why}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(node.replay(filing.id, "budi").await.unwrap().looked_at, 2);
        scene.link.push().await.unwrap();
        scene.pull().await;
        assert!(node.set_aside(true, 100).await.unwrap().is_empty());
        let case = node.case(noted.case.unwrap()).await.unwrap();
        assert_eq!(case.case_seq, 2);

        // What was refused by itself stays so.
        let [filing, noted] = unsent(&scene).await;
        node.refuse(noted.id, "tidak perlu", "budi").await.unwrap();
        node.refuse(filing.id, "ganda", "budi").await.unwrap();
        assert_eq!(node.replay(filing.id, "budi").await.unwrap().looked_at, 1);
        let left = node.set_aside(true, 100).await.unwrap();
        assert!(left.iter().map(|aside| aside.id).eq([noted.id]));
    }
}

#[tokio::test]
async fn what_waits_for_a_message_goes_out_once_that_is_ruled_all_the_same() {
    for scene in scenes().await {
        let lamp = scene.cases[0];
        acts(&scene.place, lamp, "case.verified", json!({}), None).await;
        scene.hub.lose_answers(1);
        scene.link.push().await.unwrap_err();
        let words = json!({"text": "Dicatat."});
        acts(&scene.place, lamp, "case.noted", json!({}), Some(words)).await;
        // As a damaged one is set aside while the line is down.
        let mut tx = scene.place.node.write_tx().await.unwrap();
        let bad = store::outbox::quarantine(&mut tx, 3, "bytes_damaged");
        bad.await.unwrap();
        let later = store::behind::quarantine_later(&mut tx, 3).await;
        assert_eq!(later, Ok(vec![4]));
        refresh_cases_of(&scene.place.node, &mut tx, &[3, 4])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.case(0).await.summary.pending, 0);
        scene.pull().await;
        assert!(scene.set_aside().await.is_empty());
        assert_eq!(scene.case(0).await.summary.pending, 1);
        let told = [
            "report.filed",
            "case.verified",
            "case.noted",
            "case.verified",
        ];
        assert_eq!(scene.changes(lamp).await, told);
        assert_eq!(scene.link.push().await.unwrap(), 1);
        scene.pull().await;
        let view = scene.case(0).await;
        assert_eq!((view.case_seq, view.summary.pending), (3, 0));
    }
}

#[tokio::test]
async fn an_own_act_that_comes_to_nothing_in_a_case_that_waits_is_told_once() {
    for scene in scenes().await {
        let lamp = scene.cases[0];
        let stranger = Signer::from_seed(&[77; 32]);
        scene.hub.authors_as("pusat", &note(lamp), &stranger, |p| p);
        scene.pull().await;
        let aside = scene.set_aside().await;
        scene.hub.rules(Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::WrongState),
        });
        acts(&scene.place, lamp, "case.verified", json!({}), None).await;
        scene.link.push().await.unwrap();
        scene.pull().await;
        let told = ["report.filed", "case.verified", "message.refused"];
        assert_eq!(scene.changes(lamp).await, told);
        let node = &scene.place.node;
        let replayed = node.replay(aside[0].id, "budi").await.unwrap();
        assert_eq!(replayed.looked_at, 2);
        assert_eq!(scene.changes(lamp).await, told);
        node.refuse(aside[0].id, "asing", "budi").await.unwrap();
        assert_eq!(scene.changes(lamp).await, told);
    }
}

#[tokio::test]
async fn an_own_act_that_comes_to_nothing_is_told_though_it_could_not_be_applied_at_first() {
    for scene in scenes().await {
        let lamp = scene.cases[0];
        scene.hub.rules(Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::WrongState),
        });
        acts(&scene.place, lamp, "case.verified", json!({}), None).await;
        scene.link.push().await.unwrap();
        scene
            .write("update cases set fold = 'x' where case_id = $1", lamp)
            .await;
        scene.pull().await;
        assert_eq!(scene.changes(lamp).await, ["report.filed", "case.verified"]);
        let aside = scene.set_aside().await;
        let node = &scene.place.node;
        node.replay(aside[0].id, "budi").await.unwrap();
        let told = ["report.filed", "case.verified", "message.refused"];
        assert_eq!(scene.changes(lamp).await, told);
    }
}
