//! The provinces, as the map draws them and as they are asked for.

use std::collections::BTreeMap;

use lapor_protocol::region::RegionCode;
use lapor_web::language::Voice;
use lapor_web::regions::{self, Outline, outlines};

use super::{Wanted, size};
use crate::console::words::colour;
use crate::watch::{Instance, Picture, State as Colour};

/// A province on the map.
pub(super) struct Shape {
    pub(super) id: &'static str,
    pub(super) to: String,
    pub(super) colour: &'static str,
    pub(super) chosen: bool,
    pub(super) said: String,
    /// Where its traffic stands on the map, and how large.
    pub(super) centre: (f64, f64),
    pub(super) radius: u8,
}

/// Provinces to choose from, by code.
pub fn provinces() -> Vec<(&'static str, &'static str)> {
    let codes = outlines().all().iter().flat_map(|outline| &outline.codes);
    let mut named: Vec<(&str, &str)> = codes
        .filter_map(|code| {
            Some((
                code.as_str(),
                regions::national().region(code)?.name.as_str(),
            ))
        })
        .collect();
    named.sort_by_key(|(_, name)| *name);
    named
}

/// Provinces that are asked for together, as one that can be chosen: an outline
/// may stand for several.
pub fn several(asked: &str) -> Option<(String, String)> {
    let mut drawn = outlines().all().iter();
    let outline = drawn.find(|outline| outline.codes.len() > 1 && codes(outline) == asked)?;
    Some((asked.to_owned(), name(outline)))
}

/// The codes of an outline as they are asked for.
pub fn codes(outline: &Outline) -> String {
    let codes: Vec<&str> = outline.codes.iter().map(RegionCode::as_str).collect();
    codes.join(",")
}

fn name(outline: &Outline) -> String {
    let codes = outline.codes.iter();
    let regions = codes.filter_map(|code| regions::national().region(code));
    let names: Vec<&str> = regions.map(|region| region.name.as_str()).collect();
    names.join(", ")
}

pub(super) fn province(of: &Instance) -> Option<&str> {
    let code = of.region.as_ref().map(RegionCode::as_str);
    code.and_then(|code| code.split('.').next())
}

/// Each province in the colour of the worst that is in it and asked for; whichever
/// province is asked for, the others can be chosen.
pub(super) fn shapes(v: &Voice, picture: &Picture, wanted: &Wanted) -> Vec<Shape> {
    let mut provinces: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
    let instances = picture.instances.values();
    for of in instances.filter(|of| wanted.is_named(of) && wanted.has_colour(of)) {
        if let Some(province) = province(of) {
            provinces.entry(province).or_default().push(of);
        }
    }
    let all = outlines().all().iter();
    all.map(|outline| shape(v, outline, &provinces, wanted))
        .collect()
}

fn shape(
    v: &Voice,
    outline: &'static Outline,
    provinces: &BTreeMap<&str, Vec<&Instance>>,
    wanted: &Wanted,
) -> Shape {
    let (codes, name) = (codes(outline), name(outline));
    let within: Vec<&Instance> = codes
        .split(',')
        .filter_map(|code| provinces.get(code))
        .flatten()
        .copied()
        .collect();
    let ill = within
        .iter()
        .filter(|of| of.health.state > Colour::Green)
        .count();
    let traffic = within.iter().map(|of| of.traffic).sum::<u64>();
    let worst = within.iter().map(|of| of.health.state).max();
    Shape {
        id: &outline.id,
        to: wanted.with_province(&codes),
        chosen: wanted.provinsi == codes,
        colour: worst.map_or("kosong", colour),
        said: match worst {
            None => v.with("name", name).say("federation-province-empty"),
            Some(_) => v
                .with("name", name)
                .with("n", within.len())
                .with("ill", ill)
                .with("traffic", traffic)
                .say("federation-province"),
        },
        centre: outline.centre(),
        radius: if traffic == 0 {
            0
        } else {
            2 * size(traffic) + 1
        },
    }
}
