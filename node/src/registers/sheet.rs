//! A file as a sheet: its headings, what each column is, and its rows. What kind of file it is, its
//! content says and not its name.

use std::borrow::Cow;
use std::io::{Cursor, Read, sink};

use encoding_rs::WINDOWS_1252;
use lapor_web::table;
use serde::{Deserialize, Serialize};
use zip::ZipArchive;

use super::check;
use super::columns::{self, Field};
use super::gathered::{ABOVE, Gathered, MOST_ROWS, Row, UNPACKED_BYTES, Unreadable};
use super::{ods, xlsx};

/// Headings that are named at once, and signs of each.
const NAMED: (usize, usize) = (20, 60);
/// How an old workbook begins, and one that has a password.
const OLD: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];
const ARCHIVE: &[u8] = b"PK\x03\x04";
const WORKBOOK: &str = "xl/workbook.xml";
const CONTENT: &str = "content.xml";

/// What was read of a file, as it waits.
#[derive(Serialize, Deserialize)]
pub struct Sheet {
    pub headings: Vec<String>,
    /// What each column is; `None` of those that are left out.
    pub columns: Vec<Option<Field>>,
    pub rows: Vec<Row>,
    /// How the reports came in, where no column says it.
    pub channel: String,
}

impl Sheet {
    /// Reads a file, and recognises its columns by their headings.
    pub fn read(bytes: &[u8], channel: &str) -> Result<Self, Unreadable> {
        let mut rows = rows(bytes)?;
        let head = columns::head(&rows).ok_or(Unreadable::Empty)?;
        let below = rows.split_off(head + 1);
        let mut headings = rows.pop().ok_or(Unreadable::Empty)?.cells;
        match below.len() {
            0 => return Err(Unreadable::Empty),
            1..=MOST_ROWS => {}
            _ => return Err(Unreadable::Rows),
        }
        let width = below.iter().map(|row| row.cells.len()).max();
        let width = width.unwrap_or_default().max(headings.len());
        headings.resize(width, String::new());
        let mut columns = columns::recognised(&headings);
        let tickets = columns.iter().position(|one| *one == Some(Field::Ticket));
        // Those of another program may be the numbers of the register: a person says so.
        if let Some(place) = tickets.filter(|place| !has_tickets(&below, *place)) {
            columns[place] = None;
        }
        Ok(Self {
            columns,
            headings,
            rows: below,
            channel: channel.to_owned(),
        })
    }

    /// The first headings, as they stand there.
    pub fn found(&self) -> String {
        let headings = self.headings.iter().map(|heading| heading.trim());
        let named = headings.filter(|heading| !heading.is_empty());
        let cut = named.map(|heading| heading.chars().take(NAMED.1).collect());
        let found: Vec<String> = cut.take(NAMED.0).collect();
        found.join(", ")
    }
}

/// Whether a case of this program is named in a column.
fn has_tickets(rows: &[Row], column: usize) -> bool {
    let mut cells = rows.iter().filter_map(|row| row.cells.get(column));
    cells.any(|cell| check::known_as(cell).is_some())
}

fn rows(bytes: &[u8]) -> Result<Vec<Row>, Unreadable> {
    if bytes.starts_with(OLD) {
        return Err(Unreadable::Old);
    }
    if !bytes.starts_with(ARCHIVE) {
        return table_rows(bytes);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    fits(&mut archive)?;
    if archive.index_for_name(WORKBOOK).is_some() {
        return xlsx::read(bytes);
    }
    let Some(content) = archive.index_for_name(CONTENT) else {
        return Err(Unreadable::Kind);
    };
    let mut text = String::new();
    let mut content = archive.by_index(content).map_err(|_| Unreadable::Damaged)?;
    let read = content.read_to_string(&mut text);
    read.map_err(|_| Unreadable::Damaged)?;
    ods::read(&text)
}

/// Unpacks everything once and keeps nothing: what an archive says of itself is not believed.
fn fits(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), Unreadable> {
    let mut left = UNPACKED_BYTES as u64;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| Unreadable::Damaged)?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut sink());
        let unpacked = unpacked.map_err(|_| Unreadable::Damaged)?;
        left = left.checked_sub(unpacked).ok_or(Unreadable::Large)?;
    }
    Ok(())
}

/// A table in UTF-8, in UTF-16 where its first bytes say so, and else as spreadsheets in Indonesia
/// write it.
fn table_rows(bytes: &[u8]) -> Result<Vec<Row>, Unreadable> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode(bytes).0,
    };
    if text.contains('\0') {
        return Err(Unreadable::Kind);
    }
    let between = between(&text);
    if let Some(line) = table::unclosed_at(&text, between) {
        return Err(Unreadable::Unclosed { line });
    }
    let mut gathered = Gathered::default();
    for (line, cells) in table::records(&text, between) {
        let cells = cells.map_err(|_| Unreadable::Kind)?;
        for (column, cell) in cells.iter().enumerate() {
            gathered.put(line, column, &table::meant(cell))?;
        }
    }
    Ok(gathered.rows())
}

