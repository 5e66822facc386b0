//! What is wrong in a register, each problem with its column and what stands there: as it is told, and as
//! it stays with a register that was filed without such rows.

use serde::{Deserialize, Serialize};

use super::check::Wrong;
use super::columns::Field;
use super::known::Checked;
use super::sheet::Sheet;
use super::view::{PROBLEMS, RowProblem};
use crate::personal;

/// Characters of a cell that are quoted.
const QUOTED: usize = 60;

/// A problem as it is kept, sealed, with a register that was filed without its row.
#[derive(Serialize, Deserialize)]
pub(super) struct Left {
    line: u64,
    column: Option<String>,
    field: Option<Field>,
    /// What stood there, of a register that is filed if it was no words of a report; not of registers
    /// that were filed before it was kept.
    #[serde(default)]
    value: Option<String>,
    wrong: Wrong,
}

impl Left {
    /// As it stays with a register: the words of a report do not, which can be erased elsewhere.
    pub(super) fn kept(self) -> Self {
        let worded = self.field.is_some_and(Field::is_worded);
        Self {
            value: self.value.filter(|_| !worded),
            ..self
        }
    }
}

impl From<Left> for RowProblem {
    fn from(left: Left) -> Self {
        Self {
            line: left.line,
            column: left.column,
            field: left.field,
            value: left.value,
            code: left.wrong.code(),
            detail: left.wrong.to_string(),
            wrong: left.wrong,
        }
    }
}

/// What is wrong, as far as it is told, each with the heading of its column.
pub(super) fn left(checked: &Checked, sheet: &Sheet) -> impl Iterator<Item = Left> {
    let faults = checked.faults.iter().take(PROBLEMS);
    faults.map(move |(line, (field, wrong))| {
        let place = field.and_then(|field| {
            let mut columns = sheet.columns.iter();
            columns.position(|one| *one == Some(field))
        });
        Left {
            line: *line,
            column: place.map(|place| sheet.headings[place].clone()),
            field: *field,
            value: place.and_then(|place| quoted(sheet, *line, place)),
            wrong: wrong.clone(),
        }
    })
}

/// The beginning of what stands in a cell, on one line, without personal numbers; nothing of who
/// reported.
fn quoted(sheet: &Sheet, line: u64, column: usize) -> Option<String> {
    if sheet.columns[column].is_some_and(Field::says_who) {
        return None;
    }
    let row = sheet
        .rows
        .binary_search_by_key(&line, |row| row.line)
        .ok()?;
    let words: Vec<&str> = sheet.rows[row]
        .cells
        .get(column)?
        .split_whitespace()
        .collect();
    let text = words.join(" ");
    let text = personal::mask(&text);
    let end = text.char_indices().nth(QUOTED).map(|(end, _)| end);
    let quoted = end.map_or_else(|| text.to_string(), |end| format!("{}…", &text[..end]));
    (!quoted.is_empty()).then_some(quoted)
}

pub(super) fn left_out_of(id: &str) -> String {
    format!("imports/{id}/left_out")
}
