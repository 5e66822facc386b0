//! A conversation that an administrator has blocked.

use lapor_migrations::on;
use serde_json::json;

use super::{BUDI, DAY_MS, REPORT, SITI, Talked};
use crate::channels::Name;
use crate::error::NodeError;
use crate::testing::NOW;

const ADMIN: &str = "account:dewi";

impl Talked {
    /// The conversation in which a case was filed.
    async fn thread(&self) -> String {
        let (case, _) = self.case().await;
        self.node().thread_of_case(case).await.unwrap().unwrap()
    }

    /// Somebody has said stop and was blocked, and is asked something before the block ends.
    async fn is_asked_behind_a_stop_and_a_block(&self) {
        self.says(SITI, REPORT).await;
        let (case, thread) = (self.case().await.0, self.thread().await);
        self.says(SITI, "STOP").await;
        let node = self.node();
        node.block(&thread, 1, "Ancaman", ADMIN).await.unwrap();
        self.holds(case, json!(["Masih padam?"]), json!([])).await;
        assert!(self.told(SITI).await.is_empty());
        node.unblock(&thread, ADMIN).await.unwrap();
    }

    /// How many blocks are kept, also of those that are over.
    async fn kept_blocks(&self) -> i64 {
        const SQL: &str = "select count(*) from channel_blocks";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_one(c).await).unwrap()
    }
}

#[tokio::test]
async fn what_a_blocked_person_writes_lies_aside_unanswered_until_the_day_is_over() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.says(SITI, REPORT).await;
        let (case, thread) = (talked.case().await.0, talked.thread().await);
        node.block(&thread, 7, "Ancaman", ADMIN).await.unwrap();
        for text in ["Jalan berlubang di depan pasar Sukajadi.", "STATUS"] {
            assert!(talked.says(SITI, text).await.is_empty());
        }
        talked.follows_up(case, "Petugas berangkat.", false).await;
        assert!(talked.told(SITI).await.is_empty(), "no news either");
        assert_eq!(talked.cases().await.len(), 1);
        assert_eq!(
            talked.taken().await[1..],
            [
                ("aside".into(), "blocked".into()),
                ("aside".into(), "blocked".into())
            ]
        );
        assert_eq!(talked.says(BUDI, "STATUS").await.len(), 1, "others go on");
        assert!(
            node.conversations(None, false)
                .await
                .unwrap()
                .all
                .is_empty()
        );
        let kept = node.conversations(None, true).await.unwrap().all;
        assert!(kept[0].blocked_until.is_some());
        let blocked = node.blocked().await.unwrap();
        assert_eq!(
            (blocked[0].why.as_str(), blocked[0].kept_out),
            ("Ancaman", 2)
        );
        talked.place.clock.advance(7 * DAY_MS + 1);
        assert!(node.blocked().await.unwrap().is_empty());
        assert_eq!(talked.says(SITI, "STATUS").await.len(), 1);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 1, "what was news in that time is told no more");
        assert!(told[0].ends_with("Lampu dipasang."), "{told:?}");
    }
}

#[tokio::test]
async fn news_that_are_gathered_while_somebody_is_blocked_are_not_told() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.says(SITI, REPORT).await;
        let (case, thread) = (talked.case().await.0, talked.thread().await);
        talked.follows_up(case, "Petugas berangkat.", false).await;
        let gathered = node.whom_to_tell(case).await.unwrap().unwrap();
        let (rows, asking) = node.news_for(&gathered).await.unwrap();
        assert_eq!(rows.len(), 1);
        node.block(&thread, 7, "Ancaman", ADMIN).await.unwrap();
        let mut tx = node.write_tx().await.unwrap();
        let late = node.add_rows(&mut tx, Some(&gathered.thread), &rows, asking);
        assert!(matches!(late.await, Err(NodeError::AnsweredMeanwhile)));
        drop(tx);
        assert!(talked.told(SITI).await.is_empty());
    }
}

#[tokio::test]
async fn when_a_block_is_over_only_what_still_asks_is_said_once() {
    for by_hand in [true, false] {
        for talked in Talked::on(Name::Sms).await {
            let node = talked.node();
            talked.says(SITI, REPORT).await;
            let ((case, ticket), thread) = (talked.case().await, talked.thread().await);
            node.block(&thread, 1, "Ancaman", ADMIN).await.unwrap();
            for text in ["Petugas berangkat.", "Lampu dipesan."] {
                talked.follows_up(case, text, false).await;
                assert!(talked.told(SITI).await.is_empty());
            }
            let forms = json!([{"as": "yes_no"}]);
            talked.holds(case, json!(["Masih padam?"]), forms).await;
            assert!(talked.told(SITI).await.is_empty());
            if by_hand {
                node.unblock(&thread, ADMIN).await.unwrap();
            } else {
                // The node was off for days, and a night's forgetting comes before anybody has looked.
                talked.place.clock.advance(3 * DAY_MS);
                node.expire_channels().await.unwrap();
            }
            let asks = format!(
                "Tentang laporan {ticket} petugas bertanya: Masih padam? Balas YA atau TIDAK."
            );
            assert_eq!(talked.told(SITI).await, [asks]);
            assert!(talked.told(SITI).await.is_empty(), "once is enough");
            let told = talked.says(SITI, "ya").await.concat();
            assert!(told.contains(&ticket), "{told}");
            talked.follows_up(case, "Lampu dipasang.", false).await;
            assert_eq!(
                talked.told(SITI).await,
                [format!("Laporan {ticket}: Tindak lanjut. Lampu dipasang.")]
            );
        }
    }
}

