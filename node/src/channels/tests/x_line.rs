//! How posts come from X and replies go there: through a door that asks for a signature, by a look
//! for what was not handed over, once, and with the patience that X wants.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_stand_ins::mood::Trouble;
use lapor_stand_ins::serving::Knock;
use lapor_stand_ins::x::{CONSUMER_SECRET, Shape, TOKEN_SECRET, Written, proof, signed};
use lapor_web::log::Overheard;
use serde_json::Value;
use tower::util::ServiceExt as _;

use super::private::Log;
use super::x::{Account, REPORT, budi, of, siti};
use super::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::channels::x::{self, XSettings};

impl Account {
    async fn asks(&self, path: &str) -> (StatusCode, Value) {
        let router = crate::doors::router(self.talked.node().clone());
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 4096)
            .await
            .unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

#[tokio::test]
async fn the_door_answers_the_challenge_and_opens_to_a_right_signature_alone() {
    for x in Account::open().await {
        let (status, told) = x.asks("/saluran/x?crc_token=NDhmMTI%3D").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(told["response_token"], proof(b"NDhmMTI="));
        assert_eq!(x.asks("/saluran/x").await.0, StatusCode::BAD_REQUEST);
        let long = format!("/saluran/x?crc_token={}", "a".repeat(600));
        assert_eq!(x.asks(&long).await.0, StatusCode::BAD_REQUEST);

        let post = x.provider.posts(&siti(), of(REPORT));
        let good = x.provider.knock(post, Shape::FilteredStream);
        let mut bodies = vec![good.clone(), good.clone(), good.clone()];
        bodies[0].headers.clear();
        bodies[1].headers[0].1 = proof(b"something else");
        bodies[2].body.push(b' ');
        for bad in &bodies {
            assert_eq!(x.knocks(bad).await, StatusCode::NOT_FOUND);
        }
        assert!(x.talked.taken().await.is_empty());
        // What nobody knows yet is kept; what is of the account alone is not.
        let unknown = r#"{"holograms": []}"#;
        assert_eq!(x.knocks(&signed(unknown.into())).await, StatusCode::OK);
        let like = r#"{"for_user_id": "2244994945", "favorite_events": [{}]}"#;
        assert_eq!(x.knocks(&signed(like.into())).await, StatusCode::OK);
        let kept = x.talked.taken().await;
        let unread = kept.iter().filter(|(state, _)| state == "unread");
        assert_eq!((unread.count(), kept.len()), (1, 1), "{kept:?}");
        let huge = Knock {
            body: vec![b' '; 2 << 20],
            ..good
        };
        assert_eq!(x.knocks(&huge).await, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

/// A way to the challenge with this token.
fn challenge(token: &str) -> String {
    let mut path = String::from("/saluran/x?crc_token=");
    for byte in token.bytes() {
        write!(path, "%{byte:02X}").unwrap();
    }
    path
}

#[tokio::test]
async fn what_the_challenge_signs_for_anybody_opens_nothing() {
    for x in Account::open().await {
        let tweet = r#"{"id_str":"9","text":"@LAPOR1708 Lampu jalan padam di Kota Bandung",
            "user":{"id_str":"6253282","screen_name":"sitiaminah"}}"#;
        let forged = format!(r#"{{"tweet_create_events":[{tweet}]}}"#);
        assert!(forged.len() < 512);
        let (status, told) = x.asks(&challenge(&forged)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!told.to_string().contains("sha256="), "{told}");
        for token in ["{}", " ", "\n", "\"a\"", "a:b", "a,b", "kata\u{e9}", "\0"] {
            let status = x.asks(&challenge(token)).await.0;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{token:?}");
        }
        // What is signed is handed over as it is, and nothing of it is kept.
        for token in ["AZaz09+/=_-", "12", "null", ""] {
            let (status, told) = x.asks(&challenge(token)).await;
            assert_eq!(status, StatusCode::OK, "{token:?}");
            assert_eq!(told["response_token"], proof(token.as_bytes()));
            let status = x.knocks(&signed(token.into())).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{token:?}");
        }
        assert!(x.talked.taken().await.is_empty());
        // The same from X itself is heard.
        assert_eq!(x.knocks(&signed(forged.into())).await, StatusCode::OK);
        assert_eq!(x.talked.taken().await.len(), 1);
    }
}

#[tokio::test]
async fn what_was_not_handed_over_is_found_once_in_its_order_and_nothing_of_before() {
    for x in Account::open().await {
        x.provider.posts(
            &siti(),
            of("@LAPOR1708 Dari sebelum saluran ini dibuka, jalan rusak"),
        );
        x.passes(1);
        assert_eq!(x.line.look(x.talked.node()).await, Ok(0));
        x.passes(MINUTE_MS);
        x.provider.pages_of(2);
        let mut below = None;
        for at in 0..3 {
            let text = format!("@LAPOR1708 Lampu jalan ke-{at} padam di Kota Bandung");
            let written = Written { below, ..of(&text) };
            below = Some(x.provider.posts(&siti(), written));
        }
        x.provider.posts(
            &budi(),
            of("Sampah menumpuk di Sukajadi #Lapor sudah seminggu"),
        );
        x.provider.posts(
            &budi(),
            of("@LAPOR1708 Jalan berlubang di Sukajadi #lapor tolong"),
        );
        assert_eq!(x.line.look(x.talked.node()).await, Ok(6), "one has both");
        assert_eq!(x.line.look(x.talked.node()).await, Ok(0));
        assert_eq!(x.talked.taken().await.len(), 5);
        x.goes_on().await;
        // The second and the third of Siti's are of the first one's thread.
        assert_eq!(x.talked.cases().await.len(), 3);
        // After more than a week X finds nothing older, and refuses to be asked for it.
        x.passes(9 * DAY_MS);
        x.provider
            .posts(&budi(), of("Pohon tumbang di Kota Bandung #lapor"));
        assert_eq!(x.line.look(x.talked.node()).await, Ok(1));
    }
}

#[tokio::test]
async fn posts_are_looked_for_in_the_name_of_the_account_where_the_application_has_no_token() {
    for x in Account::open().await {
        let settings = XSettings {
            bearer_file: None,
            ..x.talked.place.settings.channels.x.clone()
        };
        let line = x::of(&settings, x.talked.place.clock.clone())
            .unwrap()
            .unwrap();
        line.look(x.talked.node()).await.unwrap();
        x.passes(MINUTE_MS);
        x.provider
            .posts(&budi(), of("Pohon tumbang di Kota Bandung #lapor"));
        assert_eq!(line.look(x.talked.node()).await, Ok(1));
    }
}

#[tokio::test]
async fn while_x_is_away_or_busy_nothing_is_lost_and_nothing_said_twice() {
    for x in Account::open().await {
        x.line.look(x.talked.node()).await.unwrap();
        x.passes(MINUTE_MS);
        x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        x.provider.mood.is_away(true);
        for _ in 0..30 {
            assert!(x.goes_on().await.is_empty());
            let problem = x.line.look(x.talked.node()).await.unwrap_err().problem;
            assert_eq!(problem, "X answers 502");
            x.passes(HOUR_MS);
        }
        x.provider.mood.is_away(false);
        x.provider.mood.orders([Trouble::Busy(600)]);
        assert!(x.goes_on().await.is_empty());
        x.passes(599_000);
        assert!(x.goes_on().await.is_empty());
        x.passes(1_000);
        assert_eq!(x.goes_on().await.len(), 1);
        x.provider.mood.orders([Trouble::Busy(600)]);
        let left_alone = x.line.look(x.talked.node()).await.unwrap_err();
        assert_eq!(left_alone.pause.map(|pause| pause.as_secs()), Some(600));
        assert_eq!(x.line.look(x.talked.node()).await, Ok(1));
        assert!(x.goes_on().await.is_empty());
    }
}

#[tokio::test]
async fn a_reply_that_stands_there_already_counts_as_said_and_another_refusal_is_for_ever() {
    for x in Account::open().await {
        x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        x.provider
            .refuses("You are not allowed to create a Tweet with duplicate content.");
        assert!(x.goes_on().await.is_empty());
        assert_eq!(x.talked.outbox().await, ["sent"]);
        x.posts(&siti(), of("@LAPOR1708 STATUS"), Shape::FilteredStream)
            .await;
        x.provider
            .refuses("You are not permitted to perform this action.");
        assert!(x.goes_on().await.is_empty());
        assert_eq!(x.talked.outbox().await, ["sent", "refused"]);
        // A wrong key is ours to mend.
        x.posts(&siti(), of("@LAPOR1708 CEK"), Shape::FilteredStream)
            .await;
        x.provider.mood.orders([Trouble::Fails(401)]);
        assert!(x.goes_on().await.is_empty());
        assert_eq!(x.talked.outbox().await, ["sent", "refused", "waiting"]);
    }
}

#[tokio::test]
async fn what_answers_in_the_place_of_x_is_an_outage_and_refuses_nothing() {
    for x in Account::open().await {
        x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        let portal = "<html><title>Masuk ke Wi-Fi kantor</title></html>";
        for (status, body) in [(200, portal), (403, portal), (201, "{}"), (400, "")] {
            x.provider.mood.orders([Trouble::Behind(status, body)]);
            assert!(x.goes_on().await.is_empty());
            assert_eq!(x.talked.outbox().await, ["waiting"], "{status} {body}");
            let queues = x.talked.node().channel_queues().await.unwrap();
            assert_eq!(queues.lines, [("x", false)]);
            x.passes(10 * MINUTE_MS);
        }
        assert_eq!(x.goes_on().await.len(), 1);
        assert_eq!(x.talked.outbox().await, ["sent"]);
    }
}

#[tokio::test]
async fn a_picture_elsewhere_is_not_fetched() {
    for x in Account::open().await {
        let post = x.provider.posts(
            &siti(),
            Written {
                picture: Some("http://127.0.0.1:9/rahasia.jpg".into()),
                ..of(REPORT)
            },
        );
        let mut knock = x.provider.knock(post, Shape::FilteredStream);
        let body = String::from_utf8(knock.body).unwrap();
        let home = format!("{}/media/http", x.provider.base_url());
        knock = signed(body.replace(&home, "http").into_bytes());
        assert_eq!(x.knocks(&knock).await, StatusCode::OK);
        x.goes_on().await;
        let (case, _) = x.talked.case().await;
        assert_eq!(x.talked.files(case).await, [0]);
    }
}

#[tokio::test]
async fn secrets_and_who_posts_stand_in_no_log() {
    let log = Log::default();
    let listening = Overheard::by(log.clone());
    for x in Account::open().await {
        x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        x.provider
            .mood
            .orders([Trouble::Fails(500), Trouble::Fails(401)]);
        x.goes_on().await;
        x.line.look(x.talked.node()).await.unwrap();
        x.passes(HOUR_MS);
        x.line.look(x.talked.node()).await.ok();
        x.goes_on().await;
    }
    drop(listening);
    let log = log.text();
    assert!(!log.is_empty());
    for canary in [
        "6253282",
        "sitiaminah",
        "Aminah",
        "Minggu",
        CONSUMER_SECRET,
        TOKEN_SECRET,
    ] {
        assert!(!log.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    for x in Account::open().await {
        type Change = fn(&mut XSettings);
        let cases: [(Change, &str); 4] = [
            (
                |s| s.account_id = Some("@lapor".into()),
                "channels.x.account_id: expected",
            ),
            (
                |s| s.account = None,
                "channels.x.account: expected its name",
            ),
            (
                |s| s.token_secret_file = None,
                "channels.x.token_secret_file: needed where",
            ),
            (
                |s| s.base_url = "x".into(),
                "channels.x.base_url: x is no address",
            ),
        ];
        for (change, said) in cases {
            let mut settings = x.talked.place.settings.channels.x.clone();
            change(&mut settings);
            let problem = x::of(&settings, x.talked.place.clock.clone())
                .err()
                .unwrap();
            assert!(problem.to_string().contains(said), "{problem}");
        }
    }
}

#[tokio::test]
async fn posts_of_before_a_restore_lie_aside_and_later_ones_are_reports() {
    for x in Account::open().await {
        x.passes(1);
        assert_eq!(x.line.look(x.talked.node()).await, Ok(0));
        x.passes(MINUTE_MS);
        x.provider.posts(
            &budi(),
            of("@LAPOR1708 Jalan berlubang di Sukajadi sejak Senin"),
        );
        x.passes(MINUTE_MS);
        x.talked.node().seems_restored().await;
        x.passes(MINUTE_MS);
        x.provider
            .posts(&siti(), of("@LAPOR1708 Lampu jalan padam di Kota Bandung"));
        assert_eq!(x.line.look(x.talked.node()).await, Ok(2));
        x.goes_on().await;
        assert_eq!(x.talked.cases().await.len(), 1);
        let taken = x.talked.taken().await;
        assert_eq!(taken[0], ("aside".to_owned(), "doubted".to_owned()));
        assert_eq!(taken[1].0, "done");
    }
}
