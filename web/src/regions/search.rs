//! Finding a region by what somebody types: beginnings of words, abbreviations, typing errors.
//!
//! Every typed word must be accounted for by the name, its level or its province; what fits
//! better stands first, and of equals the one with the lower code.

use std::cmp::Reverse;

use lapor_protocol::region::RegionCode;
use strsim::{jaro_winkler, osa_distance};

use super::{Level, Region, RegionMatch, Regions, words};

/// Characters of a query that are looked at.
const LONGEST: usize = 100;
/// Words of a query that are looked at.
const MOST_WORDS: usize = 8;
/// What a word of the province's name is worth, against one of the region's own.
const PROVINCE_WEIGHT: u32 = 40;

impl Regions {
    /// At most `limit` regions, the best first; nothing for an empty query.
    pub fn search(&self, typed: &str, limit: usize) -> Vec<RegionMatch> {
        let typed: String = typed.chars().take(LONGEST).collect();
        if let Some(region) = typed
            .trim()
            .parse()
            .ok()
            .and_then(|code| self.region(&code))
        {
            return vec![self.shown(region)];
        }
        let typed = self.expanded(&typed);
        if typed.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(u32, &Region)> = self
            .all
            .iter()
            .filter_map(|region| Some((fit(region, &typed)?, region)))
            .collect();
        found.sort_by_key(|(score, region)| (Reverse(*score), &region.code));
        found.truncate(limit);
        found
            .into_iter()
            .map(|(_, region)| self.shown(region))
            .collect()
    }

    /// The region that somebody means: one with this code or of this name, or the best for what they
    /// typed. A code of a district stands for itself.
    pub fn meant(&self, typed: &str) -> Option<RegionCode> {
        let code: Option<RegionCode> = typed.trim().parse().ok();
        let known = code.filter(|code| self.province_of(code).is_some());
        let named = |region: &&Region| self.says(typed, &region.code);
        let named = || {
            self.all
                .iter()
                .find(named)
                .map(|region| region.code.clone())
        };
        known.or_else(named).or_else(|| {
            let first = self.search(typed, 1).into_iter().next();
            first.map(|region| region.code)
        })
    }

    /// Regions of the very name that was typed, where there are several and nothing typed says which:
    /// only whoever typed it can choose.
    pub fn namesakes(&self, typed: &str) -> Vec<RegionCode> {
        let words = self.expanded(typed);
        let named = self.all.iter().filter(|region| region.words == words);
        let named: Vec<RegionCode> = named.map(|region| region.code.clone()).collect();
        let clear = named.len() < 2 || named.iter().any(|code| self.says(typed, code));
        if clear { Vec::new() } else { named }
    }

    /// Whether what was typed says this region and leaves nothing to guess: its code, its name with
    /// its level, or that and its province.
    pub fn says(&self, typed: &str, code: &RegionCode) -> bool {
        if typed.trim() == code.as_str() {
            return true;
        }
        let typed = self.expanded(typed);
        let named = self.region(code).map(|region| region.name.clone());
        [named, self.display_name(code)]
            .into_iter()
            .flatten()
            .any(|name| words(&name) == typed)
    }

    /// The one region that what was written says, where it says one and leaves nothing to guess.
    pub fn said(&self, typed: &str) -> Option<RegionCode> {
        let code: Option<RegionCode> = typed.parse().ok();
        if let Some(code) = code.filter(|code| self.province_of(code).is_some()) {
            return Some(code);
        }
        let mut said = self.all().filter(|one| self.says(typed, &one.code));
        let only = said.next().filter(|_| said.next().is_none());
        only.map(|region| region.code.clone())
    }

    /// Nothing of what is longer than any name: every region is compared with it, and whoever sends a
    /// whole text for one would keep a processor busy.
    fn expanded(&self, typed: &str) -> Vec<String> {
        if typed.chars().nth(LONGEST).is_some() {
            return Vec::new();
        }
        let typed = words(typed).into_iter().flat_map(|word| {
            let meant = self.aliases.get(&word).cloned();
            meant.unwrap_or_else(|| vec![word])
        });
        typed.take(MOST_WORDS).collect()
    }
}

/// How well a region fits, in hundredths for each typed word and a share for how much of its own
/// name was typed. `None` if a word is left over.
fn fit(region: &Region, typed: &[String]) -> Option<u32> {
    let joined = fit_joined(region, typed);
    let (mut score, mut named, mut levelled) = (0, 0, false);
    for word in typed {
        let own = best(&region.words, word);
        let level = level_fit(region.level, word);
        let within = best(&region.within, word) * PROVINCE_WEIGHT / 100;
        let worth = own.max(level).max(within);
        if worth == 0 {
            return joined;
        }
        named += u32::from(own == worth);
        levelled |= level > 0;
        score += worth;
    }
    if named == 0 && !levelled {
        // Only the province was named: the province itself is meant.
        return joined;
    }
    let covered = named.min(region.words.len() as u32) * 50 / region.words.len() as u32;
    Some((score / typed.len() as u32 + covered).max(joined.unwrap_or(0)))
}

