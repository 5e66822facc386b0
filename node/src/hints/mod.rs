//! Whom a report may concern, and which reports it may repeat: suggestions to an officer or a
//! reporter, each with its reasons.
//!
//! A hint decides nothing and sends nothing. It is the same for the same report, directory and
//! past; it never names an institution that the report excludes; and what it remembers of cases
//! stays in memory, where neither a log nor a database holds their words.

mod adviser;
mod desk;
mod institutions;
mod knowledge;
mod likely;
pub mod measure;
mod neighbours;
mod past;
mod phrases;
mod reading;
mod recollection;
mod units;

use std::collections::BTreeSet;
use std::fmt;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::Coordinates;
use crate::regions;

pub use recollection::Memory;

/// What is known of a report when it is to be routed. Not printable: it holds the report's words.
#[derive(Clone, Default)]
pub struct Matter {
    pub title: String,
    pub content: String,
    pub place: Option<String>,
    pub category: Option<Category>,
    pub region: Option<RegionCode>,
    /// Whom the reporter has in mind.
    pub suggested: Option<InstanceId>,
    /// Who gave the case back, and whom each suggested instead.
    pub returned: Vec<(InstanceId, Option<InstanceId>)>,
    pub excluded: BTreeSet<InstanceId>,
}

/// An institution that a report may concern, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hint {
    #[schema(value_type = String, example = "bumn-pln")]
    pub institution: InstanceId,
    pub name: String,
    /// Whether it has joined and can be given the case.
    pub active: bool,
    /// Whether it is this institution itself.
    pub own: bool,
    /// To compare hints of one report; tenths, without a bound.
    pub score: u32,
    /// The weightiest first.
    pub reasons: Vec<Reason>,
}

/// Why an institution is suggested: a kind and its facts, to be said in any language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = HintReason)]
pub enum Reason {
    /// The report names it.
    Named { words: Vec<String> },
    /// Words of the report are about what it is responsible for.
    Subject { words: Vec<String> },
    /// It is responsible for the category.
    Category { category: String },
    /// It governs the place.
    Place { code: String, region: String },
    /// Similar reports went there.
    Past { cases: u32 },
    /// The reporter has it in mind.
    Reporter,
    /// An institution that gave the case back suggests it.
    Returned {
        #[schema(value_type = String)]
        by: InstanceId,
    },
}

impl fmt::Debug for Reason {
    /// The kind alone: the facts are words of a case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named { .. } => "Named",
            Self::Subject { .. } => "Subject",
            Self::Category { .. } => "Category",
            Self::Place { .. } => "Place",
            Self::Past { .. } => "Past",
            Self::Reporter => "Reporter",
            Self::Returned { .. } => "Returned",
        })
    }
}

/// A unit of this institution that a report may go to, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitHint {
    #[schema(example = "dinas-pu")]
    pub unit: String,
    pub name: String,
    /// To compare hints of one report; tenths, without a bound.
    pub score: u32,
    /// The weightiest first.
    pub reasons: Vec<UnitReason>,
}

/// Why a unit is suggested: from this institution's own past.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UnitReason {
    /// Reports with like words went there.
    Words { cases: u32 },
    /// So many of the reports of the category, or of its root, went there.
    Category {
        category: String,
        cases: u32,
        of: u32,
    },
    /// So many of the reports of the place went there, more than of others.
    Place { region: String, cases: u32, of: u32 },
}

impl fmt::Debug for UnitReason {
    /// The kind alone: the facts are of a case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Words { .. } => "Words",
            Self::Category { .. } => "Category",
            Self::Place { .. } => "Place",
        })
    }
}

/// The hints of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hints {
    /// The likeliest first; empty where nothing speaks for anyone.
    pub hints: Vec<Hint>,
    /// Units of this institution, the likeliest first; left out where its past says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitHint>,
}

/// What people call a region; its code where it has no name.
fn region_name(region: &RegionCode) -> String {
    let name = regions::national().display_name(region);
    name.unwrap_or_else(|| region.to_string())
}

/// A report that is being written, as far as it is. Not printable: it holds its words.
#[derive(Clone, Default)]
pub struct Sketch {
    pub title: String,
    pub content: String,
    pub region: Option<RegionCode>,
    pub coordinates: Option<Coordinates>,
}

/// A case that a report may repeat.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LikelyDuplicate {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub ticket: Option<String>,
    pub title: String,
    pub state: State,
    #[schema(value_type = Option<String>)]
    pub custodian: Option<InstanceId>,
    /// 0 to 100.
    pub likeness: u32,
    /// Metres between the two places, where both have coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<u32>,
    /// Unix ms.
    pub filed_at: i64,
}

impl fmt::Debug for LikelyDuplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LikelyDuplicate({}, {})", self.case, self.likeness)
    }
}

/// What a report may repeat, the likeliest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LikelyDuplicates {
    pub duplicates: Vec<LikelyDuplicate>,
}
