//! WhatsApp Cloud API.
//!
//! <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>,
//! <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>,
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-request-messages>

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::send::{Graph, Line};
use super::{id_or_hash, listed};
use crate::casework::Coordinates;
use crate::channels::media::{LeftOut, Pieces, Unfetched};
use crate::channels::receipts::Fate;
use crate::channels::{
    Address, Channel, Heard, MediaKind, MediaRef, Name, Raw, Saying, Unread, Unsaid,
};

const SECOND_MS: i64 = 1000;
/// Signs above a button that shares a place.
const ABOVE_BUTTON: usize = 1024;
/// Nobody may be told anything before they write again.
pub(super) const TOO_LATE: i64 = 131_047;

pub struct Whatsapp {
    pub graph: Arc<Graph>,
    /// The provider's id of the own number.
    pub id: String,
    pub token: String,
    pub template: Option<Template>,
}

/// What asks somebody to write again.
pub struct Template {
    pub name: String,
    pub language: String,
}

/// A message as it is kept.
#[derive(Deserialize)]
struct Taken {
    #[serde(default)]
    contact: Contact,
    message: Message,
}

#[derive(Default, Deserialize)]
struct Contact {
    #[serde(default)]
    profile: Profile,
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Profile {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    /// A telephone number, if the person lets it be seen.
    from: Option<String>,
    from_user_id: Option<String>,
    timestamp: Option<String>,
    context: Option<Context>,
    text: Option<Text>,
    button: Option<Button>,
    interactive: Option<Interactive>,
    location: Option<Place>,
    image: Option<File>,
    video: Option<File>,
    document: Option<File>,
    audio: Option<File>,
}

#[derive(Deserialize)]
struct Context {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    body: String,
}

#[derive(Deserialize)]
struct Button {
    text: String,
}

#[derive(Deserialize)]
struct Interactive {
    button_reply: Option<Choice>,
    list_reply: Option<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    title: String,
}

#[derive(Deserialize)]
struct Place {
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize)]
struct File {
    id: String,
    caption: Option<String>,
}

impl Whatsapp {
    /// The messages of an entry that are for the own number; what became of ours, and what people
    /// only feel about it, are none.
    pub fn messages(&self, entry: &Value) -> Vec<Raw> {
        let mut out = Vec::new();
        for change in self.own_changes(entry) {
            let value = &change["value"];
            for message in listed(&value["messages"]) {
                if message["type"] == "reaction" || message["type"] == "system" {
                    continue;
                }
                let body = json!({"contact": contact(value, message), "message": message});
                out.push(Raw {
                    id: id_or_hash(&message["id"], message),
                    body: body.to_string().into_bytes(),
                });
            }
        }
        out
    }

    /// What has become of messages of ours, by their ids there.
    pub(super) fn receipts(&self, entry: &Value) -> Vec<(String, Fate)> {
        let statuses = self
            .own_changes(entry)
            .flat_map(|change| listed(&change["value"]["statuses"]));
        let told =
            statuses.filter_map(|status| Some((status["id"].as_str()?.to_owned(), fate(status)?)));
        told.collect()
    }

    /// What an entry tells of the own number.
    fn own_changes<'v>(&self, entry: &'v Value) -> impl Iterator<Item = &'v Value> {
        let own = move |change: &&Value| {
            let number = &change["value"]["metadata"]["phone_number_id"];
            change["field"] == "messages" && number.as_str() == Some(self.id.as_str())
        };
        listed(&entry["changes"]).iter().filter(own)
    }

    async fn posted(&self, to: &Address, mut body: Value) -> Result<Option<String>, Unsaid> {
        // Who hides their number is reached by an id of this business alone.
        match to.id.strip_prefix('+') {
            Some(number) => body["to"] = number.into(),
            None => body["recipient"] = to.id.as_str().into(),
        }
        body["messaging_product"] = "whatsapp".into();
        body["recipient_type"] = "individual".into();
        let path = [self.id.as_str(), "messages"];
        let id = "/messages/0/id";
        let told = self
            .graph
            .post(Line::Whatsapp, &self.token, &path, &body, id);
        told.await.map(Some)
    }
}

