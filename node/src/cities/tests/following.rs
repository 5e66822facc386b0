//! Requests of a city that become cases, and what the city says of them afterwards.

use std::time::Duration;

use lapor_protocol::case::State as CaseState;
use lapor_stand_ins::mood::Trouble as Mood;
use serde_json::json;

use super::{Linked, MINUTE_MS, REPORT, count, is_answered, last_text};
use crate::cities::Trouble;
use crate::cities::wire::Request;
use crate::store::cities;
use crate::testing::{NOW, jpeg};

#[tokio::test]
async fn a_request_becomes_one_case_however_often_it_is_seen() {
    for format in ["json", "xml"] {
        for linked in Linked::with(json!({"format": format})).await {
            let id = linked.office.hears(&REPORT);
            for _ in 0..3 {
                linked.look().await.unwrap();
            }
            let cases = linked.cases().await;
            assert_eq!(cases.len(), 1);
            let case = &cases[0];
            assert_eq!(case.title.as_deref(), Some("Lampu padam di Braga"));
            assert_eq!(case.place.as_deref(), Some("Jalan Braga 12"));
            assert_eq!(case.category.as_ref().unwrap().as_str(), super::LAMP);
            assert_eq!(case.own_number.as_ref(), Some(&id));
            assert_eq!(case.state, Some(CaseState::Received));
            let view = linked.case(case.case).await;
            let words = view.history[0].words.clone().unwrap();
            assert_eq!(words["content"], "Lampu padam di Braga. Gelap sejak Senin.");
            assert_eq!(words["coordinates"]["latitude_micro"], -6_917_500);
            let body = view.history[0].body.clone().unwrap();
            assert_eq!(body["channel"], "open311");
            assert_eq!(body["incident_date"], "2026-09-21");
            assert_eq!(linked.figures().await.counts.followed_open, 1);
        }
    }
}

#[tokio::test]
async fn what_a_city_says_is_told_on_the_case_once() {
    for linked in Linked::with(json!({})).await {
        let id = linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        let case = linked.cases().await[0].case;
        linked.office.puts(&id, "open", "Petugas berangkat.");
        for _ in 0..2 {
            linked.place.clock.advance(MINUTE_MS);
            linked.look().await.unwrap();
        }
        let view = linked.case(case).await;
        assert_eq!(count(&view, "case.noted"), 1);
        let said = last_text(&view);
        assert!(
            said.contains("Bandung 311") && said.ends_with("Petugas berangkat."),
            "{said}"
        );

        linked.office.puts(&id, "closed", "Lampu diganti.");
        for _ in 0..2 {
            linked.place.clock.advance(MINUTE_MS);
            linked.look().await.unwrap();
        }
        is_answered(&linked, case, "Lampu diganti.").await;
        assert_eq!(linked.figures().await.counts.followed_closed, 1);

        linked.office.puts(&id, "open", "Padam lagi.");
        for _ in 0..2 {
            linked.place.clock.advance(MINUTE_MS);
            linked.look().await.unwrap();
        }
        let view = linked.case(case).await;
        assert_eq!(count(&view, "case.noted"), 2);
        assert!(last_text(&view).ends_with("Padam lagi."));
        assert_eq!(linked.figures().await.counts.followed_open, 1);
    }
}

#[tokio::test]
async fn a_crash_after_something_was_told_tells_it_once() {
    for linked in Linked::with(json!({})).await {
        let id = linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        let case = linked.cases().await[0].case;
        let before = linked.row(case).await.unwrap();
        linked.office.puts(&id, "closed", "Lampu diganti.");
        let request = linked.city().wire.request(&id).await.unwrap().unwrap();
        let node = &linked.place.node;
        node.compare(linked.city(), &before, &request)
            .await
            .unwrap();
        // Another process that died before it noted it begins with the row as it was.
        node.compare(linked.city(), &before, &request)
            .await
            .unwrap();
        is_answered(&linked, case, "Lampu diganti.").await;
        assert_eq!(linked.row(case).await.unwrap().turns, 1);
    }
}

#[tokio::test]
async fn an_institution_may_have_a_close_noted_and_progress_answered() {
    let settings = json!({"on_closed": "note", "on_progress": "answer"});
    for linked in Linked::with(settings).await {
        let id = linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        let case = linked.cases().await[0].case;
        linked.office.puts(&id, "open", "Petugas berangkat.");
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        let view = linked.case(case).await;
        assert_eq!(view.summary.state, Some(CaseState::InProgress));
        assert_eq!(count(&view, "case.followed_up"), 1);
        linked.office.puts(&id, "closed", "Selesai.");
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        let view = linked.case(case).await;
        assert_eq!(view.summary.state, Some(CaseState::InProgress));
        assert_eq!(count(&view, "case.noted"), 1);
    }
}

