//! Tables as institutions keep them: CSV with a header, each row with the line
//! where it begins, so that whoever wrote a row can mend it.

use std::borrow::Cow;
use std::iter::{from_fn, once};

use serde::de::DeserializeOwned;

/// Why a row cannot be read; the caller says where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("{found} columns, and the header has {expected}")]
    Columns { found: u64, expected: u64 },
    #[error(
        "a quotation mark opens a cell and is not closed at its end; rows below it are read as its words"
    )]
    Unclosed,
    #[error("{0}")]
    Other(String),
}

/// Those of some columns that the header lacks; none of a header in which a quotation mark is not
/// closed, which [`rows`] tells.
pub fn lacking(text: &str, columns: &[&'static str]) -> Vec<&'static str> {
    let Some(headers) = headers(text) else {
        return Vec::new();
    };
    let lacks = |column: &&&str| !headers.iter().any(|header| header == **column);
    columns.iter().filter(lacks).copied().collect()
}

/// Columns of the header that are none of these; none where [`lacking`] finds none either for a
/// quotation mark.
pub fn beyond(text: &str, columns: &[&str]) -> Vec<String> {
    let Some(headers) = headers(text) else {
        return Vec::new();
    };
    let others = headers.iter().filter(|header| !columns.contains(header));
    others.map(str::to_owned).collect()
}

/// Every row: the line where it begins, and what it says or why it cannot be
/// read. A row that cannot be read does not keep the others back, unless it takes
/// them for words of its own; below such a header nothing is read. Between the
/// columns stand commas, or semicolons as spreadsheets write them where numbers
/// have a decimal comma.
pub fn rows<T: DeserializeOwned>(text: &str) -> impl Iterator<Item = (u64, Result<T, RowError>)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = reader(text);
    let headers = reader.headers().cloned();
    let mut openings = unclosed(text, between(text)).into_iter().peekable();
    let headed = reader.position().byte();
    let in_header = openings.next_if(|opening| opening.byte < headed);
    let mut records = in_header.is_none().then(|| reader.into_records());
    let below = from_fn(move || {
        let records = records.as_mut()?;
        let record = records.next()?;
        let end = records.reader().position().byte();
        let mut here = None;
        while let Some(opening) = openings.next_if(|opening| opening.byte < end) {
            here = here.or(Some(opening.line));
        }
        Some(match (here, &headers, record) {
            (Some(line), _, _) => (line, Err(RowError::Unclosed)),
            (None, Ok(headers), Ok(record)) => {
                let line = line(text, record.position());
                let row = record.deserialize(Some(headers)).map_err(|e| plain(&e));
                (line, row)
            }
            (None, Err(error), _) => (1, Err(plain(error))),
            (None, _, Err(error)) => (line(text, error.position()), Err(plain(&error))),
        })
    });
    let unreadable = in_header.map(|opening| (opening.line, Err(RowError::Unclosed)));
    unreadable.into_iter().chain(below)
}

/// The line where the first row begins in which a quotation mark opens a cell and is not closed at
/// its end, so that rows below it are read as its words.
pub fn unclosed_at(text: &str, between: u8) -> Option<u64> {
    let text = text.trim_start_matches('\u{feff}');
    unclosed(text, between).first().map(|opening| opening.line)
}

/// Every row as it stands, without a head, whatever number of columns it has: the line where it
/// begins, and its cells without what is blank around them. What a quotation mark has swallowed that
/// is not closed, [`unclosed_at`] tells.
pub fn records(
    text: &str,
    between: u8,
) -> impl Iterator<Item = (u64, Result<Vec<String>, RowError>)> {
    let text = text.trim_start_matches('\u{feff}');
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .has_headers(false)
        .flexible(true)
        .delimiter(between)
        .from_reader(text.as_bytes());
    reader.into_records().map(|record| match record {
        Ok(record) => {
            let line = line(text, record.position());
            (line, Ok(record.iter().map(str::to_owned).collect()))
        }
        Err(error) => (line(text, error.position()), Err(plain(&error))),
    })
}

/// Where a row begins: its position is before the empty lines that lead to it.
fn line(text: &str, at: Option<&csv::Position>) -> u64 {
    let Some(at) = at else { return 0 };
    let rest = usize::try_from(at.byte()).ok();
    let rest = rest.and_then(|byte| text.as_bytes().get(byte..));
    let ends = rest.into_iter().flatten();
    let ends = ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

/// A text for a cell of a table that people open with a spreadsheet, which
/// would compute what begins like a formula: an apostrophe makes it a text. So it does within a text
/// where a cell begins for a spreadsheet that takes semicolons, tabs or ends of lines for what stands
/// between cells: where numbers have a decimal comma, they open a table of commas like this.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let computed = cells(text).filter(|at| is_computed(&text[*at..], *at == 0));
    let mut computed = computed.peekable();
    if computed.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len() + 1), 0);
    for at in computed {
        out.push_str(&text[from..at]);
        out.push('\'');
        from = at;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// The text of which [`harmless`] has made this one.
pub fn meant(text: &str) -> Cow<'_, str> {
    let marked = cells(text).filter(|at| {
        let bare = text[*at..].strip_prefix('\'');
        bare.is_some_and(|bare| is_computed(bare, *at == 0))
    });
    let mut marked = marked.peekable();
    if marked.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for at in marked {
        out.push_str(&text[from..at]);
        from = at + 1;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// What stands between cells, but for the comma: what has one in it stands between quotation marks.
const BETWEEN: [char; 4] = [';', '\t', '\r', '\n'];

/// Where cells may begin in a text.
fn cells(text: &str) -> impl Iterator<Item = usize> {
    let behind = text.match_indices(BETWEEN).map(|(at, _)| at + 1);
    once(0).chain(behind)
}

/// Whether a spreadsheet computes what begins here. Within a text points of a list begin with a dash:
/// only with a call, a name of another sheet or of a program it would be more than a wrong number.
fn is_computed(text: &str, is_first: bool) -> bool {
    if is_first {
        return text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    }
    let text = text.trim_start_matches('"');
    let cell = text.split(BETWEEN).next().unwrap_or_default();
    match cell.chars().next() {
        Some('=' | '@') => true,
        Some('+' | '-') => cell.contains(['(', '!', '|']),
        _ => false,
    }
}

/// A quotation mark that opens a cell.
struct Opening {
    byte: u64,
    /// Where its row begins.
    line: u64,
}

/// What has been read of a cell.
enum Cell {
    Nothing,
    Bare,
    /// From this byte on it stands between quotation marks.
    Quoted(usize),
    /// So it stood, up to the mark before.
    Closed(usize),
    /// What is blank behind that.
    Behind(usize),
}

/// The quotation marks that open a cell and are closed nowhere, or on a later line in front of more
/// words: that is the mark of another cell. A mark that is not doubled and closes on its own line
/// takes no row in.
fn unclosed(text: &str, between: u8) -> Vec<Opening> {
    let bytes = text.as_bytes();
    let takes_rows = |range: &[u8]| range.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
    let (mut line, mut row, mut cell) = (1, 1, Cell::Nothing);
    let mut openings = Vec::new();
    for (place, &byte) in bytes.iter().enumerate() {
        line += u64::from(byte == b'\n');
        cell = match (cell, byte) {
            (Cell::Quoted(from), b'"') => Cell::Closed(from),
            (Cell::Quoted(from), _) | (Cell::Closed(from), b'"') => Cell::Quoted(from),
            (_, b'\r' | b'\n') => {
                row = line;
                Cell::Nothing
            }
            (_, byte) if byte == between => Cell::Nothing,
            (Cell::Nothing, b'"') => Cell::Quoted(place),
            (Cell::Closed(from) | Cell::Behind(from), b' ' | b'\t') => Cell::Behind(from),
            (Cell::Closed(from) | Cell::Behind(from), _) if takes_rows(&bytes[from..place]) => {
                openings.push(Opening {
                    byte: from as u64,
                    line: row,
                });
                Cell::Bare
            }
            _ => Cell::Bare,
        };
    }
    if let Cell::Quoted(from) = cell {
        openings.push(Opening {
            byte: from as u64,
            line: row,
        });
    }
    openings
}

fn headers(text: &str) -> Option<csv::StringRecord> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = reader(text);
    let headers = reader.headers().cloned().unwrap_or_default();
    let end = reader.position().byte();
    let first = unclosed(text, between(text)).into_iter().next();
    first
        .is_none_or(|opening| opening.byte >= end)
        .then_some(headers)
}

/// What stands between the columns.
fn between(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let commas = header.contains(',') || !header.contains(';');
    if commas { b',' } else { b';' }
}

/// Of a text without the mark of its encoding.
fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .delimiter(between(text))
        .from_reader(text.as_bytes())
}

