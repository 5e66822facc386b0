//! A token that is bounded to units or regions: no door tells it of a case that lies elsewhere, and none
//! lets it do anything there.

use http::{Method, StatusCode};
use lapor_protocol::ids::CaseId;
use serde_json::{Value, json};

use super::scopes::{Operation, operations};
use super::{Desk, desks};
use crate::casework::{NewReport, Sight};
use crate::testing::{NOW, acts};
use crate::tokens::{Bounds, NewToken, Rights, Role, Scope, Scopes, create_for};

const UNIT: &str = "dinas-pu";
const CITY: &str = "32.73";
const ELSEWHERE: &str = "32.05";
/// Units and regions.
const BOUNDS: [(&[&str], &[&str]); 3] = [(&[UNIT], &[]), (&[], &[CITY]), (&[UNIT], &["32", CITY])];

/// A node with a case within the bounds of a token, and one without.
struct Two {
    desk: Desk,
    bounds: Bounds,
    inside: CaseId,
    outside: CaseId,
    /// Ticket and title of the one outside.
    untold: [String; 2],
}

impl Two {
    async fn all() -> Vec<Self> {
        let mut out = Vec::new();
        for (units, regions) in BOUNDS {
            for desk in desks("pusat").await {
                let node = &desk.place.node;
                let unit = UNIT.parse().unwrap();
                node.add_unit("test", &unit, "Dinas PU", None)
                    .await
                    .unwrap();
                let inside = filed(&desk, "Jalan berlubang", CITY).await;
                let region = if units.is_empty() { ELSEWHERE } else { CITY };
                let outside = filed(&desk, "Kanari lepas di sekolah", region).await;
                node.assign(&Sight::ALL, &[inside], Some(UNIT), None, "test")
                    .await
                    .unwrap();
                let view = node.case(outside).await.unwrap();
                let bounds = Bounds::read(units.iter().copied(), regions.iter().copied());
                out.push(Self {
                    untold: [view.summary.ticket.unwrap(), "Kanari".to_owned()],
                    bounds: bounds.unwrap(),
                    inside,
                    outside,
                    desk,
                });
            }
        }
        out
    }

    async fn token(&self, name: &str, scopes: impl IntoIterator<Item = Scope>) -> String {
        let new = NewToken {
            name,
            rights: Rights::Scopes(Scopes::new(scopes).unwrap()),
            bounds: self.bounds.clone(),
            expires_at: None,
            owner: None,
        };
        let made = create_for(self.desk.place.node.db(), new, "test", NOW).await;
        made.unwrap().to_string()
    }

    /// A token that may do everything but open identities.
    async fn app(&self) -> String {
        let all = Scope::ALL.into_iter();
        let scopes = all.filter(|scope| *scope != Scope::Identity);
        self.token("app", scopes).await
    }

    fn is_told_of_none(&self, text: &str, of: &str) {
        let outside = self.outside.to_string();
        for canary in self.untold.iter().chain([&outside]) {
            assert!(!text.contains(canary), "{of} tells {canary}: {text}");
        }
    }

    async fn reads(&self, app: &str, path: &str) -> Value {
        let path = format!("/api/v1/{path}");
        let read = self.desk.calls_with(app, Method::GET, &path, &Value::Null);
        let read = read.await;
        assert_eq!(read.status, StatusCode::OK, "{path}: {}", read.text());
        self.is_told_of_none(&read.text(), &path);
        read.json()
    }
}

async fn filed(desk: &Desk, title: &str, region: &str) -> CaseId {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint", "title": title, "content": "Sejak hari Minggu.",
        "region": region, "channel": "web",
    }))
    .unwrap();
    desk.place.node.file(report, "test").await.unwrap().case
}

fn is_of_case(operation: &Operation) -> bool {
    operation.path.starts_with("/api/v1/cases/{id}")
}

