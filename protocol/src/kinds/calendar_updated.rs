//! `calendar.updated`: an edition of the holidays, from the national desk.

use serde::{Deserialize, Serialize};

use super::{BodyError, Limited, checks};
use crate::limits::TITLE_CHARS;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalendarUpdated {
    /// Name of the edition, for instance `2026.2`.
    pub edition: String,
    pub days: Vec<Holiday>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Holiday {
    /// `YYYY-MM-DD`.
    pub date: String,
    pub name: String,
    pub kind: HolidayKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HolidayKind {
    /// *Libur nasional*.
    NationalHoliday,
    /// *Cuti bersama*.
    CollectiveLeave,
}

impl Limited for CalendarUpdated {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        self.within_limits()
    }
}

impl CalendarUpdated {
    /// Whether the edition can be published, whoever does it.
    pub fn within_limits(&self) -> Result<(), BodyError> {
        checks::code("edition", &self.edition)?;
        checks::at_most("days", self.days.len(), 1000)?;
        self.days.iter().try_for_each(|day| {
            checks::date("days.date", &day.date)?;
            checks::filled("days.name", &day.name, TITLE_CHARS)
        })
    }
}
