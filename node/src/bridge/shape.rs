//! Complaints and follow-ups as SP4N-LAPOR! has them, read with patience: what is missing is missing,
//! and what is not understood is said by its field.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use sha2::{Digest as _, Sha256};

use super::record::Record;
use crate::casework::Reporter;

pub const ID: &[&str] = &["id", "complaint_id", "id_laporan"];
pub const TRACKING: &[&str] = &[
    "tracking_id",
    "tracking",
    "nomor_tiket",
    "no_tiket",
    "nomor_laporan",
    "tiket",
];
pub const TITLE: &[&str] = &["title", "judul", "judul_laporan"];
pub const CONTENT: &[&str] = &["content", "isi", "isi_laporan", "description"];
const KIND: &[&str] = &[
    "classification_name",
    "classification",
    "klasifikasi",
    "jenis",
];
const CATEGORY: &[&str] = &["category_name", "category", "kategori", "topik"];
const REGION: &[&str] = &[
    "kode_wilayah",
    "region",
    "wilayah",
    "location_name",
    "location",
];
const PLACE: &[&str] = &["place", "lokasi", "lokasi_kejadian", "address"];
const INCIDENT: &[&str] = &["date_of_incident", "tanggal_kejadian"];
const FILED: &[&str] = &["created_at", "tanggal_laporan", "tanggal_lapor", "tanggal"];
const STATUS: &[&str] = &["status_name", "status"];
const INSTITUTION: &[&str] = &[
    "disposition_name",
    "institution_name",
    "disposition",
    "institution",
    "instansi",
    "instansi_terdisposisi",
];
const ANONYMOUS: &[&str] = &["is_anonymous", "anonim"];
pub const SECRET: &[&str] = &["is_secret", "rahasia"];
const NAME: &[&str] = &["user_name", "nama_pelapor", "nama", "user"];
const EMAIL: &[&str] = &["user_email", "email", "email_pelapor"];
const PHONE: &[&str] = &[
    "user_phone",
    "phone",
    "telepon",
    "no_telepon",
    "nomor_telepon",
];
const FILES: &[&str] = &["attachments", "lampiran"];
const FOLLOW_UP: &[&str] = &["tindak_lanjut", "follow_up"];
const FOLLOWED_AT: &[&str] = &["tanggal_tindak_lanjut", "followed_up_at"];

/// Before the number that citizens know, where the one for programs is not known.
pub const ALONE: char = '#';

/// How times are written that say no zone.
const TIMES: [&str; 4] = [
    "%d-%m-%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d/%m/%Y %H:%M",
];
const DAYS: [&str; 3] = ["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y"];

/// A report there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Complaint {
    /// Its number for programs; of one that is known by the other number alone, that behind [`ALONE`].
    pub id: String,
    /// The number that citizens know.
    pub tracking: Option<String>,
    pub title: String,
    pub content: String,
    pub kind: Option<String>,
    pub category: Option<String>,
    pub region: Option<String>,
    pub place: Option<String>,
    pub incident: Option<NaiveDate>,
    pub filed: Option<NaiveDate>,
    pub status: Option<String>,
    pub institution: Option<String>,
    pub anonymous: bool,
    pub secret: bool,
    pub reporter: Reporter,
    /// How many files belong to it there.
    pub files: usize,
}

/// What somebody said of a report there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FollowUp {
    pub id: Option<String>,
    /// When, in Jakarta.
    pub at: Option<NaiveDateTime>,
    /// Who said it.
    pub from: Option<String>,
    pub text: String,
    /// Whether it says where the report went, and nothing to the reporter.
    pub routing: bool,
    pub secret: bool,
}

/// What could not be read of a record, by its field.
pub type Unread = (&'static str, &'static str);