#[tokio::test]
async fn a_case_outside_is_there_for_no_operation_of_cases() {
    for two in Box::pin(Two::all()).await {
        let outside = two.outside.to_string();
        let before = two.desk.place.node.case(two.outside).await.unwrap();
        for (number, operation) in operations()
            .iter()
            .filter(|one| is_of_case(one))
            .enumerate()
        {
            let name = format!("app-{number}");
            let app = two.token(&name, [operation.scopes[0]]).await;
            let refused = two.desk.calls(operation, &outside, &app).await;
            let status = refused.status;
            let hidden = status == StatusCode::NOT_FOUND || status == StatusCode::FORBIDDEN;
            assert!(hidden, "{}: {}", operation.id, refused.text());
            let text = refused.text().replace(&outside, "");
            two.is_told_of_none(&text, &operation.id);
        }
        let after = two.desk.place.node.case(two.outside).await.unwrap();
        assert_eq!(after.history.len(), before.history.len());
        assert_eq!(after.summary.unit, before.summary.unit);
    }
}

#[tokio::test]
async fn nothing_that_is_read_tells_of_a_case_outside() {
    for two in Box::pin(Two::all()).await {
        let app = two.app().await;
        for operation in operations() {
            let lists = operation.method == Method::GET && !operation.path.contains('{');
            if lists && !operation.scopes.contains(&Scope::Identity) {
                let read = two.desk.calls(&operation, "", &app).await;
                two.is_told_of_none(&read.text(), &operation.id);
            }
        }
        let listed = two.reads(&app, "cases").await;
        assert_eq!(listed["cases"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["cases"][0]["case"], two.inside.to_string());
        let counted = two.reads(&app, "cases/counts").await;
        assert_eq!(counted["new"], 1);
        let due = two.reads(&app, "deadlines").await;
        assert_eq!(due["cases"].as_array().unwrap().len(), 1, "{due}");
        let figures = "figures?from=2026-09-01&through=2026-09-30&side=origin";
        let figures = two.reads(&app, figures).await;
        assert_eq!(figures["figures"][0]["intake"], 1, "{figures}");
        assert_eq!(figures["by_category"][0]["intake"], 1);
        let work = "figures?from=2026-09-01&through=2026-09-30";
        let work = two.reads(&app, work).await;
        assert_eq!(work["figures"][0]["handled"], 1, "{work}");
        let searched = two.reads(&app, &format!("cases?q={}", two.untold[0])).await;
        assert_eq!(searched["cases"], json!([]));
        let ticket = format!("/api/v1/tickets/{}", two.untold[0]);
        let ticket = two
            .desk
            .calls_with(&app, Method::GET, &ticket, &Value::Null);
        assert_eq!(ticket.await.status, StatusCode::NOT_FOUND);
        two.reads(&app, &format!("cases/{}", two.inside)).await;
    }
}

#[tokio::test]
async fn of_cases_that_a_report_may_repeat_those_within_are_told() {
    let words = "reports/likely?title=Jalan%20berlubang,%20kanari%20lepas%20di%20sekolah\
        &content=Sejak%20hari%20Minggu";
    for two in Box::pin(Two::all()).await {
        let cases = |found: &Value| {
            let found = found["duplicates"].as_array().unwrap().iter();
            found.map(|one| one["case"].clone()).collect::<Vec<_>>()
        };
        let all = two.desk.get(Role::Admin, &format!("/api/v1/{words}")).await;
        let all = cases(&all.json());
        for case in [two.inside, two.outside] {
            assert!(all.contains(&json!(case)), "{case}");
        }
        let app = two.app().await;
        let within = two.reads(&app, words).await;
        assert_eq!(cases(&within), [json!(two.inside)]);
    }
}

#[tokio::test]
async fn the_feed_has_the_changes_of_cases_within_and_of_what_concerns_everyone() {
    for two in Box::pin(Two::all()).await {
        let app = two.app().await;
        for case in [two.outside, two.inside] {
            acts(&two.desk.place, case, "case.verified", json!({}), None).await;
        }
        let page = two.reads(&app, "changes").await;
        let changes = page["changes"].as_array().unwrap().iter();
        let kinds: Vec<&str> = changes.map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["report.filed", "case.verified"]);
        let whole = two.desk.get(Role::Admin, "/api/v1/changes");
        assert_eq!(
            whole.await.json()["next"],
            page["next"],
            "it passes over them"
        );
    }
}

