//! Conversations with people over Telegram, against a stand-in for its Bot API.

use std::sync::Arc;

use lapor_stand_ins::telegram::{TOKEN, Telegram};
use serde_json::{Value, json};

use super::{MINUTE_MS, PLACED, Talked, kept};
use crate::channels::telegram::{self, Way};
use crate::testing::{Place, databases, jpeg};

pub(super) const SITI: i64 = 412_587_349;
pub(super) const BUDI: i64 = 587_349_412;
const GROUP: i64 = -1_001_234_567_890;

/// A node with a bot.
pub(super) struct Bot {
    pub talked: Talked,
    pub line: Arc<telegram::Telegram>,
    pub provider: Telegram,
}

impl Bot {
    pub async fn by(way: Way) -> Vec<Self> {
        lapor_certs::tls::install_default_provider();
        let mut out = Vec::new();
        for db in databases().await {
            let provider = Telegram::open().await;
            let mut place = Place::joined("kota-bandung", db).await;
            let token_file = Some(kept(&place, "telegram-token", TOKEN));
            let secret_file = Some(kept(&place, "telegram-secret", SECRET));
            let settings = &mut place.settings.channels.telegram;
            settings.base_url = provider.base_url().into();
            (settings.token_file, settings.secret_file) = (token_file, secret_file);
            settings.way = way;
            let line = Arc::new(telegram::of(settings).unwrap().unwrap());
            place.node = place.reopened().await;
            out.push(Self {
                talked: Talked::over(place, line.clone()),
                line,
                provider,
            });
        }
        out
    }

    /// Fetches what was written, and says what follows.
    pub async fn hears(&self) -> Vec<Value> {
        self.line.fetch_updates(self.talked.node()).await.unwrap();
        self.goes_on().await
    }

    /// What is said of what is here.
    pub async fn goes_on(&self) -> Vec<Value> {
        self.talked.hears().await;
        self.talked.speaks().await;
        self.provider.said()
    }

    pub async fn says(&self, from: i64, text: &str) -> Vec<String> {
        self.provider.writes(from, text);
        texts(&self.hears().await)
    }
}

pub(super) const SECRET: &str = "kunci-Masuk_Telegram17";

