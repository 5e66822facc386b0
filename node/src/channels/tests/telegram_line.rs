//! How messages come from Telegram and go there: once, whatever comes twice or is away; through a
//! door that knows its secret; without a token in any word.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_stand_ins::mood::Trouble;
use lapor_stand_ins::serving::Knock;
use lapor_stand_ins::telegram::TOKEN;
use lapor_web::log::Overheard;
use tokio_util::sync::CancellationToken;
use tower::util::ServiceExt as _;

use super::private::Log;
use super::telegram::{BUDI, Bot, SECRET, SITI, texts};
use super::{DAY_MS, HOUR_MS, MINUTE_MS, PLACED};
use crate::channels::telegram::{self, TelegramSettings, Way};
use crate::channels::{Channel as _, run};

impl Bot {
    /// Telegram hands something over.
    async fn knocks(&self, knock: &Knock) -> StatusCode {
        let router = crate::doors::router(self.talked.node().clone());
        let mut request = Request::post("/saluran/telegram");
        for (name, value) in &knock.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(knock.body.clone())).unwrap();
        router.oneshot(request).await.unwrap().status()
    }
}

#[tokio::test]
async fn what_telegram_hands_out_again_or_in_another_order_is_taken_once() {
    for bot in Bot::by(Way::Poll).await {
        bot.provider.writes(SITI, PLACED);
        bot.provider.writes(BUDI, "STATUS");
        bot.provider.turns_round();
        assert_eq!(bot.line.fetch_updates(bot.talked.node()).await, Ok(2));
        // The offset confirms what was kept.
        assert_eq!(bot.line.fetch_updates(bot.talked.node()).await, Ok(0));
        bot.provider.forgets_what_was_fetched();
        bot.talked.place.clock.advance(7 * DAY_MS);
        assert_eq!(
            bot.line.fetch_updates(bot.talked.node()).await,
            Ok(2),
            "numbers may begin anew"
        );
        assert_eq!(bot.talked.taken().await.len(), 2);
        let said = bot.goes_on().await;
        assert_eq!(said.len(), 2, "{said:?}");
    }
}

#[tokio::test]
async fn while_telegram_is_away_what_is_to_be_said_waits_and_what_was_written_is_fetched_later() {
    for bot in Bot::by(Way::Poll).await {
        bot.provider.writes(SITI, "bantuan");
        bot.line.fetch_updates(bot.talked.node()).await.unwrap();
        bot.provider.mood.is_away(true);
        bot.provider.writes(SITI, PLACED);
        let problem = bot
            .line
            .fetch_updates(bot.talked.node())
            .await
            .unwrap_err()
            .problem;
        assert_eq!(problem, "Telegram answers 502");
        assert!(bot.goes_on().await.is_empty());
        for _ in 0..30 {
            bot.talked.place.clock.advance(HOUR_MS);
            bot.goes_on().await;
        }
        assert_eq!(bot.talked.outbox().await, ["waiting"]);
        bot.provider.mood.is_away(false);
        bot.talked.place.clock.advance(HOUR_MS);
        let told = texts(&bot.hears().await);
        assert!(told[0].starts_with("Tulis keluhan Anda"), "{told:?}");
        assert!(told[1].starts_with("Ada foto"), "{told:?}");
    }
}

#[tokio::test]
async fn what_answers_in_the_place_of_telegram_is_an_outage_and_stops_nobody() {
    for bot in Bot::by(Way::Poll).await {
        let portal = "<html><title>Masuk ke Wi-Fi kantor</title></html>";
        let strange = r#"{"ok": true, "result": {}}"#;
        for (status, body) in [(200, portal), (403, portal), (400, "{}"), (200, strange)] {
            bot.provider.writes(SITI, "bantuan");
            bot.line.fetch_updates(bot.talked.node()).await.unwrap();
            bot.provider.mood.orders([Trouble::Behind(status, body)]);
            assert!(bot.goes_on().await.is_empty());
            let queues = bot.talked.node().channel_queues().await.unwrap();
            assert_eq!(queues.lines, [("telegram", false)]);
            bot.talked.place.clock.advance(5 * MINUTE_MS);
            assert_eq!(bot.goes_on().await.len(), 1, "{status} {body}");
        }
        assert_eq!(bot.talked.outbox().await, ["sent"; 4]);
    }
}

