//! What waits to be said while the provider is away or does not take it, and how often it is said.

use std::time::Duration;

use lapor_migrations::on;
use serde_json::json;

use super::{BUDI, DAY_MS, HOUR_MS, MINUTE_MS, PLACED, REPORT, SITI, Talked};
use crate::channels::delivery::Spoken;
use crate::channels::{Name, Unsaid};
use crate::clock::Clock as _;
use crate::store::channels::lines::{self, LineRow};
use crate::store::channels::{outbox, threads};

#[tokio::test]
async fn an_outage_keeps_everything_waiting_and_counts_against_nothing() {
    for talked in Talked::on(Name::Sms).await {
        talked.paper.is_down(true);
        talked.writes(SITI, REPORT).await;
        talked.hears().await;
        for _ in 0..50 {
            assert_eq!(
                talked.node().say_round(&*talked.paper).await.unwrap(),
                Spoken::Paused
            );
            talked.place.clock.advance(HOUR_MS);
        }
        assert_eq!(talked.outbox().await, ["waiting"]);
        let queues = talked.node().channel_queues().await.unwrap();
        assert_eq!(queues.waiting, [("sms".to_owned(), "out", 1, 50 * HOUR_MS)]);
        talked.paper.is_down(false);
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
        assert_eq!(talked.outbox().await, ["sent"]);
    }
}

#[tokio::test]
async fn what_a_line_goes_down_over_comes_behind_the_others() {
    for talked in Talked::on(Name::Sms).await {
        for (who, text) in [(SITI, REPORT), (BUDI, PLACED)] {
            talked.writes(who, text).await;
            talked.hears().await;
        }
        talked.place.clock.advance(MINUTE_MS);
        talked.paper.orders([Unsaid::Down("503".into())]);
        let node = talked.node();
        let spoken = node.say_round(&*talked.paper).await.unwrap();
        assert_eq!(spoken, Spoken::Paused);
        talked.place.clock.advance(MINUTE_MS);
        let now = talked.place.clock.now_ms();
        let mut tx = node.write_tx().await.unwrap();
        let rows = outbox::claim(&mut tx, "sms", now, now + 1, 5).await;
        let numbers: Vec<i64> = rows.unwrap().iter().map(|row| row.number).collect();
        assert_eq!(numbers, [2, 1]);
    }
}

#[tokio::test]
async fn a_line_does_not_rest_until_a_moment_of_a_clock_that_was_ahead() {
    for talked in Talked::on(Name::Sms).await {
        let now = talked.place.clock.now_ms();
        let ahead = LineRow {
            paused_until: now + 365 * DAY_MS,
            failures: 1,
            since: Some(now),
            problem: Some("away".into()),
        };
        let mut tx = talked.node().write_tx().await.unwrap();
        lines::put(&mut tx, "sms", &ahead).await.unwrap();
        tx.commit().await.unwrap();
        let told = talked.says(SITI, REPORT).await;
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_keeps_nothing_that_came_in_and_nothing_that_is_to_be_said() {
    const NOTED: [&str; 5] = [
        "update channel_taken set state = 'parts', due_at = $1 where state = 'waiting'",
        "update channel_taken set due_at = $1",
        "update channel_taken set leased_until = $1",
        "update channel_outbox set due_at = $1",
        "update channel_outbox set leased_until = $1",
    ];
    for talked in Talked::on(Name::Sms).await {
        let later = talked.place.clock.now_ms() + 365 * DAY_MS;
        for (nth, noted) in NOTED.into_iter().enumerate() {
            let text = format!("Lampu nomor {nth} padam di Kota Bandung sejak hari Minggu.");
            talked.writes(SITI, &text).await;
            if nth >= 3 {
                talked.hears().await;
            }
            let mut tx = talked.node().write_tx().await.unwrap();
            on!(&mut tx, c => sqlx::query(noted).bind(later).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            assert_eq!(talked.told(SITI).await.len(), 1, "{noted}");
        }
    }
}

#[tokio::test]
async fn what_may_have_been_said_is_said_eight_times_at_most_and_then_waits_for_a_person() {
    const COUNTS: &str = "select attempts, unanswered from channel_outbox";
    for talked in Talked::on(Name::Sms).await {
        let silence = || Unsaid::Unanswered("nobody answers".into());
        talked.writes(SITI, REPORT).await;
        talked.hears().await;
        talked.paper.orders(std::iter::repeat_with(silence).take(8));
        for _ in 0..24 * 12 {
            talked.speaks().await;
            if talked.outbox().await != ["waiting"] {
                break;
            }
            talked.place.clock.advance(5 * MINUTE_MS);
        }
        assert_eq!(talked.outbox().await, ["refused"]);
        let unsaid = talked.node().not_said().await.unwrap();
        assert_eq!(unsaid[0].problem.as_deref(), Some("nobody answers"));
        let queues = talked.node().channel_queues().await.unwrap();
        assert!(!queues.lines[0].1, "nothing was answered yet");
        let number = unsaid[0].number;
        talked.place.clock.advance(HOUR_MS);
        talked.speaks().await;
        let queues = talked.node().channel_queues().await.unwrap();
        assert!(queues.lines[0].1, "nothing waits that could be answered");
        talked.node().say_again(number, "test").await.unwrap();
        let mut tx = talked.node().read_tx().await.unwrap();
        let known: Vec<(i64, i64)> =
            on!(&mut tx, c => sqlx::query_as(COUNTS).fetch_all(c).await).unwrap();
        drop(tx);
        assert_eq!(known, [(1, 1)], "they may have heard it all the same");
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
    }
}

#[tokio::test]
async fn what_a_process_took_and_gave_no_account_of_may_have_been_said() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, REPORT).await;
        talked.hears().await;
        let mut known = Vec::new();
        for _ in 0..2 {
            let now = talked.place.clock.now_ms();
            let mut tx = talked.node().write_tx().await.unwrap();
            let rows = outbox::claim(&mut tx, "sms", now, now + 1, 5)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            known.extend(rows.iter().map(|row| (row.attempts, row.unanswered)));
            talked.place.clock.advance(MINUTE_MS);
        }
        assert_eq!(known, [(1, 0), (2, 1)]);
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
    }
}

