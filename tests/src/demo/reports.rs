//! The reports as they stand in the sample data: read, and their notes
//! understood. Nothing is filed here, and no report is left out.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

const FILES: [(&str, &str); 2] = [
    ("reports.csv", include_str!("../../data/reports.csv")),
    (
        "reports-more.csv",
        include_str!("../../data/reports-more.csv"),
    ),
];

/// Reports on a development programme of whoever answers them: id, owner and slug.
const ON_PROGRAMMES: [(u32, &str, &str); 3] = [
    (131, "kemenpu", "rehab-irigasi-saddang"),
    (180, "bumn-pln", "listrik-desa-tts"),
    (1053, "kemenpu", "preservasi-trans-sumba-2026"),
];

/// A line of the file; `tests/data/README.md` says what each column means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Report {
    pub id: u32,
    pub classification: String,
    pub title: String,
    pub content: String,
    pub incident_date: String,
    pub region_code: String,
    pub place: String,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub category: String,
    pub subcategory: String,
    pub channel: String,
    pub anonymous: u8,
    pub secret: u8,
    /// Empty for what is no report.
    pub expected_instance: String,
    pub note: String,
}

/// What the demo does beyond filing, disposing, following up and closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Story {
    Plain,
    /// The desk disposes of it to this institution first, which returns it.
    Misrouted(String),
    /// The desk disposes of it to this institution first, and recalls it.
    Recalled(String),
    Held,
    Escalated,
    Reopened,
    /// A duplicate of the report with this id.
    LinkedTo(u32),
    /// One of a cluster of near-duplicates; the first stays, the others are linked to it.
    Cluster(String),
    /// No report: archived, with a code of `case.archived`.
    Archived(&'static str),
}

impl Report {
    pub fn story(&self) -> anyhow::Result<Story> {
        if self.expected_instance.is_empty() {
            return Ok(Story::Archived(reason_to_archive(&self.note)));
        }
        let (word, rest) = self.note.split_once(':').unwrap_or((&self.note, ""));
        Ok(match (word, rest) {
            ("misrouted", slug) => Story::Misrouted(slug.to_owned()),
            ("recalled", slug) => Story::Recalled(slug.to_owned()),
            ("held", "") => Story::Held,
            ("escalated", "") => Story::Escalated,
            ("reopened", "") => Story::Reopened,
            ("linked", id) => Story::LinkedTo(id.parse().context("linked: names no id")?),
            ("dup", cluster) => Story::Cluster(cluster.to_owned()),
            ("" | "long" | "english" | "sangat-pendek" | "whistle-blower" | "salah-alamat", _) => {
                Story::Plain
            }
            _ => bail!(
                "the note {:?} is none that tests/data/README.md knows",
                self.note
            ),
        })
    }

    /// Owner and slug of the programme that it is about.
    pub fn programme(&self) -> Option<(&'static str, &'static str)> {
        let found = ON_PROGRAMMES.iter().find(|(id, ..)| *id == self.id);
        found.map(|(_, owner, slug)| (*owner, *slug))
    }

    /// `Perhubungan/Angkutan Laut`, as the edition in force has it. A slash within
    /// a level would make a third one.
    pub fn category(&self) -> String {
        let level = |text: &str| match text {
            "Lain-Lain" => "Lainnya".to_owned(),
            text => text.replace('/', ", "),
        };
        match self.subcategory.as_str() {
            "" => level(&self.category),
            sub => format!("{}/{}", level(&self.category), level(sub)),
        }
    }
}

/// The note says why it is no report; the protocol has a code for each reason.
fn reason_to_archive(note: &str) -> &'static str {
    match note {
        note if note.starts_with("kasar") => "abusive",
        note if note.starts_with("salah-alamat") => "outside_government",
        _ => "not_a_report",
    }
}

/// Every report of both files, by id.
pub fn all() -> anyhow::Result<Vec<Report>> {
    let mut reports = Vec::new();
    for (name, text) in FILES {
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let report: Report = row.with_context(|| format!("tests/data/{name}"))?;
            reports.push(report);
        }
    }
    reports.sort_by_key(|report| report.id);
    let twice = reports.windows(2).find(|pair| pair[0].id == pair[1].id);
    ensure!(
        twice.is_none(),
        "two reports in tests/data have the same id"
    );
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::PROGRAMMES;

    #[test]
    fn every_report_is_read_and_its_note_is_understood() {
        let reports = all().unwrap();
        assert_eq!(reports.len(), 326);
        for report in &reports {
            report
                .story()
                .unwrap_or_else(|e| panic!("report {}: {e}", report.id));
            assert!(
                report.category().split('/').count() <= 2,
                "{}",
                report.category()
            );
        }
    }

    #[test]
    fn a_report_on_a_programme_is_about_one_of_whoever_answers_it_in_its_place() {
        let all = all().unwrap();
        let about = all.iter().filter(|report| report.programme().is_some());
        let about: Vec<&Report> = about.collect();
        assert_eq!(about.len(), ON_PROGRAMMES.len());
        for report in about {
            let (owner, slug) = report.programme().unwrap();
            let line = format!("{slug},{owner},");
            let line = PROGRAMMES.lines().find(|known| known.starts_with(&line));
            let line = line.unwrap_or_else(|| panic!("{owner} has no {slug}"));
            assert!(
                line.contains(&format!(",{},", report.region_code)),
                "{line}"
            );
            assert_eq!(report.expected_instance, owner);
            assert_eq!(report.secret, 0, "{} is not public", report.id);
        }
    }

    #[test]
    fn a_note_says_what_happens() {
        let mut report = all().unwrap().remove(0);
        for (expected, note, story) in [
            ("kemenpu", "", Some(Story::Plain)),
            ("kemenpu", "long", Some(Story::Plain)),
            (
                "kemenpu",
                "misrouted:bumn-pln",
                Some(Story::Misrouted("bumn-pln".into())),
            ),
            ("kemenpu", "linked:1001", Some(Story::LinkedTo(1001))),
            ("kemenpu", "linked:x", None),
            (
                "kemenpu",
                "dup:banjir",
                Some(Story::Cluster("banjir".into())),
            ),
            ("kemenpu", "teleported", None),
            ("", "spam:tes", Some(Story::Archived("not_a_report"))),
            ("", "kasar;ancaman", Some(Story::Archived("abusive"))),
            (
                "",
                "salah-alamat:sengketa-pribadi",
                Some(Story::Archived("outside_government")),
            ),
        ] {
            report.expected_instance = expected.into();
            report.note = note.into();
            assert_eq!(report.story().ok(), story, "{note}");
        }
    }
}
