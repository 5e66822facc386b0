//! A register as whoever brought it sees it: what would be filed, what is wrong, what was filed. Who
//! reported is never in it, only whether a row says so, and no personal number that stands in its words.

use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::check::Wrong;
use super::columns::Field;
use crate::casework::NewReport;
use crate::personal::mask;

/// Problems that are told of one register, at most.
pub const PROBLEMS: usize = 1_000;
/// Rows that are shown as they would be filed, where nobody says how many.
pub const SAMPLE: usize = 20;

/// How far a register is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// It has been read, and nothing of it is filed.
    Waiting,
    Done,
}

/// A register in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    pub id: String,
    /// What its file was called.
    pub name: String,
    pub actor: String,
    pub state: ImportState,
    /// Unix ms.
    pub made_at: i64,
    pub filed: i64,
}

/// A page of registers, the latest first.
pub struct BroughtPage {
    pub registers: Vec<Brought>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// A page of rows of a register, in the order of their lines.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ImportRows)]
pub struct ReadyPage {
    /// As they would be filed; none of a register that is filed.
    pub rows: Vec<ReadyRow>,
    /// For `after`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A register that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Import {
    pub id: String,
    /// What its file was called.
    pub name: String,
    pub state: ImportState,
    /// Unix ms.
    pub made_at: i64,
    /// Unix ms, when it is forgotten unless it is filed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<i64>,
    /// The columns of the file, from the left; empty once it is filed.
    pub columns: Vec<Column>,
    /// Rows that can be filed.
    pub ready: usize,
    /// Rows that cannot, or that were left out.
    pub wrong: usize,
    /// What is wrong, or was with the rows that were left out, the first thousand.
    pub problems: Vec<RowProblem>,
    /// The first rows as they would be filed.
    pub sample: Vec<ReadyRow>,
    /// What was filed, in the order of the lines.
    pub filed: Vec<FiledRow>,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Column {
    pub heading: String,
    /// What it says of a report; `null` if it is left out.
    pub field: Option<Field>,
}

/// Something that is wrong in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowProblem {
    /// Line of the file, counted from one.
    pub line: u64,
    /// Heading of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What that column is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// What stands there, its beginning on one line, without personal numbers; nothing of who reported,
    /// and once a register is filed no words of a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `missing`, `no_content`, `too_long`, `no_date`, `date_ahead`, `no_classification`, `no_category`,
    /// `no_region`, `no_channel`, `no_truth`, `no_email`, `no_phone`, `no_number`, `repeated`, `known`
    /// or `unusable`.
    pub code: &'static str,
    pub detail: String,
    #[serde(skip)]
    pub wrong: Wrong,
}

/// A row as it would be filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadyRow {
    pub line: u64,
    pub number: Option<String>,
    pub title: String,
    pub content: String,
    pub classification: Classification,
    pub category: Option<String>,
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    /// Where, in words.
    pub place: Option<String>,
    /// `YYYY-MM-DD`.
    pub incident_date: Option<String>,
    /// How it came in.
    pub channel: String,
    /// *Anonim*
    pub anonymous: bool,
    /// *Rahasia*
    pub secret: bool,
    /// Whether the row says who reported; what it says is kept apart and not shown.
    pub reporter_given: bool,
}

impl ReadyRow {
    pub(super) fn of(line: u64, report: &NewReport) -> Self {
        let category = report.local_category.as_deref();
        let category = category.or(report.category.as_ref().map(Category::as_str));
        Self {
            line,
            number: report.own_number.clone(),
            title: mask(&report.title).into_owned(),
            content: mask(&report.content).into_owned(),
            classification: report.classification,
            category: category.map(str::to_owned),
            region: report.region.clone(),
            place: report
                .place
                .as_deref()
                .map(|place| mask(place).into_owned()),
            incident_date: report.incident_date.clone(),
            channel: report.channel.clone(),
            anonymous: report.anonymous,
            secret: report.secret,
            reporter_given: report.reporter.is_some(),
        }
    }
}

/// A row that was filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FiledRow {
    pub line: u64,
    pub case: String,
    pub ticket: Option<String>,
    pub own_number: Option<String>,
}
