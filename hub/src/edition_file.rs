//! A file that is to become an edition: what it says, or what is wrong with it and where, so that
//! whoever wrote it can mend it. It is read and judged; nothing is kept.

use lapor_protocol::kinds::calendar_updated::{Holiday, HolidayKind};
use lapor_protocol::kinds::taxonomy_updated::TaxonomyRoot;
use lapor_protocol::kinds::{BodyError, CalendarUpdated, TaxonomyUpdated};
use lapor_web::categories;
use lapor_web::holidays::{self, HolidaysError};
use lapor_web::table::{RowError, beyond, lacking};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// A file that can become an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum New {
    Taxonomy(TaxonomyUpdated),
    Calendar(CalendarUpdated),
}

/// What is wrong with a file. Lines and columns are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Columns that the header lacks.
    Lacking(Vec<&'static str>),
    /// Columns of the header that a calendar has not.
    Beyond(Vec<String>),
    /// Nothing stands below the header.
    Empty,
    /// A row with another number of columns than the header has.
    Columns {
        line: u64,
        found: u64,
        expected: u64,
    },
    /// A row whose kind is none of a holiday.
    HolidayKind {
        line: u64,
        found: String,
    },
    /// A row in which a quotation mark opens a cell and is not closed.
    Unclosed {
        line: u64,
    },
    /// A row that cannot be read for another reason, by what the reader of tables said.
    Row {
        line: u64,
        said: String,
    },
    /// The file ends before its JSON does.
    Cut,
    /// No JSON from there on.
    Syntax {
        line: usize,
        column: usize,
    },
    /// A part of the JSON ends there without a field that it needs.
    Field {
        line: usize,
        column: usize,
        field: String,
    },
    /// A field that is none of an edition ends there.
    UnknownField {
        line: usize,
        column: usize,
        field: String,
    },
    /// A field that its part of the JSON has already ends there.
    FieldTwice {
        line: usize,
        column: usize,
        field: String,
    },
    /// A kind that is none of a day of the JSON ends there.
    DayKind {
        line: usize,
        column: usize,
        found: String,
    },
    /// About there the JSON has something else than this.
    Other {
        line: usize,
        column: usize,
        asked: Thing,
    },
    /// JSON of another shape, by what the reader of JSON said.
    Shape {
        line: usize,
        column: usize,
        said: String,
    },
    /// What is no name of an edition.
    Name,
    /// More days or categories than so many.
    Many {
        most: usize,
    },
    Entry {
        entry: Entry,
        flaw: EntryFlaw,
    },
    /// A limit of the contract that has no words of its own here.
    Limit(String),
}

/// What a place of the JSON is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Text,
    List,
    Object,
}

/// A day or a category of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub part: Part,
    /// Counted from 1; of what stands below a category, that one's.
    pub number: usize,
    /// What it, or the category above it, is called there; of what stands below a category twice,
    /// both names.
    pub named: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Day,
    Category,
    /// Something below a category.
    Below,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryFlaw {
    /// No day of the calendar.
    Date,
    /// Without a name.
    Nameless,
    /// A name of more characters than so many.
    Long { most: usize },
    /// More below it than so many.
    Crowded { most: usize },
    /// Its date is that of the day at this place, counted from 1.
    SameDate { before: usize },
    /// Its name is that of the category at this place, counted from 1 among its like.
    SameName { before: usize },
}

impl Fault {
    /// What the reader of the file said, in English, where no kind says it.
    pub fn technical(&self) -> Option<&str> {
        match self {
            Self::Row { said, .. } | Self::Shape { said, .. } | Self::Limit(said) => Some(said),
            _ => None,
        }
    }
}

/// Categories as a file has them. What travels may have fields of a later version; in a file, a
/// field that is not known is a slip.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesFile {
    edition: String,
    roots: Vec<RootOfFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootOfFile {
    name: String,
    #[serde(default)]
    below: Vec<String>,
}

/// A calendar as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    edition: String,
    days: Vec<DayOfFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayOfFile {
    date: String,
    name: String,
    kind: HolidayKind,
}

