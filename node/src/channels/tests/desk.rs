//! What officers make of what lies aside, what was not said, what could not be read, and what is
//! counted.

use serde_json::json;

use super::{BUDI, DAY_MS, HOUR_MS, REPORT, SITI, Talked};
use crate::channels::{Conversation, Counted, Name, TakenUp, Unsaid, Waits};
use crate::clock::Clock as _;
use crate::error::NodeError;
use crate::store;

/// Less than a sentence.
const SHORT: &str = "Lampu mati pak";
const OFFICER: &str = "account:siti";

impl Talked {
    async fn aside(&self) -> Vec<Conversation> {
        self.node().conversations(None, false).await.unwrap().all
    }

    /// The only conversation with something aside, and the numbers of its messages.
    async fn lying(&self) -> (String, Vec<i64>) {
        let all = self.aside().await;
        assert_eq!(all.len(), 1);
        let numbers = all[0].messages.iter().map(|one| one.number).collect();
        (all[0].thread.clone(), numbers)
    }

    async fn counted(&self) -> [Counted; 3] {
        let now = self.place.clock.now_ms();
        let since = [now - HOUR_MS, now - 7 * DAY_MS, now - 30 * DAY_MS];
        let figures = self.node().channel_figures(since).await.unwrap();
        assert_eq!(figures.len(), 1);
        figures[0].counted
    }
}

#[tokio::test]
async fn one_press_makes_one_report_and_the_person_gets_its_ticket() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, SHORT).await;
        let all = talked.aside().await;
        assert!(all[0].name.starts_with("sms\u{b7}") && all[0].name.len() == 9);
        assert_eq!(all[0].messages[0].words.as_deref(), Some(SHORT));
        let (thread, numbers) = talked.lying().await;
        let node = talked.node();
        let (first, second) = tokio::join!(
            node.take_up(&thread, &numbers, OFFICER),
            node.take_up(&thread, &numbers, OFFICER)
        );
        let (made, refused) = if first.is_ok() {
            (first, second)
        } else {
            (second, first)
        };
        let (case, ticket) = talked.case().await;
        let filed = TakenUp::Filed {
            case,
            ticket: ticket.clone(),
        };
        assert_eq!(made.unwrap(), filed);
        assert!(matches!(
            refused,
            Err(NodeError::NotFound { .. } | NodeError::AnsweredMeanwhile)
        ));
        let told = talked.told(SITI).await;
        assert!(told.len() == 1 && told[0].contains(&ticket), "{told:?}");
        assert!(talked.aside().await.is_empty());
        assert_eq!(talked.taken().await, [("done".into(), "filed".into())]);
        let audited = talked.place.audited("channel.taken_up").await;
        assert_eq!(audited.len(), 1);
        assert_eq!(audited[0].0, OFFICER);
        assert!(!audited[0].1.contains(&SITI[1..]));
        // From then on it is theirs like any other.
        let told = talked.says(SITI, "STATUS").await;
        assert!(told[0].starts_with(&ticket), "{told:?}");
    }
}

#[tokio::test]
async fn pieces_of_one_person_become_one_report_with_what_stands_in_front() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, "ANONIM lampu mati").await;
        talked.says(SITI, "halo").await;
        talked.says(SITI, "di Garut").await;
        talked.says(BUDI, "Pak").await;
        let all = talked.aside().await;
        assert_eq!(all.len(), 2);
        let siti = all.iter().find(|one| one.messages.len() == 3).unwrap();
        let small: Vec<bool> = siti.messages.iter().map(|one| one.courtesy).collect();
        assert_eq!(small, [false, true, false]);
        let numbers = [siti.messages[0].number, siti.messages[2].number];
        let others = all.iter().find(|one| one.messages.len() == 1).unwrap();
        let wrong = talked
            .node()
            .take_up(&others.thread, &numbers, OFFICER)
            .await;
        assert!(matches!(wrong, Err(NodeError::NotFound { .. })));
        let made = talked.node().take_up(&siti.thread, &numbers, OFFICER).await;
        assert!(matches!(made, Ok(TakenUp::Filed { .. })));
        let (case, _) = talked.case().await;
        let view = talked.node().case(case).await.unwrap();
        assert_eq!(view.summary.title.as_deref(), Some("lampu mati"));
        assert!(view.summary.anonymous);
        assert_eq!(
            talked.aside().await.len(),
            2,
            "the greeting still lies there"
        );
    }
}

