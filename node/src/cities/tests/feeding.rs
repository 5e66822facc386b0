//! Cases that become requests of a city, once, whatever happens on the way.

use lapor_protocol::case::State as CaseState;
use lapor_stand_ins::mood::Trouble as Mood;
use serde_json::json;

use super::{LAMP, Linked, MINUTE_MS, REPORT, is_answered};
use crate::cities::{State, mark};
use crate::testing::acts;

#[tokio::test]
async fn a_case_is_fed_once_it_is_verified_and_followed_to_its_end() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        let case = linked.files(&json!({})).await;
        linked.look().await.unwrap();
        assert!(linked.office.filed().is_empty(), "it is not verified");
        acts(&linked.place, case, "case.verified", json!({}), None).await;
        for _ in 0..3 {
            linked.look().await.unwrap();
        }
        let filed = linked.office.filed();
        assert_eq!(filed.len(), 1);
        let form = &filed[0];
        assert_eq!(form["service_code"], "001");
        assert_eq!(form["lat"], "-6.9175");
        assert_eq!(form["address_string"], "Jalan Braga 12");
        assert_eq!(form["attribute[tiang]"], "ya");
        assert_eq!(mark::read(&form["description"]), Some(case));
        let told = format!("{form:?}");
        for untold in ["Canary", "contoh.id", "0812-3456"] {
            assert!(!told.contains(untold), "{told}");
        }
        let ticket = linked.case(case).await.summary.ticket.unwrap();
        assert!(!told.contains(&ticket), "{told}");
        let row = linked.row(case).await.unwrap();
        let number = row.request.unwrap();
        assert_eq!(
            linked.cases().await.len(),
            1,
            "the request is no other case"
        );

        linked.place.clock.advance(MINUTE_MS);
        linked.office.puts(&number, "closed", "Lampu diganti.");
        linked.look().await.unwrap();
        is_answered(&linked, case, "Lampu diganti.").await;
        assert_eq!(linked.figures().await.counts.fed_closed, 1);
    }
}

#[tokio::test]
async fn a_case_whose_answer_was_lost_is_looked_for_and_not_sent_again() {
    for format in ["json", "xml"] {
        for linked in Linked::with(json!({"format": format, "follow": false})).await {
            linked.look().await.unwrap();
            let case = linked.files_verified(&json!({})).await;
            linked.office.loses_answers(1);
            linked.look().await.unwrap_err();
            assert_eq!(linked.stands(case).await, Some(State::Sending));
            linked.look().await.unwrap();
            assert_eq!(linked.office.filed().len(), 1, "it has just been sent");
            linked.place.clock.advance(6 * MINUTE_MS);
            linked.look().await.unwrap();
            assert_eq!(linked.stands(case).await, Some(State::Linked));
            assert_eq!(linked.office.filed().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_process_that_died_while_it_sent_is_gone_on_from() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        let case = linked.files_verified(&json!({})).await;
        linked.office.mood.is_away(true);
        linked.look().await.unwrap_err();
        linked.office.mood.is_away(false);
        let node = &linked.place.node;
        node.gather_for_city(linked.city()).await.unwrap();
        let row = linked.row(case).await.unwrap();
        let now = linked.place.node.clock().now_ms();
        let mut tx = node.write_tx().await.unwrap();
        let until = now + 5 * MINUTE_MS;
        let claimed = crate::store::cities::claim(&mut tx, &row, now, until).await;
        assert!(claimed.unwrap());
        let twice = crate::store::cities::claim(&mut tx, &row, now, until).await;
        assert!(!twice.unwrap(), "nobody else takes it");
        tx.commit().await.unwrap();
        linked.look().await.unwrap();
        assert!(linked.office.filed().is_empty(), "it may be on its way");
        linked.place.clock.advance(6 * MINUTE_MS);
        linked.look().await.unwrap();
        assert_eq!(linked.office.filed().len(), 1, "it was not there");
        assert_eq!(linked.stands(case).await, Some(State::Linked));
    }
}

#[tokio::test]
async fn what_another_process_has_sent_meanwhile_is_not_dropped() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        let (node, case) = (&linked.place.node, linked.files_verified(&json!({})).await);
        node.gather_for_city(linked.city()).await.unwrap();
        let waiting = linked.row(case).await.unwrap();
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
        let reason = json!({"reason": "other"});
        acts(&linked.place, case, "case.archived", reason, None).await;
        let late = node.send_to_city(linked.city(), &waiting);
        late.await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
    }
}