#[tokio::test]
async fn where_no_channel_is_on_a_block_that_is_over_is_forgotten_after_a_day() {
    for mut talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let thread = talked.thread().await;
        talked
            .node()
            .block(&thread, 1, "Ancaman", ADMIN)
            .await
            .unwrap();
        talked.place.settings.channels.sms.kannel.send_url = None;
        talked.place.node = talked.place.reopened().await;
        for kept in [1, 0] {
            talked.place.clock.advance(DAY_MS + 1);
            talked.node().expire_channels().await.unwrap();
            assert_eq!(talked.kept_blocks().await, kept);
        }
    }
}

#[tokio::test]
async fn a_block_whose_end_cannot_be_told_is_forgotten_after_a_day() {
    const DAMAGE: &str = "update channel_threads set talk = sealed";
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let thread = talked.thread().await;
        talked
            .node()
            .block(&thread, 1, "Ancaman", ADMIN)
            .await
            .unwrap();
        let mut tx = talked.node().write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(DAMAGE).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        for kept in [1, 0] {
            talked.place.clock.advance(DAY_MS + 1);
            assert!(talked.told(SITI).await.is_empty());
            assert_eq!(talked.kept_blocks().await, kept);
        }
    }
}

#[tokio::test]
async fn news_wait_for_what_follows_from_the_end_of_their_block() {
    // As many that ended before as are looked at in one go.
    const OTHERS: &str =
        "insert into channel_blocks (thread, until_at, why, blocked_at, blocked_by)
        with recursive numbers (n) as (
            select 1 union all select n + 1 from numbers where n < 100
        )
        select 'nobody-' || cast(n as text), 1, 'Ancaman', 0, 'account:dewi' from numbers";
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.says(SITI, REPORT).await;
        let ((case, ticket), thread) = (talked.case().await, talked.thread().await);
        node.block(&thread, 1, "Ancaman", ADMIN).await.unwrap();
        talked.follows_up(case, "Petugas berangkat.", false).await;
        talked.place.clock.advance(DAY_MS);
        talked.hub.orders_at(NOW + DAY_MS + 1);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        let mut tx = node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(OTHERS).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        assert!(talked.told(SITI).await.is_empty(), "its turn is not yet");
        assert_eq!(talked.kept_blocks().await, 1);
        assert_eq!(
            talked.told(SITI).await,
            [format!("Laporan {ticket}: Tindak lanjut. Lampu dipasang.")],
            "and nothing of what came before the end"
        );
    }
}

#[tokio::test]
async fn whoever_said_stop_before_a_block_is_asked_nothing_when_it_is_over() {
    for talked in Talked::on(Name::Sms).await {
        talked.is_asked_behind_a_stop_and_a_block().await;
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.says(SITI, "MULAI").await.len(), 2);
    }
}

#[tokio::test]
async fn whoever_wants_news_again_right_behind_a_block_is_asked_once() {
    for talked in Talked::on(Name::Sms).await {
        talked.is_asked_behind_a_stop_and_a_block().await;
        let told = talked.says(SITI, "MULAI").await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].contains("Masih padam?"), "{told:?}");
        assert_eq!(talked.kept_blocks().await, 0);
        assert!(talked.told(SITI).await.is_empty());
    }
}

#[tokio::test]
async fn whoever_says_stop_while_blocked_is_told_nothing_afterwards_either() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.says(SITI, REPORT).await;
        let (case, thread) = (talked.case().await.0, talked.thread().await);
        node.block(&thread, 1, "Ancaman", ADMIN).await.unwrap();
        talked.holds(case, json!(["Masih padam?"]), json!([])).await;
        assert!(talked.says(SITI, "stop pak").await.is_empty());
        let aside = ("aside".to_owned(), "blocked".to_owned());
        assert_eq!(talked.taken().await.last(), Some(&aside));
        talked.place.clock.advance(DAY_MS + 1);
        assert!(talked.told(SITI).await.is_empty());
        talked.follows_up(case, "Lampu dipasang.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        let told = talked.says(SITI, "MULAI").await;
        assert!(told[0].starts_with("Anda akan menerima"), "{told:?}");
        talked.follows_up(case, "Lampu diuji.", false).await;
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with("Lampu diuji."), "{told:?}");
    }
}

#[tokio::test]
async fn a_block_ends_by_hand_once_and_both_are_written_down_without_a_number() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.says(SITI, REPORT).await;
        let thread = talked.thread().await;
        let nobody = node.block("tidak-ada", 7, "Ancaman", ADMIN).await;
        assert!(matches!(nobody, Err(NodeError::NotFound { .. })));
        node.block(&thread, 30, "Ancaman", ADMIN).await.unwrap();
        node.unblock(&thread, ADMIN).await.unwrap();
        let twice = node.unblock(&thread, ADMIN).await;
        assert!(matches!(twice, Err(NodeError::NotFound { .. })));
        assert_eq!(talked.says(SITI, "STATUS").await.len(), 1);
        let name = node.conversation_name(&thread).await.unwrap();
        let audited = talked.place.audited("channel.blocked").await;
        assert_eq!(audited, [(ADMIN.into(), format!("{name}, 30 d: Ancaman"))]);
        let audited = talked.place.audited("channel.unblocked").await;
        assert_eq!(audited, [(ADMIN.into(), name)]);
    }
}
