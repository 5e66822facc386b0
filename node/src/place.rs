//! Where a pair of coordinates lies, as far as the outlines of the provinces tell, and whether an
//! answer can be one to where something is. The outlines know no regencies: those are asked for, never
//! guessed.

use lapor_protocol::region::RegionCode;
use lapor_web::language::{Voice, text_id};

use crate::casework::Coordinates;
use crate::regions::{Outline, Point, SCALE, isle, national, outlines};

/// A place on the outlines.
#[derive(Clone)]
pub struct Spot {
    pub point: Point,
    /// The province of an island that the outlines do not have where it belongs.
    isle: Option<RegionCode>,
    outline: Option<&'static Outline>,
}

/// Where a place lies, by its degrees.
pub fn spot(latitude: f64, longitude: f64) -> Spot {
    let point = SCALE.point(latitude, longitude);
    Spot {
        point,
        isle: isle(latitude, longitude),
        outline: outlines().at(point),
    }
}

/// Why an answer is no place. Words always are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    #[error("coordinates are latitude (-90 to 90) and longitude (-180 to 180) in decimal degrees")]
    Coordinates,
    #[error("these coordinates lie outside of Indonesia")]
    Abroad,
    #[error("there is no region of this code")]
    Region,
}

/// Whether an answer can be one to where something is: any words, the code of a region that there is,
/// or coordinates in Indonesia. What is of digits alone and neither looks like a code nor like degrees
/// is as good as words: a house or a postal code.
pub fn check_answer(answer: &str) -> Result<(), NoPlace> {
    if answer.chars().any(char::is_alphabetic) {
        return Ok(());
    }
    let answer = answer.replace('\u{2212}', "-").replace('\u{b0}', " ");
    let answer = answer.trim();
    if answer.contains('.')
        && let Ok(code) = answer.parse::<RegionCode>()
    {
        let is_known = national().regency_of(&code).is_some();
        return if is_known {
            Ok(())
        } else {
            Err(NoPlace::Region)
        };
    }
    let Some(degrees) = degrees_in(answer) else {
        return Ok(());
    };
    let [latitude, longitude] = degrees[..] else {
        return Err(NoPlace::Coordinates);
    };
    if Coordinates::of(latitude, longitude).is_err() {
        return Err(NoPlace::Coordinates);
    }
    let at_home = spot(latitude, longitude).is_in_the_country();
    if at_home {
        Ok(())
    } else {
        Err(NoPlace::Abroad)
    }
}

/// The numbers of what looks like degrees: with a fraction or a sign.
fn degrees_in(answer: &str) -> Option<Vec<f64>> {
    let apart = |c: char| c.is_whitespace() || c == ';' || c == '/';
    let mut parts: Vec<&str> = answer.split(apart).collect();
    if let [both] = parts[..]
        && both.matches(',').count() == 1
        && both.contains('.')
    {
        parts = both.split(',').collect();
    }
    let numbers = parts
        .into_iter()
        .map(|part| part.trim_matches(','))
        .filter(|part| !part.is_empty())
        .map(|part| part.replace(',', "."));
    let numbers: Vec<String> = numbers.collect();
    let marked = |number: &String| number.contains('.') || number.starts_with(['-', '+']);
    if !numbers.iter().any(marked) {
        return None;
    }
    numbers.iter().map(|number| number.parse().ok()).collect()
}

