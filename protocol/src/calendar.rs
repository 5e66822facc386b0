//! Working days: Monday to Friday without national holidays and collective
//! leave, in an institution's own zone.
//!
//! Pure arithmetic on what is given, so that every node and every verifier
//! counts the same. Nothing here reads a clock, and no day is known here that
//! an edition of the calendar does not name.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _, Weekday};
use chrono_tz::Tz;

use crate::kinds::calendar_updated::CalendarUpdated;

/// Where an institution is whose zone cannot be read.
const NATIONAL: Tz = Tz::Asia__Jakarta;

/// The days on which nobody works, beside Saturdays and Sundays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    edition: String,
    free: BTreeSet<NaiveDate>,
}

/// Days on which a clock stands still: after `after`, up to and with `upto`;
/// without an end while it lasts.
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
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.free.contains(&day)
    }

    /// The day that is `count` working days after `start`, which is not
    /// counted itself, and those of a pause neither. `None` if a pause that
    /// still lasts comes first.
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
        Some(day)
    }

    /// Working days after `after`, up to and with `upto`, that lie in no
    /// pause; those from `upto` to `after` as a negative number if it is the
    /// earlier one.
    pub fn days_between(&self, after: NaiveDate, upto: NaiveDate, pauses: &[Pause]) -> i64 {
        if upto < after {
            return -self.days_between(upto, after, pauses);
        }
        let days = after.iter_days().skip(1).take_while(|day| *day <= upto);
        let counted = days.filter(|day| {
            self.is_working_day(*day) && !pauses.iter().any(|pause| pause.holds(*day))
        });
        counted.count() as i64
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
}

/// The zone of an IANA name; that of the capital where there is no such zone.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(NATIONAL)
}

/// The day in a zone at an instant in Unix ms.
pub fn day_at(zone: Tz, at_ms: i64) -> NaiveDate {
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
    day_at(zone, over_ms - 1)
}

/// The instant at which a day is over in a zone, in Unix ms.
pub fn end_of(zone: Tz, day: NaiveDate) -> i64 {
    begin_of(zone, day.checked_add_days(Days::new(1)).unwrap_or(day))
}
