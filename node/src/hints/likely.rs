//! How likely two reports are about the same thing: by words, weighted by how rare they are, and
//! by how far apart the places are.

use std::collections::{BTreeMap, HashMap};

use lapor_protocol::region::RegionCode;

use super::reading::read;
use crate::casework::Coordinates;

/// Words that two reports must share at least.
const SHARED: usize = 2;
/// What is said in the title counts so many times.
const TITLE: u32 = 2;
const EARTH_RADIUS_M: f64 = 6_371_000.0;
/// Beyond this distance nothing is at the same place; in between the likeness sinks.
const FAR_M: f64 = 3_000.0;
/// What is left of the likeness of words when the places are far apart.
const ELSEWHERE: f64 = 0.3;
const SAME_REGENCY: f64 = 0.9;
const SAME_PROVINCE: f64 = 0.5;
/// One of the two does not say where.
const UNKNOWN_PLACE: f64 = 0.7;
/// Degrees to a side of a cell, some 550 metres in Indonesia.
const CELL: f64 = 0.005;

/// Likeness from which a report is shown, in hundredths. Chosen on the clusters of the sample reports,
/// so what `hints measure --duplicates` says of them is the best case.
pub const SHOWN_FROM: u32 = 16;

/// How exactly the place of a report that is found counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    Exact,
    /// As the middle of a cell: wherever one asks from, and however often, no answer depends on more.
    /// Rounding what comes out would not do: where it changes lie circles around the exact place.
    Cell,
}

/// A report as it is compared.
#[derive(Clone)]
pub struct Features {
    /// How often each stem is said.
    stems: BTreeMap<String, u32>,
    region: Option<RegionCode>,
    coordinates: Option<Coordinates>,
}

/// How rare each stem is among the reports at hand.
pub struct Rarity {
    counts: HashMap<String, u32>,
    number: u32,
}

impl Grain {
    fn of(self, at: Coordinates) -> Coordinates {
        match self {
            Self::Exact => at,
            Self::Cell => at.middle_of_cell(CELL),
        }
    }
}

impl Features {
    pub fn of(
        title: &str,
        content: &str,
        region: Option<RegionCode>,
        coordinates: Option<Coordinates>,
    ) -> Self {
        let mut stems = BTreeMap::new();
        for (text, times) in [(title, TITLE), (content, 1)] {
            for stem in read(text) {
                *stems.entry(stem).or_default() += times;
            }
        }
        Self {
            stems,
            region,
            coordinates,
        }
    }

    /// Of a report whose words are stems already, wherever it is.
    pub fn of_stems(title: &str, content: &str) -> Self {
        let mut stems = BTreeMap::new();
        for (text, times) in [(title, TITLE), (content, 1)] {
            for stem in text.split_whitespace() {
                *stems.entry(stem.to_owned()).or_default() += times;
            }
        }
        Self {
            stems,
            region: None,
            coordinates: None,
        }
    }

    /// Official code of where it is, if it says so.
    pub fn region(&self) -> Option<&RegionCode> {
        self.region.as_ref()
    }

    pub fn coordinates(&self) -> Option<Coordinates> {
        self.coordinates
    }
}