#[tokio::test]
async fn where_a_superior_signs_a_close_waits_for_an_officer() {
    for mut linked in Linked::with(json!({})).await {
        linked.place.settings.answers.approval = Some(true);
        linked.place.node = linked.place.reopened().await;
        let id = linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        let case = linked.cases().await[0].case;
        linked.office.puts(&id, "closed", "Lampu diganti.");
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        let view = linked.case(case).await;
        assert_eq!(view.summary.state, Some(CaseState::Received));
        assert_eq!(count(&view, "case.noted"), 1);
        assert!(last_text(&view).ends_with("Lampu diganti."));
    }
}

#[tokio::test]
async fn what_is_over_is_not_begun_and_what_is_gone_is_said() {
    for linked in Linked::with(json!({})).await {
        linked.office.knows_no_lists();
        let closed = linked.office.hears(&REPORT);
        linked.office.puts(&closed, "closed", "Selesai.");
        let (first, second) = (linked.office.hears(&REPORT), linked.office.hears(&REPORT));
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 2, "{first} {second}");
        linked.office.forgets(&first);
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        let stuck = linked.figures().await.stuck;
        assert_eq!(stuck.len(), 1);
        assert_eq!(stuck[0].request.as_ref(), Some(&first));
        assert!(stuck[0].problem.as_ref().unwrap().contains("does not know"));
    }
}

#[tokio::test]
async fn a_list_that_is_refused_for_one_request_holds_up_no_other() {
    for linked in Linked::with(json!({})).await {
        let ids = [linked.office.hears(&REPORT), linked.office.hears(&REPORT)];
        linked.look().await.unwrap();
        for id in &ids {
            linked.office.puts(id, "open", "Petugas berangkat.");
        }
        linked.place.clock.advance(MINUTE_MS);
        // What is new is told.
        let told = Mood::Slow(Duration::ZERO);
        linked.office.mood.orders([told, Mood::Fails(404)]);
        linked.look().await.unwrap();
        for case in linked.cases().await {
            let view = linked.case(case.case).await;
            assert_eq!(count(&view, "case.noted"), 1);
        }
    }
}

#[tokio::test]
async fn what_is_not_told_of_one_that_was_left_holds_up_no_other() {
    for linked in Linked::with(json!({})).await {
        let node = &linked.place.node;
        for _ in 0..2 {
            let request = Request {
                id: linked.office.hears(&REPORT),
                is_open: true,
                ..Request::default()
            };
            let problem = "title: it is empty".to_owned();
            let left = node.leave_request(linked.city(), &request, problem);
            left.await.unwrap();
        }
        linked.look().await.unwrap();
        for one in linked.figures().await.stuck {
            node.ask_city_again(&one.id, "test").await.unwrap();
        }
        linked.office.mood.orders([Mood::Fails(500)]);
        let trouble = linked.look().await.unwrap_err();
        assert_eq!(trouble.problem, "it answers 500");
        assert_eq!(linked.cases().await.len(), 1);
        linked.place.clock.advance(11 * MINUTE_MS);
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 2);
    }
}

#[tokio::test]
async fn what_is_new_is_seen_after_a_clock_that_was_ahead_was_set_right() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        let ahead = NOW + 30 * 24 * 60 * MINUTE_MS;
        let mut tx = linked.place.node.write_tx().await.unwrap();
        let noted = cities::fetched(&mut tx, "bandung", ahead).await;
        noted.unwrap();
        tx.commit().await.unwrap();
        linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 1);
    }
}

#[tokio::test]
async fn an_outage_loses_nothing_and_stands_at_the_desk() {
    for linked in Linked::with(json!({})).await {
        linked.look().await.unwrap();
        linked.office.hears(&REPORT);
        linked.office.mood.is_away(true);
        let trouble = linked.look().await.unwrap_err();
        assert_eq!(trouble.problem, "it answers 502");
        linked.place.clock.advance(30 * 24 * 60 * MINUTE_MS);
        linked.look().await.unwrap_err();
        let shown = linked.figures().await;
        assert_eq!(shown.troubled_since, Some(NOW));
        assert_eq!(shown.problem.as_deref(), Some("it answers 502"));
        assert_eq!(shown.contact_at, Some(NOW));
        linked.office.mood.is_away(false);
        linked.office.mood.orders([Mood::Busy(90)]);
        let busy = linked.look().await.unwrap_err();
        assert_eq!(busy.pause, Some(Duration::from_secs(90)));
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 1);
        let shown = linked.figures().await;
        assert_eq!((shown.troubled_since, shown.problem), (None, None));
    }
}

