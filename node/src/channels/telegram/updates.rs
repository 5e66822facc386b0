//! Updates of Telegram's Bot API: which of them are messages, and what stands in them.

use serde::Deserialize;
use serde_json::Value;

use super::super::heard::{Address, Heard, MediaKind, MediaRef, Raw, Sort, Unread};
use crate::casework::Coordinates;

#[derive(Deserialize)]
struct Update {
    message: Option<Message>,
    edited_message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message_id")]
    id: i64,
    /// Seconds.
    date: Option<i64>,
    edit_date: Option<i64>,
    from: Option<User>,
    chat: Chat,
    text: Option<String>,
    caption: Option<String>,
    #[serde(rename = "reply_to_message")]
    reply_to: Option<Replied>,
    location: Option<Point>,
    venue: Option<Venue>,
    #[serde(default)]
    photo: Vec<File>,
    document: Option<File>,
    video: Option<File>,
    voice: Option<File>,
    audio: Option<File>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    is_bot: bool,
    first_name: String,
    last_name: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Replied {
    #[serde(rename = "message_id")]
    id: i64,
}

#[derive(Deserialize)]
struct Venue {
    location: Point,
    title: String,
    address: String,
}

#[derive(Deserialize)]
struct Point {
    latitude: f64,
    longitude: f64,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "file_id")]
    id: String,
    #[serde(rename = "file_size")]
    size: Option<u64>,
    #[serde(default)]
    width: u64,
    #[serde(default)]
    height: u64,
}

/// An update as it is taken. Numbers of updates begin anew after a week of silence, so that one
/// alone tells no two messages apart.
pub fn raw(update: &Value) -> Raw {
    let number = update["update_id"].as_i64().unwrap_or_default();
    let said = update.get("message").or(update.get("edited_message"));
    let chat = said.and_then(|said| said["chat"]["id"].as_i64());
    let message = said.and_then(|said| said["message_id"].as_i64());
    let id = match (chat, message) {
        (Some(chat), Some(message)) => format!("{number} {}", message_id(chat, message)),
        _ => number.to_string(),
    };
    Raw {
        id,
        body: update.to_string().into_bytes(),
    }
}

/// The number of an update.
pub fn number(update: &Value) -> Option<i64> {
    update["update_id"].as_i64()
}

/// How a message is known: its number counts within its chat.
pub fn message_id(chat: i64, message: i64) -> String {
    format!("{chat}/{message}")
}

/// Reads an update.
pub fn read(body: &[u8]) -> Result<Heard, Unread> {
    let update: Update = serde_json::from_slice(body).map_err(|_| Unread("no update"))?;
    match (update.message, update.edited_message) {
        (Some(message), _) => Ok(message.heard(false)),
        (None, Some(message)) => Ok(message.heard(true)),
        (None, None) => Err(Unread("an update of another kind")),
    }
}

impl Message {
    fn heard(self, edited: bool) -> Heard {
        let chat = self.chat.id;
        let own = message_id(chat, self.id);
        let replied = self.reply_to.as_ref();
        let replied = replied.map(|replied| message_id(chat, replied.id));
        let seconds = if edited { self.edit_date } else { self.date };
        let is_private = self.chat.kind == "private";
        let place = self.venue.as_ref().map(|venue| &venue.location);
        let place = place.or(self.location.as_ref());
        let location = place.and_then(|at| Coordinates::of(at.latitude, at.longitude).ok());
        Heard {
            from: Address {
                id: chat.to_string(),
                // Of a group nobody is anybody.
                name: self.from.as_ref().filter(|_| is_private).map(User::called),
                ..Address::default()
            },
            sort: self.sort(edited),
            reply_to: if edited { Some(own.clone()) } else { replied },
            id: Some(own),
            location,
            // Of a change only the words are new.
            media: if edited { Vec::new() } else { self.media() },
            said_at: seconds.map(|seconds| seconds.saturating_mul(1000)),
            text: self.words(),
            ..Heard::default()
        }
    }

    fn sort(&self, edited: bool) -> Sort {
        let by_machine = self.from.as_ref().is_some_and(|from| from.is_bot);
        let says_nothing = self.text.is_none() && self.caption.is_none();
        if by_machine || (edited && says_nothing) {
            // A location that is shared live changes every few seconds.
            Sort::Noise
        } else if self.chat.kind != "private" {
            if edited { Sort::Noise } else { Sort::Elsewhere }
        } else if edited {
            Sort::Edit
        } else {
            Sort::Word
        }
    }

