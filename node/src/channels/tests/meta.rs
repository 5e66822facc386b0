//! Conversations by WhatsApp, through the door at which the provider knocks, and against a stand-in of
//! it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_stand_ins::meta::{self, Meta, PAGE_ID, PHONE_NUMBER_ID, Signed};
use serde_json::{Value, json};
use tower::util::ServiceExt as _;

use super::{HOUR_MS, MINUTE_MS, kept, ruled};
use crate::channels::delivery::Spoken;
use crate::channels::{FacebookSettings, Lines, MetaSettings, WhatsappSettings};
use crate::node::Node;
use crate::testing::{PaperHub, Place, acts, databases, jpeg};

pub(super) const SECRET: &str = "rahasia-aplikasi";
pub(super) const TOKEN: &str = "EAAtoken";
pub(super) const WORD: &str = "kata-sandi-webhook";
pub(super) const SITI: &str = "6281234567890";
pub(super) const NAME: &str = "Siti Aminah";
pub(super) const BUDI: &str = "7123456789012345";

/// A node with all lines of the provider.
pub(super) struct Chat {
    pub place: Place,
    pub meta: Meta,
    lines: Lines,
    pub router: Router,
    hub: Arc<PaperHub>,
}

impl Chat {
    pub async fn open() -> Vec<Self> {
        lapor_certs::tls::install_default_provider();
        let mut out = Vec::new();
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let meta = Meta::open(SECRET, TOKEN).await.unwrap();
            let page = MetaSettings {
                app_secret_file: Some(kept(&place, "meta-secret", SECRET)),
                verify_token_file: Some(kept(&place, "meta-word", WORD)),
                base_url: meta.base_url.clone(),
                ..MetaSettings::default()
            };
            let whatsapp = WhatsappSettings {
                phone_number_id: Some(PHONE_NUMBER_ID.into()),
                token_file: Some(kept(&place, "whatsapp-token", TOKEN)),
                template: Some("ada_kabar".into()),
                ..WhatsappSettings::default()
            };
            let facebook = FacebookSettings {
                page_id: Some(PAGE_ID.into()),
                page_token_file: Some(kept(&place, "page-token", TOKEN)),
                ..FacebookSettings::default()
            };
            place.settings.channels.meta = page;
            place.settings.channels.whatsapp = whatsapp;
            place.settings.channels.facebook = facebook;
            place.node = place.reopened().await;
            out.push(Self {
                lines: Lines::of(&place.settings.channels).unwrap(),
                router: crate::doors::router(place.node.clone()),
                hub: PaperHub::of(&place),
                place,
                meta,
            });
        }
        out
    }

    pub fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    pub async fn knocks(&self, signed: &Signed) -> StatusCode {
        let request = Request::post("/saluran/meta")
            .header("content-type", "application/json")
            .header("x-hub-signature-256", &signed.signature)
            .body(Body::from(signed.body.clone()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    pub async fn hands_over(&self, body: &Value) {
        let signed = self.meta.signed(body.to_string());
        assert_eq!(self.knocks(&signed).await, StatusCode::OK);
    }

    pub async fn hears(&self) {
        while self.node().hear_round(&self.lines).await.unwrap() > 0 {}
        self.node().write_channel_news().await.unwrap();
    }

    pub async fn speaks(&self) {
        for line in &self.lines.0 {
            while matches!(
                self.node().say_round(&**line).await.unwrap(),
                Spoken::Worked(_)
            ) {}
        }
    }

    pub async fn told(&self) -> Vec<String> {
        self.hears().await;
        self.speaks().await;
        self.meta.texts()
    }

    /// Siti writes by WhatsApp; what is said then.
    pub async fn writes(&self, id: &str, text: &str) -> Vec<String> {
        let text = json!({"type": "text", "text": {"body": text}});
        self.sends(id, &text).await
    }

    pub async fn sends(&self, id: &str, message: &Value) -> Vec<String> {
        self.hands_over(&meta::whatsapp((SITI, NAME), id, message))
            .await;
        self.told().await
    }

    pub async fn cases(&self) -> Vec<CaseId> {
        const SQL: &str = "select case_id from cases order by filed_at, case_id";
        let mut tx = self.node().read_tx().await.unwrap();
        let cases: Vec<String> =
            on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_all(c).await).unwrap();
        cases.iter().map(|case| case.parse().unwrap()).collect()
    }

    pub async fn column(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap()
    }

    pub async fn taken(&self) -> Vec<String> {
        self.column("select channel || ' ' || state from channel_taken order by number")
            .await
    }

    /// What was to be said, and what became of it.
    pub async fn outbox(&self) -> Vec<String> {
        self.column("select channel || ' ' || state from channel_outbox order by number")
            .await
    }

    pub async fn files(&self, case: CaseId) -> usize {
        let view = self.node().case(case).await.unwrap();
        view.history[0].attachments.len()
    }

    /// The institution does something, and the hub rules it.
    pub async fn follows_up(&self, case: CaseId, text: &str) {
        ruled(&self.place, &self.hub).await;
        self.place.clock.advance(MINUTE_MS);
        let body = json!({"proposes_to_close": false});
        let text = Some(json!({"text": text}));
        acts(&self.place, case, "case.followed_up", body, text).await;
        ruled(&self.place, &self.hub).await;
    }

    /// Files a report of Siti's by WhatsApp.
    pub async fn filed(&self) -> CaseId {
        self.writes("w1", "Lampu jalan padam di Kota Bandung sejak Minggu.")
            .await;
        self.writes("w2", "LEWATI").await;
        self.writes("w3", "YA").await;
        self.cases().await[0]
    }
}

pub(super) fn image(id: &str) -> Value {
    json!({"type": "image", "image": {"id": id, "mime_type": "image/jpeg"}})
}

#[tokio::test]
async fn a_conversation_with_a_place_and_a_picture_becomes_a_case() {
    for chat in Chat::open().await {
        chat.meta.keeps("1003", "image/jpeg", jpeg(64, 3000));
        let told = chat
            .writes("w1", "Lampu jalan padam sejak hari Minggu")
            .await;
        assert!(told[0].starts_with("Di mana tepatnya?"), "{told:?}");
        let place = json!({"latitude": -6.9175, "longitude": 107.6191, "name": "Braga"});
        let place = json!({"type": "location", "location": place});
        let told = chat.sends("w2", &place).await;
        assert!(told[0].starts_with("Ada foto"), "{told:?}");
        let told = chat.sends("w3", &image("1003")).await;
        assert!(told[0].starts_with("Kami kirim laporan ini"), "{told:?}");
        let told = chat.writes("w4", "Ya").await;
        let case = chat.cases().await[0];
        let view = chat.node().case(case).await.unwrap();
        let words = view.history[0].words.as_ref().unwrap();
        assert_eq!(words["coordinates"]["latitude_micro"], -6_917_500);
        assert_eq!(chat.files(case).await, 1);
        let ticket = view.summary.ticket.unwrap();
        assert!(told[0].contains(&ticket), "{told:?}");
        let identity = chat.node().identity(case, "keeper").await.unwrap().unwrap();
        assert_eq!(identity.phone.as_deref(), Some("+6281234567890"));
        assert_eq!(identity.name.as_deref(), Some(NAME));
        // A later one belongs to it.
        let told = chat.sends("w5", &image("1003")).await;
        assert!(told[0].contains("kami teruskan"), "{told:?}");
    }
}

#[tokio::test]
async fn where_a_place_is_asked_for_a_button_shares_it_and_its_name_is_kept() {
    for chat in Chat::open().await {
        let text = json!({"type": "text", "text": {"body": "Lampu jalan padam sejak Minggu"}});
        chat.hands_over(&meta::whatsapp((SITI, NAME), "w1", &text))
            .await;
        chat.hears().await;
        chat.speaks().await;
        let asked = chat.meta.told().remove(0).body;
        assert_eq!(asked["type"], "interactive");
        let button = &asked["interactive"];
        assert_eq!(button["type"], "location_request_message");
        assert_eq!(button["action"], json!({"name": "send_location"}));
        let words = button["body"]["text"].as_str().unwrap();
        assert!(words.starts_with("Di mana tepatnya?"), "{words}");
        let place = json!({"latitude": -6.9175, "longitude": 107.6191, "name": "Braga",
            "address": "Jl. Braga, Bandung"});
        let place = json!({"type": "location", "location": place});
        let told = chat.sends("w2", &place).await;
        assert!(told[0].starts_with("Ada foto"), "{told:?}");
        chat.writes("w3", "LEWATI").await;
        chat.writes("w4", "YA").await;
        let view = chat.node().case(chat.cases().await[0]).await.unwrap();
        let words = view.history[0].words.as_ref().unwrap();
        assert_eq!(words["place"], "Braga, Jl. Braga, Bandung");
        assert_eq!(words["content"], "Lampu jalan padam sejak Minggu");
        assert_eq!(words["coordinates"]["latitude_micro"], -6_917_500);
    }
}

#[tokio::test]
async fn what_came_too_late_waits_and_goes_out_when_they_write_again() {
    for chat in Chat::open().await {
        let case = chat.filed().await;
        chat.follows_up(case, "Petugas berangkat.").await;
        let told = chat.told().await;
        assert_eq!(told.len(), 1, "{told:?}");
        let last = format!("wamid.OURS{}", chat.outbox().await.len());
        for _ in 0..2 {
            chat.hands_over(&meta::too_late(&last)).await;
        }
        chat.hears().await;
        chat.speaks().await;
        let said = chat.meta.told();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].body["template"]["name"], "ada_kabar");
        assert_eq!(chat.outbox().await.last().unwrap(), "whatsapp closed");
        let again = chat.writes("w8", "halo").await;
        assert_eq!(again[0], told[0]);
    }
}

