//! To which cases a token is bounded: those on the desks of some units and their parts, those of some
//! provinces and regencies, or where both are named those that are both. A token keeps its bounds
//! for as long as it lives.

use std::fmt;

use lapor_migrations::Tx;
use lapor_protocol::region::RegionCode;

use super::ACTOR;
use crate::casework::Sight;
use crate::error::NodeError;
use crate::regions;
use crate::staff::UnitId;
use crate::store;

const UNIT: &str = "unit";
const REGION: &str = "region";
/// Characters of the code of a regency, the smallest part of the country to which a token is bounded.
const REGENCY: usize = 5;

/// Units, and provinces and regencies; a token with neither sees every case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    pub units: Vec<UnitId>,
    pub regions: Vec<RegionCode>,
}

impl Bounds {
    /// Reads ids of units and codes of regions.
    ///
    /// # Errors
    /// [`NodeError::Invalid`] of what is none, or of a region that there is not or that is smaller than
    /// a regency.
    pub fn read<'a>(
        units: impl IntoIterator<Item = &'a str>,
        regions: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, NodeError> {
        let mut units: Vec<UnitId> = units
            .into_iter()
            .map(str::parse::<UnitId>)
            .collect::<Result<_, _>>()?;
        let mut regions: Vec<RegionCode> =
            regions.into_iter().map(region).collect::<Result<_, _>>()?;
        units.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        regions.sort_unstable();
        units.dedup();
        regions.dedup();
        Ok(Self { units, regions })
    }

    pub fn is_none(&self) -> bool {
        self.units.is_empty() && self.regions.is_empty()
    }

    /// What a token with these bounds may see now; parts that a unit gains later are its own as well.
    async fn sight(&self, tx: &mut Tx) -> Result<Sight, NodeError> {
        let mut units = Vec::new();
        for unit in &self.units {
            units.push(unit.to_string());
            units.extend(store::units::parts(tx, unit.as_str()).await?);
        }
        Ok(Sight {
            secrets: true,
            units: (!self.units.is_empty()).then_some(units),
            regions: (!self.regions.is_empty()).then(|| self.regions.clone()),
        })
    }

    /// Stores them with the token that is being made.
    ///
    /// # Errors
    /// [`NodeError::Invalid`] of a unit that there is not, or that has closed.
    pub(super) async fn put(&self, tx: &mut Tx, token: &str) -> Result<(), NodeError> {
        for unit in &self.units {
            let found = store::units::find(tx, unit.as_str()).await?;
            if found.is_none_or(|unit| unit.closed_at.is_some()) {
                let problem = format!("unit: there is no open unit {unit}; add it first");
                return Err(NodeError::Invalid(problem));
            }
            store::token_bounds::add(tx, token, UNIT, unit.as_str()).await?;
        }
        for region in &self.regions {
            store::token_bounds::add(tx, token, REGION, region.as_str()).await?;
        }
        Ok(())
    }

    fn take(&mut self, sort: &str, value: &str) -> Result<(), NodeError> {
        match sort {
            UNIT => self.units.push(store::read(value.parse())?),
            REGION => self.regions.push(store::read(value.parse())?),
            _ => return Err(NodeError::damaged("a token has bounds of an unknown sort")),
        }
        Ok(())
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units.iter().map(UnitId::as_str);
        let all = units.chain(self.regions.iter().map(RegionCode::as_str));
        f.write_str(&all.collect::<Vec<_>>().join(" "))
    }
}

/// The bounds of a token.
pub(super) async fn of(tx: &mut Tx, token: &str) -> Result<Bounds, NodeError> {
    let mut bounds = Bounds::default();
    for (sort, value) in store::token_bounds::of(tx, token).await? {
        bounds.take(&sort, &value)?;
    }
    Ok(bounds)
}

/// What a token may see of the cases.
pub(super) async fn sight_of(tx: &mut Tx, token: &str) -> Result<Sight, NodeError> {
    of(tx, token).await?.sight(tx).await
}

/// The same of whoever did something, as the audit log names them; people see all.
pub(crate) async fn sight_of_actor(tx: &mut Tx, actor: &str) -> Result<Sight, NodeError> {
    match actor.strip_prefix(ACTOR) {
        Some(token) => sight_of(tx, token).await,
        None => Ok(Sight::ALL),
    }
}

fn region(code: &str) -> Result<RegionCode, NodeError> {
    let known = code.trim().parse::<RegionCode>().ok().filter(|code| {
        code.as_str().len() <= REGENCY && regions::national().region(code).is_some()
    });
    known.ok_or_else(|| {
        let typed: String = code.chars().take(30).collect();
        NodeError::Invalid(format!(
            "region: expected the code of a province or regency such as 32 or 32.73, not {typed:?}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_units_and_provinces_and_regencies_each_once() {
        let read = Bounds::read(["dinkes", "dinas-pu", "dinkes"], ["32.73", "31", "32.73"]);
        let read = read.unwrap();
        assert_eq!(read.to_string(), "dinas-pu dinkes 31 32.73");
        assert!(!read.is_none() && Bounds::read([], []).unwrap().is_none());
        for wrong in ["99", "32.73.01", "Bandung", ""] {
            let refused = Bounds::read([], [wrong]).unwrap_err().to_string();
            assert!(refused.contains("region: expected"), "{wrong}: {refused}");
        }
        assert!(Bounds::read(["Dinas PU"], []).is_err());
    }
}