/// A complaint, and what of it was left out.
pub fn complaint(record: &Record) -> Result<(Complaint, Vec<Unread>), Unread> {
    let owned = |names: &[&str]| record.told(names).map(str::to_owned);
    let tracking = owned(TRACKING).map(|number| number.trim_start_matches('#').to_owned());
    let id = owned(ID).or_else(|| Some(format!("{ALONE}{}", tracking.as_ref()?)));
    let id = id.ok_or(("id", "neither id nor tracking_id is given"))?;
    if !is_number(id.trim_start_matches(ALONE)) {
        return Err(("id", "expected at most 80 letters, digits, - and _"));
    }
    let mut unread = Vec::new();
    let mut day = |field: &'static str, names: &[&str]| {
        let told = record.told(names)?;
        let day = day(told);
        if day.is_none() {
            unread.push((field, "no date such as 31-12-2026; left out"));
        }
        day
    };
    let (incident, filed) = (day("incident_date", INCIDENT), day("filed", FILED));
    let yes = |field: &'static str, names: &[&str]| {
        let told = record.is(names);
        told.ok_or((field, "expected ya or tidak"))
    };
    let complaint = Complaint {
        title: plain(record.told(TITLE).ok_or(("title", "missing"))?),
        content: plain(record.told(CONTENT).ok_or(("content", "missing"))?),
        kind: owned(KIND),
        category: owned(CATEGORY),
        region: owned(REGION),
        place: owned(PLACE),
        incident,
        filed,
        status: owned(STATUS),
        institution: owned(INSTITUTION),
        anonymous: yes("anonymous", ANONYMOUS)?,
        secret: yes("secret", SECRET)?,
        reporter: Reporter {
            name: owned(NAME),
            email: owned(EMAIL),
            phone: owned(PHONE),
            address: None,
        },
        files: record
            .told(FILES)
            .and_then(|count| count.parse().ok())
            .unwrap_or_default(),
        id,
        tracking,
    };
    Ok((complaint, unread))
}

/// The follow-up that stands in the row of its complaint, which is of the institution that has it.
pub fn follow_up_beside(record: &Record, complaint: &Complaint) -> Option<FollowUp> {
    Some(FollowUp {
        id: None,
        at: record.told(FOLLOWED_AT).and_then(moment),
        from: complaint.institution.clone(),
        text: plain(record.told(FOLLOW_UP)?),
        routing: false,
        secret: false,
    })
}

/// A follow-up with its template filled in; `None` for one that says nothing.
pub fn follow_up(record: &Record) -> Option<FollowUp> {
    let from = record.told(&["institution_from_name", "institution_from", "institution"]);
    let code = record.told(&["template_code"]).unwrap_or_default();
    let routing = ["disposition", "reject", "forward", "status"].contains(&code);
    let said = if routing {
        record.told(&["template_content", "content"])
    } else {
        record.told(&["content", "template_content"])
    };
    let text = plain(&filled(said?, record));
    (!text.is_empty()).then(|| FollowUp {
        id: record.told(&["id", "followup_id"]).map(str::to_owned),
        at: record.told(&["created_at"]).and_then(moment),
        from: from.map(str::to_owned),
        text,
        routing,
        secret: record.is(SECRET) != Some(false),
    })
}

/// Whether a number can stand in an address.
pub fn is_number(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    (1..=80).contains(&text.len()) && text.chars().all(fits)
}

/// What makes two texts the same: their words, whatever stands between them.
pub fn hash(text: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() {
            hash.update(word);
            hash.update([0]);
        }
    }
    hash.finalize().to_vec()
}

/// `{{institution_from}}` and its like, where the record says what they stand for.
fn filled(template: &str, record: &Record) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else {
            break;
        };
        let name = name.trim();
        let longer = format!("{name}_name");
        text.push_str(before);
        text.push_str(record.told(&[longer.as_str(), name]).unwrap_or_default());
        rest = after;
    }
    text + rest
}

/// A day as people and programs write it, with or without a time.
pub fn day(text: &str) -> Option<NaiveDate> {
    moment(text).map(|at| at.date())
}

