//! The account: what belongs to it, what is added, and its end.

use std::time::Duration;

use lapor_protocol::kinds::ProgrammeRef;

use super::*;
use crate::store::support;
use crate::testing::databases;

const ADDRESS: &str = "canary@contoh.id";
const SITI: &str = "siti@contoh.id";

async fn signed_in(place: &Place, contact: &str) -> Visitor {
    let sent = place.node.ask_sign_in(contact, HERE).await.unwrap();
    let digits = last_code(place).await;
    let proved = place.node.prove_code(&sent.id, &digits, HERE).await;
    let Proved::SignedIn(opened) = proved.unwrap() else {
        panic!("the code signs in");
    };
    place.node.visitor(&opened.token).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_code_that_is_for_no_key_waits_for_none_to_be_made() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let sent = node.ask_sign_in(ADDRESS, HERE).await.unwrap();
        let digits = last_code(&place).await;
        let busy = crate::reporters::key::MADE.acquire_many(2).await.unwrap();
        for id in [&*"0".repeat(32), &sent.id] {
            let proved = Box::pin(node.prove_code(id, &digits, HERE));
            let proved = tokio::time::timeout(Duration::from_mins(1), proved).await;
            assert_eq!(proved.expect("it waits").is_ok(), id == sent.id);
        }
        drop(busy);
    }
}

async fn proves(place: &Place, conversation: &Conversation) {
    let sent = place.node.ask_confirmation(conversation).await.unwrap();
    let digits = last_code(place).await;
    let proved = place.node.prove_code(&sent.id, &digits, HERE).await;
    assert!(matches!(proved.unwrap(), Proved::Confirmed));
}

async fn reports(place: &Place, visitor: &Visitor) -> Vec<CaseId> {
    let reports = place.node.reports_of(visitor).await.unwrap();
    let mut cases: Vec<CaseId> = reports.into_iter().map(|report| report.case).collect();
    cases.sort();
    cases
}

#[tokio::test]
async fn a_report_whose_address_was_proved_belongs_to_the_account_of_that_address() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (before, first) = filed(&place, json!({})).await;
        let (after, second) = filed(&place, json!({})).await;
        filed(&place, json!({})).await;
        let other = json!({"reporter": {"email": "budi@contoh.id"}});
        let (_, others) = filed(&place, other).await;
        proves(&place, &others).await;
        proves(&place, &first).await;
        let canary = signed_in(&place, ADDRESS).await;
        assert_eq!(reports(&place, &canary).await, [before.filed.case]);
        proves(&place, &second).await;
        let mut both = [before.filed.case, after.filed.case];
        both.sort();
        assert_eq!(reports(&place, &canary).await, both);
        let may = place.node.conversation(&canary, Some(after.filed.case));
        assert!(may.await.is_ok(), "and opens it");
    }
}

#[tokio::test]
async fn a_report_is_added_to_an_account_by_its_key_and_to_no_second_one() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let (report, by_key) = filed(&place, json!({"reporter": null})).await;
        let (ticket, key) = (&report.filed.ticket, &report.key);
        let siti = signed_in(&place, SITI).await;
        let budi = signed_in(&place, "budi@contoh.id").await;
        let wrong = node.add_to_account(&siti, ticket, "1234 5678 9012 3456", HERE);
        assert!(matches!(wrong.await, Err(NodeError::Locked(_))));
        assert!(reports(&place, &siti).await.is_empty());
        let stranger = node.open_conversation(ticket, key, HERE).await.unwrap();
        let stranger = node.visitor(&stranger.token).await.unwrap().unwrap();
        let unsigned = node.add_to_account(&stranger, ticket, key, HERE).await;
        assert!(
            matches!(unsigned, Err(NodeError::Locked(_))),
            "nobody signed in"
        );
        for _ in 0..2 {
            node.add_to_account(&siti, ticket, key, HERE).await.unwrap();
        }
        assert_eq!(reports(&place, &siti).await, [report.filed.case]);
        let second = node.add_to_account(&budi, ticket, key, HERE).await;
        assert!(matches!(second, Err(NodeError::Forbidden(_))));
        assert!(reports(&place, &budi).await.is_empty());
        let added = place.audited("citizen.report_added").await;
        assert_eq!(added, [(by_key.actor(), String::new())]);
    }
}

#[tokio::test]
async fn an_account_that_is_deleted_leaves_its_reports_and_opens_nothing() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let (report, by_key) = filed(&place, json!({})).await;
        proves(&place, &by_key).await;
        let siti = signed_in(&place, SITI).await;
        let canary = signed_in(&place, ADDRESS).await;
        let elsewhere = signed_in(&place, ADDRESS).await;
        // So many codes are not sent at once.
        place.clock.advance(30 * 60_000);
        node.ask_sign_in(ADDRESS, HERE).await.unwrap();
        node.erase_account(&canary).await.unwrap();
        for visitor in [&canary, &elsewhere] {
            assert!(node.account_of(visitor).await.unwrap().is_none());
            assert!(reports(&place, visitor).await.is_empty());
            let again = node.erase_account(visitor).await;
            assert!(matches!(again, Err(NodeError::Locked(_))));
        }
        assert!(node.account_of(&siti).await.unwrap().is_some());
        let left = node.letters(0, 100).await.unwrap();
        assert!(left.iter().all(|letter| letter.contact != ADDRESS
            || letter.kind != LetterKind::Code(CodePurpose::SignIn)));
        let kept = opened(&place, &report.filed.ticket, &report.key).await;
        assert_eq!(kept.unwrap().case(), report.filed.case, "its key opens it");
        let data = node.own_data(&by_key).await.unwrap();
        assert_eq!(data.account, None);
        let (actor, detail) = place.audited("citizen.account_erased").await.remove(0);
        assert!(
            actor.starts_with("citizen:") && detail == "1",
            "{actor} {detail}"
        );
        let log = format!("{:?}", place.audited("citizen.account_erased").await);
        assert!(!log.contains("canary"), "no address in the log");
    }
}

