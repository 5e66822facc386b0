//! A new key at the counter, for whoever the report knows and nobody else.

use http::StatusCode;
use lapor_protocol::ids::CaseId;
use serde_json::{Value, json};

use super::cases::at;
use super::{Browser, SITI, WORDS, hire, staffed};
use crate::doors::router;
use crate::error::NodeError;
use crate::reporters::{FiledForReporter, FilingTerms};
use crate::staff::StaffRole;
use crate::testing::Place;

const BY_CARD: (&str, &str) = ("bukti", "identity-card");
const KEEPER: &str = "ratna@bandung.go.id";

async fn filed(place: &Place, reporter: Value) -> FiledForReporter {
    filed_about(place, reporter, Value::Null).await
}

async fn filed_about(place: &Place, reporter: Value, programme: Value) -> FiledForReporter {
    filed_so(place, "programme", programme, reporter).await
}

/// With one thing that others do not say.
async fn filed_so(place: &Place, name: &str, value: Value, reporter: Value) -> FiledForReporter {
    let mut report = json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Gelap sejak Minggu.",
        "channel": "web",
        "reporter": reporter,
    });
    report[name] = value;
    let terms = FilingTerms::default();
    let report = serde_json::from_value(report).unwrap();
    place.node.file_for_reporter(report, terms).await.unwrap()
}

fn path(case: CaseId) -> String {
    at(case, "/loket/kunci-baru")
}

