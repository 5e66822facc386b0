//! The API through the console's router, as a program meets it; on both databases.

mod acts;
mod alarm_acts;
mod coverage;
mod twice;
mod unasked;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use lapor_protocol::ids::Position;
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_web::bearer::RECENT_MS;
use lapor_web::reading::JSON_BYTES;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::alarms::{self, Rule};
use crate::audit::By;
use crate::console::tests::Place;
use crate::console::tests::casework::places;
use crate::console::{ConsoleRole, router};
use crate::tokens::NewToken;
use crate::{tokens, watch};

/// Status and body of a question with a token, or without.
async fn ask(place: &Place, path: &str, token: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::get(path).header("host", "konsol.example");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = router(&place.console).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// The same of an act; `key` is the one that the request carries.
async fn act(
    place: &Place,
    path: &str,
    (token, key): (&str, Option<&str>),
    body: &Value,
) -> (StatusCode, Value) {
    let mut request = Request::post(format!("/api/v1/{path}"))
        .header("host", "konsol.example")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = router(&place.console).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A token that acts for an account.
async fn acting(place: &Place, name: &str, login: &str) -> String {
    let owner = place.console.accounts().find_by_login(login).await.unwrap();
    let new = NewToken {
        name,
        role: ConsoleRole::Operator,
        owner: Some(&owner.id),
    };
    let made = tokens::create_for(&place.ground.db, new, "test", 1).await;
    made.unwrap().to_string()
}

async fn token(place: &Place, name: &str, role: ConsoleRole) -> String {
    let made = tokens::create(&place.ground.db, name, role, "test", 1).await;
    made.unwrap().to_string()
}

#[tokio::test]
async fn a_program_with_a_token_reads_what_the_console_shows() {
    for place in Place::all(false).await {
        watch::look(&place.console.hub).await.unwrap();
        let secret = token(&place, "grafana", ConsoleRole::Observer).await;
        let known = Some(secret.as_str());
        let (status, seen) = ask(&place, "/api/v1/federation", known).await;
        assert_eq!(status, StatusCode::OK, "{seen}");
        assert_eq!(seen["instances"][0]["id"], "kota-bandung");
        let counted = seen["counts"].as_object().unwrap().values();
        assert_eq!(counted.map(|n| n.as_u64().unwrap()).sum::<u64>(), 1);
        let (_, none) = ask(&place, "/api/v1/federation?kind=bumn", known).await;
        assert_eq!(none["instances"], Value::Array(Vec::new()));
        let (status, one) = ask(&place, "/api/v1/instances/kota-bandung", known).await;
        assert_eq!((status, &one["kind"]), (StatusCode::OK, &"kota".into()));
        let (status, _) = ask(&place, "/api/v1/instances/kota-hilang", known).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let picture = place.console.hub.watch.picture();
        watch::note(&place.console.hub, &picture).await.unwrap();
        for path in ["streams", "streams?span=month", "connections", "details"] {
            let path = format!("/api/v1/instances/kota-bandung/{path}");
            let (status, answer) = ask(&place, &path, known).await;
            assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        }
        for path in [
            "federation?warna=red",
            "instances/kota-bandung/connections?limit=9",
        ] {
            let (status, wrong) = ask(&place, &format!("/api/v1/{path}"), known).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {wrong}");
        }
    }
}

#[tokio::test]
async fn each_key_of_an_institution_has_the_moments_between_which_it_held() {
    for place in Place::all(false).await {
        watch::look(&place.console.hub).await.unwrap();
        let secret = token(&place, "grafana", ConsoleRole::Observer).await;
        let path = "/api/v1/instances/kota-bandung/details";
        let (_, none) = ask(&place, path, Some(&secret)).await;
        assert_eq!(
            (&none["identity"], &none["keys"]),
            (&Value::Null, &json!([]))
        );
        let identity = Signer::from_seed(&[9; 32]);
        let key = |seed: u8, seq| {
            let id = "kota-bandung".parse().unwrap();
            let key = Signer::from_seed(&[seed; 32]).public();
            CertifiedKey::certify(
                &identity,
                &id,
                KeyUse::Signing,
                key,
                Position { epoch: 1, seq },
            )
        };
        let joined = place.ground.clock.now_ms();
        place
            .restates(|entry| {
                entry.identity = Some(identity.public());
                entry.keys = vec![key(10, 1)];
            })
            .await;
        place.clock.advance(60_000);
        let replaced = place.ground.clock.now_ms();
        place
            .restates(|entry| {
                entry.keys[0].valid_to = Some(Position { epoch: 1, seq: 7 });
                entry.keys.push(key(11, 8));
            })
            .await;
        let (status, told) = ask(&place, path, Some(&secret)).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let moments = |key: &Value| json!([key["from"], key["until"], key["retired"]]);
        let [former, current] = [&told["keys"][0], &told["keys"][1]];
        assert_eq!(former["kid"], json!(key(10, 1).jwk.kid));
        assert_eq!(former["valid_to"]["seq"], 7);
        assert_eq!(moments(former), json!([joined, replaced, true]));
        assert_eq!(moments(current), json!([replaced, null, false]));
        assert_eq!(told["identity"]["kid"], json!(identity.public().kid));
        assert_eq!(moments(&told["identity"]), json!([joined, null, false]));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_what_would_be_taken() {
    let place = Place::all(false).await.remove(0);
    let secret = token(&place, "edisi", ConsoleRole::Observer).await;
    let vast = json!({"kind": "calendar", "text": "x".repeat(JSON_BYTES)});
    for (key, limit) in [
        (None, JSON_BYTES),
        (Some("0123456789abcdef"), JSON_BYTES / 2),
    ] {
        let told = act(&place, "editions/comparison", (&secret, key), &vast).await;
        let (status, problem) = told;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{problem}");
        assert_eq!(problem["limit_bytes"], json!(limit));
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_told_and_only_an_auditor_reads_the_log() {
    for place in Place::all(false).await {
        for path in ["/api/v1/federation", "/api/v1/instances/kota-bandung"] {
            let (status, answer) = ask(&place, path, None).await;
            let code = (status, answer["code"].as_str().unwrap());
            assert_eq!(code, (StatusCode::UNAUTHORIZED, "token_missing"));
            let (_, answer) = ask(&place, path, Some("lht_guess")).await;
            assert_eq!(answer["code"], "token_invalid");
        }
        let observer = token(&place, "grafana", ConsoleRole::Observer).await;
        let (status, answer) = ask(&place, "/api/v1/audit", Some(&observer)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
        let auditor = token(&place, "arsip", ConsoleRole::Auditor).await;
        let (status, log) = ask(&place, "/api/v1/audit?limit=1", Some(&auditor)).await;
        assert_eq!(status, StatusCode::OK, "{log}");
        assert_eq!(log["entries"][0]["action"], "token.created");
        assert_eq!(log["entries"][0]["detail"], "arsip auditor");
        let path = format!("/api/v1/audit?limit=1&before={}", log["next"]);
        let (_, before) = ask(&place, &path, Some(&auditor)).await;
        assert_eq!(before["entries"][0]["detail"], "grafana observer");
        let ended = tokens::revoke(&place.ground.db, "arsip", "test", 2).await;
        ended.unwrap();
        place.clock.advance(RECENT_MS);
        let (_, answer) = ask(&place, "/api/v1/audit", Some(&auditor)).await;
        assert_eq!(answer["code"], "token_invalid");
    }
}

#[tokio::test]
async fn the_figures_lead_to_the_cases_behind_them_page_by_page() {
    for place in places(4).await {
        let secret = token(&place, "grafana", ConsoleRole::Observer).await;
        let known = Some(secret.as_str());
        let (status, seen) = ask(&place, "/api/v1/casework?days=7", known).await;
        assert_eq!(status, StatusCode::OK, "{seen}");
        assert_eq!(seen["by_institution"]["kota-bandung"]["overdue"], 2);
        let which = "/api/v1/cases?which=overdue&instance=kota-bandung&step=first_answer&limit=1";
        let (_, first) = ask(&place, which, known).await;
        let next = first["next"].as_str().unwrap();
        let (_, second) = ask(&place, &format!("{which}&after={next}"), known).await;
        assert_ne!(first["cases"][0]["case_id"], second["cases"][0]["case_id"]);
        assert_eq!(second["next"], Value::Null, "{second}");
        let (_, unanswered) = ask(&place, "/api/v1/cases?which=unanswered", known).await;
        assert_eq!(unanswered["cases"].as_array().unwrap().len(), 2);
        // These cases stand in the figures only; the record has none.
        let case = first["cases"][0]["case_id"].as_str().unwrap();
        let (status, none) = ask(&place, &format!("/api/v1/cases/{case}"), known).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{none}");
        for wrong in [
            "casework?days=0",
            "casework?week=2026-09-22",
            "casework?days=7&week=2026-09-21",
            "cases",
            "cases?which=unaccepted&step=closing",
            "cases?which=overdue&after=yesterday",
            "cases?which=overdue&limit=201",
            "alarms/past?limit=0",
        ] {
            let (status, answer) = ask(&place, &format!("/api/v1/{wrong}"), known).await;
            let code = answer["code"].as_str().unwrap();
            assert_eq!(
                (status, code),
                (StatusCode::BAD_REQUEST, "invalid_query"),
                "{wrong}"
            );
        }
    }
}

#[tokio::test]
async fn alarms_and_the_road_map_are_told_as_the_console_shows_them() {
    for place in Place::all(false).await {
        let secret = token(&place, "grafana", ConsoleRole::Observer).await;
        let known = Some(secret.as_str());
        alarms::look(&place.console.hub).await.unwrap();
        let mut tx = place.ground.db.write().await.unwrap();
        let rules = alarms::rules(&mut tx).await.unwrap();
        let backup = rules
            .iter()
            .find(|rule| rule.condition.to_string() == "hub_backup");
        let at_once = Rule {
            stands_ms: 0,
            ..backup.unwrap().clone()
        };
        tx.rollback().await.unwrap();
        alarms::acts::put_rule(&place.console.hub, &By::actor("test"), &at_once)
            .await
            .unwrap();
        alarms::look(&place.console.hub).await.unwrap();
        let (status, open) = ask(&place, "/api/v1/alarms", known).await;
        assert_eq!(status, StatusCode::OK, "{open}");
        assert_eq!(open["groups"][0]["rule"]["condition"], "hub_backup");
        assert_eq!(open["groups"][0]["alarms"][0]["state"], "open");
        let (_, told) = ask(&place, "/api/v1/alarms/rules", known).await;
        assert_eq!(told["rules"].as_array().unwrap().len(), rules.len());
        for path in ["alarms/past", "alarms/sent"] {
            let (status, answer) = ask(&place, &format!("/api/v1/{path}"), known).await;
            assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        }
        for path in ["backups", "maintenance", "recovery", "keys", "editions"] {
            let (status, answer) = ask(&place, &format!("/api/v1/{path}"), known).await;
            assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        }
        let (_, waiting) = ask(&place, "/api/v1/approvals", known).await;
        assert_eq!(waiting["approvals"], Value::Array(Vec::new()));
        let (_, map) = ask(&place, "/api/v1/roadmap", known).await;
        let places = map["places"].as_array().unwrap();
        let of = |code: &str| places.iter().find(|place| place["region"] == code).unwrap();
        assert_eq!(of("32.73")["name"], "Kota Bandung");
        assert_eq!(of("32.73")["province"], "32");
        assert_eq!(of("11")["level"], "not_invited");
        assert_eq!(map["provinces"].as_array().unwrap().len(), 38);
    }
}
