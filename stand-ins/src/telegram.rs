//! Telegram's Bot API (https://core.telegram.org/bots/api) with one bot: people write to it, it is
//! asked by `getUpdates` or hands over to a webhook, and takes what the bot says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::mood::{Mood, Trouble, behind};
use crate::serving::{Knock, Serving};

/// The token of the bot.
pub const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
/// Updates as the provider publishes them.
pub const PHOTO: &str = include_str!("../fixtures/telegram/photo.json");
pub const VENUE: &str = include_str!("../fixtures/telegram/venue.json");
/// Unix seconds of what is said.
const DATE: i64 = 1_790_000_000;

pub struct Telegram {
    pub mood: Arc<Mood>,
    inner: Arc<Inner>,
    serving: Serving,
}

struct Inner {
    mood: Arc<Mood>,
    state: Mutex<Bot>,
    /// Rung when something was written.
    written: Notify,
    /// Rung when the bot said something.
    told: Notify,
}

#[derive(Default)]
struct Bot {
    updates: Vec<Value>,
    /// What was fetched and confirmed.
    confirmed: Vec<Value>,
    numbers: i64,
    messages: i64,
    said: Vec<Value>,
    blocked: BTreeSet<i64>,
    files: BTreeMap<String, Vec<u8>>,
    webhook: Option<(String, String)>,
    /// Whether `getUpdates` waits for something.
    holds: bool,
}

impl Telegram {
    pub async fn open() -> Self {
        let mood = Arc::new(Mood::default());
        let inner = Arc::new(Inner {
            mood: Arc::clone(&mood),
            state: Mutex::default(),
            written: Notify::new(),
            told: Notify::new(),
        });
        let router = Router::new()
            .route("/{bot}/{method}", post(method))
            .route("/file/{bot}/{*path}", get(file))
            .with_state(Arc::clone(&inner));
        Self {
            mood,
            inner,
            serving: Serving::of(router).await,
        }
    }

    pub fn base_url(&self) -> &str {
        &self.serving.base
    }

    /// Whether it holds `getUpdates` for as long as it is asked to while nothing is there.
    pub fn holds(&self, holds: bool) {
        self.bot().holds = holds;
    }

    /// Numbers of updates and messages go on behind this one.
    pub fn goes_on_from(&self, number: i64) {
        let mut bot = self.bot();
        (bot.numbers, bot.messages) = (number, number);
    }

    /// Somebody writes to the bot; answers with the number of the message.
    pub fn writes(&self, from: i64, text: &str) -> i64 {
        self.sends(from, json!({"text": text}))
    }

    /// Somebody sends a message with these fields to the bot.
    pub fn sends(&self, from: i64, fields: Value) -> i64 {
        let chat = json!({
            "id": from,
            "type": "private",
            "first_name": "Siti",
            "last_name": "Aminah",
            "username": "siti_aminah",
        });
        self.adds("message", from, &chat, fields)
    }

    /// Somebody writes in a group in which the bot is.
    pub fn writes_in_group(&self, group: i64, from: i64, text: &str) -> i64 {
        let chat = json!({"id": group, "type": "supergroup", "title": "Warga RW 05"});
        self.adds("message", from, &chat, json!({"text": text}))
    }

    /// Somebody sends a picture, which Telegram keeps in two sizes.
    pub fn sends_picture(&self, from: i64, caption: &str, picture: &[u8]) -> i64 {
        let small = self.keeps(&[0xff; 10]);
        let large = self.keeps(picture);
        let photo = json!([
            {"file_id": small, "file_unique_id": "s", "width": 90, "height": 51, "file_size": 10},
            {"file_id": large, "file_unique_id": "l", "width": 1280, "height": 720, "file_size": picture.len()},
        ]);
        self.sends(from, json!({"photo": photo, "caption": caption}))
    }

    /// Somebody changes what they wrote.
    pub fn edits(&self, from: i64, message: i64, text: &str) {
        self.edits_with(from, message, json!({"text": text}));
    }

