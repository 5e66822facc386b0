//! What can be wrong: a concern of the watch about an institution, or one of
//! the hub's own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::store::{code_of, from_code};
use crate::watch::Concern;

/// What the code of a condition of the hub's own begins with.
const HUB: &str = "hub_";

/// A concern about the hub itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// Batches wait to be ordered; measured in batches.
    Sequencer,
    /// It has lost what it signed, or its disk has damaged that; measured in messages that are damaged.
    Record,
    /// Bytes free where it writes.
    Disk,
    /// Milliseconds since its last backup.
    Backup,
    /// Milliseconds since a backup was last restored on trial and held; nothing where the last one
    /// that was tried does not hold.
    Trial,
    /// Milliseconds until its certificate ends.
    Certificate,
    /// Milliseconds until its issuer ends, with which all certificates do: only a person makes the next.
    Issuer,
    /// Milliseconds that the oldest letter about alarms waits.
    Letters,
    /// Milliseconds since it last looked at the federation.
    Watch,
    /// Milliseconds that the oldest waits that an operator must decide: an act, or who has joined.
    Approval,
}

/// What a rule is about. Its code is the concern's, with `hub_` before the hub's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Condition {
    Institution(Concern),
    Hub(Own),
}

/// A text that names no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no condition of an alarm")]
pub struct ConditionError;

impl Own {
    pub const ALL: [Self; 10] = [
        Self::Sequencer,
        Self::Record,
        Self::Disk,
        Self::Backup,
        Self::Trial,
        Self::Certificate,
        Self::Issuer,
        Self::Letters,
        Self::Watch,
        Self::Approval,
    ];
}

impl Condition {
    /// Every one, those of institutions first.
    pub fn all() -> impl Iterator<Item = Self> {
        let institutions = Concern::ALL.into_iter().map(Self::Institution);
        institutions.chain(Own::ALL.into_iter().map(Self::Hub))
    }

    /// Whether it is about the hub itself.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Hub(_))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Institution(concern) => f.write_str(&code_of(concern)),
            Self::Hub(own) => write!(f, "{HUB}{}", code_of(own)),
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let read = match text.strip_prefix(HUB) {
            Some(own) => from_code(own.to_owned()).map(Self::Hub),
            None => from_code(text.to_owned()).map(Self::Institution),
        };
        read.map_err(|_| ConditionError)
    }
}

impl TryFrom<String> for Condition {
    type Error = ConditionError;

    fn try_from(text: String) -> Result<Self, ConditionError> {
        text.parse()
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_read_as_it_is_written() {
        for condition in Condition::all() {
            assert_eq!(condition.to_string().parse(), Ok(condition));
        }
        assert_eq!("hub_silent".parse::<Condition>(), Err(ConditionError));
    }
}
