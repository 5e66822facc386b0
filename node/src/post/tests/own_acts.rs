//! Who hears of what the reporter of a case did themselves.

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_web::mail::tiny_server::Manners;
use serde_json::{Value, json};

use super::telling::TITLE;
use super::{Encryption, MINUTE_MS, Posted, readable};
use crate::casework::NewAct;
use crate::chance::new_message_id;
use crate::clock::Clock as _;
use crate::post::own_acts::New;
use crate::reporters::Event;
use crate::testing::{NOW, PaperHub};

/// The institution, as a letter names whoever did something.
const BY: &str = "(kota-bandung)";

impl Posted {
    /// The reporter does something in their conversation.
    async fn does(&self, case: CaseId, kind: &str, body: Value) {
        let act = NewAct {
            kind: kind.to_owned(),
            body: body.as_object().cloned().unwrap(),
            words: None,
            attachments: Vec::new(),
        };
        let done = self.node().act_of_reporter(case, act, "reporter", None);
        done.await.unwrap();
    }
}

#[tokio::test]
async fn who_follows_a_report_hears_what_its_reporter_did_themselves() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        posted.follows(filed.case, "budi@contoh.id").await;
        posted.place.clock.advance(MINUTE_MS);
        posted.answers(filed.case).await;
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        let sent = posted.sends(0).await;
        let answered = sent.iter().find(|letter| letter.to == "budi@contoh.id");
        let text = readable(&answered.unwrap().text);
        assert!(text.contains(BY), "{text}");
        for (kind, body, said) in [
            (
                "case.closed",
                json!({"by": "reporter"}),
                "Selesai, dikonfirmasi pelapor",
            ),
            ("case.reopened", json!({}), "Dibuka kembali"),
        ] {
            let before = posted.sends(0).await.len();
            posted.place.clock.advance(MINUTE_MS);
            posted.does(filed.case, kind, body).await;
            assert_eq!(posted.writes().await, 0, "{kind} is not ruled");
            hub.orders_at(posted.place.clock.now_ms());
            posted.ruled(&hub).await;
            assert_eq!(posted.writes().await, 1, "{kind}");
            assert_eq!(posted.writes().await, 0, "once");
            let sent = posted.sends(before).await;
            let to: Vec<&str> = sent.iter().map(|letter| letter.to.as_str()).collect();
            assert_eq!(to, ["budi@contoh.id"], "{kind}");
            let text = readable(&sent[0].text);
            assert!(text.contains(said) && text.contains(TITLE), "{text}");
            assert!(!text.contains("Pelapor yang lain"), "{text}");
            assert!(!text.contains(BY), "{kind} is the reporter's: {text}");
        }
    }
}

#[tokio::test]
async fn of_a_reopening_it_is_told_which_institution_did_it_and_none_where_the_reporter_did() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        posted.follows(filed.case, "budi@contoh.id").await;
        let rules = async || {
            hub.orders_at(posted.place.clock.now_ms());
            posted.ruled(&hub).await;
            posted.place.clock.advance(MINUTE_MS);
        };
        for by_reporter in [true, false] {
            posted.place.clock.advance(MINUTE_MS);
            posted.answers(filed.case).await;
            rules().await;
            let closed = json!({"by": "reporter"});
            posted.does(filed.case, "case.closed", closed).await;
            rules().await;
            posted.writes().await;
            let before = posted.sends(0).await.len();
            if by_reporter {
                posted.does(filed.case, "case.reopened", json!({})).await;
            } else {
                let why = "Belum tuntas.";
                let reopened = posted.acts(filed.case, "case.reopened", json!({}), why);
                reopened.await;
            }
            rules().await;
            posted.writes().await;
            let sent = posted.sends(before).await;
            let letter = sent.iter().find(|letter| letter.to == "budi@contoh.id");
            let text = readable(&letter.unwrap().text);
            assert!(text.contains("Dibuka kembali"), "{text}");
            assert_eq!(text.contains(BY), !by_reporter, "{text}");
        }
    }
}

#[tokio::test]
async fn what_a_reporter_closed_before_followers_heard_of_it_is_not_told_afterwards() {
    const UPGRADE: &str =
        include_str!("../../../../migrations/sql/node/sqlite/0058_own_closings.sql");
    const BEHIND_MS: i64 = 10 * MINUTE_MS;
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        posted.follows(filed.case, "budi@contoh.id").await;
        posted.writes().await;
        // The clock of the hub goes behind ours, by more than all that follows takes.
        posted.place.clock.advance(2 * BEHIND_MS);
        let orders = || hub.orders_at(posted.place.clock.now_ms() - BEHIND_MS);
        let happens = async |kind: &str, body: Value| {
            posted.place.clock.advance(MINUTE_MS);
            posted.does(filed.case, kind, body).await;
            orders();
            posted.ruled(&hub).await;
        };
        let answers = async || {
            posted.place.clock.advance(MINUTE_MS);
            posted.answers(filed.case).await;
            orders();
            posted.ruled(&hub).await;
        };
        answers().await;
        posted.writes().await;
        happens("case.closed", json!({"by": "reporter"})).await;
        let mut tx = posted.node().write_tx().await.unwrap();
        let done = on!(&mut tx, c => sqlx::query(UPGRADE).execute(c).await.map(drop));
        done.unwrap();
        tx.commit().await.unwrap();
        let before = posted.sends(0).await.len();
        happens("case.reopened", json!({})).await;
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(before).await;
        let text = readable(&sent[0].text);
        assert!(text.contains("Dibuka kembali"), "{text}");
        assert!(!text.contains("Selesai, dikonfirmasi pelapor"), "{text}");
        answers().await;
        posted.writes().await;
        let before = posted.sends(0).await.len();
        happens("case.closed", json!({"by": "reporter"})).await;
        assert_eq!(posted.writes().await, 1, "what happens since is told");
        let sent = posted.sends(before).await;
        let text = readable(&sent[0].text);
        assert!(text.contains("Selesai, dikonfirmasi pelapor"), "{text}");
    }
}

#[test]
fn what_is_passed_over_ends_with_a_place_and_what_has_none_yet_is_never() {
    let closed = |arrived| {
        let event = json!({
            "kind": "case.closed",
            "message": new_message_id(NOW),
            "by": null,
            "at": NOW,
            "pending": false,
            "closed_by": "reporter",
        });
        let mut event: Event = serde_json::from_value(event).unwrap();
        event.arrived = arrived;
        event
    };
    let places = [
        None,
        Some((1, 30)),
        Some((2, 9)),
        Some((2, 10)),
        Some((3, 1)),
    ];
    let new = New {
        to_reporter: Vec::new(),
        own: places.map(closed).into(),
    };
    let of = |places: &[usize]| -> Vec<String> {
        let messages = places.iter().filter_map(|at| new.own[*at].message);
        messages.map(|message| message.to_string()).collect()
    };
    let mark = ("closed-before:2:9".to_owned(), None);
    assert_eq!(new.untold(&[mark]).1, of(&[0, 3, 4]));
    assert_eq!(new.untold(&[]).1, of(&[0, 1, 2, 3, 4]));
}
