//! A file that is to become an edition: what it says, or all that is wrong with it and where, so
//! that whoever wrote it can mend it at once. It is read and judged; nothing is kept. Faults are
//! displayed in English, for the command line; pages have words of their own.

mod bounds;
mod days;
mod json;
mod roots;
#[cfg(test)]
mod tests;

use std::fmt;

use lapor_protocol::kinds::{Body, BodyError, CalendarUpdated, TaxonomyUpdated};

use crate::categories::Unfit;

/// Mistakes of a file that are told one by one, at most.
const NAMED: usize = 20;

/// A file that can become an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum New {
    Taxonomy(TaxonomyUpdated),
    Calendar(CalendarUpdated),
}

/// All that is wrong with a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first of them, 20 at most.
    pub named: Vec<Fault>,
    /// How many there are beyond these.
    pub more: usize,
}

/// What is wrong with a file. Lines and columns are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Columns that the header lacks.
    #[error("the header lacks the columns {}", .0.join(", "))]
    Lacking(Vec<&'static str>),
    /// Columns of the header that a calendar has not.
    #[error("the header has columns that are not known: {}", .0.join(", "))]
    Beyond(Vec<String>),
    /// Nothing stands below the header.
    #[error("there is no row below the header")]
    Empty,
    /// Nothing stands in this list of the JSON.
    #[error("the list {0:?} is empty")]
    EmptyList(&'static str),
    /// A row with another number of columns than the header has.
    #[error("line {line}: it has {found} columns, and the header {expected}")]
    Columns {
        line: u64,
        found: u64,
        expected: u64,
    },
    /// A row whose kind is none of a holiday.
    #[error("line {line}: {found:?} is no kind; write libur_nasional or cuti_bersama")]
    HolidayKind { line: u64, found: String },
    /// A row in which a quotation mark opens a cell and is not closed.
    #[error("line {line}: a quotation mark that opens a cell is not closed")]
    Unclosed { line: u64 },
    /// A row that cannot be read for another reason, by what the reader of tables said.
    #[error("line {line}: {said}")]
    Row { line: u64, said: String },
    /// The file ends before its JSON does.
    #[error("the file is cut off: it ends before what it says does")]
    Cut,
    /// No JSON from there on.
    #[error("line {line}, column {column}: from there on it is no JSON")]
    Syntax { line: usize, column: usize },
    /// JSON of another shape there.
    #[error("line {line}, column {column}: {wrong}")]
    Shape {
        line: usize,
        column: usize,
        wrong: Wrong,
    },
    /// What is no name of an edition.
    #[error(
        "the edition's name cannot be used: 1 to 60 small letters, digits, points, hyphens or underscores"
    )]
    Name,
    /// More days or categories than so many.
    #[error("at most {most} entries")]
    Many { most: usize },
    #[error("{entry}: {flaw}")]
    Entry { entry: Entry, flaw: EntryFlaw },
    /// A limit of the contract that has no words of its own here.
    #[error("{0}")]
    Limit(String),
}

/// How JSON is of another shape than an edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A part ends there without a field that it needs.
    #[error("up to there the field {0:?} is missing")]
    Missing(&'static str),
    /// A field that is none of its part ends there.
    #[error("the field {0:?} is not known")]
    Unknown(String),
    /// A field that its part has already ends there.
    #[error("the field {0:?} is written twice")]
    Twice(&'static str),
    /// A kind that is none of a day ends there.
    #[error("{0:?} is no kind; write national_holiday or collective_leave")]
    DayKind(String),
    /// Something else than this begins there.
    #[error("about there {0} should stand")]
    Other(Thing),
}

/// What a place of the JSON is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Thing {
    #[error("a text between quotation marks")]
    Text,
    #[error("a list between square brackets")]
    List,
    #[error("an object between braces")]
    Object,
}

