//! Weeks as reports count them: from Monday to Sunday in the zone of the
//! capital, whose clocks the federation's staff go by.

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;
use lapor_protocol::calendar::{begin_of, day_at};

/// The zone of the federation's own pages and reports.
pub const ZONE: Tz = Tz::Asia__Jakarta;

/// A week, by its Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Week(NaiveDate);

impl Week {
    /// The week of a Monday; `None` of another day.
    pub fn of_monday(day: NaiveDate) -> Option<Self> {
        (day.weekday().num_days_from_monday() == 0).then_some(Self(day))
    }

    /// The week in which an instant (Unix ms) lies.
    pub fn at(at_ms: i64) -> Self {
        let day = day_at(ZONE, at_ms);
        let since_monday = day.weekday().num_days_from_monday();
        Self(day - Days::new(u64::from(since_monday)))
    }

    pub fn monday(self) -> NaiveDate {
        self.0
    }

    pub fn sunday(self) -> NaiveDate {
        self.0 + Days::new(6)
    }

    /// The week before.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0 - Days::new(7))
    }

    /// Its first instant, and the one at which it is over, in Unix ms.
    pub fn span(self) -> (i64, i64) {
        (
            begin_of(ZONE, self.0),
            begin_of(ZONE, self.0 + Days::new(7)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_at_midnight_in_the_capital() {
        let monday: NaiveDate = "2026-11-23".parse().unwrap();
        let week = Week::of_monday(monday).unwrap();
        let (from, until) = week.span();
        assert_eq!(Week::at(from), week);
        assert_eq!(Week::at(until - 1), week);
        assert_eq!(Week::at(from - 1), week.before());
        assert_eq!(until - from, 7 * 24 * 60 * 60 * 1000);
        assert_eq!(week.sunday().to_string(), "2026-11-29");
        assert_eq!(Week::of_monday(week.sunday()), None);
    }
}
