//! How a case ended: what the figures, the lists and every page tell apart.

use lapor_protocol::case::{Case, State};
use lapor_protocol::kinds::ClosedBy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The reporter has confirmed that it is done.
    Confirmed,
    /// An officer has noted that the reporter is content, and nobody showed the reporter's key.
    Officer,
    /// The reporter did not answer the last follow-up in time.
    Silence,
    Archived,
    Merged,
}

impl Outcome {
    pub const ALL: [Self; 5] = [
        Self::Confirmed,
        Self::Officer,
        Self::Silence,
        Self::Archived,
        Self::Merged,
    ];
    /// How a case can have been closed.
    pub const CLOSES: [Self; 3] = [Self::Confirmed, Self::Officer, Self::Silence];

    /// `None` of a case that is open.
    pub fn of(case: &Case) -> Option<Self> {
        let close = case.close.as_ref();
        match (case.state, close) {
            (State::Closed, Some(close)) if close.by == ClosedBy::Silence => Some(Self::Silence),
            (State::Closed, Some(close)) if close.through_officer => Some(Self::Officer),
            (State::Closed, _) => Some(Self::Confirmed),
            (State::Archived, _) => Some(Self::Archived),
            (State::Merged, _) => Some(Self::Merged),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Officer => "officer",
            Self::Silence => "silence",
            Self::Archived => "archived",
            Self::Merged => "merged",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}