    /// A message of somebody has these fields now.
    pub fn edits_with(&self, from: i64, message: i64, mut fields: Value) {
        let chat = json!({"id": from, "type": "private", "first_name": "Siti"});
        fields["message_id"] = json!(message);
        fields["edit_date"] = json!(DATE + 60);
        self.adds("edited_message", from, &chat, fields);
    }

    /// A file by its id.
    pub fn keeps(&self, bytes: &[u8]) -> String {
        let mut bot = self.bot();
        let id = format!("AgACAgUAAxkBAAI{:04}", bot.files.len());
        bot.files.insert(id.clone(), bytes.to_vec());
        id
    }

    /// Somebody blocks the bot, or takes it back.
    pub fn blocks(&self, from: i64, blocks: bool) {
        let mut bot = self.bot();
        if blocks {
            bot.blocked.insert(from);
        } else {
            bot.blocked.remove(&from);
        }
    }

    /// Hands out again what was confirmed before.
    pub fn forgets_what_was_fetched(&self) {
        let mut bot = self.bot();
        let mut all = std::mem::take(&mut bot.confirmed);
        all.append(&mut bot.updates);
        bot.updates = all;
    }

    /// Hands out what waits in the other order.
    pub fn turns_round(&self) {
        self.bot().updates.reverse();
    }

    /// What the bot said since this was last asked, as it asked for it.
    pub fn said(&self) -> Vec<Value> {
        std::mem::take(&mut self.bot().said)
    }

    /// Returns when the bot has said something.
    pub async fn was_told(&self) {
        loop {
            let told = self.inner.told.notified();
            if !self.bot().said.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// Another program has set a webhook.
    pub fn is_hooked(&self, url: &str) {
        self.bot().webhook = Some((url.into(), String::new()));
    }

    /// Where it hands over, and with which secret.
    pub fn webhook(&self) -> Option<(String, String)> {
        self.bot().webhook.clone()
    }

    /// What waits, as it is handed over to a webhook.
    pub fn knocks(&self) -> Vec<Knock> {
        let mut bot = self.bot();
        let secret = bot.webhook.as_ref().map(|(_, secret)| secret.clone());
        let secret = secret.unwrap_or_default();
        let updates = std::mem::take(&mut bot.updates);
        let knocks = updates.iter().map(|update| Knock {
            headers: vec![("x-telegram-bot-api-secret-token", secret.clone())],
            body: update.to_string().into_bytes(),
        });
        knocks.collect()
    }

    fn adds(&self, kind: &str, from: i64, chat: &Value, fields: Value) -> i64 {
        let mut bot = self.bot();
        bot.numbers += 1;
        bot.messages += i64::from(kind == "message");
        let mut message = json!({
            "message_id": bot.messages,
            "date": DATE,
            "from": {
                "id": from,
                "is_bot": false,
                "first_name": "Siti",
                "last_name": "Aminah",
                "username": "siti_aminah",
                "language_code": "id",
            },
            "chat": chat,
        });
        if let (Some(message), Value::Object(fields)) = (message.as_object_mut(), fields) {
            message.extend(fields);
        }
        let id = message["message_id"].as_i64().unwrap_or_default();
        let update = json!({"update_id": 870_000_000 + bot.numbers, kind: message});
        bot.updates.push(update);
        drop(bot);
        self.inner.written.notify_waiters();
        id
    }

    fn bot(&self) -> MutexGuard<'_, Bot> {
        self.inner.bot()
    }
}

impl Inner {
    fn bot(&self) -> MutexGuard<'_, Bot> {
        self.state.lock().expect("nobody panics in the bot")
    }

    async fn updates(&self, asked: &Value) -> Response {
        let hold = Duration::from_secs(asked["timeout"].as_u64().unwrap_or_default());
        let until = tokio::time::Instant::now() + hold;
        loop {
            let written = self.written.notified();
            {
                let mut bot = self.bot();
                if bot.webhook.is_some() {
                    return refused(
                        409,
                        "Conflict: can't use getUpdates method while webhook is active",
                        None,
                    );
                }
                let found = bot.handed_out(asked);
                if !found.is_empty() || !bot.holds {
                    return fine(&json!(found));
                }
            }
            if tokio::time::timeout_at(until, written).await.is_err() {
                return fine(&json!([]));
            }
        }
    }
}

