//! The first sheet of an OpenDocument spreadsheet. It says *the same again* of cells and rows, a
//! million times where it likes: what is empty is counted and never made.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::gathered::{Gathered, Row, Unreadable};

/// Where the reading is.
#[derive(Default)]
struct Place {
    gathered: Gathered,
    inside: bool,
    line: u64,
    /// How often the row stands there.
    lines: u64,
    column: usize,
    columns: usize,
    cell: Option<Cell>,
    /// Above zero inside of a comment, which is no text of its cell.
    comment: usize,
}

#[derive(Default)]
struct Cell {
    /// What it holds where that is a day, a number or a truth, which it shows as it likes.
    value: Option<String>,
    text: String,
}

/// Reads `content.xml`.
pub fn read(content: &str) -> Result<Vec<Row>, Unreadable> {
    let mut reader = Reader::from_str(content);
    let mut at = Place::default();
    loop {
        match reader.read_event().map_err(|_| Unreadable::Damaged)? {
            Event::Start(tag) => at.begin(&tag)?,
            Event::Empty(tag) => {
                at.begin(&tag)?;
                if at.end(tag.local_name().as_ref())? {
                    break;
                }
            }
            Event::End(tag) if at.end(tag.local_name().as_ref())? => break,
            Event::Text(piece) => at.say(&piece.xml10_content()),
            Event::CData(piece) => at.say(&piece.xml10_content()),
            Event::GeneralRef(named) => {
                match (named.resolve_char_ref(), resolve_predefined_entity(&named)) {
                    (Ok(Some(sign)), _) => at.say(sign.encode_utf8(&mut [0; 4])),
                    (_, Some(known)) => at.say(known),
                    _ => return Err(Unreadable::Damaged),
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(at.gathered.rows())
}

impl Place {
    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), Unreadable> {
        match tag.local_name().as_ref() {
            "table" => self.inside = true,
            "annotation" => self.comment += 1,
            "table-row" if self.inside => {
                self.line = self.line.saturating_add(self.lines.max(1));
                self.lines = count(tag, "number-rows-repeated")?;
                (self.column, self.columns) = (0, 0);
            }
            "table-cell" | "covered-table-cell" if self.inside => {
                self.column = self.column.saturating_add(self.columns);
                self.columns = usize::try_from(count(tag, "number-columns-repeated")?)
                    .map_err(|_| Unreadable::Columns)?;
                self.cell = Some(Cell {
                    value: value(tag)?,
                    text: String::new(),
                });
            }
            "p" if self.has_text() => self.say("\n"),
            "line-break" => self.say("\n"),
            "s" | "tab" => self.say(" "),
            _ => {}
        }
        Ok(())
    }

    /// Whether that was the end of the sheet.
    fn end(&mut self, tag: &str) -> Result<bool, Unreadable> {
        match tag {
            "annotation" => self.comment = self.comment.saturating_sub(1),
            "table-cell" | "covered-table-cell" => {
                if let Some(cell) = self.cell.take() {
                    self.keep(&cell.value.unwrap_or(cell.text))?;
                }
            }
            "table" => return Ok(self.inside),
            _ => {}
        }
        Ok(false)
    }

    fn keep(&mut self, text: &str) -> Result<(), Unreadable> {
        if text.trim().is_empty() {
            return Ok(());
        }
        for line in self.line..self.line.saturating_add(self.lines) {
            for column in self.column..self.column.saturating_add(self.columns) {
                self.gathered.put(line, column, text)?;
            }
        }
        Ok(())
    }

    fn has_text(&self) -> bool {
        let cell = self.cell.as_ref();
        self.comment == 0 && cell.is_some_and(|cell| !cell.text.is_empty())
    }

    fn say(&mut self, text: &str) {
        if let Some(cell) = self.cell.as_mut().filter(|_| self.comment == 0) {
            cell.text.push_str(text);
        }
    }
}

/// How often something stands there, once if nothing is said.
fn count(tag: &BytesStart<'_>, name: &str) -> Result<u64, Unreadable> {
    let told = attribute(tag, name)?;
    told.map_or(Ok(1), |told| told.parse().map_err(|_| Unreadable::Damaged))
}

fn value(tag: &BytesStart<'_>) -> Result<Option<String>, Unreadable> {
    match attribute(tag, "value-type")?.as_deref() {
        Some("date") => {
            let moment = attribute(tag, "date-value")?;
            Ok(moment.map(|moment| moment.chars().take_while(|c| *c != 'T').collect()))
        }
        Some("float") => attribute(tag, "value"),
        Some("boolean") => attribute(tag, "boolean-value"),
        _ => Ok(None),
    }
}

/// The first attribute of this name, in whatever space of names.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    // Whether one stands there twice would be looked for among all before it.
    for one in tag.attributes().with_checks(false) {
        let one = one.map_err(|_| Unreadable::Damaged)?;
        if one.key.local_name().as_ref() == name {
            let text = one.normalized_value(XmlVersion::Implicit1_0);
            let text = text.map_err(|_| Unreadable::Damaged)?;
            return Ok(Some(text.into_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_numbers_and_lines_are_read_and_comments_are_not() {
        let rows = read(
            "<office:spreadsheet><table:table table:name=\"A\"><table:table-row>\
             <table:table-cell><text:p>Isi</text:p></table:table-cell></table:table-row>\
             <table:table-row table:number-rows-repeated=\"3\"><table:table-cell \
             table:number-columns-repeated=\"16384\"/></table:table-row><table:table-row>\
             <table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-04\">\
             <text:p>4 Mar</text:p></table:table-cell><table:covered-table-cell/>\
             <table:table-cell><office:annotation><text:p>catatan</text:p></office:annotation>\
             <text:p>A &amp; B<text:s/>C</text:p><text:p>D</text:p></table:table-cell>\
             <table:table-cell office:value-type=\"float\" office:value=\"12\"/></table:table-row>\
             <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell \
             table:number-columns-repeated=\"16384\"/></table:table-row></table:table>\
             <table:table><table:table-row><table:table-cell><text:p>lain</text:p>\
             </table:table-cell></table:table-row></table:table></office:spreadsheet>",
        );
        let row = |line, cells: &[&str]| Row {
            line,
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
        };
        assert_eq!(
            rows.unwrap(),
            [
                row(1, &["Isi"]),
                row(5, &["2026-03-04", "", "A & B C\nD", "12"])
            ]
        );
    }

    #[test]
    fn a_cell_of_many_attributes_is_read_in_one_pass() {
        let many = (0..200_000).map(|n| format!(" a{n}=\"\""));
        let many = many.collect::<String>();
        let sheet = format!(
            "<table:table><table:table-row><table:table-cell{many}><text:p>a</text:p>\
             </table:table-cell></table:table-row></table:table>"
        );
        let begun = std::time::Instant::now();
        assert_eq!(read(&sheet).unwrap().len(), 1);
        assert!(begun.elapsed().as_secs() < 20);
    }

    #[test]
    fn a_cell_that_stands_there_a_million_times_is_refused() {
        let sheet = |row: &str, cell: &str| {
            format!(
                "<table:table><table:table-row table:number-rows-repeated=\"{row}\"><table:table-cell \
                 table:number-columns-repeated=\"{cell}\"><text:p>a</text:p></table:table-cell>\
                 </table:table-row></table:table>"
            )
        };
        for (row, cell, why) in [
            ("1048576", "1", Unreadable::Rows),
            ("1", "16384", Unreadable::Columns),
            ("18446744073709551615", "1", Unreadable::Rows),
            ("x", "1", Unreadable::Damaged),
        ] {
            assert_eq!(read(&sheet(row, cell)), Err(why), "{row} {cell}");
        }
    }
}
