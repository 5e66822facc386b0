//! A table as people open it with a spreadsheet: as CSV or as a workbook, and nothing in it is
//! computed.

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use lapor_web::table::harmless;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use crate::error::NodeError;

/// What a workbook is, where it is sent.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// What a cell of a workbook holds, in units of UTF-16.
const CELL: usize = 32_767;
/// Characters of the widest column of a workbook; what is longer goes on in the next line.
const WIDEST: usize = 60;
const NARROWEST: usize = 8;
/// How a workbook shows a day and a moment.
const DAY: &str = "dd/mm/yyyy";
const MOMENT: &str = "dd/mm/yyyy hh:mm";

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Day(NaiveDate),
    /// By the clocks of the institution.
    Moment(NaiveDateTime),
}

/// Headings and what stands below them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// How the cells of a workbook look.
struct Looks {
    text: Format,
    /// Of what begins like a formula: it stays a text where somebody edits it.
    quoted: Format,
    day: Format,
    moment: Format,
}

impl Table {
    pub fn csv(&self) -> Result<String, NodeError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = self.head.iter().map(|cell| harmless(cell).into_owned());
        writer.write_record(head).map_err(NodeError::damaged)?;
        for row in &self.rows {
            let cells = row.iter().map(|cell| match cell.plain() {
                Cow::Borrowed(text) => harmless(text).into_owned(),
                Cow::Owned(day) => day,
            });
            writer.write_record(cells).map_err(NodeError::damaged)?;
        }
        let bytes = writer.into_inner().map_err(NodeError::damaged)?;
        String::from_utf8(bytes).map_err(NodeError::damaged)
    }

    /// A workbook of Office Open XML with one sheet; what is no day is a text.
    pub async fn xlsx(self) -> Result<Vec<u8>, NodeError> {
        // With ten thousand reports it takes longer than others wait.
        let making = move || self.workbook().map_err(NodeError::damaged);
        let made = tokio::task::spawn_blocking(making).await;
        made.map_err(NodeError::damaged)?
    }

    pub(super) fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold().set_align(FormatAlign::Top);
        let looks = Looks::new();
        let sheet = book.add_worksheet();
        sheet.set_freeze_panes(1, 0)?;
        for (column, width) in (0..).zip(self.widths()) {
            sheet.set_column_width(column, f64::from(width))?;
        }
        for (column, heading) in (0..).zip(&self.head) {
            sheet.write_string_with_format(0, column, heading, &bold)?;
        }
        for (line, row) in (1..).zip(&self.rows) {
            for (column, cell) in (0..).zip(row) {
                looks.write(sheet, (line, column), cell)?;
            }
        }
        book.save_to_buffer()
    }

    /// How wide each column is so that its longest line fits, in characters.
    fn widths(&self) -> Vec<u32> {
        let columns = self.head.iter().enumerate();
        let widths = columns.map(|(column, heading)| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let longest = cells.map(Cell::width).max().unwrap_or_default();
            let width = longest.max(heading.chars().count());
            // A little air, also for letters that are wider than a digit.
            (width.clamp(NARROWEST, WIDEST) + 2) as u32
        });
        widths.collect()
    }
}

