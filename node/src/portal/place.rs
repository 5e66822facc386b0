//! Where a pair of coordinates lies, as far as the outlines of the provinces tell. They know no
//! regencies: those are asked for, never guessed.

use lapor_protocol::region::RegionCode;
use lapor_web::language::{Voice, text_id};

use crate::regions::{Outline, Point, SCALE, national, outlines};

/// A place on the outlines.
#[derive(Clone, Copy)]
pub struct Spot {
    pub point: Point,
    outline: Option<&'static Outline>,
}

/// Where a place lies, by its degrees.
pub fn spot(latitude: f64, longitude: f64) -> Spot {
    let point = SCALE.point(latitude, longitude);
    Spot {
        point,
        outline: outlines().at(point),
    }
}

impl Spot {
    /// The province, where the outline is that of one alone.
    pub fn province(self) -> Option<RegionCode> {
        match &self.outline?.codes[..] {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// Whether it may lie in a region, as far as the outlines tell.
    pub fn may_lie_in(self, region: &RegionCode) -> bool {
        let outline = outlines().outline_of(region);
        outline.is_none_or(|outline| outline.may_hold(self.point))
    }

    /// The province, or those of which it is one, or that it is none.
    pub fn words(self, v: &Voice) -> String {
        let codes = self.outline.map_or(&[][..], |outline| &outline.codes);
        let names: Vec<String> = codes
            .iter()
            .filter_map(|code| national().display_name(code))
            .collect();
        if names.is_empty() {
            v.say(text_id("place-abroad"))
        } else {
            names.join(" / ")
        }
    }
}