#[tokio::test]
async fn a_follower_finds_what_was_sent_and_not_answered() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        let case = linked.files_verified(&json!({})).await;
        linked.office.loses_answers(1);
        linked.look().await.unwrap_err();
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
        assert_eq!(linked.cases().await.len(), 1);
        assert_eq!(linked.office.filed().len(), 1);
    }
}

#[tokio::test]
async fn an_outage_keeps_cases_waiting_and_sends_each_once() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        linked.office.mood.is_away(true);
        let mut cases = Vec::new();
        for _ in 0..3 {
            cases.push(linked.files_verified(&json!({})).await);
            linked.look().await.unwrap_err();
        }
        linked.office.mood.is_away(false);
        linked.look().await.unwrap();
        assert_eq!(linked.office.filed().len(), 3);
        for case in cases {
            assert_eq!(linked.stands(case).await, Some(State::Linked));
        }
    }
}

#[tokio::test]
async fn what_waits_for_a_city_that_never_answered_is_counted_with_its_age() {
    for linked in Linked::with(json!({})).await {
        linked.office.mood.is_away(true);
        linked.look().await.unwrap_err();
        assert_eq!(linked.figures().await.counts.waiting, 0);
        let case = linked.files_verified(&json!({})).await;
        linked.look().await.unwrap_err();
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap_err();
        let shown = linked.figures().await;
        assert_eq!((shown.counts.waiting, shown.waits_ms), (1, MINUTE_MS));
        assert_eq!(linked.stands(case).await, Some(State::Waiting));
        linked.office.mood.is_away(false);
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
        assert_eq!(linked.office.filed().len(), 1);
        assert_eq!(linked.figures().await.waits_ms, 0);
    }
}

#[tokio::test]
async fn a_token_is_asked_for_its_number_until_there_is_one() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        linked.office.answers_with_tokens();
        let case = linked.files_verified(&json!({})).await;
        for _ in 0..3 {
            linked.look().await.unwrap();
            assert_eq!(linked.stands(case).await, Some(State::Token));
            linked.place.clock.advance(MINUTE_MS);
        }
        assert_eq!(linked.figures().await.counts.waiting, 1);
        linked.office.tells_numbers();
        linked.place.clock.advance(10 * MINUTE_MS);
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
        assert_eq!(linked.office.filed().len(), 1);
        assert_eq!(linked.cases().await.len(), 1);
    }
}

#[tokio::test]
async fn a_token_of_which_nothing_is_told_holds_up_no_other() {
    for (status, problem) in [
        (500, "it answers 500"),
        (400, "it refuses (400): something is wrong here"),
    ] {
        for linked in Linked::with(json!({"follow": false})).await {
            linked.look().await.unwrap();
            linked.office.answers_with_tokens();
            let first = linked.files_verified(&json!({})).await;
            linked.look().await.unwrap();
            linked.place.clock.advance(2 * MINUTE_MS);
            let second = linked.files_verified(&json!({})).await;
            linked.office.mood.orders([Mood::Fails(status)]);
            let trouble = linked.look().await.unwrap_err();
            assert_eq!(trouble.problem, problem);
            assert_eq!(linked.stands(first).await, Some(State::Token));
            assert_eq!(linked.stands(second).await, Some(State::Token));
            assert_eq!(linked.office.filed().len(), 2);
            linked.office.tells_numbers();
            linked.place.clock.advance(10 * MINUTE_MS);
            linked.look().await.unwrap();
            for case in [first, second] {
                assert_eq!(linked.stands(case).await, Some(State::Linked));
            }
        }
    }
}

