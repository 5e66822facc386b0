//! How far an institution has come in the federation, since when, and whether it
//! answers in time. The same rule for its own page and for the road map.

use std::collections::BTreeMap;

use lapor_migrations::Tx;
use lapor_protocol::directory::Status;
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::levels::NotedRow;
use crate::store::{code_of, from_code};
use crate::watch::{Instance, Picture};

/// Milliseconds over which answers are counted: 30 days.
pub const SPAN_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Percent of the answers due in that span that must come in time.
pub const SHARE: i64 = 90;

/// How far, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RoadmapLevel)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Answers {
    pub due: i64,
    /// Those answered before any clock of the term ran out.
    pub in_time: i64,
}

/// How far one has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reached {
    pub level: Level,
    /// Unix ms; `None` where it is not known.
    pub since: Option<i64>,
    pub answers: Answers,
}

/// When institutions came from level to level, and what they owed.
pub struct Levels {
    invited: BTreeMap<InstanceId, i64>,
    joined: BTreeMap<InstanceId, i64>,
    sent: BTreeMap<InstanceId, i64>,
    answers: BTreeMap<InstanceId, Answers>,
    noted: BTreeMap<InstanceId, (Level, Option<i64>)>,
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

    /// Those that can be aimed at.
    pub const AIMS: [Self; 4] = [
        Self::Invited,
        Self::Joined,
        Self::Exchanging,
        Self::Answering,
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
    pub async fn read(tx: &mut Tx, now_ms: i64) -> Result<Self, HubError> {
        Self::narrowed(tx, now_ms, "").await
    }

    /// How far one institution has come.
    pub async fn of_one(tx: &mut Tx, now_ms: i64, seen: &Instance) -> Result<Reached, HubError> {
        let levels = Self::narrowed(tx, now_ms, seen.id.as_str()).await?;
        Ok(levels.of(seen))
    }

    async fn narrowed(tx: &mut Tx, now_ms: i64, slug: &str) -> Result<Self, HubError> {
        let answers = store::levels::answers(tx, now_ms - SPAN_MS, now_ms, slug).await?;
        let answers = answers
            .into_iter()
            .map(|(id, due, in_time)| (id, Answers { due, in_time }));
        let by_id = |moments: Vec<(InstanceId, i64)>| moments.into_iter().collect();
        Ok(Self {
            invited: by_id(store::levels::invited(tx, slug).await?),
            joined: by_id(store::levels::joined(tx, slug).await?),
            sent: by_id(store::levels::first_sent(tx, slug).await?),
            answers: answers.collect(),
            noted: noted(tx, slug).await?,
        })
    }

    pub fn of(&self, seen: &Instance) -> Reached {
        let answers = self.answers.get(&seen.id).copied().unwrap_or_default();
        let level = level(seen, answers);
        let noted = self.noted.get(&seen.id);
        let since = match noted.filter(|(noted, _)| *noted == level) {
            Some((_, since)) => *since,
            None => self.moment(&seen.id, level),
        };
        Reached {
            level,
            since,
            answers,
        }
    }

    /// The latest invitation, the joining, or the first accepted message, whichever
    /// belongs to a level.
    fn moment(&self, id: &InstanceId, level: Level) -> Option<i64> {
        let moments = match level {
            Level::Invited => &self.invited,
            Level::Joined => &self.joined,
            Level::Exchanging => &self.sent,
            Level::NotInvited | Level::Answering | Level::Suspended | Level::Revoked => {
                return None;
            }
        };
        moments.get(id).copied()
    }

    /// What is to be noted of an institution at `now_ms`; nothing while its level stays.
    fn change(&self, seen: &Instance, now_ms: i64) -> Option<NotedRow> {
        let level = self.of(seen).level;
        let moment = self.moment(&seen.id, level);
        let since = match self.noted.get(&seen.id) {
            Some((noted, _)) if *noted == level => return None,
            // Whoever comes back to a level is there from now on.
            Some((_, before)) => moment.filter(|at| Some(*at) > *before).or(Some(now_ms)),
            None => moment,
        };
        Some(NotedRow {
            slug: seen.id.to_string(),
            level: code_of(&level),
            since,
        })
    }
}

/// Notes who has come to another level since it was noted last.
pub async fn note(hub: &Hub, picture: &Picture) -> Result<(), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let levels = Levels::read(&mut tx, picture.at).await?;
    tx.rollback().await?;
    let changes = picture.instances.values();
    let changes: Vec<NotedRow> = changes
        .filter_map(|seen| levels.change(seen, picture.at))
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    let mut tx = hub.ground.db.write().await?;
    store::levels::note(&mut tx, &changes).await?;
    tx.commit().await?;
    Ok(())
}

