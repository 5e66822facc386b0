//! How messages come from Meta and go there: through a door that asks for a word and a signature; once,
//! whatever comes twice, is away or is answered by somebody else; without a secret in any word.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_stand_ins::meta::{self, Meta, PHONE_NUMBER_ID, Refusal, Signed};
use lapor_web::log::Overheard;
use serde_json::json;
use tower::util::ServiceExt as _;

use super::meta::{BUDI, Chat, NAME, SECRET, SITI, TOKEN, WORD, image};
use super::private::Log;
use super::{HOUR_MS, MINUTE_MS};
use crate::testing::jpeg;

#[tokio::test]
async fn the_door_is_entered_with_the_word_that_was_agreed_on() {
    for chat in Chat::open().await {
        let enters = async |query: &str| {
            let request = Request::get(format!("/saluran/meta?{query}"));
            let request = request.body(Body::empty()).unwrap();
            let answer = chat.router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            let body = axum::body::to_bytes(answer.into_body(), 4096).await;
            (status, String::from_utf8(body.unwrap().to_vec()).unwrap())
        };
        let right = format!("hub.mode=subscribe&hub.verify_token={WORD}&hub.challenge=1158201444");
        assert_eq!(enters(&right).await, (StatusCode::OK, "1158201444".into()));
        for wrong in [
            "hub.mode=subscribe&hub.verify_token=lain&hub.challenge=1",
            &format!("hub.verify_token={WORD}&hub.challenge=1"),
            &format!("hub.mode=subscribe&hub.verify_token={WORD}&hub.challenge=%3Cscript%3E"),
            "",
        ] {
            assert_eq!(enters(wrong).await.0, StatusCode::FORBIDDEN, "{wrong}");
        }
    }
}

