//! Deadlines as lists and cases show them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use lapor_migrations::{Tx, Value};
use lapor_protocol::calendar::{Calendar, day_at, last_day, zone};
use lapor_protocol::case::Case;
use lapor_protocol::deadline::{Clock, ClockKind, awaited};
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, InstanceId};

use super::Deadline;
use super::record::completed;
use crate::casework::{CaseList, CaseSummary, Sight, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::deadlines::DeadlineRow;

const MAX_PAGE: u32 = 200;

/// Counts the working days that are left, by the calendar in force.
pub struct DayCount {
    calendar: Arc<Calendar>,
    directory: Arc<Directory>,
    now: i64,
}

impl DayCount {
    /// Working days until a case's deadline, today's not counted; below zero, those by which it is
    /// overdue. `None` where no clock runs.
    pub fn left(&self, case: &CaseSummary) -> Option<i64> {
        let due = case.deadline.as_ref()?.due?;
        let zone = zone_of(&self.directory, case.custodian.as_ref());
        let (today, last) = (day_at(zone, self.now), last_day(zone, due));
        Some(self.calendar.days_between(today, last, &[]))
    }
}

impl Node {
    /// The last day of a term that is over at `due` (Unix ms), where the custodian is.
    pub fn last_day(&self, custodian: Option<&InstanceId>, due: i64) -> NaiveDate {
        last_day(zone_of(&self.directory(), custodian), due)
    }

    /// The clocks of a case that somebody can still meet, the next to run out first; none where this
    /// institution hears no more of it.
    pub(crate) async fn clocks_of(
        &self,
        tx: &mut Tx,
        case: &Case,
    ) -> Result<Vec<Clock>, NodeError> {
        if !case.is_party(self.instance()?, self.directory().latest()) {
            return Ok(Vec::new());
        }
        let calendar = self.calendar_in_force(tx).await?;
        self.running_clocks(tx, case, &calendar).await
    }

    /// The clocks of a case that somebody can still meet; that of silence only where it will close the
    /// case.
    pub(super) async fn running_clocks(
        &self,
        tx: &mut Tx,
        case: &Case,
        calendar: &Calendar,
    ) -> Result<Vec<Clock>, NodeError> {
        let completed = !completed(tx, &[case]).await?.is_empty();
        let (directory, now) = (self.directory(), self.clock().now_ms());
        Ok(awaited(case, completed, directory.latest(), calendar, now))
    }

    /// Counts working days as of now.
    pub async fn day_count(&self) -> Result<DayCount, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(DayCount {
            calendar: self.calendar_in_force(&mut tx).await?,
            directory: self.directory(),
            now: self.clock().now_ms(),
        })
    }

    /// Cases with a running clock that may be seen, the one that runs out next first; those of
    /// one custodian, and only what has run out, if that is wanted. `after` is
    /// `next` of the page before.
    pub async fn cases_by_deadline(
        &self,
        sight: &Sight,
        custodian: Option<&InstanceId>,
        overdue: bool,
        after: Option<&str>,
        limit: u32,
    ) -> Result<CaseList, NodeError> {
        let limit = i64::from(limit.clamp(1, MAX_PAGE));
        let (due, case) = match after {
            None => (i64::MIN, String::new()),
            Some(text) => read_after(text)?,
        };
        // A clock that ends at this very moment has run out.
        let before = if overdue {
            self.clock().now_ms() + 1
        } else {
            i64::MAX
        };
        let whose = (custodian.map(InstanceId::as_str), sight.limits());
        let mut tx = self.read_tx().await?;
        let found = store::deadlines::next(&mut tx, whose, (due, &case), before, limit + 1).await?;
        let more = found.len() as i64 > limit;
        let shown = &found[..found.len().min(limit as usize)];
        let next = shown
            .last()
            .filter(|_| more)
            .map(|(due, case)| format!("{due}.{case}"));
        let ids: Vec<&str> = shown.iter().map(|(_, case)| case.as_str()).collect();
        let cases = summaries(&mut tx, &ids).await?;
        Ok(CaseList { cases, next })
    }
}

fn zone_of(directory: &Directory, custodian: Option<&InstanceId>) -> Tz {
    let entry = custodian.and_then(|id| directory.latest().instance(id));
    zone(entry.map_or("", |entry| &entry.time_zone))
}

/// Says of each case what is due next.
pub(crate) async fn attach(tx: &mut Tx, cases: &mut [CaseSummary]) -> Result<(), NodeError> {
    let ids = cases.iter().map(|case| Value::from(case.case.to_string()));
    let rows = store::deadlines::these(tx, ids.collect()).await?;
    let due: HashMap<&str, &DeadlineRow> =
        rows.iter().map(|row| (row.case_id.as_str(), row)).collect();
    for case in cases {
        if let Some(row) = due.get(case.case.to_string().as_str()) {
            case.deadline = deadline(row)?;
        }
    }
    Ok(())
}

fn deadline(row: &DeadlineRow) -> Result<Option<Deadline>, NodeError> {
    let (Some(name), Some(started)) = (&row.clock, row.started_at) else {
        return Ok(None);
    };
    let kind = ClockKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name);
    Ok(Some(Deadline {
        clock: kind.ok_or_else(|| NodeError::damaged("a deadline of an unknown clock"))?,
        started,
        due: row.due_at,
        paused_since: row.paused_since,
    }))
}

fn read_after(text: &str) -> Result<(i64, String), NodeError> {
    let wrong = || NodeError::Invalid("after: expected the `next` of the page before".into());
    let (due, case) = text.split_once('.').ok_or_else(wrong)?;
    let case: CaseId = case.parse().map_err(|_| wrong())?;
    Ok((due.parse().map_err(|_| wrong())?, case.to_string()))
}
