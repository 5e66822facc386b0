//! The outlines of the provinces (`data/map`), as a drawing that pages point into, and how its
//! units lie on the earth.
//!
//! They are outlines for choosing and showing, and no survey: a point of the drawing is right
//! within about ten kilometres.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use lapor_protocol::region::RegionCode;
use serde::Deserialize;

const DATA: &str = include_str!("../../data/map/provinces.json");

static OUTLINES: LazyLock<Outlines> = LazyLock::new(|| {
    let file: File = serde_json::from_str(DATA).expect("the shipped outlines are read by a test");
    Outlines::of(file)
});

#[derive(Deserialize)]
struct File {
    #[serde(rename = "viewBox")]
    view_box: String,
    provinces: Vec<Drawn>,
}

#[derive(Deserialize)]
struct Drawn {
    id: String,
    codes: Vec<RegionCode>,
    d: String,
}

/// One outline: a province, or those that were one when it was drawn.
pub struct Outline {
    /// Its id in the drawing, such as `id-jb`.
    pub id: String,
    pub codes: Vec<RegionCode>,
    path: String,
    rings: Vec<Vec<Point>>,
    bounds: Bounds,
}

/// A point of the drawing: from its left, from its top.
pub type Point = (f64, f64);

/// Units of the drawing by which an outline may be wrong, some thirteen kilometres: at a coast a
/// point lies outside of what is drawn.
const NEAR: f64 = 2.0;

/// Units of the drawing within which an island that is not drawn may belong to a province, some two
/// hundred and fifty kilometres.
const FAR: f64 = 40.0;

/// The part of the drawing that holds something, in its units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// How the drawing lies on the earth (WGS 84, degrees): `west + x * east_per_unit`,
/// `north - y * south_per_unit`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub west: f64,
    pub east_per_unit: f64,
    pub north: f64,
    pub south_per_unit: f64,
}

/// Fitted to the extremes of twelve provinces: right within 0.07 degrees of longitude and 0.1 of
/// latitude.
pub const SCALE: Scale = Scale {
    west: 95.1494,
    east_per_unit: 0.057_936,
    north: 7.5096,
    south_per_unit: 0.058_598,
};

/// The whole drawing.
pub struct Outlines {
    pub view_box: String,
    all: Vec<Outline>,
    by_code: BTreeMap<String, usize>,
}

/// The outlines that the program ships.
pub fn outlines() -> &'static Outlines {
    &OUTLINES
}

impl Outlines {
    fn of(file: File) -> Self {
        let all: Vec<Outline> = file
            .provinces
            .into_iter()
            .map(|drawn| {
                let rings = rings(&drawn.d);
                Outline {
                    bounds: Bounds::of(&rings),
                    id: drawn.id,
                    codes: drawn.codes,
                    path: drawn.d,
                    rings,
                }
            })
            .collect();
        let places = all.iter().enumerate();
        let codes = places.flat_map(|(place, outline)| {
            let codes = outline.codes.iter();
            codes.map(move |code| (code.to_string(), place))
        });
        Self {
            view_box: file.view_box,
            by_code: codes.collect(),
            all,
        }
    }

    /// From west to east, as they were drawn.
    pub fn all(&self) -> &[Outline] {
        &self.all
    }

    /// The outline in which a region lies.
    pub fn outline_of(&self, code: &RegionCode) -> Option<&Outline> {
        let province = code.as_str().get(..2)?;
        self.by_code.get(province).map(|place| &self.all[*place])
    }

    /// The outline in which a point lies, or the nearest to it; `None` far out at sea and abroad.
    pub fn at(&self, point: Point) -> Option<&Outline> {
        let inside = self.all.iter().find(|outline| outline.encloses(point));
        inside.or_else(|| {
            let far = |outline: &Outline| outline.distance(point);
            let nearest = self.all.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
            nearest.filter(|outline| far(outline) <= NEAR)
        })
    }

    /// The outline in which a point lies so well that it is no matter of how it was drawn.
    pub fn surely(&self, point: Point) -> Option<&Outline> {
        let mut all = self.all.iter();
        all.find(|outline| outline.encloses(point) && outline.distance(point) > NEAR)
    }

