//! A bot of Telegram: private chats become conversations. Messages are fetched by a long poll, whose
//! offset is kept with them, or handed over at a door that Telegram opens with a secret. Groups get
//! one line that says where to write.

mod api;
mod settings;
pub(super) mod updates;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::future::BoxFuture;
use lapor_web::ApiProblem;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use super::fetching::{self, Interrupted, Next};
use super::heard::{Address, Heard, MediaRef, Raw, Saying, Unread};
use super::intake::Cursor;
use super::manner::Name;
use super::media::{Pieces, Unfetched};
use super::settings::{ChannelSettingsError, secret};
use super::{Channel, Unsaid};
use crate::api::problem;
use crate::node::Node;
use api::Api;

pub use settings::{TelegramSettings, Way};

const PATH: &str = "/saluran/telegram";
/// Bytes of an update; Telegram's are far smaller.
const LONGEST: usize = 1024 * 1024;
/// The header in which Telegram shows the secret.
const SHOWN: &str = "x-telegram-bot-api-secret-token";
/// The line whose cursor is the offset.
const LINE: &str = "telegram";
/// After a week of silence numbers of updates begin anew, and an offset may be above them.
const OFFSET_HOLDS_MS: i64 = 6 * 24 * 60 * 60 * 1000;

pub struct Telegram {
    api: Api,
    /// The secret of the door, where messages are handed over.
    secret: Option<String>,
}

/// The channel, where it is switched on.
pub fn of(settings: &TelegramSettings) -> Result<Option<Telegram>, ChannelSettingsError> {
    let Some(token) = &settings.token_file else {
        return Ok(None);
    };
    let token = secret("telegram.token_file", token)?;
    let shown = match settings.way {
        Way::Poll => None,
        Way::Webhook => Some(door(settings)?),
    };
    Ok(Some(Telegram {
        api: Api::of(settings, token)?,
        secret: shown,
    }))
}

fn door(settings: &TelegramSettings) -> Result<String, ChannelSettingsError> {
    const FIELD: &str = "telegram.secret_file";
    let file = settings.secret_file.as_ref();
    let file = file.ok_or(ChannelSettingsError::Lacks {
        field: FIELD,
        beside: "telegram.way = \"webhook\"",
    })?;
    let line = secret(FIELD, file)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    if (16..=128).contains(&line.len()) && line.bytes().all(fits) {
        return Ok(line);
    }
    Err(ChannelSettingsError::Guessable { field: FIELD })
}

/// The door at which Telegram knocks, if it is to. Where the settings cannot be used there is none,
/// and `serve` has said why.
pub fn routes(settings: &TelegramSettings) -> Router<Arc<Node>> {
    let Ok(Some(line)) = of(settings) else {
        return Router::new();
    };
    if line.secret.is_none() {
        return Router::new();
    }
    let line = Arc::new(line);
    let take = async move |State(node): State<Arc<Node>>, headers: HeaderMap, body: Bytes| {
        line.handed_over(&node, &headers, &body).await
    };
    let door = Router::new().route(PATH, post(take));
    door.layer(DefaultBodyLimit::max(LONGEST))
}

fn hashed(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

impl Telegram {
    async fn handed_over(&self, node: &Node, headers: &HeaderMap, body: &[u8]) -> Response {
        let shown = headers.get(SHOWN).map(|shown| hashed(shown.as_bytes()));
        let secret = self.secret.as_deref();
        let secret = secret.map(|secret| hashed(secret.as_bytes()));
        let knows = match (shown, secret) {
            (Some(shown), Some(secret)) => bool::from(shown.ct_eq(&secret)),
            _ => false,
        };
        if !knows {
            return ApiProblem::not_found().into_response();
        }
        let raw = match serde_json::from_slice::<Value>(body) {
            Ok(update) if updates::number(&update).is_some() => updates::raw(&update),
            // It is kept as it came.
            _ => Raw {
                id: hex::encode(hashed(body)),
                body: body.to_vec(),
            },
        };
        match node.take_in(self, &[raw]).await {
            Ok(_) => StatusCode::OK.into_response(),
            Err(error) => problem(&error).into_response(),
        }
    }

    /// Fetches what has come, and keeps it with the offset behind it.
    pub(super) async fn fetch_updates(&self, node: &Node) -> Result<usize, Interrupted> {
        let known = node.fetched_until(LINE).await?;
        let fresh = |at: &i64| node.clock().now_ms() - at < OFFSET_HOLDS_MS;
        let offset = known.filter(|(_, at)| fresh(at));
        let offset = offset.and_then(|(offset, _)| offset.parse::<i64>().ok());
        let updates = self.api.updates(offset).await?;
        let Some(last) = updates.iter().filter_map(updates::number).max() else {
            return Ok(0);
        };
        let raws: Vec<Raw> = updates.iter().map(updates::raw).collect();
        let next = last.saturating_add(1).to_string();
        let cursor = Cursor {
            line: LINE,
            at: &next,
            // What was fetched once is not told again.
            doubted: false,
        };
        node.take_in_until(self, &raws, cursor).await?;
        Ok(raws.len())
    }

    /// One step of listening: fetches, or says where messages are to be handed over.
    async fn listens(&self, node: &Node) -> Result<Next, Interrupted> {
        let Some(secret) = &self.secret else {
            self.fetch_updates(node).await?;
            return Ok(Some(Duration::ZERO));
        };
        let url = format!("{}{PATH}", node.site());
        self.api.hand_over(&url, secret).await?;
        Ok(None)
    }
}

impl Channel for Telegram {
    fn name(&self) -> Name {
        Name::Telegram
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        updates::read(body)
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(self.api.say(to, what))
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(self.api.fetch(what))
    }

    fn listen<'a>(&'a self, node: &'a Node, stop: &'a CancellationToken) -> BoxFuture<'a, ()> {
        Box::pin(fetching::again(node, Name::Telegram, stop, || {
            self.listens(node)
        }))
    }
}