/// The level of each as it was noted last, and since when; of one, or of all (`""`).
pub async fn noted(
    tx: &mut Tx,
    slug: &str,
) -> Result<BTreeMap<InstanceId, (Level, Option<i64>)>, HubError> {
    let rows = store::levels::noted(tx, slug).await?;
    let known = rows.into_iter().map(|row| {
        let id = row.slug.parse().map_err(HubError::damaged)?;
        Ok((id, (from_code(row.level)?, row.since)))
    });
    known.collect()
}

fn level(seen: &Instance, answers: Answers) -> Level {
    match seen.status {
        Status::Registered => Level::NotInvited,
        Status::Invited => Level::Invited,
        // It has joined; what is missing is the operators' approval.
        Status::Suspended if seen.waits_since.is_some() => Level::Joined,
        Status::Suspended => Level::Suspended,
        Status::Revoked => Level::Revoked,
        Status::Active if seen.sent == 0 || seen.received == seen.undelivered => Level::Joined,
        Status::Active if answers.are_in_time() => Level::Answering,
        Status::Active => Level::Exchanging,
    }
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::databases_of;
    use lapor_protocol::ids::CaseId;

    use super::*;
    use crate::store::casework::{ClockRow, TermRow, put};

    const NOW: i64 = 1_800_000_000_000;
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn nine_of_ten_answers_in_time_are_enough_and_none_are_not() {
        for (due, in_time, enough) in [(0, 0, false), (10, 9, true), (10, 8, false), (1, 1, true)] {
            let answers = Answers { due, in_time };
            assert_eq!(answers.are_in_time(), enough, "{answers:?}");
        }
    }

    /// One stretch of a case at an institution, in days before now, and when its clock ran out.
    fn stretch(
        (case, term): (u8, i64),
        institution: &str,
        (since, answered, until): (i64, Option<i64>, Option<i64>),
        ran_out: Option<i64>,
    ) -> (TermRow, Option<ClockRow>) {
        let ago = |days: i64| NOW - days * DAY_MS;
        let case = CaseId::mint(NOW, [case; 10]);
        let clock = ran_out.map(|ran_out| ClockRow {
            case,
            number: term,
            hop: 2,
            institution: institution.to_owned(),
            step: "first_answer",
            ran_out_at: Some(ago(ran_out)),
            met_at: answered.or(until).map(ago),
        });
        let row = TermRow {
            case,
            term,
            hop: 2,
            institution: institution.to_owned(),
            disposed: true,
            since: ago(since),
            acted_at: answered.map(ago),
            answered_at: answered.map(ago),
            until: until.map(ago),
            ended_by: None,
            reason: None,
            case_answered_at: answered.map(ago),
        };
        (row, clock)
    }

    #[tokio::test]
    async fn what_is_neglected_for_long_counts_and_a_reopened_case_begins_anew() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let (quick, slow) = ("kota-bandung", "kab-garut");
            let rows = [
                // In time; then one of a clock that ran out long ago and still stands.
                stretch((1, 1), quick, (5, Some(4), None), None),
                stretch((2, 1), slow, (70, None, None), Some(60)),
                // Late, closed, reopened, and then in time.
                stretch((3, 1), quick, (20, Some(12), Some(10)), Some(15)),
                stretch((3, 2), quick, (9, Some(8), None), None),
                // Passed on unanswered before the time that is counted.
                stretch((4, 1), quick, (80, None, Some(50)), Some(60)),
            ];
            let (terms, clocks): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let mut tx = db.write().await.unwrap();
            let clocks = clocks.into_iter().flatten().collect();
            put(&mut tx, Vec::new(), terms, clocks).await.unwrap();
            let all = store::levels::answers(&mut tx, NOW - SPAN_MS, NOW, "").await;
            let mut all = all.unwrap();
            all.sort();
            let of = |slug: &str, due, in_time| (slug.parse().unwrap(), due, in_time);
            assert_eq!(all, [of(slow, 1, 0), of(quick, 3, 2)]);
            let one = store::levels::answers(&mut tx, NOW - SPAN_MS, NOW, slow).await;
            assert_eq!(one.unwrap(), [of(slow, 1, 0)]);
            tx.commit().await.unwrap();
        }
    }
}