fn plain(error: &csv::Error) -> RowError {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => RowError::Other(err.kind().to_string()),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => RowError::Columns {
            found: *len,
            expected: *expected_len,
        },
        csv::ErrorKind::Utf8 { .. } => RowError::Other("not UTF-8 text".to_owned()),
        _ => RowError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_may_write_semicolons() {
        for text in ["a,b\n1,2\n", "\u{feff}a;b\n1;2\n"] {
            let read: Vec<_> = rows::<(u8, u8)>(text).collect();
            assert_eq!(read, [(2, Ok((1, 2)))], "{text}");
        }
    }

    #[test]
    fn a_header_says_what_it_lacks_and_what_it_has_beyond() {
        let columns = ["date", "kind", "name"];
        for (text, lacks, has) in [
            (
                "\u{feff}date;nama\n1;2\n",
                &["kind", "name"][..],
                &["nama"][..],
            ),
            ("date,kind,name\n", &[], &[]),
            ("", &columns, &[]),
        ] {
            assert_eq!(lacking(text, &columns), lacks, "{text}");
            assert_eq!(beyond(text, &columns), has, "{text}");
        }
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_told_with_its_row() {
        let unclosed: Result<(String, String), _> = Err(RowError::Unclosed);
        let row = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        for (text, read) in [
            // Nothing closes it.
            (
                "a,b\n1,x\n\n2,\"y\n3,z\n4,v\n",
                vec![(2, row("1", "x")), (4, unclosed.clone())],
            ),
            (
                "\u{feff}a;b\r\n1;x\r\n\"2;y\r\n3;z\r\n",
                vec![(2, row("1", "x")), (3, unclosed.clone())],
            ),
            ("a,\"b\n1,x\n2,y\n", vec![(1, unclosed.clone())]),
            ("a,b\n1,\"", vec![(2, unclosed.clone())]),
            // The mark of another cell closes it; rows below that one are read.
            (
                "a,b\n1,\"x\n2,y\n3,\"z\"\n4,v\n",
                vec![(2, unclosed.clone()), (5, row("4", "v"))],
            ),
            ("\"a,b\n1,\"x\"\n2,y\n", vec![(1, unclosed.clone())]),
            (
                "a,b\n1,\"x\ny\" z\n2,\"\"\"\n3,v\n",
                vec![(2, unclosed.clone()), (4, unclosed.clone())],
            ),
        ] {
            let told: Vec<_> = rows::<(String, String)>(text).collect();
            assert_eq!(told, read, "{text}");
        }
        assert_eq!(lacking("a,\"b\n1,x\n", &["a", "b"]), [""; 0]);
        assert_eq!(beyond("a,\"b\n1,x\n", &["a", "b"]), [""; 0]);
        assert_eq!(
            unclosed_at("\u{feff}a\tb\n\n1\t\"x\n2\ty\n", b'\t'),
            Some(3)
        );
    }

    #[test]
    fn a_quotation_mark_that_takes_no_row_in_is_a_sign_like_others() {
        for (text, first, second) in [
            ("a,b\n5\" pipa,\"x\n2,y\"\n", "5\" pipa", "x\n2,y"),
            ("a,b\n\"x\" y,\"\"\n", "x y", ""),
            ("a,b\n\"x \"\"y\"\"\nz\" ,\"1\"\n", "x \"y\"\nz", "1"),
            ("a,b\nx \"y,z\"\n", "x \"y", "z\""),
        ] {
            let read: Vec<_> = rows::<(String, String)>(text).collect();
            let cells = (first.to_owned(), second.to_owned());
            assert_eq!(read, [(2, Ok(cells))], "{text}");
            assert_eq!(unclosed_at(text, b','), None, "{text}");
        }
    }

    #[test]
    fn rows_without_a_head_may_be_of_any_width() {
        let text = "\u{feff}Register 2026\n\nNo\tIsi\n1\t\"a\tb\nc\"\n";
        let read: Vec<_> = records(text, b'\t').collect();
        let row = |cells: &[&str]| Ok(cells.iter().map(|&cell| cell.to_owned()).collect());
        assert_eq!(
            read,
            [
                (1, row(&["Register 2026"])),
                (3, row(&["No", "Isi"])),
                (4, row(&["1", "a\tb\nc"])),
            ]
        );
    }

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        assert_eq!(harmless("Kota Bandung"), "Kota Bandung");
        assert_eq!(harmless(""), "");
        for text in ["=1+1", "+62", "-1", "@sum(a1)", "\tx"] {
            assert_eq!(harmless(text), format!("'{text}"));
            assert_eq!(meant(&harmless(text)), text);
        }
        for text in ["'Kota Bandung'", "'", "=1+1", "a;'b"] {
            assert_eq!(meant(text), text, "nothing made it so");
        }
    }

    #[test]
    fn no_text_begins_a_formula_where_a_spreadsheet_splits_it() {
        for (text, told) in [
            ("padam;=1+1", "padam;'=1+1"),
            ("padam;\"=1+1", "padam;'\"=1+1"),
            ("a\n@sum(a1)\r\n=b", "a\n'@sum(a1)\r\n'=b"),
            ("\t=1", "'\t'=1"),
            ("a;-2+cmd|' /C x'!A0;b", "a;'-2+cmd|' /C x'!A0;b"),
            (";=1", ";'=1"),
            // Points of a list, prices and whoever has something to say in brackets stay.
            (
                "Mohon:\n- lampu\n- jalan; Rp5.000,-;-",
                "Mohon:\n- lampu\n- jalan; Rp5.000,-;-",
            ),
            ("a; =1", "a; =1"),
            ("a;b (c)", "a;b (c)"),
        ] {
            assert_eq!(harmless(text), told);
            assert_eq!(meant(told), text);
        }
    }

    #[test]
    fn a_text_of_many_cells_is_harmless_at_once() {
        let text = ";-".repeat(200_000) + &";\"".repeat(200_000);
        assert_eq!(harmless(&text), text);
    }
}
