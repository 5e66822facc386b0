//! The road map: the government of each province, regency and city, how far it
//! has come, and what is planned next. Read for pages and for programs alike.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use lapor_migrations::{DbError, Tx};
use lapor_protocol::directory::Status;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;
use lapor_web::regions::{self, Region, national};
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::error::HubError;
use crate::ground::Ground;
use crate::levels::{Level, Levels};
use crate::store;
use crate::store::plans::PlanRow;
use crate::store::{code_of, from_code};
use crate::watch::{Instance, Picture};

/// With what the codes of the capital's province begin.
const CAPITAL: &str = "31";

/// One government, whether it is known to the federation or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Place {
    #[schema(value_type = String)]
    pub region: RegionCode,
    /// As the official table has it.
    pub name: String,
    #[schema(value_type = String)]
    pub province: RegionCode,
    pub level: Level,
    /// Unix ms; `None` where it is not known.
    pub since: Option<i64>,
    /// `2027-Q1` or `2027-01-31`.
    pub planned: Option<String>,
    /// The level aimed at by then; `None` where the plan does not say.
    pub planned_level: Option<Level>,
    #[schema(value_type = Option<String>)]
    pub institution: Option<InstanceId>,
}

/// The next step of a government.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// `2027-Q1` or `2027-01-31`.
    pub by: String,
    /// The level aimed at; one of [`Level::AIMS`].
    pub level: Option<Level>,
}

/// How many governments of a province stand at each level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Province {
    #[schema(value_type = String)]
    pub region: RegionCode,
    pub name: String,
    pub levels: BTreeMap<Level, usize>,
}

impl Province {
    /// Its own government and all below it.
    pub fn places(&self) -> usize {
        self.levels.values().sum()
    }

    pub fn at(&self, level: Level) -> usize {
        self.levels.get(&level).copied().unwrap_or(0)
    }

    /// Those that exchange, in time or not.
    pub fn exchanging(&self) -> usize {
        self.at(Level::Exchanging) + self.at(Level::Answering)
    }
}

/// All places by code, each province before those in it.
pub async fn read(tx: &mut Tx, picture: &Picture) -> Result<Vec<Place>, HubError> {
    let levels = Levels::read(tx, picture.at).await?;
    let plans = store::plans::all(tx).await?;
    let plans = plans.into_iter().map(|row| {
        let level = row.level.map(from_code).transpose()?;
        Ok((
            row.region,
            Plan {
                by: row.planned,
                level,
            },
        ))
    });
    let plans = plans.collect::<Result<BTreeMap<String, Plan>, DbError>>()?;
    let governments = governments(picture);
    let place = |region: &Region| {
        let seen = governments.get(&region.code);
        let reached = seen.map(|seen| levels.of(seen));
        let plan = plans.get(region.code.as_str());
        Some(Place {
            province: national().province_of(&region.code)?.code.clone(),
            name: region.name.clone(),
            level: reached.map_or(Level::NotInvited, |reached| reached.level),
            since: reached.and_then(|reached| reached.since),
            planned: plan.map(|plan| plan.by.clone()),
            planned_level: plan.and_then(|plan| plan.level),
            institution: seen.map(|seen| seen.id.clone()),
            region: region.code.clone(),
        })
    };
    let governed = national().all().filter(|region| governs_itself(region));
    let mut places: Vec<Place> = governed.filter_map(place).collect();
    places.sort_by(|a, b| a.region.cmp(&b.region));
    Ok(places)
}

/// Whether a region has a government of its own: the cities and the regency of
/// the capital are administrative, and its province governs them.
fn governs_itself(region: &Region) -> bool {
    let capital = region.code.as_str().starts_with(CAPITAL);
    !capital || region.level == regions::Level::Province
}

/// The sums of each province, in the order of the places.
pub fn provinces(places: &[Place]) -> Vec<Province> {
    let own = places.iter().filter(|place| place.region == place.province);
    own.map(|own| {
        let mut levels = BTreeMap::new();
        for place in places.iter().filter(|place| place.province == own.region) {
            *levels.entry(place.level).or_default() += 1;
        }
        Province {
            region: own.region.clone(),
            name: own.name.clone(),
            levels,
        }
    })
    .collect()
}

/// A quarter or a day as it is kept; `None` if it is neither.
pub fn planned(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let (year, rest) = text.split_once('-')?;
    let year_is_one =
        year.len() == 4 && year.parse().is_ok_and(|year| (2000..2100).contains(&year));
    let quarter = matches!(rest, "Q1" | "Q2" | "Q3" | "Q4");
    let day = text.len() == 10 && text.parse::<NaiveDate>().is_ok();
    (year_is_one && (quarter || day)).then_some(text)
}

/// Notes what is planned for a region, or that nothing is.
pub async fn plan(
    ground: &Ground,
    by: &By<'_>,
    region: &RegionCode,
    planned: Option<Plan>,
) -> Result<(), HubError> {
    let now_ms = ground.clock.now_ms();
    let mut tx = ground.db.write().await?;
    match &planned {
        None => store::plans::forget(&mut tx, region.as_str()).await?,
        Some(plan) => {
            let row = PlanRow {
                region: region.to_string(),
                planned: plan.by.clone(),
                level: plan.level.as_ref().map(code_of),
                noted_at: now_ms,
                noted_by: by.actor.to_owned(),
            };
            store::plans::save(&mut tx, &row).await?;
        }
    }
    let said = match &planned {
        None => "-".to_owned(),
        Some(Plan { by, level: None }) => by.clone(),
        Some(Plan {
            by,
            level: Some(level),
        }) => format!("{by}: {}", level.code()),
    };
    let noted = By {
        reason: &said,
        ..*by
    };
    audit::note(&mut tx, now_ms, &noted, "roadmap.planned", region.as_str()).await?;
    tx.commit().await?;
    Ok(())
}

/// Of each region the institution that governs it: of the kind that its level
/// has, and where there are several, whichever has come furthest.
fn governments(picture: &Picture) -> BTreeMap<RegionCode, &Instance> {
    let mut all: BTreeMap<RegionCode, &Instance> = BTreeMap::new();
    for seen in picture.instances.values() {
        let region = seen.region.as_ref();
        let region = region.and_then(|code| national().region(code));
        let Some(region) = region.filter(|region| kind_of(region.level) == seen.kind) else {
            continue;
        };
        let kept = all.entry(region.code.clone()).or_insert(seen);
        if come(seen) > come(kept) {
            *kept = seen;
        }
    }
    all
}

/// The kind of institution that governs a region of a level.
pub fn kind_of(level: regions::Level) -> InstanceKind {
    match level {
        regions::Level::Province => InstanceKind::Provinsi,
        regions::Level::Regency => InstanceKind::Kabupaten,
        regions::Level::City => InstanceKind::Kota,
    }
}

fn come(seen: &Instance) -> (u8, u64) {
    let status = match seen.status {
        Status::Revoked => 0,
        Status::Registered => 1,
        Status::Invited => 2,
        Status::Suspended => 3,
        Status::Active => 4,
    };
    (status, seen.sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_quarter_or_a_day() {
        for (text, kept) in [
            ("2027-q1", Some("2027-Q1")),
            (" 2027-01-31 ", Some("2027-01-31")),
            ("2027-Q5", None),
            ("2027-02-30", None),
            ("1027-Q1", None),
            ("soon", None),
        ] {
            assert_eq!(planned(text).as_deref(), kept, "{text}");
        }
    }
}
