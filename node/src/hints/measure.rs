//! How good the hints are, on reports of which it is known whom they concern.
//!
//! A report is judged by what was learnt from all others, without the whole cluster of its
//! duplicates: otherwise its twin would give the answer. The knowledge stays as it is shipped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};

use super::Matter;
use super::adviser::Adviser;
use super::institutions::{Institution, Institutions};
use super::knowledge;
use super::likely::{Features, Grain, Rarity};
use super::past::{Example, Past};
use super::reading::read;
use super::units::{Disposition, UnitPast};
use crate::casework::Coordinates;

/// How many suggestions are looked at.
const FIRST: usize = 3;

/// What may be learnt from when a report is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learning {
    /// All reports but those of its own cluster.
    WithoutCluster,
    /// The reports outside its fold, of so many; clusters are never parted.
    Folds(usize),
    /// Nothing: what the shipped knowledge achieves by itself.
    Nothing,
}

/// A table that cannot be used, with the line.
#[derive(Debug, thiserror::Error)]
#[error("{table}: {problem}")]
pub struct MeasureError {
    table: &'static str,
    problem: String,
}

/// A line of a table of reports; other columns are passed over.
#[derive(Deserialize)]
struct Row {
    id: String,
    title: String,
    content: String,
    region_code: String,
    place: String,
    lat: String,
    lon: String,
    category: String,
    subcategory: String,
    expected_instance: String,
    note: String,
}

#[derive(Deserialize)]
struct InstitutionRow {
    slug: InstanceId,
    kind: InstanceKind,
    name: String,
    region_code: String,
}

/// A line of a table of units.
#[derive(Deserialize)]
struct UnitRow {
    /// Of a report.
    id: String,
    unit: String,
}

/// A report with its answer. Not printable: it holds the report's words.
struct Judged {
    id: String,
    matter: Matter,
    features: Features,
    example: Example,
    expected: Option<InstanceId>,
    /// To which unit of that institution it went.
    unit: Option<String>,
    cluster: String,
    clustered: bool,
}

/// Reports and institutions to measure with.
pub struct Sample {
    institutions: Institutions,
    reports: Vec<Judged>,
}

/// How often the right institution was among the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Routing {
    /// Reports that concern somebody.
    pub reports: u32,
    pub first: u32,
    pub first_three: u32,
    pub missed: Vec<Missed>,
}

/// A report whose institution was not among the first three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    pub id: String,
    pub expected: InstanceId,
    pub suggested: Vec<InstanceId>,
}

/// How often the right unit was among the first, of what was learnt from the other reports of its
/// institution but for the report's own cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Units {
    /// Reports of which the unit is known.
    pub reports: u32,
    pub first: u32,
    pub first_three: u32,
}

/// How well duplicates were found, each report compared with those before it in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Reports that repeat an earlier one.
    pub repeats: u32,
    /// Those of them for which one of their cluster was among the first three.
    pub found: u32,
    /// Suggestions made for all reports.
    pub suggested: u32,
    /// Those of them that were of the same cluster.
    pub right: u32,
}

impl Sample {
    /// Reads tables as `tests/data/README.md` describes them.
    pub fn read(reports: &[String], institutions: &str) -> Result<Self, MeasureError> {
        let institutions = Institutions::of(
            rows::<InstitutionRow>("institutions", institutions)?
                .into_iter()
                .map(|row| Institution {
                    id: row.slug,
                    kind: row.kind,
                    name: row.name,
                    region: row.region_code.parse().ok(),
                    active: true,
                }),
        );
        let mut judged = Vec::new();
        for table in reports {
            for row in rows::<Row>("reports", table)? {
                judged.push(row.judged(&institutions)?);
            }
        }
        Ok(Self {
            institutions,
            reports: judged,
        })
    }

    /// With the units to which some of the reports went: `id,unit`.
    pub fn with_units(mut self, table: &str) -> Result<Self, MeasureError> {
        let rows = rows::<UnitRow>("units", table)?;
        let mut units: BTreeMap<String, String> =
            rows.into_iter().map(|row| (row.id, row.unit)).collect();
        for report in &mut self.reports {
            report.unit = units.remove(&report.id);
        }
        match units.keys().next() {
            None => Ok(self),
            Some(id) => Err(MeasureError {
                table: "units",
                problem: format!("there is no report {id}"),
            }),
        }
    }