impl Cell {
    /// What it says, a day so that every program reads it.
    fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Day(day) => Cow::Owned(day.to_string()),
            Self::Moment(at) => Cow::Owned(at.format("%Y-%m-%d %H:%M").to_string()),
        }
    }

    /// Characters of its longest line in a workbook.
    fn width(&self) -> usize {
        match self {
            Self::Text(text) => {
                let lines = text.lines().map(|line| line.chars().take(WIDEST).count());
                lines.max().unwrap_or_default()
            }
            Self::Day(_) => DAY.len(),
            Self::Moment(_) => MOMENT.len(),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Looks {
    fn new() -> Self {
        let top = Format::new().set_align(FormatAlign::Top);
        let text = top.clone().set_text_wrap();
        Self {
            quoted: text.clone().set_quote_prefix(),
            text,
            day: top.clone().set_num_format(DAY),
            moment: top.set_num_format(MOMENT),
        }
    }

    fn write(
        &self,
        sheet: &mut Worksheet,
        (line, column): (u32, u16),
        cell: &Cell,
    ) -> Result<(), XlsxError> {
        let at = match cell {
            Cell::Text(_) => None,
            Cell::Day(day) => counted(day.and_time(NaiveTime::MIN)).map(|at| (at, &self.day)),
            Cell::Moment(at) => counted(*at).map(|at| (at, &self.moment)),
        };
        if let Some((at, look)) = at {
            sheet.write_datetime_with_format(line, column, at, look)?;
            return Ok(());
        }
        let text = cell.plain();
        let look = match harmless(&text) {
            Cow::Owned(_) => &self.quoted,
            Cow::Borrowed(_) => &self.text,
        };
        if !text.is_empty() {
            sheet.write_string_with_format(line, column, fits(&text), look)?;
        }
        Ok(())
    }
}

/// A moment as workbooks count it; `None` of one before 1900, which they do not.
fn counted(at: NaiveDateTime) -> Option<ExcelDateTime> {
    let year = u16::try_from(at.year()).ok()?;
    let day = ExcelDateTime::from_ymd(year, at.month() as u8, at.day() as u8).ok()?;
    day.and_hms(at.hour() as u16, at.minute() as u8, at.second())
        .ok()
}

/// As much of a text as a cell of a workbook holds.
fn fits(text: &str) -> &str {
    let mut units = 0;
    let mut signs = text.char_indices();
    let beyond = signs.find(|(_, sign)| {
        units += sign.len_utf16();
        units > CELL
    });
    beyond.map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use calamine::{DataRef, Reader, Xlsx};

    use super::*;

    fn part(book: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
        let mut text = String::new();
        let mut part = archive.by_name(name).unwrap();
        part.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_begins_like_a_formula_is_a_text_in_both() {
        let table = Table {
            head: vec!["Judul".into()],
            rows: ["=1+1", "+62 811", "-1", "@sum(a1)"]
                .map(|text| vec![text.into()])
                .to_vec(),
        };
        let csv = "Judul\n'=1+1\n'+62 811\n'-1\n'@sum(a1)\n";
        assert_eq!(table.csv().unwrap(), csv);
        let bytes = table.workbook().unwrap();
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
        assert_eq!(read, ["Judul", "=1+1", "+62 811", "-1", "@sum(a1)"]);
        let styles = part(&bytes, "xl/styles.xml");
        assert!(styles.contains("quotePrefix=\"1\""), "{styles}");
    }

    #[test]
    fn a_workbook_has_days_a_head_that_stays_and_columns_that_fit() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 4).unwrap();
        let table = Table {
            head: ["Masuk", "Kejadian", "Isi"].map(str::to_owned).to_vec(),
            rows: vec![vec![
                Cell::Moment(day.and_hms_opt(23, 5, 0).unwrap()),
                Cell::Day(day),
                "Lampu padam. ".repeat(20).into(),
            ]],
        };
        let csv = table.csv().unwrap();
        assert!(
            csv.starts_with("Masuk,Kejadian,Isi\n2026-03-04 23:05,2026-03-04,Lampu"),
            "{csv}"
        );
        let bytes = table.workbook().unwrap();
        let mut book = Xlsx::new(Cursor::new(&bytes[..])).unwrap();
        let mut cells = book.worksheet_cells_reader("Sheet1").unwrap();
        let mut days = Vec::new();
        while let Some(cell) = cells.next_cell().unwrap() {
            if let DataRef::DateTime(at) = cell.get_value() {
                days.push(at.to_ymd_hms_milli());
            }
        }
        assert_eq!(days, [(2026, 3, 4, 23, 5, 0, 0), (2026, 3, 4, 0, 0, 0, 0)]);
        let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
        for told in [
            "ySplit=\"1\"",
            "state=\"frozen\"",
            "<col min=\"1\" max=\"1\" width=\"18.",
        ] {
            assert!(sheet.contains(told), "{told}: {sheet}");
        }
        assert_eq!(table.widths(), [18, 12, 62]);
        assert!(part(&bytes, "xl/styles.xml").contains("<b/>"));
    }

    #[test]
    fn what_a_workbook_cannot_hold_is_cut_and_a_day_of_old_is_a_text() {
        let long = "😀".repeat(CELL);
        assert_eq!(fits(&long).chars().count(), CELL / 2);
        let table = Table {
            head: vec!["Kejadian".into(), "Isi".into()],
            rows: vec![vec![
                Cell::Day(NaiveDate::from_ymd_opt(1870, 1, 1).unwrap()),
                long.into(),
            ]],
        };
        let text = part(&table.workbook().unwrap(), "xl/sharedStrings.xml");
        assert!(text.contains("1870-01-01"));
    }
}
