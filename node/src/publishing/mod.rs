//! What concerns everyone: development programmes, and for the national desk
//! the editions of taxonomy and calendar.
//!
//! Publishing works without a hub: it is judged by the protocol's rules, stored
//! with its message in one transaction, and shown as pending until it has come
//! back on the public stream. Nothing here is about a case, and nothing is sealed.

mod import;
mod pictures;
mod publish;
mod reading;
mod spread;
pub mod tables;
#[cfg(test)]
mod tests;

use lapor_protocol::ids::{Digest, InstanceId, MessageId};
use lapor_protocol::kinds::calendar_updated::{CalendarUpdated, Holiday, HolidayKind};
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_protocol::kinds::taxonomy_updated::{TaxonomyRoot, TaxonomyUpdated};
use lapor_protocol::kinds::{Body, ProgrammeProgressed, ProgrammePublished};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::Coordinates;

pub use import::Imported;
pub use pictures::OpenedPicture;
pub(crate) use publish::{name_of, offer_again, refresh, withdraw};
pub(crate) use reading::{calendar_in_force, legible_calendar, taxonomy_in_force};

/// A programme as its owner states it; the same slug again replaces the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProgramme {
    /// Unique at its owner: 1 to 60 characters a-z, 0-9, `_`, `-`, `.`.
    pub slug: String,
    pub name: String,
    /// Official region code, for instance `32.73`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    /// Whole rupiah.
    #[serde(default)]
    pub budget_idr: Option<i64>,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub start: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub end: Option<String>,
    pub description: String,
    /// In the order in which they are shown; what is not named is taken away. Left out, the
    /// pictures stay as they are.
    #[serde(default)]
    pub pictures: Option<Vec<NewPicture>>,
    /// Where it is built, in degrees (WGS 84).
    #[serde(default)]
    pub coordinates: Option<Coordinates>,
    /// The latest `programme.published` in the history of the programme, on which this text was
    /// written: if another has come since, nothing is published (`programme_changed`). Left out,
    /// nobody looks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub base: Option<MessageId>,
}

/// A picture of a programme: one that has been uploaded, or one that is there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPicture {
    /// Of an upload: JPEG, PNG or WebP of at most 262,144 bytes.
    #[serde(default)]
    pub upload: Option<String>,
    /// Of a picture that the programme shows.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub sha256: Option<Digest>,
    /// What can be seen, for those who do not see it; 1 to 500 characters.
    pub alt: String,
}

/// How far a programme has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProgress {
    /// 0 to 100.
    pub percent: u8,
    pub status: ProgrammeStatus,
    #[serde(default)]
    pub text: String,
}

/// A whole edition of the categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTaxonomy {
    /// Name of the edition, for instance `2026.2`; never used before.
    pub edition: String,
    pub roots: Vec<NewRoot>,
}

/// A root category with those below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoot {
    pub name: String,
    #[serde(default)]
    pub below: Vec<String>,
}

/// A whole edition of the holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCalendar {
    /// Name of the edition, for instance `2026.2`; never used before.
    pub edition: String,
    pub days: Vec<NewDay>,
}

/// A day on which nobody works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDay {
    /// `YYYY-MM-DD`.
    pub date: String,
    pub name: String,
    pub kind: HolidayKind,
}

/// What publishing answers at once: it is stored and pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Publication {
    #[schema(value_type = String)]
    pub message: MessageId,
    /// For instance `programme.published`.
    pub kind: String,
    #[schema(value_type = String)]
    pub author: InstanceId,
    /// Slug of the programme, or name of the edition.
    pub name: String,
}

/// Where a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Made here and not back on the public stream yet.
    Pending,
    Published,
    /// An own one that the hub did not let through; it has no effect.
    Refused,
}

/// Which programmes to list; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgrammeFilter {
    pub owner: Option<InstanceId>,
    /// A region, with all that lies in it.
    pub region: Option<RegionCode>,
    /// As last told; one of which nothing was told yet is planned.
    pub status: Option<ProgrammeStatus>,
}

