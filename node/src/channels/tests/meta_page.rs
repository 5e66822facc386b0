//! Messages to a page, comments below its posts and posts of its visitors: what is said in private, and
//! what where everybody reads.

use lapor_stand_ins::meta::{self, PAGE_ID, Refusal};
use serde_json::json;

use super::meta::{BUDI, Chat};
use super::{HOUR_MS, MINUTE_MS};
use crate::channels::{Keyword, NewKeyword};
use crate::testing::jpeg;

#[tokio::test]
async fn messages_to_the_page_become_a_case_with_their_picture() {
    for chat in Chat::open().await {
        let at = chat.meta.keeps("77", "image/jpeg", jpeg(64, 3000));
        let picture = json!([{"type": "image", "payload": {"url": at}}]);
        let words = "Sampah menumpuk di pasar di Kota Bandung";
        let first = json!({"mid": "m1", "text": words, "attachments": picture});
        chat.hands_over(&meta::messenger(BUDI, &first)).await;
        let told = chat.told().await;
        assert!(told[0].starts_with("Kami kirim laporan ini"), "{told:?}");
        let thumb = json!([{"type": "image", "payload": {"url": at, "sticker_id": 369}}]);
        let thumb = json!({"mid": "m2", "attachments": thumb});
        chat.hands_over(&meta::messenger(BUDI, &thumb)).await;
        chat.told().await;
        assert!(chat.cases().await.is_empty(), "a thumb is no word");
        chat.hands_over(&meta::messenger(BUDI, &json!({"mid": "m3", "text": "ya"})))
            .await;
        chat.hears().await;
        chat.speaks().await;
        let said = chat.meta.told();
        assert_eq!(said[0].to, format!("{PAGE_ID}/messages"));
        assert_eq!(said[0].body["recipient"]["id"], BUDI);
        let case = chat.cases().await[0];
        assert_eq!(chat.files(case).await, 1);
        let identity = chat.node().identity(case, "keeper").await.unwrap().unwrap();
        assert_eq!(identity.name, Some(format!("Messenger: {BUDI}")));
        assert_eq!(identity.phone, None, "an id is no number");
    }
}

#[tokio::test]
async fn a_comment_gets_its_ticket_in_private_and_a_word_in_public() {
    for chat in Chat::open().await {
        let words = "#lapor Trotoar di depan stasiun rusak parah";
        let body = meta::comment(("55", "Rina Wati"), "44_1", words);
        chat.hands_over(&body).await;
        chat.hears().await;
        chat.speaks().await;
        let case = chat.cases().await[0];
        let ticket = chat
            .node()
            .case(case)
            .await
            .unwrap()
            .summary
            .ticket
            .unwrap();
        let said = chat.meta.told();
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0].body["recipient"]["comment_id"], "44_1");
        assert!(said[0].body.to_string().contains(&ticket));
        assert_eq!(said[1].to, "44_1/comments");
        assert!(!said[1].body.to_string().contains(&ticket));
        // A comment has one private reply; more waits for another comment.
        chat.follows_up(case, "Petugas berangkat.").await;
        assert!(chat.told().await.is_empty());
        let again = meta::comment(("55", "Rina Wati"), "44_2", "#lapor terima kasih");
        chat.hands_over(&again).await;
        let told = chat.told().await;
        assert!(told[0].contains(&ticket), "{told:?}");
        assert_eq!(chat.cases().await.len(), 1);
        // In public nothing is secret.
        let secret = "RAHASIA Pejabat minta uang kepada warga #lapor";
        chat.hands_over(&meta::comment(("56", "Edi"), "44_3", secret))
            .await;
        chat.told().await;
        assert_eq!(chat.cases().await.len(), 1);
    }
}

#[tokio::test]
async fn a_private_reply_that_was_taken_without_an_answer_is_said_once() {
    for chat in Chat::open().await {
        let words = "#lapor Trotoar di depan stasiun rusak parah";
        chat.meta.forgets();
        chat.hands_over(&meta::comment(("55", "Rina Wati"), "44_1", words))
            .await;
        assert_eq!(chat.told().await.len(), 1);
        assert_eq!(chat.outbox().await, ["facebook waiting"]);
        chat.place.clock.advance(5 * MINUTE_MS);
        chat.hears().await;
        chat.speaks().await;
        let said = chat.meta.told();
        assert_eq!(said.len(), 1, "in public, and nothing in private: {said:?}");
        assert_eq!(said[0].to, "44_1/comments");
        assert_eq!(chat.outbox().await, ["facebook sent"]);
    }
}