    pub fn routing(&self, learning: Learning) -> Routing {
        let mut routing = Routing {
            reports: 0,
            first: 0,
            first_three: 0,
            missed: Vec::new(),
        };
        let mut pasts: BTreeMap<String, Past> = BTreeMap::new();
        for report in &self.reports {
            let Some(expected) = &report.expected else {
                continue;
            };
            let group = self.group(&report.cluster, learning);
            let past = pasts
                .entry(group.clone())
                .or_insert_with(|| self.past_without(&group, learning));
            let adviser = Adviser {
                knowledge: knowledge::shipped(),
                institutions: &self.institutions,
                past,
            };
            let hints = adviser.hints(&report.matter, None, FIRST);
            let suggested: Vec<_> = hints.into_iter().map(|hint| hint.institution).collect();
            routing.reports += 1;
            routing.first += u32::from(suggested.first() == Some(expected));
            if suggested.contains(expected) {
                routing.first_three += 1;
            } else {
                routing.missed.push(Missed {
                    id: report.id.clone(),
                    expected: expected.clone(),
                    suggested,
                });
            }
        }
        routing
    }

    pub fn units(&self) -> Units {
        let mut measured = Units {
            reports: 0,
            first: 0,
            first_three: 0,
        };
        for report in &self.reports {
            let Some(unit) = &report.unit else { continue };
            let others = self.reports.iter().filter(|other| {
                other.expected == report.expected && other.cluster != report.cluster
            });
            let learnt: Vec<Disposition> = others.filter_map(Judged::disposition).collect();
            let found = UnitPast::of(&learnt).ask(&report.matter);
            let place = found.iter().position(|one| one.unit == *unit);
            measured.reports += 1;
            measured.first += u32::from(place == Some(0));
            measured.first_three += u32::from(place.is_some_and(|place| place < FIRST));
        }
        measured
    }

    pub fn duplicates(&self) -> Duplicates {
        let rarity = Rarity::among(self.reports.iter().map(|report| &report.features));
        let mut measured = Duplicates {
            repeats: 0,
            found: 0,
            suggested: 0,
            right: 0,
        };
        for (at, report) in self.reports.iter().enumerate() {
            let before = self.reports[..at].iter().enumerate();
            let others: BTreeMap<usize, &Features> = before
                .map(|(place, other)| (place, &other.features))
                .collect();
            let same = |place: usize| self.reports[place].cluster == report.cluster;
            let repeats = report.clustered && (0..at).any(same);
            let likest = rarity.likest(&report.features, &others, Grain::Exact, FIRST);
            let right = likest.iter().filter(|(place, ..)| same(*place)).count();
            measured.repeats += u32::from(repeats);
            measured.found += u32::from(right > 0);
            measured.suggested += likest.len() as u32;
            measured.right += right as u32;
        }
        measured
    }

    /// Which reports are left out together with a cluster.
    fn group(&self, cluster: &str, learning: Learning) -> String {
        match learning {
            Learning::WithoutCluster => cluster.to_owned(),
            Learning::Nothing => String::new(),
            Learning::Folds(folds) => {
                let clusters: BTreeSet<&str> =
                    self.reports.iter().map(|r| r.cluster.as_str()).collect();
                let place = clusters.iter().position(|known| *known == cluster);
                (place.unwrap_or_default() % folds.max(2)).to_string()
            }
        }
    }

    fn past_without(&self, group: &str, learning: Learning) -> Past {
        if learning == Learning::Nothing {
            return Past::default();
        }
        let learnt: Vec<&Example> = self
            .reports
            .iter()
            .filter(|report| report.expected.is_some())
            .filter(|report| self.group(&report.cluster, learning) != group)
            .map(|report| &report.example)
            .collect();
        Past::of(learnt.iter().copied())
    }
}

impl Judged {
    fn disposition(&self) -> Option<Disposition> {
        Some(Disposition {
            category: self.matter.category.clone(),
            region: self.matter.region.clone(),
            learnt: Example {
                stems: self.example.stems.clone(),
                who: self.unit.clone()?,
            },
        })
    }
}