#[tokio::test]
async fn who_hides_their_number_is_reached_by_an_id_that_is_no_number() {
    for chat in Chat::open().await {
        let text = |id: &str, text: &str| {
            let mut body = serde_json::from_str::<Value>(meta::WHATSAPP_HIDDEN).unwrap();
            let message = &mut body["entry"][0]["changes"][0]["value"]["messages"][0];
            message["text"]["body"] = text.into();
            message["id"] = id.into();
            message["timestamp"] = Value::Null;
            body
        };
        for (id, words) in [
            ("h1", "Jalan berlubang di Kota Bandung depan sekolah"),
            ("h2", "LEWATI"),
            ("h3", "YA"),
        ] {
            chat.hands_over(&text(id, words)).await;
            chat.hears().await;
        }
        chat.speaks().await;
        let said = chat.meta.told();
        assert_eq!(said[0].body["recipient"], "ID.13491208655302741918");
        assert!(said[0].body["to"].is_null());
        let case = chat.cases().await[0];
        let identity = chat.node().identity(case, "keeper").await.unwrap().unwrap();
        assert_eq!(identity.phone, None);
        assert_eq!(
            identity.name.as_deref(),
            Some("Budi (WhatsApp: ID.13491208655302741918)")
        );
    }
}

#[tokio::test]
async fn outside_of_the_window_words_wait_and_a_template_asks_once() {
    for chat in Chat::open().await {
        let case = chat.filed().await;
        chat.place.clock.advance(25 * HOUR_MS);
        for text in ["Petugas berangkat.", "Lampu dipesan."] {
            chat.follows_up(case, text).await;
            chat.hears().await;
            chat.speaks().await;
        }
        let said = chat.meta.told();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].body["template"]["name"], "ada_kabar");
        let told = chat.writes("w8", "halo").await;
        assert!(told[0].ends_with("Petugas berangkat."), "{told:?}");
        chat.meta.window(SITI, false);
        // The provider's word is the last one.
        let told = chat.writes("w9", "STATUS").await;
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(chat.outbox().await.last().unwrap(), "whatsapp closed");
        chat.meta.window(SITI, true);
        let told = chat.writes("w10", "halo").await;
        assert!(told[0].contains("Kabar terakhir"), "{told:?}");
    }
}

#[tokio::test]
async fn what_was_said_long_ago_is_answered_when_they_write_again() {
    for chat in Chat::open().await {
        // The node was off, and the provider hands over what is a year old.
        assert_eq!(
            chat.knocks(&chat.meta.signed(meta::WHATSAPP_TEXT)).await,
            StatusCode::OK
        );
        assert!(chat.told().await.is_empty());
        assert_eq!(chat.outbox().await, ["whatsapp closed"]);
        let told = chat.writes("w2", "Jalan Braga, Kota Bandung").await;
        assert_eq!(told.len(), 2, "{told:?}");
    }
}
