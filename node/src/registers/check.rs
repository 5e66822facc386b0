//! A row as a report, or what is wrong with it, cell by cell: all of it at once, so that a file is
//! mended once.

use chrono::NaiveDate;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::limits::{TEXT_CHARS, TITLE_CHARS};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};

use super::columns::Field;
use super::gathered::Row;
use crate::bridge;
use crate::casework::{NewReport, Reporter, is_own_number, ticket};
use crate::open311::{self, title_of};
use crate::regions;
use crate::reporters::{is_dialled, is_mailed};
use crate::taxonomy::{Categories, LocalCategories, folded};

/// Characters of a name, a telephone number or an address.
const CONTACT: usize = 200;

/// What is wrong with a cell, or with its row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Wrong {
    #[error("missing")]
    Missing,
    /// Of all rows at once; with the headings that there are.
    #[error("no column holds the content; found: {0}")]
    NoContent(String),
    #[error("longer than {0} characters")]
    Long(usize),
    #[error("no date such as 31-12-2026")]
    Day,
    #[error("this day has not come yet")]
    Ahead,
    #[error("expected pengaduan, aspirasi or permintaan informasi")]
    Classification,
    #[error("the tree of categories has no such one, or several that are called so")]
    Category,
    #[error("no region, or not one alone; write its code, or its name with its level and province")]
    Region,
    #[error("expected one of loket, surat, telepon, sms, surel, whatsapp, web")]
    Channel,
    #[error("expected ya or tidak")]
    Truth,
    #[error("no address that a letter reaches")]
    Email,
    #[error("no telephone number such as 0812 3456 7890")]
    Phone,
    #[error(
        "a number has letters, digits, blanks and -/._:#(), a letter or digit first, 80 at most"
    )]
    Number,
    #[error("line {0} has the same number")]
    SameNumber(u64),
    #[error("line {0} says the same")]
    SameWords(u64),
    #[error("a case here has this number")]
    KnownNumber,
    #[error("a case that was filed from a register says the same")]
    KnownWords,
    #[error("it is here already, as the report {0}")]
    KnownTicket(String),
    /// Said by the rules of a report.
    #[error("{0}")]
    Unusable(String),
}

impl Wrong {
    /// Its name in the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoContent(_) => "no_content",
            Self::Long(_) => "too_long",
            Self::Day => "no_date",
            Self::Ahead => "date_ahead",
            Self::Classification => "no_classification",
            Self::Category => "no_category",
            Self::Region => "no_region",
            Self::Channel => "no_channel",
            Self::Truth => "no_truth",
            Self::Email => "no_email",
            Self::Phone => "no_phone",
            Self::Number => "no_number",
            Self::SameNumber(_) | Self::SameWords(_) => "repeated",
            Self::KnownNumber | Self::KnownWords | Self::KnownTicket(_) => "known",
            Self::Unusable(_) => "unusable",
        }
    }
}

/// What is wrong in a row, and with which of its fields.
pub type Fault = (Option<Field>, Wrong);

/// What is called how here, and which day it is.
pub struct Names {
    pub categories: Categories,
    pub local: LocalCategories,
    pub today: NaiveDate,
}

/// A row while it is read.
struct Reading<'a> {
    row: &'a Row,
    columns: &'a [Option<Field>],
    faults: Vec<Fault>,
}

/// A row as a report, as far as it can be read, and all that is wrong with it.
pub fn report(
    row: &Row,
    columns: &[Option<Field>],
    channel: &str,
    names: &Names,
) -> (NewReport, Vec<Fault>) {
    let mut reading = Reading {
        row,
        columns,
        faults: Vec::new(),
    };
    let report = reading.report(channel, names);
    (report, reading.faults)
}

/// The ticket of a row, or the case of one that has none, and where it stands: also as the number of
/// the register, which is how other programs may call it. What is none of this program says nothing.
pub fn ticket_of(row: &Row, columns: &[Option<Field>]) -> Option<(Field, String)> {
    let reading = Reading {
        row,
        columns,
        faults: Vec::new(),
    };
    let mut places = [Field::Ticket, Field::Number].into_iter();
    places.find_map(|field| Some((field, known_as(reading.cell(field)?)?)))
}

/// How a register of this program names a case: by its ticket, or by its id if it has none, as what
/// was split off another.
pub fn known_as(cell: &str) -> Option<String> {
    let case = cell.to_lowercase().parse::<CaseId>().ok();
    case.map(|id| id.to_string())
        .or_else(|| ticket::parse(cell))
}