fn moment(text: &str) -> Option<NaiveDateTime> {
    let days = DAYS
        .iter()
        .map(|form| NaiveDate::parse_from_str(text, form));
    let begun = days.flatten().next().map(NaiveDateTime::from);
    let timed = || {
        let times = TIMES
            .iter()
            .map(|form| NaiveDateTime::parse_from_str(text, form));
        times.flatten().next()
    };
    // The reports are kept in the capital.
    let zoned = || {
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        Some(time.with_timezone(&chrono_tz::Asia::Jakarta).naive_local())
    };
    begun.or_else(timed).or_else(zoned)
}

/// A text without the marks of HTML that such texts have.
fn plain(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('<') {
        let begins = behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        out.push_str(before);
        match behind.split_once('>') {
            Some((mark, after)) if begins => {
                let name = mark.trim_start_matches('/').to_ascii_lowercase();
                if ["br", "p", "div", "li"].iter().any(|line| {
                    let more = name.strip_prefix(line);
                    more.is_some_and(|more| !more.starts_with(|c: char| c.is_ascii_alphanumeric()))
                }) && !out.is_empty()
                    && !out.ends_with('\n')
                {
                    out.push('\n');
                }
                rest = after;
            }
            _ => {
                out.push('<');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    for (mark, sign) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        out = out.replace(mark, sign);
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn days_are_read_in_the_ways_they_are_written() {
        let expected = NaiveDate::from_ymd_opt(2026, 3, 4);
        for text in [
            "04-03-2026",
            "2026-03-04",
            "04/03/2026",
            "04-03-2026 23:15:09",
            "2026-03-04 07:00:00",
            // Already the next day in Jakarta.
            "2026-03-03T18:00:00Z",
        ] {
            assert_eq!(day(text), expected, "{text}");
        }
        assert_eq!((day("kemarin"), day("31-02-2026")), (None, None));
    }

    #[test]
    fn marks_of_html_are_no_words() {
        for (text, expected) in [
            (
                "<p>Lampu <b>padam</b></p><p>di Braga</p>",
                "Lampu padam\ndi Braga",
            ),
            ("a<br/>b &amp; c", "a\nb & c"),
            ("3 < 5 dan 5 > 3", "3 < 5 dan 5 > 3"),
            ("<pre>x", "x"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn a_template_is_filled_in_from_its_record() {
        let record = Record::of_json(&json!({
            "id": 7, "template_code": "disposition", "institution_from_name": "Admin Pusat",
            "template_content": "<b>{{institution_from}}</b> meneruskan ke {{ institution_to }}{{lain}}",
            "institution_to": {"id": 9, "name": "Kota Bandung"}, "created_at": "04-03-2026 10:00:00",
        }));
        let read = follow_up(&record).unwrap();
        assert_eq!(read.text, "Admin Pusat meneruskan ke Kota Bandung");
        assert!(read.routing && !read.secret);
        assert_eq!(read.from.as_deref(), Some("Admin Pusat"));
        assert!(follow_up(&Record::of_json(&json!({"id": 1, "content": "<br>"}))).is_none());
    }

    #[test]
    fn what_is_missing_or_unread_is_said_by_its_field() {
        let read = |value| complaint(&Record::of_json(&value)).map(|(_, unread)| unread);
        let whole =
            json!({"tracking_id": "#7654321", "title": "a", "content": "b", "created_at": "x"});
        assert_eq!(
            read(whole).unwrap(),
            [("filed", "no date such as 31-12-2026; left out")]
        );
        for (value, field) in [
            (json!({"title": "a", "content": "b"}), "id"),
            (json!({"id": "../1", "title": "a", "content": "b"}), "id"),
            (json!({"id": 1, "content": "b"}), "title"),
            (json!({"id": 1, "title": "a"}), "content"),
            (
                json!({"id": 1, "title": "a", "content": "b", "is_secret": "mungkin"}),
                "secret",
            ),
        ] {
            assert_eq!(read(value).unwrap_err().0, field);
        }
    }

    #[test]
    fn texts_are_the_same_by_their_words() {
        assert_eq!(hash("Lampu SUDAH menyala."), hash(" lampu sudah\nmenyala"));
        assert_ne!(hash("Lampu sudah"), hash("Lampusudah"));
    }
}
