//! Holidays as a table (`date,kind,name`), and the first edition of the
//! calendar, which both programs count by until the national desk has published
//! one. Sources and licence stand beside the file.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use lapor_protocol::calendar::Calendar;
use lapor_protocol::kinds::calendar_updated::{CalendarUpdated, Holiday, HolidayKind};
use serde::Deserialize;

use crate::table::{RowError, beyond, rows};

/// The days that are part of the programs.
pub const FIRST_EDITION: &str = include_str!("../data/calendar/holidays-id.csv");
/// Its name; a published edition may bear it without harm.
pub const FIRST_NAME: &str = "built-in";
/// The columns of a table.
pub const COLUMNS: [&str; 3] = ["date", "kind", "name"];

/// Why a table is no calendar. Lines are counted from 1, the header being the first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidaysError {
    #[error("line {line}: {wrong}")]
    Row { line: u64, wrong: RowError },
    #[error("line {line}: kind: expected libur_nasional or cuti_bersama, not {found:?}")]
    Kind { line: u64, found: String },
    #[error("the header has columns that no calendar has: {}", .0.join(", "))]
    Columns(Vec<String>),
    #[error("no row below the header `date,kind,name`")]
    Empty,
}

/// A row of a table, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Row {
    pub date: String,
    pub kind: String,
    pub name: String,
}

impl Row {
    /// `None` where what is written is none.
    pub fn kind(&self) -> Option<HolidayKind> {
        match self.kind.as_str() {
            "libur_nasional" => Some(HolidayKind::NationalHoliday),
            "cuti_bersama" => Some(HolidayKind::CollectiveLeave),
            _ => None,
        }
    }
}

static FIRST: LazyLock<Arc<Calendar>> = LazyLock::new(|| {
    let edition = read(FIRST_EDITION, FIRST_NAME).expect("the built-in calendar is read");
    Arc::new(Calendar::of(&edition))
});

/// The edition that is part of the programs.
pub fn first_edition() -> Arc<Calendar> {
    Arc::clone(&FIRST)
}

/// The first day that stands twice, of whatever name or kind: where it does so again, and where it
/// stood before, counted from 1.
pub fn repeated(edition: &CalendarUpdated) -> Option<(usize, usize)> {
    let mut dates = HashMap::new();
    let mut days = (1..).zip(&edition.days);
    days.find_map(|(again, day)| Some((again, dates.insert(&day.date, again)?)))
}

/// Date and name of each day of an edition, from one day on and in their order, that is a working
/// day by another: deadlines that run over it end sooner by that one.
pub fn worked(edition: &CalendarUpdated, by: &CalendarUpdated, from: NaiveDate) -> Vec<String> {
    let by = Calendar::of(by);
    let days = edition.days.iter().filter(|day| {
        let date = day.date.parse::<NaiveDate>();
        date.is_ok_and(|date| date >= from && by.is_working_day(date))
    });
    let days: BTreeMap<&str, &str> = days.map(|day| (&*day.date, &*day.name)).collect();
    let days = days.into_iter();
    days.map(|(date, name)| format!("{date} {name}")).collect()
}

/// Every row with its line, or why it cannot be read; columns that no calendar has are passed over.
pub fn listed(text: &str) -> impl Iterator<Item = (u64, Result<Row, RowError>)> {
    rows(text)
}

/// Reads holidays; the error names the line. A calendar with a hole is none.
pub fn read(text: &str, edition: &str) -> Result<CalendarUpdated, HolidaysError> {
    let others = beyond(text, &COLUMNS);
    if !others.is_empty() {
        return Err(HolidaysError::Columns(others));
    }
    let mut days = Vec::new();
    for (line, row) in listed(text) {
        let row = row.map_err(|wrong| HolidaysError::Row { line, wrong })?;
        let Some(kind) = row.kind() else {
            let found = row.kind;
            return Err(HolidaysError::Kind { line, found });
        };
        days.push(Holiday {
            date: row.date,
            name: row.name,
            kind,
        });
    }
    if days.is_empty() {
        return Err(HolidaysError::Empty);
    }
    Ok(CalendarUpdated {
        edition: edition.to_owned(),
        days,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_that_is_shipped_is_read_whole() {
        let calendar = read(FIRST_EDITION, "2026.1").unwrap();
        assert_eq!(calendar.days.len(), FIRST_EDITION.lines().count() - 1);
        assert_eq!(calendar.days[0].date, "2025-01-01");
        assert_eq!(repeated(&calendar), None);
        let leave = |day: &&Holiday| day.kind == HolidayKind::CollectiveLeave;
        assert_eq!(
            calendar.days.iter().filter(leave).count(),
            FIRST_EDITION.matches(",cuti_bersama,").count()
        );
    }

    #[test]
    fn a_day_that_stands_twice_is_found() {
        let text = "date,kind,name\n2031-01-01,libur_nasional,A\n2031-01-02,cuti_bersama,B\n\
            2031-01-01,cuti_bersama,C\n";
        assert_eq!(repeated(&read(text, "x").unwrap()), Some((3, 1)));
    }

    fn calendar(dates: &[&str]) -> CalendarUpdated {
        let day = |date: &&str| Holiday {
            date: (*date).to_owned(),
            name: "Libur".to_owned(),
            kind: HolidayKind::NationalHoliday,
        };
        CalendarUpdated {
            edition: "2031.1".to_owned(),
            days: dates.iter().map(day).collect(),
        }
    }

    #[test]
    fn a_day_that_goes_is_told_where_a_deadline_can_still_run_over_it() {
        // Of these the 4th and the 5th of January 2031 are a weekend.
        let before = calendar(&["2031-01-07", "2031-01-01", "2031-01-03", "2031-01-04"]);
        let today = "2031-01-02".parse().unwrap();
        let none = calendar(&[]);
        assert_eq!(
            worked(&before, &none, today),
            ["2031-01-03 Libur", "2031-01-07 Libur"]
        );
        let kept = calendar(&["2031-01-03", "2031-01-05"]);
        assert_eq!(worked(&before, &kept, today), ["2031-01-07 Libur"]);
        assert_eq!(worked(&kept, &before, today), [""; 0]);
    }

    #[test]
    fn a_calendar_with_a_bad_row_is_refused_with_its_line() {
        for (text, expected) in [
            (
                "date,kind,name\n2026-01-01,libur,Tahun Baru\n",
                "line 2: kind",
            ),
            (
                "date,kind\n2026-01-01,libur_nasional\n",
                "line 2: missing field `name`",
            ),
            (
                "date,kind,name\n2026-01-01,libur_nasional\n",
                "line 2: 2 columns",
            ),
            (
                "date,kind,name,note\n2026-01-01,libur_nasional,Tahun Baru,x\n",
                "the header has columns that no calendar has: note",
            ),
            ("date,kind,name\n", "no row"),
            ("", "no row"),
        ] {
            let problem = read(text, "x").unwrap_err().to_string();
            assert!(problem.starts_with(expected), "{text:?}: {problem}");
        }
    }
}
