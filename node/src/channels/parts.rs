//! Messages that the network split on the way: their parts are kept under one number until all have
//! come, or for so long; what comes later goes to the case that they have become.
//!
//! References are used again: a place that was filled, or a part a day later, begins another message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lapor_migrations::Tx;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::heard::{Form, Heard, Unread};
use super::intake::New;
use super::{Channel, talk};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::parts::SetRow;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// For how long a reference means the same message.
const KNOWN_MS: i64 = 24 * 60 * MINUTE_MS;
/// Parts of one message; their number is told in one byte.
const MOST: usize = 255;
/// What stands for a part that has not come.
const GAP: &str = " [\u{2026}] ";

/// What is kept of a message until it is done: as the provider gave it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    Whole(Body),
    /// In their order; `None` has not come.
    Parts {
        parts: Vec<Option<Vec<u8>>>,
    },
}

/// The bytes of a message: a letter has millions.
#[derive(Clone)]
pub(super) struct Body(pub Vec<u8>);

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Numbers are of before there were letters.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Numbers(Vec<u8>),
        }
        match Written::deserialize(deserializer)? {
            Written::Numbers(bytes) => Ok(Self(bytes)),
            Written::Text(text) => {
                let bytes = BASE64.decode(text);
                bytes.map(Self).map_err(serde::de::Error::custom)
            }
        }
    }
}

impl Kept {
    pub fn read(&self, channel: &dyn Channel) -> Result<Heard, Unread> {
        let parts = match self {
            Self::Whole(Body(body)) => return channel.read(body),
            Self::Parts { parts } => parts,
        };
        let (mut first, mut text) = (None, String::new());
        for part in parts {
            if let Some(body) = part {
                let heard = channel.read(body)?;
                text.push_str(&heard.text);
                first.get_or_insert(heard);
            } else if !text.ends_with(GAP) {
                text.push_str(GAP);
            }
        }
        let first = first.ok_or(Unread("no part of it is here"))?;
        Ok(Heard { text, ..first })
    }

    fn alone(body: &[u8], place: usize, total: usize) -> Self {
        let mut parts = vec![None; total];
        parts[place - 1] = Some(body.to_vec());
        Self::Parts { parts }
    }
}

/// A part, where it belongs.
struct Part<'a> {
    channel: &'a str,
    thread: &'a str,
    body: &'a [u8],
    hash: Vec<u8>,
    place: usize,
    total: usize,
}

impl Node {
    /// Puts a part to the others of its message; says whether it was one.
    pub(super) async fn take_part(
        &self,
        tx: &mut Tx,
        (channel, thread): (&dyn Channel, &str),
        (heard, body, form): (&Heard, &[u8], &Form),
        now: i64,
    ) -> Result<bool, NodeError> {
        let name = channel.name().as_str();
        match form {
            Form::Part {
                reference,
                place,
                total,
            } if (2..=MOST).contains(total) && (1..=*total).contains(place) => {
                let count = total.to_string();
                let whole = [thread, "part", reference.as_str(), &count];
                let part = Part {
                    channel: name,
                    thread,
                    body,
                    hash: self.switch().hash("parts", &whole)?,
                    place: *place,
                    total: *total,
                };
                self.put_to_others(tx, &part, now).await?;
                Ok(true)
            }
            Form::Alone { full } if !talk::is_command(&heard.text) => {
                let hash = self.switch().hash("parts", &[thread, "alone"])?;
                let row = (name, thread, hash.as_slice());
                self.take_alone(tx, row, (body, *full), now).await
            }
            _ => Ok(false),
        }
    }

    async fn put_to_others(&self, tx: &mut Tx, part: &Part<'_>, now: i64) -> Result<(), NodeError> {
        let set = store::channels::parts::set(tx, part.channel, &part.hash).await?;
        let missing = |set: &SetRow| set.at >= now - KNOWN_MS && !has(&set.had, part.place);
        let Some(set) = set.filter(missing) else {
            return self.begin(tx, part, now).await;
        };
        let set = SetRow {
            had: format!("{},{}", set.had, part.place),
            ..set
        };
        store::channels::parts::put(tx, part.channel, &part.hash, &set).await?;
        let Some(sealed) = store::channels::parts::open(tx, set.number, i64::MIN).await? else {
            return self.come_late(tx, part, set.number, now).await;
        };
        let Kept::Parts { mut parts } = self.opened_taken(set.number, &sealed)? else {
            return Err(NodeError::damaged("a message in parts has none"));
        };
        parts[part.place - 1] = Some(part.body.to_vec());
        let whole = parts.iter().all(Option::is_some);
        let sealed = self.sealed_taken(set.number, &Kept::Parts { parts })?;
        let (state, due_at) = if whole {
            ("waiting", now)
        } else {
            ("parts", now + self.patience_ms())
        };
        Ok(store::channels::parts::add(tx, set.number, &sealed, state, due_at).await?)
    }

