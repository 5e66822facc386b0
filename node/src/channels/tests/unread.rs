//! A message answers only what was said before it came.

use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::{HOUR_MS, MINUTE_MS, PLACED, REPORT, SITI, Talked};
use crate::channels::{Name, Unsaid};

impl Talked {
    /// A report of somebody to whom nothing may be said any more before they write again.
    async fn shut(&self) -> CaseId {
        self.says(SITI, PLACED).await;
        self.says(SITI, "LEWATI").await;
        self.says(SITI, "YA").await;
        self.place.clock.advance(25 * HOUR_MS);
        self.case().await.0
    }

    async fn last_message(&self, case: CaseId) -> String {
        self.messages(case).await.pop().unwrap()
    }

    /// Somebody writes what lies aside and changes nothing in a case; what they are told then.
    async fn says_too_early(&self, case: CaseId, text: &str) -> Vec<String> {
        let before = self.messages(case).await;
        let told = self.says(SITI, text).await;
        let aside = ("aside".to_owned(), "aside".to_owned());
        assert_eq!(self.taken().await.last(), Some(&aside), "{text}");
        assert_eq!(self.messages(case).await, before, "{text}");
        assert_eq!(self.cases().await.len(), 1, "{text}");
        told
    }
}

#[tokio::test]
async fn whoever_has_not_read_yet_that_it_is_done_closes_nothing_with_a_yes() {
    for name in [Name::Whatsapp, Name::Messenger] {
        for talked in Talked::on(name).await {
            let case = talked.shut().await;
            talked.follows_up(case, "Lampu diganti.", true).await;
            assert!(talked.told(SITI).await.is_empty());
            assert_eq!(talked.paper.knocked(), [SITI]);
            talked.place.clock.advance(MINUTE_MS);
            let told = talked.says_too_early(case, "Ya").await;
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].contains("Lampu diganti."), "{told:?}");
            assert!(told[0].contains("Sudah selesai?"), "{told:?}");
            talked.place.clock.advance(MINUTE_MS);
            talked.says(SITI, "Ya").await;
            assert_eq!(talked.last_message(case).await, "case.closed");
        }
    }
}

#[tokio::test]
async fn a_question_that_was_not_read_yet_is_answered_by_nothing() {
    for talked in Talked::on(Name::Whatsapp).await {
        let case = talked.shut().await;
        let forms = json!([{"as": "yes_no"}]);
        talked.holds(case, json!(["Masih padam?"]), forms).await;
        assert!(talked.told(SITI).await.is_empty());
        talked.place.clock.advance(MINUTE_MS);
        let told = talked.says_too_early(case, "Tidak").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("Masih padam?"), "{told:?}");
        talked.place.clock.advance(MINUTE_MS);
        talked.says(SITI, "Ya").await;
        let view = talked.node().case(case).await.unwrap();
        let words = view.history.last().unwrap().words.clone().unwrap();
        assert_eq!(words["answers"], json!(["Ya"]));
    }
}

#[tokio::test]
async fn what_waits_for_a_provider_that_is_away_is_not_answered_either_nor_with_its_ticket() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        talked.paper.is_down(true);
        talked.follows_up(case, "Lampu diganti.", true).await;
        assert!(talked.told(SITI).await.is_empty());
        for text in ["Ya", &format!("{ticket} ya")] {
            assert!(talked.says_too_early(case, text).await.is_empty());
        }
        talked.paper.is_down(false);
        talked.place.clock.advance(HOUR_MS);
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("Sudah selesai?"), "{told:?}");
        talked.says(SITI, "Ya").await;
        assert_eq!(talked.last_message(case).await, "case.closed");
    }
}

#[tokio::test]
async fn what_may_have_been_said_is_not_said_again_once_it_was_answered() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let lost = || Unsaid::Unanswered("504".into());
        talked.paper.orders([lost()]);
        let forms = json!([{"as": "yes_no"}, {"as": "text"}]);
        let questions = json!(["Masih padam?", "Sejak kapan?"]);
        talked.holds(case, questions, forms).await;
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.outbox().await.last().unwrap(), "waiting");
        talked.place.clock.advance(MINUTE_MS);
        let told = talked.says(SITI, "ya").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("Sejak kapan?"), "{told:?}");
        assert_eq!(talked.says(SITI, "Minggu").await.len(), 1);
        // With its ticket, and to a proposal to close.
        talked.paper.orders([lost()]);
        talked.follows_up(case, "Lampu diganti.", true).await;
        assert!(talked.told(SITI).await.is_empty());
        talked.place.clock.advance(MINUTE_MS);
        let told = talked.says(SITI, &format!("{ticket} ya")).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(talked.last_message(case).await, "case.closed");
        talked.place.clock.advance(HOUR_MS);
        assert!(talked.told(SITI).await.is_empty(), "nothing is said again");
        let states = talked.outbox().await;
        assert!(!states.iter().any(|state| state == "waiting"), "{states:?}");
    }
}
