//! Regions that a text names, for a report that does not say where it is.
//!
//! Many names are ordinary words (Batang, Metro, Pati): a name of one word counts only where the
//! text says that a place follows. It finds names and judges nothing.

use super::{Level, Region, Regions, words};

/// Words of a text that are looked at.
const MOST_WORDS: usize = 600;
/// After these a place is named.
const BEFORE_PLACES: [&str; 11] = [
    "di",
    "ke",
    "dari",
    "kabupaten",
    "kota",
    "kab",
    "pemkot",
    "pemkab",
    "provinsi",
    "prov",
    "wilayah",
];

impl Regions {
    /// The regions that a text names, in its order, each once. `Bandung` alone is both the city
    /// and the regency.
    pub fn mentioned(&self, text: &str) -> Vec<&Region> {
        let text: Vec<String> = words(text).into_iter().take(MOST_WORDS).collect();
        let mut found: Vec<&Region> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let longest = self
                .all
                .iter()
                .filter(|region| stands_at(region, &text, at))
                .map(|region| region.words.len())
                .max();
            let Some(length) = longest else {
                at += 1;
                continue;
            };
            for region in self
                .all
                .iter()
                .filter(|region| region.words.len() == length)
            {
                let known = found.iter().any(|other| other.code == region.code);
                if !known && stands_at(region, &text, at) {
                    found.push(region);
                }
            }
            at += length;
        }
        found
    }
}

fn stands_at(region: &Region, text: &[String], at: usize) -> bool {
    if !text[at..].starts_with(&region.words) {
        return false;
    }
    let before = at.checked_sub(1).map(|before| text[before].as_str());
    let level = match before {
        Some("kabupaten" | "kab" | "pemkab") => Some(Level::Regency),
        Some("kota" | "pemkot") => Some(Level::City),
        Some("provinsi" | "prov") => Some(Level::Province),
        _ => None,
    };
    match level {
        Some(level) => region.level == level,
        None => region.words.len() > 1 || before.is_some_and(|word| BEFORE_PLACES.contains(&word)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::national;

    #[test]
    fn a_text_names_regions_where_it_says_that_a_place_follows() {
        for (text, expected) in [
            ("Jalan rusak di Garut sejak Mei", &["32.05"][..]),
            (
                "warga kota bandung dan kab. Bandung Barat",
                &["32.73", "32.17"],
            ),
            ("air mati di bandung", &["32.04", "32.73"]),
            ("sebatang pohon, batang besar", &[]),
            ("trayek Jakarta Timur", &["31.75"]),
            ("", &[]),
        ] {
            let found = national().mentioned(text);
            let codes: Vec<_> = found.iter().map(|region| region.code.as_str()).collect();
            assert_eq!(codes, expected, "{text}");
        }
    }
}
