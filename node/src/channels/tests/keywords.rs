//! Words in front of a report, of the configuration and of the desk.

use lapor_migrations::on;
use serde_json::json;

use super::{DAY_MS, SITI, Talked};
use crate::channels::{Keyword, KeywordError, Name, NewKeyword};
use crate::clock::Clock as _;
use crate::error::NodeError;

const ADMIN: &str = "account:dewi";

fn new(word: &str) -> NewKeyword {
    NewKeyword {
        keyword: Keyword {
            word: word.into(),
            category: None,
            region: Some("32.05".parse().unwrap()),
            suggested: Some("kemenpu".parse().unwrap()),
        },
        campaign: Some("Bandung Terang".into()),
        until: None,
        known: false,
    }
}

impl Talked {
    async fn words(&self) -> Vec<(String, i64, i64)> {
        let table = self.node().keyword_table().await.unwrap().into_iter();
        table
            .map(|line| (line.keyword.word, line.lately, line.ever))
            .collect()
    }
}

#[tokio::test]
async fn a_word_of_the_desk_says_at_once_what_a_report_is_about_and_is_counted() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        node.put_keyword(&new("Lampu"), ADMIN).await.unwrap();
        talked
            .says(SITI, "lampu: mati sejak hari Minggu di depan pasar")
            .await;
        let (case, _) = talked.case().await;
        let view = node.case(case).await.unwrap();
        let region = view.summary.region.as_ref().map(ToString::to_string);
        assert_eq!(region.as_deref(), Some("32.05"));
        let title = view.summary.title.as_deref();
        assert_eq!(title, Some("mati sejak hari Minggu di depan pasar"));
        assert_eq!(talked.words().await, [("LAMPU".into(), 1, 1)]);
        talked.place.clock.advance(31 * DAY_MS);
        assert_eq!(talked.words().await, [("LAMPU".into(), 0, 1)]);
        node.end_keyword("lampu", ADMIN).await.unwrap();
        let twice = node.end_keyword("lampu", ADMIN).await;
        assert!(matches!(twice, Err(NodeError::NotFound { .. })));
        assert!(node.keywords_in_force().await.unwrap().is_empty());
        assert_eq!(talked.words().await, [("LAMPU".into(), 0, 1)]);
        for act in ["channel.keyword_set", "channel.keyword_ended"] {
            let audited = talked.place.audited(act).await;
            assert_eq!(audited, [(ADMIN.to_owned(), "LAMPU".to_owned())]);
        }
    }
}

#[tokio::test]
async fn a_word_that_cannot_be_read_holds_up_no_message() {
    const DAMAGE: &str = "update channel_keywords set region = '?' where word = 'LAMPU'";
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        for word in ["Lampu", "Jalan"] {
            node.put_keyword(&new(word), ADMIN).await.unwrap();
        }
        let mut tx = node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(DAMAGE).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let told = talked
            .says(SITI, "jalan: rusak sejak hari Minggu di depan pasar")
            .await;
        assert_eq!(told.len(), 1, "{told:?}");
        talked.case().await;
        assert_eq!(talked.words().await, [("JALAN".into(), 1, 1)]);
    }
}

#[tokio::test]
async fn a_place_that_is_shared_elsewhere_says_where_a_report_is_and_the_word_does_not() {
    for talked in Talked::on(Name::Whatsapp).await {
        let node = talked.node();
        node.put_keyword(&new("Lampu"), ADMIN).await.unwrap();
        let told = talked
            .says(SITI, "LAMPU: mati sejak hari Minggu di depan pasar")
            .await;
        assert!(told[0].starts_with("Di mana tepatnya?"), "{told:?}");
        let place =
            json!({"from": SITI, "text": "", "location": {"latitude": -2.21, "longitude": 113.92}});
        talked.takes("p1", &place).await;
        talked.told(SITI).await;
        talked.says(SITI, "LEWATI").await;
        talked.says(SITI, "YA").await;
        let (case, _) = talked.case().await;
        let view = node.case(case).await.unwrap();
        let region = view.summary.region.as_ref().map(ToString::to_string);
        assert_eq!(region.as_deref(), Some("62"), "Palangka Raya, not Garut");
        let body = view.history[0].body.as_ref().unwrap();
        assert!(body.get("suggested").is_none_or(serde_json::Value::is_null));
        assert_eq!(talked.words().await, [("LAMPU".into(), 1, 1)]);
    }
}

#[tokio::test]
async fn a_word_ends_with_its_day_and_can_be_kept_anew() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        let until = talked.place.clock.now_ms() + DAY_MS;
        let limited = NewKeyword {
            until: Some(until),
            ..new("LAMPU")
        };
        node.put_keyword(&limited, ADMIN).await.unwrap();
        let double = node.put_keyword(&new("lampu"), ADMIN).await;
        assert!(matches!(double, Err(KeywordError::Known)));
        let changed = NewKeyword {
            campaign: None,
            known: true,
            ..limited
        };
        node.put_keyword(&changed, ADMIN).await.unwrap();
        assert_eq!(node.keyword_table().await.unwrap()[0].campaign, None);
        talked.place.clock.advance(DAY_MS);
        assert!(node.keywords_in_force().await.unwrap().is_empty());
        node.put_keyword(&new("LAMPU"), ADMIN).await.unwrap();
        assert_eq!(node.keywords_in_force().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_means_something_already_is_no_word() {
    for mut talked in Talked::on(Name::Sms).await {
        let configured = new("SAMPAH").keyword;
        talked.place.settings.channels.keywords = vec![configured];
        talked.place.node = talked.place.reopened().await;
        let node = talked.node();
        for word in ["STATUS", "lapor", "dua kata", "", "ya!"] {
            let refused = node.put_keyword(&new(word), ADMIN).await;
            assert!(matches!(refused, Err(KeywordError::Word)), "{word}");
        }
        let double = node.put_keyword(&new("Sampah"), ADMIN).await;
        assert!(matches!(double, Err(KeywordError::Configured)));
        let category = Keyword {
            category: Some("Tidak Ada".to_owned().try_into().unwrap()),
            ..new("AIR").keyword
        };
        let unknown = NewKeyword {
            keyword: category,
            ..new("AIR")
        };
        let refused = node.put_keyword(&unknown, ADMIN).await;
        assert!(matches!(refused, Err(KeywordError::Category)));
        let table = node.keyword_table().await.unwrap();
        assert_eq!(table.len(), 1);
        assert!(table[0].configured);
        let in_force = node.keywords_in_force().await.unwrap();
        assert_eq!(in_force[0].word, "SAMPAH");
    }
}
