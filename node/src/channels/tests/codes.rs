//! Codes for telephones, by text message.

use std::net::IpAddr;

use serde_json::json;

use super::{BUDI, MINUTE_MS, SITI, Talked};
use crate::casework::NewReport;
use crate::channels::Name;
use crate::reporters::{CodeWay, FilingTerms, Proved};

fn from(last: u8) -> IpAddr {
    IpAddr::from([198, 51, 100, last])
}

/// The digits of the only message that somebody is told now.
async fn told_code(talked: &Talked, to: &str) -> String {
    let told = talked.told(to).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Kode LAPOR! Anda "), "{told:?}");
    told[0].split_whitespace().skip(3).take(2).collect()
}

#[tokio::test]
async fn whoever_has_a_telephone_signs_in_by_it() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        let sent = node.ask_sign_in("0812 3456 789", from(1)).await.unwrap();
        node.ask_sign_in("+44 20 7946 0000", from(2)).await.unwrap();
        let code = told_code(&talked, SITI).await;
        assert!(talked.told("+442079460000").await.is_empty());
        let proved = node.prove_code(&sent.id, &code, from(1)).await.unwrap();
        let Proved::SignedIn(opened) = proved else {
            panic!("not signed in");
        };
        let visitor = node.visitor(&opened.token).await.unwrap().unwrap();
        assert!(node.reports_of(&visitor).await.unwrap().is_empty());
        // Who said STOP hears no news; a code they have asked for.
        talked.says(SITI, "STOP").await;
        node.ask_sign_in(SITI, from(3)).await.unwrap();
        told_code(&talked, SITI).await;
    }
}

#[tokio::test]
async fn a_proved_number_brings_a_lost_key_back_and_an_address_beside_it_does_not() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint",
            "title": "Lampu padam",
            "content": "Lampu jalan padam sejak hari Minggu.",
            "channel": "web",
            "reporter": {"email": "siti@contoh.id", "phone": SITI},
        }))
        .unwrap();
        let terms = FilingTerms::default();
        let filed = node.file_for_reporter(report, terms).await.unwrap();
        assert!(filed.recoverable);
        let (case, ticket) = (filed.filed.case, &filed.filed.ticket);
        assert_eq!(node.awaits_proof(case).await.unwrap(), Some(CodeWay::Text));
        let sent = node.ask_proof(case).await.unwrap();
        let code = told_code(&talked, SITI).await;
        let proved = node.prove_code(&sent.id, &code, from(1)).await.unwrap();
        assert!(matches!(proved, Proved::Confirmed));
        assert_eq!(node.awaits_proof(case).await.unwrap(), None);
        let sent = node.ask_recovery(ticket, from(1)).await.unwrap();
        let code = told_code(&talked, SITI).await;
        let proved = node.prove_code(&sent.id, &code, from(1)).await.unwrap();
        assert!(matches!(proved, Proved::NewKey { .. }));
    }
}

#[tokio::test]
async fn whoever_asks_twice_while_the_gateway_is_away_is_told_both_codes_and_uses_either() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.paper.is_down(true);
        let first = node.ask_sign_in(SITI, from(1)).await.unwrap();
        assert!(talked.told(SITI).await.is_empty());
        let second = node.ask_sign_in(SITI, from(1)).await.unwrap();
        assert!(talked.told(SITI).await.is_empty());
        talked.place.clock.advance(MINUTE_MS);
        talked.paper.is_down(false);
        let told = talked.told(SITI).await;
        let codes = told.iter().map(|text| {
            let digits = text.split_whitespace().skip(3).take(2);
            digits.collect::<String>()
        });
        let codes: Vec<String> = codes.collect();
        assert_eq!(codes.len(), 2, "{told:?}");
        let proved = node.prove_code(&second.id, &codes[0], from(1)).await;
        assert!(matches!(proved, Ok(Proved::SignedIn(_))));
        for (asked, code) in [
            (&first, &codes[0]),
            (&first, &codes[1]),
            (&second, &codes[1]),
        ] {
            let again = node.prove_code(&asked.id, code, from(2)).await;
            assert!(again.is_err(), "one of them opens once");
        }
    }
}

#[tokio::test]
async fn a_code_that_opens_nothing_any_more_is_not_told() {
    for talked in Talked::on(Name::Sms).await {
        talked.paper.is_down(true);
        let asked = talked.node().ask_sign_in(SITI, from(1)).await;
        asked.unwrap();
        assert!(talked.told(SITI).await.is_empty());
        talked.place.clock.advance(16 * MINUTE_MS);
        talked.paper.is_down(false);
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.outbox().await, ["dropped"]);
    }
}

#[tokio::test]
async fn an_hour_has_so_many_codes_and_what_is_too_much_waits() {
    for talked in Talked::on(Name::Sms).await {
        for last in 0..61_u8 {
            let number = format!("+6281200000{last:03}");
            let asked = talked.node().ask_sign_in(&number, from(last)).await;
            asked.unwrap();
        }
        talked.hears().await;
        talked.hears().await;
        assert_eq!(talked.outbox().await.len(), 60);
        assert!(talked.told(BUDI).await.is_empty());
        talked.place.clock.advance(MINUTE_MS);
        talked.hears().await;
        assert_eq!(talked.outbox().await.len(), 61);
    }
}
