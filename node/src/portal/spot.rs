//! Where a report says that it happened or a programme that it is built, on the outlines of the
//! provinces, and whether that is where its region lies.

use askama::Template;
use lapor_protocol::region::RegionCode;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Visit;

use super::map;
use super::streets::{self, Image, WINDOW};
use crate::casework::Coordinates;
use crate::node::Node;
use crate::place::spot;
use crate::regions::{Outline, national, outlines};

/// The drawing around a place: of its streets where there are tiles of them, else of the outlines.
#[derive(Template)]
#[template(path = "portal/spot.html")]
pub struct Drawn {
    label: String,
    pub words: String,
    view_box: String,
    images: Vec<Image>,
    drawing_at: String,
    ids: Vec<&'static str>,
    x: String,
    y: String,
    radius: String,
    source: String,
    /// The name of the region, and its page.
    pub region: Option<(String, String)>,
    /// What is said where place and region lie apart.
    pub apart: Option<String>,
}

/// Draws a place, called `label`, in the province of the region, or in its own.
pub async fn drawn(
    node: &Node,
    visit: &Visit,
    label: TextId,
    place: Coordinates,
    region: Option<&RegionCode>,
) -> Drawn {
    let v = visit.v;
    let (latitude, longitude) = (place.latitude(), place.longitude());
    let at = spot(latitude, longitude);
    let own = at.province();
    let shown = own.as_ref().or(region);
    let outline = shown.and_then(|code| outlines().outline_of(code));
    let (x, y) = at.point;
    let mut drawn = Drawn {
        label: v.say(label),
        words: format!("{latitude:.5}, {longitude:.5}"),
        images: Vec::new(),
        drawing_at: visit.file(map::DRAWING),
        view_box: outline.map_or_else(|| outlines().view_box.clone(), Outline::view_box),
        ids: outlines().all().iter().map(|o| o.id.as_str()).collect(),
        x: format!("{x:.2}"),
        y: format!("{y:.2}"),
        radius: outline.map_or("4", |_| "0.9").to_owned(),
        source: v.say(text_id("map-source")),
        region: shown.and_then(page),
        apart: region
            .filter(|code| !at.may_lie_in(code))
            .map(|code| apart(&v, code, &at.words(&v))),
    };
    let images = streets::around(node, (latitude, longitude)).await;
    if let (Some(tiles), false) = (node.tiles(), images.is_empty()) {
        let (width, height) = WINDOW;
        drawn.images = images;
        drawn.ids.clear();
        drawn.view_box = format!("0 0 {width} {height}");
        (drawn.x, drawn.y) = ((width / 2.0).to_string(), (height / 2.0).to_string());
        "9".clone_into(&mut drawn.radius);
        drawn.source.clone_from(&tiles.attribution);
    }
    drawn
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
