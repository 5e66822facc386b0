//! Silences: of a rule, an institution or a province nobody is told until a
//! moment. The alarm itself is raised and seen all the same, and told when the
//! silence ends while it is still open.

use lapor_migrations::{DbError, Tx};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::{Rule, province};
use crate::store;
use crate::store::alarms::silences::SilenceRow;
use crate::watch::Instance;

/// What is silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "scope", content = "to", rename_all = "lowercase")]
pub enum Quiet {
    /// By its id.
    Rule(String),
    /// By its slug.
    Instance(String),
    /// The first two digits of a region's code.
    Province(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Silence {
    pub id: String,
    #[serde(flatten)]
    pub quiet: Quiet,
    pub reason: String,
    /// As in the audit log.
    pub made_by: String,
    /// Unix ms.
    pub made_at: i64,
    /// Unix ms.
    pub until_at: i64,
}

impl Quiet {
    /// Its two columns.
    pub fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Rule(id) => ("rule", id),
            Self::Instance(slug) => ("instance", slug),
            Self::Province(code) => ("province", code),
        }
    }

    /// The institution that is silent, by its slug.
    pub fn instance(&self) -> Option<&str> {
        match self {
            Self::Instance(slug) => Some(slug),
            Self::Rule(_) | Self::Province(_) => None,
        }
    }

    /// The reverse of [`Quiet::columns`]; `None` for what cannot be silent.
    pub fn of(scope: &str, to: &str) -> Option<Self> {
        let to = Some(to.to_owned()).filter(|to| !to.is_empty())?;
        match scope {
            "rule" => Some(Self::Rule(to)),
            "instance" => Some(Self::Instance(to)),
            "province" => Some(Self::Province(to)),
            _ => None,
        }
    }
}

impl Silence {
    pub fn covers(&self, rule: &Rule, of: Option<&Instance>) -> bool {
        let slug = of.map_or("", |of| of.id.as_str());
        self.is_about(&rule.id, slug, of.and_then(|of| of.region.as_ref()))
    }

    /// Whether it is about what a rule (by its id) has found of an institution (by
    /// its slug, empty for the hub itself).
    pub fn is_about(&self, rule: &str, subject: &str, region: Option<&RegionCode>) -> bool {
        match &self.quiet {
            Quiet::Rule(id) => rule == id,
            Quiet::Instance(slug) => subject == slug,
            Quiet::Province(code) => province(region) == Some(code.as_str()),
        }
    }
}

/// Those in force at a moment, the first to end first.
pub async fn in_force(tx: &mut Tx, now: i64) -> Result<Vec<Silence>, DbError> {
    let rows = store::alarms::silences::in_force(tx, now).await?;
    let silence = |row: SilenceRow| {
        let quiet = Quiet::of(&row.scope, &row.scoped_to);
        Ok(Silence {
            quiet: quiet.ok_or_else(|| DbError::Corrupt("a silence is of nothing".into()))?,
            id: row.id,
            reason: row.reason,
            made_by: row.made_by,
            made_at: row.made_at,
            until_at: row.until_at,
        })
    };
    rows.into_iter().map(silence).collect()
}
