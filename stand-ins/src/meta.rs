//! Meta's Graph API with WhatsApp, Messenger and the comments of a page, and the webhooks that it
//! sends: signed with an application's secret, in the published shapes (`fixtures/meta`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

/// The number and the page of the published bodies.
pub const PHONE_NUMBER_ID: &str = "106540352242922";
pub const PAGE_ID: &str = "1906385232743451";

/// Bodies as the provider publishes them.
pub const WHATSAPP_TEXT: &str = include_str!("../fixtures/meta/whatsapp_text.json");
pub const WHATSAPP_HIDDEN: &str = include_str!("../fixtures/meta/whatsapp_hidden.json");
pub const WHATSAPP_IMAGE: &str = include_str!("../fixtures/meta/whatsapp_image.json");
pub const WHATSAPP_LOCATION: &str = include_str!("../fixtures/meta/whatsapp_location.json");
pub const WHATSAPP_STATUS: &str = include_str!("../fixtures/meta/whatsapp_status.json");
pub const MESSENGER_TEXT: &str = include_str!("../fixtures/meta/messenger_text.json");
pub const PAGE_COMMENT: &str = include_str!("../fixtures/meta/page_comment.json");
pub const PAGE_POST: &str = include_str!("../fixtures/meta/page_post.json");

/// The provider, as it is seen from outside.
#[derive(Clone)]
pub struct Meta {
    /// Where its Graph API is.
    pub base_url: String,
    secret: String,
    token: String,
    state: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    told: Vec<Told>,
    count: usize,
    files: BTreeMap<String, File>,
    orders: VecDeque<Refusal>,
    between: VecDeque<(u16, &'static str)>,
    closed: BTreeSet<String>,
    replied: BTreeSet<String>,
    forgets: bool,
    is_away: bool,
    pause: Duration,
}

#[derive(Clone)]
struct File {
    media_type: String,
    bytes: Vec<u8>,
}

/// What it was told to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// To which object, such as `106540352242922/messages`.
    pub to: String,
    pub body: Value,
}

/// What it answers to the next that it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: u32,
    /// Seconds of its `Retry-After`.
    pub retry_after: Option<u32>,
}

/// A body with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub body: String,
    /// Of `X-Hub-Signature-256`.
    pub signature: String,
}

impl Meta {
    /// Opens at a free port of this machine.
    pub async fn open(secret: &str, token: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let meta = Self {
            base_url: format!("http://{}", listener.local_addr()?),
            secret: secret.to_owned(),
            token: token.to_owned(),
            state: Arc::default(),
        };
        let router = Router::new()
            .route("/{version}/{id}/messages", post(messages))
            .route("/{version}/{id}/comments", post(comments))
            .route("/{version}/{id}", get(media))
            .route("/files/{id}", get(file))
            .with_state(meta.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(meta)
    }

    /// What it was told since this was last asked.
    pub fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.known().told)
    }

    /// The texts of it alone.
    pub fn texts(&self) -> Vec<String> {
        let texts = self.told().into_iter().filter_map(|told| {
            let body = &told.body;
            let text = [
                &body["text"]["body"],
                &body["interactive"]["body"]["text"],
                &body["message"]["text"],
                &body["message"],
            ];
            text.into_iter().find_map(Value::as_str).map(str::to_owned)
        });
        texts.collect()
    }

    /// Whether it is unwell and answers nothing else than that.
    pub fn is_away(&self, is_away: bool) {
        self.known().is_away = is_away;
    }

    /// Answers so much later.
    pub fn is_slow(&self, pause: Duration) {
        self.known().pause = pause;
    }

    /// What it answers to the next that it is told.
    pub fn refuses(&self, refusal: Refusal) {
        self.known().orders.push_back(refusal);
    }

    /// The next is said, and answered without its id.
    pub fn forgets(&self) {
        self.known().forgets = true;
    }

    /// The next is answered so, by what stands in between, and never comes here.
    pub fn is_behind(&self, status: u16, body: &'static str) {
        self.known().between.push_back((status, body));
    }

    /// Somebody has not written for too long, or has again.
    pub fn window(&self, of: &str, is_open: bool) {
        let mut known = self.known();
        if is_open {
            known.closed.remove(of);
        } else {
            known.closed.insert(of.to_owned());
        }
    }

    /// Somebody has sent a file; returns where it lies for whoever is told its address.
    pub fn keeps(&self, id: &str, media_type: &str, bytes: Vec<u8>) -> String {
        let media_type = media_type.to_owned();
        let file = File { media_type, bytes };
        self.known().files.insert(id.to_owned(), file);
        format!("{}/files/{id}", self.base_url)
    }

    /// A body as it hands it over.
    pub fn signed(&self, body: impl Into<String>) -> Signed {
        let body = body.into();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        Signed { body, signature }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What stands in the way of doing what it is asked.
    async fn obstacle(&self, headers: &HeaderMap) -> Option<Response> {
        let pause = self.known().pause;
        tokio::time::sleep(pause).await;
        let mut known = self.known();
        if known.is_away {
            return Some(refusal(503, 2, None));
        }
        if let Some((status, body)) = known.between.pop_front() {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return Some((status, body).into_response());
        }
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|told| told.to_str().ok());
        if bearer != Some(format!("Bearer {}", self.token).as_str()) {
            return Some(refusal(401, 190, None));
        }
        let order = known.orders.pop_front()?;
        Some(refusal(order.status, order.code, order.retry_after))
    }
}

