//! An act that arrives twice under one key is done once.

use http::StatusCode;
use serde_json::json;

use super::{act, acting};
use crate::console::prepare;
use crate::console::tests::Place;
use crate::store::answers;

const OWNER: &str = "operator@pusat.example";
const KEY: &str = "8f14e45f-ceea-467f-a9e4-5d1f";

#[tokio::test]
async fn an_act_that_arrives_twice_is_done_once_and_answered_alike() {
    for place in Place::all(false).await {
        prepare(&place.ground).unwrap();
        let secret = acting(&place, "otomat", OWNER).await;
        let known = (&*secret, Some(KEY));
        let garut = json!({"reason": "surat", "slug": "kab-garut", "kind": "kabupaten",
            "name": "Garut"});
        let wrong = json!({"reason": "surat", "slug": "Kab Garut", "kind": "kabupaten",
            "name": "Garut"});
        let (status, _) = act(&place, "invitations", known, &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let first = act(&place, "invitations", known, &garut).await;
        assert_eq!(
            first.0,
            StatusCode::CREATED,
            "what was refused is forgotten"
        );
        let again = act(&place, "invitations", known, &garut).await;
        assert_eq!(first, again);
        assert_eq!(place.audited("instance.invited").await.len(), 1);
        let (status, other) = act(&place, "invitations", known, &wrong).await;
        let code = (status, other["code"].as_str());
        assert_eq!(code, (StatusCode::CONFLICT, Some("key_reused")));
        let (_, short) = act(&place, "invitations", (&secret, Some("x")), &garut).await;
        assert_eq!(short["code"], "invalid");
        let another = acting(&place, "lain", OWNER).await;
        let theirs = act(&place, "invitations", (&another, Some(KEY)), &garut).await;
        assert_eq!(
            theirs.0,
            StatusCode::CREATED,
            "keys of two programs never meet"
        );
        assert_ne!(theirs.1["line"], first.1["line"]);
    }
}

#[tokio::test]
async fn an_act_goes_on_when_its_caller_hangs_up_and_is_answered_when_they_ask_again() {
    for place in Place::all(false).await {
        prepare(&place.ground).unwrap();
        let secret = acting(&place, "otomat", OWNER).await;
        let known = (&*secret, Some(KEY));
        let at = "instances/kota-bandung/suspension";
        let body = json!({"reason": "kunci bocor"});
        let kept = async || {
            let mut tx = place.ground.db.read().await.unwrap();
            answers::all(&mut tx).await.unwrap()
        };
        let begun = async { while kept().await.is_empty() {} };
        tokio::select! {
            biased;
            () = begun => {}
            _ = Box::pin(act(&place, at, known, &body)) => {}
        }
        for _ in 0..10_000 {
            if kept().await.iter().all(|row| row.answer.is_some()) {
                break;
            }
        }
        let (status, answer) = act(&place, at, known, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(place.audited("instance.suspended").await.len(), 1);
    }
}

#[tokio::test]
async fn an_act_that_broke_off_is_not_done_again_and_no_line_stands_open_in_the_database() {
    for place in Place::all(false).await {
        prepare(&place.ground).unwrap();
        let secret = acting(&place, "otomat", OWNER).await;
        let known = (&*secret, Some(KEY));
        let at = "instances/kota-bandung/suspension";
        let body = json!({"reason": "kunci bocor"});
        let (status, _) = act(&place, at, known, &body).await;
        assert_eq!(status, StatusCode::OK);
        let mut tx = place.ground.db.write().await.unwrap();
        let kept = answers::all(&mut tx).await.unwrap();
        let text = String::from_utf8_lossy(kept[0].answer.as_ref().unwrap()).into_owned();
        assert!(!text.contains("done"), "it is sealed");
        answers::break_off(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let (status, answer) = act(&place, at, known, &body).await;
        let code = (status, answer["code"].as_str());
        assert_eq!(code, (StatusCode::CONFLICT, Some("in_doubt")));
        assert_eq!(place.audited("instance.suspended").await.len(), 1);
    }
}
