//! Programs act upon alarms as the pages do.

use http::StatusCode;
use serde_json::{Value, json};

use super::{act, acting, ask};
use crate::console::prepare;
use crate::console::tests::Place;

const FIRST: &str = "operator@pusat.example";

fn rule(severity: &str, stands_ms: i64) -> Value {
    json!({"reason": "terlalu ramai", "condition": "silent", "least": "yellow", "scope": "province",
        "to": "32", "severity": severity, "stands_ms": stands_ms, "repeat_ms": 0, "everybody": true})
}

#[tokio::test]
async fn a_program_makes_rules_and_one_that_tells_less_takes_two() {
    for place in Place::all(true).await {
        let known = (&*acting(&place, "otomat", FIRST).await, None);
        let (status, made) = act(&place, "alarms/rules", known, &rule("critical", 0)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let (actor, detail) = place.audited("alarm.rule_added").await.remove(0);
        assert_eq!(actor, "token:otomat");
        assert!(detail.ends_with("terlalu ramai"), "{detail}");
        let at = format!("alarms/rules/{}", made["id"].as_str().unwrap());
        let (status, answer) = act(&place, &at, known, &rule("critical", 0)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (status, answer) = act(&place, &at, known, &rule("warning", 60_000)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        let (_, told) = ask(&place, "/api/v1/alarms/rules", Some(known.0)).await;
        let rules = told["rules"].as_array().unwrap();
        let same = rules.iter().find(|rule| rule["id"] == made["id"]);
        assert_eq!(same.unwrap()["severity"], "critical");
        let disabling = format!("{at}/disabling");
        let (status, _) = act(&place, &disabling, known, &json!({"reason": "x"})).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let (status, _) = act(&place, &format!("{at}/enabling"), known, &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        for (field, value) in [
            ("least", json!("green")),
            ("to", json!("99")),
            ("stands_ms", json!(-1)),
            ("recipients", json!(["nobody"])),
        ] {
            let mut wrong = rule("critical", 0);
            wrong[field] = value;
            let (status, answer) = act(&place, "alarms/rules", known, &wrong).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert_eq!(answer["field"], field);
        }
    }
}

#[tokio::test]
async fn a_program_silences_for_a_day_alone_and_for_longer_with_a_second_person() {
    for place in Place::all(true).await {
        let known = (&*acting(&place, "otomat", FIRST).await, None);
        let silence = |hours: i64| {
            json!({"reason": "pindah gedung", "scope": "instance", "to": "kota-bandung",
                "hours": hours})
        };
        let (status, _) = act(&place, "alarms/silences", known, &silence(25)).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let (status, _) = act(&place, "alarms/silences", known, &silence(24)).await;
        assert_eq!(status, StatusCode::OK);
        let (status, _) = act(&place, "alarms/silences", known, &silence(2)).await;
        assert_eq!(
            status,
            StatusCode::ACCEPTED,
            "one after another is a long one"
        );
        let (_, answer) = act(&place, "alarms/silences", known, &silence(745)).await;
        assert_eq!(answer["field"], "hours");
        let (_, told) = ask(&place, "/api/v1/alarms/rules", Some(known.0)).await;
        let id = told["silences"][0]["id"].as_str().unwrap();
        assert_eq!(told["silences"][0]["made_by"], "token:otomat");
        let at = format!("alarms/silences/{id}/end");
        let (status, _) = act(&place, &at, known, &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        let body = json!({"alarms": ["nothing"], "note": "dilihat"});
        let (_, seen) = act(&place, "alarms/acknowledgement", known, &body).await;
        assert_eq!(seen["acknowledged"], 0);
    }
}

#[tokio::test]
async fn a_program_says_who_is_told_and_learns_the_secret_of_a_webhook_once() {
    for place in Place::all(false).await {
        prepare(&place.ground).unwrap();
        let known = (&*acting(&place, "otomat", FIRST).await, None);
        let add = "alarms/recipients";
        let none = json!({"channel": "mail", "name": "Piket", "address": "bukan alamat"});
        let (_, answer) = act(&place, add, known, &none).await;
        assert_eq!(answer["field"], "address");
        let mail = json!({"channel": "mail", "name": "Piket", "address": "piket@pusat.example"});
        let (status, made) = act(&place, add, known, &mail).await;
        assert_eq!(
            (status, &made["secret"]),
            (StatusCode::CREATED, &Value::Null)
        );
        let (_, twice) = act(&place, add, known, &mail).await;
        assert_eq!(twice["code"], "known");
        let hook = json!({"channel": "webhook", "name": "Pantau",
            "address": "https://pantau.example/lapor"});
        let (status, made) = act(&place, add, known, &hook).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert!(made["secret"].is_string());
        let (_, told) = ask(&place, "/api/v1/alarms/rules", Some(known.0)).await;
        let of = |name: &str| {
            let recipients = told["recipients"].as_array().unwrap();
            let one = recipients.iter().find(|one| one["name"] == name).unwrap();
            format!("{add}/{}", one["id"].as_str().unwrap())
        };
        let (hook, mail) = (of("Pantau"), of("Piket"));
        let at = format!("{hook}/secret");
        let (_, renewed) = act(&place, &at, known, &json!({})).await;
        assert_ne!(renewed["secret"], made["secret"]);
        let why = json!({"reason": "pindah"});
        for (at, body) in [
            (hook.clone(), json!({"name": "Pemantau"})),
            (format!("{hook}/test"), json!({})),
            (format!("{mail}/disabling"), why.clone()),
            (format!("{mail}/enabling"), json!({})),
            (format!("{mail}/removal"), why),
        ] {
            let (status, answer) = act(&place, &at, known, &body).await;
            assert_eq!(status, StatusCode::OK, "{at}: {answer}");
        }
        let (_, sent) = ask(&place, "/api/v1/alarms/sent", Some(known.0)).await;
        let id = sent["sent"][0]["id"].as_str().unwrap();
        let at = format!("alarms/sent/{id}/again");
        let (status, _) = act(&place, &at, known, &json!({})).await;
        assert!(matches!(status, StatusCode::OK | StatusCode::NOT_FOUND));
        let (actor, _) = place.audited("alarm.secret_changed").await.remove(0);
        assert_eq!(actor, "token:otomat");
    }
}
