//! Working days: Monday to Friday without national holidays and collective
//! leave, in an institution's own zone.
//!
//! Pure arithmetic on what is given, so that every node and every verifier
//! counts the same. Nothing here reads a clock, and no day is known here that
//! an edition of the calendar does not name.

use std::collections::BTreeSet;
use std::ops::Bound;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _, Weekday};
use chrono_tz::Tz;

use crate::kinds::calendar_updated::CalendarUpdated;

/// Where an institution is whose zone cannot be read.
const NATIONAL: Tz = Tz::Asia__Jakarta;
/// The first and the last instant of the years 1 to 9999, Unix ms: all that a date can be written of.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_300_799_999;

/// The days on which nobody works, beside Saturdays and Sundays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    edition: String,
    free: BTreeSet<NaiveDate>,
}

/// Days on which a clock stands still: after `after`, up to and with `upto`;
/// without an end while it lasts. None if both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub after: NaiveDate,
    pub upto: Option<NaiveDate>,
}

impl Calendar {
    /// Without any holiday: no deadline of any edition ends sooner.
    pub fn of_weekdays() -> Self {
        Self {
            edition: String::new(),
            free: BTreeSet::new(),
        }
    }

    /// The days of an edition. A date that is none, which no accepted message
    /// holds, is passed over.
    pub fn of(edition: &CalendarUpdated) -> Self {
        let days = edition.days.iter().filter_map(|day| day.date.parse().ok());
        Self {
            edition: edition.edition.clone(),
            free: days.collect(),
        }
    }

    /// Name of the edition; empty for none.
    pub fn edition(&self) -> &str {
        &self.edition
    }

    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        is_weekday(day) && !self.free.contains(&day)
    }

    /// The day that is `count` working days after `start`, which is not
    /// counted itself, and those of a pause neither. If a pause begins on that
    /// day it is the last one of the pause, working day or not: what has not
    /// run out when a pause begins does not run out in it. `None` if a pause
    /// that still lasts comes first.
    pub fn due_on(&self, start: NaiveDate, count: u16, pauses: &[Pause]) -> Option<NaiveDate> {
        let mut day = start;
        let mut left = count;
        while left > 0 {
            day = day.checked_add_days(Days::new(1))?;
            if let Some(pause) = pauses.iter().find(|pause| pause.holds(day)) {
                day = pause.upto?;
            } else if self.is_working_day(day) {
                left -= 1;
            }
        }
        // Each that is found ends on a later day, so that it comes to an end.
        while let Some(pause) = pauses.iter().find(|pause| pause.outlasts(day)) {
            day = pause.upto?;
        }
        Some(day)
    }

    /// Working days after `after`, up to and with `upto`, that lie in no
    /// pause; those from `upto` to `after` as a negative number if it is the
    /// earlier one. The cost does not grow with the distance: who disposes may name any date.
    pub fn days_between(&self, after: NaiveDate, upto: NaiveDate, pauses: &[Pause]) -> i64 {
        if upto < after {
            return -self.days_between(upto, after, pauses);
        }
        let mut pauses = pauses.to_vec();
        pauses.sort_by_key(|pause| pause.after);
        let (mut counted, mut reached) = (self.working_days(after, upto), after);
        for pause in pauses {
            let begins = pause.after.max(reached);
            let ends = pause.upto.unwrap_or(upto).min(upto);
            if begins < ends {
                counted -= self.working_days(begins, ends);
                reached = ends;
            }
        }
        counted
    }

    /// Working days after a day, up to and with one that does not come before it.
    fn working_days(&self, after: NaiveDate, upto: NaiveDate) -> i64 {
        let days = (upto - after).num_days();
        let (weeks, rest) = (days / 7, days % 7);
        let begun = after.iter_days().skip(1).take(rest as usize);
        let weekdays = weeks * 5 + begun.filter(|day| is_weekday(*day)).count() as i64;
        let span = (Bound::Excluded(after), Bound::Included(upto));
        let free = self.free.range(span).filter(|day| is_weekday(**day));
        weekdays - free.count() as i64
    }

    /// The day that is `count` working days before `day`.
    pub fn days_before(&self, day: NaiveDate, count: u16) -> NaiveDate {
        let mut earlier = day;
        let mut left = count;
        while left > 0 {
            let Some(before) = earlier.checked_sub_days(Days::new(1)) else {
                return earlier;
            };
            earlier = before;
            left -= u16::from(self.is_working_day(earlier));
        }
        earlier
    }
}

