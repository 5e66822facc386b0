//! Figures of weeks that are over: they are counted once, when all of the week
//! has been taken in, and read from then on. Another edition of the calendar
//! counts them anew.

use std::collections::BTreeSet;

use super::figures::{Figures, Period, count};
use super::weeks::Week;
use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::casework::{sums, weeks};
use crate::store::state::CASEWORK_CALENDAR;

/// How long a week must be over: what was ordered at its end may be a moment on its way.
const SETTLED_MS: i64 = 5 * 60_000;

/// The kept figures of a period; `None` unless it is a week of which there are any.
pub async fn read(hub: &Hub, period: Period) -> Result<Option<Figures>, HubError> {
    let Some(week) = week_of(period) else {
        return Ok(None);
    };
    let mut tx = hub.ground.db.read().await?;
    let Some(calendar) = store::state::read(&mut tx, CASEWORK_CALENDAR).await? else {
        return Ok(None);
    };
    let kept = weeks::find(&mut tx, &week.monday().to_string(), &calendar).await?;
    let figures = kept.map(|text| serde_json::from_str(&text));
    figures.transpose().map_err(HubError::damaged)
}

/// Counts and keeps the latest week that is over and not kept yet; false where there is none. What is
/// kept of later ones was over by a clock that has been set back since, and goes.
pub async fn keep_next(hub: &Hub) -> Result<bool, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let calendar = store::state::read(&mut tx, CASEWORK_CALENDAR).await?;
    let first = sums::first(&mut tx).await?;
    let (Some(calendar), Some(first)) = (calendar, first) else {
        return Ok(false);
    };
    let kept: BTreeSet<String> = weeks::kept(&mut tx, &calendar).await?.into_iter().collect();
    tx.rollback().await?;
    let first = Week::at(first);
    let latest = Week::at(hub.now_ms() - SETTLED_MS).before();
    let last = latest.monday().to_string();
    if kept.last().is_some_and(|monday| *monday > last) {
        let mut tx = hub.ground.db.write().await?;
        weeks::forget_after(&mut tx, &last).await?;
        tx.commit().await?;
        return Ok(true);
    }
    let mut over = std::iter::successors(Some(latest), |week| Some(week.before()))
        .take_while(|week| *week >= first);
    let Some(week) = over.find(|week| !kept.contains(&week.monday().to_string())) else {
        return Ok(false);
    };
    let (from, until) = week.span();
    let figures = count(hub, Period::Between(from, until)).await?;
    if figures.behind > 0 {
        return Ok(false);
    }
    let text = serde_json::to_string(&figures).map_err(HubError::damaged)?;
    let mut tx = hub.ground.db.write().await?;
    if store::state::read(&mut tx, CASEWORK_CALENDAR)
        .await?
        .as_deref()
        == Some(&*calendar)
    {
        weeks::keep(&mut tx, &week.monday().to_string(), &calendar, &text).await?;
        tx.commit().await?;
    }
    Ok(true)
}

fn week_of(period: Period) -> Option<Week> {
    let Period::Between(from, until) = period else {
        return None;
    };
    let week = Week::at(from);
    (week.span() == (from, until)).then_some(week)
}
