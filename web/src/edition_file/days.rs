//! The days of a calendar, from JSON or from a table, as far as they can be read.

use std::collections::HashMap;

use lapor_protocol::kinds::CalendarUpdated;
use lapor_protocol::kinds::calendar_updated::{Holiday, HolidayKind};
use serde_json::value::RawValue;

use super::json::{EDITION, Walk};
use super::{Entry, EntryFlaw, Fault, Faults, Part, Wrong, bounds};
use crate::holidays::{self, COLUMNS};
use crate::table::{RowError, beyond, lacking};

const DAYS: &str = "days";

/// Those that are whole, and where each date stood.
#[derive(Default)]
struct Days {
    whole: Vec<Holiday>,
    seen: HashMap<String, usize>,
}

/// A day as far as it could be read.
struct Found {
    date: Option<String>,
    name: Option<String>,
    kind: Option<HolidayKind>,
}

/// Whole where there are no faults.
pub fn of_json(text: &str, name: &str) -> (Option<CalendarUpdated>, Faults) {
    let mut walk = Walk::of(text);
    let new = walked(&mut walk, name);
    (new, walk.faults)
}

/// The same of a table.
pub fn of_table(text: &str, name: &str) -> (Option<CalendarUpdated>, Faults) {
    let mut faults = Faults::default();
    if !bounds::is_edition(name) {
        faults.add(|| Fault::Name);
    }
    let (lacks, others) = (lacking(text, &COLUMNS), beyond(text, &COLUMNS));
    // Nothing can be said of rows whose columns have other names.
    let legible = lacks.is_empty();
    if !legible {
        faults.add(|| Fault::Lacking(lacks));
    }
    if !others.is_empty() {
        faults.add(|| Fault::Beyond(others));
    }
    if !legible {
        return (None, faults);
    }
    let rows: Vec<_> = holidays::listed(text).collect();
    if rows.is_empty() {
        faults.add(|| Fault::Empty);
    }
    if let Some(most) = bounds::most_days(rows.len()) {
        faults.add(|| Fault::Many { most });
    }
    let mut days = Days::default();
    for (line, row) in rows {
        let row = match row {
            Ok(row) => row,
            Err(wrong) => {
                faults.add(|| of_row(line, wrong));
                continue;
            }
        };
        let kind = row.kind();
        if kind.is_none() {
            let found = row.kind;
            faults.add(|| Fault::HolidayKind { line, found });
        }
        let found = Found {
            date: Some(row.date),
            name: Some(row.name),
            kind,
        };
        days.take((Part::Row, line as usize), found, &mut faults);
    }
    let new = CalendarUpdated {
        edition: name.to_owned(),
        days: days.whole,
    };
    (Some(new), faults)
}

fn walked(walk: &mut Walk<'_>, name: &str) -> Option<CalendarUpdated> {
    let whole = walk.whole()?;
    let file = walk.object(whole, &[EDITION, DAYS])?;
    let edition = walk.edition(&file, name);
    let listed = walk.needed(&file, DAYS)?;
    let listed = walk.list(listed)?;
    if listed.is_empty() {
        walk.faults.add(|| Fault::EmptyList(DAYS));
    }
    if let Some(most) = bounds::most_days(listed.len()) {
        walk.faults.add(|| Fault::Many { most });
    }
    let mut days = Days::default();
    for (number, raw) in (1..).zip(listed) {
        if let Some(found) = day(walk, raw) {
            days.take((Part::Day, number), found, &mut walk.faults);
        }
    }
    Some(CalendarUpdated {
        edition: edition?,
        days: days.whole,
    })
}

fn day<'a>(walk: &mut Walk<'a>, raw: &'a RawValue) -> Option<Found> {
    let day = walk.object(raw, &["date", "name", "kind"])?;
    let kind = walk.needed(&day, "kind");
    Some(Found {
        kind: kind.and_then(|raw| kind_of(walk, raw)),
        date: walk.needed_text(&day, "date"),
        name: walk.needed_text(&day, "name"),
    })
}

fn kind_of<'a>(walk: &mut Walk<'a>, raw: &'a RawValue) -> Option<HolidayKind> {
    let found = walk.text(raw)?;
    let kind = serde_json::from_str(raw.get()).ok();
    if kind.is_none() {
        walk.note_value(raw, Wrong::DayKind(found));
    }
    kind
}

fn of_row(line: u64, wrong: RowError) -> Fault {
    match wrong {
        RowError::Columns { found, expected } => Fault::Columns {
            line,
            found,
            expected,
        },
        RowError::Unclosed => Fault::Unclosed { line },
        RowError::Other(said) => Fault::Row { line, said },
    }
}

impl Days {
    /// Keeps a day that is whole, and notes what is wrong with it.
    fn take(&mut self, (part, number): (Part, usize), found: Found, faults: &mut Faults) {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        let named = format!("{} {}", said(&found.date), said(&found.name));
        let mut flaws = Vec::new();
        if let Some(date) = &found.date {
            if !bounds::is_date(date) {
                flaws.push(EntryFlaw::Date);
            } else if let Some(before) = self.seen.insert(date.clone(), number) {
                flaws.push(EntryFlaw::SameDate { before });
            }
        }
        flaws.extend(found.name.as_deref().and_then(bounds::of_day_name));
        for flaw in flaws {
            let entry = Entry {
                part,
                number,
                named: named.clone(),
            };
            faults.add(|| Fault::Entry { entry, flaw });
        }
        if let (Some(date), Some(name), Some(kind)) = (found.date, found.name, found.kind) {
            self.whole.push(Holiday { date, name, kind });
        }
    }
}