impl Channel for Whatsapp {
    fn name(&self) -> Name {
        Name::Whatsapp
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        let taken: Taken =
            serde_json::from_slice(body).map_err(|_| Unread("no message of WhatsApp"))?;
        let (contact, message) = (taken.contact, taken.message);
        let number = message.from.or(contact.wa_id).filter(|id| is_number(id));
        let id = match number {
            Some(number) => format!("+{number}"),
            None => message
                .from_user_id
                .or(contact.user_id)
                .ok_or(Unread("no sender"))?,
        };
        let chosen = message
            .interactive
            .and_then(|one| one.button_reply.or(one.list_reply));
        let text = message.text.map(|text| text.body);
        let text = text.or(message.button.map(|button| button.text));
        let text = text.or(chosen.map(|choice| choice.title));
        let text = text.or(message.location.as_ref().map(Place::called));
        let said_at = message.timestamp.and_then(|at| at.parse::<i64>().ok());
        let mut heard = Heard {
            from: Address {
                id,
                name: contact.profile.name,
                at: None,
            },
            text: text.unwrap_or_default(),
            reply_to: message.context.and_then(|context| context.id),
            location: message
                .location
                .and_then(|place| Coordinates::of(place.latitude, place.longitude).ok()),
            said_at: said_at.map(|at| at.saturating_mul(SECOND_MS)),
            ..Heard::default()
        };
        for (file, kind) in [
            (message.image, MediaKind::Picture),
            (message.video, MediaKind::Film),
            (message.document, MediaKind::Document),
            (message.audio, MediaKind::Sound),
        ] {
            let Some(File { id: at, caption }) = file else {
                continue;
            };
            heard.text = caption.unwrap_or(heard.text);
            heard.media.push(MediaRef {
                at,
                content: None,
                kind,
                size: None,
            });
        }
        Ok(heard)
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        let words = what.words.as_str();
        let body = if what.asks_place && words.chars().count() <= ABOVE_BUTTON {
            json!({"type": "interactive", "interactive": {
                "type": "location_request_message",
                "body": {"text": words},
                "action": {"name": "send_location"},
            }})
        } else {
            json!({"type": "text", "text": {"preview_url": false, "body": words}})
        };
        Box::pin(self.posted(to, body))
    }

    fn knock<'a>(&'a self, to: &'a Address) -> BoxFuture<'a, Result<bool, Unsaid>> {
        Box::pin(async move {
            let Some(template) = &self.template else {
                return Ok(false);
            };
            let language = json!({"code": template.language});
            let template = json!({"name": template.name, "language": language});
            let body = json!({"type": "template", "template": template});
            self.posted(to, body).await.map(|_| true)
        })
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(async move {
            let told = self.graph.get(&self.token, &[&what.at]).await?;
            let gone = Unfetched::Never(LeftOut::Gone);
            let address = told["url"].as_str().ok_or(gone)?;
            self.graph.download(address, Some(&self.token)).await
        })
    }
}

impl Place {
    /// Its name and address; empty where only the map knows it.
    fn called(&self) -> String {
        let parts = [self.name.as_deref(), self.address.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        parts.join(", ")
    }
}

/// What a status says; `None` while a message is on its way.
fn fate(status: &Value) -> Option<Fate> {
    match status["status"].as_str()? {
        "delivered" | "read" => Some(Fate::Delivered),
        "failed" => {
            let code = status["errors"][0]["code"].as_i64().unwrap_or_default();
            let problem = format!("WhatsApp could not deliver it ({code})");
            Some(if code == TOO_LATE {
                Fate::Shut(problem)
            } else {
                Fate::Refused(problem)
            })
        }
        _ => None,
    }
}

/// Who somebody is, as it stands beside their message.
fn contact<'v>(value: &'v Value, message: &Value) -> &'v Value {
    let contacts = value["contacts"].as_array();
    let contacts = contacts.map(Vec::as_slice).unwrap_or_default();
    let theirs = |contact: &&Value| {
        let same = |a: &Value, b: &Value| !a.is_null() && a == b;
        same(&contact["wa_id"], &message["from"])
            || same(&contact["user_id"], &message["from_user_id"])
    };
    let only = contacts.first().filter(|_| contacts.len() == 1);
    contacts
        .iter()
        .find(theirs)
        .or(only)
        .unwrap_or(&Value::Null)
}

fn is_number(id: &str) -> bool {
    (8..=15).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}