#[tokio::test]
async fn the_same_text_once_more_is_answered_with_its_ticket() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, SHORT).await;
        let (thread, numbers) = talked.lying().await;
        let made = talked.node().take_up(&thread, &numbers, OFFICER).await;
        made.unwrap();
        talked.told(SITI).await;
        let (_, ticket) = talked.case().await;
        talked.says(SITI, SHORT).await;
        let (thread, numbers) = talked.lying().await;
        let again = talked.node().take_up(&thread, &numbers, OFFICER).await;
        assert_eq!(again.unwrap(), TakenUp::Again(ticket.clone()));
        let told = talked.told(SITI).await;
        assert!(told[0].contains(&ticket), "{told:?}");
        talked.case().await;
    }
}

#[tokio::test]
async fn what_is_left_is_listed_no_more_and_goes_after_its_month() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, SHORT).await;
        let (thread, numbers) = talked.lying().await;
        let node = talked.node();
        assert_eq!(node.leave(&thread, &numbers, OFFICER).await.unwrap(), 1);
        assert_eq!(node.leave(&thread, &numbers, OFFICER).await.unwrap(), 0);
        assert!(talked.aside().await.is_empty());
        assert_eq!(node.lying_aside().await.unwrap(), 0);
        let all = async || node.conversations(None, true).await.unwrap().all;
        assert_eq!(all().await[0].messages[0].outcome, "left");
        assert_eq!(talked.place.audited("channel.left").await.len(), 1);
        talked.place.clock.advance(31 * DAY_MS);
        // The last number of all stays.
        talked.writes(BUDI, REPORT).await;
        node.expire_channels().await.unwrap();
        assert!(all().await.is_empty());
    }
}

#[tokio::test]
async fn without_words_nothing_can_be_made_of_it() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, "ANONIM").await;
        let (thread, numbers) = talked.lying().await;
        let made = talked.node().take_up(&thread, &numbers, OFFICER).await;
        assert!(matches!(made, Err(NodeError::Invalid(_))));
        let none = talked.node().take_up(&thread, &[], OFFICER).await;
        assert!(matches!(none, Err(NodeError::Invalid(_))));
        assert!(talked.cases().await.is_empty());
    }
}

#[tokio::test]
async fn what_was_refused_is_said_again_or_dropped_and_forgotten() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        let refuse = || {
            let never = Unsaid::Never("no such number".into());
            talked.paper.orders([never]);
        };
        refuse();
        assert!(talked.says(SITI, REPORT).await.is_empty());
        let refused = node.not_said().await.unwrap();
        assert_eq!(refused[0].problem.as_deref(), Some("no such number"));
        node.say_again(refused[0].number, OFFICER).await.unwrap();
        let twice = node.say_again(refused[0].number, OFFICER).await;
        assert!(matches!(twice, Err(NodeError::NotFound { .. })));
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Laporan Anda"), "{told:?}");
        assert!(node.not_said().await.unwrap().is_empty());

        refuse();
        talked.says(SITI, "STATUS").await;
        let number = node.not_said().await.unwrap()[0].number;
        node.drop_unsaid(number, OFFICER).await.unwrap();
        assert!(node.say_again(number, OFFICER).await.is_err());
        refuse();
        talked.says(SITI, "STATUS").await;
        assert_eq!(node.not_said().await.unwrap().len(), 1);
        talked.place.clock.advance(31 * DAY_MS);
        node.expire_channels().await.unwrap();
        assert!(node.not_said().await.unwrap().is_empty());
        let acts = ["channel.said_again", "channel.dropped"];
        for act in acts {
            assert_eq!(talked.place.audited(act).await.len(), 1, "{act}");
        }
    }
}

#[tokio::test]
async fn refused_news_go_with_a_stop() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked.follows_up(case, "Petugas berangkat.", false).await;
        talked
            .paper
            .orders([Unsaid::Never("no such number".into())]);
        talked.told(SITI).await;
        assert_eq!(talked.node().not_said().await.unwrap().len(), 1);
        talked.says(SITI, "STOP").await;
        assert!(talked.node().not_said().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn one_message_is_read_again_and_one_that_stays_stuck_lies_among_the_conversations() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.writes(SITI, &"kata ".repeat(5000)).await;
        talked.takes("b1", &json!({"hologram": 3})).await;
        talked.hears().await;
        let trouble = node.channel_trouble().await.unwrap();
        let (stuck, unread) = (trouble[0].number, trouble[1].number);
        let lines = &talked.lines;
        let again = async |number| node.look_again(lines, Some(number), OFFICER).await;
        assert_eq!(again(unread).await.unwrap(), 0);
        assert_eq!(again(stuck).await.unwrap(), 1);
        talked.hears().await;
        assert!(node.lay_aside(unread, OFFICER).await.is_err());
        talked.place.clock.advance(31 * DAY_MS);
        node.lay_aside(stuck, OFFICER).await.unwrap();
        // It has its month from now on.
        node.expire_channels().await.unwrap();
        let all = talked.aside().await;
        let words = all[0].messages[0].words.as_deref();
        assert!(words.is_some_and(|words| words.starts_with("kata kata")));
        let (thread, numbers) = talked.lying().await;
        let mut tx = node.read_tx().await.unwrap();
        let row = store::channels::threads::one(&mut tx, &thread).await;
        assert!(
            row.unwrap().unwrap().sealed.is_some(),
            "who it was is known"
        );
        drop(tx);
        let long = node.take_up(&thread, &numbers, OFFICER).await;
        assert!(matches!(long, Err(NodeError::Invalid(_))));
    }
}

