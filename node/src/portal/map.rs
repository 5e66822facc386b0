//! Where public reports come from: the outlines of the provinces with their counts, and below each
//! its regencies and cities.
//!
//! The drawing is one file that a browser keeps; a page only points into it. Whoever does not see
//! it has the same as a list beside it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::region::RegionCode;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::Visit;
use lapor_web::page::chart::{Bar, Bars};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::{Answer, programmes, reports};
use crate::api::problem;
use crate::casework::{Coordinates, PublicFigures};
use crate::node::Node;
use crate::publishing::Programme;
use crate::regions::{self, Outline, SCALE, Scale, outlines};

pub const PATH: &str = "/peta";
pub const ROUTE: &str = "/peta/{region}";
/// The drawing on the shelf.
pub const DRAWING: &str = "peta.svg";
/// Steps from the lightest to the darkest province.
const STEPS: u64 = 4;

#[derive(Deserialize)]
pub struct MapPath {
    region: RegionCode,
}

/// The whole country; each province leads to its own page.
#[derive(Template)]
#[template(path = "portal/map.html")]
struct Country {
    v: Voice,
    drawing_at: String,
    view_box: &'static str,
    shapes: Vec<Shape>,
    provinces: Bars,
    /// Name and page of those without a report.
    others: Vec<(&'static str, String)>,
    all: u64,
    unplaced: u64,
    list_at: &'static str,
    programmes: Vec<Dot>,
    programmes_at: &'static str,
}

/// A programme where it is built.
struct Dot {
    x: String,
    y: String,
    name: String,
    to: String,
}

struct Shape {
    id: &'static str,
    to: String,
    said: String,
    heat: u64,
}

/// A province with its regencies and cities.
#[derive(Template)]
#[template(path = "portal/map-province.html")]
struct Province {
    v: Voice,
    name: String,
    drawing_at: String,
    id: &'static str,
    view_box: String,
    shared: bool,
    regencies: Bars,
    programmes: Vec<Dot>,
    radius: String,
    list_at: String,
    country_at: &'static str,
}

/// The map of a form, on which a place is chosen with a script; nothing without one.
#[derive(Template)]
#[template(path = "portal/map-pick.html")]
pub(super) struct Pick {
    v: Voice,
    drawing_at: String,
    view_box: &'static str,
    ids: Vec<&'static str>,
    scale: Scale,
}

impl Pick {
    pub fn on(visit: &Visit) -> Self {
        Self {
            v: visit.v,
            drawing_at: visit.file(DRAWING),
            view_box: &outlines().view_box,
            ids: outlines().all().iter().map(|o| o.id.as_str()).collect(),
            scale: SCALE,
        }
    }
}

pub async fn country(State(node): State<Arc<Node>>, visit: Visit) -> Answer<Response> {
    let figures = node.public_figures().await.map_err(|e| problem(&e))?;
    let v = visit.v;
    let placed: u64 = figures.by_province.values().sum();
    let page = Country {
        v,
        drawing_at: visit.file(DRAWING),
        view_box: &outlines().view_box,
        shapes: shapes(&v, &figures),
        provinces: provinces(v, &figures),
        others: others(&figures),
        all: figures.all,
        unplaced: figures.all.saturating_sub(placed),
        list_at: reports::PATH,
        programmes: dots(&node, None).await?,
        programmes_at: programmes::PATH,
    };
    let title = v.say("map-title");
    visit.shell(title).listed().wide().show(&page)
}

pub async fn province(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Path(at): Path<MapPath>,
) -> Answer<Response> {
    let province = regions::national().region(&at.region);
    let outline = outlines().outline_of(&at.region);
    let (Some(province), Some(outline)) = (province, outline) else {
        return Err(ApiProblem::not_found());
    };
    if at.region.as_str().len() != 2 {
        return Err(ApiProblem::not_found());
    }
    let figures = node.public_figures().await.map_err(|e| problem(&e))?;
    let v = visit.v;
    let page = Province {
        v,
        name: province.name.clone(),
        drawing_at: visit.file(DRAWING),
        id: &outline.id,
        view_box: outline.view_box(),
        shared: outline.codes.len() > 1,
        regencies: regencies(v, &at.region, &figures),
        programmes: dots(&node, Some(&at.region)).await?,
        radius: format!("{:.2}", outline.breadth() / 70.0),
        list_at: reports::listing("wilayah", at.region.as_str()),
        country_at: PATH,
    };
    let title = v.with("name", &page.name).say("map-of");
    visit.shell(title).listed().show(&page)
}

/// Programmes that say where they are built: in a province, or anywhere.
async fn dots(node: &Node, province: Option<&RegionCode>) -> Answer<Vec<Dot>> {
    let placed = node.placed_programmes(province).await;
    let placed = placed.map_err(|e| problem(&e))?;
    let dot = |programme: Programme| {
        let place = Coordinates::of_message(programme.published.coordinates?)?;
        let (x, y) = SCALE.point(place.latitude(), place.longitude());
        Some(Dot {
            x: format!("{x:.2}"),
            y: format!("{y:.2}"),
            to: programmes::path(&programme.owner, &programme.published.slug),
            name: programme.published.name,
        })
    };
    Ok(placed.into_iter().filter_map(dot).collect())
}

fn shapes(v: &Voice, figures: &PublicFigures) -> Vec<Shape> {
    let count = |outline: &Outline| {
        let codes = outline.codes.iter();
        codes.map(|code| count_of(figures, code)).sum::<u64>()
    };
    let counts = outlines().all().iter().map(count);
    let most = counts.max().unwrap_or(0).max(1);
    let shape = |outline: &'static Outline| {
        let names = outline.codes.iter().filter_map(province_name);
        let names: Vec<&str> = names.collect();
        let count = count(outline);
        Some(Shape {
            id: &outline.id,
            to: format!("{PATH}/{}", outline.codes.first()?),
            said: v
                .with("name", names.join(", "))
                .with("n", count)
                .say("map-shape"),
            heat: (count * STEPS).div_ceil(most),
        })
    };
    outlines().all().iter().filter_map(shape).collect()
}

