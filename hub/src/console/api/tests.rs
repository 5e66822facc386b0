//! The API through the console's router, as a program meets it; on both databases.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use lapor_web::bearer::RECENT_MS;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::console::tests::Place;
use crate::console::{ConsoleRole, router};
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
        for path in ["streams", "streams?span=month", "connections"] {
            let path = format!("/api/v1/instances/kota-bandung/{path}");
            let (status, answer) = ask(&place, &path, known).await;
            assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        }
        let (status, wrong) = ask(&place, "/api/v1/federation?warna=red", known).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
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
