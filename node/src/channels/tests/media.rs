//! Pictures and files that come with messages: once in their report, or left out and said so.

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use serde_json::{Value, json};

use super::{DAY_MS, HOUR_MS, MINUTE_MS, PLACED, REPORT, SITI, Talked};
use crate::channels::Name;
use crate::clock::Clock as _;
use crate::media::expire_uploads;
use crate::store;
use crate::testing::jpeg;

impl Talked {
    /// Somebody sends files, with or without words, and what they are told then.
    async fn sends(&self, text: &str, media: Value) -> Vec<String> {
        let id = self.paper.next_id().to_string();
        let body = json!({"from": SITI, "text": text, "media": media});
        assert_eq!(self.takes(&id, &body).await, 1);
        self.told(SITI).await
    }

    /// How many files each message of a case has.
    pub(super) async fn files(&self, case: CaseId) -> Vec<usize> {
        let view = self.node().case(case).await.unwrap();
        let history = view.history.iter();
        history.map(|entry| entry.attachments.len()).collect()
    }

    async fn uploads(&self) -> i64 {
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar("select count(*) from uploads").fetch_one(c).await)
            .unwrap()
    }

    async fn with_pictures(name: Name) -> Vec<Self> {
        let all = Self::on(name).await;
        for talked in &all {
            for at in ["p1", "p2", "p3"] {
                talked.paper.keeps(at, jpeg(64, 3000));
            }
        }
        all
    }
}

#[tokio::test]
async fn a_picture_is_asked_for_and_goes_with_its_report() {
    for talked in Talked::with_pictures(Name::Whatsapp).await {
        let told = talked.says(SITI, PLACED).await;
        assert!(told[0].starts_with("Ada foto"), "{told:?}");
        let told = talked.says(SITI, "ya").await;
        assert!(told[0].starts_with("Ada foto"), "{told:?}");
        let told = talked.sends("", json!([{"at": "p1"}])).await;
        assert!(told[0].starts_with("Kami kirim laporan ini"), "{told:?}");
        assert!(told[0].contains("Foto atau berkas: 1"), "{told:?}");
        // Pictures come one by one: each is not answered.
        assert!(talked.sends("", json!([{"at": "p2"}])).await.is_empty());
        talked.says(SITI, "YA").await;
        let (case, _) = talked.case().await;
        assert_eq!(talked.files(case).await, [2]);
        let view = talked.node().case(case).await.unwrap();
        let first = &view.history[0].attachments[0];
        assert_eq!(first.media_type, "image/jpeg", "by its content");
        assert_eq!(talked.uploads().await, 0);
    }
}

#[tokio::test]
async fn a_picture_with_the_first_words_is_asked_for_no_more() {
    for talked in Talked::with_pictures(Name::Telegram).await {
        let told = talked.sends(PLACED, json!([{"at": "p1"}])).await;
        assert!(told[0].starts_with("Kami kirim laporan ini"), "{told:?}");
        assert!(told[0].contains("Foto atau berkas: 1"), "{told:?}");
        talked.place.clock.advance(30 * MINUTE_MS);
        talked.told(SITI).await;
        let (case, _) = talked.case().await;
        assert_eq!(talked.files(case).await, [1], "silence files it as well");
    }
}

#[tokio::test]
async fn a_picture_before_any_word_begins_a_report() {
    for talked in Talked::with_pictures(Name::Telegram).await {
        let told = talked.sends("", json!([{"at": "p1"}])).await;
        assert!(told[0].starts_with("Apa yang ingin"), "{told:?}");
        assert!(talked.sends("", json!([{"at": "p2"}])).await.is_empty());
        let told = talked.says(SITI, PLACED).await;
        assert!(told[0].starts_with("Kami kirim laporan ini"), "{told:?}");
        assert!(told[0].contains("Foto atau berkas: 2"), "{told:?}");
        talked.says(SITI, "ya").await;
        let (case, _) = talked.case().await;
        assert_eq!(talked.files(case).await, [2]);
        talked.place.clock.advance(2 * DAY_MS);
        talked.sends("", json!([{"at": "p3"}])).await;
        talked.place.clock.advance(30 * MINUTE_MS);
        let told = talked.told(SITI).await;
        assert!(told[0].starts_with("Kiriman tanpa keterangan"), "{told:?}");
        talked.case().await;
    }
}

#[tokio::test]
async fn a_provider_that_is_away_puts_a_picture_off_and_the_report_is_one() {
    for talked in Talked::with_pictures(Name::X).await {
        talked.paper.is_down(true);
        for _ in 0..3 {
            talked
                .sends(PLACED, json!([{"at": "p1"}, {"at": "p2"}]))
                .await;
            talked.place.clock.advance(HOUR_MS);
        }
        assert!(talked.cases().await.is_empty());
        assert_eq!(
            talked.uploads().await,
            0,
            "what is fetched again is kept once"
        );
        talked.paper.is_down(false);
        talked.told(SITI).await;
        let (case, _) = talked.case().await;
        assert_eq!(talked.files(case).await, [2]);
    }
}

