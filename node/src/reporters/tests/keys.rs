//! Keys that are lost, replaced and erased, and citizens who need none.

use super::*;
use crate::reporters::key::VERIFIED;

#[tokio::test]
async fn a_lost_key_comes_back_through_a_proved_contact_and_through_nothing_else() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (ticket, node) = (&filed.filed.ticket, &place.node);
        assert!(!filed.recoverable, "no letters are sent from here");
        node.ask_recovery(ticket, HERE).await.unwrap();
        node.ask_recovery("00000-00000", HERE).await.unwrap();
        for last in 1..=4 {
            let elsewhere = IpAddr::from([198, 51, 100, last]);
            let mistyped = node.ask_recovery("bukan tiket", elsewhere).await;
            mistyped.expect("who mistypes keeps nobody else away");
        }
        assert!(
            node.letters(0, 10).await.unwrap().is_empty(),
            "an unproved contact gets nothing"
        );
        let sent = node.ask_confirmation(&conversation).await.unwrap();
        assert!(node.prove_code(&sent.id, "0000 0000", HERE).await.is_err());
        let proved = node
            .prove_code(&sent.id, &last_code(&place).await, HERE)
            .await
            .unwrap();
        assert!(matches!(proved, Proved::Confirmed));
        let sent = node.ask_recovery(ticket, HERE).await.unwrap();
        let letter = node.letters(0, 10).await.unwrap().pop().unwrap();
        assert_eq!(letter.contact, "canary@contoh.id");
        assert!(!format!("{letter:?}").contains("canary"));
        place.clock.advance(60_000);
        let code = letter.code.unwrap();
        assert!(
            node.prove_following(&sent.id, &code, HERE).await.is_err(),
            "it is for something else, and still is"
        );
        let Proved::NewKey { key } = node.prove_code(&sent.id, &code, HERE).await.unwrap() else {
            panic!("no new key");
        };
        assert!(
            node.prove_code(&sent.id, &code, HERE).await.is_err(),
            "used once"
        );
        place.clock.advance(3_600_000);
        assert!(
            opened(&place, ticket, &filed.key).await.is_err(),
            "the old key has ended"
        );
        assert!(opened(&place, ticket, &key).await.is_ok());
    }
}

#[tokio::test]
async fn a_stranger_who_asks_for_a_new_key_keeps_the_reporter_from_none() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let mut tickets = Vec::new();
        for _ in 0..2 {
            let (filed, conversation) = filed(&place, json!({})).await;
            let sent = node.ask_confirmation(&conversation).await.unwrap();
            let code = last_code(&place).await;
            node.prove_code(&sent.id, &code, HERE).await.unwrap();
            tickets.push(filed.filed.ticket);
        }
        let asks = async |ticket: &str, last: u8| {
            let from = IpAddr::from([198, 51, 100, last]);
            node.ask_recovery(ticket, from).await.map(drop)
        };
        let letters = async || {
            let letters = node.letters(0, 100).await.unwrap().into_iter();
            let recover = LetterKind::Code(CodePurpose::Recover);
            letters.filter(|letter| letter.kind == recover).count()
        };
        let too_many =
            |asked: Result<(), NodeError>| matches!(asked, Err(NodeError::TooMany { .. }));
        for _ in 0..3 {
            asks(&tickets[0], 1).await.unwrap();
        }
        assert!(too_many(asks(&tickets[0], 1).await));
        let sent = node.ask_recovery(&tickets[0], HERE).await.unwrap();
        let code = last_code(&place).await;
        let proved = node.prove_code(&sent.id, &code, HERE).await;
        assert!(matches!(proved, Ok(Proved::NewKey { .. })));
        for last in [2, 2, 2, 3, 3, 3, 4, 4] {
            asks(&tickets[0], last).await.unwrap();
        }
        assert_eq!(letters().await, 12);
        assert!(too_many(asks(&tickets[0], 4).await), "so many of a ticket");
        asks(&tickets[1], 5).await.unwrap();
        assert_eq!(letters().await, 12, "so many to a contact");
    }
}

#[tokio::test]
async fn an_old_key_makes_no_other_while_the_new_one_waits_to_be_used() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (ticket, node) = (&filed.filed.ticket, &place.node);
        let fresh = node.change_key(&conversation).await.unwrap();
        let by_old = opened(&place, ticket, &filed.key).await.unwrap();
        let again = node.change_key(&by_old).await;
        assert!(matches!(again, Err(NodeError::Forbidden(_))));
        let by_new = opened(&place, ticket, &fresh).await.unwrap();
        assert!(opened(&place, ticket, &filed.key).await.is_err());
        let third = node.change_key(&by_new).await.unwrap();
        assert!(opened(&place, ticket, &third).await.is_ok());
    }
}

