//! What people say to an officer: each thing once, without the officer learning who they are.

use http::StatusCode;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::cases::{KEY, at, key_of, state};
use super::{Browser, Page, SITI, WORDS, staffed};
use crate::doors::router;
use crate::reporters::{FiledForReporter, FilingTerms, Notify};
use crate::testing::{Place, acts};

const SURE: (&str, &str) = ("setuju", "1");

/// Opens the form of what somebody says, fills it in and sends it, twice.
async fn says(officer: &Browser<'_>, case: CaseId, what: &str, fields: &[(&str, &str)]) -> Page {
    let path = at(case, &format!("/loket/{what}"));
    let form = officer.open(&path).await;
    let key = key_of(form.is(StatusCode::OK));
    let all = [&[("kunci", key.as_str()), ("saluran", "loket")], fields].concat();
    officer.send_files(&path, &all).await;
    officer.send_files(&path, &all).await
}

async fn filed(place: &Place, channel: &str) -> FiledForReporter {
    let report = json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Gelap sejak Minggu.",
        "channel": channel,
        "reporter": {"name": "Ibu Canary"},
    });
    let terms = FilingTerms {
        actor: Some("test"),
        visitor: None,
        notify: Notify::Off,
        once: None,
        suspicion: None,
        desk: None,
    };
    let report = serde_json::from_value(report).unwrap();
    let filed = place.node.file_for_reporter(report, terms).await.unwrap();
    let case = filed.filed.case;
    acts(place, case, "case.verified", json!({}), None).await;
    let body = json!({"proposes_to_close": true});
    let words = json!({"text": "Lampu sudah diganti."});
    acts(place, case, "case.followed_up", body, Some(words)).await;
    filed
}

#[tokio::test]
async fn a_reporter_at_the_counter_replies_confirms_rates_and_reopens() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "walk-in").await.filed.case;
        let page = siti.open(&at(case, "")).await;
        page.shows("Orang di loket").shows("/loket/selesai");
        assert!(!page.text.contains("Canary"), "an identity stays apart");
        let deed = format!("href=\"{}\"", at(case, "/tanggapan"));
        assert!(!page.text.contains(&deed), "offered once");

        let path = at(case, "/loket/tanggapan");
        let empty = [("kunci", KEY), ("saluran", "loket")];
        let empty = siti.send_files(&path, &empty).await;
        empty.is(StatusCode::UNPROCESSABLE_ENTITY);
        let reply = [("uraian", "Masih berkedip."), ("lampiran", "surat warga")];
        let done = says(&siti, case, "tanggapan", &reply).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), at(case, ""));
        let history = place.node.case(case).await.unwrap().history;
        let replies = history.iter().filter(|entry| entry.kind == "case.replied");
        assert_eq!(replies.count(), 1, "pressed twice, said once");
        assert_eq!(history.last().unwrap().attachments.len(), 1);

        let unsaid = says(&siti, case, "selesai", &[]).await;
        unsaid.is(StatusCode::UNPROCESSABLE_ENTITY);
        says(&siti, case, "selesai", &[SURE]).await;
        assert_eq!(state(&place, case).await, Some(State::Closed));
        let unrated = says(&siti, case, "nilai", &[]).await;
        unrated.is(StatusCode::UNPROCESSABLE_ENTITY);
        says(&siti, case, "nilai", &[("nilai", "4")]).await;
        assert_eq!(place.node.case(case).await.unwrap().score, Some(4));
        says(&siti, case, "buka-kembali", &[("uraian", "Padam lagi.")]).await;
        assert_eq!(state(&place, case).await, Some(State::InProgress));
        let late = siti.open(&at(case, "/loket/nilai")).await;
        assert_eq!(late.is(StatusCode::SEE_OTHER).to(), at(case, ""));

        let said = place.audited("counter.said").await;
        assert_eq!(said.len(), 4);
        for (actor, detail) in said {
            assert!(actor.starts_with("account:"), "{actor}");
            assert!(detail.starts_with("reporter:"), "{detail}");
            assert!(detail.contains(" walk-in word "), "{detail}");
        }
    }
}

#[tokio::test]
async fn the_reporter_of_a_report_that_no_officer_took_in_shows_the_key() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let filed = filed(&place, "web").await;
        let case = filed.filed.case;
        let without = says(&siti, case, "selesai", &[SURE]).await;
        without.is(StatusCode::UNPROCESSABLE_ENTITY);
        let wrong = [SURE, ("kunci-rahasia", "1234 5678 9012 3456")];
        let wrong = says(&siti, case, "selesai", &wrong).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak cocok");
        assert!(!wrong.text.contains("1234 5678"), "shown to nobody again");
        assert_eq!(state(&place, case).await, Some(State::Answered));
        let shown = [SURE, ("kunci-rahasia", filed.key.as_str())];
        says(&siti, case, "selesai", &shown)
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(state(&place, case).await, Some(State::Closed));
        let said = place.audited("counter.said").await;
        assert!(said[0].1.contains(" walk-in key "), "{said:?}");
    }
}

#[tokio::test]
async fn somebody_else_with_the_same_trouble_is_counted_once_and_not_named() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "web").await.filed.case;
        says(&siti, case, "dukung", &[])
            .await
            .is(StatusCode::SEE_OTHER);
        let summary = place.node.case(case).await.unwrap().summary;
        assert_eq!(summary.supports, 1);
        let said = place.audited("counter.said").await;
        assert!(said[0].1.starts_with("visitor walk-in word "), "{said:?}");
        let secret = super::cases::filed(&place, "Pungutan", "Isi.").await;
        let page = siti.open(&at(secret, "")).await;
        assert!(!page.text.contains("/loket/dukung"), "nobody verified it");
    }
}
