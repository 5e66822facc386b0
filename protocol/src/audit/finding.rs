//! What a record contradicts, in words that name the place.

use std::fmt;

use crate::case::Ruling;
use crate::ids::{CaseId, EnvelopeId, InstanceId, Position};
use crate::keys::KeyId;

/// One contradiction, and the envelope in which it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub envelope: Option<EnvelopeId>,
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("a line is no envelope: {0}")]
    Envelope(String),
    #[error("its header cannot be read: {0}")]
    Header(String),
    #[error("its author has no key {0} at its position")]
    Key(KeyId),
    #[error("its signature does not verify")]
    Signature,
    #[error("it stands beyond the position at which its author was revoked")]
    Revoked,
    #[error("its position is held by {held}")]
    Fork { held: EnvelopeId },
    #[error("it names another predecessor than the one before it")]
    Previous,
    #[error("{author} has a gap before {at}")]
    Gap { author: InstanceId, at: Position },
    #[error("a receipt does not hold: {0}")]
    Receipt(String),
    #[error("the time of a receipt is odd: {0}")]
    ReceiptTime(String),
    #[error("a signed head does not hold: {0}")]
    Head(String),
    #[error("it has no ruling")]
    Unruled,
    #[error("a ruling about another envelope stands in its place")]
    RulingElsewhere,
    #[error("it is ruled once too often")]
    RulingTwice,
    #[error("its two rulings contradict each other")]
    Legs,
    #[error("it was ordered before what stands before it in its chain or its case")]
    Backdated,
    #[error("its ruling names a directory version that does not exist")]
    Directory,
    #[error("it is ruled {ruled}, and the rules say {expected}", ruled = words(*.ruled), expected = words(*.expected))]
    Ruling { ruled: Ruling, expected: Ruling },
    #[error("it stands at {found} of case {case}, where {expected} comes next")]
    CaseSeq {
        case: CaseId,
        expected: u64,
        found: u64,
    },
    #[error("it has a place in case {0} that it should not have")]
    Placed(CaseId),
    #[error("it gave birth to no case {0}")]
    Unborn(CaseId),
    #[error(
        "it closes case {case} by silence at {closed_at} ms, and the reporter had until {silent_from} ms"
    )]
    Silence {
        case: CaseId,
        closed_at: i64,
        silent_from: i64,
    },
    #[error("custody of case {case} went to {found}, where its kind gives it to {expected}")]
    Custody {
        case: CaseId,
        expected: String,
        found: InstanceId,
    },
}

impl Wrong {
    /// Whether a true record cannot have it. What is odd is named beside that: when a receipt was
    /// signed says nothing of what it covers, and hubs that were restored before the protocol said
    /// which time such a receipt has gave it one that is later than the next.
    pub fn contradicts(&self) -> bool {
        !matches!(self, Self::ReceiptTime(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.envelope {
            Some(id) => write!(f, "envelope {id}: {}", self.wrong),
            None => self.wrong.fmt(f),
        }
    }
}

fn words(ruling: Ruling) -> String {
    match ruling.reason {
        Some(reason) => format!("{} ({reason:?})", ruling.effect.as_str()),
        None => ruling.effect.as_str().to_owned(),
    }
}