    /// The first part of a message that has come.
    async fn begin(&self, tx: &mut Tx, part: &Part<'_>, now: i64) -> Result<(), NodeError> {
        let new = New {
            channel: part.channel,
            thread: Some(part.thread),
            kept: &Kept::alone(part.body, part.place, part.total),
            state: "parts",
            outcome: None,
            due_at: now + self.patience_ms(),
            problem: None,
            follows: None,
        };
        let set = SetRow {
            number: self.keep_taken(tx, &new, now).await?,
            had: part.place.to_string(),
            at: now,
        };
        Ok(store::channels::parts::put(tx, part.channel, &part.hash, &set).await?)
    }

    /// A part of what was taken without it.
    async fn come_late(
        &self,
        tx: &mut Tx,
        part: &Part<'_>,
        follows: i64,
        now: i64,
    ) -> Result<(), NodeError> {
        let new = New {
            channel: part.channel,
            thread: Some(part.thread),
            kept: &Kept::alone(part.body, part.place, part.total),
            state: "waiting",
            outcome: None,
            due_at: now,
            problem: None,
            follows: Some(follows),
        };
        self.keep_taken(tx, &new, now).await.map(drop)
    }

    /// A text without a reference: it goes on from the full one before it, or waits for what may
    /// follow; else it is no part.
    async fn take_alone(
        &self,
        tx: &mut Tx,
        (channel, thread, hash): (&str, &str, &[u8]),
        (body, full): (&[u8], bool),
        now: i64,
    ) -> Result<bool, NodeError> {
        let due_at = now + self.join_ms();
        let (state, due_at) = if full {
            ("parts", due_at)
        } else {
            ("waiting", now)
        };
        let set = store::channels::parts::set(tx, channel, hash).await?;
        let open = match &set {
            Some(set) => store::channels::parts::open(tx, set.number, now).await?,
            None => None,
        };
        if let (Some(set), Some(sealed)) = (&set, open) {
            let Kept::Parts { mut parts } = self.opened_taken(set.number, &sealed)? else {
                return Err(NodeError::damaged("a message in parts has none"));
            };
            parts.push(Some(body.to_vec()));
            let state = if parts.len() < MOST { state } else { "waiting" };
            let sealed = self.sealed_taken(set.number, &Kept::Parts { parts })?;
            store::channels::parts::add(tx, set.number, &sealed, state, due_at).await?;
            return Ok(true);
        }
        if full {
            let new = New {
                channel,
                thread: Some(thread),
                kept: &Kept::alone(body, 1, 1),
                state,
                outcome: None,
                due_at,
                problem: None,
                follows: None,
            };
            let set = SetRow {
                number: self.keep_taken(tx, &new, now).await?,
                had: String::new(),
                at: now,
            };
            store::channels::parts::put(tx, channel, hash, &set).await?;
        }
        Ok(full)
    }

    /// For how long a message waits for its parts.
    fn patience_ms(&self) -> i64 {
        i64::from(self.settings().channels.sms.join_minutes) * MINUTE_MS
    }

    /// For how long a text that fills a message waits for one that goes on from it.
    fn join_ms(&self) -> i64 {
        i64::from(self.settings().channels.sms.join_seconds) * SECOND_MS
    }

    /// For how long anything waits for more of it.
    pub(super) fn longest_patience_ms(&self) -> i64 {
        self.patience_ms().max(self.join_ms())
    }
}

fn has(had: &str, place: usize) -> bool {
    had.split(',').any(|one| one.parse() == Ok(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_as_numbers_is_read_too() {
        let bytes = |text: &str| match serde_json::from_str(text).unwrap() {
            Kept::Whole(Body(bytes)) => bytes,
            Kept::Parts { .. } => panic!("{text}"),
        };
        assert_eq!(bytes("[76, 97]"), b"La");
        assert_eq!(bytes("\"TGE=\""), b"La");
        let written = serde_json::to_string(&Kept::Whole(Body(b"La".to_vec()))).unwrap();
        assert_eq!(written, "\"TGE=\"");
        assert!(serde_json::from_str::<Kept>("\"?\"").is_err());
    }
}