impl Reading<'_> {
    fn report(&mut self, channel: &str, names: &Names) -> NewReport {
        let content = self.text(Field::Content, TEXT_CHARS).unwrap_or_default();
        if content.is_empty() {
            self.faults.push((Some(Field::Content), Wrong::Missing));
        }
        let title = self.text(Field::Title, TITLE_CHARS);
        let (category, local_category) = self.category(names);
        let reporter = Reporter {
            name: self.text(Field::Name, CONTACT),
            phone: self.read(Field::Phone, Wrong::Phone, phone),
            email: self.read(Field::Email, Wrong::Email, email),
            address: self.text(Field::Address, CONTACT),
        };
        let told = self.read(Field::Channel, Wrong::Channel, channel_told);
        let day = self.read(Field::IncidentDate, Wrong::Day, bridge::day);
        if day.is_some_and(|day| day > names.today) {
            self.faults.push((Some(Field::IncidentDate), Wrong::Ahead));
        }
        let class = self.read(Field::Classification, Wrong::Classification, class);
        NewReport {
            classification: class.unwrap_or(Classification::Complaint),
            title: title.unwrap_or_else(|| title_of(&content)),
            content,
            category,
            region: self.read(Field::Region, Wrong::Region, region),
            place: self.text(Field::Place, TITLE_CHARS),
            coordinates: None,
            incident_date: day.map(|day| day.to_string()),
            anonymous: self.truth(Field::Anonymous),
            secret: self.truth(Field::Secret),
            channel: told.unwrap_or(channel).to_owned(),
            excluded: Vec::new(),
            suggested: None,
            programme: None,
            attachments: Vec::new(),
            reporter: (reporter != Reporter::default()).then_some(reporter),
            own_number: self.read(Field::Number, Wrong::Number, number),
            local_category,
        }
    }

    /// The national one, and the own one where that was named.
    fn category(&mut self, names: &Names) -> (Option<Category>, Option<String>) {
        // As pages and registers of this program write one that is below another.
        let name = self
            .cell(Field::Category)
            .map(|name| name.replace(" › ", "/"));
        let Some(name) = name else {
            return (None, None);
        };
        let mut local = names.local.local.iter().filter(|one| one.known);
        if let Some(own) = local.find(|one| folded(&one.local) == folded(&name)) {
            return (Some(own.category.clone()), Some(own.local.clone()));
        }
        let national = names.categories.called(&name).cloned();
        if national.is_none() {
            self.faults.push((Some(Field::Category), Wrong::Category));
        }
        (national, None)
    }

    fn truth(&mut self, field: Field) -> bool {
        self.read(field, Wrong::Truth, truth).unwrap_or_default()
    }

    fn text(&mut self, field: Field, most: usize) -> Option<String> {
        let text = self.cell(field)?.to_owned();
        if text.chars().count() > most {
            self.faults.push((Some(field), Wrong::Long(most)));
        }
        Some(text)
    }

    /// What a cell says, if it says something; a fault of what cannot be read.
    fn read<T>(
        &mut self,
        field: Field,
        wrong: Wrong,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let read = read(self.cell(field)?);
        if read.is_none() {
            self.faults.push((Some(field), wrong));
        }
        read
    }

    fn cell(&self, field: Field) -> Option<&str> {
        let place = self.columns.iter().position(|one| *one == Some(field))?;
        let text = self.row.cells.get(place)?.trim();
        Some(text).filter(|text| !text.is_empty())
    }
}

fn email(text: &str) -> Option<String> {
    (is_mailed(text) && text.chars().count() <= CONTACT).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    (is_dialled(text) && text.chars().count() <= CONTACT).then(|| text.to_owned())
}

fn number(text: &str) -> Option<String> {
    is_own_number(text).then(|| text.to_owned())
}

fn region(text: &str) -> Option<RegionCode> {
    regions::national().said(text)
}

fn class(text: &str) -> Option<Classification> {
    Some(match folded(text).as_str() {
        "pengaduan" | "aduan" | "keluhan" | "complaint" => Classification::Complaint,
        "aspirasi" | "saran" | "usulan" | "aspiration" => Classification::Aspiration,
        "permintaan informasi" | "informasi" | "information request" | "information_request" => {
            Classification::InformationRequest
        }
        _ => return None,
    })
}

/// How reports come in, by the words of registers.
pub fn channel_of(text: &str) -> Option<&'static str> {
    Some(match folded(text).as_str() {
        "loket" | "langsung" | "datang langsung" | "datang ke loket" | "tatap muka" | "walk-in"
        | "at the counter" => "walk-in",
        "surat" | "kotak saran" | "letter" => "letter",
        "telepon" | "telp" | "phone" | "telephone" => "phone",
        "sms" => "sms",
        "surel" | "email" | "e-mail" => "email",
        "whatsapp" | "wa" => "whatsapp",
        "web" | "website" | "web site" | "situs" | "situs web" => "web",
        _ => return None,
    })
}

