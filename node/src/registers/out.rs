//! A table as people open it with a spreadsheet: as CSV or as a workbook, and nothing in it is
//! computed.

use lapor_web::table::harmless;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::error::NodeError;

/// What a workbook is, where it is sent.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Characters that a cell of a workbook holds.
const CELL: usize = 32_767;

/// Headings and what stands below them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn csv(&self) -> Result<String, NodeError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.head).chain(&self.rows) {
            let cells = row.iter().map(|cell| harmless(cell).into_owned());
            writer.write_record(cells).map_err(NodeError::damaged)?;
        }
        let bytes = writer.into_inner().map_err(NodeError::damaged)?;
        String::from_utf8(bytes).map_err(NodeError::damaged)
    }

    /// A workbook of Office Open XML with one sheet; every cell is a text.
    pub fn xlsx(&self) -> Result<Vec<u8>, NodeError> {
        self.workbook().map_err(NodeError::damaged)
    }

    fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet();
        sheet.set_freeze_panes(1, 0)?;
        for (column, heading) in (0..).zip(&self.head) {
            sheet.write_string_with_format(0, column, heading, &bold)?;
        }
        for (line, row) in (1..).zip(&self.rows) {
            for (column, cell) in (0..).zip(row) {
                let fits: String = cell.chars().take(CELL).collect();
                sheet.write_string(line, column, fits)?;
            }
        }
        book.save_to_buffer()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{DataRef, Reader, Xlsx};

    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_a_text_in_both() {
        let table = Table {
            head: vec!["Judul".into()],
            rows: vec![vec!["=1+1".into()], vec!["+62 811".into()]],
        };
        assert_eq!(table.csv().unwrap(), "Judul\n'=1+1\n'+62 811\n");
        let bytes = table.xlsx().unwrap();
        let mut book = Xlsx::new(Cursor::new(&bytes[..])).unwrap();
        let formulas = book.worksheet_formula("Sheet1").unwrap();
        assert!(formulas.is_empty(), "{formulas:?}");
        let mut cells = book.worksheet_cells_reader("Sheet1").unwrap();
        let mut read = Vec::new();
        while let Some(cell) = cells.next_cell().unwrap() {
            match cell.get_value() {
                DataRef::SharedString(text) => read.push((*text).to_owned()),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(read, ["Judul", "=1+1", "+62 811"]);
    }
}
