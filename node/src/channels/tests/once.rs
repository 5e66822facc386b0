//! At least once in, exactly once as a case.

use lapor_migrations::on;
use serde_json::json;

use super::{BUDI, DAY_MS, HOUR_MS, MINUTE_MS, REPORT, SITI, Talked};
use crate::channels::settled::Cause;
use crate::channels::{Lines, Name};
use crate::clock::Clock as _;
use crate::store;

#[tokio::test]
async fn a_message_that_comes_again_becomes_one_case_and_gets_one_answer() {
    for talked in Talked::on(Name::Sms).await {
        let body = json!({"from": SITI, "text": REPORT});
        assert_eq!(talked.takes("a1", &body).await, 1);
        assert_eq!(talked.takes("a1", &body).await, 0);
        let told = talked.told(SITI).await;
        let (_, ticket) = talked.case().await;
        assert_eq!(
            told,
            [format!(
                "Laporan Anda kami terima. Nomor tiket: {ticket}. Cek kapan saja: STATUS {ticket}. Berhenti menerima kabar: STOP."
            )]
        );
        assert_eq!(talked.takes("a1", &body).await, 0, "also when it is done");
        assert!(talked.told(SITI).await.is_empty());
        talked.case().await;
        assert_eq!(talked.taken().await, [("done".into(), "filed".into())]);
    }
}

#[tokio::test]
async fn the_same_text_of_one_person_is_one_report_for_a_day_and_of_another_their_own() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (_, ticket) = talked.case().await;
        let again = talked
            .says(SITI, "LAMPU JALAN padam di Cihampelas, sejak hari Minggu")
            .await;
        assert_eq!(
            again,
            [format!(
                "Laporan ini sudah kami terima dengan nomor {ticket}. Cek: STATUS {ticket}."
            )]
        );
        talked.case().await;
        talked.says(BUDI, REPORT).await;
        assert_eq!(talked.cases().await.len(), 2);
        talked.place.clock.advance(DAY_MS + MINUTE_MS);
        talked.says(SITI, REPORT).await;
        assert_eq!(talked.cases().await.len(), 3);
    }
}

#[tokio::test]
async fn what_came_in_is_known_for_ninety_days_and_a_letter_for_ever() {
    for (name, known_for_ever) in [(Name::Sms, false), (Name::Email, true)] {
        for talked in Talked::on(name).await {
            let body = json!({"from": SITI, "text": REPORT});
            let again = async |days: i64| {
                talked.place.clock.advance(days * DAY_MS);
                talked.node().expire_channels().await.unwrap();
                talked.takes("a1", &body).await
            };
            assert_eq!(again(0).await, 1);
            assert_eq!(again(89).await, 0);
            assert_eq!(again(2).await, usize::from(!known_for_ever));
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_has_nothing_forgotten_that_came_in() {
    for talked in Talked::on(Name::Sms).await {
        let body = json!({"from": SITI, "text": REPORT});
        assert_eq!(talked.takes("a1", &body).await, 1);
        talked.place.clock.set_off(100 * DAY_MS);
        talked.node().expire_channels().await.unwrap();
        talked.place.clock.set_off(-100 * DAY_MS);
        assert_eq!(talked.takes("a1", &body).await, 0);
    }
}

#[tokio::test]
async fn two_processes_that_hold_one_message_file_one_case() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, REPORT).await;
        let now = talked.place.clock.now_ms();
        // The first has taken it for so long that another takes it too.
        let mut tx = talked.node().write_tx().await.unwrap();
        let slow = store::channels::taken::claim(&mut tx, "sms", now, now + 1, 8)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        talked.place.clock.advance(HOUR_MS);
        talked.hears().await;
        talked.case().await;
        let late = talked
            .node()
            .look_at_message(&talked.lines, &slow[0], now + 1)
            .await;
        late.unwrap();
        talked.case().await;
        assert_eq!(talked.taken().await, [("done".into(), "filed".into())]);
    }
}

#[tokio::test]
async fn messages_of_one_person_are_done_in_their_order_and_a_bad_one_holds_up_nobody_else() {
    for talked in Talked::on(Name::Sms).await {
        // More than a report may hold waits for a person.
        talked.writes(SITI, &"kata ".repeat(5000)).await;
        talked.writes(SITI, REPORT).await;
        talked
            .writes(BUDI, "Jalan berlubang di depan pasar Sukajadi.")
            .await;
        talked.hears().await;
        let states: Vec<_> = talked
            .taken()
            .await
            .into_iter()
            .map(|(state, _)| state)
            .collect();
        assert_eq!(states, ["stuck", "done", "done"]);
        assert_eq!(talked.cases().await.len(), 2);
        let mut tx = talked.node().read_tx().await.unwrap();
        let kept: Vec<Option<Vec<u8>>> =
            on!(&mut tx, c => sqlx::query_scalar("select raw from channel_taken order by number")
                .fetch_all(c)
                .await)
            .unwrap();
        assert!(kept[0].is_some(), "its words are lost to nobody");
        assert!(kept[1].is_none() && kept[2].is_none());
    }
}

#[tokio::test]
async fn a_message_waits_for_the_one_before_it() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, REPORT).await;
        talked.writes(SITI, "STATUS").await;
        let now = talked.place.clock.now_ms();
        let mut tx = talked.node().write_tx().await.unwrap();
        let first = store::channels::taken::claim(&mut tx, "sms", now, now + HOUR_MS, 8)
            .await
            .unwrap();
        let next = store::channels::taken::claim(&mut tx, "sms", now, now + HOUR_MS, 8)
            .await
            .unwrap();
        assert_eq!((first.len(), next.len()), (1, 0));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_counted() {
    for talked in Talked::on(Name::Sms).await {
        assert_eq!(talked.takes("b1", &json!({"hologram": 3})).await, 1);
        talked.hears().await;
        assert_eq!(talked.taken().await, [("unread".into(), String::new())]);
        let queues = talked.node().channel_queues().await.unwrap();
        assert_eq!(queues.taken, [("waiting", 0), ("unread", 1), ("stuck", 0)]);
    }
}

