//! Signed acknowledgements: the hub's for what it has made durable, the
//! recipient's for what it has taken in and settled.

use serde::{Deserialize, Serialize};

use crate::dsse::{self, Envelope, EnvelopeError};
use crate::ids::{Digest, EnvelopeId, InstanceId};
use crate::keys::{Signer, Verifier};
use crate::limits::{ACK_EXCEPTIONS, MAX_INTEGER};
use crate::merkle;

/// What a receipt states that its range does not bear out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error("the receipt does not state the level `accepted`")]
    Level,
    #[error("the receipt covers no range of positions: {from} to {to}")]
    Span { from: u64, to: u64 },
    #[error("the receipt covers {stated} messages, {held} are held")]
    Range { stated: u64, held: u64 },
    #[error("the receipt's head or root is not that of the messages")]
    Contents,
    #[error(
        "an acknowledgement states settled {settled} beyond accepted {accepted}, or too many exceptions"
    )]
    Ack { accepted: u64, settled: u64 },
}

/// Level `accepted`: durable and sequenced at the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub level: String,
    pub author: InstanceId,
    pub epoch: u32,
    /// First `seq` covered.
    pub from: u64,
    /// Last `seq` covered, inclusive.
    pub to: u64,
    /// Envelope id at `to`.
    pub head: EnvelopeId,
    /// RFC 6962 tree head over the envelope ids `from..=to`.
    pub root: Digest,
    /// Unix ms at the hub.
    pub at: i64,
}

impl Receipt {
    /// For a range that has just been made durable; `ids` must not be empty.
    pub fn accepted(
        author: InstanceId,
        epoch: u32,
        from: u64,
        ids: &[EnvelopeId],
        at: i64,
    ) -> Self {
        let head = *ids.last().expect("a receipt covers at least one message");
        Self {
            level: "accepted".into(),
            author,
            epoch,
            from,
            to: from + ids.len() as u64 - 1,
            head,
            root: merkle::root(ids),
            at,
        }
    }

    pub fn sign(&self, hub: &Signer) -> Envelope {
        dsse::sign_json(dsse::RECEIPT_TYPE, self, hub)
    }

    pub fn open(envelope: &Envelope, hub: &Verifier) -> Result<Self, ReceiptError> {
        let receipt: Self = dsse::open_json(dsse::RECEIPT_TYPE, envelope, hub)?;
        if receipt.level != "accepted" {
            return Err(ReceiptError::Level);
        }
        let (from, to) = (receipt.from, receipt.to);
        let counted = 1..=MAX_INTEGER as u64;
        if from <= to && counted.contains(&from) && counted.contains(&to) {
            Ok(receipt)
        } else {
            Err(ReceiptError::Span { from, to })
        }
    }

    /// Whether this receipt is about exactly these messages.
    pub fn covers(&self, ids: &[EnvelopeId]) -> Result<(), ReceiptError> {
        let stated = self.to.saturating_add(1).saturating_sub(self.from);
        if stated != ids.len() as u64 {
            return Err(ReceiptError::Range {
                stated,
                held: ids.len() as u64,
            });
        }
        if ids.last() == Some(&self.head) && merkle::root(ids) == self.root {
            Ok(())
        } else {
            Err(ReceiptError::Contents)
        }
    }
}

/// Why an item is settled without having been applied, or not settled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    Refused,
    Superseded,
    Quarantined,
    Parked,
}

/// An item whose outcome is not simply `applied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub dseq: u64,
    pub state: ExceptionState,
    pub reason: String,
}

/// Levels `delivered` and `settled`, signed by the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    pub recipient: InstanceId,
    /// `inbox` or `public`.
    pub stream: Stream,
    pub depoch: u32,
    /// Everything up to here is on the recipient's disk.
    pub accepted: u64,
    /// Everything up to here is applied or stands in `exceptions`.
    pub settled: u64,
    /// Hash of the item at `accepted`.
    pub head: Digest,
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Unix ms at the recipient.
    pub at: i64,
}

/// The two kinds of stream that a node reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Inbox,
    Public,
}

impl Stream {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Public => "public",
        }
    }
}

impl Ack {
    pub fn sign(&self, recipient: &Signer) -> Envelope {
        dsse::sign_json(dsse::ACK_TYPE, self, recipient)
    }

