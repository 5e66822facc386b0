//! Drafts where people chat, and what becomes of them in silence.

use lapor_migrations::on;
use serde_json::json;

use super::{BUDI, MINUTE_MS, PLACED, REPORT, SITI, Talked};
use crate::channels::Name;

#[tokio::test]
async fn a_report_told_in_pieces_is_filed_once_it_is_sure() {
    for talked in Talked::on(Name::Telegram).await {
        let told = talked
            .says(SITI, "Lampu jalan padam sudah seminggu ini")
            .await;
        assert!(told[0].starts_with("Di mana tepatnya?"), "{told:?}");
        let place =
            json!({"from": SITI, "text": "", "location": {"latitude": -6.9, "longitude": 107.6}});
        talked.takes("p1", &place).await;
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Ada foto"), "{told:?}");
        let told = talked.says(SITI, "LEWATI").await;
        assert!(
            told[0].contains("\"Lampu jalan padam sudah seminggu ini\""),
            "{told:?}"
        );
        assert!(told[0].contains("lokasi yang Anda kirim"), "{told:?}");
        assert!(talked.cases().await.is_empty());
        let told = talked.says(SITI, "ya anonim").await;
        let (case, ticket) = talked.case().await;
        assert!(told[0].contains(&ticket), "{told:?}");
        let view = talked.node().case(case).await.unwrap();
        assert!(view.summary.anonymous);
        assert_eq!(view.summary.region.unwrap().as_str(), "32.73");
        let words = view.history[0].words.as_ref().unwrap();
        assert_eq!(words["coordinates"]["latitude_micro"], -6_900_000);
    }
}

#[tokio::test]
async fn a_draft_that_is_left_is_filed_as_it_is_once() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.place.clock.advance(29 * MINUTE_MS);
        assert!(talked.told(SITI).await.is_empty());
        talked.place.clock.advance(MINUTE_MS);
        let told = talked.told(SITI).await;
        let (_, ticket) = talked.case().await;
        assert!(told[0].contains(&ticket), "{told:?}");
        talked.place.clock.advance(60 * MINUTE_MS);
        assert!(talked.told(SITI).await.is_empty());
        talked.case().await;
    }
}

/// As after a lost key: the loop that files drafts is the one that writes news of all channels.
#[tokio::test]
async fn a_draft_that_cannot_be_opened_holds_up_no_news_and_no_erasure() {
    const DAMAGE: &str = "update channel_threads set talk = $1 where wake_at is not null";
    for talked in Talked::on(Name::Whatsapp).await {
        for text in [PLACED, "LEWATI", "YA"] {
            talked.says(BUDI, text).await;
        }
        let (case, _) = talked.case().await;
        talked
            .says(BUDI, "Jalan berlubang di Kota Bandung sejak hari Senin.")
            .await;
        let node = talked.node();
        let mut tx = node.write_tx().await.unwrap();
        let damaged = vec![0_u8; 8];
        on!(&mut tx, c => sqlx::query(DAMAGE).bind(&damaged).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        talked.place.clock.advance(30 * MINUTE_MS);
        for text in [PLACED, "LEWATI", "YA"] {
            talked.says(SITI, text).await;
        }
        assert_eq!(talked.cases().await.len(), 2, "others are heard");
        let mut tx = node.write_tx().await.unwrap();
        let text = case.to_string();
        node.forget_on_channels(&mut tx, &text).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(node.thread_of_case(case).await.unwrap(), None);
        assert!(talked.told(SITI).await.is_empty());
    }
}

#[tokio::test]
async fn a_draft_that_is_dropped_leaves_nothing() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        let told = talked.says(SITI, "Batal").await;
        assert_eq!(told, ["Baik, yang belum terkirim kami hapus."]);
        talked.place.clock.advance(60 * MINUTE_MS);
        talked.told(SITI).await;
        assert!(talked.cases().await.is_empty());
    }
}

#[tokio::test]
async fn where_the_provider_vouches_a_new_key_can_be_had() {
    for talked in Talked::on(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (_, ticket) = talked.case().await;
        let told = talked.says(SITI, "KUNCI").await;
        let key = told[0].split(": ").nth(1).unwrap();
        let key = key.split(". ").next().unwrap();
        let here = "192.0.2.7".parse().unwrap();
        talked
            .node()
            .open_conversation(&ticket, key, here)
            .await
            .unwrap();
    }
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let told = talked.says(SITI, "KUNCI").await;
        assert!(
            told[0].starts_with("Untuk hal itu silakan buka http"),
            "{told:?}"
        );
    }
}
