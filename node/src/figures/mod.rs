//! What an institution's work comes to, in a period: intake, hops, time to the
//! first answer and to the close, misrouted, overdue, satisfaction.
//!
//! Confirmed by the reporter, closed by an officer for the reporter, closed by silence and archived
//! are four figures and are never added up. Silence is no opinion: only what reporters have
//! rated counts as satisfaction.

#[cfg(test)]
mod group_tests;
mod groups;
mod months;
mod period;
mod table;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use lapor_migrations::Tx;
use lapor_protocol::calendar::{begin_of, day_at, end_of, zone};
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::{Outcome, Sight};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::facts::{CategoryRow, FactRow, SumRow};
use crate::store::lists::Limits;

pub(crate) use groups::GroupsCache;
pub use groups::{By, Group, Groups, Work};
pub use months::Month;
pub use period::Period;
pub use table::{category_csv, csv, group_csv};
pub(crate) use terms::{take as take_term, take_overdue};

/// Whose figures they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The institution that has the case now.
    #[default]
    Custodian,
    /// The institution where it was filed.
    Origin,
}

/// The figures of one institution; of the cases of which this node hears. Of one of which it hears no
/// more, only this institution's own work counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    #[schema(value_type = String)]
    pub institution: InstanceId,
    /// Cases that were filed in the period.
    pub intake: i64,
    /// Of these, those that are not at their end.
    pub open: i64,
    /// Cases filed in the period that the institution has had at some time. What follows on hops,
    /// answers and overdue is of these, each with whoever had the case then, as the hub has ruled;
    /// by origin it is of the intake.
    #[serde(default)]
    pub handled: i64,
    /// Times that the institution gave one back as not its own.
    pub hops: i64,
    /// Cases that had come to it and were not its own.
    pub misrouted: i64,
    /// Cases that it answered in public.
    pub answered: i64,
    /// From when it got the case to its first public follow-up, on average, by origin from the
    /// filing; `None` without any.
    pub first_answer_mean_ms: Option<i64>,
    /// Closed because the reporter confirmed.
    pub confirmed: i64,
    /// Closed by an officer, who noted that the reporter is content; nobody showed the reporter's key.
    pub officer: i64,
    /// Closed because the reporter was silent.
    pub silent: i64,
    /// Put away with a reason.
    pub archived: i64,
    /// Merged into another case.
    pub merged: i64,
    /// From filing to the close, by whomever, on average; `None` without any.
    pub close_mean_ms: Option<i64>,
    /// Cases of which a clock has run out while it had them: it was met too late by the hub's order,
    /// or has not been met and is over now.
    pub overdue: i64,
    /// Cases that the reporter has rated.
    pub rated: i64,
    /// Mean of the ratings in hundredths, 100 to 500; `None` without any.
    pub score_mean_hundredths: Option<i64>,
}

/// Fewer cases than this would tell of single people.
pub const FEW: i64 = 5;

/// The figures of one institution as everybody may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicWork {
    #[schema(value_type = String)]
    pub institution: InstanceId,
    /// `None` of fewer than five cases; a mean is `None` as well where it is of fewer.
    pub figures: Option<Figures>,
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FigureTable {
    /// Unix ms.
    pub from: i64,
    /// Unix ms; not part of the period itself.
    pub until: i64,
    pub side: Side,
    /// By institution.
    pub figures: Vec<Figures>,
    /// By category: the national one, and beside it the one of this institution's own tree.
    #[serde(default)]
    pub by_category: Vec<CategoryFigures>,
    /// By this institution's own tree of categories, of cases that have one; empty without a tree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_local_category: Vec<LocalFigures>,
}

/// The figures of the cases of a national category, and among them of one of the institution's own tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryFigures {
    /// `None` where they have none.
    pub category: Option<String>,
    /// `None` where they have none of the own tree.
    pub local_category: Option<String>,
    /// Cases that were filed in the period.
    pub intake: i64,
    /// Of these, those that are not at their end.
    pub open: i64,
    /// Of these, those with a public follow-up.
    pub answered: i64,
    /// Of these, those of which a clock has run out at some time.
    pub overdue: i64,
}

/// The figures of one category of the institution's own tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalFigures {
    pub local_category: String,
    /// Cases that were filed in the period.
    pub intake: i64,
    /// Of these, those that are not at their end.
    pub open: i64,
    /// Of these, those with a public follow-up.
    pub answered: i64,
    /// Of these, those of which a clock has run out at some time.
    pub overdue: i64,
}

impl Node {
    /// The moments, in Unix ms, at which days begin and end in this institution's zone.
    pub fn span_of_days(&self, from: NaiveDate, through: NaiveDate) -> (i64, i64) {
        let zone = self.zone();
        (begin_of(zone, from), end_of(zone, through))
    }

    /// Which day it is in this institution's zone.
    pub fn today(&self) -> NaiveDate {
        day_at(self.zone(), self.clock().now_ms())
    }

    /// The time zone in which days are meant here.
    pub(crate) fn zone(&self) -> Tz {
        let directory = self.directory();
        let own = self.instance().ok();
        let entry = own.and_then(|own| directory.latest().instance(own));
        zone(entry.map_or("", |entry| &entry.time_zone))
    }

    /// The figures of the cases that were filed from `from` until before
    /// `until` (Unix ms), for each institution.
    pub async fn figures_of(
        &self,
        side: Side,
        from: i64,
        until: i64,
    ) -> Result<FigureTable, NodeError> {
        self.figures_seen(&Sight::ALL, side, from, until).await
    }

