//! The reporter's side of a case filed here: their key, their conversation,
//! what they see and do, their own data, and what protects all of it.
//!
//! Whoever has a [`Conversation`] has proved it; nothing here takes a case id
//! on trust. No ticket, key, code or contact is logged or printed: the audit
//! log names a reporter by an id of its own.

mod account;
mod acts;
mod consent;
mod contact;
mod counter;
mod erasing;
mod events;
mod filing;
mod followed;
mod guard;
mod key;
mod lost_key;
mod own_data;
mod reach;
mod session;
mod support;
#[cfg(test)]
mod tests;
mod tracking;
mod view;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use account::Begun;
pub use acts::ReporterAct;
pub use consent::{IdentityEvent, IdentityStep};
pub(crate) use contact::CODE_LIFE_MS;
pub use contact::{CodePurpose, Letter, LetterKind, Proved, SentCode};
pub use counter::{AtCounter, Through};
pub use events::{Event, Linked, Relation};
pub(crate) use events::{HeardOf, answer_forms};
pub use filing::{FiledForReporter, FilingTerms};
pub(crate) use filing::{ThreadTerms, registered, untold};
pub(crate) use followed::followed_text;
pub use guard::{AbuseMark, Suspicion};
pub use key::SecretKey;
pub use lost_key::{Assurance, Claim, GivenKey, KeyGiver};
pub use own_data::{Erasure, ErasureState, OwnData, OwnReport};
pub use reach::{CodeWay, CodeWays, Reachable, Reached, is_dialled, is_mailed, reaches};
pub(crate) use reach::{check_contacts, normalised};
pub use session::{Conversation, Opened, Visitor};
pub use support::Supporter;
pub(crate) use support::{follow, leave_for};
pub use tracking::PublicView;
pub use view::ReporterView;

pub use crate::casework::tracking::Step;
pub use crate::deadlines::RunningClock;

pub(crate) use guard::Guards;

/// Whether a reporter is told of what happens by e-mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    #[default]
    Off,
    Email,
}

impl Notify {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Email => "email",
        }
    }

    pub(crate) fn read(text: &str) -> Self {
        if text == "email" {
            Self::Email
        } else {
            Self::Off
        }
    }
}

/// What is known of who reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Nothing was proved.
    None,
    /// The contact was proved with a code.
    Contact,
}

impl Verification {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Contact => "contact",
        }
    }

    pub(crate) fn read(text: &str) -> Self {
        if text == "contact" {
            Self::Contact
        } else {
            Self::None
        }
    }
}
