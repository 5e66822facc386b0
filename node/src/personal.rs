//! Personal numbers that somebody typed into a text: population and family
//! card numbers, tax numbers, telephones, e-mail addresses.
//!
//! Recognised by shape and plausibility, so that amounts, dates, years and
//! numbers of roads and rules stay. Public contacts of government (`.go.id`,
//! 0800 lines, land lines without a country code) are nobody's personal data.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// *NIK*, or *nomor KK*, which has the same form: region, date, serial.
    Population,
    /// *NPWP*, fifteen digits.
    Tax,
    Phone,
    Email,
}

/// Stands for each hidden letter or digit.
pub const HIDDEN: char = '•';
const SEPARATORS: [char; 6] = [' ', '.', '-', '\u{2010}', '\u{2011}', '\u{2013}'];
/// Groups of digits that are looked at together: four by four, and the country code.
const MOST_GROUPS: usize = 8;
/// How many characters before a number say what it is.
const NEAR: usize = 24;
/// First two digits of region codes in use, Kepmendagri 300.2.2-2138/2025.
const PROVINCES: [u32; 38] = [
    11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 31, 32, 33, 34, 35, 36, 51, 52, 53, 61, 62, 63, 64, 65,
    71, 72, 73, 74, 75, 76, 81, 82, 91, 92, 93, 94, 95, 96,
];

/// The text with every personal number hidden, its shape left visible.
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = spans(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (span, _) in found {
        out.push_str(&text[done..span.start]);
        let hidden = text[span.clone()].chars();
        out.extend(hidden.map(|c| if c.is_alphanumeric() { HIDDEN } else { c }));
        done = span.end;
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Where personal numbers stand, in bytes, in the order of the text.
pub fn spans(text: &str) -> Vec<(Range<usize>, Personal)> {
    let mut out = emails(text);
    let groups = digit_groups(text);
    let mut at = 0;
    while at < groups.len() {
        match number_at(text, &groups[at..]) {
            Some((count, span, what)) => {
                out.push((span, what));
                at += count;
            }
            None => at += 1,
        }
    }
    out.sort_by_key(|(span, _)| span.start);
    out.dedup_by(|later, earlier| later.0.start < earlier.0.end);
    out
}

/// Digits without anything between them.
struct Group {
    span: Range<usize>,
    /// Whether one separator alone stands between the group before and this one.
    joined: bool,
}

fn digit_groups(text: &str) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if !c.is_ascii_digit() {
            continue;
        }
        let mut end = start + 1;
        while let Some((at, _)) = rest.next_if(|(_, c)| c.is_ascii_digit()) {
            end = at + 1;
        }
        let between = out.last().map(|before| &text[before.span.end..start]);
        let joined = between.is_some_and(|between| {
            let mut chars = between.chars();
            chars.next().is_some_and(|c| SEPARATORS.contains(&c)) && chars.next().is_none()
        });
        out.push(Group {
            span: start..end,
            joined,
        });
    }
    out
}

/// The longest number that begins with the first of these groups.
fn number_at(text: &str, groups: &[Group]) -> Option<(usize, Range<usize>, Personal)> {
    let first = &groups[0];
    let before = text[..first.span.start].chars().next_back();
    if before.is_some_and(char::is_alphabetic) {
        return None;
    }
    let plus = before == Some('+');
    let start = first.span.start - usize::from(plus);
    let run = groups
        .iter()
        .skip(1)
        .take_while(|group| group.joined)
        .count()
        + 1;
    (1..=run.min(MOST_GROUPS)).rev().find_map(|count| {
        let parts: Vec<&str> = groups[..count]
            .iter()
            .map(|g| &text[g.span.clone()])
            .collect();
        let end = groups[count - 1].span.end;
        let what = classify(&parts, plus, &text[..start])?;
        Some((count, start..end, what))
    })
}