    /// The same of those that may be seen.
    pub async fn figures_seen(
        &self,
        sight: &Sight,
        side: Side,
        from: i64,
        until: i64,
    ) -> Result<FigureTable, NodeError> {
        if from >= until {
            let problem = "until: expected a moment after `from`";
            return Err(NodeError::Invalid(problem.into()));
        }
        let (period, limits) = ((from, until), sight.limits());
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let sums = match side {
            Side::Custodian => by_work(&mut tx, period, limits, now).await?,
            Side::Origin => store::facts::by_origin(&mut tx, period, limits, now).await?,
        };
        let figures = sums.iter().map(Figures::of).collect::<Result<_, _>>()?;
        let rows = store::facts::by_category(&mut tx, period, limits, now).await?;
        let by_category: Vec<_> = rows.into_iter().map(CategoryFigures::from).collect();
        Ok(FigureTable {
            from,
            until,
            side,
            figures,
            by_local_category: by_local_category(&by_category),
            by_category,
        })
    }
}

impl From<CategoryRow> for CategoryFigures {
    fn from(row: CategoryRow) -> Self {
        Self {
            category: row.category,
            local_category: row.local_category,
            intake: row.intake,
            open: row.open,
            answered: row.answered,
            overdue: row.overdue,
        }
    }
}

/// The sums of the own tree, by name: one may have stood for another national category before.
fn by_local_category(all: &[CategoryFigures]) -> Vec<LocalFigures> {
    let mut sums: BTreeMap<&str, LocalFigures> = BTreeMap::new();
    for row in all {
        let Some(local) = row.local_category.as_deref() else {
            continue;
        };
        let sum = sums.entry(local).or_insert_with(|| LocalFigures {
            local_category: local.to_owned(),
            intake: 0,
            open: 0,
            answered: 0,
            overdue: 0,
        });
        sum.intake += row.intake;
        sum.open += row.open;
        sum.answered += row.answered;
        sum.overdue += row.overdue;
    }
    sums.into_values().collect()
}

/// Intake and endings by who has the cases now, and hops, answers and overdue by who had them then.
async fn by_work(
    tx: &mut Tx,
    period: (i64, i64),
    limits: Limits<'_>,
    now: i64,
) -> Result<Vec<SumRow>, NodeError> {
    let sums = store::facts::by_custodian(tx, period, limits, now).await?;
    let mut all: BTreeMap<String, SumRow> = sums
        .into_iter()
        .map(|row| {
            let without = SumRow {
                handled: 0,
                hops: 0,
                misrouted: 0,
                answered: 0,
                answers: 0,
                answer_ms: 0,
                overdue: 0,
                ..row
            };
            (without.whose.clone(), without)
        })
        .collect();
    let unknown = |institution: &str| SumRow {
        whose: institution.to_owned(),
        ..SumRow::default()
    };
    for work in store::terms::work(tx, period, limits).await? {
        let row = all.entry(work.institution);
        let row = row.or_insert_with_key(|institution| unknown(institution));
        (row.handled, row.hops, row.misrouted) = (work.handled, work.hops, work.misrouted);
        (row.answered, row.answers) = (work.answered, work.answers);
        row.answer_ms = work.answer_ms;
    }
    for (institution, overdue) in store::terms::overdue(tx, period, limits, now).await? {
        let row = all.entry(institution);
        row.or_insert_with_key(|institution| unknown(institution))
            .overdue = overdue;
    }
    // What the hub has not ruled yet is with whoever has it.
    let rows = all.into_values().map(|row| SumRow {
        handled: row.handled.max(row.intake),
        ..row
    });
    Ok(rows.collect())
}

fn mean(sum: i64, count: i64) -> Option<i64> {
    (count > 0).then(|| sum / count)
}

/// A mean as everybody may see it: of few it would tell of single people.
fn told(mean: Option<i64>, of: i64) -> Option<i64> {
    mean.filter(|_| of >= FEW)
}

impl Figures {
    fn of(sums: &SumRow) -> Result<Self, NodeError> {
        Ok(Self {
            institution: store::instance_id(&sums.whose)?,
            intake: sums.intake,
            open: sums.open,
            handled: sums.handled,
            hops: sums.hops,
            misrouted: sums.misrouted,
            answered: sums.answered,
            first_answer_mean_ms: mean(sums.answer_ms, sums.answers),
            confirmed: sums.confirmed,
            officer: sums.officer,
            silent: sums.silent,
            archived: sums.archived,
            merged: sums.merged,
            close_mean_ms: mean(sums.close_ms, sums.confirmed + sums.officer + sums.silent),
            overdue: sums.overdue,
            rated: sums.rated,
            score_mean_hundredths: mean(sums.score * 100, sums.rated),
        })
    }
}

impl From<Figures> for PublicWork {
    fn from(all: Figures) -> Self {
        Self {
            institution: all.institution.clone(),
            figures: (all.handled >= FEW).then(|| Figures {
                first_answer_mean_ms: told(all.first_answer_mean_ms, all.answered),
                close_mean_ms: told(all.close_mean_ms, all.confirmed + all.officer + all.silent),
                score_mean_hundredths: told(all.score_mean_hundredths, all.rated),
                ..all
            }),
        }
    }
}

/// A case as the figures see it; `left_by` is this institution where it hears no more of it.
pub(crate) fn facts(case: &Case, left_by: Option<&InstanceId>, now: i64) -> FactRow {
    let close = case.close.as_ref().filter(|_| case.state == State::Closed);
    FactRow {
        case_id: case.id.to_string(),
        origin: case.origin.to_string(),
        custodian: case.custodian.to_string(),
        filed_at: case.filed_at,
        answered_at: case.course.first_answer,
        ended_at: case.course.ended,
        outcome: Outcome::of(case).map(Outcome::as_str),
        hops: i64::from(case.hops),
        score: close.and_then(|close| close.score).map(i64::from),
        noted_at: now,
        left_by: left_by.map(ToString::to_string),
    }
}