#[tokio::test]
async fn what_telegram_may_have_taken_waits_for_longer_than_an_outage() {
    for bot in Bot::by(Way::Poll).await {
        let portal = "<html><title>Masuk ke Wi-Fi kantor</title></html>";
        for (status, body, again) in [
            (200, portal, true),
            (200, "OK", false),
            (200, "", false),
            (502, portal, true),
            (504, portal, false),
        ] {
            bot.provider.writes(SITI, "bantuan");
            bot.line.fetch_updates(bot.talked.node()).await.unwrap();
            bot.provider.mood.orders([Trouble::Behind(status, body)]);
            assert!(bot.goes_on().await.is_empty());
            bot.talked.place.clock.advance(MINUTE_MS);
            assert_eq!(!bot.goes_on().await.is_empty(), again, "{status} {body}");
            bot.talked.place.clock.advance(4 * MINUTE_MS);
            assert_eq!(bot.goes_on().await.is_empty(), again, "{status} {body}");
        }
        assert_eq!(bot.talked.outbox().await, ["sent"; 5]);
    }
}

#[tokio::test]
async fn telegram_says_for_how_long_it_wants_to_be_left_alone() {
    for bot in Bot::by(Way::Poll).await {
        bot.provider.writes(SITI, "bantuan");
        bot.line.fetch_updates(bot.talked.node()).await.unwrap();
        bot.provider.mood.orders([Trouble::Busy(90)]);
        assert!(bot.goes_on().await.is_empty());
        bot.talked.place.clock.advance(89_000);
        assert!(bot.goes_on().await.is_empty());
        bot.talked.place.clock.advance(1_000);
        assert_eq!(bot.goes_on().await.len(), 1);
        bot.provider.mood.orders([Trouble::Busy(7)]);
        let left_alone = bot.line.fetch_updates(bot.talked.node()).await.unwrap_err();
        assert_eq!(left_alone.pause.map(|pause| pause.as_secs()), Some(7));
    }
}