    /// Whether a point lies in no outline: at sea, abroad, or on an island that is not drawn.
    pub fn is_undrawn(&self, point: Point) -> bool {
        self.all.iter().all(|outline| !outline.encloses(point))
    }

    /// A file of the outlines by their ids, for `<use href="FILE#id-jb">`.
    pub fn drawing(&self) -> String {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{}\">\n\
             <!-- MapSVG, mapsvg.com/maps/indonesia, CC BY 4.0 -->\n",
            self.view_box
        );
        for outline in &self.all {
            text.extend([
                "<path id=\"",
                &outline.id,
                "\" d=\"",
                &outline.path,
                "\"/>\n",
            ]);
        }
        text.push_str("</svg>\n");
        text
    }
}

impl Scale {
    /// Where in the drawing a place on earth lies, in degrees.
    pub fn point(self, latitude: f64, longitude: f64) -> Point {
        (
            (longitude - self.west) / self.east_per_unit,
            (self.north - latitude) / self.south_per_unit,
        )
    }
}

impl Outline {
    /// The middle of what it takes, in units of the drawing.
    pub fn centre(&self) -> (f64, f64) {
        let Bounds {
            left,
            top,
            right,
            bottom,
        } = self.bounds;
        (f64::midpoint(left, right), f64::midpoint(top, bottom))
    }

    /// How wide and how high it is, whichever is more, in units of the drawing.
    pub fn breadth(&self) -> f64 {
        let Bounds {
            left,
            top,
            right,
            bottom,
        } = self.bounds;
        (right - left).max(bottom - top)
    }

    /// Whether a point may lie in it, as far as the drawing can tell.
    pub fn may_hold(&self, point: Point) -> bool {
        self.encloses(point) || self.distance(point) <= NEAR
    }

    /// Whether a point that is in no outline may be one of its islands.
    pub fn may_reach(&self, point: Point) -> bool {
        self.distance(point) <= FAR
    }

