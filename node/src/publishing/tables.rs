//! Tables of programmes as institutions keep them (`tests/data/programmes.csv`
//! is one), read into what can be published.
//!
//! Reading is pure. A row that cannot be used is told with its line and does
//! not keep the others back.

use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_protocol::region::RegionCode;
use lapor_web::table::rows;
use serde::Deserialize;

use super::{NewProgramme, NewProgress};
use crate::casework::Coordinates;

/// A programme of a table, with its owner and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeLine {
    pub owner: InstanceId,
    pub programme: NewProgramme,
    pub progress: NewProgress,
}

/// A row: the line where it begins, and what it says or why it cannot be used.
pub type Row = (u64, Result<ProgrammeLine, String>);

/// Reads programmes, each row on its own.
pub fn programmes(text: &str) -> Vec<Row> {
    rows::<ProgrammeColumns>(text)
        .map(|(line, row)| {
            let read = row.map_err(|wrong| wrong.to_string());
            (line, read.and_then(ProgrammeColumns::read))
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgrammeColumns {
    slug: String,
    instance: String,
    name: String,
    region_code: String,
    budget_idr: String,
    start: String,
    end: String,
    status: String,
    progress_percent: String,
    description: String,
    #[serde(default)]
    latitude: String,
    #[serde(default)]
    longitude: String,
}

impl ProgrammeColumns {
    fn read(self) -> Result<ProgrammeLine, String> {
        let region: Option<RegionCode> = optional("region_code", &self.region_code)?;
        Ok(ProgrammeLine {
            owner: required("instance", &self.instance)?,
            progress: NewProgress {
                percent: required("progress_percent", &self.progress_percent)?,
                status: status(&self.status)?,
                text: String::new(),
            },
            programme: NewProgramme {
                slug: self.slug,
                name: self.name,
                region,
                budget_idr: optional("budget_idr", &self.budget_idr)?,
                start: optional("start", &self.start)?,
                end: optional("end", &self.end)?,
                description: self.description,
                pictures: None,
                coordinates: place(&self.latitude, &self.longitude)?,
                base: None,
            },
        })
    }
}

/// The status in Indonesian, as tables have it, or by its code.
fn status(text: &str) -> Result<ProgrammeStatus, String> {
    Ok(match text {
        "direncanakan" | "planned" => ProgrammeStatus::Planned,
        "berjalan" | "running" => ProgrammeStatus::Running,
        "terlambat" | "late" => ProgrammeStatus::Late,
        "dihentikan" | "suspended" => ProgrammeStatus::Suspended,
        "selesai" | "done" => ProgrammeStatus::Done,
        "dibatalkan" | "cancelled" => ProgrammeStatus::Cancelled,
        other => {
            return Err(format!(
                "status: expected direncanakan, berjalan, terlambat, dihentikan, selesai or \
                 dibatalkan, not {other:?}"
            ));
        }
    })
}

/// Both columns or neither; a table of before has none of them.
fn place(latitude: &str, longitude: &str) -> Result<Option<Coordinates>, String> {
    let degrees = (
        optional("latitude", latitude)?,
        optional("longitude", longitude)?,
    );
    match degrees {
        (Some(latitude), Some(longitude)) => Coordinates::of(latitude, longitude)
            .map(Some)
            .map_err(|off| off.to_string()),
        (None, None) => Ok(None),
        _ => Err("latitude and longitude: give both or neither".to_owned()),
    }
}

fn required<T: std::str::FromStr>(column: &str, text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| format!("{column}: {error}"))
}

fn optional<T: std::str::FromStr>(column: &str, text: &str) -> Result<Option<T>, String>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() {
        Ok(None)
    } else {
        required(column, text).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use lapor_web::table::RowError;

    use super::*;
    use crate::casework::OffEarth;

    const PROGRAMMES: &str = include_str!("../../../tests/data/programmes.csv");

    #[test]
    fn every_sample_programme_is_read() {
        let rows = programmes(PROGRAMMES);
        assert_eq!(rows.len(), 40);
        for (line, row) in &rows {
            assert!(row.is_ok(), "line {line}: {row:?}");
        }
        let (_, first) = &rows[0];
        let first = first.as_ref().unwrap();
        assert_eq!(first.owner.as_str(), "kemenpu");
        assert_eq!(first.programme.budget_idr, Some(4_586_000_000_000));
        assert_eq!(
            (first.progress.percent, first.progress.status),
            (81, ProgrammeStatus::Running)
        );
    }

    #[test]
    fn a_bad_programme_names_its_column_and_keeps_no_other_back() {
        let header = PROGRAMMES.lines().next().unwrap();
        let text = format!(
            "\u{feff}{header}\na,kemenpu,A,99x,,,,berjalan,5,x\nb,kemenpu,B,,,,,mulai,5,x\n\
             c,kemenpu,C,,,,,berjalan,many,x\nd,kemenpu,D,,,,,berjalan,5,\"x\ny\"\ne,kemenpu\n"
        );
        let said: Vec<String> = programmes(&text)
            .into_iter()
            .map(|(line, row)| match row {
                Ok(row) => format!("{line} {}", row.programme.slug),
                Err(problem) => format!("{line} {problem}"),
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
    2 region_code: expected a region code such as 32, 32.73, 32.73.01 or 32.73.01.1001, got "99x"
    3 status: expected direncanakan, berjalan, terlambat, dihentikan, selesai or dibatalkan, not "mulai"
    4 progress_percent: invalid digit found in string
    5 d
    7 2 columns, and the header has 10
    "#);
    }

    #[test]
    fn a_place_that_is_none_on_earth_names_its_column() {
        let header = PROGRAMMES.lines().next().unwrap();
        let row = "kemenpu,A,,,,,berjalan,5,x";
        let text = format!(
            "{header},latitude,longitude\na,{row},-6.9,107.6\nb,{row},NaN,107.6\n\
             c,{row},-6.9,181\nd,{row},-6.9,\n"
        );
        let said: Vec<Result<bool, String>> = programmes(&text)
            .into_iter()
            .map(|(_, row)| row.map(|read| read.programme.coordinates.is_some()))
            .collect();
        let refused = |off: OffEarth| -> Result<bool, String> { Err(off.to_string()) };
        assert_eq!(said[0], Ok(true));
        assert_eq!(said[1], refused(OffEarth::Latitude));
        assert_eq!(said[2], refused(OffEarth::Longitude));
        assert!(said[3].is_err(), "one of two is none");
    }

    #[test]
    fn a_programme_that_takes_in_those_below_is_told_and_no_other_for_it() {
        let header = PROGRAMMES.lines().next().unwrap();
        let text = format!(
            "{header}\na,kemenpu,A,,,,,berjalan,5,x\nb,kemenpu,B,,,,,berjalan,5,\"x\n\
             c,kemenpu,C,,,,,berjalan,5,x\n"
        );
        let read = programmes(&text);
        let told: Vec<_> = read
            .iter()
            .map(|(line, row)| (*line, row.is_ok()))
            .collect();
        assert_eq!(told, [(2, true), (3, false)]);
        let unclosed = RowError::Unclosed.to_string();
        assert_eq!(read[1].1.as_ref().unwrap_err(), &unclosed);
    }
}