/// What stands between the columns: that by which most headings are known, else most columns are
/// there.
fn between(text: &str) -> u8 {
    let known = |mark: &u8| {
        let rows = table::records(text, *mark).take(ABOVE);
        let rows = rows.filter_map(|(_, row)| row.ok());
        let known = rows.map(|row| (columns::known(&row), row.len()));
        known.max().unwrap_or_default()
    };
    // Of several that are as good, `max_by_key` takes the last.
    let marks = [b'\t', b';', b','];
    marks.into_iter().max_by_key(known).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::super::Table;
    use super::*;
    use crate::casework::ticket;

    fn read(bytes: &[u8]) -> Result<Sheet, Unreadable> {
        Sheet::read(bytes, "letter")
    }

    #[test]
    fn a_table_is_read_whatever_stands_between_its_columns_and_above_its_head() {
        for text in [
            "No. Register,Isi Aduan\n1,\"Jalan rusak, gelap\"\n",
            "\u{feff}REGISTER, 2026;\n\nNo. Register;Isi Aduan\n1;Jalan rusak, gelap\n",
            "No. Register\tIsi Aduan\tPetugas\n1\tJalan rusak, gelap\n",
        ] {
            let sheet = read(text.as_bytes()).unwrap();
            let known = [Some(Field::Number), Some(Field::Content)];
            assert_eq!(sheet.columns[..2], known, "{text}");
            assert_eq!(sheet.rows[0].cells, ["1", "Jalan rusak, gelap"], "{text}");
        }
    }

    #[test]
    fn signs_of_older_programs_are_read() {
        let sheet = read(b"Isi\nKaf\xe9 \x93tutup\x94\n").unwrap();
        assert_eq!(sheet.rows[0].cells, ["Kafé “tutup”"]);
        let wide: Vec<u8> = "\u{feff}Isi\tLokasi\nJalan\tBraga\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&wide).unwrap().rows[0].cells, ["Jalan", "Braga"]);
    }

    #[test]
    fn tickets_of_another_program_are_left_for_a_person() {
        let own = format!("Tiket,Isi\n,Jalan\n{},Lampu\n", ticket::mint());
        let part = "Tiket,Isi\n0199630f-0000-7000-8000-000000000001,Lampu\n";
        for (text, field) in [
            (own.as_str(), Some(Field::Ticket)),
            (part, Some(Field::Ticket)),
            ("Tiket,Isi\nTKT-1,Jalan\n", None),
        ] {
            let sheet = read(text.as_bytes()).unwrap();
            assert_eq!(sheet.columns, [field, Some(Field::Content)], "{text}");
        }
    }

    fn archive(name: &str, content: &[u8]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        archive.start_file(name, options).unwrap();
        archive.write_all(content).unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn a_spreadsheet_is_known_by_what_is_in_it() {
        let content = "<table:table><table:table-row><table:table-cell><text:p>Isi</text:p>\
            </table:table-cell></table:table-row><table:table-row><table:table-cell>\
            <text:p>Jalan</text:p></table:table-cell></table:table-row></table:table>";
        let sheet = read(&archive(CONTENT, content.as_bytes())).unwrap();
        assert_eq!(sheet.rows[0].cells, ["Jalan"]);
        let table = Table {
            head: vec!["Isi".into(), "Rahasia".into()],
            rows: vec![vec!["=Jalan".into(), "ya".into()]],
        };
        let sheet = read(&table.workbook().unwrap()).unwrap();
        assert_eq!(sheet.rows[0].cells, ["=Jalan", "ya"]);
        assert_eq!(sheet.rows[0].line, 2);
        let other = archive("word/document.xml", b"<w/>");
        assert_eq!(read(&other).err(), Some(Unreadable::Kind));
    }

    #[test]
    fn a_small_archive_that_is_large_inside_is_refused() {
        let bomb = archive(CONTENT, &vec![b' '; UNPACKED_BYTES + 1]);
        assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
        assert_eq!(read(&bomb).err(), Some(Unreadable::Large));
    }

    #[test]
    fn what_is_no_register_says_why() {
        let many = "Isi\n".to_owned() + &"Jalan\n".repeat(MOST_ROWS + 1);
        for (bytes, why) in [
            (&b""[..], Unreadable::Empty),
            (b"Isi\n", Unreadable::Empty),
            (b"\x89PNG\r\n\x1a\n\0\0", Unreadable::Kind),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", Unreadable::Old),
            (b"PK\x03\x04 nothing", Unreadable::Damaged),
            (many.as_bytes(), Unreadable::Rows),
            (
                b"\xef\xbb\xbfNo;Isi\n1;Jalan\n2;\"Pipa\n3;Lampu\n",
                Unreadable::Unclosed { line: 3 },
            ),
            (
                b"No\t\"Isi\n1\tJalan\n2\t\"Pipa\"\n",
                Unreadable::Unclosed { line: 1 },
            ),
        ] {
            assert_eq!(read(bytes).err(), Some(why));
        }
    }
}