#[tokio::test]
async fn a_line_looks_well_when_its_provider_has_answered_and_not_before() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (case, _) = talked.case().await;
        let is_up = async || talked.node().channel_queues().await.unwrap().lines[0].1;
        talked.paper.is_down(true);
        talked.follows_up(case, "Petugas berangkat.", false).await;
        talked.told(SITI).await;
        assert!(!is_up().await);
        // Too late to be said, which the node knows by itself; they cannot be asked to write either.
        talked.place.clock.advance(25 * HOUR_MS);
        talked.told(SITI).await;
        assert_eq!(talked.outbox().await.last().unwrap(), "waiting");
        assert!(!is_up().await);
        talked.paper.is_down(false);
        talked.place.clock.advance(HOUR_MS);
        let node = talked.node();
        let spoken = node.say_round(&*talked.paper).await.unwrap();
        assert_eq!(spoken, Spoken::Worked(1));
        assert_eq!(talked.outbox().await.last().unwrap(), "closed");
        assert_eq!(talked.paper.knocked(), [SITI]);
        assert!(is_up().await, "who was to be asked was");
    }
}

#[tokio::test]
async fn whoever_may_have_been_asked_to_write_is_asked_once_and_the_line_is_down() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (case, ticket) = talked.case().await;
        talked.place.clock.advance(25 * HOUR_MS);
        let silence = Unsaid::Unanswered("nobody answers".into());
        talked.paper.knocks([silence]);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.outbox().await.last().unwrap(), "closed");
        assert_eq!(talked.paper.knocked(), [SITI]);
        let queues = talked.node().channel_queues().await.unwrap();
        assert!(!queues.lines[0].1);
        talked.place.clock.advance(HOUR_MS);
        talked.follows_up(case, "Lampu diuji.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        assert!(talked.paper.knocked().is_empty(), "once is enough");
        let told = talked.says(SITI, "halo").await;
        assert!(told[0].contains(&ticket), "{told:?}");
    }
}

#[tokio::test]
async fn what_was_put_off_often_is_not_refused_because_one_answer_was_lost() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, REPORT).await;
        talked.hears().await;
        let busy = || Unsaid::Later("busy".into());
        let silence = || Unsaid::Unanswered("nobody answers".into());
        let orders = std::iter::repeat_with(busy).take(9);
        let orders = orders.chain(std::iter::repeat_with(silence).take(7));
        talked.paper.orders(orders.chain([busy()]));
        for _ in 0..17 {
            talked.speaks().await;
            assert_eq!(talked.outbox().await, ["waiting"]);
            talked.place.clock.advance(5 * HOUR_MS);
        }
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Laporan Anda kami terima"), "{told:?}");
    }
}

#[tokio::test]
async fn after_a_long_outage_the_latest_news_of_a_case_stand_for_all() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        talked.paper.is_down(true);
        for text in ["Petugas berangkat.", "Lampu dipesan.", "Lampu dipasang."] {
            talked.follows_up(case, text, false).await;
            talked.told(SITI).await;
        }
        talked.place.clock.advance(DAY_MS);
        talked.paper.is_down(false);
        assert_eq!(
            talked.told(SITI).await,
            [format!("Laporan {ticket}: Tindak lanjut. Lampu dipasang.")]
        );
        assert_eq!(
            talked.outbox().await,
            ["sent", "dropped", "dropped", "sent"]
        );
    }
}