#[tokio::test]
async fn what_is_not_signed_by_the_provider_is_refused_and_not_taken() {
    for chat in Chat::open().await {
        let right = chat.meta.signed(meta::WHATSAPP_TEXT);
        let other = Meta::open("lain", TOKEN).await.unwrap();
        for signed in [
            other.signed(meta::WHATSAPP_TEXT),
            Signed {
                body: right.body.replace("Minggu", "Senin"),
                ..right.clone()
            },
            Signed {
                signature: String::new(),
                ..right.clone()
            },
        ] {
            assert_eq!(chat.knocks(&signed).await, StatusCode::FORBIDDEN);
        }
        let large = chat.meta.signed(" ".repeat((1 << 20) + 1));
        assert_eq!(chat.knocks(&large).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(chat.taken().await.is_empty());
        assert_eq!(chat.knocks(&right).await, StatusCode::OK);
        assert_eq!(chat.taken().await, ["whatsapp waiting"]);
    }
}

#[tokio::test]
async fn only_what_people_say_is_taken_from_the_published_bodies() {
    for chat in Chat::open().await {
        for (body, taken) in [
            (meta::WHATSAPP_TEXT, "whatsapp waiting"),
            (meta::WHATSAPP_HIDDEN, "whatsapp waiting"),
            (meta::WHATSAPP_IMAGE, "whatsapp waiting"),
            (meta::WHATSAPP_LOCATION, "whatsapp waiting"),
            // Neither the echo of ours nor that it was read.
            (meta::MESSENGER_TEXT, "messenger waiting"),
            // Neither without the tag, nor our own, nor a like.
            (meta::PAGE_COMMENT, "facebook waiting"),
            (meta::PAGE_POST, "facebook waiting"),
        ] {
            let before = chat.taken().await.len();
            assert_eq!(chat.knocks(&chat.meta.signed(body)).await, StatusCode::OK);
            let now = chat.taken().await;
            assert_eq!(now[before..], [taken], "{body}");
        }
        let before = chat.taken().await.len();
        let status = chat.meta.signed(meta::WHATSAPP_STATUS);
        assert_eq!(chat.knocks(&status).await, StatusCode::OK);
        let other = meta::WHATSAPP_TEXT.replace(PHONE_NUMBER_ID, "99");
        assert_eq!(chat.knocks(&chat.meta.signed(other)).await, StatusCode::OK);
        assert_eq!(chat.taken().await.len(), before);
        // What is signed and not understood is kept.
        let odd = chat.meta.signed(r#"{"hologram":1}"#);
        assert_eq!(chat.knocks(&odd).await, StatusCode::OK);
        assert_eq!(chat.taken().await[before..], ["whatsapp unread"]);
    }
}

#[tokio::test]
async fn what_becomes_of_an_answer_behind_the_provider_is_noted() {
    for chat in Chat::open().await {
        chat.writes("w1", "BANTUAN").await;
        chat.writes("w2", "STATUS").await;
        assert_eq!(chat.outbox().await, ["whatsapp sent"; 2]);
        for (id, status) in [
            ("OURS1", "sent"),
            ("OURS1", "delivered"),
            ("OURS1", "read"),
            ("OURS2", "failed"),
            ("OTHERS", "failed"),
        ] {
            let id = format!("wamid.{id}");
            chat.hands_over(&meta::status(&id, status)).await;
        }
        assert_eq!(
            chat.outbox().await,
            ["whatsapp delivered", "whatsapp refused"]
        );
        let refused = chat.node().channel_refused().await.unwrap();
        let problem = refused[0].problem.as_deref();
        assert_eq!(problem, Some("WhatsApp could not deliver it (131026)"));
    }
}

#[tokio::test]
async fn what_comes_back_from_behind_the_provider_can_be_said_again() {
    for chat in Chat::open().await {
        let first = chat.writes("w1", "BANTUAN").await;
        chat.hands_over(&meta::status("wamid.OURS1", "failed"))
            .await;
        let unsaid = chat.node().not_said().await.unwrap();
        assert_eq!(unsaid.len(), 1);
        let number = unsaid[0].number;
        chat.node().say_again(number, "test").await.unwrap();
        assert_eq!(chat.told().await, first);
        // What is told late of the first try says nothing of the second.
        chat.hands_over(&meta::status("wamid.OURS1", "failed"))
            .await;
        chat.hands_over(&meta::status("wamid.OURS2", "delivered"))
            .await;
        assert_eq!(chat.outbox().await, ["whatsapp delivered"]);
        let left = "select state from channel_outbox where words is not null";
        assert!(chat.column(left).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_handed_over_twice_and_in_one_body_is_one_case() {
    for chat in Chat::open().await {
        let text = |id: &str, text: &str| {
            let text = json!({"type": "text", "text": {"body": text}});
            meta::whatsapp((SITI, NAME), id, &text)
        };
        let mut both = text("w1", "Lampu jalan padam di Kota Bandung sejak Minggu.");
        let second = text("w2", "LEWATI")["entry"][0].clone();
        both["entry"].as_array_mut().unwrap().push(second);
        for _ in 0..2 {
            chat.hands_over(&both).await;
        }
        assert_eq!(chat.told().await.len(), 2);
        chat.hands_over(&text("w3", "YA")).await;
        chat.hands_over(&both).await;
        chat.hands_over(&text("w3", "YA")).await;
        assert_eq!(chat.told().await.len(), 1);
        assert_eq!(chat.cases().await.len(), 1);
        assert_eq!(chat.taken().await.len(), 3);
    }
}

#[tokio::test]
async fn while_the_provider_is_away_pictures_and_answers_wait() {
    for chat in Chat::open().await {
        chat.meta.keeps("1003", "image/jpeg", jpeg(64, 3000));
        chat.writes("w1", "Lampu jalan padam di Kota Bandung sejak Minggu.")
            .await;
        chat.meta.is_away(true);
        assert!(chat.sends("w2", &image("1003")).await.is_empty());
        assert!(chat.writes("w3", "YA").await.is_empty());
        for _ in 0..5 {
            chat.place.clock.advance(HOUR_MS);
            assert!(chat.told().await.is_empty());
        }
        assert!(chat.cases().await.is_empty(), "the picture is waited for");
        chat.meta.is_away(false);
        chat.place.clock.advance(HOUR_MS);
        assert_eq!(chat.told().await.len(), 2);
        let case = chat.cases().await[0];
        assert_eq!(chat.files(case).await, 1);
        assert_eq!(chat.taken().await, ["whatsapp done"; 3]);
    }
}

#[tokio::test]
async fn too_much_makes_a_line_slower_and_who_cannot_be_reached_is_left() {
    for chat in Chat::open().await {
        chat.meta.refuses(Refusal {
            status: 429,
            code: 130_429,
            retry_after: Some(90),
        });
        assert!(chat.writes("w1", "BANTUAN").await.is_empty());
        chat.place.clock.advance(89_000);
        assert!(chat.told().await.is_empty());
        chat.place.clock.advance(1_000);
        assert_eq!(chat.told().await.len(), 1);
        chat.meta.refuses(Refusal {
            status: 400,
            code: 131_026,
            retry_after: None,
        });
        assert!(chat.writes("w2", "STATUS").await.is_empty());
        assert_eq!(chat.outbox().await, ["whatsapp sent", "whatsapp refused"]);
        chat.meta.refuses(Refusal {
            status: 401,
            code: 190,
            retry_after: None,
        });
        assert!(chat.writes("w3", "STATUS").await.is_empty());
        chat.place.clock.advance(MINUTE_MS);
        assert_eq!(chat.told().await.len(), 1, "a token is ours to mend");
    }
}

#[tokio::test]
async fn what_is_answered_in_the_place_of_the_provider_is_an_outage_and_not_said() {
    const DOWN: &str = "select problem from channel_lines where failures > 0";
    for chat in Chat::open().await {
        let portal = "<html><title>Masuk ke Wi-Fi kantor</title></html>";
        for (id, body) in [("w1", portal), ("w2", "{}")] {
            chat.meta.is_behind(200, body);
            assert!(chat.writes(id, "BANTUAN").await.is_empty());
            assert_eq!(chat.outbox().await.last().unwrap(), "whatsapp waiting");
            let problem = chat.column(DOWN).await;
            assert!(problem[0].starts_with("the provider answers 200"), "{body}");
            chat.place.clock.advance(5 * MINUTE_MS);
            assert_eq!(chat.told().await.len(), 1, "{body}");
            assert!(chat.column(DOWN).await.is_empty());
        }
        chat.meta.is_behind(200, portal);
        chat.hands_over(&meta::messenger(
            BUDI,
            &json!({"mid": "m1", "text": "BANTUAN"}),
        ))
        .await;
        assert!(chat.told().await.is_empty());
        let words = "#lapor Trotoar di depan stasiun rusak parah";
        chat.meta.is_behind(302, "");
        chat.hands_over(&meta::comment(("55", "Rina Wati"), "44_1", words))
            .await;
        assert!(chat.told().await.is_empty());
        let waiting = ["messenger waiting", "facebook waiting"];
        assert_eq!(chat.outbox().await[2..], waiting);
        // A picture behind it is waited for.
        chat.meta.keeps("1003", "image/jpeg", jpeg(64, 3000));
        chat.meta.is_behind(200, portal);
        chat.sends("w3", &image("1003")).await;
        assert_eq!(chat.taken().await.last().unwrap(), "whatsapp waiting");
    }
}

#[tokio::test]
async fn neither_a_log_nor_a_list_names_anybody_or_says_a_word_or_a_secret() {
    let log = Log::default();
    let listening = Overheard::by(log.clone());
    for chat in Chat::open().await {
        let query = format!("hub.mode=subscribe&hub.verify_token={WORD}&hub.challenge=1");
        let enters = Request::get(format!("/saluran/meta?{query}")).body(Body::empty());
        chat.router.clone().oneshot(enters.unwrap()).await.unwrap();
        chat.filed().await;
        chat.meta.is_away(true);
        chat.sends("w4", &image("1003")).await;
        chat.place.clock.advance(HOUR_MS);
        chat.meta.is_away(false);
        chat.meta.refuses(Refusal {
            status: 400,
            code: 131_026,
            retry_after: None,
        });
        chat.told().await;
        chat.knocks(&chat.meta.signed(meta::WHATSAPP_STATUS)).await;
        chat.hands_over(&json!({"hologram": SITI})).await;
        let trouble = format!("{:?}", chat.node().channel_trouble().await.unwrap());
        let case = chat.cases().await[0];
        let view = chat.node().case(case).await.unwrap();
        let view = serde_json::to_string(&view).unwrap();
        for canary in [SITI, "Aminah"] {
            assert!(
                !trouble.contains(canary) && !view.contains(canary),
                "{canary}"
            );
        }
    }
    drop(listening);
    let log = log.text();
    assert!(log.contains("whatsapp"), "{log}");
    for canary in [SITI, "Aminah", "Minggu", SECRET, TOKEN, WORD] {
        assert!(!log.contains(canary), "{canary}");
    }
}