#[tokio::test]
async fn a_picture_is_fetched_from_elsewhere_alone_and_otherwise_named() {
    for (media, attached) in [("local", 1), ("fetch", 0), ("name", 0)] {
        for linked in Linked::with(json!({"media": media})).await {
            let at = linked.office.keeps("tiang.jpg", &jpeg(64, 10));
            let mut fields = REPORT.to_vec();
            fields.push(("media_url", at.as_str()));
            linked.office.hears(&fields);
            linked.look().await.unwrap();
            let view = linked.case(linked.cases().await[0].case).await;
            let birth = &view.history[0];
            assert_eq!(birth.attachments.len(), attached);
            let content = birth.words.as_ref().unwrap()["content"].as_str().unwrap();
            assert_eq!(content.contains(&at), attached == 0, "{content}");
        }
    }
}

#[tokio::test]
async fn more_requests_than_an_answer_holds_are_asked_for_by_parts() {
    for linked in Linked::with(json!({"most": 10})).await {
        linked.office.tells_at_most(10);
        linked.look().await.unwrap();
        for hour in 0..25 {
            linked.office.is_at(NOW + hour * 60 * MINUTE_MS);
            let description = format!("Laporan ke-{hour}");
            linked.office.hears(&[
                ("service_code", "003"),
                ("description", description.as_str()),
            ]);
        }
        linked.place.clock.advance(3 * 24 * 60 * MINUTE_MS);
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 25);
        let asked = linked.office.listed();
        linked.place.clock.advance(3 * 24 * 60 * MINUTE_MS);
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 25);
        assert!(
            linked.office.listed() < asked + 20,
            "the past is not gone through again"
        );
    }
}

#[tokio::test]
async fn what_can_be_no_case_waits_for_a_person_and_is_tried_again() {
    for linked in Linked::with(json!({})).await {
        let id = linked.office.hears(&REPORT);
        let request = Request {
            id: id.clone(),
            is_open: true,
            ..Request::default()
        };
        let node = &linked.place.node;
        let problem = "title: it is empty".to_owned();
        node.leave_request(linked.city(), &request, problem)
            .await
            .unwrap();
        linked.look().await.unwrap();
        assert!(linked.cases().await.is_empty(), "nobody has looked at it");
        let shown = linked.figures().await;
        assert_eq!(shown.counts.refused, 1);
        assert!(shown.stuck[0].is_refused());
        assert_eq!(node.refused_by_cities().await.unwrap(), 1);
        node.ask_city_again(&shown.stuck[0].id, "test")
            .await
            .unwrap();
        linked.look().await.unwrap();
        let cases = linked.cases().await;
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].own_number, Some(id));
        assert_eq!(linked.figures().await.counts.refused, 0);
        let audited = linked.place.audited("city.asked_again").await;
        assert_eq!(audited.len(), 1);
        let again = node.ask_city_again(&shown.stuck[0].id, "test").await;
        assert!(again.is_err(), "nothing waits any more");
    }
}

#[tokio::test]
async fn a_trouble_says_what_a_city_says_in_one_line() {
    for linked in Linked::with(json!({})).await {
        linked.office.mood.orders([Mood::Fails(400)]);
        let trouble: Trouble = linked.look().await.unwrap_err();
        assert_eq!(trouble.problem, "it refuses (400): something is wrong here");
    }
}

#[tokio::test]
async fn what_a_city_had_before_a_restore_is_filed_once_somebody_says_that_it_is_no_case() {
    for linked in Linked::with(json!({})).await {
        let node = &linked.place.node;
        linked.look().await.unwrap();
        let id = linked.office.hears(&REPORT);
        node.seems_restored().await;
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        assert!(linked.cases().await.is_empty());
        let stuck = linked.figures().await.stuck;
        assert_eq!(stuck[0].request.as_ref(), Some(&id));
        assert!(stuck[0].problem.as_ref().unwrap().contains("restored"));
        node.ask_city_again(&stuck[0].id, "test").await.unwrap();
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 1);
        linked.place.clock.advance(MINUTE_MS);
        linked.office.is_at(NOW + 2 * MINUTE_MS);
        linked.office.hears(&REPORT);
        linked.look().await.unwrap();
        assert_eq!(linked.cases().await.len(), 2, "what came since");
    }
}