#[tokio::test]
async fn a_channel_is_told_in_numbers() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        talked.says(SITI, REPORT).await;
        talked.says(BUDI, "halo").await;
        talked.place.clock.advance(2 * DAY_MS);
        let (case, _) = talked.case().await;
        talked
            .holds(case, json!(["Di nomor berapa?"]), json!([]))
            .await;
        talked.told(SITI).await;
        talked
            .paper
            .orders([Unsaid::Never("no such number".into())]);
        talked.says(SITI, "Nomor dua belas").await;
        let week = Counted {
            came: 4,
            parts: 1,
            reports: 1,
            acts: 1,
            aside: 1,
            again: 1,
            said: 4,
            refused: 1,
            ..Counted::default()
        };
        let today = Counted {
            came: 1,
            acts: 1,
            said: 1,
            refused: 1,
            ..Counted::default()
        };
        assert_eq!(talked.counted().await, [today, week, week]);
        talked.paper.is_down(true);
        let since = talked.place.clock.now_ms();
        talked.says(SITI, "STATUS").await;
        let [today, week, _] = talked.counted().await;
        assert_eq!((today.came, today.commands), (2, 1), "an answer alone");
        for all in [today, week] {
            let ends = all.parts + all.acts + all.again + all.commands + all.aside + all.unread;
            assert_eq!(ends, all.came, "each message once: {all:?}");
        }
        let figures = talked.node().channel_figures([0, 0, 0]).await.unwrap();
        let waits = Waits {
            count: 1,
            oldest: Some(since),
        };
        assert_eq!(figures[0].waits_out, waits);
        assert_eq!(figures[0].waits_in, Waits::default());
        let down = Some(("the provider is away".to_owned(), since));
        assert_eq!(figures[0].outage.out, down);
        assert_eq!(figures[0].outage.fetching, None);
        assert!(figures[0].on);
        let queues = talked.node().channel_queues().await.unwrap();
        assert_eq!(queues.lines, [("sms", false)]);
    }
}

#[tokio::test]
async fn the_same_text_of_many_and_links_alone_are_filed_and_marked() {
    for talked in Talked::on(Name::Sms).await {
        for last in 0..4 {
            talked.says(&format!("+62812000000{last}"), REPORT).await;
        }
        assert!(talked.node().abuse_queue().await.unwrap().is_empty());
        talked.place.clock.advance(HOUR_MS + 1);
        talked.says(SITI, REPORT).await;
        assert!(talked.node().abuse_queue().await.unwrap().is_empty());
        for last in 4..8 {
            talked.says(&format!("+62812000000{last}"), REPORT).await;
        }
        talked
            .says(
                BUDI,
                "https://menang-undian.example/hadiah www.hadiah.example",
            )
            .await;
        let marks = talked.node().abuse_queue().await.unwrap();
        let why: Vec<_> = marks.iter().map(|mark| mark.reason.as_str()).collect();
        assert_eq!(why, ["campaign", "campaign"]);
        assert_eq!(talked.cases().await.len(), 10);
    }
}

#[tokio::test]
async fn of_many_who_say_the_same_at_once_each_from_the_fifth_on_is_marked() {
    for talked in Talked::on(Name::Sms).await {
        for last in 0..9 {
            talked.writes(&format!("+62812000000{last}"), REPORT).await;
        }
        talked.hears().await;
        assert_eq!(talked.cases().await.len(), 9);
        let marks = talked.node().abuse_queue().await.unwrap();
        let marked = marks.iter().filter(|mark| mark.reason == "campaign");
        assert_eq!(marked.count(), 5);
    }
}
