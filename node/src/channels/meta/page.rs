//! Comments on the posts of a page, and posts of its visitors. Everybody reads them, so the ticket
//! goes to the one who wrote, by the one private reply that each has; beside it everybody sees that
//! it was heard. What its author says below it is their word to their case.
//!
//! <https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed>,
//! <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use lapor_web::language::{Language, Voice};
use serde::Deserialize;
use serde_json::{Value, json};

use super::send::{Graph, Line};
use super::settings::Comments;
use super::{Below, MESSAGE_ID, id_or_hash, listed};
use crate::channels::media::{Pieces, Unfetched};
use crate::channels::talk::{Marks, begins_with_keyword};
use crate::channels::{
    Address, Channel, Heard, Keyword, MediaKind, MediaRef, Name, Raw, Saying, Unread, Unsaid,
};
use crate::doors::texts;

const SECOND_MS: i64 = 1000;
const TAG: &str = "#lapor";
/// What a visitor posts, as the provider sorts it.
const POSTS: [&str; 3] = ["status", "post", "photo"];
/// Before the id of a post where it is what is answered; one of a comment stands alone.
const POST: &str = "post ";

pub struct Page {
    pub graph: Arc<Graph>,
    /// Its id there.
    pub id: String,
    pub token: String,
    pub comments: Comments,
    /// What this node is called on X.
    pub account: Option<String>,
}

/// A comment, or a post, which has no id of a comment.
#[derive(Deserialize)]
struct Taken {
    from: From,
    comment_id: Option<String>,
    post_id: Option<String>,
    /// What it is below, where that is the author's own.
    parent_id: Option<String>,
    #[serde(default)]
    item: String,
    #[serde(default)]
    message: String,
    /// Unix s.
    created_time: Option<i64>,
    /// Address of the picture of a comment, of those of a post, and of what a post shows.
    photo: Option<String>,
    #[serde(default)]
    photos: Vec<String>,
    link: Option<String>,
}

#[derive(Deserialize)]
struct From {
    id: String,
    name: Option<String>,
}

impl Page {
    /// The comments and posts of an entry that are for this node; `keywords` are the words in force,
    /// `own` the comments below what their author has reported.
    pub fn messages(&self, entry: &Value, keywords: &[Keyword], own: &BTreeSet<Below>) -> Vec<Raw> {
        let mut out = Vec::new();
        for value in added(entry) {
            let words = value["message"].as_str().unwrap_or_default();
            let goes_on = below(value).is_some_and(|below| own.contains(&below));
            if value["from"]["id"] == *self.id || !(goes_on || self.is_for_us(words, keywords)) {
                continue;
            }
            let ids = [&value["comment_id"], &value["post_id"]];
            let id = ids.into_iter().find(|id| id.is_string());
            let mut kept = value.clone();
            if !goes_on {
                // What stands below the words of others is not theirs.
                kept["parent_id"] = Value::Null;
            }
            out.push(Raw {
                id: id_or_hash(id.unwrap_or(&Value::Null), value),
                body: kept.to_string().into_bytes(),
            });
        }
        out
    }

    /// Below what people comment, as an entry tells it.
    pub fn below(entry: &Value) -> Vec<Below> {
        added(entry).filter_map(below).collect()
    }

    /// What people say to each other is not taken.
    fn is_for_us(&self, words: &str, keywords: &[Keyword]) -> bool {
        match self.comments {
            Comments::None => false,
            Comments::Tagged => {
                let marks = Marks {
                    keywords,
                    in_any_letters: false,
                    account: self.account.as_deref(),
                };
                words.to_lowercase().contains(TAG) || begins_with_keyword(words, marks)
            }
            Comments::All => true,
        }
    }

    async fn reply(&self, to: &Address, what: &Saying) -> Result<Option<String>, Unsaid> {
        let at = to.at.as_deref();
        let at = at.ok_or(Unsaid::Never("there is no comment to reply to".into()))?;
        let (recipient, at) = match at.strip_prefix(POST) {
            Some(post) => (json!({"post_id": post}), post),
            None => (json!({"comment_id": at}), at),
        };
        let private = json!({"recipient": recipient, "message": {"text": what.words}});
        let path = [self.id.as_str(), "messages"];
        let (graph, line) = (&self.graph, Line::Comment);
        let told = graph.ask(&self.token, &path, &private).await?;
        // The try before this one was said, and the answer to it was lost or had no id.
        let known = what.again && told.is_of_replied();
        let id = (!known).then(|| told.said(line, MESSAGE_ID)).transpose()?;
        let public = json!({"message": heard_in_public()});
        let path = [at, "comments"];
        let seen = graph.post(line, &self.token, &path, &public, "/id");
        if let Err(unsaid) = seen.await {
            tracing::warn!(
                ?unsaid,
                "a comment was answered in private and not in public"
            );
        }
        Ok(id)
    }
}

/// What was added to a page: comments, and posts that are not hidden.
fn added(entry: &Value) -> impl Iterator<Item = &Value> {
    let feed = listed(&entry["changes"]).iter();
    let values = feed.filter(|change| change["field"] == "feed");
    let values = values.map(|change| &change["value"]);
    values.filter(|value| {
        let item = value["item"].as_str().unwrap_or_default();
        let shown = POSTS.contains(&item) && value["published"] != 0;
        value["verb"] == "add" && (item == "comment" || shown)
    })
}

/// Who comments, and below what.
fn below(value: &Value) -> Option<Below> {
    let comments = value["item"] == "comment";
    let (person, parent) = (value["from"]["id"].as_str()?, value["parent_id"].as_str()?);
    comments.then(|| (person.to_owned(), parent.to_owned()))
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
        let taken: Taken =
            serde_json::from_slice(body).map_err(|_| Unread("no comment on a page"))?;
        let (id, at) = match (taken.comment_id, taken.post_id) {
            (Some(id), _) => (id.clone(), id),
            (None, Some(id)) => (id.clone(), format!("{POST}{id}")),
            (None, None) => return Err(Unread("neither a comment nor a post")),
        };
        let shown = taken.link.filter(|_| taken.item == "photo");
        let mut pictures: Vec<String> = taken.photo.into_iter().chain(taken.photos).collect();
        if pictures.is_empty() {
            pictures.extend(shown);
        }
        let media = pictures.into_iter().map(|at| MediaRef {
            at,
            content: None,
            kind: MediaKind::Picture,
            size: None,
        });
        Ok(Heard {
            from: Address {
                id: taken.from.id,
                name: taken.from.name,
                at: Some(at),
            },
            text: taken.message,
            id: Some(id),
            reply_to: taken.parent_id,
            media: media.collect(),
            said_at: taken.created_time.map(|at| at.saturating_mul(SECOND_MS)),
            ..Heard::default()
        })
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(self.reply(to, what))
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(self.graph.download(&what.at, None))
    }
}
