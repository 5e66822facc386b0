//! Work on several cases, whose desk they lie on, and lists.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use super::{desks, hired};
use crate::staff::StaffRole;
use crate::tokens::Role;

const KEY: &str = "8c1f2a52-6a1d-4d0a-9a53-3ef1c5a0b7d4";
const NOBODY: &str = "019a0a7e-3c00-7000-8000-000000000001";

#[tokio::test]
async fn one_act_on_several_cases_is_judged_for_each_and_done_once() {
    for desk in desks("pusat").await {
        let (first, second) = (desk.filed().await.0, desk.filed().await.0);
        let verified = desk.act(&second, json!({"kind": "case.verified"})).await;
        assert_eq!(verified.status, StatusCode::ACCEPTED);
        let all = json!({"cases": [first, second, NOBODY], "act": {"kind": "case.verified"}});
        let send = async || {
            let request = Request::post("/api/v1/cases/acts")
                .header("content-type", "application/json")
                .header("idempotency-key", KEY);
            let body = Body::from(all.to_string());
            desk.send(Some(Role::Officer), request, body).await
        };
        let done = send().await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        let done = done.json();
        let of = |case: &str| {
            let all = done["cases"].as_array().unwrap().iter();
            all.clone().find(|one| one["case"] == case).unwrap().clone()
        };
        assert_eq!(of(&first)["acted"]["state"], "verified", "{done}");
        assert_eq!(of(&second)["problem"]["code"], "not_allowed", "{done}");
        assert_eq!(of(NOBODY)["problem"]["code"], "not_found", "{done}");
        assert_eq!(send().await.json()["cases"], done["cases"], "sent again");
        let history = desk.place.node.case(first.parse().unwrap()).await.unwrap();
        assert_eq!(history.history.len(), 2, "filed, and verified once");
        let path = "/api/v1/cases/acts";
        let none = json!({"cases": [], "act": {"kind": "case.verified"}});
        let none = desk.post(Role::Officer, path, &none).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(none.json()["field"], "cases");
        for lacking in [
            json!({"kind": "identity.requested", "words": {"text": "Perlu dihubungi."}}),
            json!({"kind": "case.followed_up", "body": {}}),
        ] {
            let lacking = json!({"cases": [NOBODY], "act": lacking});
            let lacking = desk.post(Role::Admin, path, &lacking).await;
            assert_eq!(lacking.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let erased = json!({"cases": [first], "act": {"kind": "case.redacted", "body": {"reason": "other"}}});
        let erased = desk.post(Role::Admin, path, &erased).await;
        assert_eq!(erased.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_case_is_put_on_a_desk_with_an_instruction_and_taken_off() {
    for desk in desks("kota-bandung").await {
        let (case, _) = desk.filed().await;
        let siti = hired(&desk.place, "siti@bandung.go.id", StaffRole::Officer).await;
        let unit = json!({"id": "dinas-pu", "name": "Dinas PU"});
        desk.post(Role::Admin, "/api/v1/units", &unit).await;
        let at = format!("/api/v1/cases/{case}/assignment");
        for (body, field) in [
            (json!({"unit": "dinas-air"}), "unit"),
            (json!({"officer": "0123456789abcdef"}), "officer"),
            (json!({"unit": "dinas-pu", "due": "2020-01-01"}), "due"),
            (json!({"unit": "dinas-pu", "due": "besok"}), "due"),
            (json!({"instruction": "Segera."}), "instruction"),
        ] {
            let refused = desk.put(Role::Officer, &at, &body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(refused.json()["field"], field, "{}", refused.text());
        }
        let given = json!({
            "unit": "dinas-pu", "officer": siti, "instruction": "Tinjau.", "due": "2099-12-04",
        });
        let put = desk.put(Role::Officer, &at, &given).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text());
        let lies = desk.get(Role::Reader, &at).await.json();
        assert_eq!(
            (&lies["unit"], &lies["officer"]),
            (&json!("dinas-pu"), &json!(siti))
        );
        assert_eq!(lies["instructions"][0]["words"], "Tinjau.");
        assert_eq!(lies["instructions"][0]["by"], "token:officer");
        let found = "/api/v1/cases/counts?unit=dinas-pu";
        assert_eq!(desk.get(Role::Reader, found).await.json()["new"], 1);
        let off = desk.delete(Role::Officer, &at).await;
        assert_eq!(off.status, StatusCode::NO_CONTENT);
        let lies = desk.get(Role::Reader, &at).await.json();
        assert_eq!(
            (&lies["unit"], &lies["officer"]),
            (&json!(null), &json!(null))
        );
        let nowhere = format!("/api/v1/cases/{NOBODY}/assignment");
        let missing = desk.delete(Role::Officer, &nowhere).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        let several = "/api/v1/cases/assignments";
        let both = json!({"cases": [case], "unit": "dinas-pu", "officer": siti});
        let both = desk.post(Role::Officer, several, &both).await;
        assert_eq!(both.json()["field"], "unit");
        let to_siti = json!({"cases": [case, NOBODY], "officer": siti});
        let to_siti = desk.post(Role::Officer, several, &to_siti).await;
        assert_eq!(to_siti.json(), json!({"count": 1}), "{}", to_siti.text());
        let handed = json!({"from": siti, "to": siti});
        let same = desk.post(Role::Admin, "/api/v1/handovers", &handed).await;
        assert_eq!(same.json()["field"], "to", "{}", same.text());
        let budi = hired(&desk.place, "budi@bandung.go.id", StaffRole::Officer).await;
        let handed = json!({"from": siti, "to": budi});
        let handed = desk.post(Role::Admin, "/api/v1/handovers", &handed).await;
        assert_eq!(handed.json(), json!({"count": 1}), "{}", handed.text());
        assert_eq!(
            desk.get(Role::Reader, &at).await.json()["officer"],
            json!(budi)
        );
    }
}

#[tokio::test]
async fn lists_are_counted_and_filters_kept_for_whoever_owns_the_token() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let counts = desk.get(Role::Reader, "/api/v1/cases/counts").await.json();
        assert_eq!((&counts["new"], &counts["unseen"]), (&json!(1), &json!(1)));
        let looked = json!({"cases": [case]});
        let looked = desk
            .post(Role::Officer, "/api/v1/cases/looks", &looked)
            .await;
        assert_eq!(looked.json(), json!({"count": 1}), "{}", looked.text());
        let listed = desk.get(Role::Reader, "/api/v1/cases?tab=new").await.json();
        assert_eq!(listed["cases"][0]["case"], case.as_str());
        let both = desk
            .get(Role::Reader, "/api/v1/cases?tab=new&q=lampu")
            .await;
        assert_eq!(both.status, StatusCode::BAD_REQUEST);
        let filter = json!({"tab": "working", "filter": {"region": "32.73"}});
        let kept = desk
            .put(Role::Officer, "/api/v1/filters/Bandung", &filter)
            .await;
        assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
        let listed = desk.get(Role::Officer, "/api/v1/filters").await.json();
        assert_eq!(listed["filters"][0]["name"], "Bandung");
        assert_eq!(listed["filters"][0]["filter"]["region"], "32.73");
        let others = desk.get(Role::Reader, "/api/v1/filters").await.json();
        assert_eq!(others, json!({"filters": []}));
        let wrong = json!({"filter": {"colour": "red"}});
        let wrong = desk.put(Role::Officer, "/api/v1/filters/x", &wrong).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let gone = desk.delete(Role::Officer, "/api/v1/filters/Bandung").await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        let gone = desk.delete(Role::Officer, "/api/v1/filters/Bandung").await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        let failed = desk.get(Role::Reader, "/api/v1/acts/failed").await.json();
        assert_eq!(failed, json!({"acts": []}));
        let drop = format!("/api/v1/cases/{case}/acts/{NOBODY}");
        let dropped = desk.delete(Role::Officer, &drop).await;
        assert_eq!(dropped.status, StatusCode::NOT_FOUND);
    }
}
