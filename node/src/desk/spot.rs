//! Where a report says that it happened, on the outlines of the provinces, and whether that is where
//! its region lies.

use lapor_protocol::region::RegionCode;
use lapor_web::language::Voice;
use lapor_web::page::Visit;

use crate::portal::map;
use crate::portal::place::spot;
use crate::regions::{Outline, national, outlines};

/// The drawing around a place.
pub struct Drawn {
    pub words: String,
    pub drawing_at: String,
    pub view_box: String,
    pub ids: Vec<&'static str>,
    pub x: String,
    pub y: String,
    pub radius: String,
    /// The name of the region, and its page.
    pub region: Option<(String, String)>,
    /// What is said where place and region lie apart.
    pub apart: Option<String>,
}

/// Draws a place (latitude, longitude) in the province of the region, or in its own.
pub fn drawn(
    visit: &Visit,
    (latitude, longitude): (f64, f64),
    region: Option<&RegionCode>,
) -> Drawn {
    let at = spot(latitude, longitude);
    let own = at.province();
    let shown = own.as_ref().or(region);
    let outline = shown.and_then(|code| outlines().outline_of(code));
    let (x, y) = at.point;
    Drawn {
        words: format!("{latitude:.5}, {longitude:.5}"),
        drawing_at: visit.file(map::DRAWING),
        view_box: outline.map_or_else(|| outlines().view_box.clone(), Outline::view_box),
        ids: outlines().all().iter().map(|o| o.id.as_str()).collect(),
        x: format!("{x:.2}"),
        y: format!("{y:.2}"),
        radius: outline.map_or("4", |_| "0.9").to_owned(),
        region: shown.and_then(page),
        apart: region
            .filter(|code| !at.may_lie_in(code))
            .map(|code| apart(&visit.v, code, &at.words(&visit.v))),
    }
}

/// The page of the province in which a region lies.
fn page(code: &RegionCode) -> Option<(String, String)> {
    let province = national().province_of(code)?;
    Some((
        province.name.clone(),
        format!("{}/{}", map::PATH, province.code),
    ))
}

fn apart(v: &Voice, code: &RegionCode, place: &str) -> String {
    let region = national().display_name(code).unwrap_or_default();
    v.with("region", region)
        .with("place", place)
        .say("case-place-apart")
}