#[tokio::test]
async fn a_key_is_verified_as_often_whether_there_is_the_ticket_and_whatever_keys_it_has() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (ticket, node) = (&filed.filed.ticket, &place.node);
        let verified = async |ticket: &str, key: &str| {
            let before = VERIFIED.get();
            drop(node.open_conversation(ticket, key, HERE).await);
            VERIFIED.get() - before
        };
        let wrong = "0000 0000 0000 0000";
        let unknown = verified("00000-00000", wrong).await;
        assert!(unknown > 0);
        assert_eq!(verified("tebak", wrong).await, unknown);
        assert_eq!(verified(ticket, wrong).await, unknown);
        node.change_key(&conversation).await.unwrap();
        assert_eq!(verified(ticket, wrong).await, unknown, "a new one waits");
        let before = verified(ticket, &filed.key).await;
        assert_eq!(before, unknown, "the one before fits");
    }
}

#[tokio::test]
async fn a_conversation_is_open_although_its_use_cannot_be_noted() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, _) = filed(&place, json!({})).await;
        let node = &place.node;
        let mut opened = Vec::new();
        for _ in 0..2 {
            let one = node.open_conversation(&filed.filed.ticket, &filed.key, HERE);
            opened.push(one.await.unwrap().token);
        }
        // The use of one is noted, that of another is refused.
        let now = place.clock.now_ms();
        let refuses = format!(
            "create unique index refuses on reporter_sessions (case_id) where seen_at > {now}"
        );
        let mut tx = node.write_tx().await.unwrap();
        let refuses = sqlx::AssertSqlSafe(refuses);
        on!(&mut tx, c => sqlx::query(refuses).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        place.clock.advance(60_000);
        for token in &opened {
            assert!(node.visitor(token).await.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn a_key_that_is_replaced_or_erased_while_it_is_verified_opens_nothing() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case.to_string(), &place.node);
        let hash = async || {
            let ticket = crate::casework::ticket::parse(&filed.filed.ticket).unwrap();
            let row = node.reporter_of(&ticket).await;
            row.unwrap().unwrap().secret
        };
        let open = async |hash: &str| node.open_with(&case, hash, place.clock.now_ms()).await;
        let first = hash().await;
        let fresh = node.change_key(&conversation).await.unwrap();
        assert!(open(&first).await.is_ok(), "the new one waits to be used");
        opened(&place, &filed.filed.ticket, &fresh).await.unwrap();
        assert!(matches!(open(&first).await, Err(NodeError::Locked(_))));
        let second = hash().await;
        assert!(open(&second).await.is_ok());
        let mut tx = node.write_tx().await.unwrap();
        crate::store::reporters::forget(&mut tx, &case)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(open(&second).await, Err(NodeError::Locked(_))));
    }
}

#[tokio::test]
async fn a_citizen_signs_in_with_a_code_and_finds_their_reports() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let sent = node.ask_sign_in("CANARY@contoh.id", HERE).await.unwrap();
        let proved = node
            .prove_code(&sent.id, &last_code(&place).await, HERE)
            .await
            .unwrap();
        let Proved::SignedIn(opened) = proved else {
            panic!("not signed in");
        };
        let visitor = node.visitor(&opened.token).await.unwrap().unwrap();
        let as_citizen = || FilingTerms {
            visitor: Some(&visitor),
            ..terms()
        };
        let filed = node
            .file_for_reporter(report(json!({})), as_citizen())
            .await
            .unwrap();
        let own = node.reports_of(&visitor).await.unwrap();
        let own: Vec<_> = own.iter().map(|report| report.case).collect();
        assert_eq!(own, [filed.filed.case]);
        let conversation = node
            .conversation(&visitor, Some(filed.filed.case))
            .await
            .unwrap();
        let view = node.reporter_view(&conversation).await.unwrap();
        assert_eq!(view.verification, Verification::Contact);
        assert_eq!(view.reachable, Reachable::Proved);
        // The report itself tells no contact: the account's is reached.
        let untold = report(json!({"reporter": {}}));
        let untold = node.file_for_reporter(untold, as_citizen()).await.unwrap();
        let own = node.conversation(&visitor, Some(untold.filed.case)).await;
        let view = node.reporter_view(&own.unwrap()).await.unwrap();
        assert_eq!(view.verification, Verification::None);
        assert_eq!(view.reachable, Reachable::Proved);
        let (stranger, _) = super::filed(&place, json!({})).await;
        let refused = node.conversation(&visitor, Some(stranger.filed.case)).await;
        assert!(matches!(refused, Err(NodeError::Locked(_))));
    }
}
