//! Silences: of a rule, an institution or a province nobody is told until a
//! moment. The alarm itself is raised and seen all the same, and told when the
//! silence ends while it is still open.

use lapor_migrations::{DbError, Tx};
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

    /// The reverse; `None` for what cannot be silent.
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
        match &self.quiet {
            Quiet::Rule(id) => rule.id == *id,
            Quiet::Instance(slug) => of.is_some_and(|of| of.id.as_str() == slug),
            Quiet::Province(code) => {
                of.and_then(|of| province(of.region.as_ref())) == Some(code.as_str())
            }
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