impl Spot {
    /// The province, where the outline is that of one alone.
    pub fn province(&self) -> Option<RegionCode> {
        match self.provinces() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// The province, where it can be told with nobody asked: not at a border, and not at a coast.
    pub fn sure_province(&self) -> Option<RegionCode> {
        let sure = self.isle.is_some() || outlines().surely(self.point).is_some();
        self.province().filter(|_| sure)
    }

    /// Whether it may lie in a region, as far as the outlines tell; they lack many islands.
    pub fn may_lie_in(&self, region: &RegionCode) -> bool {
        let Some(outline) = outlines().outline_of(region) else {
            return true;
        };
        if self.isle.is_some() {
            return self.isle == national().province_of(region).map(|one| one.code.clone());
        }
        let undrawn = outlines().is_undrawn(self.point);
        outline.may_hold(self.point) || undrawn && outline.may_reach(self.point)
    }

    /// Whether it may lie in the country, as far as the outlines tell; they lack many islands.
    pub fn is_in_the_country(&self) -> bool {
        let mut all = outlines().all().iter();
        self.isle.is_some() || all.any(|one| one.may_hold(self.point) || one.may_reach(self.point))
    }

    /// The province, or those of which it is one, or that it is not known.
    pub fn words(&self, v: &Voice) -> String {
        let codes = self.provinces().iter();
        let names: Vec<String> = codes
            .filter_map(|code| national().display_name(code))
            .collect();
        if names.is_empty() {
            v.say(text_id("place-unknown"))
        } else {
            names.join(" / ")
        }
    }

    /// The province, or those of which it is one; none where it is not known.
    pub fn provinces(&self) -> &[RegionCode] {
        match (&self.isle, self.outline) {
            (Some(province), _) => std::slice::from_ref(province),
            (None, Some(outline)) => &outline.codes,
            (None, None) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(latitude: f64, longitude: f64, region: &str) -> bool {
        spot(latitude, longitude).may_lie_in(&region.parse().unwrap())
    }

    #[test]
    fn no_island_is_told_to_lie_in_another_province_than_its_own() {
        for (place, latitude, longitude, regency) in [
            ("Ranai", 3.94, 108.39, "21.03"),
            ("Subi", 3.02, 108.85, "21.03"),
            ("Jemaja", 2.92, 105.75, "21.05"),
            ("Tambelan", 1.0, 107.56, "21.01"),
            ("Sinabang", 2.48, 96.38, "11.09"),
            ("Sabang", 5.89, 95.32, "11.72"),
            ("Enggano", -5.38, 102.25, "17.03"),
            ("Pulau Pramuka", -5.74, 106.61, "31.01"),
            ("Karimunjawa", -5.86, 110.43, "33.20"),
            ("Masalembu", -5.55, 114.43, "35.29"),
            ("Panaitan", -6.6, 105.2, "36.01"),
            ("Maratua", 2.22, 118.6, "64.03"),
            ("Miangas", 5.55, 126.58, "71.04"),
            ("Menui", -3.58, 123.08, "72.06"),
            ("Togean", -0.4, 121.9, "72.09"),
            ("Taka Bonerate", -6.7, 121.1, "73.01"),
            ("Wanci", -5.33, 123.54, "74.07"),
            ("Baubau", -5.47, 122.6, "74.72"),
            ("Raha", -4.83, 122.72, "74.03"),
            ("Langara, Wawonii", -4.03, 123.0, "74.12"),
            ("Banda", -4.53, 129.9, "81.01"),
            ("Kisar", -8.07, 127.18, "81.08"),
            ("Kota Ternate", 0.79, 127.38, "82.71"),
            ("Gebe", -0.1, 129.43, "82.02"),
            ("Mapia", 0.85, 134.3, "91.06"),
        ] {
            assert!(may(latitude, longitude, regency), "{place}");
            let told = spot(latitude, longitude).province();
            let own = told.is_none_or(|code| regency.starts_with(code.as_str()));
            assert!(own, "{place}");
        }
    }

    #[test]
    fn an_answer_is_a_place_by_words_by_a_known_region_or_by_coordinates_in_the_country() {
        for (answer, judged) in [
            ("Depan pasar, RT 03/02", Ok(())),
            ("dekat -6.9 107.6", Ok(())),
            ("40115", Ok(())),
            ("12/5", Ok(())),
            ("17-19", Ok(())),
            ("-6,91 107,61", Ok(())),
            ("-6.9175, 107.6191", Ok(())),
            ("-6.9175,107.6191", Ok(())),
            ("\u{2212}6,9175\u{b0}; 107,6191\u{b0}", Ok(())),
            ("-0.5 113.9", Ok(())),
            ("32.73", Ok(())),
            ("32.73.01", Ok(())),
            ("32.99", Err(NoPlace::Region)),
            ("99.01", Err(NoPlace::Region)),
            ("-6.9175", Err(NoPlace::Coordinates)),
            ("107.6191 -6.9175", Err(NoPlace::Coordinates)),
            ("-6.9 187.6", Err(NoPlace::Coordinates)),
            ("-6.9 107.6 12", Err(NoPlace::Coordinates)),
            ("52.52 13.40", Err(NoPlace::Abroad)),
            ("-35.28, 149.13", Err(NoPlace::Abroad)),
        ] {
            assert_eq!(check_answer(answer), judged, "{answer}");
        }
    }

    #[test]
    fn a_place_far_from_its_region_is_still_found_out() {
        assert!(!may(-6.9175, 107.6191, "91"), "Bandung and Papua");
        assert!(!may(3.94, 108.39, "32.73"), "Ranai and Bandung");
        assert!(!may(-5.55, 114.43, "11.71"), "Masalembu and Banda Aceh");
        assert!(!may(-35.28, 149.13, "32.73"), "Canberra and Bandung");
    }

    #[test]
    fn a_province_is_sure_inland_and_on_known_islands_alone() {
        let sure = |latitude, longitude| {
            let province = spot(latitude, longitude).sure_province();
            province.map(|code| code.as_str().to_owned())
        };
        assert_eq!(sure(-7.2, 107.8).as_deref(), Some("32"), "Garut");
        assert_eq!(sure(3.94, 108.39).as_deref(), Some("21"), "Ranai");
        assert_eq!(sure(-5.1477, 119.4327), None, "Makassar, at the coast");
        assert_eq!(sure(-8.07, 127.18), None, "Kisar, not drawn");
    }
}
