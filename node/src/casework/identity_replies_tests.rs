//! Own requests for an identity: all of them, however many, and each answer once.

use lapor_migrations::on;
use lapor_protocol::case::{Effect, Ruling};
use lapor_protocol::ids::{CaseId, InstanceId, MessageId, MessageRef};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::{IdentityRequests, NewAct};
use crate::chance::{new_case_id, new_message_id};
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, databases};

const SITI: &str = "account:siti";

fn draft(kind: &str, case: CaseId, term: Option<MessageRef>, body: &Value) -> Draft {
    Draft {
        kind: kind.into(),
        id: new_message_id(NOW),
        case: Some(case),
        term,
        created_at: NOW,
        body: Body::of_kind(kind, &body.to_string()).unwrap(),
        sealed: None,
        attachments: Vec::new(),
    }
}

/// A case of the national desk that lies here.
async fn given(hub: &PaperHub, link: &Link) -> CaseId {
    let case = new_case_id(NOW);
    let report =
        json!({"classification": "complaint", "channel": "web", "commitment": "0".repeat(64)});
    let filed = draft("report.filed", case, None, &report);
    let pusat: InstanceId = "pusat".parse().unwrap();
    let term = filed.provisional(&pusat).header.message_ref();
    let to = json!({"target": "kota-bandung"});
    hub.authors("pusat", &filed);
    hub.authors("pusat", &draft("case.disposed", case, Some(term), &to));
    link.pull(Stream::Inbox, 0).await.unwrap();
    case
}

async fn asked(place: &Place, case: CaseId) -> MessageId {
    let body = json!({"purpose": "visit"});
    let act = NewAct {
        kind: "identity.requested".into(),
        body: body.as_object().cloned().unwrap(),
        words: None,
        attachments: Vec::new(),
    };
    place.node.act(case, act, SITI).await.unwrap().message
}

async fn requests(place: &Place, after: Option<&str>) -> IdentityRequests {
    let page = place.node.identity_requests_of(SITI, after).await;
    page.unwrap()
}

#[tokio::test]
async fn an_answer_to_an_old_request_is_counted_and_every_request_is_on_some_page() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = given(&hub, &link).await;
        let first = asked(&place, case).await;
        for _ in 0..120 {
            place.clock.advance(1);
            asked(&place, case).await;
        }
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let refused =
            json!({"request": first, "requester": "kota-bandung", "reason": "not_needed"});
        hub.authors("pusat", &draft("identity.refused", case, None, &refused));
        link.pull(Stream::Inbox, 0).await.unwrap();
        let to = async |actor: &str| place.node.identity_answers_to(actor, 0).await.unwrap();
        assert_eq!(to(SITI).await, 1);
        assert_eq!(to("account:budi").await, 0);
        let page = requests(&place, None).await;
        assert_eq!(page.requests.len(), 100);
        assert!(page.requests.iter().all(|one| one.answer.is_none()));
        let rest = requests(&place, page.next.as_deref()).await;
        assert_eq!((rest.requests.len(), rest.next), (21, None));
        let oldest = rest.requests.last().unwrap();
        assert_eq!(oldest.at, NOW);
        assert!(!oldest.answer.as_ref().unwrap().granted);
        assert!(
            place
                .node
                .identity_requests_of(SITI, Some("x"))
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn a_request_that_was_sent_twice_waits_and_one_without_effect_has_lapsed() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = given(&hub, &link).await;
        for (effect, lapsed) in [(Effect::Duplicate, false), (Effect::Stale, true)] {
            place.clock.advance(1);
            asked(&place, case).await;
            hub.rules(Ruling {
                effect,
                reason: None,
            });
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            let latest = requests(&place, None).await.requests.remove(0);
            assert_eq!(latest.lapsed, lapsed, "{effect:?}");
            assert_eq!(latest.institution.unwrap().as_str(), "pusat");
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_hides_no_other() {
    const DAMAGE: &str =
        "update inbox set line = '{' where kind = 'identity.refused' and case_id = $1";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let (first, second) = (given(&hub, &link).await, given(&hub, &link).await);
        for case in [first, second] {
            let request = asked(&place, case).await;
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            let refused =
                json!({"request": request, "requester": "kota-bandung", "reason": "not_needed"});
            hub.authors("pusat", &draft("identity.refused", case, None, &refused));
            link.pull(Stream::Inbox, 0).await.unwrap();
        }
        let answers = async || place.node.identity_answers_to(SITI, 0).await.unwrap();
        assert_eq!(answers().await, 2);
        let (id, mut tx) = (first.to_string(), place.node.write_tx().await.unwrap());
        on!(&mut tx, c => sqlx::query(DAMAGE).bind(&id).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(answers().await, 1);
        let page = requests(&place, None).await.requests;
        let answered = page.iter().filter(|one| one.answer.is_some());
        let answered: Vec<CaseId> = answered.map(|one| one.case).collect();
        assert_eq!(answered, [second]);
    }
}
