//! The official regions of Indonesia: provinces, regencies and cities, by code and by name.
//!
//! The tables say what a region is called and in which province it lies, and not where; `outlines`
//! are drawings of the provinces. No position of a region may be made up. Districts and villages have codes of the same
//! shape and no names; a code of theirs is shown by the regency that it lies in.

mod isles;
mod mentions;
mod outlines;
mod search;

use std::collections::HashMap;
use std::sync::LazyLock;

use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use isles::isle;
pub use outlines::{Outline, Outlines, Point, SCALE, Scale, outlines};

/// Where the tables come from: another edition comes with another program.
pub const EDITION: &str = "idn-area-data 4.0.1";

const PROVINCES: &str = include_str!("../../data/regions/provinces.csv");
const REGENCIES: &str = include_str!("../../data/regions/regencies.csv");
const ALIASES: &str = include_str!("../../data/region-aliases.csv");

static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    Regions::read(PROVINCES, REGENCIES, ALIASES).expect("the shipped tables are read by a test")
});

/// Which level a region is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Province,
    /// *Kabupaten*.
    Regency,
    /// *Kota*.
    City,
}

/// A province, a regency or a city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub code: RegionCode,
    /// As the official table writes it: `Kabupaten Garut`, `Kota Bandung`, `Jawa Barat`.
    pub name: String,
    pub level: Level,
    /// The name without its level, in lower-case words: `["garut"]`.
    words: Vec<String>,
    /// The same of the province that it lies in; of a province, nothing.
    within: Vec<String>,
}

/// A region that fits what somebody typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegionMatch {
    #[schema(value_type = String, example = "32.73")]
    pub code: RegionCode,
    #[schema(example = "Kota Bandung")]
    pub name: String,
    pub level: Level,
    /// The province that it lies in; absent of a province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Jawa Barat")]
    pub province: Option<String>,
}

/// All regions in the order of their codes.
pub struct Regions {
    all: Vec<Region>,
    places: HashMap<String, usize>,
    /// What people write for a word of a name: `jabar` is `["jawa", "barat"]`.
    aliases: HashMap<String, Vec<String>>,
}

/// The regions that the program ships.
pub fn national() -> &'static Regions {
    &REGIONS
}

impl Regions {
    fn read(provinces: &str, regencies: &str, aliases: &str) -> Result<Self, csv::Error> {
        let mut regions = Self {
            all: Vec::new(),
            places: HashMap::new(),
            aliases: HashMap::new(),
        };
        for row in csv::Reader::from_reader(aliases.as_bytes()).into_deserialize() {
            let (alias, name): (String, String) = row?;
            regions.aliases.insert(alias, words(&name));
        }
        for row in csv::Reader::from_reader(provinces.as_bytes()).into_deserialize() {
            let (code, name): (RegionCode, String) = row?;
            regions.add(code, name, Level::Province, Vec::new());
        }
        for row in csv::Reader::from_reader(regencies.as_bytes()).into_deserialize() {
            let (code, province, name): (RegionCode, RegionCode, String) = row?;
            let level = if name.starts_with("Kota ") {
                Level::City
            } else {
                Level::Regency
            };
            let within = regions
                .region(&province)
                .map_or_else(Vec::new, |of| of.words.clone());
            regions.add(code, name, level, within);
        }
        Ok(regions)
    }

    fn add(&mut self, code: RegionCode, name: String, level: Level, within: Vec<String>) {
        // Only in front: Lima Puluh Kota is a regency.
        let levels = ["kabupaten", "kota", "administrasi"];
        let words = words(&name).into_iter();
        let words = words.skip_while(|word| levels.contains(&word.as_str()));
        self.places.insert(code.to_string(), self.all.len());
        self.all.push(Region {
            words: words.collect(),
            code,
            name,
            level,
            within,
        });
    }

    /// The region with this very code; districts and villages are not among them.
    pub fn region(&self, code: &RegionCode) -> Option<&Region> {
        self.places
            .get(code.as_str())
            .map(|place| &self.all[*place])
    }

    /// The regency or city in which a code lies, if it is as precise.
    pub fn regency_of(&self, code: &RegionCode) -> Option<&Region> {
        self.prefix(code, 5)
    }

    pub fn province_of(&self, code: &RegionCode) -> Option<&Region> {
        self.prefix(code, 2)
    }

    /// All of them, provinces first.
    pub fn all(&self) -> impl Iterator<Item = &Region> {
        self.all.iter()
    }

    /// The regencies and cities of a province, by code.
    pub fn below(&self, province: &RegionCode) -> impl Iterator<Item = &Region> {
        let province = province.clone();
        self.all
            .iter()
            .filter(move |region| region.code != province && region.code.within(&province))
    }

    /// `Kota Bandung, Jawa Barat`; of a district, the regency that it lies in. `None` for a code
    /// whose province does not exist.
    pub fn display_name(&self, code: &RegionCode) -> Option<String> {
        let province = self.province_of(code)?;
        Some(match self.regency_of(code) {
            Some(regency) => format!("{}, {}", regency.name, province.name),
            None => province.name.clone(),
        })
    }

    fn prefix(&self, code: &RegionCode, length: usize) -> Option<&Region> {
        let text = code.as_str().get(..length)?;
        self.places.get(text).map(|place| &self.all[*place])
    }

    fn shown(&self, region: &Region) -> RegionMatch {
        let province = self
            .province_of(&region.code)
            .filter(|of| of.code != region.code);
        RegionMatch {
            code: region.code.clone(),
            name: region.name.clone(),
            level: region.level,
            province: province.map(|of| of.name.clone()),
        }
    }
}

/// The words of a name or of a text, in lower case; what is no letter or digit parts them.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    #[test]
    fn every_region_of_the_tables_is_known_by_its_code() {
        let regions = national();
        assert_eq!(regions.all.len(), 38 + 514);
        let provinces = regions
            .all
            .iter()
            .filter(|region| region.level == Level::Province);
        assert_eq!(provinces.count(), 38);
        assert!(regions.all.iter().all(|region| !region.words.is_empty()));
        assert_eq!(regions.below(&code("32")).count(), 27);
    }

    #[test]
    fn a_code_is_shown_with_its_province_and_a_district_by_its_regency() {
        for (typed, expected) in [
            ("32.73", Some("Kota Bandung, Jawa Barat")),
            ("32.73.01.1001", Some("Kota Bandung, Jawa Barat")),
            ("32", Some("Jawa Barat")),
            ("99.01", None),
        ] {
            assert_eq!(
                national().display_name(&code(typed)).as_deref(),
                expected,
                "{typed}"
            );
        }
    }
}