#[tokio::test]
async fn what_a_city_refuses_waits_for_a_person_and_holds_up_nothing() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        linked
            .office
            .refuses(Some((400, "attribute[tiang] has an unknown value")));
        let case = linked.files_verified(&json!({})).await;
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Refused));
        let shown = linked.figures().await;
        assert_eq!(shown.counts.refused, 1);
        let problem = shown.stuck[0].problem.as_deref();
        assert_eq!(problem, Some("400: attribute[tiang] has an unknown value"));
        linked.office.refuses(None);
        let other = linked.files_verified(&json!({})).await;
        linked.look().await.unwrap();
        assert_eq!(linked.stands(other).await, Some(State::Linked));
        assert_eq!(linked.stands(case).await, Some(State::Refused));
        let node = &linked.place.node;
        node.ask_city_again(&shown.stuck[0].id, "test")
            .await
            .unwrap();
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
        linked
            .office
            .refuses(Some((404, "service_code was not found")));
        let third = linked.files_verified(&json!({})).await;
        linked.look().await.unwrap();
        let id = linked.row(third).await.unwrap().id;
        node.drop_at_city(&id, "test").await.unwrap();
        linked.office.refuses(None);
        linked.look().await.unwrap();
        assert_eq!(linked.stands(third).await, Some(State::Dropped));
        assert_eq!(linked.place.audited("city.dropped").await.len(), 1);
    }
}

#[tokio::test]
async fn a_wrong_key_costs_no_case_anything() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        linked.office.refuses(Some((403, "api_key was revoked")));
        let case = linked.files_verified(&json!({})).await;
        let trouble = linked.look().await.unwrap_err();
        assert_eq!(trouble.problem, "it refuses the key (403)");
        assert_eq!(linked.stands(case).await, Some(State::Waiting));
        linked.office.refuses(None);
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Linked));
    }
}

#[tokio::test]
async fn only_what_everybody_may_read_and_is_here_is_fed() {
    for linked in Linked::with(json!({})).await {
        let before = linked.files_verified(&json!({})).await;
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        let hidden = [
            before,
            linked.files_verified(&json!({"secret": true})).await,
            linked
                .files_verified(&json!({"category": "Kesehatan"}))
                .await,
        ];
        let gone = linked.files_verified(&json!({})).await;
        let archived = json!({"reason": "duplicate"});
        acts(&linked.place, gone, "case.archived", archived, None).await;
        let marked = format!("Lampu padam. [lapor {gone}]");
        let passed_on = linked.files_verified(&json!({"content": marked})).await;
        linked.look().await.unwrap();
        assert!(
            linked.office.filed().is_empty(),
            "{:?}",
            linked.office.filed()
        );
        for case in hidden {
            assert_eq!(linked.stands(case).await, None);
        }
        assert_eq!(linked.stands(passed_on).await, Some(State::Dropped));
    }
}

#[tokio::test]
async fn what_came_from_a_city_is_not_fed_back() {
    for linked in Linked::with(json!({})).await {
        linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        let case = linked.cases().await[0].clone();
        assert_eq!(case.category.unwrap().as_str(), LAMP);
        acts(&linked.place, case.case, "case.verified", json!({}), None).await;
        linked.look().await.unwrap();
        assert!(linked.office.filed().is_empty());
    }
}

#[tokio::test]
async fn a_mark_that_somebody_else_wrote_is_not_believed() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        let case = linked
            .files_verified(&json!({"category": "Kesehatan"}))
            .await;
        let forged = format!("Palsu [lapor {case}]");
        let fields = [("service_code", "003"), ("description", forged.as_str())];
        let id = linked.office.hears(&fields);
        linked.look().await.unwrap();
        linked.office.puts(&id, "closed", "Selesai.");
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, None);
        let view = linked.case(case).await;
        assert_eq!(view.summary.state, Some(CaseState::Verified));
        assert_eq!(linked.cases().await.len(), 1);
    }
}