fn classify(parts: &[&str], plus: bool, before: &str) -> Option<Personal> {
    let digits = parts.concat();
    if !plus && digits.len() == 16 && is_population(&digits, before) {
        return Some(Personal::Population);
    }
    if !plus && digits.len() == 15 && is_tax(parts, before) {
        return Some(Personal::Tax);
    }
    is_phone(parts, &digits, plus).then_some(Personal::Phone)
}

/// Region, day (women's plus 40), month and year, serial: Perpres 40/2019 calls it NIK. Who says
/// that it is one is believed, whatever the date in it: a typing error hides nobody less.
fn is_population(digits: &str, before: &str) -> bool {
    let part = |range: Range<usize>| digits[range].parse::<u32>().unwrap_or_default();
    let day = part(6..8);
    let dated = (1..=79).contains(&part(2..4))
        && part(4..6) > 0
        && matches!(day, 1..=31 | 41..=71)
        && (1..=12).contains(&part(8..10))
        && part(12..16) > 0;
    PROVINCES.contains(&part(0..2)) && (dated || named(before, &["NIK", "KTP", "KK", "KELUARGA"]))
}

/// Whether one of these stands shortly before a number.
fn named(before: &str, names: &[&str]) -> bool {
    let start = before
        .char_indices()
        .rev()
        .nth(NEAR)
        .map_or(0, |(at, _)| at);
    let near = before[start..].to_uppercase();
    names.iter().any(|name| near.contains(name))
}

/// As it is printed, `01.234.567.8-901.000`, or named as such just before.
fn is_tax(parts: &[&str], before: &str) -> bool {
    let printed = parts.iter().map(|part| part.len()).eq([2, 3, 3, 1, 3, 3]);
    printed || named(before, &["NPWP"])
}

/// A mobile number as 08..., or any number with the country code.
fn is_phone(parts: &[&str], digits: &str, plus: bool) -> bool {
    // Days and months are groups of two; a number of a telephone begins with more.
    let grouped_like_a_date = parts.len() > 1 && parts[0].len() < 3;
    let mobile = |national: &str| {
        let mut bytes = national.bytes();
        bytes.next() == Some(b'8')
            && bytes.next().is_some_and(|b| b != b'0')
            && (9..=12).contains(&national.len())
    };
    if let Some(national) = digits.strip_prefix("62").filter(|_| plus) {
        return (8..=12).contains(&national.len());
    }
    let abroad = digits
        .strip_prefix("62")
        .filter(|_| parts[0].len() == 2 || parts.len() == 1);
    if abroad.is_some_and(mobile) {
        return parts.len() == 1 || parts[1].len() >= 3;
    }
    !plus && !grouped_like_a_date && digits.strip_prefix('0').is_some_and(mobile)
}

