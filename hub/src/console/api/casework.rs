//! Casework without its words: figures of a period, the cases behind them, and
//! the skeleton of each.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::NaiveDate;
use lapor_protocol::ids::CaseId;
use lapor_web::{ApiProblem, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Caller;
use super::{Answer, Unasked, absent, limit, problem, wrong};
use crate::casework::figures::{Figures, Period};
use crate::casework::skeleton::{self, Skeleton};
use crate::casework::weeks::Week;
use crate::casework::{Kept, Step, Which, listed};
use crate::console::Console;
use crate::store::casework::lists::{After, Asked, ListRow};

/// Days of a period that is not named, and at most.
const USUAL_DAYS: u32 = 30;
const MOST_DAYS: u32 = 366;
const DAY_MS: i64 = 86_400_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// So many days until now, 1 to 366; 30 if nothing is given.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
    /// A week instead, by its Monday, such as `2026-11-23`.
    #[param(value_type = Option<String>)]
    week: Option<NaiveDate>,
}

impl PeriodQuery {
    fn period(&self, now_ms: i64) -> Answer<Period> {
        match (self.days, self.week) {
            (Some(_), Some(_)) => Err(wrong("days and week: give one of them.")),
            (days, None) => last(days),
            (None, Some(day)) => {
                let week = Week::of_monday(day).map(Week::span);
                let (from, until) = week
                    .filter(|(from, _)| *from <= now_ms)
                    .ok_or_else(|| wrong("week: expected the Monday of a week that has begun."))?;
                Ok(Period::Between(from, until))
            }
        }
    }
}

/// So many days until now.
fn last(days: Option<u32>) -> Answer<Period> {
    let days = days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(wrong(format!("days: expected 1 to {MOST_DAYS}.")));
    }
    Ok(Period::Last(i64::from(days) * DAY_MS))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(inline)]
    which: Which,
    /// Only those of this institution.
    #[serde(default)]
    instance: String,
    /// Only those overdue at this step.
    #[param(inline)]
    step: Option<Step>,
    /// Only those at this hop, 1 to 4; the last stands for all later ones.
    #[param(minimum = 1, maximum = 4)]
    hop: Option<u8>,
    /// Of `misrouted` and `answered`: in so many days until now, 1 to 366; 30 if not given.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
    /// `next` of the page before: a number, a full stop, and a case.
    #[serde(default)]
    after: String,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A page of cases, whatever has waited longest first.
#[derive(Serialize, ToSchema)]
pub struct CasesPage {
    cases: Vec<ListRow>,
    /// For `after`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OnePath {
    /// The case's id.
    #[param(value_type = String)]
    case: CaseId,
}

/// Read the figures of casework
///
/// What happened in a period, and what stood at its end: of the federation, of each institution, of
/// each hop and of each step. What took long to count may be a minute old; `counted_at` says so.
#[utoipa::path(
    get,
    path = "/casework",
    operation_id = "readCasework",
    tag = "casework",
    params(PeriodQuery),
    responses((status = 200, description = "The figures.", body = Figures)),
    security(("token" = []))
)]
pub async fn figures(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Query(asked): Query<PeriodQuery>,
) -> Answer<Json<Figures>> {
    let period = asked.period(console.hub.now_ms())?;
    let figures = Kept::figures(&console.hub, period).await;
    let figures = figures.map_err(|error| problem(&error))?;
    Ok(Json(Figures::clone(&figures)))
}

/// List the cases behind a figure
///
/// As they are now, or what has happened in a period: dispositions that were given back, and first
/// answers, the slowest of which come first. The hub has no words of a case, and no ticket.
#[utoipa::path(
    get,
    path = "/cases",
    operation_id = "listCases",
    tag = "casework",
    params(ListQuery),
    responses((status = 200, description = "A page of cases.", body = CasesPage)),
    security(("token" = []))
)]
pub async fn list(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Query(asked): Query<ListQuery>,
) -> Answer<Json<CasesPage>> {
    let limit = limit(asked.limit)?;
    if asked.step.is_some() && asked.which != Which::Overdue {
        return Err(wrong("step: only overdue cases are told apart by it."));
    }
    if asked.days.is_some() && !asked.which.is_past() {
        return Err(wrong("days: only misrouted and answered are of a period."));
    }
    if asked.hop.is_some_and(|hop| !(1..=4).contains(&hop)) {
        return Err(wrong("hop: expected 1 to 4."));
    }
    let narrowed = (asked.step, last(asked.days)?);
    let after = After::read(&asked.after);
    let after = after.ok_or_else(|| wrong("after: expected MILLISECONDS.CASE."))?;
    let within = Asked {
        institution: &asked.instance,
        hop: asked.hop.map_or(0, i64::from),
        after: &after,
        most: i64::from(limit) + 1,
    };
    let rows = listed(&console.hub, asked.which, within, narrowed).await;
    let mut rows = rows.map_err(|error| problem(&error))?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok(Json(CasesPage {
        next: rows.last().filter(|_| more).map(ListRow::place),
        cases: rows,
    }))
}

/// Read the skeleton of a case
///
/// Who has it and had it, which acts were ordered and how they were ruled, and its clocks.
#[utoipa::path(
    get,
    path = "/cases/{case}",
    operation_id = "readCase",
    tag = "casework",
    params(OnePath),
    responses((status = 200, description = "The skeleton.", body = Skeleton)),
    security(("token" = []))
)]
pub async fn one(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Path(path): Path<OnePath>,
    _: Unasked,
) -> Answer<Json<Skeleton>> {
    let found = skeleton::read(&console.hub, path.case).await;
    let found = found.map_err(|error| problem(&error))?;
    let missing = || -> ApiProblem {
        let detail = format!("The record of this hub has no case {}.", path.case);
        absent("There is no such case", detail)
    };
    found.map(Json).ok_or_else(missing)
}
