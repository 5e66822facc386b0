//! Of what kind something is that does not hold, for those who are told of it in their language.

use lapor_protocol::audit::Wrong;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a record lacks to be one, or to be the beginning of this hub's.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordFlaw)]
pub enum Flaw {
    /// A line or a file that is not what it should be.
    Unreadable,
    /// A version of the directory that does not follow, or an object of it that says something else.
    Directory,
    /// A message whose signature is none of its author's.
    Signature,
    /// A place that two messages hold.
    Twice,
    /// A message that does not continue its author's chain.
    Chain,
    /// A ruling on a message that is not there.
    Missing,
    /// A ruling that is not there, or another one than the rules give.
    Ruling,
    /// A case with another order or custody than the rules give.
    Case,
    Receipt,
    /// A signed end of a stream.
    Head,
    /// A picture that no programme names so.
    Picture,
    /// Its signing key was never this hub's.
    HubKey,
    /// The end of a chain is not in this hub's record.
    Message,
    /// The end of a stream is not in this hub's record.
    Item,
    /// The last version of the directory is another one at this hub.
    Version,
}

impl From<&Wrong> for Flaw {
    fn from(wrong: &Wrong) -> Self {
        match wrong {
            Wrong::Envelope(_) | Wrong::Header(_) => Self::Unreadable,
            Wrong::Key(_) | Wrong::Signature | Wrong::Revoked => Self::Signature,
            Wrong::Fork { .. } => Self::Twice,
            Wrong::Previous | Wrong::Gap { .. } => Self::Chain,
            Wrong::Receipt(_) | Wrong::ReceiptTime(_) => Self::Receipt,
            Wrong::Head(_) => Self::Head,
            Wrong::Unruled
            | Wrong::RulingElsewhere
            | Wrong::RulingTwice
            | Wrong::Legs
            | Wrong::Backdated
            | Wrong::Directory
            | Wrong::Ruling { .. } => Self::Ruling,
            Wrong::CaseSeq { .. }
            | Wrong::Placed(_)
            | Wrong::Unborn(_)
            | Wrong::Silence { .. }
            | Wrong::Custody { .. } => Self::Case,
        }
    }
}
