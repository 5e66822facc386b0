//! What this node reads of citizens, providers, cities, offices, of SP4N-LAPOR! and of the hub, for the
//! crate `lapor-parsers`. Never part of a released program.

use std::io::{Cursor, Write as _};

use http::{HeaderMap, HeaderName, HeaderValue};
use lapor_protocol::wire::BATCHES_HEADER;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::bridge::record::Record;
use crate::bridge::shape;
use crate::channels::parsers as channels;
use crate::cities::{Format, entries};
use crate::media::{self, Door};
use crate::registers::sheet::Sheet;
use crate::sync::{ABREAST, most_abreast};

/// What reads bytes of others, by its name.
pub type Parser = (&'static str, fn(&[u8]));

pub const ALL: &[Parser] = &[
    ("email", channels::email),
    ("kannel", channels::kannel),
    ("smpp", channels::smpp),
    ("telegram", channels::telegram),
    ("meta", channels::meta),
    ("x", channels::x),
    ("city", city),
    ("register", register),
    ("sheet", sheet),
    ("complaint", complaint),
    ("upload", upload),
];

/// What the names of files begin with that this process makes for a moment.
pub fn temporary() -> String {
    format!("lapor-parsers-{}-", std::process::id())
}

/// A workbook of Office Open XML but for its only sheet, and a style of days.
const WORKBOOK: [(&str, &str); 5] = [
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#,
    ),
];

/// Reads how many batches a hub takes at once, and proves that we send one at least, never too many, and
/// more than one only where a number is said.
pub fn batches(value: &HeaderValue) {
    let name = HeaderName::from_static(BATCHES_HEADER);
    let most = most_abreast(&HeaderMap::from_iter([(name, value.clone())]));
    assert!((1..=ABREAST).contains(&most));
    let said = value.as_bytes();
    let digits = said.strip_prefix(b"+").unwrap_or(said);
    assert!(most == 1 || digits.iter().all(u8::is_ascii_digit));
}

/// What a city's service answers, as JSON and as XML.
fn city(body: &[u8]) {
    for format in [Format::Json, Format::Xml] {
        match entries::read(format, body) {
            Ok(entries) => {
                let told = entries.iter().flatten();
                assert!(
                    told.map(|(_, text)| text)
                        .all(|text| !text.trim().is_empty())
                );
            }
            Err(problem) => assert!(problem.starts_with("the answer"), "{problem}"),
        }
    }
}

/// A register of an office: a table or a spreadsheet.
fn register(file: &[u8]) {
    let Ok(sheet) = Sheet::read(file, "email") else {
        return;
    };
    assert!(!sheet.rows.is_empty());
    assert_eq!(sheet.columns.len(), sheet.headings.len());
    let mut before = 0;
    for row in &sheet.rows {
        assert!(row.line > before, "rows stand one below the other");
        assert!(row.cells.len() <= sheet.headings.len());
        before = row.line;
    }
}

/// The sheet of a workbook of each kind: nobody invents the checksums around it.
fn sheet(content: &[u8]) {
    register(&packed(&[("content.xml", content)]));
    let parts = WORKBOOK.iter().map(|(name, text)| (*name, text.as_bytes()));
    let sheet = ("xl/worksheets/sheet1.xml", content);
    register(&packed(&parts.chain([sheet]).collect::<Vec<_>>()));
}

fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts {
        let begun = archive.start_file(*name, stored);
        begun.expect("a part is begun in memory");
        archive.write_all(content).expect("and written");
    }
    archive.finish().expect("and closed").into_inner()
}

/// A complaint or a follow-up of SP4N-LAPOR!.
fn complaint(body: &[u8]) {
    let Ok(told) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let record = Record::of_json(&told);
    if let Ok((complaint, _)) = shape::complaint(&record) {
        assert!(shape::is_number(
            complaint.id.trim_start_matches(shape::ALONE)
        ));
        shape::follow_up_beside(&record, &complaint);
        shape::hash(&complaint.content);
    }
    if let Some(said) = shape::follow_up(&record) {
        assert!(!said.text.is_empty());
    }
}

/// A file that somebody sends: refused, or cleaned and not longer than a mark of which side is up.
fn upload(file: &[u8]) {
    let sent =
        tempfile::NamedTempFile::with_prefix(temporary()).expect("a file of our own is made");
    std::fs::write(sent.path(), file).expect("and written");
    let cleaned = media::cleaned(sent.path(), Door::Staff);
    assert!(cleaned.is_none_or(|bytes| bytes <= file.len() as u64 + 100));
}