/// Names are written apart or together: `tanjungpinang`, `pare pare`.
fn fit_joined(region: &Region, typed: &[String]) -> Option<u32> {
    let typed = typed
        .iter()
        .filter(|word| level_fit(region.level, word) == 0);
    let (typed, name) = (
        typed.map(String::as_str).collect::<String>(),
        region.words.concat(),
    );
    let close = typed.len() >= 6 && osa_distance(&typed, &name) <= typed.len() / 8;
    close.then_some(130)
}

fn level_fit(level: Level, word: &str) -> u32 {
    let name = match level {
        Level::Province => "provinsi",
        Level::Regency => "kabupaten",
        Level::City => "kota",
    };
    if name == word { 100 } else { 0 }
}

fn best(names: &[String], word: &str) -> u32 {
    names
        .iter()
        .map(|name| word_fit(name, word))
        .max()
        .unwrap_or(0)
}

/// The word itself, its beginning, or a slip of the fingers.
fn word_fit(name: &str, word: &str) -> u32 {
    if name == word {
        return 100;
    }
    if name.starts_with(word) {
        // The more of the word is typed, the surer.
        return 70 + (word.len() * 20 / name.len()) as u32;
    }
    let errors = match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let close = osa_distance(name, word) <= errors;
    // The beginning of a longer word, with a slip in it.
    let begun = word.len() >= 5 && name.len() > word.len() && jaro_winkler(name, word) >= 0.92;
    if close {
        65
    } else if begun {
        50
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::super::national;
    use super::LONGEST;

    fn first(typed: &str) -> Option<String> {
        let found = national().search(typed, 5);
        found.first().map(|region| region.code.to_string())
    }

    #[test]
    fn a_text_that_is_longer_than_any_name_is_compared_with_none() {
        let city = "32.73".parse().unwrap();
        for (dots, says) in [(LONGEST - "Kota Bandung".len(), true), (LONGEST, false)] {
            let typed = format!("Kota Bandung{}", ".".repeat(dots));
            assert_eq!(national().says(&typed, &city), says);
            assert_eq!(national().meant(&typed), Some(city.clone()));
            assert_eq!(national().said(&typed).is_some(), says);
        }
        assert!(
            national()
                .namesakes(&format!("Bandung{}", ".".repeat(LONGEST)))
                .is_empty()
        );
    }

    #[test]
    fn a_name_that_several_bear_is_asked_back() {
        let names = |typed: &str| -> Vec<String> {
            let all = national().namesakes(typed).into_iter();
            all.map(|code| code.to_string()).collect()
        };
        assert_eq!(names("Bandung"), ["32.04", "32.73"]);
        for typed in [
            "Kota Bandung",
            "Bandung Barat",
            "Garut",
            "32.73",
            "jabar",
            "",
            "zzzz",
        ] {
            assert!(names(typed).is_empty(), "{typed}");
        }
    }

    #[test]
    fn what_people_type_finds_the_region_that_they_mean() {
        for (typed, expected) in [
            ("kota bandung", "32.73"),
            ("kab bandung", "32.04"),
            ("Kab. Bandung Barat", "32.17"),
            ("bandnug barat", "32.17"),
            ("jabar", "32"),
            ("jawa bar", "32"),
            ("jaksel", "31.74"),
            ("surabya", "35.78"),
            ("tanjungpinang", "21.72"),
            ("pare pare", "73.72"),
            ("kota malang jatim", "35.73"),
            ("kab malang", "35.07"),
            ("yogyakarta kota", "34.71"),
            ("rote", "53.14"),
            ("32.73", "32.73"),
            ("garut", "32.05"),
            ("lima puluh kota", "13.07"),
        ] {
            assert_eq!(first(typed).as_deref(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn a_region_is_meant_by_its_code_or_by_its_name() {
        for (typed, expected) in [
            (" 32.73.01 ", Some("32.73.01")),
            ("kota bandung", Some("32.73")),
            ("99.01", None),
            ("", None),
        ] {
            let meant = national().meant(typed).map(|code| code.to_string());
            assert_eq!(meant.as_deref(), expected, "{typed}");
        }
    }

    #[test]
    fn a_name_that_is_typed_in_full_leaves_nothing_to_guess() {
        let regions = national();
        for (typed, code, sure) in [
            ("32.73", "32.73", true),
            ("Kota Bandung", "32.73", true),
            ("kota bandung, jabar", "32.73", true),
            ("bandung", "32.73", false),
            ("Kota Bandng", "32.73", false),
            ("Jawa Barat", "32", true),
        ] {
            assert_eq!(regions.says(typed, &code.parse().unwrap()), sure, "{typed}");
        }
        // Its own name before another that has a word of the province in its name.
        let meant = regions.meant("Kabupaten Bandung, Jawa Barat");
        assert_eq!(meant, "32.04".parse().ok());
    }

    #[test]
    fn what_is_no_region_finds_none_and_a_list_is_never_longer_than_asked() {
        for typed in ["", "   ", "xyzzyq", "kota xyzzyq", "99.99"] {
            assert_eq!(first(typed), None, "{typed}");
        }
        assert_eq!(national().search("kota", 7).len(), 7);
        assert!(national().search(&"bandung ".repeat(10_000), 5).len() <= 5);
    }
}