#[tokio::test]
async fn what_is_done_to_several_cases_is_done_to_those_within() {
    for two in Box::pin(Two::all()).await {
        let app = two.app().await;
        let both = json!([two.inside, two.outside]);
        let posts = async |path: &str, body: Value| {
            let path = format!("/api/v1/{path}");
            two.desk.calls_with(&app, Method::POST, &path, &body).await
        };
        let looked = posts("cases/looks", json!({"cases": both})).await;
        assert_eq!(looked.json()["count"], 1);
        let act = json!({"cases": both, "act": {"kind": "case.verified"}});
        let acted = posts("cases/acts", act).await.json();
        let acted = acted["cases"].as_array().unwrap();
        for one in acted {
            let within = one["case"] == two.inside.to_string();
            assert_eq!(one.get("acted").is_some(), within, "{one}");
            assert!(within || one["problem"]["code"] == "not_found", "{one}");
        }
        let node = &two.desk.place.node;
        let unseen = node.case(two.outside).await.unwrap().summary;
        assert_eq!(
            (unseen.looked_at, unseen.pending),
            (None, 1),
            "the report alone"
        );
        let into = json!({
            "kind": "case.linked",
            "body": {"target_case": two.outside, "origin": "pusat"},
        });
        let into = posts(&format!("cases/{}/acts", two.inside), into).await;
        assert_eq!(into.status, StatusCode::NOT_FOUND, "{}", into.text());
    }
}

#[tokio::test]
async fn a_report_is_filed_where_it_is_seen_and_nothing_that_concerns_the_whole_is_done() {
    for two in Box::pin(Two::all()).await {
        let app = two.app().await;
        let files = async |region: Option<&str>| {
            let report = json!({
                "classification": "complaint", "title": "Lampu padam", "content": "Gelap.",
                "region": region, "channel": "web",
            });
            let path = "/api/v1/reports";
            two.desk.calls_with(&app, Method::POST, path, &report).await
        };
        if two.bounds.units.is_empty() {
            assert_eq!(files(Some("32.73.01")).await.status, StatusCode::CREATED);
            for wrong in [Some(ELSEWHERE), None] {
                let refused = files(wrong).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
                assert_eq!(refused.json()["field"], "region");
            }
        } else {
            assert_eq!(files(Some(CITY)).await.status, StatusCode::FORBIDDEN);
        }
        for path in ["audit", "status", "accounts", "channels", "erasures"] {
            let path = format!("/api/v1/{path}");
            let refused = two.desk.calls_with(&app, Method::GET, &path, &Value::Null);
            let refused = refused.await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            assert!(refused.text().contains("concerns the whole institution"));
        }
    }
}

#[tokio::test]
async fn a_webhook_that_another_made_is_not_there() {
    for two in Box::pin(Two::all()).await {
        let app = two.app().await;
        let hook = |at: &str| json!({"name": "Aplikasi", "url": at, "kinds": ["case.*"]});
        let foreign = hook("https://lain.example.go.id/lapor");
        let foreign = two.desk.post(Role::Admin, "/api/v1/webhooks", &foreign);
        let foreign = foreign.await.json()["webhook"]["id"].clone();
        let calls = async |method: Method, path: &str, body: &Value| {
            let path = format!("/api/v1/webhooks{path}");
            two.desk.calls_with(&app, method, &path, body).await
        };
        let own = hook("https://aplikasi.example.go.id/lapor");
        let own = calls(Method::POST, "", &own).await;
        assert_eq!(own.status, StatusCode::CREATED, "{}", own.text());
        let listed = calls(Method::GET, "", &Value::Null).await.json();
        let listed = listed["webhooks"].as_array().unwrap().clone();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["id"], own.json()["webhook"]["id"]);
        let foreign = format!("/{}", foreign.as_str().unwrap());
        for (method, body) in [
            (Method::GET, Value::Null),
            (Method::PATCH, json!({"state": "off"})),
            (Method::DELETE, Value::Null),
        ] {
            let hidden = calls(method.clone(), &foreign, &body).await;
            assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{method}");
        }
    }
}
