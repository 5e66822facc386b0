//! An author's chain: gapless sequence, each message naming the one before,
//! in epochs that only the hub can open.

use serde::{Deserialize, Serialize};

use crate::dsse::{self, Envelope, EnvelopeError};
use crate::ids::{Digest, EnvelopeId, InstanceId, Position};
use crate::keys::{CertifiedKey, Signer, Verifier};
use crate::message::Header;

/// How a header fails to continue a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("expected position {expected}, got {found}")]
    Gap { expected: Position, found: Position },
    #[error("position {0} names another predecessor than the one that was accepted")]
    Previous(Position),
    #[error("epoch {found} is closed; epoch {current} is open")]
    EpochClosed { current: u32, found: u32 },
}

/// The last accepted message of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    pub epoch: u32,
    /// 0 before the first message of the epoch.
    pub seq: u64,
    /// Envelope id of the last message, of whatever epoch; zeros before the first.
    pub id: EnvelopeId,
}

impl ChainHead {
    /// Before the first message of an instance.
    pub const START: Self = Self {
        epoch: 1,
        seq: 0,
        id: Digest::ZERO,
    };

    pub fn position(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.seq,
        }
    }

    /// Where the next message must stand.
    pub fn next(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.seq.saturating_add(1),
        }
    }

    /// Whether a header continues this chain.
    pub fn admits(&self, header: &Header) -> Result<(), ChainError> {
        if header.epoch < self.epoch {
            return Err(ChainError::EpochClosed {
                current: self.epoch,
                found: header.epoch,
            });
        }
        if header.position() != self.next() {
            return Err(ChainError::Gap {
                expected: self.next(),
                found: header.position(),
            });
        }
        if header.prev != self.id {
            return Err(ChainError::Previous(header.position()));
        }
        Ok(())
    }

    /// The head once an admitted message is accepted.
    #[must_use]
    pub fn advanced(&self, id: EnvelopeId) -> Self {
        Self {
            epoch: self.epoch,
            seq: self.seq + 1,
            id,
        }
    }
}

/// What an instance asks for when it must not go on in its epoch: it was
/// restored, cloned, or refused. Signed by its identity key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRequest {
    pub instance: InstanceId,
    /// The epoch that the instance believes to be open; a repeated request is
    /// answered with the grant it has already had.
    pub after: u32,
    /// 16 random bytes, hex; names the request.
    pub nonce: String,
    /// New keys, valid from the first message of the new epoch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<CertifiedKey>,
}

impl EpochRequest {
    pub fn sign(&self, identity: &Signer) -> Envelope {
        dsse::sign_json(dsse::EPOCH_TYPE, self, identity)
    }

    pub fn open(envelope: &Envelope, identity: &Verifier) -> Result<Self, EnvelopeError> {
        dsse::open_json(dsse::EPOCH_TYPE, envelope, identity)
    }
}

/// The hub's answer, signed: the new epoch continues after the accepted head
/// of the former one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochGrant {
    pub instance: InstanceId,
    pub epoch: u32,
    /// `prev` of the first message of the new epoch.
    pub prev: EnvelopeId,
    /// The request that is answered; empty for the first epoch.
    pub nonce: String,
}

impl EpochGrant {
    pub fn sign(&self, hub: &Signer) -> Envelope {
        dsse::sign_json(dsse::EPOCH_TYPE, self, hub)
    }

    pub fn open(envelope: &Envelope, hub: &Verifier) -> Result<Self, EnvelopeError> {
        dsse::open_json(dsse::EPOCH_TYPE, envelope, hub)
    }

    pub fn head(&self) -> ChainHead {
        ChainHead {
            epoch: self.epoch,
            seq: 0,
            id: self.prev,
        }
    }
}
