//! What somebody said, as every channel tells it. Nothing here can be printed: it holds who they
//! are, and their words.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::casework::Coordinates;

/// A message as the provider gave it.
pub struct Raw {
    /// What tells it from every other of this channel.
    pub id: String,
    pub body: Vec<u8>,
}

/// Whom one reaches where.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// What the provider knows them by: a number, an id, an address.
    pub id: String,
    /// What they call themselves there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What of theirs is answered where everybody reads: a comment, a post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A file that came with a message, where its provider keeps it or as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// The provider's id or address of it.
    pub at: String,
    /// The file itself, where it came in the message.
    pub content: Option<Bytes>,
    pub kind: MediaKind,
    /// Bytes, where the provider says so.
    pub size: Option<u64>,
}

/// What a provider says that a file is; what it is, its content says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    Picture,
    Film,
    Document,
    /// Is never taken, and so not fetched.
    Sound,
}

/// What somebody said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Heard {
    pub from: Address,
    pub text: String,
    /// The provider's id of it, where others refer to it by that.
    pub id: Option<String>,
    /// The provider's id of the message that it answers, or that it changes.
    pub reply_to: Option<String>,
    /// The provider's id of the message with which its thread began.
    pub began_with: Option<String>,
    pub location: Option<Coordinates>,
    pub sort: Sort,
    pub media: Vec<MediaRef>,
    /// When they said it, Unix ms, where the provider tells: it may hand it over much later.
    pub said_at: Option<i64>,
}

/// How something was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// To this node.
    #[default]
    Word,
    /// An earlier word, as its author has changed it.
    Edit,
    /// Where people talk to each other and this node takes no report.
    Elsewhere,
    /// What comes by itself, or repeats others, and wants no answer.
    Noise,
}

/// Something to be said, and how.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    pub words: String,
    /// The provider's id of the message below which it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The ticket that it is about, where one is named in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// It asks for a place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_place: bool,
    /// It was handed over before and not answered, and may have been said then.
    #[serde(skip)]
    pub again: bool,
}

impl Heard {
    /// Nothing but files, or nothing at all.
    pub fn is_wordless(&self) -> bool {
        self.text.trim().is_empty() && self.location.is_none()
    }
}

/// How a message came in, beside what it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    pub form: Form,
    /// Its writer's telephone has more letters than text messages have.
    pub wide: bool,
}

/// How much of a message it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Form {
    /// All of it.
    #[default]
    Whole,
    /// A text that refers to no other. Where it is as long as one can be, more of it may follow
    /// as another.
    Alone { full: bool },
    /// One of several, from 1, that share a reference.
    Part {
        reference: String,
        place: usize,
        total: usize,
    },
    /// No words: a picture, a card, a setting.
    Binary,
}

/// What was taken cannot be read by this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread(pub &'static str);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

impl fmt::Debug for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Saying(..)")
    }
}

impl fmt::Debug for MediaRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MediaRef(..)")
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heard(..)")
    }
}