/// Reads categories; `name` is that of the edition, that in the file where it is empty.
pub fn taxonomy(text: &str, name: &str) -> Result<New, Fault> {
    let mut new = TaxonomyUpdated::from(json::<CategoriesFile>(text)?);
    if !name.is_empty() {
        name.clone_into(&mut new.edition);
    }
    new.within_limits()
        .map_err(|error| of_taxonomy(&new, &error))?;
    match categories::repeated(&new) {
        None => Ok(New::Taxonomy(new)),
        Some(twice) => Err(same_name(twice)),
    }
}

/// Reads a calendar, which may be a table; that does not say the name of its edition.
pub fn calendar(text: &str, name: &str) -> Result<New, Fault> {
    let mut new = if is_json(text) {
        CalendarUpdated::from(json::<CalendarFile>(text)?)
    } else {
        table(text, name)?
    };
    if !name.is_empty() {
        name.clone_into(&mut new.edition);
    }
    new.within_limits()
        .map_err(|error| of_calendar(&new, &error))?;
    match holidays::repeated(&new) {
        None => Ok(New::Calendar(new)),
        Some((again, before)) => Err(Fault::Entry {
            entry: day_entry(&new, again - 1),
            flaw: EntryFlaw::SameDate { before },
        }),
    }
}

/// Whether a file is JSON and no table.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn table(text: &str, name: &str) -> Result<CalendarUpdated, Fault> {
    let lacks = lacking(text, &holidays::COLUMNS);
    if !lacks.is_empty() {
        return Err(Fault::Lacking(lacks));
    }
    let others = beyond(text, &holidays::COLUMNS);
    if !others.is_empty() {
        return Err(Fault::Beyond(others));
    }
    holidays::read(text, name).map_err(|error| match error {
        HolidaysError::Empty => Fault::Empty,
        HolidaysError::Kind { line, found } => Fault::HolidayKind { line, found },
        HolidaysError::Row { line, wrong } => match wrong {
            RowError::Columns { found, expected } => Fault::Columns {
                line,
                found,
                expected,
            },
            RowError::Unclosed => Fault::Unclosed { line },
            RowError::Other(said) => Fault::Row { line, said },
        },
    })
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Eof => Fault::Cut,
            Category::Syntax => Fault::Syntax { line, column },
            Category::Data | Category::Io => shape(line, column, error.to_string()),
        }
    })
}

fn shape(line: usize, column: usize, said: String) -> Fault {
    let named = |what: &str| {
        let rest = said.strip_prefix(what)?.strip_prefix(" field `")?;
        rest.split_once('`').map(|(field, _)| field.to_owned())
    };
    if let Some(field) = named("missing") {
        Fault::Field {
            line,
            column,
            field,
        }
    } else if let Some(field) = named("unknown") {
        Fault::UnknownField {
            line,
            column,
            field,
        }
    } else if let Some(field) = named("duplicate") {
        Fault::FieldTwice {
            line,
            column,
            field,
        }
    } else if let Some(found) = variant(&said) {
        Fault::DayKind {
            line,
            column,
            found,
        }
    } else if let Some(asked) = asked(&said) {
        Fault::Other {
            line,
            column,
            asked,
        }
    } else {
        Fault::Shape { line, column, said }
    }
}

/// The only choice that an edition has is the kind of a day.
fn variant(said: &str) -> Option<String> {
    let rest = said.strip_prefix("unknown variant `")?;
    rest.split_once('`').map(|(found, _)| found.to_owned())
}

fn asked(said: &str) -> Option<Thing> {
    let (_, asked) = said.strip_prefix("invalid ")?.rsplit_once(", expected ")?;
    let things = [
        ("a string", Thing::Text),
        ("a sequence", Thing::List),
        ("struct ", Thing::Object),
    ];
    let found = things.iter().find(|(begins, _)| asked.starts_with(begins));
    found.map(|(_, thing)| *thing)
}