/// A day or a category of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub part: Part,
    /// Counted from 1; of what stands below a category, that one's; of a row, its line.
    pub number: usize,
    /// What it, or the category above it, is called there; of what stands below a category twice or
    /// cannot be called so, both names.
    pub named: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A day of the JSON.
    Day,
    /// A day of a table.
    Row,
    Category,
    /// What stands at this place below a category, counted from 1.
    Below {
        place: usize,
    },
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryFlaw {
    /// No day of the calendar.
    #[error("no date of the calendar; write it like 2027-08-17")]
    Date,
    /// Without a name.
    #[error("without a name")]
    Nameless,
    /// A name of more characters than so many.
    #[error("its name is longer than {most} characters")]
    Long { most: usize },
    /// More below it than so many.
    #[error("more than {most} categories below it")]
    Crowded { most: usize },
    /// No category can be called so.
    #[error("its name {0}")]
    Unfit(Unfit),
    /// Its date is that of the day with this number.
    #[error("its date stands above already, at {before}; write a day once, with all its names")]
    SameDate { before: usize },
    /// Its name is that of the category at this place, counted from 1 among its like.
    #[error("its name stands above already, at {before}")]
    SameName { before: usize },
}

impl Faults {
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub fn count(&self) -> usize {
        self.named.len() + self.more
    }

    /// `fault` is made only where there is room for it: looking for its place costs time.
    fn add(&mut self, fault: impl FnOnce() -> Fault) {
        if self.named.len() < NAMED {
            self.named.push(fault());
        } else {
            self.more += 1;
        }
    }
}

impl From<New> for Body {
    fn from(new: New) -> Self {
        match new {
            New::Taxonomy(new) => Self::TaxonomyUpdated(new),
            New::Calendar(new) => Self::CalendarUpdated(new),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, named) = (self.number, self.named.trim());
        match self.part {
            Part::Day => write!(f, "day {number} ({named})"),
            Part::Row => write!(f, "line {number} ({named})"),
            Part::Category => write!(f, "category {number} ({named})"),
            Part::Below { place } => write!(f, "category {place} below {number} ({named})"),
        }
    }
}

impl Fault {
    /// What the reader of the file said, in English, where no kind says it.
    pub fn technical(&self) -> Option<&str> {
        match self {
            Self::Row { said, .. } | Self::Limit(said) => Some(said),
            _ => None,
        }
    }
}

/// Reads categories; `name` is that of the edition, that in the file where it is empty.
pub fn taxonomy(text: &str, name: &str) -> Result<New, Faults> {
    let (new, faults) = roots::of_json(unmarked(text), name);
    judged(new, faults, TaxonomyUpdated::within_limits).map(New::Taxonomy)
}

/// Reads a calendar, which may be a table; that does not say the name of its edition.
pub fn calendar(text: &str, name: &str) -> Result<New, Faults> {
    let (new, faults) = if is_json(text) {
        days::of_json(unmarked(text), name)
    } else {
        days::of_table(text, name)
    };
    judged(new, faults, CalendarUpdated::within_limits).map(New::Calendar)
}

/// Whether a file is JSON and no table.
pub fn is_json(text: &str) -> bool {
    unmarked(text).trim_start().starts_with('{')
}

/// Whether a file that is no UTF-8 seems to be JSON all the same, as one of two bytes for each
/// character does.
pub fn seems_json(bytes: &[u8]) -> bool {
    let mut seen = bytes.iter().filter(|byte| byte.is_ascii_graphic());
    seen.next() == Some(&b'{')
}

/// Without the mark that some editors write before a text.
fn unmarked(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// The contract has the last word on what was found to be whole.
fn judged<T>(
    new: Option<T>,
    mut faults: Faults,
    limits: fn(&T) -> Result<(), BodyError>,
) -> Result<T, Faults> {
    let new = new.filter(|_| faults.is_empty());
    let Some(new) = new else {
        return Err(faults);
    };
    match limits(&new) {
        Ok(()) => Ok(new),
        Err(error) => {
            faults.add(|| Fault::Limit(error.to_string()));
            Err(faults)
        }
    }
}
