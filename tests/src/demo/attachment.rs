//! Small files that the demo makes for some of the reports, so that blobs
//! travel too: a picture for one, a document for the next.

use std::fmt::Write as _;

use super::drawing;
use super::reports::Report;

/// One report in so many comes with a file.
const ONE_IN: u32 = 16;
/// Pixels of an edge of the picture.
const EDGE: u32 = 64;

/// A file and its media type.
pub struct Attachment {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// The file that comes with a report, if one does. Two reports never have the same.
pub fn attachment(report: &Report) -> Option<Attachment> {
    if !report.id.is_multiple_of(ONE_IN) {
        return None;
    }
    let picture = report.id.is_multiple_of(2 * ONE_IN);
    Some(if picture {
        Attachment {
            media_type: "image/png",
            bytes: png(report.id),
        }
    } else {
        Attachment {
            media_type: "application/pdf",
            bytes: pdf(&format!("Lampiran rekaan untuk laporan {}", report.id)),
        }
    })
}

/// A pattern of coloured squares.
fn png(seed: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..EDGE {
        rows.push(0); // no filter
        for x in 0..EDGE {
            let square = (x / 8 + y / 8) * seed;
            rows.extend([square as u8, (square >> 3) as u8, (x * 4) as u8]);
        }
    }
    drawing::png(EDGE, EDGE, &rows)
}

/// One page with one line of plain letters (ISO 32000-1).
fn pdf(line: &str) -> Vec<u8> {
    let drawn = format!("BT /F1 16 Tf 60 760 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawn}\nendstream", drawn.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = writeln!(file, "{} 0 obj\n{object}\nendobj", number + 1);
    }
    let (count, start) = (objects.len() + 1, file.len());
    let _ = writeln!(
        file,
        "xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF"
    );
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_picture_unpacks_to_every_pixel_of_its_head() {
        let file = png(1024);
        let start = 8 + 25;
        let length = u32::from_be_bytes(file[start..start + 4].try_into().unwrap()) as usize;
        assert_eq!(&file[start + 4..start + 8], b"IDAT");
        let mut rows = Vec::new();
        let packed = &file[start + 8..start + 8 + length];
        flate2::read::ZlibDecoder::new(packed)
            .read_to_end(&mut rows)
            .unwrap();
        assert_eq!(rows.len() as u32, EDGE * (1 + 3 * EDGE));
        assert_ne!(png(1024), png(1056));
    }

    #[test]
    fn the_document_says_where_each_of_its_objects_begins() {
        let text = String::from_utf8(pdf("satu baris")).unwrap();
        let start: usize = text
            .rsplit("startxref\n")
            .next()
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(text[start..].starts_with("xref\n0 6\n"));
        for (number, line) in text[start..].lines().skip(3).take(5).enumerate() {
            let at: usize = line[..10].parse().unwrap();
            assert!(
                text[at..].starts_with(&format!("{} 0 obj", number + 1)),
                "{line}"
            );
        }
    }

    #[test]
    fn a_few_reports_have_one() {
        let reports = crate::demo::reports::all().unwrap();
        let kinds: Vec<_> = reports
            .iter()
            .filter_map(attachment)
            .map(|a| a.media_type)
            .collect();
        assert!(kinds.contains(&"image/png") && kinds.contains(&"application/pdf"));
        assert!(kinds.len() > 5);
    }
}