impl Bot {
    fn handed_out(&mut self, asked: &Value) -> Vec<Value> {
        let offset = asked["offset"].as_i64().unwrap_or_default();
        let number = |update: &Value| update["update_id"].as_i64().unwrap_or_default();
        let (left, gone): (Vec<Value>, Vec<Value>) = std::mem::take(&mut self.updates)
            .into_iter()
            .partition(|one| number(one) >= offset);
        self.confirmed.extend(gone);
        self.updates = left;
        let limit = asked["limit"].as_u64().unwrap_or(100) as usize;
        self.updates.iter().take(limit).cloned().collect()
    }

    fn sends(&mut self, asked: &Value) -> Response {
        let Some(chat) = asked["chat_id"].as_i64() else {
            return refused(400, "Bad Request: chat_id is empty", None);
        };
        if self.blocked.contains(&chat) {
            return refused(403, "Forbidden: bot was blocked by the user", None);
        }
        let text = asked["text"].as_str().unwrap_or_default();
        if text.is_empty() || text.chars().count() > 4096 {
            return refused(400, "Bad Request: message text is empty or too long", None);
        }
        self.messages += 1;
        self.said.push(asked.clone());
        let sent =
            json!({"message_id": self.messages, "date": DATE, "chat": {"id": chat}, "text": text});
        fine(&sent)
    }

    fn finds(&self, asked: &Value) -> Response {
        let id = asked["file_id"].as_str().unwrap_or_default();
        match self.files.get(id) {
            Some(bytes) if bytes.len() > 20_000_000 => {
                refused(400, "Bad Request: file is too big", None)
            }
            Some(bytes) => fine(&json!({
                "file_id": id,
                "file_size": bytes.len(),
                "file_path": format!("photos/{id}"),
            })),
            None => refused(400, "Bad Request: invalid file_id", None),
        }
    }
}

async fn method(
    State(inner): State<Arc<Inner>>,
    Path((bot, method)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    match inner.mood.meets().await {
        Some(Trouble::Busy(seconds)) => {
            return refused(429, "Too Many Requests: retry later", Some(seconds));
        }
        Some(Trouble::Fails(status)) => return refused(status, "something is wrong here", None),
        Some(Trouble::Behind(status, body)) => return behind(status, body),
        Some(Trouble::Slow(_)) | None => {}
    }
    if bot != format!("bot{TOKEN}") {
        return refused(401, "Unauthorized", None);
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    match method.as_str() {
        "getUpdates" => inner.updates(&asked).await,
        "sendMessage" => {
            let answer = inner.bot().sends(&asked);
            inner.told.notify_waiters();
            answer
        }
        "getFile" => inner.bot().finds(&asked),
        "setWebhook" => {
            let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
            inner.bot().webhook = Some((text("url"), text("secret_token")));
            fine(&json!(true))
        }
        "deleteWebhook" => {
            inner.bot().webhook = None;
            fine(&json!(true))
        }
        "getMe" => fine(&json!({"id": 110_201_543, "is_bot": true, "username": "lapor_bot"})),
        _ => refused(404, "Not Found: method not found", None),
    }
}

async fn file(
    State(inner): State<Arc<Inner>>,
    Path((bot, path)): Path<(String, String)>,
) -> Response {
    if let Some(Trouble::Fails(status)) = inner.mood.meets().await {
        return refused(status, "something is wrong here", None);
    }
    if bot != format!("bot{TOKEN}") {
        return refused(401, "Unauthorized", None);
    }
    let id = path.strip_prefix("photos/").unwrap_or_default();
    let bytes = inner.bot().files.get(id).cloned();
    bytes.map_or_else(
        || refused(404, "Not Found", None),
        IntoResponse::into_response,
    )
}

fn fine(result: &Value) -> Response {
    Json(json!({"ok": true, "result": result})).into_response()
}

fn refused(status: u16, description: &str, retry_after: Option<u64>) -> Response {
    let mut told = json!({"ok": false, "error_code": status, "description": description});
    if let Some(seconds) = retry_after {
        told["parameters"] = json!({"retry_after": seconds});
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(told)).into_response()
}
