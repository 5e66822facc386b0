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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// What the provider knows them by: a number, an id, an address.
    pub id: String,
    /// What they call themselves there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What somebody said.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    pub from: Address,
    pub text: String,
    /// The provider's id of the message that it answers.
    pub reply_to: Option<String>,
    pub location: Option<Coordinates>,
}

/// What was taken cannot be read by this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread(pub &'static str);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heard(..)")
    }
}