#[tokio::test]
async fn whoever_blocks_the_bot_hears_no_news_until_they_begin_again() {
    for bot in Bot::by(Way::Poll).await {
        bot.says(SITI, PLACED).await;
        bot.says(SITI, "lewati").await;
        bot.says(SITI, "ya").await;
        let (case, _) = bot.talked.case().await;
        bot.provider.blocks(SITI, true);
        bot.talked
            .follows_up(case, "Petugas berangkat.", false)
            .await;
        assert!(bot.goes_on().await.is_empty());
        bot.talked.follows_up(case, "Lampu dipesan.", false).await;
        bot.goes_on().await;
        let states = bot.talked.outbox().await;
        assert_eq!(
            states.iter().filter(|state| *state == "sent").count(),
            3,
            "{states:?}"
        );
        assert!(!states.contains(&"waiting".to_owned()), "{states:?}");
        bot.provider.blocks(SITI, false);
        let told = bot.says(SITI, "/start").await;
        assert!(told[0].starts_with("Anda akan menerima kabar"), "{told:?}");
        bot.talked.follows_up(case, "Lampu dipasang.", false).await;
        let told = texts(&bot.goes_on().await);
        assert!(
            told.last().unwrap().ends_with("Lampu dipasang."),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_picture_that_is_too_large_for_a_bot_is_left_out_and_said_so() {
    for bot in Bot::by(Way::Poll).await {
        bot.provider
            .sends_picture(SITI, PLACED, &vec![0xff; 20_000_001]);
        let told = texts(&bot.hears().await);
        assert!(
            told.iter().any(|told| told.contains("terlalu besar")),
            "{told:?}"
        );
        bot.says(SITI, "ya").await;
        let (case, _) = bot.talked.case().await;
        assert_eq!(bot.talked.files(case).await, [0]);
    }
}

#[tokio::test]
async fn while_a_node_serves_it_listens_by_a_long_call_and_hangs_up_when_it_stops() {
    for bot in Bot::by(Way::Poll).await {
        bot.provider.holds(true);
        let stop = CancellationToken::new();
        let node = bot.talked.node().clone();
        let running = tokio::spawn(run(node, bot.talked.lines.clone(), stop.clone()));
        bot.provider.writes(SITI, "bantuan");
        bot.provider.was_told().await;
        stop.cancel();
        running.await.unwrap();
        assert_eq!(bot.provider.said().len(), 1);
    }
}

#[tokio::test]
async fn a_webhook_is_set_and_only_who_knows_its_secret_comes_in() {
    for bot in Bot::by(Way::Webhook).await {
        bot.line
            .listen(bot.talked.node(), &CancellationToken::new())
            .await;
        let (url, secret) = bot.provider.webhook().unwrap();
        assert_eq!(
            url,
            format!("{}/saluran/telegram", bot.talked.node().site())
        );
        assert_eq!(secret, SECRET);
        bot.provider.writes(SITI, PLACED);
        let knock = bot.provider.knocks().remove(0);
        for headers in [
            vec![],
            vec![("x-telegram-bot-api-secret-token", "lain".to_owned())],
        ] {
            let stranger = Knock {
                headers,
                ..knock.clone()
            };
            assert_eq!(bot.knocks(&stranger).await, StatusCode::NOT_FOUND);
        }
        assert!(bot.talked.taken().await.is_empty());
        for _ in 0..2 {
            assert_eq!(bot.knocks(&knock).await, StatusCode::OK);
        }
        assert_eq!(bot.talked.taken().await.len(), 1);
        let told = texts(&bot.goes_on().await);
        assert!(told[0].starts_with("Ada foto"), "{told:?}");
        // What is not understood is kept for a version that does.
        for body in ["{\"update_id\": 1, \"poll\": {}}", "tidak jelas"] {
            let odd = Knock {
                body: body.into(),
                ..knock.clone()
            };
            assert_eq!(bot.knocks(&odd).await, StatusCode::OK);
        }
        let huge = Knock {
            body: vec![b' '; 2 << 20],
            ..knock.clone()
        };
        assert_eq!(bot.knocks(&huge).await, StatusCode::PAYLOAD_TOO_LARGE);
        let states = bot.talked.taken().await;
        let unread = states.iter().filter(|(state, _)| state == "unread");
        assert_eq!(unread.count(), 2, "{states:?}");
    }
}

#[tokio::test]
async fn where_messages_are_fetched_there_is_no_door_and_a_webhook_of_before_is_ended() {
    for bot in Bot::by(Way::Poll).await {
        let knock = Knock {
            headers: vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())],
            body: b"{}".to_vec(),
        };
        assert_eq!(bot.knocks(&knock).await, StatusCode::NOT_FOUND);
        bot.provider.is_hooked("https://lain.example/");
        bot.provider.writes(SITI, "bantuan");
        let problem = bot
            .line
            .fetch_updates(bot.talked.node())
            .await
            .unwrap_err()
            .problem;
        assert!(problem.contains("another program"), "{problem}");
        assert_eq!(bot.hears().await.len(), 1);
    }
}

#[tokio::test]
async fn the_token_and_who_writes_stand_in_no_log_and_no_reason() {
    let log = Log::default();
    let listening = Overheard::by(log.clone());
    for bot in Bot::by(Way::Poll).await {
        bot.says(SITI, PLACED).await;
        bot.provider.mood.is_away(true);
        bot.provider.writes(SITI, "STATUS");
        bot.line.fetch_updates(bot.talked.node()).await.unwrap_err();
        bot.provider.mood.is_away(false);
        bot.hears().await;
        // Nobody listens at this port.
        let settings = TelegramSettings {
            base_url: "http://127.0.0.1:1".into(),
            ..bot.talked.place.settings.channels.telegram.clone()
        };
        let away = telegram::of(&settings).unwrap().unwrap();
        let problem = away.fetch_updates(bot.talked.node()).await.unwrap_err();
        let to = crate::channels::Address {
            id: SITI.to_string(),
            ..crate::channels::Address::default()
        };
        let unsaid = away.say(&to, &crate::channels::Saying::default()).await;
        let reasons = format!("{problem:?} {unsaid:?}");
        assert!(reasons.contains("Down("), "{reasons}");
        for canary in [&TOKEN[10..], "412587349"] {
            assert!(!reasons.contains(canary), "{reasons}");
        }
        bot.provider.mood.orders([Trouble::Fails(401)]);
        bot.provider.writes(SITI, "STATUS");
        let problem = bot
            .line
            .fetch_updates(bot.talked.node())
            .await
            .unwrap_err()
            .problem;
        assert!(problem.contains("is the token the bot's?"), "{problem}");
    }
    drop(listening);
    let log = log.text();
    assert!(!log.is_empty());
    for canary in [&TOKEN[10..], "412587349", "Aminah", "Minggu", SECRET] {
        assert!(!log.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_and_say_no_secret() {
    for bot in Bot::by(Way::Webhook).await {
        type Change = fn(&mut TelegramSettings);
        let good = bot.talked.place.settings.channels.telegram.clone();
        let cases: [(Change, &str); 4] = [
            (
                |s| s.secret_file = None,
                "channels.telegram.secret_file: needed where",
            ),
            (
                |s| s.token_file.clone_from(&s.secret_file),
                "the token that BotFather gave",
            ),
            (
                |s| s.secret_file.clone_from(&s.token_file),
                "others could guess fewer",
            ),
            (
                |s| s.base_url = "telegram".into(),
                "channels.telegram.base_url: telegram is no",
            ),
        ];
        for (change, said) in cases {
            let mut settings = good.clone();
            change(&mut settings);
            let problem = telegram::of(&settings).err().unwrap().to_string();
            assert!(problem.contains(said), "{problem}");
            assert!(
                !problem.contains(&TOKEN[10..]) && !problem.contains(SECRET),
                "{problem}"
            );
        }
        assert!(
            telegram::of(&TelegramSettings::default())
                .unwrap()
                .is_none()
        );
    }
}