/// The field of the contract that breaks a limit, and that limit where it is one of numbers.
fn broken(error: &BodyError) -> Option<(&'static str, Option<usize>)> {
    match error {
        BodyError::Field { field, .. } => Some((*field, None)),
        BodyError::Limit { field, limit } => Some((*field, Some(*limit))),
        _ => None,
    }
}

/// Each day is tried alone to find which it is.
fn of_calendar(new: &CalendarUpdated, error: &BodyError) -> Fault {
    let found = new.days.iter().position(|day| {
        let alone = CalendarUpdated {
            edition: new.edition.clone(),
            days: vec![day.clone()],
        };
        alone.within_limits().is_err()
    });
    let entry = found.map(|place| day_entry(new, place));
    match (broken(error), entry) {
        (Some(("edition", _)), _) => Fault::Name,
        (Some(("days", Some(most))), _) => Fault::Many { most },
        (Some(("days.date", _)), Some(entry)) => Fault::Entry {
            entry,
            flaw: EntryFlaw::Date,
        },
        (Some((_, limit)), Some(entry)) => Fault::Entry {
            entry,
            flaw: of_name(limit),
        },
        _ => Fault::Limit(error.to_string()),
    }
}

fn day_entry(new: &CalendarUpdated, place: usize) -> Entry {
    Entry {
        part: Part::Day,
        number: place + 1,
        named: format!("{} {}", new.days[place].date, new.days[place].name),
    }
}

fn same_name(twice: categories::Repeated) -> Fault {
    let part = match twice.below {
        Some(_) => Part::Below,
        None => Part::Category,
    };
    Fault::Entry {
        entry: Entry {
            part,
            number: twice.root,
            named: twice.named,
        },
        flaw: EntryFlaw::SameName {
            before: twice.before,
        },
    }
}

impl From<CategoriesFile> for TaxonomyUpdated {
    fn from(file: CategoriesFile) -> Self {
        let root = |root: RootOfFile| TaxonomyRoot {
            name: root.name,
            below: root.below,
        };
        Self {
            edition: file.edition,
            roots: file.roots.into_iter().map(root).collect(),
        }
    }
}

impl From<CalendarFile> for CalendarUpdated {
    fn from(file: CalendarFile) -> Self {
        let day = |day: DayOfFile| Holiday {
            date: day.date,
            name: day.name,
            kind: day.kind,
        };
        Self {
            edition: file.edition,
            days: file.days.into_iter().map(day).collect(),
        }
    }
}

/// Each category is tried alone.
fn of_taxonomy(new: &TaxonomyUpdated, error: &BodyError) -> Fault {
    let found = new.roots.iter().position(|root| {
        let alone = TaxonomyUpdated {
            edition: new.edition.clone(),
            roots: vec![root.clone()],
        };
        alone.within_limits().is_err()
    });
    match (broken(error), found) {
        (Some(("edition", _)), _) => Fault::Name,
        (Some(("roots", Some(most))), _) => Fault::Many { most },
        (Some((field, limit)), Some(place)) => {
            let root = &new.roots[place];
            let below = field == "roots.below";
            let is_long = |most: usize| root.below.iter().any(|name| name.chars().count() > most);
            // One limit is of how many there are, another of each.
            let crowded = limit.filter(|most| below && !is_long(*most));
            let part = if below && crowded.is_none() {
                Part::Below
            } else {
                Part::Category
            };
            let entry = Entry {
                part,
                number: place + 1,
                named: root.name.clone(),
            };
            let flaw = crowded.map_or_else(|| of_name(limit), |most| EntryFlaw::Crowded { most });
            Fault::Entry { entry, flaw }
        }
        _ => Fault::Limit(error.to_string()),
    }
}