/// One message of WhatsApp from somebody, in a body of its own.
pub fn whatsapp(from: (&str, &str), id: &str, message: &Value) -> Value {
    let mut message = message.clone();
    message["from"] = from.0.into();
    message["id"] = id.into();
    json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [{
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID},
            "contacts": [{"profile": {"name": from.1}, "wa_id": from.0}],
            "messages": [message],
        },
    }]}]})
}

/// What has become of a message that was taken: `sent`, `delivered`, `read` or `failed`.
pub fn status(id: &str, status: &str) -> Value {
    let mut told = json!({"id": id, "status": status, "timestamp": "1750030073"});
    if status == "failed" {
        told["errors"] = json!([{"code": 131_026, "title": "Message undeliverable"}]);
    }
    on_whatsapp(&told)
}

/// A message that was taken came too late, as is told of it afterwards.
pub fn too_late(id: &str) -> Value {
    let error = json!({"code": 131_047, "title": "Re-engagement message"});
    let told = json!({"id": id, "status": "failed", "timestamp": "1750030073", "errors": [error]});
    on_whatsapp(&told)
}

fn on_whatsapp(told: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [{
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID},
            "statuses": [told],
        },
    }]}]})
}

/// One message of Messenger from somebody.
pub fn messenger(from: &str, message: &Value) -> Value {
    json!({"object": "page", "entry": [{"id": PAGE_ID, "time": 1, "messaging": [
        {"sender": {"id": from}, "recipient": {"id": PAGE_ID}, "message": message},
    ]}]})
}

/// One comment below a post of the page.
pub fn comment(from: (&str, &str), id: &str, words: &str) -> Value {
    let post = format!("{PAGE_ID}_1");
    comment_below(from, id, &post, words)
}

/// One comment below another comment, or below a post.
pub fn comment_below(from: (&str, &str), id: &str, parent: &str, words: &str) -> Value {
    on_page(&json!({
        "from": {"id": from.0, "name": from.1},
        "item": "comment",
        "verb": "add",
        "comment_id": id,
        "parent_id": parent,
        "post_id": format!("{PAGE_ID}_1"),
        "message": words,
    }))
}

/// One post of a visitor of the page.
pub fn post_of_visitor(from: (&str, &str), id: &str, words: &str) -> Value {
    on_page(&json!({
        "from": {"id": from.0, "name": from.1},
        "item": "status",
        "verb": "add",
        "published": 1,
        "post_id": id,
        "message": words,
    }))
}

fn on_page(value: &Value) -> Value {
    let change = json!({"field": "feed", "value": value});
    json!({"object": "page", "entry": [{"id": PAGE_ID, "time": 1, "changes": [change]}]})
}

async fn messages(
    State(meta): State<Meta>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(obstacle) = meta.obstacle(&headers).await {
        return obstacle;
    }
    let mut known = meta.known();
    let whatsapp = body["messaging_product"] == "whatsapp";
    let recipient = &body["recipient"];
    let below = recipient["comment_id"].as_str();
    let below = below.or(recipient["post_id"].as_str());
    let to = if whatsapp {
        body["to"].as_str().or(recipient.as_str())
    } else {
        below.or(recipient["id"].as_str())
    };
    let Some(to) = to.map(str::to_owned) else {
        return refusal(400, 100, None);
    };
    if known.closed.contains(&to) && body["type"] != "template" {
        return refusal(400, if whatsapp { 131_047 } else { 10 }, None);
    }
    if below.is_some() && !known.replied.insert(to.clone()) {
        return refusal(400, 10_900, None);
    }
    known.count += 1;
    let count = known.count;
    let told = format!("{id}/messages");
    known.told.push(Told { to: told, body });
    if std::mem::take(&mut known.forgets) {
        return Json(json!({})).into_response();
    }
    let answer = if whatsapp {
        json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": format!("wamid.OURS{count}")}],
        })
    } else {
        json!({"recipient_id": to, "message_id": format!("m_OURS{count}")})
    };
    Json(answer).into_response()
}

async fn comments(
    State(meta): State<Meta>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(obstacle) = meta.obstacle(&headers).await {
        return obstacle;
    }
    let mut known = meta.known();
    known.count += 1;
    let answer = json!({"id": format!("{id}_{}", known.count)});
    let told = format!("{id}/comments");
    known.told.push(Told { to: told, body });
    Json(answer).into_response()
}

/// Where a file lies.
async fn media(
    State(meta): State<Meta>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Some(obstacle) = meta.obstacle(&headers).await {
        return obstacle;
    }
    let Some(file) = meta.known().files.get(&id).cloned() else {
        return refusal(400, 100, None);
    };
    Json(json!({
        "messaging_product": "whatsapp",
        "url": format!("{}/files/{id}", meta.base_url),
        "mime_type": file.media_type,
        "file_size": file.bytes.len(),
        "id": id,
    }))
    .into_response()
}

async fn file(State(meta): State<Meta>, Path(id): Path<String>) -> Response {
    let known = meta.known();
    if known.is_away {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match known.files.get(&id).cloned() {
        Some(file) => ([(CONTENT_TYPE, file.media_type)], file.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn refusal(status: u16, code: u32, retry_after: Option<u32>) -> Response {
    let error = json!({
        "message": format!("(#{code}) It is refused"),
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "AbCdEf",
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, Json(json!({"error": error}))).into_response();
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}
