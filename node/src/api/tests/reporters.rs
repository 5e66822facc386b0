//! The reporter's side of the API, and the institution that a report excludes.

use axum::body::Body;
use http::{Request, StatusCode};
use lapor_protocol::ids::{CaseId, InstanceId, MessageRef};
use lapor_protocol::kinds::Body as Clear;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::{Desk, Reply, desks, report_example};
use crate::chance::{new_case_id, new_message_id};
use crate::sync::Link;
use crate::testing::{NOW, PaperHub};
use crate::tokens::Role;

const ONCE: &str = "4b0a3c5e-9d7f-4a41-8a55-0d5d0c3b7a10";

impl Desk {
    /// Asks with a conversation's token, or with none.
    async fn reporter(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("idempotency-key", ONCE)
            .header("authorization", format!("Bearer {token}"));
        self.send(None, request, Body::from(body.to_string())).await
    }

    async fn file_with_key(&self) -> Value {
        let request = Request::post("/api/v1/reports?key=true")
            .header("content-type", "application/json")
            .header("idempotency-key", ONCE);
        let body = Body::from(report_example().to_string());
        let filed = self.send(Some(Role::Officer), request, body).await;
        assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text());
        filed.json()
    }
}

#[tokio::test]
async fn a_reporter_opens_reads_and_answers_through_the_api() {
    for desk in desks("kota-bandung").await {
        let filed = desk.file_with_key().await;
        assert_eq!(desk.file_with_key().await, filed, "sent twice, filed once");
        let (ticket, key) = (&filed["ticket"], &filed["key"]);
        let secrets = json!({"ticket": ticket, "key": key});
        let opened = desk
            .reporter("POST", "/api/v1/conversations", "", secrets)
            .await;
        assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.text());
        let token = opened.json()["token"].as_str().unwrap().to_owned();
        let ask = async |method: &str, path: &str, body: Value| {
            let path = format!("/api/v1/conversation{path}");
            desk.reporter(method, &path, &token, body).await
        };
        let reply = json!({"act": "reply", "text": "Masih padam."});
        let first = ask("POST", "/acts", reply.clone()).await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
        assert_eq!(ask("POST", "/acts", reply).await.json(), first.json());
        let view = ask("GET", "", json!({})).await.json();
        assert_eq!(view["step"], "verification");
        assert_eq!(view["events"][1]["text"], "Masih padam.");
        assert!(ask("GET", "/data", json!({})).await.text().contains("Siti"));
        let erasure = ask("POST", "/erasure", json!({"ticket": ticket})).await;
        assert_eq!(erasure.status, StatusCode::ACCEPTED, "{}", erasure.text());
        let waiting = desk.get(Role::Admin, "/api/v1/erasures").await.json();
        assert_eq!(waiting["erasures"][0]["case"], filed["case"]);
        assert_eq!(
            ask("DELETE", "/erasure", json!({})).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            ask("DELETE", "", json!({})).await.status,
            StatusCode::NO_CONTENT
        );
        let after = ask("GET", "", json!({})).await;
        said!(after.problem("-"), @r#"{"type":"urn:lapor:problem:locked","title":"The secret does not open this","status":401,"code":"locked","detail":"Send `Authorization: Bearer TOKEN` with the token of an open conversation.","request":"requestCASEofCASEtest"}"#);
        let path = format!("/api/v1/tracks/{}", ticket.as_str().unwrap());
        let seen = desk.send(None, Request::get(path), Body::empty()).await;
        assert_eq!(seen.json()["step"], "verification", "{}", seen.text());
        assert!(
            !seen.text().contains("Masih padam."),
            "a reply is not public"
        );
    }
}

fn draft(kind: &str, case: CaseId, term: Option<MessageRef>, body: &Value) -> Draft {
    let body = Clear::of_kind(kind, &body.to_string()).unwrap();
    Draft {
        kind: kind.to_owned(),
        id: new_message_id(NOW),
        case: Some(case),
        term,
        created_at: NOW,
        body,
        sealed: None,
        attachments: Vec::new(),
    }
}

fn named(author: &str, draft: &Draft) -> MessageRef {
    let author: InstanceId = author.parse().unwrap();
    draft.provisional(&author).header.message_ref()
}

#[tokio::test]
async fn an_institution_that_is_excluded_later_shows_the_case_to_nobody() {
    for desk in desks("kota-bandung").await {
        let hub = PaperHub::of(&desk.place);
        let link = Link::over(desk.place.node.clone(), hub.clone()).unwrap();
        let case = new_case_id(NOW);
        let report =
            json!({"classification": "complaint", "channel": "web", "commitment": "0".repeat(64)});
        let filed = draft("report.filed", case, None, &report);
        let to = json!({"target": "kemenpu", "copies": ["kota-bandung"]});
        let disposed = draft("case.disposed", case, Some(named("pusat", &filed)), &to);
        let without = json!({"excluded": ["kota-bandung"]});
        let verified = draft(
            "case.verified",
            case,
            Some(named("pusat", &disposed)),
            &without,
        );
        hub.authors("pusat", &filed);
        hub.authors("pusat", &disposed);
        link.pull(Stream::Inbox, 0).await.unwrap();
        let path = format!("/api/v1/cases/{case}");
        assert_eq!(desk.get(Role::Reader, &path).await.status, StatusCode::OK);
        let listed = desk.get(Role::Reader, "/api/v1/cases").await.json();
        assert_eq!(listed["cases"].as_array().unwrap().len(), 1);
        hub.authors("kemenpu", &verified);
        link.pull(Stream::Inbox, 0).await.unwrap();
        let listed = desk.get(Role::Reader, "/api/v1/cases").await.json();
        assert_eq!(listed, json!({"cases": []}));
        let digest = "0".repeat(64);
        for path in [
            path.clone(),
            format!("{path}/attachments/{digest}"),
            format!("{path}/identity"),
            format!("{path}/identity/log"),
            format!("{path}/identity-asks"),
            format!("{path}/drafts"),
        ] {
            for role in Role::ALL {
                let reply = desk.get(role, &path).await.status;
                let refused = matches!(reply, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
                assert!(refused, "{path} {role}: {reply}");
            }
        }
        let note = json!({"kind": "case.noted", "words": {"text": "catatan"}});
        let acted = desk.act(&case.to_string(), note).await;
        assert!(acted.status.is_client_error(), "{}", acted.text());
    }
}

#[tokio::test]
async fn a_report_reaches_no_institution_that_it_excludes() {
    for desk in desks("pusat").await {
        let mut report = report_example();
        report["excluded"] = json!(["kota-bandung"]);
        report["suggested"] = json!("kota-bandung");
        let contradictory = desk.post(Role::Officer, "/api/v1/reports", &report).await;
        assert_eq!(
            contradictory.json()["field"],
            "suggested",
            "{}",
            contradictory.text()
        );
        report.as_object_mut().unwrap().remove("suggested");
        let filed = desk
            .post(Role::Officer, "/api/v1/reports", &report)
            .await
            .json();
        let case = filed["case"].as_str().unwrap();
        for body in [
            json!({"target": "kota-bandung"}),
            json!({"target": "kemenpu", "copies": ["kota-bandung"]}),
        ] {
            let refused = desk
                .act(case, json!({"kind": "case.disposed", "body": body}))
                .await;
            assert_eq!(refused.json()["reason"], "excluded", "{}", refused.text());
        }
    }
}