    /// By how often a line from the point to the right crosses its edges.
    fn encloses(&self, (x, y): Point) -> bool {
        let crossed = self.edges().filter(|((ax, ay), (bx, by))| {
            (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
        });
        crossed.count() % 2 == 1
    }

    /// Units to its nearest edge.
    fn distance(&self, (x, y): Point) -> f64 {
        let to = |((ax, ay), (bx, by)): (Point, Point)| {
            let (east, south) = (bx - ax, by - ay);
            let length = (east * east + south * south).max(f64::EPSILON);
            let along = (((x - ax) * east + (y - ay) * south) / length).clamp(0.0, 1.0);
            (x - ax - along * east).hypot(y - ay - along * south)
        };
        self.edges().map(to).fold(f64::INFINITY, f64::min)
    }

    fn edges(&self) -> impl Iterator<Item = (Point, Point)> {
        self.rings.iter().flat_map(|ring| {
            let next = ring.iter().cycle().skip(1);
            ring.iter().copied().zip(next.copied())
        })
    }

    /// A view box that shows it with a margin, at least as wide as it is high.
    pub fn view_box(&self) -> String {
        let Bounds {
            left,
            top,
            right,
            bottom,
        } = self.bounds;
        let margin = ((right - left).max(bottom - top) * 0.06).max(1.0);
        format!(
            "{:.1} {:.1} {:.1} {:.1}",
            left - margin,
            top - margin,
            right - left + 2.0 * margin,
            bottom - top + 2.0 * margin,
        )
    }
}

impl Bounds {
    fn of(rings: &[Vec<Point>]) -> Self {
        let mut bounds = Self {
            left: f64::INFINITY,
            top: f64::INFINITY,
            right: f64::NEG_INFINITY,
            bottom: f64::NEG_INFINITY,
        };
        for (x, y) in rings.iter().flatten() {
            bounds.left = bounds.left.min(*x);
            bounds.right = bounds.right.max(*x);
            bounds.top = bounds.top.min(*y);
            bounds.bottom = bounds.bottom.max(*y);
        }
        bounds
    }
}

/// The closed lines of a path of relative moves and lines, which is all that the outlines have.
fn rings(path: &str) -> Vec<Vec<Point>> {
    let mut rings: Vec<Vec<Point>> = Vec::new();
    let (mut at, mut moved) = ((0.0, 0.0), false);
    for word in path.split_ascii_whitespace() {
        match word {
            "m" => moved = true,
            "z" => at = rings.last().map_or(at, |ring| ring[0]),
            pair => {
                let Some((x, y)) = pair.split_once(',') else {
                    continue;
                };
                let step = |text: &str| text.parse::<f64>().unwrap_or_default();
                at = (at.0 + step(x), at.1 + step(y));
                match rings.last_mut() {
                    Some(ring) if !moved => ring.push(at),
                    _ => rings.push(vec![at]),
                }
                moved = false;
            }
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::super::{Level, national};
    use super::*;

    #[test]
    fn every_province_lies_in_one_outline() {
        let provinces = national().all.iter();
        let provinces = provinces.filter(|region| region.level == Level::Province);
        for province in provinces {
            let outline = outlines().outline_of(&province.code);
            assert!(outline.is_some(), "{}", province.name);
        }
        assert_eq!(outlines().all().len(), 34);
        let named: usize = outlines().all().iter().map(|o| o.codes.len()).sum();
        assert_eq!(named, 38);
    }

    #[test]
    fn an_outline_is_shown_within_the_drawing() {
        let bali = outlines().outline_of(&"51.03".parse().unwrap()).unwrap();
        assert_eq!(bali.id, "id-ba");
        let Bounds {
            left,
            top,
            right,
            bottom,
        } = bali.bounds;
        assert!((332.0..333.0).contains(&left) && (354.0..355.0).contains(&right));
        assert!((265.0..267.0).contains(&top) && (279.0..281.0).contains(&bottom));
    }

    #[test]
    fn the_scale_puts_provinces_where_they_are() {
        // Easternmost and southernmost degrees of some provinces.
        for (code, east, south) in [
            ("51", 115.71, -8.85),
            ("34", 110.84, -8.20),
            ("75", 123.54, 0.30),
            ("94", 141.02, -9.12),
            ("53", 125.19, -11.0),
        ] {
            let outline = outlines().outline_of(&code.parse().unwrap()).unwrap();
            let found_east = SCALE.west + outline.bounds.right * SCALE.east_per_unit;
            let found_south = SCALE.north - outline.bounds.bottom * SCALE.south_per_unit;
            assert!((found_east - east).abs() < 0.1, "{code}: {found_east}");
            assert!((found_south - south).abs() < 0.1, "{code}: {found_south}");
        }
    }

    #[test]
    fn a_place_lies_in_its_province_and_none_abroad() {
        for (place, latitude, longitude, expected) in [
            ("Bandung", -6.9175, 107.6191, Some("32")),
            ("Jakarta", -6.2, 106.82, Some("31")),
            ("Surabaya", -7.2575, 112.7521, Some("35")),
            ("Makassar, at the coast", -5.1477, 119.4327, Some("73")),
            ("Denpasar", -8.65, 115.2167, Some("51")),
            ("Medan", 3.5952, 98.6722, Some("12")),
            ("Jayapura", -2.5916, 140.669, Some("91")),
            ("Canberra", -35.28, 149.13, None),
            ("the Indian Ocean", -10.5, 100.0, None),
        ] {
            let found = outlines().at(SCALE.point(latitude, longitude));
            let code = |code: &str| outlines().outline_of(&code.parse().unwrap()).unwrap();
            let expected = expected.map(|text| code(text).id.as_str());
            assert_eq!(
                found.map(|outline| outline.id.as_str()),
                expected,
                "{place}"
            );
        }
        let bandung = SCALE.point(-6.9175, 107.6191);
        let may = |code: &str| {
            let outline = outlines().outline_of(&code.parse().unwrap());
            outline.unwrap().may_hold(bandung)
        };
        assert!(may("32.73") && !may("91"));
    }

    #[test]
    fn the_drawing_loads_nothing_and_names_where_it_comes_from() {
        let drawing = outlines().drawing();
        assert!(drawing.contains("CC BY 4.0") && !drawing.contains("<script"));
        assert!(!drawing.contains("href") && !drawing.contains("style="));
    }
}