/// A programme with its latest progress, own pending messages on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Programme {
    #[schema(value_type = String)]
    pub owner: InstanceId,
    pub published: ProgrammePublished,
    /// Which of its pictures are here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<PictureCopy>,
    pub progress: Option<ProgrammeProgressed>,
    /// Own messages about it that are not back on the public stream yet.
    pub pending: u32,
    /// Unix ms.
    pub updated_at: i64,
}

/// This node's copy of a picture that a programme names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PictureCopy {
    #[schema(value_type = String)]
    pub sha256: Digest,
    pub state: PictureState,
    /// Of one that this node sends, or has sent or fetched: whether the hub has it for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hub: Option<AtHub>,
    /// Why it is refused; of the hub's refusal, its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a picture stands at this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PictureState {
    Here,
    /// It has not arrived yet.
    Awaited,
    /// Pictures of other institutions fill the room that they have here, so it was not fetched.
    NoRoom,
    /// It is not what its message says, and is not shown.
    Refused,
}

/// Whether the hub has a picture for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtHub {
    /// It is still to be sent.
    Waiting,
    /// The hub does not take it; it is offered again.
    Refused,
    There,
}

/// A page of a list; `next` goes into `after` for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgrammeList {
    pub programmes: Vec<Programme>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A programme with everything that was published about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgrammeView {
    #[serde(flatten)]
    pub programme: Programme,
    /// In the order of the public stream, then own ones that have no place on it.
    pub history: Vec<ProgrammeEntry>,
}

/// One message about a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgrammeEntry {
    #[schema(value_type = String)]
    pub message: MessageId,
    /// `programme.published` or `programme.progressed`.
    pub kind: String,
    pub standing: Standing,
    /// Why the hub did not let it through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Unix ms at the hub; while pending, when it was made here.
    pub at: i64,
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// An edition of the taxonomy or of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edition {
    pub edition: String,
    /// Whether it is the one in force.
    pub current: bool,
    pub standing: Standing,
    /// Why the hub did not let it through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Unix ms at the hub; while pending, when it was made here.
    pub at: i64,
}

/// The categories of an edition, and which editions there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaxonomyView {
    /// The edition that was asked for, or the one in force; `None` before the first.
    pub taxonomy: Option<TaxonomyUpdated>,
    /// Oldest first.
    pub editions: Vec<Edition>,
}

/// The holidays of an edition, and which editions there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalendarView {
    /// The edition that was asked for, or the one in force; `None` before the first.
    pub calendar: Option<CalendarUpdated>,
    /// Oldest first.
    pub editions: Vec<Edition>,
}

impl ProgrammeView {
    /// The message whose text counts.
    pub fn latest(&self) -> Option<MessageId> {
        let texts = self.history.iter().rev().filter(|entry| {
            entry.kind == "programme.published" && entry.standing != Standing::Refused
        });
        texts.map(|entry| entry.message).next()
    }
}

impl NewProgress {
    /// The message about the programme with this slug.
    pub fn about(self, slug: String) -> Body {
        Body::ProgrammeProgressed(ProgrammeProgressed {
            slug,
            percent: self.percent,
            status: self.status,
            text: self.text,
        })
    }
}

impl From<NewTaxonomy> for Body {
    fn from(new: NewTaxonomy) -> Self {
        let root = |root: NewRoot| TaxonomyRoot {
            name: root.name,
            below: root.below,
        };
        Self::TaxonomyUpdated(TaxonomyUpdated {
            edition: new.edition,
            roots: new.roots.into_iter().map(root).collect(),
        })
    }
}

impl From<NewCalendar> for Body {
    fn from(new: NewCalendar) -> Self {
        let day = |day: NewDay| Holiday {
            date: day.date,
            name: day.name,
            kind: day.kind,
        };
        Self::CalendarUpdated(CalendarUpdated {
            edition: new.edition,
            days: new.days.into_iter().map(day).collect(),
        })
    }
}
