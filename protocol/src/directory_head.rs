//! Which version of the directory the hub has published, signed by itself: short
//! enough for a node to show with every request what it has seen, where a version
//! is not. Says nothing of what the version holds.

use serde::{Deserialize, Serialize};

use crate::dsse::{self, Envelope, EnvelopeError};
use crate::ids::Digest;
use crate::keys::{Signer, Verifier};

/// Stands beside the versions of a `DirectoryPage` and names the last of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryHead {
    pub version: u64,
    /// Envelope id of that version.
    pub id: Digest,
    /// Unix ms at the hub.
    pub at: i64,
}

impl DirectoryHead {
    pub fn sign(&self, hub: &Signer) -> Envelope {
        dsse::sign_json(dsse::DIRECTORY_HEAD_TYPE, self, hub)
    }

    pub fn open(envelope: &Envelope, hub: &Verifier) -> Result<Self, EnvelopeError> {
        dsse::open_json(dsse::DIRECTORY_HEAD_TYPE, envelope, hub)
    }
}
