//! Posts of X in the shapes in which they come: account activity (`tweet_create_events`, version
//! 1.1), X Activity (`data.payload`), filtered stream and looks (`data` with `includes`, version 2).
//! A post has one key in all of them.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::heard::{Address, Heard, MediaKind, MediaRef, Raw, Sort, Unread};
use crate::casework::Coordinates;

/// What this node is there.
pub struct Account {
    pub id: String,
    pub name: String,
}

/// A post as it is kept, with what is told beside it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Post {
        post: Box<Post>,
        #[serde(default)]
        users: Vec<User>,
        #[serde(default)]
        media: Vec<Media>,
    },
    Tweet {
        tweet: Box<Tweet>,
    },
}

/// Version 2.
#[derive(Deserialize)]
struct Post {
    id: String,
    text: String,
    note_tweet: Option<Note>,
    author_id: String,
    conversation_id: Option<String>,
    #[serde(default)]
    referenced_tweets: Vec<Referenced>,
    #[serde(default)]
    edit_history_tweet_ids: Vec<String>,
    #[serde(default)]
    attachments: Attachments,
    geo: Option<Geo>,
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[derive(Deserialize)]
struct Referenced {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

#[derive(Default, Deserialize)]
struct Attachments {
    #[serde(default)]
    media_keys: Vec<String>,
}

#[derive(Deserialize)]
struct Geo {
    coordinates: Option<Point>,
}

/// Longitude first, as GeoJSON has it.
#[derive(Deserialize)]
struct Point {
    coordinates: [f64; 2],
}

#[derive(Deserialize)]
struct User {
    id: String,
    username: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Media {
    #[serde(rename = "media_key")]
    key: String,
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
}

/// Version 1.1.
#[derive(Deserialize)]
struct Tweet {
    id_str: String,
    text: Option<String>,
    full_text: Option<String>,
    #[serde(rename = "extended_tweet")]
    extended: Option<Extended>,
    user: OldUser,
    in_reply_to_status_id_str: Option<String>,
    retweeted_status: Option<Value>,
    extended_entities: Option<OldEntities>,
    coordinates: Option<Point>,
}

#[derive(Deserialize)]
struct Extended {
    full_text: String,
    extended_entities: Option<OldEntities>,
}

#[derive(Deserialize)]
struct OldUser {
    id_str: String,
    screen_name: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct OldEntities {
    #[serde(default)]
    media: Vec<OldMedia>,
}

#[derive(Deserialize)]
struct OldMedia {
    #[serde(rename = "type")]
    kind: String,
    media_url_https: String,
}

/// Takes a body apart into its posts, without those of this node itself. An object that holds none
/// that is known is kept whole; what is no object does not come from X.
pub fn apart(body: &[u8], own: &Account) -> Option<Vec<Raw>> {
    let told = serde_json::from_slice::<Value>(body).ok();
    let told = told.filter(Value::is_object)?;
    if let Some(tweets) = told["tweet_create_events"].as_array() {
        let others = tweets
            .iter()
            .filter(|tweet| tweet["user"]["id_str"] != own.id.as_str());
        let kept = others.map(|tweet| raw(&tweet["id_str"], &json!({"tweet": tweet})));
        return Some(kept.collect());
    }
    // Likes, follows and the like of the account, which nobody asked for.
    if told["for_user_id"].is_string() {
        return Some(Vec::new());
    }
    if told["data"]["id"].is_string() {
        let post = std::slice::from_ref(&told["data"]);
        return Some(of_page(post, &told["includes"], own));
    }
    let event = &told["data"];
    let payload = &event["payload"];
    if payload["id"].is_string() && payload["text"].is_string() {
        let beside = [&payload["includes"], &event["includes"], &told["includes"]];
        let beside = beside.into_iter().find(|beside| !beside.is_null());
        let none = Value::Null;
        let post = std::slice::from_ref(payload);
        return Some(of_page(post, beside.unwrap_or(&none), own));
    }
    Some(vec![Raw {
        id: hex::encode(Sha256::digest(body)),
        body: body.to_vec(),
    }])
}

/// Posts of version 2, without those of this node itself.
pub fn of_page(posts: &[Value], includes: &Value, own: &Account) -> Vec<Raw> {
    let list = |name: &str| includes[name].as_array().cloned().unwrap_or_default();
    let (users, media) = (list("users"), list("media"));
    let others = posts
        .iter()
        .filter(|post| post["author_id"] != own.id.as_str());
    let kept = others.map(|post| {
        let keys = post["attachments"]["media_keys"].as_array();
        let mine = |one: &Value| keys.is_some_and(|keys| keys.contains(&one["media_key"]));
        let author = users.iter().filter(|user| user["id"] == post["author_id"]);
        let beside = json!({
            "post": post,
            "users": author.collect::<Vec<_>>(),
            "media": media.iter().filter(|one| mine(one)).collect::<Vec<_>>(),
        });
        raw(&post["id"], &beside)
    });
    kept.collect()
}

fn raw(id: &Value, kept: &Value) -> Raw {
    let body = kept.to_string().into_bytes();
    let id = id.as_str().map(str::to_owned);
    Raw {
        id: id.unwrap_or_else(|| hex::encode(Sha256::digest(&body))),
        body,
    }
}

/// Reads a post as it was kept.
pub fn read(body: &[u8], own: &Account) -> Result<Heard, Unread> {
    let kept: Kept =
        serde_json::from_slice(body).map_err(|_| Unread("no post of a known shape"))?;
    let mut heard = match kept {
        Kept::Post { post, users, media } => post.heard(users, &media),
        Kept::Tweet { tweet } => tweet.heard(),
    };
    heard.text = words(&heard.text, &own.name);
    Ok(heard)
}

impl Post {
    fn heard(self, users: Vec<User>, media: &[Media]) -> Heard {
        let refers = |kind: &str| {
            let found = self.referenced_tweets.iter().find(|one| one.kind == kind);
            found.map(|one| one.id.clone())
        };
        let author = users.into_iter().find(|user| user.id == self.author_id);
        let first = self
            .edit_history_tweet_ids
            .first()
            .filter(|first| **first != self.id);
        let pictures = media
            .iter()
            .filter(|one| self.attachments.media_keys.contains(&one.key));
        let pictures = pictures.filter(|one| one.kind == "photo");
        Heard {
            from: Address {
                id: self.author_id.clone(),
                name: author.map(|user| called(user.name, &user.username)),
                ..Address::default()
            },
            sort: match first {
                _ if refers("retweeted").is_some() => Sort::Noise,
                Some(_) => Sort::Edit,
                None => Sort::Word,
            },
            reply_to: first.cloned().or_else(|| refers("replied_to")),
            began_with: self.conversation_id.filter(|began| *began != self.id),
            location: self
                .geo
                .as_ref()
                .and_then(|geo| geo.coordinates.as_ref().and_then(place)),
            media: pictures
                .filter_map(|one| Some(picture(one.url.clone()?)))
                .collect(),
            text: self.note_tweet.map_or(self.text, |note| note.text),
            id: Some(self.id),
            ..Heard::default()
        }
    }
}

impl Tweet {
    fn heard(self) -> Heard {
        let (text, entities) = match self.extended {
            Some(extended) => (Some(extended.full_text), extended.extended_entities),
            None => (self.full_text.or(self.text), self.extended_entities),
        };
        let media = entities.map(|entities| entities.media).unwrap_or_default();
        let pictures = media.into_iter().filter(|one| one.kind == "photo");
        Heard {
            from: Address {
                id: self.user.id_str,
                name: Some(called(self.user.name, &self.user.screen_name)),
                ..Address::default()
            },
            sort: match self.retweeted_status {
                Some(_) => Sort::Noise,
                None => Sort::Word,
            },
            reply_to: self.in_reply_to_status_id_str,
            location: self.coordinates.as_ref().and_then(place),
            media: pictures.map(|one| picture(one.media_url_https)).collect(),
            text: text.unwrap_or_default(),
            id: Some(self.id_str),
            ..Heard::default()
        }
    }
}

fn called(name: Option<String>, username: &str) -> String {
    match name {
        Some(name) => format!("{name} @{username}"),
        None => format!("@{username}"),
    }
}

fn place(point: &Point) -> Option<Coordinates> {
    let [longitude, latitude] = point.coordinates;
    Coordinates::of(latitude, longitude).ok()
}

fn picture(at: String) -> MediaRef {
    MediaRef {
        content: None,
        at,
        kind: MediaKind::Picture,
        size: None,
    }
}

/// The words of a post: without whom it is for, without the tag, and without the short address that
/// X puts in for a picture.
fn words(text: &str, own: &str) -> String {
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let mut rest = plain.trim();
    while rest.starts_with('@') {
        rest = rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim_start());
    }
    let own = format!("@{own}");
    let meant = |word: &&str| {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let short = word.starts_with("https://t.co/") && rest.trim_end().ends_with(*word);
        !(bare.eq_ignore_ascii_case(&own) || bare.eq_ignore_ascii_case("#lapor") || short)
    };
    let lines = rest.lines().map(|line| {
        let words = line.split_whitespace().filter(meant);
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use lapor_stand_ins::x::{ACCOUNT, ACCOUNT_ACTIVITY, ACCOUNT_ID, FILTERED_STREAM};

    use super::{Account, apart, read, words};

    #[test]
    fn posts_are_read_in_the_shapes_that_the_provider_publishes() {
        let own = Account {
            id: ACCOUNT_ID.into(),
            name: ACCOUNT.into(),
        };
        for (body, is_placed) in [(ACCOUNT_ACTIVITY, false), (FILTERED_STREAM, true)] {
            let raws = apart(body.as_bytes(), &own).unwrap();
            assert_eq!(raws.len(), 1, "{body}");
            let heard = read(&raws[0].body, &own).unwrap();
            assert_eq!(heard.id.as_ref(), Some(&raws[0].id));
            assert_eq!(heard.text, "Lampu jalan padam di Cihampelas & gelap");
            assert_eq!(heard.from.id, "6253282");
            let name = heard.from.name.as_deref();
            assert_eq!(name, Some("Siti Aminah @sitiaminah"));
            let at = "https://pbs.twimg.com/media/ABCDEFG.jpg";
            assert!(heard.media.len() == 1 && heard.media[0].at == at);
            assert_eq!(heard.location.is_some(), is_placed);
            assert!(heard.reply_to.is_none() && heard.began_with.is_none());
        }
    }

    #[test]
    fn what_is_no_object_is_not_kept_and_what_is_one_is() {
        let own = Account {
            id: ACCOUNT_ID.into(),
            name: ACCOUNT.into(),
        };
        for body in [
            "",
            "NDhmMTI=",
            "12",
            "null",
            "[{}]",
            r#""kata""#,
            r#"{"a": "#,
        ] {
            assert!(apart(body.as_bytes(), &own).is_none(), "{body}");
        }
        let unknown = apart(br#"{"holograms": []}"#, &own).unwrap();
        assert!(unknown.len() == 1 && read(&unknown[0].body, &own).is_err());
    }

    #[test]
    fn of_a_post_stay_the_words_that_are_meant() {
        for (text, meant) in [
            (
                "@LAPOR1708 @dishub Jalan rusak di Dago",
                "Jalan rusak di Dago",
            ),
            (
                "Jalan rusak &amp; gelap #lapor, tolong @lapor1708!",
                "Jalan rusak & gelap tolong",
            ),
            ("Lampu padam\n#Lapor https://t.co/abc", "Lampu padam"),
            (
                "Lihat https://t.co/abc di Dago",
                "Lihat https://t.co/abc di Dago",
            ),
            ("kata @budi begitu", "kata @budi begitu"),
            ("@LAPOR1708", ""),
        ] {
            assert_eq!(words(text, "LAPOR1708"), meant, "{text}");
        }
    }
}