pub(super) fn texts(said: &[Value]) -> Vec<String> {
    let texts = said.iter().map(|one| one["text"].as_str().unwrap());
    texts.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_report_with_a_shared_place_and_a_picture_is_filed_and_told_of() {
    for bot in Bot::by(Way::Poll).await {
        let told = bot.says(SITI, "/start").await;
        assert!(told[0].starts_with("Tulis keluhan Anda"), "{told:?}");
        bot.provider
            .writes(SITI, "Lampu jalan padam sudah seminggu ini");
        let asked = bot.hears().await;
        assert!(
            texts(&asked)[0].starts_with("Di mana tepatnya?"),
            "{asked:?}"
        );
        let button = &asked[0]["reply_markup"]["keyboard"][0][0];
        assert_eq!(
            button,
            &json!({"text": "Kirim lokasi saya", "request_location": true})
        );
        let at = json!({"location": {"latitude": -6.9, "longitude": 107.6}});
        bot.provider.sends(SITI, at);
        let asked = bot.hears().await;
        assert!(texts(&asked)[0].starts_with("Ada foto"), "{asked:?}");
        assert_eq!(asked[0]["reply_markup"], json!({"remove_keyboard": true}));
        bot.provider.sends_picture(SITI, "", &jpeg(64, 3000));
        let asked = texts(&bot.hears().await);
        assert!(asked[0].starts_with("Kami kirim laporan ini"), "{asked:?}");
        let told = bot.says(SITI, "YA").await;
        let (case, ticket) = bot.talked.case().await;
        assert!(told[0].contains(&ticket), "{told:?}");
        let view = bot.talked.node().case(case).await.unwrap();
        assert_eq!(
            bot.talked.files(case).await,
            [1],
            "the largest of its sizes"
        );
        let words = view.history[0].words.as_ref().unwrap();
        assert_eq!(words["coordinates"]["longitude_micro"], 107_600_000);
        let identity = bot.talked.node().identity(case, "keeper").await.unwrap();
        assert_eq!(
            identity.unwrap().name.as_deref(),
            Some("Siti Aminah @siti_aminah (Telegram: 412587349)")
        );

        let place = json!([{"as": "place"}]);
        bot.talked
            .holds(case, json!(["Tiang yang mana?"]), place)
            .await;
        let asked = bot.goes_on().await;
        assert!(texts(&asked)[0].contains("Tiang yang mana?"), "{asked:?}");
        assert_eq!(
            asked[0]["reply_markup"]["keyboard"][0][0]["request_location"],
            true
        );
        let at = json!({"venue": {
            "location": {"latitude": -6.91, "longitude": 107.61},
            "title": "Taman Lansia",
            "address": "Jl. Cilaki",
        }});
        bot.provider.sends(SITI, at);
        let told = texts(&bot.hears().await);
        assert!(told[0].starts_with("Terima kasih. Pesan"), "{told:?}");
        let view = bot.talked.node().case(case).await.unwrap();
        let words = view.history.last().unwrap().words.clone().unwrap();
        assert_eq!(words["answers"], json!(["-6.91, 107.61"]));
    }
}

#[tokio::test]
async fn a_place_before_any_word_begins_a_report_and_its_name_is_the_place() {
    for bot in Bot::by(Way::Poll).await {
        let at = json!({"venue": {
            "location": {"latitude": -6.91, "longitude": 107.61},
            "title": "Taman Lansia",
            "address": "Jl. Cilaki Nomor 21, Bandung",
        }});
        bot.provider.sends(SITI, at);
        let told = texts(&bot.hears().await);
        assert!(told[0].starts_with("Apa yang ingin"), "{told:?}");
        bot.says(SITI, "Lampu jalan padam sudah seminggu ini").await;
        bot.says(SITI, "lewati").await;
        bot.says(SITI, "ya").await;
        let (case, _) = bot.talked.case().await;
        let view = bot.talked.node().case(case).await.unwrap();
        let words = view.history[0].words.as_ref().unwrap();
        assert_eq!(words["place"], "Taman Lansia, Jl. Cilaki Nomor 21, Bandung");
        assert_eq!(words["coordinates"]["latitude_micro"], -6_910_000);
        assert_eq!(words["content"], "Lampu jalan padam sudah seminggu ini");
    }
}

#[tokio::test]
async fn what_is_changed_is_told_anew_in_a_draft_and_completes_what_was_filed() {
    for bot in Bot::by(Way::Poll).await {
        let first = bot.provider.writes(SITI, PLACED);
        bot.hears().await;
        bot.provider.edits(
            SITI,
            first,
            "Lampu jalan padam di Kota Bandung sejak Senin.",
        );
        assert!(bot.hears().await.is_empty());
        bot.says(SITI, "lewati").await;
        bot.says(SITI, "YA").await;
        let (case, ticket) = bot.talked.case().await;
        let view = bot.talked.node().case(case).await.unwrap();
        let words = view.history[0].words.as_ref().unwrap();
        assert_eq!(
            words["content"],
            "Lampu jalan padam di Kota Bandung sejak Senin."
        );
        // The same text again is a matter of its frame.
        bot.provider
            .edits(SITI, first, "Lampu jalan padam di Kota Bandung sejak Senin");
        assert!(bot.hears().await.is_empty());
        bot.provider.edits(
            SITI,
            first,
            "Lampu jalan padam di Dago, Kota Bandung, sejak Senin.",
        );
        let told = texts(&bot.hears().await);
        assert!(told[0].starts_with("Terima kasih. Pesan"), "{told:?}");
        let kinds = bot.talked.messages(case).await;
        assert_eq!(kinds, ["report.filed", "report.completed"]);
        // A correction answers no question.
        bot.talked
            .holds(case, json!(["Tiang yang mana?"]), json!([]))
            .await;
        bot.goes_on().await;
        bot.provider.edits(
            SITI,
            first,
            "Lampu jalan padam di mana-mana di Kota Bandung.",
        );
        let told = texts(&bot.hears().await);
        assert!(
            told[0].contains(&format!("untuk laporan {ticket} sekarang")),
            "{told:?}"
        );
        assert_eq!(bot.talked.messages(case).await.len(), 3);
        let told = bot.says(SITI, "Yang di depan toko roti").await;
        assert!(told[0].starts_with("Terima kasih. Pesan"), "{told:?}");
    }
}

#[tokio::test]
async fn a_reply_to_what_the_bot_said_of_a_case_is_for_that_case() {
    for bot in Bot::by(Way::Poll).await {
        bot.says(SITI, PLACED).await;
        bot.says(SITI, "lewati").await;
        bot.says(SITI, "ya").await;
        let (case, _) = bot.talked.case().await;
        bot.talked
            .follows_up(case, "Petugas sudah ke sana.", false)
            .await;
        let said = bot.goes_on().await;
        assert!(
            texts(&said)[0].ends_with("Petugas sudah ke sana."),
            "{said:?}"
        );
        // The bot has said four things, and Siti three.
        let to =
            json!({"text": "Masih padam sampai tadi malam", "reply_to_message": {"message_id": 7}});
        bot.provider.sends(SITI, to);
        let told = texts(&bot.hears().await);
        assert!(told[0].starts_with("Terima kasih. Pesan"), "{told:?}");
        assert_eq!(
            bot.talked.messages(case).await.last().unwrap(),
            "case.replied"
        );
    }
}

#[tokio::test]
async fn a_group_is_told_once_where_to_write_and_nothing_of_it_is_a_report() {
    for bot in Bot::by(Way::Poll).await {
        bot.provider.writes_in_group(GROUP, SITI, PLACED);
        let told = bot.hears().await;
        assert_eq!(
            texts(&told),
            ["Di grup kami tidak menerima laporan. Tulislah langsung ke akun ini."]
        );
        assert_eq!(told[0]["chat_id"], GROUP);
        assert!(
            told[0].get("reply_markup").is_none(),
            "all would have the button"
        );
        bot.provider.writes_in_group(GROUP, BUDI, "/stop");
        bot.provider.writes_in_group(GROUP, BUDI, PLACED);
        assert!(bot.hears().await.is_empty());
        assert!(bot.talked.cases().await.is_empty());
        let taken = bot.talked.taken().await;
        assert!(taken.iter().all(|(state, _)| state == "aside"), "{taken:?}");
    }
}

#[tokio::test]
async fn machines_and_places_that_move_are_not_answered() {
    for bot in Bot::by(Way::Poll).await {
        let machine =
            json!({"from": {"id": 7, "is_bot": true, "first_name": "Bot"}, "text": PLACED});
        bot.provider.sends(SITI, machine);
        let moved = json!({"location": {"latitude": -6.9, "longitude": 107.6, "live_period": 900}});
        let first = bot.provider.sends(SITI, moved.clone());
        let asked = texts(&bot.hears().await);
        assert_eq!(asked.len(), 1, "{asked:?}");
        bot.provider.edits_with(SITI, first, moved);
        assert!(bot.hears().await.is_empty());
        bot.talked.place.clock.advance(60 * MINUTE_MS);
        bot.goes_on().await;
        assert!(bot.talked.cases().await.is_empty());
    }
}
