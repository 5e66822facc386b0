//! Figures that took long to count are shown again for a while. What is quick
//! to count is counted each time; each page says when it was. Weeks that are
//! over are not counted at all, and the one that runs is before anybody asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::figures::{Figures, Period, count};
use super::finished;
use crate::app::Hub;
use crate::error::HubError;

/// What took less is not kept.
const QUICK: Duration = Duration::from_millis(50);
/// How many times as long as it took a count is good, and how long at most.
const WORTH: u32 = 400;
const LONGEST: Duration = Duration::from_mins(1);
/// Periods that are kept.
const MOST: usize = 32;

/// Counts of a moment ago, by period.
#[derive(Default)]
pub struct Kept {
    counts: Mutex<HashMap<Period, (Instant, Arc<Figures>)>>,
    /// Whoever asks meanwhile waits for the count that is being made.
    turn: tokio::sync::Mutex<()>,
}

impl Kept {
    /// The figures of a period, as they are or were a moment ago.
    pub async fn figures(hub: &Hub, period: Period) -> Result<Arc<Figures>, HubError> {
        let kept = &hub.figures;
        if let Some(figures) = kept.fresh(period, Instant::now()) {
            return Ok(figures);
        }
        let _turn = kept.turn.lock().await;
        if let Some(figures) = kept.fresh(period, Instant::now()) {
            return Ok(figures);
        }
        if let Some(figures) = finished::read(hub, period).await? {
            return Ok(Arc::new(figures));
        }
        let began = Instant::now();
        let figures = Arc::new(count(hub, period).await?);
        kept.keep(period, &figures, began.elapsed(), Instant::now());
        Ok(figures)
    }

    /// Counts a period that is asked for often, so that nobody waits for it.
    pub async fn count_ahead(hub: &Hub, period: Period) -> Result<(), HubError> {
        let began = Instant::now();
        let figures = Arc::new(count(hub, period).await?);
        let took = began.elapsed();
        if took >= QUICK {
            hub.figures.keep(period, &figures, LONGEST, Instant::now());
        }
        Ok(())
    }

    fn fresh(&self, period: Period, now: Instant) -> Option<Arc<Figures>> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, figures) = counts.get(&period)?;
        (now < *until).then(|| Arc::clone(figures))
    }

    fn keep(&self, period: Period, figures: &Arc<Figures>, took: Duration, now: Instant) {
        if took < QUICK {
            return;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, (until, _)| now < *until);
        if counts.len() < MOST {
            let until = now + LONGEST.min(took * WORTH);
            counts.insert(period, (until, Arc::clone(figures)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Arc<Figures> {
        Arc::new(Figures {
            from: 0,
            until: 1,
            counted_at: 1,
            behind: 0,
            unread: 0,
            since: None,
            filed: 0,
            federation: super::super::figures::Sum::default(),
            by_institution: std::collections::BTreeMap::default(),
            by_hop: std::collections::BTreeMap::default(),
            by_step: Vec::new(),
        })
    }

    #[test]
    fn a_count_is_kept_as_long_as_it_is_worth_and_a_quick_one_not_at_all() {
        let (kept, week) = (Kept::default(), Period::Last(7));
        let began = Instant::now();
        let after = |ms| began + Duration::from_millis(ms);
        kept.keep(week, &figures(), Duration::from_millis(10), began);
        assert_eq!(kept.fresh(week, began), None);
        kept.keep(week, &figures(), Duration::from_millis(60), began);
        assert!(kept.fresh(week, after(23_999)).is_some());
        assert_eq!(kept.fresh(Period::Last(30), began), None);
        assert_eq!(kept.fresh(week, after(24_000)), None);
        kept.keep(week, &figures(), Duration::from_secs(9), after(24_000));
        assert_eq!(
            kept.fresh(week, after(84_000)),
            None,
            "never longer than a minute"
        );
    }
}
