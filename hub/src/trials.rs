//! Trials of the latest backup that the hub runs by itself, at an hour of the day, and how the last
//! ones ended. The hour only strikes: whether one is due stands in the record.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use lapor_migrations::Tx;
use lapor_protocol::calendar::day_at;

use crate::app::Hub;
use crate::audit::By;
use crate::casework::weeks::ZONE;
use crate::error::HubError;
use crate::settings::BackupSettings;
use crate::store;
use crate::store::from_code;
use crate::upkeep::{self, Holds, Outcome, UpkeepError, Work};

/// Who runs them, in the audit log.
pub const ITSELF: &str = "hub";
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A trial takes its time, and the next is due at the same hour.
const EARLY_MS: i64 = 12 * HOUR_MS;
/// How often is looked whether the hour has struck.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How trials stand, whoever ran them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Unix ms of the end of the last one, and what came of it.
    pub last: Option<(i64, Outcome)>,
    /// Unix ms of the end of the last one in which all held.
    pub sound: Option<i64>,
}

impl Standing {
    /// As it is at a moment (Unix ms): what was tried by a clock that has been set back since is
    /// none of it, and keeps no other from being due.
    pub async fn read(tx: &mut Tx, now_ms: i64) -> Result<Self, HubError> {
        let last = store::upkeep::last_trial(tx, now_ms).await?;
        let last = last.map(|(at, outcome)| Ok::<_, HubError>((at, from_code(outcome)?)));
        Ok(Self {
            last: last.transpose()?,
            sound: store::upkeep::last_sound(tx, now_ms).await?,
        })
    }

    /// What came of the last one.
    pub fn outcome(&self) -> Option<Outcome> {
        self.last.map(|(_, outcome)| outcome)
    }

    /// Whether one is due at `now_ms`: the last one did not hold, or was long ago.
    fn is_due(&self, settings: &BackupSettings, now_ms: i64) -> bool {
        let pause = i64::from(settings.trial_days) * DAY_MS - EARLY_MS;
        let held = self.last.filter(|(_, outcome)| *outcome == Outcome::Done);
        settings.tries() && held.is_none_or(|(at, _)| now_ms.saturating_sub(at) >= pause)
    }
}

/// An hour of the day, and the day on which it has struck last.
struct Hour {
    hour: u32,
    day: NaiveDate,
}

impl Hour {
    fn at(hour: u32, now_ms: i64) -> Self {
        let day = day_at(ZONE, now_ms - i64::from(hour) * HOUR_MS);
        Self { hour, day }
    }

    /// Whether it has struck on another day since this was asked last, be it because the clock was
    /// put back: nothing here waits until that has caught up.
    fn strikes(&mut self, now_ms: i64) -> bool {
        let now = Self::at(self.hour, now_ms);
        std::mem::replace(self, now).day != self.day
    }
}

/// Has what is due tried whenever the hour has struck, for as long as it runs.
pub(crate) async fn run(hub: &Arc<Hub>) {
    let mut hour = Hour::at(hub.settings().backup.trial_hour, hub.now_ms());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if hour.strikes(hub.now_ms()) && hub.replicas.leads() {
            tick(hub).await;
        }
    }
}

async fn tick(hub: &Arc<Hub>) {
    match try_when_due(hub).await {
        Ok(Some(name)) => tracing::info!(name, "the latest backup is restored on trial"),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, "no backup could be tried; tomorrow the hub tries again");
        }
    }
}

/// Begins to try the latest backup where that is due; which one that is.
pub async fn try_when_due(hub: &Arc<Hub>) -> Result<Option<String>, UpkeepError> {
    let mut tx = hub.ground.db.read().await.map_err(HubError::from)?;
    let now = hub.now_ms();
    let standing = Standing::read(&mut tx, now).await?;
    tx.rollback().await.map_err(HubError::from)?;
    if !standing.is_due(&hub.settings().backup, now) {
        return Ok(None);
    }
    let shelf = upkeep::read(hub).await?.backups;
    let is_past = |holds: &Holds| holds.made_at <= now;
    let past = shelf
        .iter()
        .find(|backup| backup.holds.as_ref().is_some_and(is_past));
    let any = || shelf.iter().find(|backup| backup.holds.is_some());
    let latest = past.or_else(any).ok_or(UpkeepError::Unknown)?;
    upkeep::begin(hub, &By::actor(ITSELF), Work::Trial, &latest.name).await?;
    Ok(Some(latest.name.clone()))
}

#[cfg(test)]
mod tests {
    use lapor_protocol::calendar::begin_of;

    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    #[test]
    fn a_trial_is_due_a_week_after_one_that_held_and_a_day_after_any_other() {
        let settings = BackupSettings {
            folder: Some("backups".into()),
            ..BackupSettings::default()
        };
        let due = |last, settings: &BackupSettings| {
            let sound = None;
            Standing { last, sound }.is_due(settings, NOW)
        };
        let days = |days: i64| NOW - days * DAY_MS + HOUR_MS;
        assert!(due(None, &settings), "never");
        for (outcome, ago, is_due) in [
            (Outcome::Done, 7, true),
            (Outcome::Done, 6, false),
            (Outcome::Failed, 1, true),
            (Outcome::Aborted, 1, true),
        ] {
            let last = Some((days(ago), outcome));
            assert_eq!(due(last, &settings), is_due, "{outcome:?} {ago}");
        }
        let never = BackupSettings {
            trial_days: 0,
            ..settings.clone()
        };
        assert!(!due(None, &never));
        let nowhere = BackupSettings::default();
        assert!(!due(None, &nowhere));
    }

    #[test]
    fn the_hour_strikes_once_a_day_and_once_more_where_the_clock_was_put_back() {
        let begun = day_at(ZONE, NOW);
        for hour in [0, 4, 23] {
            let struck = begin_of(ZONE, begun) + i64::from(hour) * HOUR_MS;
            let mut clock = Hour::at(hour, struck - 1);
            assert!(!clock.strikes(struck - 1), "{hour}");
            assert!(clock.strikes(struck), "{hour}");
            assert!(!clock.strikes(struck + DAY_MS - 1), "{hour}");
            assert!(clock.strikes(struck + DAY_MS), "{hour}");
            // It was three days ahead.
            assert!(clock.strikes(struck - 2 * DAY_MS), "{hour}");
            assert!(!clock.strikes(struck - 2 * DAY_MS + HOUR_MS), "{hour}");
            assert!(clock.strikes(struck - DAY_MS), "{hour}");
        }
    }
}
