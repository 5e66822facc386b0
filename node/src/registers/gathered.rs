//! The cells of a file as they are read, one by one, within limits: a small file can say that it
//! has a great many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bytes of a file, at most.
pub const FILE_BYTES: u64 = 10 * 1024 * 1024;
/// Rows of a register, at most.
pub const MOST_ROWS: usize = 5_000;
/// Rows that may stand above the head.
pub const ABOVE: usize = 20;
const MOST_COLUMNS: usize = 100;
/// Bytes of all texts, and of what a spreadsheet holds unpacked.
pub const UNPACKED_BYTES: usize = 40 * 1024 * 1024;

/// Why a file is no register; whoever made it can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the file is empty, or has nothing below its headings")]
    Empty,
    #[error("the file is neither a table (.csv) nor a spreadsheet (.xlsx, .ods)")]
    Kind,
    #[error("the file is an old spreadsheet or has a password; save it as .xlsx without one")]
    Old,
    #[error("the spreadsheet is damaged; open it and save it again")]
    Damaged,
    #[error(
        "a quotation mark that opens a cell of row {line} is not closed; rows below it would be read as its words"
    )]
    Unclosed { line: u64 },
    #[error("the file has more than {MOST_ROWS} rows; bring it in parts")]
    Rows,
    #[error("the file has more than {MOST_COLUMNS} columns; take out those that nobody needs")]
    Columns,
    #[error("the file is too large; bring it in parts")]
    Large,
}

/// A row that says something, with the line where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub line: u64,
    pub cells: Vec<String>,
}

/// Rows that are being read.
#[derive(Default)]
pub struct Gathered {
    rows: BTreeMap<u64, Vec<String>>,
    bytes: usize,
}

impl Gathered {
    /// Takes a cell; `line` counts from one, `column` from zero.
    pub fn put(&mut self, line: u64, column: usize, text: &str) -> Result<(), Unreadable> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            return Err(Unreadable::Columns);
        }
        self.bytes += text.len();
        if self.bytes > UNPACKED_BYTES {
            return Err(Unreadable::Large);
        }
        let cells = self.rows.entry(line).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        text.clone_into(&mut cells[column]);
        if self.rows.len() > MOST_ROWS + ABOVE {
            return Err(Unreadable::Rows);
        }
        Ok(())
    }

    pub fn rows(self) -> Vec<Row> {
        let rows = self.rows.into_iter();
        rows.map(|(line, cells)| Row { line, cells }).collect()
    }
}
