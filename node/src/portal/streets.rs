//! Street tiles: the pictures themselves, and the map on which a form's place is moved with a
//! script; without one the place is written as degrees, as it is without a file of tiles.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use lapor_web::language::Voice;
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::Answer;
use crate::node::Node;
use crate::tiles::{SIDE, Square, covering, pixel};

const PATH: &str = "/peta/ubin";
pub const ROUTE: &str = "/peta/ubin/{zoom}/{column}/{row}";
/// The script of the shelf that moves a place.
pub const SCRIPT: &str = "streets.js";
/// A file is replaced a few times a year, and a street of yesterday harms nobody.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=604800");
/// At which a house can be told from its neighbour.
const NEAR: u8 = 16;
/// Pixels of a picture around a place, wide and high.
pub const WINDOW: (f64, f64) = (640.0, 400.0);

#[derive(Deserialize)]
pub struct TilePath {
    zoom: String,
    column: String,
    row: String,
}

impl TilePath {
    /// `None` for what is no place of a tile.
    fn square(&self) -> Option<Square> {
        Some(Square {
            zoom: self.zoom.parse().ok()?,
            column: self.column.parse().ok()?,
            row: self.row.parse().ok()?,
        })
    }
}

/// The map of a form around the place that its fields say.
#[derive(Template)]
#[template(path = "portal/streets.html")]
pub(crate) struct Streets {
    v: Voice,
    at: &'static str,
    zooms: (u8, u8),
    window: (f64, f64),
    attribution: String,
}

/// A tile in a drawing, in pixels of its window.
pub struct Image {
    pub at: String,
    pub x: String,
    pub y: String,
    pub side: f64,
}

impl Streets {
    /// `None` where no tiles are supplied.
    pub fn of(node: &Node, v: Voice) -> Option<Self> {
        let tiles = node.tiles()?;
        Some(Self {
            v,
            at: PATH,
            zooms: tiles.zooms,
            window: WINDOW,
            attribution: tiles.attribution.clone(),
        })
    }
}

/// The tiles that there are of a window around a place (latitude, longitude); none where no tiles
/// are supplied, or none of there.
pub async fn around(node: &Node, place: (f64, f64)) -> Vec<Image> {
    let Some(tiles) = node.tiles() else {
        return Vec::new();
    };
    let zoom = tiles.zoom(NEAR);
    let (x, y) = pixel(place, zoom);
    let (left, top) = (x - WINDOW.0 / 2.0, y - WINDOW.1 / 2.0);
    let mut images = Vec::new();
    for placed in covering((left, top), WINDOW, zoom) {
        let has = tiles.has(placed.square).await.unwrap_or_else(|error| {
            unreadable(&error);
            false
        });
        if has {
            images.push(Image {
                at: path(placed.square),
                x: format!("{:.1}", placed.left - left),
                y: format!("{:.1}", placed.top - top),
                side: SIDE,
            });
        }
    }
    images
}

fn unreadable(error: &sqlx::Error) {
    tracing::error!(%error, "portal.tiles: a tile cannot be read");
}

fn path(Square { zoom, column, row }: Square) -> String {
    format!("{PATH}/{zoom}/{column}/{row}")
}

/// A tile as the file has it.
pub async fn tile(State(node): State<Arc<Node>>, Path(at): Path<TilePath>) -> Answer<Response> {
    let tiles = node.tiles().ok_or_else(ApiProblem::not_found)?;
    let square = at.square().ok_or_else(ApiProblem::not_found)?;
    let found = tiles.tile(square).await.map_err(|error| {
        unreadable(&error);
        ApiProblem::internal()
    })?;
    let bytes = found.ok_or_else(ApiProblem::not_found)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(tiles.media_type)),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
        ),
        (CACHE_CONTROL, KEPT),
    ];
    Ok((headers, bytes).into_response())
}
