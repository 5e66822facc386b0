//! Delivery items: what a recipient's stream is made of, and the hash chain
//! that shows a gap, a swap or a changed ruling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::case::{Ruling, Withheld};
use crate::dsse::{self, Envelope, EnvelopeError};
use crate::ids::{CaseId, Digest, EnvelopeId, IdError, InstanceId};
use crate::keys::{Signer, Verifier};
use crate::limits::MAX_INTEGER;
use crate::receipt::Stream;

/// One item of a stream. Its exact bytes are hashed into the chain; envelope
/// and wraps travel beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Generation of the hub; it stays the same when a restored hub has got back what it lost.
    pub depoch: u32,
    /// Gapless in the stream, from 1.
    pub dseq: u64,
    /// SHA-256 of the exact bytes of the item before; zeros for the first.
    pub dprev: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Gapless in the case, from 1; absent for a message without a place in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_seq: Option<u64>,
    pub kind: String,
    pub envelope_id: EnvelopeId,
    #[serde(flatten)]
    pub ruling: Ruling,
    /// For a duplicate: the envelope that was first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<EnvelopeId>,
    /// Directory version in force at the ruling.
    pub directory: u64,
    /// Unix ms at the hub.
    pub ordered_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

impl Item {
    /// The exact bytes that are hashed and sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an item serialises")
    }
}

/// How far a recipient has read: `depoch.dseq.hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub depoch: u32,
    pub dseq: u64,
    /// SHA-256 of the item at `dseq`; zeros at the start.
    pub hash: Digest,
}

impl Cursor {
    pub const START: Self = Self {
        depoch: 1,
        dseq: 0,
        hash: Digest::ZERO,
    };

    /// Takes the next item; the error says how it fails to continue the stream.
    pub fn advance(&self, bytes: &[u8], item: &Item) -> Result<Self, DeliveryError> {
        let expected = self.dseq.saturating_add(1);
        if item.depoch != self.depoch || item.dseq != expected {
            return Err(DeliveryError::Gap {
                expected,
                found: item.dseq,
            });
        }
        if item.dprev != self.hash {
            return Err(DeliveryError::Chain(item.dseq));
        }
        Ok(Self {
            depoch: item.depoch,
            dseq: item.dseq,
            hash: Digest::of(bytes),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.depoch, self.dseq, self.hash)
    }
}

impl FromStr for Cursor {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::Cursor(text.chars().take(100).collect());
        let mut parts = text.split('.');
        let (Some(depoch), Some(dseq), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let cursor = Self {
            depoch: depoch.parse().map_err(|_| wrong())?,
            dseq: dseq.parse().map_err(|_| wrong())?,
            hash: hash.parse().map_err(|_| wrong())?,
        };
        // One cursor has one spelling (`+1` and `01` parse too), and counts no
        // further than a database or another language can.
        let canonical = cursor.dseq <= MAX_INTEGER as u64 && cursor.to_string() == text;
        canonical.then_some(cursor).ok_or_else(wrong)
    }
}

/// The hub's signature over where a recipient's stream stands; the last line
/// of every page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// `None` on the public stream, which is the same for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<InstanceId>,
    pub stream: Stream,
    pub depoch: u32,
    /// The last item of the page.
    pub dseq: u64,
    pub hash: Digest,
    /// Unix ms at the hub.
    pub at: i64,
}

impl StreamHead {
    pub fn sign(&self, hub: &Signer) -> Envelope {
        dsse::sign_json(dsse::HEAD_TYPE, self, hub)
    }

    pub fn open(envelope: &Envelope, hub: &Verifier) -> Result<Self, EnvelopeError> {
        dsse::open_json(dsse::HEAD_TYPE, envelope, hub)
    }
}

/// How a page contradicts what came before it, or itself; the hub's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    #[error("a page line cannot be read: {0}")]
    Malformed(String),
    #[error("expected item {expected}, got {found}")]
    Gap { expected: u64, found: u64 },
    #[error("item {0} names another predecessor")]
    Chain(u64),
    #[error("the page ends without a signed head")]
    HeadMissing,
    #[error("the signed head is not that of the page")]
    Head,
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error("item {0} carries an envelope with another id")]
    EnvelopeId(u64),
    #[error("item {0} carries neither an envelope nor a reason to withhold it")]
    EnvelopeMissing(u64),
}
