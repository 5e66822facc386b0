//! Comments on the posts of a page. Everybody reads them, so the ticket goes to the one who wrote,
//! by the one private reply that each comment has; beside it everybody sees that it was heard.
//!
//! <https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed>,
//! <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use std::sync::Arc;

use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use lapor_web::language::{Language, Voice};
use serde::Deserialize;
use serde_json::{Value, json};

use super::send::{Graph, Line};
use super::settings::Comments;
use super::{id_or_hash, listed};
use crate::channels::media::{Pieces, Unfetched};
use crate::channels::talk::begins_with_keyword;
use crate::channels::{
    Address, Channel, Heard, Keyword, MediaKind, MediaRef, Name, Raw, Saying, Unread, Unsaid,
};
use crate::doors::texts;

const SECOND_MS: i64 = 1000;
const TAG: &str = "#lapor";

pub struct Page {
    pub graph: Arc<Graph>,
    /// Its id there.
    pub id: String,
    pub token: String,
    pub comments: Comments,
}

#[derive(Deserialize)]
struct Comment {
    from: From,
    #[serde(rename = "comment_id")]
    id: String,
    #[serde(default)]
    message: String,
    /// Unix s.
    created_time: Option<i64>,
    /// Address of a picture.
    photo: Option<String>,
}

#[derive(Deserialize)]
struct From {
    id: String,
    name: Option<String>,
}

impl Page {
    /// The comments of an entry that are for this node; `keywords` are the words in force.
    pub fn messages(&self, entry: &Value, keywords: &[Keyword]) -> Vec<Raw> {
        let mut out = Vec::new();
        for change in listed(&entry["changes"]) {
            let value = &change["value"];
            let added = value["item"] == "comment" && value["verb"] == "add";
            let own = value["from"]["id"] == *self.id;
            let words = value["message"].as_str().unwrap_or_default();
            let ours = || self.is_for_us(words, keywords);
            if change["field"] == "feed" && added && !own && ours() {
                out.push(Raw {
                    id: id_or_hash(&value["comment_id"], value),
                    body: value.to_string().into_bytes(),
                });
            }
        }
        out
    }

    /// What people say to each other is not taken.
    fn is_for_us(&self, words: &str, keywords: &[Keyword]) -> bool {
        match self.comments {
            Comments::None => false,
            Comments::Tagged => {
                words.to_lowercase().contains(TAG) || begins_with_keyword(words, keywords)
            }
            Comments::All => true,
        }
    }

    async fn reply(&self, to: &Address, words: &str) -> Result<Option<String>, Unsaid> {
        let comment = to.at.as_deref();
        let comment = comment.ok_or(Unsaid::Never("there is no comment to reply to".into()))?;
        let private = json!({
            "recipient": {"comment_id": comment},
            "message": {"text": words},
        });
        let path = [self.id.as_str(), "messages"];
        let told = self.graph.post(Line::Comment, &self.token, &path, &private);
        let id = told.await?["message_id"].as_str().map(str::to_owned);
        let public = json!({"message": heard_in_public()});
        let path = [comment, "comments"];
        let seen = self.graph.post(Line::Comment, &self.token, &path, &public);
        if let Err(unsaid) = seen.await {
            tracing::warn!(
                ?unsaid,
                "a comment was answered in private and not in public"
            );
        }
        Ok(id)
    }
}

/// What everybody may read.
fn heard_in_public() -> String {
    Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0).say("chat-public")
}

impl Channel for Page {
    fn name(&self) -> Name {
        Name::Facebook
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        let comment: Comment =
            serde_json::from_slice(body).map_err(|_| Unread("no comment on a page"))?;
        let picture = comment.photo.map(|at| MediaRef {
            at,
            content: None,
            kind: MediaKind::Picture,
            size: None,
        });
        Ok(Heard {
            from: Address {
                id: comment.from.id,
                name: comment.from.name,
                at: Some(comment.id),
            },
            text: comment.message,
            media: picture.into_iter().collect(),
            said_at: comment.created_time.map(|at| at.saturating_mul(SECOND_MS)),
            ..Heard::default()
        })
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(self.reply(to, &what.words))
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(self.graph.download(&what.at, None))
    }
}
