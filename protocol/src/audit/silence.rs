//! Closes by silence that left the reporter less time than the clock gives.
//!
//! Nobody is accused of what an edition of the calendar would excuse: of all
//! that were in force between follow-up and close, the one counts by which the
//! clock ran out first. Before the first one that the record holds, only
//! Saturdays and Sundays are free.

use super::Wrong;
use crate::calendar::Calendar;
use crate::case::{Case, Order};
use crate::deadline::silent_from;
use crate::directory::DirectoryAt;
use crate::kinds::calendar_updated::CalendarUpdated;
use crate::kinds::{Body, ClosedBy};

/// Editions of the calendar, each with when it was ordered, oldest first.
#[derive(Debug)]
pub(super) struct Editions(Vec<(i64, Calendar)>);

impl Default for Editions {
    fn default() -> Self {
        Self(vec![(i64::MIN, Calendar::of_weekdays())])
    }
}

impl Editions {
    pub fn add(&mut self, ordered_at: i64, edition: &CalendarUpdated) {
        self.0.push((ordered_at, Calendar::of(edition)));
    }

    pub fn too_early(
        &self,
        body: &Body,
        before: &Case,
        order: Order,
        world: DirectoryAt<'_>,
    ) -> Option<Wrong> {
        let Body::CaseClosed(close) = body else {
            return None;
        };
        let last = before.follow_up.as_ref()?;
        if close.by != ClosedBy::Silence {
            return None;
        }
        let began = self.0.partition_point(|(at, _)| *at <= last.ordered_at);
        let in_force = self.0.iter().skip(began.saturating_sub(1));
        let silent_from = in_force
            .filter_map(|(_, calendar)| silent_from(before, world, calendar))
            .min()?;
        (order.ordered_at < silent_from).then_some(Wrong::Silence {
            case: before.id,
            closed_at: order.ordered_at,
            silent_from,
        })
    }
}
