//! Which map of a part of the country shows a programme: of the province of its region, as long as it
//! may be built there, else of the province in which its coordinates lie. Where several provinces
//! are still one outline and no region tells which it is, all of them show it.

use lapor_protocol::kinds::ProgrammePublished;
use lapor_protocol::region::RegionCode;

use crate::casework::Coordinates;
use crate::place::spot;
use crate::regions::{national, outlines};

/// The map that shows it: the code of a province, the id of an outline, or nothing where it lies in
/// none; `None` for one that does not say where it is built.
pub(super) fn built_in(programme: &ProgrammePublished) -> Option<String> {
    let at = Coordinates::of_message(programme.coordinates?)?;
    let spot = spot(at.latitude(), at.longitude());
    let told = programme
        .region
        .as_ref()
        .filter(|region| spot.may_lie_in(region));
    let told = told.and_then(|region| national().province_of(region));
    Some(match (told, spot.provinces()) {
        (Some(province), _) => province.code.to_string(),
        (None, [only]) => only.to_string(),
        (None, [first, ..]) => outlines()
            .outline_of(first)
            .map(|outline| outline.id.clone())
            .unwrap_or_default(),
        (None, []) => String::new(),
    })
}

/// What the map of a province shows: what is built in it, and what is built in its outline.
pub(super) fn parts_of(province: &RegionCode) -> impl Iterator<Item = &str> {
    let outline = outlines().outline_of(province);
    let outline = outline.map(|outline| outline.id.as_str());
    std::iter::once(province.as_str()).chain(outline)
}
