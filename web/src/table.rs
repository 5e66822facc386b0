//! Tables as institutions keep them: CSV with a header, each row with the line
//! where it begins, so that whoever wrote a row can mend it.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Why a row cannot be read; the caller says where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("{found} columns, and the header has {expected}")]
    Columns { found: u64, expected: u64 },
    #[error("{0}")]
    Other(String),
}

/// Those of some columns that the header lacks.
pub fn lacking(text: &str, columns: &[&'static str]) -> Vec<&'static str> {
    let headers = reader(text).headers().cloned().unwrap_or_default();
    let lacks = |column: &&&str| !headers.iter().any(|header| header == **column);
    columns.iter().filter(lacks).copied().collect()
}

/// Columns of the header that are none of these.
pub fn beyond(text: &str, columns: &[&str]) -> Vec<String> {
    let headers = reader(text).headers().cloned().unwrap_or_default();
    let others = headers.iter().filter(|header| !columns.contains(header));
    others.map(str::to_owned).collect()
}

/// Every row: the line where it begins, and what it says or why it cannot be
/// read. A row that cannot be read does not keep the others back. Between the
/// columns stand commas, or semicolons as spreadsheets write them where numbers
/// have a decimal comma.
pub fn rows<T: DeserializeOwned>(text: &str) -> impl Iterator<Item = (u64, Result<T, RowError>)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = reader(text);
    let headers = reader.headers().cloned();
    reader
        .into_records()
        .map(move |record| match (&headers, record) {
            (Ok(headers), Ok(record)) => {
                let line = line(text, record.position());
                let row = record.deserialize(Some(headers)).map_err(|e| plain(&e));
                (line, row)
            }
            (Err(error), _) => (1, Err(plain(error))),
            (_, Err(error)) => (line(text, error.position()), Err(plain(&error))),
        })
}

/// Every row as it stands, without a head, whatever number of columns it has: the line where it
/// begins, and its cells without what is blank around them.
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
/// would compute what begins like a formula: an apostrophe makes it a text.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of which [`harmless`] has made this one; any other is itself.
pub fn meant(text: &str) -> &str {
    let bare = text.strip_prefix('\'');
    let bare = bare.filter(|bare| matches!(harmless(bare), Cow::Owned(_)));
    bare.unwrap_or(text)
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let commas = header.contains(',') || !header.contains(';');
    csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .delimiter(if commas { b',' } else { b';' })
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
        for text in ["=1+1", "+62", "-1", "@sum(a1)", "\t=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
            assert_eq!(meant(&harmless(text)), text);
        }
        for text in ["'Kota Bandung'", "'", "=1+1"] {
            assert_eq!(meant(text), text, "nothing made it so");
        }
    }
}