    pub fn open(envelope: &Envelope, recipient: &Verifier) -> Result<Self, ReceiptError> {
        let ack: Self = dsse::open_json(dsse::ACK_TYPE, envelope, recipient)?;
        if ack.settled > ack.accepted || ack.exceptions.len() > ACK_EXCEPTIONS {
            return Err(ReceiptError::Ack {
                accepted: ack.accepted,
                settled: ack.settled,
            });
        }
        Ok(ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_proves_its_range_and_nothing_else() {
        let hub = Signer::from_seed(&[1; 32]);
        let key = Verifier::from_jwk(&hub.public()).unwrap();
        let ids: Vec<Digest> = (0..5u8).map(|n| Digest::of(&[n])).collect();
        let author: InstanceId = "kemenpu".parse().unwrap();
        let signed = Receipt::accepted(author, 1, 7, &ids, 42).sign(&hub);
        let receipt = Receipt::open(&signed, &key).unwrap();
        assert_eq!((receipt.from, receipt.to, receipt.head), (7, 11, ids[4]));
        assert_eq!(receipt.covers(&ids), Ok(()));
        assert_eq!(
            receipt.covers(&ids[..4]),
            Err(ReceiptError::Range { stated: 5, held: 4 })
        );
        let mut swapped = ids.clone();
        swapped.swap(0, 1);
        assert_eq!(receipt.covers(&swapped), Err(ReceiptError::Contents));
    }

    #[test]
    fn a_receipt_of_another_level_is_refused() {
        let hub = Signer::from_seed(&[1; 32]);
        let key = Verifier::from_jwk(&hub.public()).unwrap();
        let author: InstanceId = "kemenpu".parse().unwrap();
        let mut receipt = Receipt::accepted(author, 1, 1, &[Digest::ZERO], 42);
        receipt.level = "delivered".into();
        let opened = Receipt::open(&receipt.sign(&hub), &key);
        assert_eq!(opened, Err(ReceiptError::Level));
    }

    #[test]
    fn an_acknowledgement_settles_what_it_has_and_excepts_no_more_than_the_limit() {
        let recipient = Signer::from_seed(&[2; 32]);
        let key = Verifier::from_jwk(&recipient.public()).unwrap();
        for (settled, exceptions, is_sound) in [
            (0, 0, true),
            (5, 0, true),
            (6, 0, false),
            (5, ACK_EXCEPTIONS, true),
            (5, ACK_EXCEPTIONS + 1, false),
        ] {
            let exception = |dseq| Exception {
                dseq,
                state: ExceptionState::Parked,
                reason: "kind_unknown".into(),
            };
            let ack = Ack {
                recipient: "kemenpu".parse().unwrap(),
                stream: Stream::Inbox,
                depoch: 1,
                accepted: 5,
                settled,
                head: Digest::ZERO,
                exceptions: (1..=exceptions as u64).map(exception).collect(),
                at: 42,
            };
            let opened = Ack::open(&ack.sign(&recipient), &key);
            let refused = ReceiptError::Ack {
                accepted: 5,
                settled,
            };
            assert_eq!(opened, if is_sound { Ok(ack) } else { Err(refused) });
        }
    }

    #[test]
    fn a_stream_is_called_what_it_is_written_as() {
        for stream in [Stream::Inbox, Stream::Public] {
            let written = serde_json::to_value(stream).unwrap();
            assert_eq!(written, stream.as_str());
        }
    }

    #[test]
    fn a_receipt_of_no_range_is_refused() {
        let hub = Signer::from_seed(&[1; 32]);
        let key = Verifier::from_jwk(&hub.public()).unwrap();
        let author: InstanceId = "kemenpu".parse().unwrap();
        let last = MAX_INTEGER as u64;
        for (from, to, is_range) in [
            (1, 1, true),
            (last, last, true),
            (2, 1, false),
            (0, 1, false),
            (1, last + 1, false),
            (1 << 63, 1, false),
        ] {
            let sound = Receipt::accepted(author.clone(), 1, 1, &[Digest::ZERO], 42);
            let receipt = Receipt { from, to, ..sound };
            let opened = Receipt::open(&receipt.sign(&hub), &key);
            let expected = if is_range {
                Ok(receipt)
            } else {
                Err(ReceiptError::Span { from, to })
            };
            assert_eq!(opened, expected);
        }
    }
}
