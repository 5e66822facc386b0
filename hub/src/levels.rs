//! How far an institution has come in the federation, since when, and whether it
//! answers in time. The same rule for its own page and for the road map.

use std::collections::BTreeMap;

use lapor_migrations::Tx;
use lapor_protocol::directory::Status;
use lapor_protocol::ids::InstanceId;
use serde::Serialize;

use crate::error::HubError;
use crate::store;
use crate::watch::Instance;

/// Milliseconds over which answers are counted: 30 days.
pub const SPAN_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Percent of the answers due in that span that must come in time.
pub const SHARE: i64 = 90;

/// How far, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Known by name, or not at all.
    NotInvited,
    Invited,
    /// It has keys and a place, and has not exchanged both ways.
    Joined,
    /// The hub has accepted messages of it, and it has acknowledged some.
    Exchanging,
    /// Beyond that, [`SHARE`] percent of its answers of [`SPAN_MS`] came in time.
    Answering,
    Suspended,
    Revoked,
}

/// What institutions owed within the last [`SPAN_MS`]: terms of custody in which
/// a first answer came, or a clock ran out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    pub due: i64,
    /// Those answered before any clock of the term ran out.
    pub in_time: i64,
}

/// How far one has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reached {
    pub level: Level,
    /// Unix ms; the latest invitation, the joining, or its first accepted
    /// message, whichever belongs to the level. `None` where it is not known.
    pub since: Option<i64>,
    pub answers: Answers,
}

/// When institutions came from level to level, and what they owed.
pub struct Levels {
    invited: BTreeMap<InstanceId, i64>,
    joined: BTreeMap<InstanceId, i64>,
    sent: BTreeMap<InstanceId, i64>,
    answers: BTreeMap<InstanceId, Answers>,
}

impl Level {
    pub const ALL: [Self; 7] = [
        Self::NotInvited,
        Self::Invited,
        Self::Joined,
        Self::Exchanging,
        Self::Answering,
        Self::Suspended,
        Self::Revoked,
    ];

    /// As an address and a table have it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInvited => "belum",
            Self::Invited => "diundang",
            Self::Joined => "bergabung",
            Self::Exchanging => "bertukar",
            Self::Answering => "tepat-waktu",
            Self::Suspended => "ditangguhkan",
            Self::Revoked => "dicabut",
        }
    }
}

impl Answers {
    /// Whether enough came in time; whoever owed nothing has not shown it.
    pub fn are_in_time(self) -> bool {
        self.due > 0 && self.in_time * 100 >= self.due * SHARE
    }

    /// Whole percent, rounded down; `None` of nothing.
    pub fn percent(self) -> Option<i64> {
        (self.due > 0).then(|| self.in_time * 100 / self.due)
    }
}

impl Levels {
    /// Of all institutions, or of the one that is named.
    pub async fn read(tx: &mut Tx, of: Option<&InstanceId>, now_ms: i64) -> Result<Self, HubError> {
        let answers = store::levels::answers(tx, of, now_ms - SPAN_MS, now_ms).await?;
        let answers = answers
            .into_iter()
            .map(|(id, due, in_time)| (id, Answers { due, in_time }));
        Ok(Self {
            invited: store::levels::invited(tx, of).await?.into_iter().collect(),
            joined: store::levels::joined(tx, of).await?.into_iter().collect(),
            sent: store::levels::first_sent(tx, of)
                .await?
                .into_iter()
                .collect(),
            answers: answers.collect(),
        })
    }

    pub fn of(&self, seen: &Instance) -> Reached {
        let answers = self.answers.get(&seen.id).copied().unwrap_or_default();
        let level = level(seen, answers);
        let since = match level {
            Level::Invited => &self.invited,
            Level::Joined => &self.joined,
            Level::Exchanging | Level::Answering => &self.sent,
            Level::NotInvited | Level::Suspended | Level::Revoked => {
                return Reached {
                    level,
                    since: None,
                    answers,
                };
            }
        };
        Reached {
            level,
            since: since.get(&seen.id).copied(),
            answers,
        }
    }
}

fn level(seen: &Instance, answers: Answers) -> Level {
    match seen.status {
        Status::Registered => Level::NotInvited,
        Status::Invited => Level::Invited,
        Status::Suspended => Level::Suspended,
        Status::Revoked => Level::Revoked,
        Status::Active if seen.sent == 0 || seen.received == seen.undelivered => Level::Joined,
        Status::Active if answers.are_in_time() => Level::Answering,
        Status::Active => Level::Exchanging,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_answers_in_time_are_enough_and_none_are_not() {
        for (due, in_time, enough) in [(0, 0, false), (10, 9, true), (10, 8, false), (1, 1, true)] {
            let answers = Answers { due, in_time };
            assert_eq!(answers.are_in_time(), enough, "{answers:?}");
        }
    }
}
