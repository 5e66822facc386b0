//! What somebody said, as every channel tells it. Nothing here can be printed: it holds who they
//! are, and their words.

use std::fmt;

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

/// A file that came with a message, where its provider keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// The provider's id or address of it.
    pub at: String,
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
    /// The provider's id of the message that it answers.
    pub reply_to: Option<String>,
    pub location: Option<Coordinates>,
    pub media: Vec<MediaRef>,
    /// When they said it, Unix ms, where the provider tells: it may hand it over much later.
    pub said_at: Option<i64>,
}

impl Heard {
    /// Nothing but files, or nothing at all.
    pub fn is_wordless(&self) -> bool {
        self.text.trim().is_empty() && self.location.is_none()
    }
}

/// What was taken cannot be read by this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread(pub &'static str);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
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
