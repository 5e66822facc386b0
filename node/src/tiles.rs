//! Street tiles that the operator supplies as one file: pictures in the squares of Web Mercator
//! (EPSG:3857), an MBTiles file of version 1.3 with PNG, JPEG or WebP in it
//! (<https://github.com/mapbox/mbtiles-spec>). Nothing is fetched from anybody: without a file maps
//! are outlines.

use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use crate::store::tiles as stored;
use crate::store::tiles::TileFile;

/// Pixels of a tile's side, as it is drawn.
pub const SIDE: f64 = 256.0;
/// The nearest that any file goes.
const NEAREST: u8 = 22;
/// Beyond it the projection ends, in degrees.
const END: f64 = 85.051_128;

/// Why a file cannot be used; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TilesError {
    #[error("portal.tiles: there is no file {0}")]
    Missing(PathBuf),
    #[error("portal.tiles: {path} is no MBTiles file: {problem}")]
    Unreadable { path: PathBuf, problem: String },
    #[error(
        "portal.tiles: {path} holds {format:?}, which is not drawn; supply raster tiles as png, jpg or webp"
    )]
    Format { path: PathBuf, format: String },
}

/// A file of tiles.
#[derive(Debug)]
pub struct Tiles {
    file: TileFile,
    pub media_type: &'static str,
    /// The farthest and the nearest zoom that it has, 0 to 22.
    pub zooms: (u8, u8),
    /// Whose map it is, as the file says; must be shown beside it.
    pub attribution: String,
}

/// A square of a zoom, counted from the west and from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square {
    pub zoom: u8,
    pub column: u32,
    pub row: u32,
}

/// A square with its corner, in pixels of the whole world at its zoom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    pub square: Square,
    pub left: f64,
    pub top: f64,
}

impl Tiles {
    /// Opens a file only to read it.
    pub async fn open(path: &Path) -> Result<Self, TilesError> {
        if !path.is_file() {
            return Err(TilesError::Missing(path.to_owned()));
        }
        let unreadable = |problem: String| TilesError::Unreadable {
            path: path.to_owned(),
            problem,
        };
        let file = TileFile::open(path)
            .await
            .map_err(|error| unreadable(error.to_string()))?;
        let told = stored::metadata(&file).await;
        let told = told.map_err(|error| unreadable(error.to_string()))?;
        let said = |name: &str| {
            let found = told.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.trim())
        };
        let format = said("format").unwrap_or_default();
        let media_type = match format {
            "png" => "image/png",
            "jpg" | "jpeg" => "image/jpeg",
            "webp" => "image/webp",
            other => {
                return Err(TilesError::Format {
                    path: path.to_owned(),
                    format: other.to_owned(),
                });
            }
        };
        let zooms = stored::zooms(&file).await;
        let zooms = zooms.map_err(|error| unreadable(error.to_string()))?;
        let (Some(farthest), Some(nearest)) = zooms else {
            return Err(unreadable("there is no tile in it".to_owned()));
        };
        let zoom = |zoom: i64| u8::try_from(zoom).unwrap_or(NEAREST).min(NEAREST);
        Ok(Self {
            media_type,
            zooms: (zoom(farthest), zoom(nearest)),
            attribution: plain(said("attribution").unwrap_or_default()),
            file,
        })
    }

    /// The picture of a square, if the file has it.
    pub async fn tile(&self, square: Square) -> Result<Option<Vec<u8>>, sqlx::Error> {
        match square.counted_from_south() {
            Some(place) => stored::tile(&self.file, place).await,
            None => Ok(None),
        }
    }

    /// Whether the file has the picture of a square.
    pub async fn has(&self, square: Square) -> Result<bool, sqlx::Error> {
        match square.counted_from_south() {
            Some(place) => stored::has(&self.file, place).await,
            None => Ok(false),
        }
    }

    /// The zoom that is nearest to one that is wanted.
    pub fn zoom(&self, wanted: u8) -> u8 {
        wanted.clamp(self.zooms.0, self.zooms.1)
    }
}

impl Square {
    /// Zoom, column and row as such files count, from the south; `None` outside of the world.
    fn counted_from_south(self) -> Option<(u8, u32, u32)> {
        let last = self.last()?;
        Some((self.zoom, self.column, last - self.row))
    }