async fn opens(place: &Place, ticket: &str, key: &str) -> bool {
    let here = "192.0.2.9".parse().unwrap();
    match place.node.open_conversation(ticket, key, here).await {
        Ok(_) => true,
        Err(NodeError::Locked(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn who_gave_only_a_telephone_number_gets_a_new_key_in_person() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let filed = filed(
            &place,
            json!({"name": "Ibu Canary", "phone": "0812-3456-7890"}),
        )
        .await;
        let (case, ticket) = (filed.filed.case, &filed.filed.ticket);
        siti.open(&at(case, "")).await.shows("/loket/kunci-baru");
        let form = siti.open(&path(case)).await;
        form.is(StatusCode::OK).shows("KTP");
        assert!(!form.text.contains("Canary") && !form.text.contains("3456"));
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        for claim in [
            &[BY_CARD, ("nama", "Ibu Canary")][..],
            &[BY_CARD, ("kontak", "0812-0000-0000")],
            &[("kontak", "0812-3456-7890")],
            &[BY_CARD],
        ] {
            siti.post(&path(case), claim).await.is(wrong);
        }
        assert_eq!(place.audited("counter.key_refused").await.len(), 2);
        assert!(
            opens(&place, ticket, &filed.key).await,
            "it is still theirs"
        );

        let right = [BY_CARD, ("kontak", "+62 812 3456 7890")];
        let slip = siti.post(&path(case), &right).await;
        slip.is(StatusCode::OK).shows(ticket);
        let key = slip.between(ticket, "</dl>");
        let key = key.rsplit("class=\"ticket\">").next().unwrap();
        let key = key.split('<').next().unwrap();
        assert!(
            !opens(&place, ticket, &filed.key).await,
            "the old one ended"
        );
        assert!(opens(&place, ticket, key).await);
        let (actor, detail) = place.audited("counter.key_given").await.remove(0);
        assert!(actor.starts_with("account:"), "{actor}");
        let told = detail.starts_with("reporter:") && detail.ends_with(" identity-card");
        assert!(told, "{detail}");
    }
}

#[tokio::test]
async fn of_a_hidden_report_the_keeper_of_identities_gives_the_key_and_an_officer_is_told_so() {
    for place in staffed().await {
        hire(&place, KEEPER, StaffRole::IdentityKeeper).await;
        let router = router(place.node.clone());
        let (siti, ratna) = (Browser::new(&router), Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        ratna.enters(KEEPER, WORDS).await;
        let right = [BY_CARD, ("kontak", "+62 812 3456 7890")];
        for hidden in ["secret", "anonymous"] {
            let reporter = json!({"name": "Ibu Canary", "phone": "0812-3456-7890"});
            let filed = filed_so(&place, hidden, json!(true), reporter).await;
            let (case, ticket) = (filed.filed.case, &filed.filed.ticket);
            let page = siti.open(&at(case, "")).await;
            page.shows("hanya diberikan penjaga identitas");
            assert!(!page.text.contains("/loket/kunci-baru"), "{}", page.text);
            for away in [
                siti.open(&path(case)).await,
                siti.post(&path(case), &right).await,
            ] {
                assert_eq!(away.is(StatusCode::SEE_OTHER).to(), at(case, ""));
            }
            assert!(
                opens(&place, ticket, &filed.key).await,
                "it is still theirs"
            );
            let kept = ratna.open(&format!("/meja/identitas/{case}")).await;
            kept.is(StatusCode::OK).shows("/loket/kunci-baru");
            ratna.open(&path(case)).await.is(StatusCode::OK);
            let slip = ratna.post(&path(case), &right).await;
            slip.is(StatusCode::OK).shows(ticket);
            assert!(!slip.text.contains("Catat laporan lain"));
        }
        let plain = filed(&place, json!({"name": "Ibu Canary"})).await;
        let away = ratna.open(&path(plain.filed.case)).await;
        assert_eq!(
            away.is(StatusCode::SEE_OTHER).to(),
            at(plain.filed.case, "")
        );
    }
}

#[tokio::test]
async fn an_officer_reads_when_to_come_back_after_three_wrong_claims() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let filed = filed(&place, json!({"name": "Ibu Canary"})).await;
        let path = path(filed.filed.case);
        for _ in 0..3 {
            let wrong = siti.post(&path, &[BY_CARD, ("nama", "Orang Lain")]).await;
            wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        }
        let refused = siti.post(&path, &[BY_CARD, ("nama", "Ibu Canary")]).await;
        refused
            .is(StatusCode::TOO_MANY_REQUESTS)
            .shows("Terlalu banyak percobaan");
    }
}

#[tokio::test]
async fn the_page_says_which_programme_the_report_is_about() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let reporter = json!({"name": "Ibu Canary"});
        let programme = json!({"owner": "kemenpu", "slug": "bendungan"});
        let about = filed_about(&place, reporter.clone(), programme).await;
        let page = siti.open(&path(about.filed.case)).await;
        page.is(StatusCode::OK)
            .shows("Tentang program")
            .shows("<dd>bendungan (kemenpu)</dd>");
        let wrong = siti.post(&path(about.filed.case), &[BY_CARD]).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("<dd>bendungan (kemenpu)</dd>");
        let plain = filed(&place, reporter).await;
        let page = siti.open(&path(plain.filed.case)).await;
        page.is(StatusCode::OK);
        assert!(!page.text.contains("Tentang program"), "{}", page.text);
    }
}

#[tokio::test]
async fn a_name_is_enough_where_no_contact_was_given_and_nothing_is_where_nobody_is_known() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let named = filed(&place, json!({"name": "Ibu  Canary"})).await;
        let claim = [BY_CARD, ("nama", "ibu canary")];
        let slip = siti.post(&path(named.filed.case), &claim).await;
        slip.is(StatusCode::OK).shows("Kunci baru");
        let unknown = filed(&place, Value::Null).await;
        let none = siti.post(&path(unknown.filed.case), &claim).await;
        none.is(StatusCode::UNPROCESSABLE_ENTITY);
        let keyless = super::cases::filed(&place, "Trotoar rusak", "Di Jalan Braga.").await;
        let away = siti.open(&path(keyless)).await;
        assert_eq!(away.is(StatusCode::SEE_OTHER).to(), at(keyless, ""));
        let refused = siti.post(&path(keyless), &claim).await;
        refused.is(StatusCode::FORBIDDEN);
    }
}
