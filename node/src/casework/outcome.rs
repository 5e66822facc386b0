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
    /// The reporter did not answer the last follow-up in time.
    Silence,
    Archived,
    Merged,
}

impl Outcome {
    pub const ALL: [Self; 4] = [Self::Confirmed, Self::Silence, Self::Archived, Self::Merged];

    /// `None` of a case that is open.
    pub fn of(case: &Case) -> Option<Self> {
        let by = case.close.as_ref().map(|close| close.by);
        match (case.state, by) {
            (State::Closed, Some(ClosedBy::Silence)) => Some(Self::Silence),
            (State::Closed, _) => Some(Self::Confirmed),
            (State::Archived, _) => Some(Self::Archived),
            (State::Merged, _) => Some(Self::Merged),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Silence => "silence",
            Self::Archived => "archived",
            Self::Merged => "merged",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}
