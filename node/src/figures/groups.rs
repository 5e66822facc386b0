//! How fast and how well reports were handled, by month, by topic, by province and by institution,
//! as everybody may see it.
//!
//! A group of fewer than [`FEW`] cases is not told, nor a mean of fewer; times are whole hours and
//! ratings have one place. By topic and by province *rahasia* cases are in no sum where they are few:
//! what everybody may list there, taken from the sum, would tell of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::calendar::day_at;
use tokio::sync::Mutex;

use super::{FEW, Month, Period, by_work, mean, told};
use crate::casework::Sight;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::facts::{Sort, SumRow};

/// How old figures may be that are shown again.
const KEPT_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// What stands together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// When it was filed.
    #[default]
    Month,
    /// The first level of the national taxonomy.
    Topic,
    Province,
    /// Whoever had it then, as in [`Side::Custodian`](super::Side::Custodian).
    Institution,
}

/// The figures of a period, in groups.
#[derive(Debug)]
pub struct Groups {
    /// Unix ms at which they were counted.
    pub at: i64,
    /// What came in and ended in each month, of all cases.
    pub months: Vec<Month>,
    pub groups: Vec<Group>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// Unix ms at which the month begins, the topic, the code of the province, or the institution.
    pub of: String,
    /// `None` of fewer than five cases.
    pub work: Option<Work>,
}

/// What was done with the cases of a group that were filed in the period; as in
/// [`Figures`](super::Figures).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    pub intake: i64,
    pub open: i64,
    pub handled: i64,
    pub answered: i64,
    /// `None` of fewer than five answers.
    pub first_answer_mean_hours: Option<i64>,
    pub confirmed: i64,
    pub officer: i64,
    pub silent: i64,
    pub archived: i64,
    pub merged: i64,
    /// `None` of fewer than five that were closed.
    pub close_mean_hours: Option<i64>,
    pub overdue: i64,
    pub misrouted: i64,
    pub rated: i64,
    /// 10 to 50; `None` of fewer than five ratings.
    pub score_mean_tenths: Option<i64>,
}

/// The figures counted last, so that a crowd of visitors counts once a minute.
#[derive(Default)]
pub(crate) struct GroupsCache(Mutex<BTreeMap<(Period, By), Arc<Groups>>>);

impl Work {
    fn of(sums: &SumRow) -> Option<Self> {
        let hours = |sum, count, of| told(mean(sum, count), of).map(|ms| rounded(ms, HOUR_MS));
        let closed = sums.confirmed + sums.officer + sums.silent;
        let score = told(mean(sums.score * 100, sums.rated), sums.rated);
        (sums.handled >= FEW).then(|| Self {
            intake: sums.intake,
            open: sums.open,
            handled: sums.handled,
            answered: sums.answered,
            first_answer_mean_hours: hours(sums.answer_ms, sums.answers, sums.answered),
            confirmed: sums.confirmed,
            officer: sums.officer,
            silent: sums.silent,
            archived: sums.archived,
            merged: sums.merged,
            close_mean_hours: hours(sums.close_ms, closed, closed),
            overdue: sums.overdue,
            misrouted: sums.misrouted,
            rated: sums.rated,
            score_mean_tenths: score.map(|hundredths| rounded(hundredths, 10)),
        })
    }
}

fn rounded(value: i64, unit: i64) -> i64 {
    (value + unit / 2) / unit
}

impl Node {
    /// The figures of a period for everybody, counted at most once a minute.
    pub async fn groups(&self, period: Period, by: By) -> Result<Arc<Groups>, NodeError> {
        let now = self.clock().now_ms();
        // Held while counting: who comes meanwhile gets the same figures.
        let mut kept = self.groups_cache().0.lock().await;
        kept.retain(|_, groups| (0..KEPT_MS).contains(&(now - groups.at)));
        if let Some(groups) = kept.get(&(period, by)) {
            return Ok(Arc::clone(groups));
        }
        let groups = Arc::new(self.count_groups(period, by, now).await?);
        kept.insert((period, by), Arc::clone(&groups));
        Ok(groups)
    }

    async fn count_groups(&self, period: Period, by: By, now: i64) -> Result<Groups, NodeError> {
        let (through, count) = period.months(self.today());
        let months = self.months(through, count).await?;
        let from = months.first().map_or(now, |month| month.begins_at);
        let until = self.span_of_days(through, through).1;
        let mut tx = self.read_tx().await?;
        let sums = match by {
            By::Month => {
                let offset = self.offset_on(day_at(self.zone(), from));
                let days =
                    store::facts::by_day_of_filing(&mut tx, from, until, offset, now).await?;
                by_month(&months, offset, days)
            }
            By::Topic => without_few_secrets(&mut tx, Sort::Topic, (from, until), now).await?,
            By::Province => {
                without_few_secrets(&mut tx, Sort::Province, (from, until), now).await?
            }
            By::Institution => by_work(&mut tx, (from, until), Sight::ALL.limits(), now).await?,
        };
        let groups = sums.into_iter().map(|sums| Group {
            work: Work::of(&sums),
            of: sums.whose,
        });
        Ok(Groups {
            at: now,
            groups: groups.collect(),
            months,
        })
    }
}

/// The sums of days as those of the months in which they lie; a month without any has sums too.
fn by_month(months: &[Month], offset: i64, days: Vec<SumRow>) -> Vec<SumRow> {
    let empty = |month: &Month| SumRow {
        whose: month.begins_at.to_string(),
        ..SumRow::default()
    };
    let mut sums: Vec<SumRow> = months.iter().map(empty).collect();
    for day in days {
        let Ok(number) = day.whose.parse::<i64>() else {
            continue;
        };
        let begins_at = number * DAY_MS - offset;
        let begun = months.partition_point(|month| month.begins_at <= begins_at);
        if let Some(sum) = begun.checked_sub(1).and_then(|place| sums.get_mut(place)) {
            sum.add(&day);
        }
    }
    sums
}

async fn without_few_secrets(
    tx: &mut Tx,
    sort: Sort,
    (from, until): (i64, i64),
    now: i64,
) -> Result<Vec<SumRow>, NodeError> {
    let open = store::facts::sorted(tx, sort, false, from, until, now).await?;
    let secret = store::facts::sorted(tx, sort, true, from, until, now).await?;
    let mut sums: BTreeMap<String, SumRow> = BTreeMap::new();
    let many = secret.into_iter().filter(|row| row.intake >= FEW);
    for row in open.into_iter().chain(many) {
        let sum = sums.entry(row.whose.clone()).or_insert_with(|| SumRow {
            whose: row.whose.clone(),
            ..SumRow::default()
        });
        sum.add(&row);
    }
    Ok(sums.into_values().collect())
}