/// The same in a row, which may come from a register of this program: there are reports in it that
/// nobody notes by hand.
fn channel_told(text: &str) -> Option<&'static str> {
    channel_of(text).or_else(|| {
        Some(match folded(text).as_str() {
            "aplikasi telepon" | "mobile application" | "mobile" => "mobile",
            "media sosial" | "social media" | "social" => "social",
            "telegram" => "telegram",
            "facebook" => "facebook",
            "messenger" => "messenger",
            "x" => "x",
            "open311" => open311::CHANNEL,
            "sp4n" => bridge::CHANNEL,
            _ => return None,
        })
    })
}

fn truth(text: &str) -> Option<bool> {
    match folded(text).as_str() {
        "ya" | "y" | "yes" | "true" | "1" | "v" | "x" | "✓" | "√" => Some(true),
        "tidak" | "t" | "tdk" | "no" | "n" | "false" | "0" | "-" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lapor_web::intake::channel_words;
    use lapor_web::language::{Language, Voice};

    use super::*;
    use crate::doors::texts;

    const COLUMNS: [Option<Field>; 7] = [
        Some(Field::Number),
        Some(Field::Content),
        None,
        Some(Field::IncidentDate),
        Some(Field::Region),
        Some(Field::Secret),
        Some(Field::Email),
    ];

    fn read(cells: &[&str]) -> Result<NewReport, Vec<Fault>> {
        let names = Names {
            categories: Categories {
                edition: "2026.0".into(),
                roots: Vec::new(),
            },
            local: LocalCategories::default(),
            today: NaiveDate::from_ymd_opt(2026, 9, 21).unwrap(),
        };
        let row = Row {
            line: 7,
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
        };
        let (report, faults) = report(&row, &COLUMNS, "letter", &names);
        if faults.is_empty() {
            Ok(report)
        } else {
            Err(faults)
        }
    }

    #[test]
    fn a_row_is_a_report_and_what_no_column_says_is_what_the_file_says() {
        let report = read(&[
            "045/II/2026",
            "Jalan berlubang. Sudah sebulan.",
            "Petugas A",
            "4/3/2026",
            "32.73",
            "ya",
        ]);
        let report = report.unwrap();
        assert_eq!(report.own_number.as_deref(), Some("045/II/2026"));
        assert_eq!(report.title, "Jalan berlubang");
        assert_eq!(report.incident_date.as_deref(), Some("2026-03-04"));
        assert_eq!(report.channel, "letter");
        assert!(report.secret && !report.anonymous && report.reporter.is_none());
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_and_by_its_field() {
        let faults = read(&["=1", "", "", "kemarin", "Mars", "mungkin", "surel"]).unwrap_err();
        let said: Vec<_> = faults
            .into_iter()
            .map(|(field, wrong)| (field.unwrap(), wrong))
            .collect();
        for expected in [
            (Field::Content, Wrong::Missing),
            (Field::Email, Wrong::Email),
            (Field::IncidentDate, Wrong::Day),
            (Field::Region, Wrong::Region),
            (Field::Secret, Wrong::Truth),
            (Field::Number, Wrong::Number),
        ] {
            assert!(said.contains(&expected), "{expected:?}: {said:?}");
        }
        assert_eq!(said.len(), 6);
    }

    #[test]
    fn a_day_that_has_not_come_is_no_day_of_an_incident() {
        for (day, fine) in [
            ("21-09-2026", true),
            ("22/9/2026", false),
            ("2099-01-01", false),
        ] {
            let read = read(&["", "Jalan rusak", "", day]);
            let faults = read.err().unwrap_or_default();
            let ahead = (Some(Field::IncidentDate), Wrong::Ahead);
            let expected = if fine { vec![] } else { vec![ahead] };
            assert_eq!(faults, expected, "{day}");
        }
    }

    #[test]
    fn every_channel_is_read_as_this_program_writes_it() {
        let channels = [
            "walk-in",
            "letter",
            "phone",
            "sms",
            "email",
            "whatsapp",
            "web",
            "mobile",
            "social",
            "telegram",
            "facebook",
            "messenger",
            "x",
            "open311",
            "sp4n",
        ];
        for language in Language::ALL {
            let v = Voice::new(language, texts(), chrono_tz::UTC, 0);
            for channel in channels {
                let words = channel_words(&v, channel);
                assert_eq!(channel_told(&words), Some(channel), "{words}");
            }
        }
        assert_eq!(channel_told("merpati"), None);
        assert_eq!(
            channel_of("Telegram"),
            None,
            "nobody brings such a register"
        );
    }
}
