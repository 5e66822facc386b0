//! Conversations by WhatsApp and Messenger and below posts of a page: through the door at which the
//! provider knocks, and against a stand-in of it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_stand_ins::meta::{self, Meta, PAGE_ID, PHONE_NUMBER_ID, Refusal, Signed};
use lapor_web::log::Overheard;
use serde_json::{Value, json};
use tower::util::ServiceExt as _;

use super::private::Log;
use super::{HOUR_MS, MINUTE_MS, kept, ruled};
use crate::channels::delivery::Spoken;
use crate::channels::{
    FacebookSettings, Keyword, Lines, MetaSettings, NewKeyword, WhatsappSettings,
};
use crate::node::Node;
use crate::testing::{PaperHub, Place, acts, databases, jpeg};

const SECRET: &str = "rahasia-aplikasi";
const TOKEN: &str = "EAAtoken";
const WORD: &str = "kata-sandi-webhook";
const SITI: &str = "6281234567890";
const NAME: &str = "Siti Aminah";
const BUDI: &str = "7123456789012345";

/// A node with all lines of the provider.
struct Chat {
    place: Place,
    meta: Meta,
    lines: Lines,
    router: Router,
    hub: Arc<PaperHub>,
}

impl Chat {
    async fn open() -> Vec<Self> {
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

    fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    async fn knocks(&self, signed: &Signed) -> StatusCode {
        let request = Request::post("/saluran/meta")
            .header("content-type", "application/json")
            .header("x-hub-signature-256", &signed.signature)
            .body(Body::from(signed.body.clone()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    async fn hands_over(&self, body: &Value) {
        let signed = self.meta.signed(body.to_string());
        assert_eq!(self.knocks(&signed).await, StatusCode::OK);
    }

    async fn hears(&self) {
        while self.node().hear_round(&self.lines).await.unwrap() > 0 {}
        self.node().write_channel_news().await.unwrap();
    }

    async fn speaks(&self) {
        for line in &self.lines.0 {
            while matches!(
                self.node().say_round(&**line).await.unwrap(),
                Spoken::Worked(_)
            ) {}
        }
    }

    async fn told(&self) -> Vec<String> {
        self.hears().await;
        self.speaks().await;
        self.meta.texts()
    }

    /// Siti writes by WhatsApp; what is said then.
    async fn writes(&self, id: &str, text: &str) -> Vec<String> {
        let text = json!({"type": "text", "text": {"body": text}});
        self.sends(id, &text).await
    }

    async fn sends(&self, id: &str, message: &Value) -> Vec<String> {
        self.hands_over(&meta::whatsapp((SITI, NAME), id, message))
            .await;
        self.told().await
    }

    async fn cases(&self) -> Vec<CaseId> {
        const SQL: &str = "select case_id from cases order by filed_at, case_id";
        let mut tx = self.node().read_tx().await.unwrap();
        let cases: Vec<String> =
            on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_all(c).await).unwrap();
        cases.iter().map(|case| case.parse().unwrap()).collect()
    }

    async fn column(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap()
    }

    async fn taken(&self) -> Vec<String> {
        self.column("select channel || ' ' || state from channel_taken order by number")
            .await
    }

    /// What was to be said, and what became of it.
    async fn outbox(&self) -> Vec<String> {
        self.column("select channel || ' ' || state from channel_outbox order by number")
            .await
    }

    async fn files(&self, case: CaseId) -> usize {
        let view = self.node().case(case).await.unwrap();
        view.history[0].attachments.len()
    }

    /// The institution does something, and the hub rules it.
    async fn follows_up(&self, case: CaseId, text: &str) {
        ruled(&self.place, &self.hub).await;
        self.place.clock.advance(MINUTE_MS);
        let body = json!({"proposes_to_close": false});
        let text = Some(json!({"text": text}));
        acts(&self.place, case, "case.followed_up", body, text).await;
        ruled(&self.place, &self.hub).await;
    }

    /// Files a report of Siti's by WhatsApp.
    async fn filed(&self) -> CaseId {
        self.writes("w1", "Lampu jalan padam di Kota Bandung sejak Minggu.")
            .await;
        self.writes("w2", "LEWATI").await;
        self.writes("w3", "YA").await;
        self.cases().await[0]
    }
}

fn image(id: &str) -> Value {
    json!({"type": "image", "image": {"id": id, "mime_type": "image/jpeg"}})
}

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