#[tokio::test]
async fn of_a_report_nothing_is_proved_but_the_address_of_the_account_also_when_that_ends() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let siti = signed_in(&place, "0812 3456 7890").await;
        let told = json!({"reporter": {"email": "salah@contoh.id", "phone": "0812 3456 7890"}});
        let terms = FilingTerms {
            visitor: Some(&siti),
            ..terms()
        };
        let filed = node.file_for_reporter(report(told), terms).await.unwrap();
        node.erase_account(&siti).await.unwrap();
        node.ask_recovery(&filed.filed.ticket, HERE).await.unwrap();
        let letters = node.letters(0, 100).await.unwrap().into_iter();
        let recover = LetterKind::Code(CodePurpose::Recover);
        let keys = letters.filter(|letter| letter.kind == recover);
        let keys: Vec<String> = keys.map(|letter| letter.contact).collect();
        assert_eq!(keys, ["+6281234567890"]);
    }
}

/// How often an address stands among those that follow something, were led on, or may leave.
async fn followings(place: &Place, contact: &str) -> i64 {
    const SQL: &str = "select (select count(*) from followers where contact = $1)
        + (select count(*) from programme_followers where contact = $1)
        + (select count(*) from led_on where contact = $1)
        + (select count(*) from follower_leaves where contact = $1)";
    let mut tx = place.node.read_tx().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(SQL).bind(contact).fetch_one(c).await).unwrap()
}

#[tokio::test]
async fn what_the_address_of_an_account_follows_ends_with_it_and_nobody_elses() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let (report, _) = filed(&place, json!({})).await;
        let case = report.filed.case;
        officer(&place, case, act("case.verified", json!({}), json!({}))).await;
        let trotoar = json!({
            "slug": "trotoar", "name": "Trotoar Braga", "description": "Diperlebar.",
        });
        let trotoar = serde_json::from_value(trotoar).unwrap();
        node.publish_programme(trotoar, "test").await.unwrap();
        let programme = ProgrammeRef {
            owner: "kota-bandung".parse().unwrap(),
            slug: "trotoar".into(),
        };
        let siti = signed_in(&place, SITI).await;
        let canary = signed_in(&place, ADDRESS).await;
        for (visitor, contact) in [(&siti, SITI), (&canary, ADDRESS)] {
            node.follow_signed_in(visitor, case, HERE).await.unwrap();
            let followed = node.follow_programme_signed_in(visitor, &programme, HERE);
            followed.await.unwrap();
            // As a merge and the letters do.
            let (text, mut tx) = (case.to_string(), node.write_tx().await.unwrap());
            let led = support::lead_on(&mut tx, "merged", contact, &text);
            led.await.unwrap();
            for about in [text, followed_text(&programme)] {
                leave_for(&mut tx, &about, contact).await.unwrap();
            }
            tx.commit().await.unwrap();
            assert_eq!(followings(&place, contact).await, 5);
        }
        place.clock.advance(5 * 60_000);
        let mut asked = Vec::new();
        for contact in [ADDRESS, SITI] {
            let sent = node.ask_following(case, contact, HERE).await.unwrap();
            asked.push((sent.id, last_code(&place).await));
        }
        let sent = node.ask_following_programme(&programme, ADDRESS, HERE);
        let sent = sent.await.unwrap();
        let of_programme = (sent.id, last_code(&place).await);
        node.erase_account(&canary).await.unwrap();
        let [of_case, others]: [(String, String); 2] = asked.try_into().unwrap();
        // What was asked for and not proved yet has ended, too.
        for (id, digits) in [of_case, of_programme] {
            let proved = node.prove_following(&id, &digits, HERE).await;
            assert!(matches!(proved, Err(NodeError::Locked(_))));
        }
        let waiting = node.letters(0, 100).await.unwrap();
        let follow = LetterKind::Code(CodePurpose::Follow);
        let waiting = waiting.iter().filter(|letter| letter.kind == follow);
        let waiting: Vec<&str> = waiting.map(|letter| letter.contact.as_str()).collect();
        assert_eq!(waiting, [SITI]);
        assert_eq!(followings(&place, ADDRESS).await, 0);
        assert_eq!(followings(&place, SITI).await, 5);
        let (id, digits) = others;
        node.prove_following(&id, &digits, HERE).await.unwrap();
        assert_eq!(node.followers(case, "", 10).await.unwrap(), [SITI]);
        let left = node.programme_followers(&programme).await.unwrap();
        assert_eq!(left, [SITI]);
    }
}