impl Row {
    fn judged(self, institutions: &Institutions) -> Result<Judged, MeasureError> {
        let wrong = |problem: String| MeasureError {
            table: "reports",
            problem: format!("report {}: {problem}", self.id),
        };
        let expected: Option<InstanceId> = match self.expected_instance.as_str() {
            "" => None,
            slug => Some(
                slug.parse::<InstanceId>()
                    .map_err(|error| wrong(format!("expected_instance: {error}")))?,
            ),
        };
        let region: Option<RegionCode> = self.region_code.parse().ok();
        let degrees = self.lat.parse().ok().zip(self.lon.parse().ok());
        let coordinates = degrees.and_then(|(north, east)| Coordinates::of(north, east).ok());
        // A slash within a level would make a third one.
        let level = |text: &str| text.replace('/', ", ");
        let category = format!("{}/{}", level(&self.category), level(&self.subcategory));
        let category = Category::try_from(category.trim_end_matches('/').to_owned()).ok();
        let said = format!("{} {}", self.place, self.content);
        let text = format!("{} {said}", self.title);
        let role = expected
            .as_ref()
            .map(|id| institutions.role_of(id, region.as_ref()));
        // `dup:NAME` is a cluster; `linked:ID` repeats the report with this id.
        let linked = self
            .note
            .strip_prefix("dup:")
            .or(self.note.strip_prefix("linked:"));
        Ok(Judged {
            features: Features::of(&self.title, &said, region.clone(), coordinates),
            example: Example {
                stems: read(&text),
                who: role.unwrap_or(knowledge::Role::Desk),
            },
            unit: None,
            cluster: linked.unwrap_or(&self.id).to_owned(),
            clustered: linked.is_some(),
            matter: Matter {
                title: self.title,
                content: self.content,
                place: Some(self.place).filter(|place| !place.is_empty()),
                category,
                region,
                ..Matter::default()
            },
            id: self.id,
            expected,
        })
    }
}

fn rows<T: serde::de::DeserializeOwned>(
    table: &'static str,
    text: &str,
) -> Result<Vec<T>, MeasureError> {
    let read = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    read.collect::<Result<_, _>>()
        .map_err(|error| MeasureError {
            table,
            problem: error.to_string(),
        })
}

impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tell(f, self.reports, self.first, self.first_three)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tell(f, self.reports, self.first, self.first_three)
    }
}

fn tell(f: &mut fmt::Formatter<'_>, reports: u32, first: u32, three: u32) -> fmt::Result {
    let share = |count: u32| f64::from(count) * 100.0 / f64::from(reports.max(1));
    write!(
        f,
        "{reports} reports, right one first {first} ({:.1} %), among the first three {three} ({:.1} %)",
        share(first),
        share(three)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORTS: &str = include_str!("../../../tests/data/reports.csv");
    const MORE: &str = include_str!("../../../tests/data/reports-more.csv");
    const UNITS: &str = include_str!("../../../tests/data/units.csv");
    const REGISTRY: &str = include_str!("../../../tests/data/instances.csv");

    fn sample(tables: &[&str]) -> Sample {
        let tables: Vec<String> = tables.iter().map(|&text| text.to_owned()).collect();
        Sample::read(&tables, REGISTRY).unwrap()
    }

    #[test]
    fn the_right_institution_is_among_the_first_three_for_85_of_100_reports() {
        let sample = sample(&[REPORTS]);
        for learning in [Learning::WithoutCluster, Learning::Folds(5)] {
            let routing = sample.routing(learning);
            assert_eq!(routing.reports, 204);
            assert!(
                routing.first_three * 100 >= routing.reports * 85,
                "{learning:?}: {routing} {:?}",
                routing.missed
            );
        }
    }

    #[test]
    fn the_right_unit_is_among_the_first_three_for_most_reports() {
        let sample = sample(&[REPORTS, MORE]).with_units(UNITS).unwrap();
        let units = sample.units();
        assert_eq!(units.reports, 121);
        assert!(units.first_three * 100 >= units.reports * 70, "{units}");
    }

    #[test]
    fn a_unit_of_no_report_is_told() {
        let problem = sample(&[REPORTS]).with_units("id,unit\n9999,dinas-pu\n");
        let problem = problem.err().unwrap().to_string();
        assert_eq!(problem, "units: there is no report 9999");
    }

    #[test]
    fn most_repeats_are_found_and_most_suggestions_are_right() {
        let measured = sample(&[REPORTS, MORE]).duplicates();
        assert!(measured.repeats > 20, "{measured:?}");
        assert!(
            measured.found * 100 >= measured.repeats * 85,
            "{measured:?}"
        );
        assert!(
            measured.right * 100 >= measured.suggested * 70,
            "{measured:?}"
        );
    }

    #[test]
    fn a_table_that_cannot_be_read_is_told_with_its_line() {
        let problem = Sample::read(&["id,title\n1,x\n".into()], REGISTRY)
            .err()
            .unwrap();
        assert!(problem.to_string().starts_with("reports: "), "{problem}");
    }
}