fn of_name(limit: Option<usize>) -> EntryFlaw {
    limit.map_or(EntryFlaw::Nameless, |most| EntryFlaw::Long { most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(part: Part, number: usize, named: &str, flaw: EntryFlaw) -> Fault {
        let named = named.to_owned();
        Fault::Entry {
            entry: Entry {
                part,
                number,
                named,
            },
            flaw,
        }
    }

    fn syntax(line: usize, column: usize) -> Fault {
        Fault::Syntax { line, column }
    }

    #[test]
    fn what_is_wrong_with_a_calendar_is_told_with_its_place() {
        let many = "2031-01-01,libur_nasional,A\n".repeat(1001);
        let many = format!("date,kind,name\n{many}");
        let day = |date: &str, name: &str| {
            format!(
                r#"{{"edition":"2031.1","days":[{{"date":"2031-01-01","name":"A","kind":"national_holiday"}},{{"date":"{date}","name":"{name}","kind":"collective_leave"}}]}}"#
            )
        };
        let wrong_date = day("2031-02-30", "B");
        let nameless = day("2031-02-02", " ");
        let same_day = day("2031-01-01", "B");
        let named = |text: &str| calendar(text, "2031.1").unwrap_err();
        for (text, fault) in [
            ("date,name\n", Fault::Lacking(vec!["kind"])),
            (
                "date,kind,name,catatan\n",
                Fault::Beyond(vec!["catatan".to_owned()]),
            ),
            ("date,kind,name\n", Fault::Empty),
            (
                "date,kind,name\n2031-01-01,libur_nasional\n",
                Fault::Columns {
                    line: 2,
                    found: 2,
                    expected: 3,
                },
            ),
            (
                "date,kind,name\n2031-01-01,libur_nasional,A\n2031-01-02,libur_nasional,\"B\n2031-01-03,libur_nasional,C\n",
                Fault::Unclosed { line: 3 },
            ),
            (
                "date,kind,\"name\n2031-01-01,libur_nasional,A\n",
                Fault::Unclosed { line: 1 },
            ),
            (
                "date,kind,name\n2031-01-01,libur,A\n",
                Fault::HolidayKind {
                    line: 2,
                    found: "libur".to_owned(),
                },
            ),
            (
                "date,kind,name\n2031-01-01,libur_nasional,A\n2031-02-30,libur_nasional,B\n",
                entry(Part::Day, 2, "2031-02-30 B", EntryFlaw::Date),
            ),
            (
                wrong_date.as_str(),
                entry(Part::Day, 2, "2031-02-30 B", EntryFlaw::Date),
            ),
            (
                nameless.as_str(),
                entry(Part::Day, 2, "2031-02-02  ", EntryFlaw::Nameless),
            ),
            (
                same_day.as_str(),
                entry(
                    Part::Day,
                    2,
                    "2031-01-01 B",
                    EntryFlaw::SameDate { before: 1 },
                ),
            ),
            (
                "date,kind,name\n2031-01-01,libur_nasional,A\n2031-01-01,libur_nasional,A\n",
                entry(
                    Part::Day,
                    2,
                    "2031-01-01 A",
                    EntryFlaw::SameDate { before: 1 },
                ),
            ),
            (many.as_str(), Fault::Many { most: 1000 }),
            ("{\"edition\":\"2031.1\",\n", Fault::Cut),
            ("{\n  edition\n}", syntax(2, 3)),
        ] {
            assert_eq!(named(text), fault, "{text:.60}");
        }
        let fine = "date,kind,name\n2031-01-01,libur_nasional,A\n";
        assert_eq!(calendar(fine, "Edisi Baru").unwrap_err(), Fault::Name);
        let read = calendar(fine, "2031.1");
        assert!(matches!(read, Ok(New::Calendar(new)) if new.edition == "2031.1"));
    }

    #[test]
    fn a_field_of_a_calendar_that_is_none_or_stands_twice_is_told() {
        let day = |fields: &str| {
            format!(
                r#"{{"edition":"2031.1","days":[{{"date":"2031-01-01",{fields},"kind":"national_holiday"}}]}}"#
            )
        };
        let named = |text: &str| calendar(text, "2031.1").unwrap_err();
        let noted = day(r#""name":"A","note":"B""#);
        let two_names = day(r#""name":"A","name":"B""#);
        for (text, unknown, twice) in [(&noted, "note", false), (&two_names, "name", true)] {
            let (field, is_twice) = match named(text) {
                Fault::UnknownField { field, .. } => (field, false),
                Fault::FieldTwice { field, .. } => (field, true),
                other => panic!("{other:?}"),
            };
            assert_eq!((field.as_str(), is_twice), (unknown, twice), "{text}");
        }
        let long = named(&day(&format!(r#""name":"{}""#, "x".repeat(400))));
        assert!(
            matches!(
                &long,
                Fault::Entry {
                    flaw: EntryFlaw::Long { .. },
                    ..
                }
            ),
            "{long:?}"
        );
    }

    #[test]
    fn only_what_has_no_kind_is_told_by_its_reader() {
        let said = "a length that nobody foresaw".to_owned();
        let row = Fault::Row {
            line: 2,
            said: said.clone(),
        };
        for fault in [row, Fault::Limit(said.clone())] {
            assert_eq!(fault.technical(), Some(said.as_str()), "{fault:?}");
        }
        assert_eq!(Fault::Empty.technical(), None);
        let found = calendar("{\n  edition\n}", "").unwrap_err();
        assert_eq!(found.technical(), None, "{found:?}");
    }

    #[test]
    fn what_is_wrong_with_categories_is_told_with_the_one_that_it_is() {
        let below = |names: &[String]| {
            let names = serde_json::to_string(names).unwrap();
            format!(
                r#"{{"edition":"2031.1","roots":[{{"name":"Jalan"}},{{"name":"Air","below":{names}}}]}}"#
            )
        };
        let crowded = below(&vec!["Pipa".to_owned(); 201]);
        let long = below(&["x".repeat(81)]);
        let nameless = below(&[String::new()]);
        let twice_below = below(&["Bau", "Pipa", "Bau"].map(str::to_owned));
        for (text, fault) in [
            (
                "{}",
                Fault::Field {
                    line: 1,
                    column: 2,
                    field: "edition".to_owned(),
                },
            ),
            (
                r#"{"edition":"2031.1","roots":[{"name":""}]}"#,
                entry(Part::Category, 1, "", EntryFlaw::Nameless),
            ),
            (
                crowded.as_str(),
                entry(Part::Category, 2, "Air", EntryFlaw::Crowded { most: 200 }),
            ),
            (
                long.as_str(),
                entry(Part::Below, 2, "Air", EntryFlaw::Long { most: 80 }),
            ),
            (
                nameless.as_str(),
                entry(Part::Below, 2, "Air", EntryFlaw::Nameless),
            ),
            (
                twice_below.as_str(),
                entry(Part::Below, 2, "Air/Bau", EntryFlaw::SameName { before: 1 }),
            ),
            (
                r#"{"edition":"2031.1","roots":[{"name":"Air"},{"name":"Jalan"},{"name":"Air"}]}"#,
                entry(Part::Category, 3, "Air", EntryFlaw::SameName { before: 1 }),
            ),
            (
                r#"{"edition":"2031.1","roots":[],"note":""}"#,
                Fault::UnknownField {
                    line: 1,
                    column: 37,
                    field: "note".to_owned(),
                },
            ),
        ] {
            assert_eq!(taxonomy(text, "").unwrap_err(), fault, "{text:.60}");
        }
        for (roots, thing) in [
            ("7", Thing::List),
            (r#"["Air"]"#, Thing::Object),
            (r#"[{"name":null}]"#, Thing::Text),
            (
                r#"[{"name":"Air","below":"Bau, expected a string"}]"#,
                Thing::List,
            ),
        ] {
            let text = format!("{{\"edition\":\"2031.1\",\n\"roots\":{roots}}}");
            let fault = taxonomy(&text, "").unwrap_err();
            assert!(
                matches!(fault, Fault::Other { line: 2, asked, .. } if asked == thing),
                "{fault:?}"
            );
        }
        let day = r#"{"date":"2031-01-01","name":"A","kind":"libur_nasional"}"#;
        let day = format!(r#"{{"edition":"2031.1","days":[{day}]}}"#);
        let fault = calendar(&day, "").unwrap_err();
        assert!(
            matches!(&fault, Fault::DayKind { found, .. } if found == "libur_nasional"),
            "{fault:?}"
        );
    }
}