#[tokio::test]
async fn what_is_refused_for_ever_goes_and_what_is_put_off_comes_in_its_order() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, REPORT).await;
        talked.writes(SITI, "STATUS").await;
        talked.hears().await;
        talked.paper.orders([Unsaid::Later("busy".into())]);
        talked.speaks().await;
        assert!(
            talked.paper.said_to(SITI).is_empty(),
            "the second waits for the first"
        );
        talked.place.clock.advance(MINUTE_MS);
        let told = talked.told(SITI).await;
        assert!(
            told[0].starts_with("Laporan Anda") && told[1].contains("Menunggu verifikasi"),
            "{told:?}"
        );
        talked
            .paper
            .orders([Unsaid::Never("no such number".into())]);
        assert!(talked.says(SITI, "STATUS").await.is_empty());
        assert_eq!(talked.outbox().await, ["sent", "sent", "refused"]);
    }
}

#[tokio::test]
async fn whoever_says_too_much_is_quiet_for_as_long_as_the_provider_wants() {
    for talked in Talked::on(Name::Telegram).await {
        talked
            .paper
            .orders([Unsaid::Slower(Duration::from_secs(90))]);
        assert!(talked.says(SITI, "BANTUAN").await.is_empty());
        talked.place.clock.advance(89_000);
        assert!(talked.told(SITI).await.is_empty());
        talked.place.clock.advance(1_000);
        assert_eq!(talked.told(SITI).await.len(), 1);
    }
}

#[tokio::test]
async fn outside_of_the_window_words_wait_until_the_person_writes_again() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (case, ticket) = talked.case().await;
        talked.place.clock.advance(25 * HOUR_MS);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.outbox().await.last().unwrap(), "closed");
        assert_eq!(talked.paper.knocked(), [SITI]);
        talked.follows_up(case, "Lampu diperiksa.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        assert!(talked.paper.knocked().is_empty(), "once is enough");
        let told = talked.says(SITI, "halo").await;
        assert_eq!(
            told[0],
            format!("Laporan {ticket}: Tindak lanjut.\n\nLampu dipasang.")
        );
        // The provider may say so itself.
        talked.follows_up(case, "Lampu diuji.", false).await;
        talked.paper.orders([Unsaid::WindowClosed]);
        assert!(talked.told(SITI).await.is_empty());
        let told = talked.says(SITI, "halo").await;
        assert!(told[0].ends_with("Lampu diuji."), "{told:?}");
    }
}

#[tokio::test]
async fn whoever_writes_while_they_are_asked_to_is_told_at_once() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (case, node) = (talked.case().await.0, talked.node());
        talked.place.clock.advance(25 * HOUR_MS);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        talked.hears().await;
        let now = talked.place.clock.now_ms();
        let held = now + MINUTE_MS;
        let mut tx = node.write_tx().await.unwrap();
        let rows = outbox::claim(&mut tx, "whatsapp", now, held, 5).await;
        let row = rows.unwrap().pop().unwrap();
        let thread = threads::one(&mut tx, &row.thread).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        talked.writes(SITI, "halo").await;
        let closed = node.close(&*talked.paper, &row, held, (None, thread.heard_at));
        closed.await.unwrap();
        assert_eq!(talked.outbox().await.last().unwrap(), "waiting");
        let told = talked.told(SITI).await.concat();
        assert!(told.contains("Lampu dipasang."), "{told}");
    }
}

#[tokio::test]
async fn words_that_may_come_back_are_kept_for_a_day_and_others_not_at_all() {
    for (name, kept) in [(Name::Sms, 1), (Name::Telegram, 0)] {
        for talked in Talked::on(name).await {
            assert_eq!(talked.says(SITI, "BANTUAN").await.len(), 1);
            assert_eq!(talked.kept_words().await, kept);
            talked.place.clock.advance(DAY_MS + 1);
            talked.node().expire_channels().await.unwrap();
            assert_eq!(talked.kept_words().await, 0);
            assert_eq!(talked.outbox().await, ["sent"]);
        }
    }
}

#[tokio::test]
async fn two_machines_do_not_answer_each_other_for_ever() {
    for talked in Talked::on(Name::Sms).await {
        for _ in 0..30 {
            talked.writes(SITI, "STATUS").await;
        }
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 20, "all is taken, and some of it answered");
        assert_eq!(talked.taken().await.len(), 30);
    }
}

#[tokio::test]
async fn a_reply_to_what_was_said_of_a_case_is_for_that_case() {
    for talked in Talked::on(Name::Telegram).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (case, ticket) = talked.case().await;
        talked
            .follows_up(case, "Petugas sudah ke sana.", false)
            .await;
        talked.told(SITI).await;
        let id = talked.paper.last_id();
        let reply = json!({"from": SITI, "text": "Masih padam sampai tadi malam", "reply_to": id});
        talked.takes("r1", &reply).await;
        let told = talked.told(SITI).await;
        assert_eq!(
            told,
            [format!(
                "Terima kasih. Pesan Anda untuk laporan {ticket} sudah kami teruskan."
            )]
        );
        assert_eq!(talked.messages(case).await.last().unwrap(), "case.replied");
        // To somebody else it belongs not.
        let other = json!({"from": "77", "text": "Masih padam sampai tadi malam", "reply_to": id});
        talked.takes("r2", &other).await;
        talked.hears().await;
        assert_eq!(talked.messages(case).await.len(), 3);
    }
}