    /// The last column and row of its zoom; `None` if it lies outside of the world.
    fn last(self) -> Option<u32> {
        let last = 1_u32.checked_shl(self.zoom.into())?.checked_sub(1)?;
        let inside = self.zoom <= NEAREST && self.column <= last && self.row <= last;
        inside.then_some(last)
    }
}

/// Where a place (latitude, longitude in degrees) lies at a zoom, in pixels from the north-west.
pub fn pixel((latitude, longitude): (f64, f64), zoom: u8) -> (f64, f64) {
    let world = SIDE * f64::from(zoom).exp2();
    let sine = latitude.clamp(-END, END).to_radians().sin();
    let north = ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * PI);
    ((longitude + 180.0) / 360.0 * world, (0.5 - north) * world)
}

/// The squares that cover a window of so many pixels, by its corner in the north-west.
pub fn covering((left, top): (f64, f64), (width, height): (f64, f64), zoom: u8) -> Vec<Placed> {
    let count = f64::from(zoom).exp2();
    let range = |from: f64, size: f64| {
        let first = (from / SIDE).floor().max(0.0);
        let last = ((from + size) / SIDE).ceil().min(count);
        first as u32..last.max(first) as u32
    };
    let columns = range(left, width);
    let rows = range(top, height).flat_map(|row| columns.clone().map(move |column| (column, row)));
    let placed = rows.map(|(column, row)| Placed {
        square: Square { zoom, column, row },
        left: f64::from(column) * SIDE,
        top: f64::from(row) * SIDE,
    });
    placed.collect()
}

/// What a text with marks of HTML says, which is how these files name whose they are.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&copy;", "\u{a9}").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file with one tile, of Bandung at zoom 10, in a folder that must stay.
    pub async fn sample(folder: &Path, format: &str) -> PathBuf {
        let path = folder.join(format!("{format}.mbtiles"));
        let attribution = "<a href=\"https://example.id\">&copy;  Peta Contoh</a>";
        let tile = (10, 818, (1 << 10) - 1 - 531, b"a tile".as_slice());
        let metadata = [("format", format), ("attribution", attribution)];
        stored::make(&path, &metadata, &[tile]).await.unwrap();
        path
    }

    #[tokio::test]
    async fn a_tile_is_found_by_its_place_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let tiles = Tiles::open(&sample(folder.path(), "png").await).await;
        let tiles = tiles.unwrap();
        assert_eq!((tiles.media_type, tiles.zooms), ("image/png", (10, 10)));
        assert_eq!(tiles.attribution, "\u{a9} Peta Contoh");
        let at = |zoom, column, row| Square { zoom, column, row };
        let found = tiles.tile(at(10, 818, 531)).await.unwrap();
        assert_eq!(found.as_deref(), Some(b"a tile".as_slice()));
        for missing in [at(10, 818, 532), at(10, 5000, 1), at(40, 1, 1), at(0, 0, 1)] {
            assert_eq!(tiles.tile(missing).await.unwrap(), None, "{missing:?}");
        }
        assert_eq!(
            (tiles.zoom(3), tiles.zoom(10), tiles.zoom(15)),
            (10, 10, 10)
        );
    }

    #[tokio::test]
    async fn what_is_no_file_of_pictures_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("tidak-ada.mbtiles");
        assert!(matches!(
            Tiles::open(&gone).await,
            Err(TilesError::Missing(_))
        ));
        let text = folder.path().join("teks.mbtiles");
        std::fs::write(&text, "bukan peta").unwrap();
        let unreadable = Tiles::open(&text).await;
        assert!(matches!(unreadable, Err(TilesError::Unreadable { .. })));
        let vector = Tiles::open(&sample(folder.path(), "pbf").await).await;
        assert!(matches!(vector, Err(TilesError::Format { .. })));
    }

    #[test]
    fn a_place_lies_in_the_square_that_others_give_it() {
        // Bandung, as every map on the web has it.
        let (x, y) = pixel((-6.9175, 107.6191), 10);
        assert_eq!(((x / SIDE) as u32, (y / SIDE) as u32), (818, 531));
        let around = covering((x - 128.0, y - 128.0), (256.0, 256.0), 10);
        assert_eq!(around.len(), 4);
        assert!(around.iter().any(|placed| placed.square.column == 818));
        // At the edge of the world there is nothing beyond.
        assert_eq!(covering((-10.0, -10.0), (20.0, 20.0), 0).len(), 1);
    }
}