impl Rarity {
    pub fn among<'a>(reports: impl Iterator<Item = &'a Features>) -> Self {
        let mut rarity = Self {
            counts: HashMap::new(),
            number: 0,
        };
        for report in reports {
            rarity.number += 1;
            for stem in report.stems.keys() {
                *rarity.counts.entry(stem.clone()).or_default() += 1;
            }
        }
        rarity
    }

    fn of(&self, stem: &str) -> f64 {
        let count = self.counts.get(stem).copied().unwrap_or_default();
        (f64::from(self.number + 2) / f64::from(count + 1)).ln()
    }

    /// A word said twice is more, and not twice as much.
    fn weight(&self, (stem, times): (&String, &u32)) -> f64 {
        (1.0 + f64::from(*times).ln()) * self.of(stem)
    }

    fn length(&self, report: &Features) -> f64 {
        let squares = report.stems.iter().map(|said| self.weight(said).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// The stems by which a report is found again: the weightiest, of which at most so many are of
    /// no other report at hand. Those may be of an older one, or typing errors.
    pub fn telling(&self, report: &Features, most: usize, unheard: usize) -> Vec<String> {
        let mut said: Vec<_> = report.stems.iter().collect();
        said.sort_by(|a, b| self.weight(*b).total_cmp(&self.weight(*a)));
        let is_heard = |stem: &str| self.counts.contains_key(stem);
        let mut left = unheard;
        let fits = said.into_iter().filter(|(stem, _)| {
            let fits = is_heard(stem) || left > 0;
            left = left.saturating_sub(usize::from(!is_heard(stem)));
            fits
        });
        fits.map(|(stem, _)| stem.clone()).take(most).collect()
    }

    /// Likeness of the words alone, 0 to 1.
    pub fn likeness_of_words(&self, one: &Features, other: &Features) -> f64 {
        let (mut shared, mut product) = (0, 0.0);
        for said in &one.stems {
            if let Some(times) = other.stems.get(said.0) {
                shared += 1;
                product += self.weight(said) * self.weight((said.0, times));
            }
        }
        if shared < SHARED {
            return 0.0;
        }
        product / (self.length(one) * self.length(other))
    }

    /// Likeness in hundredths, and the metres between the places if both have coordinates. That of the
    /// other counts as exactly as the grain says.
    pub fn likeness(&self, one: &Features, other: &Features, grain: Grain) -> (u32, Option<u32>) {
        let distance = one
            .coordinates
            .zip(other.coordinates)
            .map(|(from, to)| metres(from, grain.of(to)));
        let likeness = self.likeness_of_words(one, other) * nearness(one, other, distance);
        let likeness = (likeness * 100.0).round().min(100.0) as u32;
        (likeness, distance.map(|metres| metres as u32))
    }

    /// Those of the others that are like enough, the likest first, each with what was found.
    pub fn likest<K: Ord + Clone>(
        &self,
        report: &Features,
        others: &BTreeMap<K, &Features>,
        grain: Grain,
        limit: usize,
    ) -> Vec<(K, u32, Option<u32>)> {
        let mut found: Vec<_> = others
            .iter()
            .map(|(key, other)| {
                let (likeness, distance) = self.likeness(report, other, grain);
                (key.clone(), likeness, distance)
            })
            .filter(|(_, likeness, _)| *likeness >= SHOWN_FROM)
            .collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.truncate(limit);
        found
    }
}

fn nearness(one: &Features, other: &Features, distance: Option<f64>) -> f64 {
    if let Some(metres) = distance {
        return 1.0 - (1.0 - ELSEWHERE) * (metres / FAR_M).min(1.0);
    }
    let (Some(one), Some(other)) = (&one.region, &other.region) else {
        return UNKNOWN_PLACE;
    };
    let same = |length: usize| {
        let (one, other) = (one.as_str().get(..length), other.as_str().get(..length));
        one.is_some() && one == other
    };
    if same(5) || one.within(other) || other.within(one) {
        SAME_REGENCY
    } else if same(2) {
        SAME_PROVINCE
    } else {
        ELSEWHERE
    }
}

/// The haversine distance.
fn metres(from: Coordinates, to: Coordinates) -> f64 {
    let (north, east) = (
        (to.latitude() - from.latitude()).to_radians(),
        (to.longitude() - from.longitude()).to_radians(),
    );
    let scale = from.latitude().to_radians().cos() * to.latitude().to_radians().cos();
    let half = (north / 2.0).sin().powi(2) + scale * (east / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_M * half.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, region: &str, at: Option<(f64, f64)>) -> Features {
        let coordinates = at.map(|(north, east)| Coordinates::of(north, east).unwrap());
        Features::of(text, "", region.parse().ok(), coordinates)
    }

    #[test]
    fn the_same_words_at_the_same_place_are_likelier_than_far_away() {
        let here = report(
            "Lampu taman padam di Jalan Melati",
            "32.73",
            Some((-6.9, 107.6)),
        );
        let near = report(
            "lampu jalan melati padam semua",
            "32.73",
            Some((-6.901, 107.6)),
        );
        let far = report(
            "lampu jalan melati padam semua",
            "35.78",
            Some((-7.25, 112.75)),
        );
        let other = report("paspor saya terlambat terbit", "32.73", Some((-6.9, 107.6)));
        let all = [here.clone(), near.clone(), far.clone(), other.clone()];
        let rarity = Rarity::among(all.iter());
        let (close, metres) = rarity.likeness(&here, &near, Grain::Exact);
        assert_eq!(metres, Some(111));
        assert!(close >= SHOWN_FROM, "{close}");
        assert!(rarity.likeness(&here, &far, Grain::Exact).0 < close / 2);
        assert_eq!(rarity.likeness(&here, &other, Grain::Exact).0, 0);
        let back = rarity.likeness(&near, &here, Grain::Exact);
        assert_eq!(back, (close, metres));
    }

    #[test]
    fn two_places_of_a_cell_are_one_from_everywhere_for_whoever_learns_the_cell_alone() {
        let words = "lampu jalan melati padam semua";
        let one = report(words, "32.73", Some((-6.9042, 107.6408)));
        let other = report(words, "32.73", Some((-6.9009, 107.6443)));
        let rarity = Rarity::among([&one, &other].into_iter());
        let all = BTreeMap::from([(1, &one), (2, &other)]);
        let (mut shown, mut hidden) = (0, 0);
        for step in -50..=50 {
            let latitude = -6.9025 + f64::from(step) * 0.001;
            let at = Some((latitude, 107.6425));
            let asked = report("Lampu padam di Jalan Kenanga", "32.73", at);
            match &rarity.likest(&asked, &all, Grain::Cell, 5)[..] {
                [] => hidden += 1,
                [first, second] => {
                    assert_eq!((first.1, first.2), (second.1, second.2), "{latitude}");
                    shown += 1;
                }
                found => panic!("{latitude}: {found:?}"),
            }
        }
        assert!(shown > 0 && hidden > 0, "{shown} and {hidden}");
        let exact = rarity.likest(&one, &all, Grain::Exact, 5);
        assert_eq!(exact[0].2, Some(0));
        assert!(exact[1].2 > Some(400));
    }

    #[test]
    fn a_report_is_found_by_its_rarest_words_and_not_by_unheard_ones_alone() {
        let known = report("lampu jalan padam di melati", "32.73", None);
        let often = report("jalan rusak", "32.73", None);
        let rarity = Rarity::among([&known, &often].into_iter());
        let asked = report("jalan lampu melati satu qwerty asdf zxcv", "32.73", None);
        let told = rarity.telling(&asked, 3, 1);
        assert_eq!(told.len(), 3);
        let unheard = |stem: &&String| !["lampu", "melati", "jalan"].contains(&stem.as_str());
        assert_eq!(told.iter().filter(unheard).count(), 1, "{told:?}");
        assert!(!told.contains(&"jalan".to_owned()), "{told:?}");
    }

    #[test]
    fn nothing_is_like_an_empty_report() {
        let empty = report("", "", None);
        let other = report("lampu padam", "", None);
        let rarity = Rarity::among([&empty, &other].into_iter());
        assert_eq!(rarity.likeness(&empty, &other, Grain::Exact), (0, None));
        assert_eq!(rarity.likeness(&empty, &empty, Grain::Exact), (0, None));
    }
}
