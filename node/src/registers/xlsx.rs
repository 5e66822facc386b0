//! The first sheet of a workbook of Office Open XML, cell by cell: what is between them is not made.

use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};

use super::gathered::{Gathered, Row, Unreadable};

/// Reads a workbook whose parts have been found to be small enough.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Unreadable> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    let first = book.sheet_names().first().cloned();
    let first = first.ok_or(Unreadable::Empty)?;
    let cells = book.worksheet_cells_reader(&first);
    let mut cells = cells.map_err(|_| Unreadable::Damaged)?;
    let mut gathered = Gathered::default();
    while let Some(cell) = cells.next_cell().map_err(|_| Unreadable::Damaged)? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        gathered.put(u64::from(row) + 1, column as usize, &text)?;
    }
    Ok(gathered.rows())
}

/// A cell as people would write what it holds; a formula as it was last computed.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::DateTimeIso(text) => text.chars().take_while(|c| *c != 'T').collect(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(whether) => whether.to_string(),
        DataRef::DateTime(at) => moment(at),
        DataRef::DurationIso(_) | DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

fn moment(at: &ExcelDateTime) -> String {
    if !at.is_datetime() {
        return at.as_f64().to_string();
    }
    let (year, month, day, ..) = at.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}
