//! Every operation of the document asks for its scope, and for no other.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{Desk, Reply, desks};
use crate::api::document;
use crate::casework::NewReport;
use crate::testing::NOW;
use crate::tokens::{Bounds, NewToken, Rights, Scope, Scopes, create_for};

/// An operation of the document that needs a token.
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    /// What its address must tell.
    query: String,
    pub scopes: Vec<Scope>,
    body: Value,
}

pub fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scopes = operation["x-scope"].as_array().unwrap().iter();
            let scopes: Vec<Scope> = scopes
                .map(|scope| scope.as_str().unwrap().parse().unwrap())
                .collect();
            if scopes.is_empty() {
                continue;
            }
            let id = operation["operationId"].as_str().unwrap().to_owned();
            found.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: format!("/api/v1{path}"),
                query: query(operation),
                body: body(&id, operation),
                id,
                scopes,
            });
        }
    }
    found
}

fn query(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|one| one["in"] == "query" && one["required"] == true);
    let told = needed.map(|one| match one["name"].as_str().unwrap() {
        name @ ("from" | "through") => format!("{name}=2026-09-01"),
        name => format!("{name}=lampu"),
    });
    told.collect::<Vec<_>>().join("&")
}

fn body(id: &str, operation: &Value) -> Value {
    let examples = &operation["requestBody"]["content"]["application/json"]["examples"];
    match id {
        "act" => json!({"kind": "case.verified"}),
        // A key that was told must fit.
        "takeDownWords" => json!({"channel": "phone", "act": {"act": "reply", "text": "Ya."}}),
        "planErasure" => json!({"reason": "legal_order"}),
        // Kinds ask for scopes of their own.
        "makeWebhook" => json!({"name": "a", "url": "b", "kinds": ["none"]}),
        "replaceLocalCategories" => json!({"local": []}),
        _ => examples
            .as_object()
            .and_then(|all| all.values().next())
            .map_or(Value::Null, |example| example["value"].clone()),
    }
}

impl Desk {
    pub async fn token_of(&self, name: &str, scopes: impl IntoIterator<Item = Scope>) -> String {
        let new = NewToken {
            name,
            rights: Rights::Scopes(Scopes::new(scopes).unwrap()),
            bounds: Bounds::default(),
            expires_at: None,
            owner: None,
        };
        let made = create_for(self.place.node.db(), new, "test", NOW).await;
        made.unwrap().to_string()
    }

    pub async fn calls(&self, operation: &Operation, case: &str, secret: &str) -> Reply {
        let path = operation.path.replace("{id}", case);
        let path = path.replace("{ticket}", "4F7KX-92MQ3");
        let path = path.replace("{owner}", "pusat").replace("{slug}", "taman");
        let path = path.replace("{delivery}", "msg_none");
        let path = path.replace("{sha256}", &"0".repeat(64));
        // What stands for nothing that there is, in the shape that each has.
        let message = match operation.id.as_str() {
            "dropFailedAct" => "019a0a7e-3c00-7000-8000-000000000001",
            _ => "outbox:404",
        };
        let path = path
            .replace("{message}", message)
            .replace("{number}", "404");
        let path = path
            .replace("{account}", "0123456789abcdef")
            .replace("{unit}", "dinas-pu");
        let path = path
            .replace("{key}", &"k".repeat(16))
            .replace("{ask}", "none");
        let path = path.replace("{thread}", "none").replace("{word}", "LAMPU");
        let path = path.replace("{name}", "mine").replace("{request}", "none");
        let request = Request::builder()
            .method(operation.method.clone())
            .uri(format!("{path}?{}", operation.query))
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/json");
        let body = match &operation.body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        self.send(None, request, body).await
    }
}

/// Whether it was the scope that was missing, and not something that the case asks besides.
fn lacks_scope(reply: &Reply) -> bool {
    reply.text().contains("The token does not allow this")
}

#[tokio::test]
async fn every_operation_is_refused_without_its_scope_and_not_with_it_alone() {
    for desk in desks("pusat").await {
        let report: NewReport = serde_json::from_value(super::report_example()).unwrap();
        let filed = desk.place.node.file(report, "test").await.unwrap();
        let case = filed.case.to_string();
        for (number, operation) in operations().iter().enumerate() {
            let others = Scope::ALL
                .into_iter()
                .filter(|scope| *scope != Scope::Identity && !operation.scopes.contains(scope));
            let without = desk.token_of(&format!("without-{number}"), others).await;
            let refused = desk.calls(operation, &case, &without).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", operation.id);
            assert!(
                lacks_scope(&refused),
                "{}: {}",
                operation.id,
                refused.text()
            );
            let scope = operation.scopes[0];
            let with = desk.token_of(&format!("with-{number}"), [scope]).await;
            let answered = desk.calls(operation, &case, &with).await;
            let refused = [401, 405].contains(&answered.status.as_u16());
            let refused = refused || lacks_scope(&answered);
            assert!(!refused, "{}: {}", operation.id, answered.text());
        }
    }
}