#[tokio::test]
async fn what_waits_for_a_person_is_listed_without_a_word_and_looked_at_again() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, REPORT).await;
        talked.takes("b1", &json!({"hologram": SITI})).await;
        // A channel that was off for long.
        let off = Lines::default();
        for _ in 0..20 {
            while talked.node().hear_round(&off).await.unwrap() > 0 {}
            talked.place.clock.advance(2 * HOUR_MS);
        }
        let trouble = talked.node().channel_trouble().await.unwrap();
        let states: Vec<_> = trouble.iter().map(|one| one.state.as_str()).collect();
        assert_eq!(states, ["stuck", "unread"]);
        assert_eq!(
            trouble[0].problem.as_deref(),
            Some("the channel is not switched on")
        );
        let listed = format!("{trouble:?}");
        assert!(
            !listed.contains(&SITI[1..]) && !listed.contains("Cihampelas"),
            "{listed}"
        );
        let again = talked
            .node()
            .look_again(&talked.lines, None, "test")
            .await
            .unwrap();
        assert_eq!(again, 1, "what cannot be read still cannot");
        assert_eq!(talked.told(SITI).await.len(), 1);
        talked.case().await;
        let audited = talked.place.audited("channel.looked_again").await;
        assert_eq!(audited, [("test".to_owned(), "1".to_owned())]);
    }
}

#[tokio::test]
async fn what_another_key_has_sealed_keeps_no_other_from_being_looked_at_again() {
    const SEALED: &str = "update channel_taken set raw = $1 where number = 1";
    for talked in Talked::on(Name::Sms).await {
        for who in [SITI, BUDI] {
            talked.writes(who, REPORT).await;
        }
        let off = Lines::default();
        for _ in 0..20 {
            while talked.node().hear_round(&off).await.unwrap() > 0 {}
            talked.place.clock.advance(2 * HOUR_MS);
        }
        let sealed = vec![0_u8; 8];
        let mut tx = talked.node().write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(SEALED).bind(&sealed).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let again = talked.node().look_again(&talked.lines, None, "test").await;
        assert_eq!(again.unwrap(), 1);
        assert_eq!(talked.told(BUDI).await.len(), 1);
        talked.case().await;
    }
}

#[tokio::test]
async fn an_act_whose_message_was_not_ended_is_not_done_again_and_files_nothing() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked
            .holds(case, json!(["Di nomor berapa?"]), json!([]))
            .await;
        talked.told(SITI).await;
        talked
            .writes(SITI, "Di depan rumah nomor dua belas, dekat warung")
            .await;
        // The process ends after the act and before its message is ended.
        let now = talked.place.clock.now_ms();
        let mut tx = talked.node().write_tx().await.unwrap();
        let rows = store::channels::taken::claim(&mut tx, "sms", now, now + MINUTE_MS, 8)
            .await
            .unwrap();
        let thread = rows[0].thread.clone().unwrap();
        let thread = store::channels::threads::one(&mut tx, &thread)
            .await
            .unwrap()
            .unwrap();
        tx.commit().await.unwrap();
        let conversation = talked
            .node()
            .conversation_of_thread(&thread.id, case)
            .await
            .unwrap();
        let step = crate::channels::deeds::Step {
            node: talked.node(),
            channel: Name::Sms,
            thread: &thread,
            cause: Cause::Message {
                number: rows[0].number,
                held: now + MINUTE_MS,
            },
            message: None,
            below: None,
        };
        let once = step.once().unwrap().unwrap();
        let act = crate::reporters::ReporterAct::Complete {
            answers: vec!["Di depan rumah nomor dua belas, dekat warung".into()],
            text: None,
            attachments: Vec::new(),
        };
        talked
            .node()
            .reporter_acts(&conversation, act, Some(&once))
            .await
            .unwrap();
        // Off for longer than answers are kept elsewhere.
        talked.place.clock.advance(10 * DAY_MS);
        talked.node().expire_reporters().await.unwrap();
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Terima kasih. Pesan Anda"), "{told:?}");
        talked.case().await;
        let kinds = talked.messages(case).await;
        assert_eq!(
            kinds
                .iter()
                .filter(|kind| *kind == "report.completed")
                .count(),
            1
        );
        assert_eq!(talked.taken().await[1], ("done".into(), "acted".into()));
        let mut tx = talked.node().read_tx().await.unwrap();
        assert!(
            !once.is_known(talked.node()).await.unwrap(),
            "the answer is forgotten"
        );
        let left: i64 = on!(&mut tx, c => sqlx::query_scalar("select count(*) from answers")
            .fetch_one(c)
            .await)
        .unwrap();
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn so_many_reports_in_a_day_are_filed_and_marked() {
    for talked in Talked::on(Name::Sms).await {
        for number in 0..11 {
            talked
                .says(
                    SITI,
                    &format!("Jalan berlubang di gang nomor {number} Sukajadi"),
                )
                .await;
        }
        assert_eq!(talked.cases().await.len(), 11);
        let marks = talked.node().abuse_queue().await.unwrap();
        assert_eq!(marks.len(), 1);
        assert_eq!(
            (marks[0].reason.as_str(), marks[0].marked_by.as_str()),
            ("flood", "channel")
        );
    }
}
