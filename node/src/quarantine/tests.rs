//! What cannot be applied stops its case and nothing else, and a person has
//! the last word; on both databases.

mod own;

use std::sync::Arc;

use lapor_migrations::{Tx, on};
use lapor_protocol::ids::{CaseId, MessageRef};
use lapor_protocol::keys::Signer;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::{ExceptionState, Stream};
use lapor_protocol::seal::Subject;
use serde_json::json;

use super::{Aside, AsideId};
use crate::casework::{CaseView, KeyState, NewReport};
use crate::chance::new_message_id;
use crate::error::NodeError;
use crate::store;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, acts, databases};

/// A node with two cases of its own that are ruled.
struct Scene {
    place: Place,
    hub: Arc<PaperHub>,
    link: Arc<Link>,
    cases: [CaseId; 2],
}

impl Scene {
    async fn set(place: Place) -> Self {
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let mut cases = Vec::new();
        for title in ["Lampu jalan padam", "Jalan berlubang"] {
            cases.push(place.node.file(report(title), "test").await.unwrap().case);
        }
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        Self {
            place,
            hub,
            link,
            cases: cases.try_into().unwrap(),
        }
    }

    async fn pull(&self) {
        self.link.pull(Stream::Inbox, 0).await.unwrap();
    }

    async fn audited_replays(&self) -> usize {
        self.place.audited("quarantine.replay").await.len()
    }

    async fn case(&self, which: usize) -> CaseView {
        self.place.node.case(self.cases[which]).await.unwrap()
    }

    async fn set_aside(&self) -> Vec<Aside> {
        self.place.node.set_aside(false, 100).await.unwrap()
    }

    /// What the hub was told of the items that are not simply applied.
    fn told(&self) -> Vec<(u64, ExceptionState, String)> {
        let told = self.hub.told_exceptions().into_iter();
        told.map(|e| (e.dseq, e.state, e.reason)).collect()
    }

    /// The kinds of what the feed of changes tells of a case.
    async fn changes(&self, case: CaseId) -> Vec<String> {
        let mut tx = self.place.node.read_tx().await.unwrap();
        let all = store::changes::after(&mut tx, 0, 100).await.unwrap();
        let case = case.to_string();
        let of_case = all.into_iter().filter(|change| change.id == case);
        of_case.map(|change| change.kind).collect()
    }

    async fn write(&self, sql: &'static str, case: CaseId) {
        let mut tx = self.place.node.write_tx().await.unwrap();
        run(&mut tx, sql, case).await;
        tx.commit().await.unwrap();
    }
}

async fn run(tx: &mut Tx, sql: &'static str, case: CaseId) {
    let case = case.to_string();
    let done = on!(tx, c => sqlx::query(sql).bind(case).execute(c).await.map(drop));
    done.unwrap();
}

async fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for db in databases().await {
        scenes.push(Scene::set(Place::joined("kota-bandung", db).await).await);
    }
    scenes
}

fn report(title: &str) -> NewReport {
    serde_json::from_value(json!({
        "classification": "complaint", "title": title, "content": "Sejak Minggu.",
        "channel": "web", "region": "32.73",
    }))
    .unwrap()
}

/// A note of the desk on a case, which changes nothing in it.
fn note(case: CaseId) -> Draft {
    of_desk(case, "case.noted", "{}")
}