fn provinces(v: Voice, figures: &PublicFigures) -> Bars {
    let codes = outlines().all().iter().flat_map(|outline| &outline.codes);
    let named = codes
        .filter(|code| count_of(figures, code) > 0)
        .filter_map(|code| Some((province_name(code)?, code)));
    let mut rows: Vec<(&str, &RegionCode)> = named.collect();
    rows.sort_by_key(|(name, code)| (std::cmp::Reverse(count_of(figures, code)), *name));
    let bars = rows
        .into_iter()
        .map(|(name, code)| Bar::new(name, count_of(figures, code)).to(format!("{PATH}/{code}")));
    let headings = (v.say("map-province"), v.say("statistics-reports"));
    Bars::new(v, v.say("map-list"), headings, bars)
}

fn others(figures: &PublicFigures) -> Vec<(&'static str, String)> {
    let codes = outlines().all().iter().flat_map(|outline| &outline.codes);
    let mut others: Vec<(&str, String)> = codes
        .filter(|code| count_of(figures, code) == 0)
        .filter_map(|code| Some((province_name(code)?, format!("{PATH}/{code}"))))
        .collect();
    others.sort_unstable();
    others
}

fn regencies(v: Voice, province: &RegionCode, figures: &PublicFigures) -> Bars {
    let below = regions::national().below(province);
    let mut rows: Vec<(u64, &str, &RegionCode)> = below
        .map(|region| {
            let count = figures.by_regency.get(region.code.as_str());
            let count = count.copied().unwrap_or(0);
            (count, region.name.as_str(), &region.code)
        })
        .collect();
    rows.sort_by_key(|(count, _, code)| (std::cmp::Reverse(*count), *code));
    let bars = rows.into_iter().map(|(count, name, code)| {
        Bar::new(name, count).to(reports::listing("wilayah", code.as_str()))
    });
    let headings = (v.say(text_id("map-regency")), v.say("statistics-reports"));
    Bars::new(v, v.say("map-regencies"), headings, bars)
}

fn province_name(code: &RegionCode) -> Option<&'static str> {
    let region = regions::national().region(code)?;
    Some(&region.name)
}

fn count_of(figures: &PublicFigures, code: &RegionCode) -> u64 {
    let count = figures.by_province.get(code.as_str());
    count.copied().unwrap_or(0)
}
