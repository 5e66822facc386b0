//! `report.filed`: a citizen's report becomes a case at the node where it was filed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    BodyError, CaseRules, Category, Classification, Limited, ProgrammeRef, WordsCheck, checks,
};
use crate::case::Effect::{Inapplicable, Unauthorised};
use crate::case::{Act, Case, Course, Moment, Order, Reason, Refusal, State, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::{Digest, InstanceId};
use crate::limits::{EXCLUSIONS, TEXT_CHARS, TITLE_CHARS};
use crate::message::Header;
use crate::region::RegionCode;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReportFiled {
    pub classification: Classification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub category: Option<Category>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub region: Option<RegionCode>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_date: Option<String>,
    /// *Anonim*: the name is hidden from the handling institution and the public.
    #[serde(default)]
    pub anonymous: bool,
    /// *Rahasia*: the whole report is hidden from the public.
    #[serde(default)]
    pub secret: bool,
    /// How it came in: `web`, `sms`, `walk-in`, ...
    pub channel: String,
    /// Institutions that may never become a party.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub excluded: Vec<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub suggested: Option<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<ProgrammeRef>,
    /// Commitment to the content key of the case.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub commitment: Digest,
}

/// What the reporter wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub title: String,
    pub content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// What the reporter was given to ask by; the hub never sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// How far north and east, and as far south and west, there are places, in millionths of a degree.
pub const MOST_NORTH_MICRO: i32 = 90_000_000;
pub const MOST_EAST_MICRO: i32 = 180_000_000;

/// WGS 84, in millionths of a degree, because payloads hold no floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    pub latitude_micro: i64,
    pub longitude_micro: i64,
}

impl Coordinates {
    pub(super) fn check(self) -> Result<(), BodyError> {
        let within = |micro: i64, most: i32| micro.unsigned_abs() <= u64::from(most.unsigned_abs());
        let on_earth = within(self.latitude_micro, MOST_NORTH_MICRO)
            && within(self.longitude_micro, MOST_EAST_MICRO);
        let problem = "latitude is at most 90 degrees, longitude at most 180";
        if on_earth {
            Ok(())
        } else {
            Err(BodyError::Field {
                field: "coordinates",
                problem,
            })
        }
    }
}

impl WordsCheck for Words {
    fn check(&self) -> Result<(), BodyError> {
        checks::filled("title", &self.title, TITLE_CHARS)?;
        checks::filled("content", &self.content, TEXT_CHARS)?;
        checks::chars("place", self.place.as_deref().unwrap_or(""), TITLE_CHARS)?;
        checks::chars("ticket", self.ticket.as_deref().unwrap_or(""), 40)?;
        self.coordinates.map_or(Ok(()), Coordinates::check)
    }
}

impl Limited for ReportFiled {
    fn check(&self, header: &Header) -> Result<(), BodyError> {
        checks::code("channel", &self.channel)?;
        checks::at_most("excluded", self.excluded.len(), EXCLUSIONS)?;
        if let Some(date) = &self.incident_date {
            checks::date("incident_date", date)?;
        }
        if let Some(programme) = &self.programme {
            checks::code("programme.slug", &programme.slug)?;
        }
        if self.excluded.contains(&header.author) {
            let problem = "the institution where the report is filed cannot be excluded from it";
            return Err(BodyError::Field {
                field: "excluded",
                problem,
            });
        }
        Ok(())
    }
}

impl ReportFiled {
    /// Any active instance may file; the hub serves no other.
    pub(crate) fn judge_birth(&self, _: &Header, world: DirectoryAt<'_>) -> Verdict {
        let known = self
            .excluded
            .iter()
            .all(|institution| world.instance(institution).is_some());
        if known {
            Ok(())
        } else {
            Err(Refusal {
                effect: Inapplicable,
                reason: Reason::UnknownInstance,
            })
        }
    }
}

impl CaseRules for ReportFiled {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        // The case exists, so this is a second filing under its id.
        let effect = if act.case.origin == act.header.author {
            Inapplicable
        } else {
            Unauthorised
        };
        Err(Refusal {
            effect,
            reason: Reason::CaseExists,
        })
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, _: &mut Case) {}

    fn born(&self, header: &Header, order: Order, world: DirectoryAt<'_>) -> Option<Case> {
        // An author's clock may say anything; no deadline starts before 1970.
        let filed_at = header.created_at.min(order.ordered_at).max(0);
        Some(Case {
            id: order.case,
            origin: header.author.clone(),
            custodian: header.author.clone(),
            term: header.message_ref(),
            stack: Vec::new(),
            copies: BTreeSet::new(),
            supervisors: BTreeSet::new(),
            excluded: self.excluded.iter().cloned().collect(),
            linked: BTreeMap::new(),
            ever_party: BTreeSet::new(),
            ever_custodian: BTreeSet::from([header.author.clone()]),
            ever_disposer: BTreeSet::new(),
            ever_supervisor: BTreeSet::new(),
            state: State::Received,
            before_hold: None,
            merged: None,
            classification: self.classification,
            oversight: None,
            category: self.category.clone(),
            region: self.region.clone(),
            anonymous: self.anonymous,
            secret: self.secret,
            channel: self.channel.clone(),
            programme: self.programme.clone(),
            on_behalf_of: None,
            commitment: self.commitment,
            follow_up: None,
            close: None,
            parent: None,
            children: Vec::new(),
            supports: 0,
            hops: 0,
            escalated: false,
            redacted: false,
            filed_at,
            course: Course::begun(Moment {
                at: filed_at,
                directory: world.version(),
            }),
            identity_requests: BTreeMap::new(),
        })
    }
}
