//! `programme.published`: an institution tells the public of a development programme.
//!
//! Programmes are public: their words stand in the clear body.

use serde::{Deserialize, Serialize};

use super::{BodyError, Limited, checks};
use crate::limits::{MAX_INTEGER, TEXT_CHARS, TITLE_CHARS};
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
}

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
        if budget {
            Ok(())
        } else {
            Err(BodyError::Field {
                field: "budget_idr",
                problem,
            })
        }
    }
}