impl Pause {
    fn holds(self, day: NaiveDate) -> bool {
        day > self.after && self.upto.is_none_or(|upto| day <= upto)
    }

    /// Whether it has begun when a day is over, and has not ended.
    fn outlasts(self, day: NaiveDate) -> bool {
        self.after <= day && self.upto.is_none_or(|upto| day < upto)
    }
}

fn is_weekday(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The zone of an IANA name; that of the capital where there is no such zone.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(NATIONAL)
}

/// The day in a zone at an instant in Unix ms; of one that no date can be written of the nearest.
pub fn day_at(zone: Tz, at_ms: i64) -> NaiveDate {
    let at_ms = at_ms.clamp(FIRST_MS, LAST_MS);
    let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    at.with_timezone(&zone).date_naive()
}

/// The instant at which a day begins in a zone, in Unix ms.
pub fn begin_of(zone: Tz, day: NaiveDate) -> i64 {
    let midnight = day.and_time(NaiveTime::MIN);
    let local = zone.from_local_datetime(&midnight).earliest();
    local.map_or_else(
        || midnight.and_utc().timestamp_millis(),
        |at| at.timestamp_millis(),
    )
}

/// The last day in a zone of a term that is over at an instant, in Unix ms: what people are told,
/// for the instant itself already lies on the next one.
pub fn last_day(zone: Tz, over_ms: i64) -> NaiveDate {
    day_at(zone, over_ms.saturating_sub(1))
}

/// The instant at which a day is over in a zone, in Unix ms.
pub fn end_of(zone: Tz, day: NaiveDate) -> i64 {
    begin_of(zone, day.checked_add_days(Days::new(1)).unwrap_or(day))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        first.checked_add_days(Days::new(number)).unwrap()
    }

    proptest! {
        #[test]
        fn working_days_are_counted_as_one_counts_them_by_hand(
            after in 0u64..400,
            upto in 0u64..400,
            free in proptest::collection::btree_set(0u64..400, 0..40),
            pauses in proptest::collection::vec((0u64..400, proptest::option::of(0u64..400)), 0..4),
        ) {
            let calendar = Calendar {
                edition: String::new(),
                free: free.into_iter().map(day).collect(),
            };
            let pauses: Vec<Pause> = pauses
                .into_iter()
                .map(|(after, upto)| Pause { after: day(after), upto: upto.map(day) })
                .collect();
            let days = (after.min(upto) + 1..=after.max(upto)).map(day);
            let worked = days.filter(|day| {
                calendar.is_working_day(*day) && !pauses.iter().any(|pause| pause.holds(*day))
            });
            let sign = if upto < after { -1 } else { 1 };
            let expected = sign * worked.count() as i64;
            prop_assert_eq!(calendar.days_between(day(after), day(upto), &pauses), expected);
        }
    }

    #[test]
    fn what_lies_beyond_all_dates_is_counted_too() {
        let monday = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        let last = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();
        let calendar = Calendar::of_weekdays();
        assert_eq!(calendar.days_between(monday, last, &[]), 2_080_314);
        assert_eq!(day_at(Tz::UTC, i64::MAX), last);
        let first = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
        assert_eq!(day_at(Tz::UTC, i64::MIN), first);
        assert_eq!(last_day(Tz::UTC, i64::MIN), first);
    }
}
