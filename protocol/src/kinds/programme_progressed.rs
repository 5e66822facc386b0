//! `programme.progressed`: how far a published programme has come.

use serde::{Deserialize, Serialize};

use super::{BodyError, Limited, checks};
use crate::limits::TEXT_CHARS;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProgrammeProgressed {
    pub slug: String,
    /// 0 to 100.
    pub percent: u8,
    pub status: ProgrammeStatus,
    #[serde(default)]
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProgrammeStatus {
    Planned,
    Running,
    Late,
    Suspended,
    Done,
    Cancelled,
}

impl Limited for ProgrammeProgressed {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        checks::code("slug", &self.slug)?;
        checks::chars("text", &self.text, TEXT_CHARS)?;
        checks::at_most("percent", usize::from(self.percent), 100)
    }
}