#[tokio::test]
async fn a_private_reply_of_somebody_else_is_not_ours_though_ours_was_put_off() {
    for chat in Chat::open().await {
        let words = "#lapor Trotoar di depan stasiun rusak parah";
        chat.hands_over(&meta::comment(("55", "Rina Wati"), "44_1", words))
            .await;
        chat.hears().await;
        for (code, comes_to) in [(131_056, "facebook waiting"), (10_900, "facebook closed")] {
            chat.meta.refuses(Refusal {
                status: 400,
                code,
                retry_after: None,
            });
            chat.speaks().await;
            assert_eq!(chat.outbox().await, [comes_to]);
            chat.place.clock.advance(MINUTE_MS);
        }
        assert!(chat.meta.told().is_empty(), "nor is one told of in public");
    }
}

#[tokio::test]
async fn a_post_of_a_visitor_is_answered_as_a_comment_is() {
    for chat in Chat::open().await {
        let (rina, id) = (("55", "Rina Wati"), format!("{PAGE_ID}_777"));
        let words = "#lapor Selokan di Jalan Braga meluap setiap hujan";
        chat.hands_over(&meta::post_of_visitor(rina, &id, words))
            .await;
        chat.hears().await;
        chat.speaks().await;
        let case = chat.cases().await[0];
        let view = chat.node().case(case).await.unwrap();
        let ticket = view.summary.ticket.unwrap();
        let said = chat.meta.told();
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0].body["recipient"], json!({"post_id": id}));
        assert!(said[0].body.to_string().contains(&ticket));
        assert_eq!(said[1].to, format!("{id}/comments"));
        assert!(!said[1].body.to_string().contains(&ticket));
        let more = "Sekarang airnya masuk ke rumah warga";
        chat.hands_over(&meta::comment_below(rina, "44_8", &id, more))
            .await;
        let told = chat.told().await;
        assert!(told[0].contains("kami teruskan"), "{told:?}");
        assert_eq!(chat.cases().await, [case]);
    }
}

#[tokio::test]
async fn what_its_author_says_below_a_comment_is_for_its_case() {
    for chat in Chat::open().await {
        let (rina, edi) = (("55", "Rina Wati"), ("56", "Edi"));
        let words = "#lapor Trotoar di depan stasiun rusak parah";
        chat.hands_over(&meta::comment(rina, "44_1", words)).await;
        chat.told().await;
        let case = chat.cases().await[0];
        let says = async |from: (&str, &str), id: &str, words: &str| {
            let comment = meta::comment_below(from, id, "44_1", words);
            chat.hands_over(&comment).await;
            chat.told().await
        };
        let told = says(rina, "44_2", "Yang paling parah di pintu selatan").await;
        assert!(told[0].contains("kami teruskan"), "{told:?}");
        let view = chat.node().case(case).await.unwrap();
        assert_eq!(view.history.last().unwrap().kind, "case.replied");
        let taken = chat.taken().await.len();
        says(edi, "44_3", "Betul, saya hampir jatuh di situ").await;
        assert_eq!(
            chat.taken().await.len(),
            taken,
            "what others say is not taken"
        );
        says(edi, "44_4", "#lapor Lampu di depan stasiun juga padam").await;
        assert_eq!(chat.cases().await.len(), 2);
    }
}

#[tokio::test]
async fn a_comment_with_a_keyword_of_the_desk_in_front_is_a_report_while_the_word_is_in_force() {
    for chat in Chat::open().await {
        let words = "Banjir: selokan di depan pasar tersumbat sejak Senin";
        let says = async |id: &str| {
            chat.hands_over(&meta::comment(("55", "Rina"), id, words))
                .await;
            chat.told().await;
            chat.taken().await.len()
        };
        assert_eq!(says("44_1").await, 0, "no such word yet");
        let keyword = Keyword {
            word: "BANJIR".into(),
            category: None,
            region: Some("32.05".parse().unwrap()),
            suggested: None,
        };
        let new = NewKeyword {
            keyword,
            campaign: None,
            until: Some(chat.node().clock().now_ms() + HOUR_MS),
            known: false,
        };
        chat.node().put_keyword(&new, "test").await.unwrap();
        assert_eq!(says("44_2").await, 1);
        let view = chat.node().case(chat.cases().await[0]).await.unwrap();
        let title = view.summary.title.as_deref();
        assert_eq!(title, Some("selokan di depan pasar tersumbat sejak Senin"));
        let region = view.summary.region.map(|code| code.to_string());
        assert_eq!(region.as_deref(), Some("32.05"));
        chat.place.clock.advance(HOUR_MS);
        assert_eq!(says("44_3").await, 1, "the word has ended");
    }
}
