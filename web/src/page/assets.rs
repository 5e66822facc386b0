//! The files that pages load: style sheet, icons, scripts, compiled in and named
//! by their content, so that a browser keeps one for a year and never an old one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::Site;
use crate::ApiProblem;

pub const ROUTE: &str = "/aset/{name}";
const FOLDER: &str = "/aset/";
pub const SHEET: &str = "lapor.css";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Characters of the hash in a name.
const HASH: usize = 16;

/// The sheet of every page. The dark colours are written once and apply by the
/// device's wish, unless the visitor chose light, or by the visitor's choice.
pub const STYLE: &str = concat!(
    include_str!("../../assets/style/tokens.css"),
    "@media (prefers-color-scheme: dark) { :root:not([data-theme=\"light\"]) {\n",
    include_str!("../../assets/style/dark.tokens"),
    "} }\n:root[data-theme=\"dark\"] {\n",
    include_str!("../../assets/style/dark.tokens"),
    "}\n",
    include_str!("../../assets/style/base.css"),
    include_str!("../../assets/style/shell.css"),
    include_str!("../../assets/style/form.css"),
    include_str!("../../assets/style/kit.css"),
    include_str!("../../assets/style/chart.css"),
    include_str!("../../assets/style/reading.css"),
    include_str!("../../assets/style/portal.css"),
    include_str!("../../assets/style/front.css"),
    include_str!("../../assets/style/desk.css"),
    include_str!("../../assets/style/console.css"),
    include_str!("../../assets/style/docs.css"),
    include_str!("../../assets/style/print.css"),
);

#[derive(RustEmbed)]
#[folder = "assets/shared"]
struct Shared;

struct Asset {
    media_type: String,
    bytes: Vec<u8>,
}

/// Files by the name under which they are served.
#[derive(Default)]
pub struct Shelf {
    files: BTreeMap<String, Asset>,
    /// The served name of a file, by its plain one.
    names: BTreeMap<String, String>,
}

impl Shelf {
    /// What all pages share.
    pub fn shared() -> Self {
        let mut shelf = Self::default();
        shelf.put(SHEET, "text/css; charset=utf-8", STYLE.as_bytes());
        shelf.with::<Shared>()
    }

    /// The same with the files of a program.
    #[must_use]
    pub fn with<Files: RustEmbed>(mut self) -> Self {
        for name in Files::iter() {
            if let Some(file) = Files::get(&name) {
                self.put(&name, file.metadata.mimetype(), &file.data);
            }
        }
        self
    }

    /// The same with a file that the program makes, such as a drawing.
    #[must_use]
    pub fn holding(mut self, name: &str, media_type: &str, bytes: &[u8]) -> Self {
        self.put(name, media_type, bytes);
        self
    }

    /// Where a file is served. A name that nothing on the shelf has is a mistake
    /// in the program: its path leads nowhere, and a test sees the 404.
    pub fn path(&self, name: &str) -> String {
        let served = self.names.get(name).map_or(name, String::as_str);
        format!("{FOLDER}{served}")
    }

    fn put(&mut self, name: &str, media_type: &str, bytes: &[u8]) {
        let hash = &hex::encode(Sha256::digest(bytes))[..HASH];
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let served = format!("{stem}.{hash}.{ending}");
        let asset = Asset {
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
        };
        self.files.insert(served.clone(), asset);
        self.names.insert(name.to_owned(), served);
    }
}

pub async fn asset(Extension(site): Extension<Arc<Site>>, Path(name): Path<String>) -> Response {
    let Some(asset) = site.shelf.files.get(&name) else {
        return ApiProblem::not_found().into_response();
    };
    let headers = [
        (CONTENT_TYPE, asset.media_type.as_str()),
        (CACHE_CONTROL, FOREVER),
    ];
    (headers, asset.bytes.clone()).into_response()
}

/// The mark, to be drawn within a page in its colours.
pub fn logo() -> &'static str {
    include_str!("../../assets/logo.svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_content_in_its_name() {
        let (mut one, mut other) = (Shelf::default(), Shelf::default());
        one.put("a.css", "text/css", b"a {}");
        other.put("a.css", "text/css", b"b {}");
        assert_ne!(one.path("a.css"), other.path("a.css"));
        assert!(one.path("a.css").starts_with("/aset/a."));
        assert_eq!(one.path("b.css"), "/aset/b.css");
    }

    #[test]
    fn a_plain_list_shows_no_marks() {
        let rule = STYLE.split_once("\n.plain-list {").unwrap().1;
        let rule = rule.split_once('}').unwrap().0;
        assert!(rule.contains("list-style: none") && rule.contains("padding: 0"));
    }

    #[test]
    fn the_style_sheet_loads_nothing_from_anywhere() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        assert_eq!(STYLE.matches('{').count(), STYLE.matches('}').count());
    }
}