#[tokio::test]
async fn what_stays_away_is_left_out_with_the_last_try() {
    for talked in Talked::with_pictures(Name::X).await {
        talked.paper.is_down(true);
        talked.sends(PLACED, json!([{"at": "p1"}])).await;
        for _ in 0..20 {
            talked.hears().await;
            talked.place.clock.advance(HOUR_MS);
        }
        talked.paper.is_down(false);
        let told = talked.told(SITI).await;
        let (case, _) = talked.case().await;
        assert_eq!(talked.files(case).await, [0]);
        assert!(told[1].contains("tidak dapat kami ambil"), "{told:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_had_is_left_out_and_the_report_is_filed_all_the_same() {
    for (media, said, files) in [
        (json!([{"at": "nowhere"}]), "tidak dapat kami ambil", 0),
        (json!([{"at": "large"}]), "terlalu besar", 0),
        (json!([{"at": "p1", "size": 9000}]), "terlalu besar", 0),
        (json!([{"at": "program"}]), "foto, video, dan PDF", 0),
        (
            json!([{"at": "p1", "sound": true}]),
            "foto, video, dan PDF",
            0,
        ),
        (
            json!([{"at": "p1"}, {"at": "p2"}, {"at": "p3"}]),
            "terlalu banyak",
            2,
        ),
    ] {
        for mut talked in Talked::with_pictures(Name::X).await {
            talked.place.settings.channels.media_bytes = 4000;
            talked.place.settings.channels.media_each = 2;
            talked.place.node = talked.place.reopened().await;
            talked.paper.keeps("large", jpeg(64, 5000));
            talked
                .paper
                .keeps("program", b"\x7fELF\x02\x01\x01\0\0\0".to_vec());
            let told = talked.sends(PLACED, media.clone()).await;
            let (case, ticket) = talked.case().await;
            assert!(told[0].contains(&ticket), "{told:?}");
            assert!(told[1].contains(said), "{told:?}");
            assert_eq!(talked.files(case).await, [files], "{media}");
            assert_eq!(talked.uploads().await, 0, "{media}");
        }
    }
}

#[tokio::test]
async fn a_later_picture_completes_the_report_for_a_day() {
    for talked in Talked::with_pictures(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let told = talked.sends("ini fotonya", json!([{"at": "p1"}])).await;
        assert!(told[0].contains(&ticket), "{told:?}");
        assert_eq!(
            talked.messages(case).await,
            ["report.filed", "report.completed"]
        );
        let told = talked.sends("", json!([{"at": "p2"}])).await;
        assert!(told[0].contains("kami teruskan"), "{told:?}");
        assert_eq!(talked.files(case).await, [0, 1, 1]);
        // What is left out adds nothing.
        let told = talked.sends("", json!([{"at": "nowhere"}])).await;
        assert!(told[0].contains("tidak dapat kami ambil"), "{told:?}");
        assert_eq!(told.len(), 1, "{told:?}");
        talked.place.clock.advance(DAY_MS + MINUTE_MS);
        talked.sends("", json!([{"at": "p2"}])).await;
        assert_eq!(talked.files(case).await, [0, 1, 1]);
    }
}

#[tokio::test]
async fn a_picture_behind_an_answer_is_a_reply_to_it() {
    for talked in Talked::with_pictures(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked
            .follows_up(case, "Lampu sudah kami ganti.", true)
            .await;
        let told = talked.sends("", json!([{"at": "p1"}])).await;
        assert!(
            told.iter().any(|one| one.contains("kami teruskan")),
            "{told:?}"
        );
        let kinds = talked.messages(case).await;
        assert_eq!(kinds, ["report.filed", "case.followed_up", "case.replied"]);
        assert_eq!(talked.files(case).await, [0, 0, 1]);
    }
}

#[tokio::test]
async fn a_picture_that_two_processes_fetch_is_added_once() {
    for talked in Talked::with_pictures(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        let picture = json!({"from": SITI, "text": "", "media": [{"at": "p1"}]});
        talked.takes("m1", &picture).await;
        let now = talked.place.clock.now_ms();
        let mut tx = talked.node().write_tx().await.unwrap();
        let slow = store::channels::taken::claim(&mut tx, "x", now, now + 1, 8).await;
        let slow = slow.unwrap();
        tx.commit().await.unwrap();
        talked.place.clock.advance(HOUR_MS);
        talked.hears().await;
        let late = talked
            .node()
            .look_at_message(&talked.lines, &slow[0], now + 1);
        late.await.unwrap();
        assert_eq!(talked.files(case).await, [0, 1]);
        assert_eq!(
            talked.uploads().await,
            0,
            "what was fetched twice is given up"
        );
        assert_eq!(talked.taken().await[1], ("done".into(), "acted".into()));
    }
}

#[tokio::test]
async fn a_picture_answers_what_asks_for_one() {
    for talked in Talked::with_pictures(Name::Whatsapp).await {
        talked.says(SITI, PLACED).await;
        talked.says(SITI, "lewati").await;
        talked.says(SITI, "ya").await;
        let (case, _) = talked.case().await;
        let questions = json!(["Seperti apa rusaknya?", "Sejak kapan?"]);
        let forms = json!([{"as": "picture"}, {"as": "text"}]);
        talked.holds(case, questions, forms).await;
        talked.told(SITI).await;
        let told = talked.sends("", json!([{"at": "p1"}])).await;
        assert!(told[0].contains("Sejak kapan?"), "{told:?}");
        talked.says(SITI, "Sejak Senin malam").await;
        let view = talked.node().case(case).await.unwrap();
        let last = view.history.last().unwrap();
        assert_eq!(
            last.words.as_ref().unwrap()["answers"],
            json!(["Berkas terlampir.", "Sejak Senin malam"])
        );
        assert_eq!(last.attachments.len(), 1);
    }
}

#[tokio::test]
async fn a_picture_that_waited_for_too_long_is_left_out_and_said_so() {
    for talked in Talked::with_pictures(Name::Telegram).await {
        talked.sends(PLACED, json!([{"at": "p1"}])).await;
        // The node was off for long.
        talked.place.clock.advance(2 * DAY_MS);
        assert_eq!(expire_uploads(talked.node()).await.unwrap(), 1);
        let told = talked.told(SITI).await;
        let (case, _) = talked.case().await;
        assert!(told[1].contains("tidak dapat kami ambil"), "{told:?}");
        assert_eq!(talked.files(case).await, [0]);
    }
}