fn emails(text: &str) -> Vec<(Range<usize>, Personal)> {
    let local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let host = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let mut out = Vec::new();
    for (at, _) in text.match_indices('@') {
        let name: usize = text[..at].chars().rev().take_while(|c| local(*c)).count();
        let domain: usize = text[at + 1..].chars().take_while(|c| host(*c)).count();
        let domain = text[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
        let labels = domain.split('.').filter(|label| !label.is_empty()).count();
        let official = domain.to_ascii_lowercase().ends_with(".go.id");
        if name > 0 && labels > 1 && !official {
            out.push((at - name..at + 1 + domain.len(), Personal::Email));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Personal)> {
        let spans = spans(text);
        spans
            .into_iter()
            .map(|(span, what)| (&text[span], what))
            .collect()
    }

    #[test]
    fn personal_numbers_are_found_as_people_type_them() {
        use Personal::{Email, Phone, Population, Tax};
        for (text, number, what) in [
            ("NIK saya 3273014508990001.", "3273014508990001", Population),
            (
                "NIK: 3273 0145 0899 0001",
                "3273 0145 0899 0001",
                Population,
            ),
            (
                "KK no. 32.73.01.120510.0007",
                "32.73.01.120510.0007",
                Population,
            ),
            ("hubungi 081234567890 ya", "081234567890", Phone),
            ("WA 0812-3456-7890/siang", "0812-3456-7890", Phone),
            ("wa: 0857 1234 567", "0857 1234 567", Phone),
            ("+62 812-3456-7890", "+62 812-3456-7890", Phone),
            ("(+622142345678)", "+622142345678", Phone),
            ("6281234567890", "6281234567890", Phone),
            ("62 812 3456 7890", "62 812 3456 7890", Phone),
            ("nomor 081234567890 2026", "081234567890", Phone),
            ("NPWP 01.234.567.8-901.000", "01.234.567.8-901.000", Tax),
            ("NPWP saya 012345678901000", "012345678901000", Tax),
            (
                "surel siti.a+b@contoh.co.id.",
                "siti.a+b@contoh.co.id",
                Email,
            ),
        ] {
            assert_eq!(found(text), [(number, what)], "{text}");
        }
    }

    #[test]
    fn amounts_dates_years_and_public_numbers_stay() {
        for text in [
            "Rp 1.250.000.000 untuk 2.500 meter",
            "Rp12.345.678.901.234",
            "08-12-2026 10.30 sampai 09-12-2026 11.00",
            "pukul 08.30-16.00 tanggal 12/08/2026",
            "Jalan Raya Km 12 No. 081, RT 005 RW 012",
            "tahun 2024-2025-2026 dan 2027",
            "telepon 0800 1 500 400 atau (022) 4230097",
            "Perpres 76/2013, UU 25/2009, tiket 4F7KX-92MQ3",
            "pengaduan@bandung.go.id",
            "koordinat -6.917464, 107.619123",
            "id 1234567890123456 dan 9999999999999999",
            "@lapor1708 dan a@b",
            "pelanggan 538712345678, meter 14123456789",
        ] {
            assert_eq!(found(text), [], "{text}");
            assert!(matches!(mask(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn what_is_masked_keeps_its_shape_and_nothing_else() {
        let text = "Saya Siti, 0812-3456-7890, siti@contoh.id, rumah no. 12";
        let masked = "Saya Siti, ••••-••••-••••, ••••@••••••.••, rumah no. 12";
        assert_eq!(mask(text), masked);
        assert_eq!(mask(masked), masked, "masking twice changes nothing");
    }

    /// Every number of the sample reports that is hidden, so that a look shows whether it should be.
    #[test]
    fn the_sample_reports_lose_nothing_but_personal_numbers() {
        const REPORTS: [&str; 2] = [
            include_str!("../../tests/data/reports.csv"),
            include_str!("../../tests/data/reports-more.csv"),
        ];
        let mut hidden = Vec::new();
        let mut texts = 0;
        for file in REPORTS {
            let mut reader = csv::Reader::from_reader(file.as_bytes());
            for row in reader.records() {
                let row = row.unwrap();
                for field in [2, 3, 6] {
                    texts += 1;
                    let found = found(&row[field]).into_iter();
                    hidden.extend(found.map(|(number, what)| format!("{number} {what:?}")));
                }
            }
        }
        assert!(texts > 900, "{texts}");
        assert_eq!(
            hidden,
            [
                "0853-0000-9911 Phone",
                "paguyuban-contoh@example.org Email",
                "0812-0000-1177 Phone",
                "1607000000000001 Population",
                "0813-0000-2211 Phone",
                "1204-9999-0000-0002 Population",
                "081900007788 Phone",
                "085200007799 Phone",
                "3374000000000099 Population",
                "0899-0000-1234 Phone",
                "3326-0000-0000-0003 Population",
                "9304000000000007 Population",
                "0812-0000-0077 Phone",
                "0811-0000-6671 Phone",
                "3277-9999-0000-0004 Population",
                "3204-9999-0000-0009 Population",
                "0813-0000-4455 Phone",
            ],
            "all that are there, and nothing else"
        );
    }
}