    fn words(&self) -> String {
        let text = self.text.as_deref().or(self.caption.as_deref());
        match (text, &self.venue) {
            (Some(text), _) => command(text),
            (None, Some(venue)) => format!("{}, {}", venue.title, venue.address),
            (None, None) => String::new(),
        }
    }

    fn media(&self) -> Vec<MediaRef> {
        let picture = self
            .photo
            .iter()
            .max_by_key(|photo| photo.width.saturating_mul(photo.height));
        let files = [
            (picture, MediaKind::Picture),
            (self.document.as_ref(), MediaKind::Document),
            (self.video.as_ref(), MediaKind::Film),
            (self.voice.as_ref(), MediaKind::Sound),
            (self.audio.as_ref(), MediaKind::Sound),
        ];
        let files = files
            .into_iter()
            .filter_map(|(file, kind)| Some((file?, kind)));
        files
            .map(|(file, kind)| MediaRef {
                at: file.id.clone(),
                content: None,
                kind,
                size: file.size,
            })
            .collect()
    }
}

impl User {
    /// What they call themselves.
    fn called(&self) -> String {
        let mut name = self.first_name.clone();
        if let Some(last) = &self.last_name {
            name = format!("{name} {last}");
        }
        match &self.username {
            Some(username) => format!("{name} @{username}"),
            None => name,
        }
    }
}

/// A text without the marks of a bot's command: `/status@lapor_bot 4F7KX` is `status 4F7KX`.
fn command(text: &str) -> String {
    let Some(rest) = text.strip_prefix('/') else {
        return text.to_owned();
    };
    let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let word = word.split_once('@').map_or(word, |(word, _)| word);
    if word == "start" {
        // What follows is of the link by which they came.
        return word.to_owned();
    }
    format!("{word} {after}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use lapor_stand_ins::telegram::{PHOTO, VENUE};

    use super::{command, read};

    #[test]
    fn updates_are_read_in_the_shapes_that_the_provider_publishes() {
        let photo = read(PHOTO.as_bytes()).unwrap();
        assert_eq!(photo.from.id, "1111111");
        let name = photo.from.name.as_deref();
        assert_eq!(name, Some("Siti Aminah @sitiaminah"));
        assert_eq!(photo.text, "Lampu jalan padam di Cihampelas");
        assert_eq!(photo.media.len(), 1);
        assert_eq!(photo.media[0].at, "AgACAgUAAxkBAAIBBESAR");
        assert_eq!(photo.said_at, Some(1_441_645_532_000));
        let venue = read(VENUE.as_bytes()).unwrap();
        assert_eq!(venue.text, "Braga, Jl. Braga, Bandung");
        assert!(venue.location.is_some_and(|at| at.latitude() < -6.9));
        assert_eq!(venue.reply_to.as_deref(), Some("1111111/1364"));
    }

    #[test]
    fn a_picture_is_one_however_large_it_is_said_to_be() {
        let body =
            br#"{"message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "photo": [
            {"file_id": "kecil", "width": 90, "height": 60},
            {"file_id": "besar", "width": 18446744073709551615, "height": 2}]}}"#;
        assert_eq!(read(body).unwrap().media[0].at, "besar");
    }

    #[test]
    fn a_place_that_is_none_on_earth_is_not_heard() {
        for (latitude, is_heard) in [(-6.9, true), (95.0, false)] {
            let body = format!(
                r#"{{"message": {{"message_id": 1, "chat": {{"id": 1, "type": "private"}},
                "location": {{"latitude": {latitude}, "longitude": 107.6}}}}}}"#
            );
            let heard = read(body.as_bytes()).unwrap();
            assert_eq!(heard.location.is_some(), is_heard, "{latitude}");
        }
    }

    #[test]
    fn a_command_is_read_without_its_marks() {
        for (text, plain) in [
            ("/start", "start"),
            ("/start dari-poster", "start"),
            ("/status@lapor_bot 4F7KX-92MQ3", "status 4F7KX-92MQ3"),
            ("/bantuan", "bantuan"),
            ("/lapor Jalan rusak\ndi Dago", "lapor Jalan rusak\ndi Dago"),
            ("Jalan 1/2 rusak", "Jalan 1/2 rusak"),
        ] {
            assert_eq!(command(text), plain, "{text}");
        }
    }
}
