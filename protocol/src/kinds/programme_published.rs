//! `programme.published`: an institution tells the public of a development programme.
//!
//! Programmes are public: their words stand in the clear body, and their
//! pictures are blobs that are not encrypted.

use serde::{Deserialize, Serialize};

use super::report_filed::Coordinates;
use super::{BodyError, Limited, checks};
use crate::ids::Digest;
use crate::limits::{ALT_CHARS, MAX_INTEGER, PICTURE_BYTES, PICTURES, TEXT_CHARS, TITLE_CHARS};
use crate::message::Header;
use crate::region::RegionCode;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProgrammePublished {
    /// Unique at its owner; publishing the same slug again replaces the text.
    pub slug: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub region: Option<RegionCode>,
    /// Whole rupiah.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_idr: Option<i64>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    pub description: String,
    /// In the order in which they are shown. A reader of before knows nothing
    /// of them and reads the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Picture>,
    /// Where it is built. A reader of before knows nothing of them either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
}

/// A picture of a programme: a blob as it is, for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Picture {
    /// SHA-256 of the file.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub sha256: Digest,
    /// Bytes of the file.
    pub size: u64,
    /// One of [`PICTURE_TYPES`], and what the file is by its content.
    pub media_type: String,
    /// What can be seen, for those who do not see it.
    pub alt: String,
}

/// What a picture of a programme may be.
pub const PICTURE_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

impl Limited for ProgrammePublished {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        checks::code("slug", &self.slug)?;
        checks::filled("name", &self.name, TITLE_CHARS)?;
        checks::chars("description", &self.description, TEXT_CHARS)?;
        for (field, date) in [("start", &self.start), ("end", &self.end)] {
            date.as_deref()
                .map_or(Ok(()), |date| checks::date(field, date))?;
        }
        let problem = "a budget is between 0 and 2^53 - 1 rupiah";
        let budget = self
            .budget_idr
            .is_none_or(|rupiah| (0..=MAX_INTEGER).contains(&rupiah));
        if !budget {
            return Err(BodyError::Field {
                field: "budget_idr",
                problem,
            });
        }
        self.coordinates.map_or(Ok(()), Coordinates::check)?;
        check_pictures(&self.pictures)
    }
}

fn check_pictures(pictures: &[Picture]) -> Result<(), BodyError> {
    checks::at_most("pictures", pictures.len(), PICTURES)?;
    for (n, picture) in pictures.iter().enumerate() {
        checks::filled("pictures.alt", &picture.alt, ALT_CHARS)?;
        let wrong = |field, problem| Err(BodyError::Field { field, problem });
        if picture.size == 0 || picture.size > PICTURE_BYTES {
            return wrong("pictures.size", "a picture has 1 to 262,144 bytes");
        }
        if !PICTURE_TYPES.contains(&picture.media_type.as_str()) {
            let problem = "expected image/jpeg, image/png or image/webp";
            return wrong("pictures.media_type", problem);
        }
        if pictures[..n].iter().any(|p| p.sha256 == picture.sha256) {
            return wrong("pictures.sha256", "a picture stands there once");
        }
    }
    Ok(())
}
