//! Messages to a page on Facebook.
//!
//! <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages>,
//! <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::send::{Graph, Line};
use super::{MESSAGE_ID, id_or_hash, listed};
use crate::casework::Coordinates;
use crate::channels::media::{Pieces, Unfetched};
use crate::channels::{
    Address, Channel, Heard, MediaKind, MediaRef, Name, Raw, Saying, Unread, Unsaid,
};

pub struct Messenger {
    pub graph: Arc<Graph>,
    pub page: String,
    pub token: String,
}

#[derive(Deserialize)]
struct Taken {
    sender: Sender,
    /// Unix ms.
    timestamp: Option<i64>,
    message: Option<Message>,
    postback: Option<Postback>,
}

#[derive(Deserialize)]
struct Sender {
    id: String,
}

#[derive(Deserialize)]
struct Message {
    text: Option<String>,
    reply_to: Option<ReplyTo>,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

#[derive(Deserialize)]
struct Postback {
    title: Option<String>,
}

#[derive(Deserialize)]
struct ReplyTo {
    mid: Option<String>,
}

#[derive(Deserialize)]
struct Attachment {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    payload: Payload,
}

#[derive(Default, Deserialize)]
struct Payload {
    url: Option<String>,
    /// A thumb, which is no picture of anything.
    sticker_id: Option<u64>,
    coordinates: Option<Point>,
}

#[derive(Deserialize)]
struct Point {
    lat: f64,
    long: f64,
}

impl Messenger {
    /// The messages of an entry; echoes of ours, what was read and what was liked are none.
    pub fn messages(&self, entry: &Value) -> Vec<Raw> {
        let mut out = Vec::new();
        for item in listed(&entry["messaging"]) {
            let echo = item["message"]["is_echo"] == true || item["sender"]["id"] == *self.page;
            let said = ["message", "postback"].map(|field| &item[field]);
            let Some(said) = said.into_iter().find(|said| said.is_object() && !echo) else {
                continue;
            };
            out.push(Raw {
                id: id_or_hash(&said["mid"], item),
                body: item.to_string().into_bytes(),
            });
        }
        out
    }
}

impl Channel for Messenger {
    fn name(&self) -> Name {
        Name::Messenger
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        let taken: Taken =
            serde_json::from_slice(body).map_err(|_| Unread("no message of Messenger"))?;
        let from = Address {
            id: taken.sender.id,
            ..Address::default()
        };
        let title = taken.postback.and_then(|postback| postback.title);
        let mut heard = Heard {
            from,
            text: title.unwrap_or_default(),
            said_at: taken.timestamp,
            ..Heard::default()
        };
        let Some(message) = taken.message else {
            return Ok(heard);
        };
        heard.text = message.text.unwrap_or_default();
        heard.reply_to = message.reply_to.and_then(|reply| reply.mid);
        for attachment in message.attachments {
            let payload = attachment.payload;
            if let Some(point) = payload.coordinates {
                heard.location = Coordinates::of(point.lat, point.long).ok();
            }
            let kind = match attachment.kind.as_str() {
                "image" if payload.sticker_id.is_none() => MediaKind::Picture,
                "video" => MediaKind::Film,
                "file" => MediaKind::Document,
                "audio" => MediaKind::Sound,
                _ => continue,
            };
            heard.media.extend(payload.url.map(|at| MediaRef {
                at,
                content: None,
                kind,
                size: None,
            }));
        }
        Ok(heard)
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        let body = json!({
            "recipient": {"id": to.id},
            "messaging_type": "RESPONSE",
            "message": {"text": what.words},
        });
        Box::pin(async move {
            let path = [self.page.as_str(), "messages"];
            let line = Line::Messenger;
            let told = self.graph.post(line, &self.token, &path, &body, MESSAGE_ID);
            told.await.map(Some)
        })
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(self.graph.download(&what.at, None))
    }
}