fn erasure(case: CaseId) -> Draft {
    of_desk(case, "case.redacted", r#"{"reason":"legal_order"}"#)
}

/// What the desk says of a case.
fn of_desk(case: CaseId, kind: &str, body: &str) -> Draft {
    Draft {
        kind: kind.to_owned(),
        id: new_message_id(NOW),
        case: Some(case),
        term: None,
        created_at: NOW,
        body: Body::of_kind(kind, body).unwrap(),
        sealed: None,
        attachments: Vec::new(),
    }
}

#[tokio::test]
async fn a_message_with_a_strange_signature_stops_its_case_and_nothing_else() {
    for scene in scenes().await {
        let [lamp, hole] = scene.cases;
        let stranger = Signer::from_seed(&[77; 32]);
        scene.hub.authors_as("pusat", &note(lamp), &stranger, |p| p);
        scene.hub.authors("pusat", &note(lamp));
        scene.hub.authors("pusat", &note(hole));
        scene.pull().await;
        let [aside] = &scene.set_aside().await[..] else {
            panic!("one message is set aside")
        };
        assert_eq!((aside.state.as_str(), aside.behind), ("quarantined", 1));
        assert_eq!(aside.reason.as_deref(), Some("key_unknown"));
        assert_eq!(aside.id.to_string(), "inbox:1.3");
        assert_eq!(scene.case(0).await.blocked.as_deref(), Some("key_unknown"));
        assert_eq!(
            (scene.case(0).await.case_seq, scene.case(1).await.case_seq),
            (1, 2)
        );
        let waits = (4, ExceptionState::Parked, "case_waits".to_owned());
        let bad = (3, ExceptionState::Quarantined, "key_unknown".to_owned());
        assert_eq!(scene.told(), [bad, waits]);

        let node = &scene.place.node;
        let view = node.aside(aside.id).await.unwrap();
        assert_eq!(view.author.unwrap().as_str(), "pusat");
        assert!(view.line.unwrap().contains("payload"));
        let replayed = node.replay(aside.id, "budi").await.unwrap();
        assert_eq!(replayed.still.as_deref(), Some("key_unknown"));
        let silent = node.refuse(aside.id, " ", "budi").await;
        assert!(matches!(silent, Err(NodeError::Invalid(_))));

        let refused = node
            .refuse(aside.id, "tanda tangan palsu", "budi")
            .await
            .unwrap();
        assert_eq!(refused.state, "refused");
        assert_eq!(
            (scene.case(0).await.case_seq, scene.case(0).await.blocked),
            (3, None)
        );
        assert!(scene.set_aside().await.is_empty());
        scene.pull().await;
        assert_eq!(
            scene.told(),
            [(3, ExceptionState::Refused, "operator".to_owned())]
        );
        let audited = scene.place.audited("quarantine.refuse").await;
        assert_eq!(audited.len(), 1);
        assert!(audited[0].1.contains("tanda tangan palsu"));

        // Whoever refused it may look again; it is as bad as it was.
        let again = node.replay(aside.id, "budi").await.unwrap();
        assert_eq!(again.still.as_deref(), Some("key_unknown"));
        assert_eq!(scene.case(0).await.case_seq, 1);
        assert_eq!(node.set_aside(true, 100).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_signed_together_is_applied_and_what_has_no_place_in_that_tree_is_not() {
    for scene in scenes().await {
        let [lamp, hole] = scene.cases;
        let both = [note(lamp), note(hole)];
        scene.hub.authors_together("pusat", &both, |_| {});
        scene.pull().await;
        assert!(scene.set_aside().await.is_empty());
        assert_eq!(
            (scene.case(0).await.case_seq, scene.case(1).await.case_seq),
            (2, 2)
        );
        let three = [note(hole), note(lamp), note(lamp)];
        scene.hub.authors_together("pusat", &three, |signed| {
            let of_another = signed[0].tree.clone();
            signed[1].tree = of_another;
        });
        scene.pull().await;
        let [aside] = &scene.set_aside().await[..] else {
            panic!("one message is set aside")
        };
        assert_eq!((aside.state.as_str(), aside.behind), ("quarantined", 1));
        assert_eq!(aside.reason.as_deref(), Some("signature_invalid"));
        assert_eq!(
            (scene.case(0).await.case_seq, scene.case(1).await.case_seq),
            (2, 3)
        );
    }
}

#[tokio::test]
async fn an_item_that_fails_is_tried_a_few_times_and_heals_when_its_case_is_folded_anew() {
    for scene in scenes().await {
        let [lamp, hole] = scene.cases;
        let before = scene.case(0).await.digest;
        scene
            .write("update cases set fold = 'x' where case_id = $1", lamp)
            .await;
        scene.hub.authors("pusat", &note(lamp));
        scene.hub.authors("pusat", &note(hole));
        scene.pull().await;
        assert_eq!(scene.case(1).await.case_seq, 2, "another case goes on");
        let [aside] = &scene.set_aside().await[..] else {
            panic!("one message is set aside")
        };
        assert_eq!(
            (aside.reason.as_deref(), aside.attempts),
            (Some("cannot_be_applied"), 3)
        );
        let told = (
            3,
            ExceptionState::Quarantined,
            "cannot_be_applied".to_owned(),
        );
        assert_eq!(scene.told(), [told]);
        let replayed = scene.place.node.replay(aside.id, "budi").await.unwrap();
        assert_eq!((replayed.looked_at, replayed.still), (2, None));
        let healed = scene.case(0).await;
        assert_eq!((healed.case_seq, healed.blocked), (2, None));
        assert!(before.is_some() && healed.digest.is_some());
        scene.pull().await;
        assert!(scene.told().is_empty(), "the later outcome is told too");
    }
}

#[tokio::test]
async fn an_unknown_kind_is_parked_until_a_version_starts_that_knows_it() {
    for scene in scenes().await {
        let [lamp, hole] = scene.cases;
        let pusat = Signer::from_seed(&[100 + "pusat".len() as u8; 32]);
        scene
            .hub
            .authors_as("pusat", &note(lamp), &pusat, |payload| {
                let text = String::from_utf8(payload).unwrap();
                text.replace("case.noted", "case.sung").into_bytes()
            });
        scene.hub.authors("pusat", &note(hole));
        scene.pull().await;
        let [aside] = &scene.set_aside().await[..] else {
            panic!("one message is set aside")
        };
        assert_eq!(
            (aside.state.as_str(), aside.kind.as_str()),
            ("parked", "case.sung")
        );
        assert_eq!(scene.told()[0].1, ExceptionState::Parked);
        assert_eq!(scene.case(1).await.case_seq, 2);
        assert_eq!(scene.link.unpark().await.unwrap(), 1);
        assert_eq!(
            scene.set_aside().await[0].state,
            "parked",
            "it is as new as it was"
        );

        // What an older version did with a kind that this one knows.
        scene
            .write(
                "update cases set blocked = 'unknown kind' where case_id = $1",
                hole,
            )
            .await;
        scene.hub.authors("pusat", &note(hole));
        scene.pull().await;
        let park = "update inbox set state = 'parked' where state = 'waiting' and case_id = $1";
        scene.write(park, hole).await;
        assert_eq!(scene.case(1).await.case_seq, 2);
        scene.link.unpark().await.unwrap();
        assert_eq!(
            (scene.case(1).await.case_seq, scene.case(1).await.blocked),
            (3, None)
        );
    }
}

#[tokio::test]
async fn a_case_moves_on_by_itself_when_what_it_waited_for_is_here() {
    for scene in scenes().await {
        let [lamp, _] = scene.cases;
        scene
            .write(
                "update cases set blocked = 'a gap' where case_id = $1",
                lamp,
            )
            .await;
        scene.hub.authors("pusat", &note(lamp));
        scene.hub.authors("pusat", &note(lamp));
        scene.pull().await;
        assert_eq!(scene.case(0).await.case_seq, 1);
        assert_eq!(scene.link.move_on().await.unwrap(), 2);
        assert_eq!(
            (scene.case(0).await.case_seq, scene.case(0).await.blocked),
            (3, None)
        );
        assert_eq!(scene.link.move_on().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn an_erasure_behind_a_gap_is_executed_at_once_and_its_case_waits() {
    for scene in scenes().await {
        let [lamp, _] = scene.cases;
        assert_eq!(scene.case(0).await.key, KeyState::Held);
        scene.hub.leaves_out(lamp, 1);
        scene.hub.authors("pusat", &erasure(lamp));
        scene.pull().await;
        let erased = scene.case(0).await;
        assert_eq!((erased.key, erased.case_seq), (KeyState::Erased, 1));
        assert_eq!((erased.summary.title, erased.summary.excerpt), (None, None));
        assert!(erased.blocked.is_some(), "the case itself waits");
        let waits = (3, ExceptionState::Parked, "case_waits".to_owned());
        assert_eq!(scene.told(), [waits]);
        assert_eq!(scene.case(1).await.key, KeyState::Held, "another case");
    }
}

/// A case of the desk that this node had, with its key, and has given back.
async fn given_back(scene: &Scene) -> CaseId {
    let case = CaseId::mint(NOW, [9; 10]);
    let commitment = "ab".repeat(32);
    let filed = of_desk(
        case,
        "report.filed",
        &json!({"classification": "complaint", "channel": "web", "commitment": commitment})
            .to_string(),
    );
    let term = MessageRef {
        author: "pusat".parse().unwrap(),
        id: filed.id,
    };
    let disposed = Draft {
        term: Some(term),
        ..of_desk(case, "case.disposed", r#"{"target":"kota-bandung"}"#)
    };
    scene.hub.authors("pusat", &filed);
    scene.hub.authors("pusat", &disposed);
    scene.pull().await;
    keep_key(scene, case).await;
    acts(
        &scene.place,
        case,
        "case.returned",
        json!({"reason": "other"}),
        None,
    )
    .await;
    scene.link.push().await.unwrap();
    scene.pull().await;
    case
}

async fn keep_key(scene: &Scene, case: CaseId) {
    let mut tx = scene.place.node.write_tx().await.unwrap();
    let (subject, case) = (Subject::Case(case).to_string(), case.to_string());
    let kept = store::secrets::add_content_key(&mut tx, &subject, &case, &[7; 32]);
    kept.await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_erasure_of_a_case_that_was_given_back_waits_for_nothing_that_was_missed() {
    for scene in scenes().await {
        let case = given_back(&scene).await;
        let node = &scene.place.node;
        assert_eq!(node.case(case).await.unwrap().key, KeyState::Held);
        scene.hub.leaves_out(case, 2);
        scene.hub.authors("pusat", &erasure(case));
        scene.pull().await;
        let erased = node.case(case).await.unwrap();
        assert_eq!((erased.key, erased.blocked), (KeyState::Erased, None));
        assert_eq!(erased.case_seq, 3, "its copy ends where it left");
        assert_eq!(erased.history.last().unwrap().kind, "case.redacted");
        assert!(scene.told().is_empty(), "settled");

        // What an older version did with it.
        keep_key(&scene, case).await;
        let wait = "update inbox set state = 'waiting'
            where kind = 'case.redacted' and case_id = $1";
        scene.write(wait, case).await;
        let block = "update cases set blocked = 'a gap', erased = 0 where case_id = $1";
        scene.write(block, case).await;
        assert_eq!(node.case(case).await.unwrap().key, KeyState::Held);
        assert_eq!(scene.link.unpark().await.unwrap(), 1);
        let erased = node.case(case).await.unwrap();
        assert_eq!((erased.key, erased.blocked), (KeyState::Erased, None));
    }
}

#[tokio::test]
async fn only_what_is_set_aside_can_be_handled() {
    for scene in scenes().await {
        let node = &scene.place.node;
        for (id, missing) in [
            ("inbox:1.1", false),
            ("outbox:1", false),
            ("inbox:1.99", true),
            ("outbox:99", true),
        ] {
            let id: AsideId = id.parse().unwrap();
            for outcome in [
                node.replay(id, "budi").await.map(drop),
                node.refuse(id, "salah", "budi").await.map(drop),
            ] {
                match outcome {
                    Err(NodeError::NotFound { .. }) => assert!(missing, "{id}"),
                    Err(NodeError::Invalid(why)) => {
                        assert!(!missing && why.contains("quarantined"));
                    }
                    other => panic!("{id}: {other:?}"),
                }
            }
        }
    }
}
