//! `taxonomy.updated`: an edition of the categories, from the national desk.

use serde::{Deserialize, Serialize};

use super::{BodyError, Limited, checks};
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TaxonomyUpdated {
    /// Name of the edition, for instance `2026.2`.
    pub edition: String,
    pub roots: Vec<TaxonomyRoot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TaxonomyRoot {
    pub name: String,
    #[serde(default)]
    pub below: Vec<String>,
}

impl Limited for TaxonomyUpdated {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        self.within_limits()
    }
}

impl TaxonomyUpdated {
    /// Whether the edition can be published, whoever does it.
    pub fn within_limits(&self) -> Result<(), BodyError> {
        checks::code("edition", &self.edition)?;
        checks::at_most("roots", self.roots.len(), 200)?;
        for root in &self.roots {
            checks::filled("roots.name", &root.name, 80)?;
            checks::at_most("roots.below", root.below.len(), 200)?;
            root.below
                .iter()
                .try_for_each(|name| checks::filled("roots.below", name, 80))?;
        }
        Ok(())
    }
}
