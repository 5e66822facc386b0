//! To which unit of the institution a report may go: by where its own past reports of these words, of
//! this category and of this place went.
//!
//! Nothing is shipped about units: an institution without a past has no such hint. The score is a sum,
//! so that every reason can be shown with it.

use std::collections::BTreeMap;

use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;

use super::past::{Example, Past};
use super::reading::read;
use super::{Matter, UnitReason};

/// All reports of like words went to one unit.
const WORDS: f64 = 3.0;
/// All reports of the category went there.
const CATEGORY: f64 = 3.0;
/// All reports of the place went there, and no others.
const PLACE: f64 = 2.0;
/// Doubt, in reports: one alone convinces nobody.
const DOUBT: f64 = 1.0;

/// A report that was given to a unit, by its id.
pub struct Disposition {
    pub category: Option<Category>,
    pub region: Option<RegionCode>,
    pub learnt: Example<String>,
}

/// Where the reports of a kind went.
#[derive(Default)]
struct Went {
    units: BTreeMap<String, u32>,
    all: u32,
}

/// Past dispositions to units, ready to be asked.
#[derive(Default)]
pub struct UnitPast {
    words: Past<String>,
    /// By category and by its root.
    categories: BTreeMap<String, Went>,
    regions: BTreeMap<RegionCode, Went>,
    anywhere: Went,
}

/// What speaks for one unit.
pub struct Weighed {
    pub unit: String,
    pub score: f64,
    /// The weightiest first.
    pub reasons: Vec<UnitReason>,
}

impl Went {
    fn add(&mut self, unit: &str) {
        self.all += 1;
        *self.units.entry(unit.to_owned()).or_default() += 1;
    }

    /// The part that went to a unit, less where there are few.
    fn share(&self, unit: &str) -> f64 {
        let there = self.units.get(unit).copied().unwrap_or_default();
        f64::from(there) / (f64::from(self.all) + DOUBT)
    }
}

impl UnitPast {
    pub fn of<'a>(dispositions: impl IntoIterator<Item = &'a Disposition> + Clone) -> Self {
        let learnt: Vec<&Example<String>> = dispositions
            .clone()
            .into_iter()
            .map(|given| &given.learnt)
            .collect();
        let mut past = Self {
            words: Past::of(learnt),
            ..Self::default()
        };
        for given in dispositions {
            let unit = &given.learnt.who;
            past.anywhere.add(unit);
            for level in given.category.iter().flat_map(levels) {
                past.categories.entry(level).or_default().add(unit);
            }
            if let Some(region) = &given.region {
                past.regions.entry(region.clone()).or_default().add(unit);
            }
        }
        past
    }

    /// Units for which something speaks, the likeliest first; of equals the one with the lower id.
    pub fn ask(&self, matter: &Matter) -> Vec<Weighed> {
        let place = matter.place.as_deref().unwrap_or_default();
        let stems = read(&format!("{} {place} {}", matter.title, matter.content));
        let mut grounds: BTreeMap<String, Vec<(f64, UnitReason)>> = BTreeMap::new();
        for (unit, lesson) in self.words.ask(&stems) {
            let reason = UnitReason::Words {
                cases: lesson.cases,
            };
            let ground = (lesson.share * WORDS, reason);
            grounds.entry(unit).or_default().push(ground);
        }
        self.category(matter, &mut grounds);
        self.place(matter, &mut grounds);
        let mut weighed: Vec<Weighed> = grounds
            .into_iter()
            .map(|(unit, mut grounds)| {
                grounds.sort_by(|a, b| b.0.total_cmp(&a.0));
                Weighed {
                    unit,
                    score: grounds.iter().map(|(weight, _)| weight).sum(),
                    reasons: grounds.into_iter().map(|(_, reason)| reason).collect(),
                }
            })
            .collect();
        weighed.sort_by(|a, b| b.score.total_cmp(&a.score));
        weighed
    }

    fn category(&self, matter: &Matter, grounds: &mut BTreeMap<String, Vec<(f64, UnitReason)>>) {
        // What is known of the category itself says more than what is known of its root.
        let mut levels = matter.category.iter().flat_map(levels);
        let known = levels.find_map(|level| Some((self.categories.get(&level)?, level)));
        let Some((went, category)) = known else {
            return;
        };
        for (unit, cases) in &went.units {
            let reason = UnitReason::Category {
                category: category.clone(),
                cases: *cases,
                of: went.all,
            };
            let ground = (went.share(unit) * CATEGORY, reason);
            grounds.entry(unit.clone()).or_default().push(ground);
        }
    }

    /// Of a place only counts what is not so everywhere: in a city all reports are of the city.
    fn place(&self, matter: &Matter, grounds: &mut BTreeMap<String, Vec<(f64, UnitReason)>>) {
        let went = matter
            .region
            .as_ref()
            .and_then(|region| Some((region, self.regions.get(region)?)));
        let Some((region, went)) = went else { return };
        for (unit, cases) in &went.units {
            let beyond = went.share(unit) - self.anywhere.share(unit);
            if beyond > 0.0 {
                let reason = UnitReason::Place {
                    region: super::region_name(region),
                    cases: *cases,
                    of: went.all,
                };
                let ground = (beyond * PLACE, reason);
                grounds.entry(unit.clone()).or_default().push(ground);
            }
        }
    }
}

/// A category and its root, where they differ.
fn levels(category: &Category) -> Vec<String> {
    let (own, root) = (category.as_str(), category.root());
    let root = Some(root.to_owned()).filter(|root| root != own);
    std::iter::once(own.to_owned()).chain(root).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str, category: &str, region: &str, unit: &str) -> Disposition {
        Disposition {
            category: Category::try_from(category.to_owned()).ok(),
            region: region.parse().ok(),
            learnt: Example {
                stems: read(text),
                who: unit.to_owned(),
            },
        }
    }

    fn matter(title: &str, category: &str, region: &str) -> Matter {
        Matter {
            title: title.to_owned(),
            category: Category::try_from(category.to_owned()).ok(),
            region: region.parse().ok(),
            ..Matter::default()
        }
    }

    fn past() -> UnitPast {
        UnitPast::of(&[
            given("lampu taman padam", "Jalan/Lampu", "32.73", "dishub"),
            given("lampu gang padam lagi", "Jalan/Lampu", "32.73", "dishub"),
            given("lubang besar", "Jalan/Rusak", "32.73", "dinas-pu"),
            given("sampah menumpuk di pasar", "Sampah", "32.73", "dinas-lh"),
        ])
    }

    #[test]
    fn words_and_category_speak_for_the_unit_that_had_the_like() {
        let found = past().ask(&matter("Lampu taman padam", "Jalan/Lampu", "32.73"));
        assert_eq!(found[0].unit, "dishub");
        let reasons = &found[0].reasons;
        assert!(reasons.contains(&UnitReason::Words { cases: 2 }));
        let category = UnitReason::Category {
            category: "Jalan/Lampu".into(),
            cases: 2,
            of: 2,
        };
        assert!(reasons.contains(&category));
        let everywhere = |reason: &UnitReason| matches!(reason, UnitReason::Place { .. });
        assert!(!reasons.iter().any(everywhere), "all are of one city");
    }

    #[test]
    fn a_category_without_a_past_is_judged_by_its_root() {
        let found = past().ask(&matter("Marka pudar", "Jalan/Marka", "32.73"));
        let units: Vec<&str> = found.iter().map(|one| one.unit.as_str()).collect();
        assert_eq!(units, ["dishub", "dinas-pu"]);
    }

    #[test]
    fn a_place_speaks_where_its_reports_go_elsewhere_than_others() {
        let past = UnitPast::of(&[
            given("antre", "Layanan", "32.73", "barat"),
            given("loket", "Layanan", "32.73", "barat"),
            given("berkas", "Layanan", "35.78", "timur"),
        ]);
        let found = past.ask(&matter("Petugas", "Lain", "35.78"));
        assert_eq!(found[0].unit, "timur");
        assert!(matches!(
            found[0].reasons[..],
            [UnitReason::Place {
                cases: 1,
                of: 1,
                ..
            }]
        ));
    }

    #[test]
    fn an_institution_without_a_past_has_no_hint() {
        let nothing = UnitPast::default().ask(&matter("Lampu", "Jalan/Lampu", "32.73"));
        assert!(nothing.is_empty());
    }
}
