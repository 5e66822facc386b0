//! The staff of this institution: which roles there are and what each may do,
//! how accounts are wired to the node's database, audit log and keys, and the
//! units in which people work.
//!
//! Whoever opens identities handles no cases: no role does both.

mod absences;
mod desks;
mod setup;
mod units;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapor_migrations::{Db, DbError, Tx};
use lapor_web::accounts::{
    Account, AccountError, AccountId, Accounts, Deed, FactorKey, HashCost, Journal, NewAccount,
    Role, Roles, Rules, Secret,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Clock;
use crate::error::NodeError;
use crate::node::Node;
use crate::settings::AccountSettings;
use crate::store;

pub use absences::{Absence, Staff};
pub use desks::{DeskError, desk_in};
pub use lapor_web::people::{PASSWORD, SETUP, link_at};
pub use units::{UNIT_NAME_CHARACTERS, Unit, UnitId};

const MINUTE_MS: i64 = 60_000;

/// What somebody may do at the desk. One role an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// *Admin instansi*: all that an officer may, for every unit; accounts, units, settings.
    Admin,
    /// *Pejabat penghubung*: handles the cases of a unit.
    Officer,
    /// *Pimpinan*: reads, and sees the figures.
    Leader,
    /// *Penjaga identitas*: opens identities and answers requests for them.
    IdentityKeeper,
}

/// The roles as the accounts know them.
pub const ROLES: Roles = &[
    Role {
        code: "admin",
        administers: true,
    },
    Role {
        code: "officer",
        administers: false,
    },
    Role {
        code: "leader",
        administers: false,
    },
    Role {
        code: "identity_keeper",
        administers: false,
    },
];

/// A name of a role that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is admin, officer, leader or identity_keeper")]
pub struct StaffRoleError;

impl StaffRole {
    pub const ALL: [Self; 4] = [
        Self::Admin,
        Self::Officer,
        Self::Leader,
        Self::IdentityKeeper,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Officer => "officer",
            Self::Leader => "leader",
            Self::IdentityKeeper => "identity_keeper",
        }
    }

    /// Files reports and acts on cases.
    pub fn handles_cases(self) -> bool {
        matches!(self, Self::Admin | Self::Officer)
    }

    /// Looks after accounts, units and settings, and reads the audit log.
    pub fn administers(self) -> bool {
        self == Self::Admin
    }

    /// Signs answers that somebody else wrote, or gives them back.
    pub fn signs(self) -> bool {
        matches!(self, Self::Admin | Self::Leader)
    }

    /// Opens identities, and answers requests for them.
    pub fn opens_identities(self) -> bool {
        self == Self::IdentityKeeper
    }
}

impl FromStr for StaffRole {
    type Err = StaffRoleError;

    fn from_str(text: &str) -> Result<Self, StaffRoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(StaffRoleError)
    }
}

impl From<StaffRole> for &'static str {
    fn from(role: StaffRole) -> Self {
        role.as_str()
    }
}

impl fmt::Display for StaffRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The address of a page with the secret that opens it.
pub fn link(node: &Node, page: &str, secret: &Secret) -> String {
    link_at(&node.site(), page, secret)
}

/// The node's audit log as the accounts see it.
struct AuditLog;

impl Journal for AuditLog {
    fn note<'a>(&'a self, tx: &'a mut Tx, deed: Deed<'a>) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(store::audit::add(
            tx,
            deed.at,
            deed.actor,
            deed.action,
            None,
            deed.detail,
        ))
    }
}

/// The accounts of a node; `institution` is what authenticator apps show.
pub(crate) fn accounts(
    db: Db,
    clock: Arc<dyn Clock>,
    settings: &AccountSettings,
    key: FactorKey,
    institution: String,
) -> Accounts {
    let rules = Rules {
        roles: ROLES,
        factor_for: settings
            .second_factor
            .iter()
            .map(|role| role.as_str())
            .collect(),
        idle_ms: i64::from(settings.idle_minutes) * MINUTE_MS,
        longest_ms: i64::from(settings.longest_minutes) * MINUTE_MS,
        issuer: institution,
        cost: HashCost {
            memory_kib: settings.hash_memory_kib,
            ..HashCost::STAFF
        },
    };
    Accounts::new(db, clock, Arc::new(AuditLog), key, rules)
}

impl Node {
    /// Makes an account, in a unit that exists; the link lets its owner choose a password.
    pub async fn create_account(
        &self,
        actor: &str,
        new: &NewAccount<'_>,
    ) -> Result<(Account, Secret), StaffError> {
        let mut tx = self.write_tx().await?;
        units::unit_is_open_in(&mut tx, new.unit).await?;
        let made = self.accounts().create_in(&mut tx, actor, new).await?;
        tx.commit().await.map_err(NodeError::from)?;
        Ok(made)
    }

    /// Changes login, name, role and unit of an account.
    pub async fn change_account(
        &self,
        actor: &str,
        id: &AccountId,
        new: &NewAccount<'_>,
    ) -> Result<Account, StaffError> {
        let mut tx = self.write_tx().await?;
        units::unit_is_open_in(&mut tx, new.unit).await?;
        let accounts = self.accounts();
        let changed = accounts.change_in(&mut tx, actor, id, new).await?;
        tx.commit().await.map_err(NodeError::from)?;
        Ok(changed)
    }
}

/// What can go wrong with accounts at a node.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Node(#[from] NodeError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_know_every_role_and_no_role_both_handles_and_opens() {
        let codes: Vec<&str> = ROLES.iter().map(|role| role.code).collect();
        assert_eq!(codes, StaffRole::ALL.map(StaffRole::as_str));
        for (role, known) in StaffRole::ALL.into_iter().zip(ROLES) {
            assert_eq!(known.code.parse(), Ok(role));
            assert_eq!(known.administers, role.administers());
            assert!(!(role.handles_cases() && role.opens_identities()));
        }
        assert_eq!("king".parse::<StaffRole>(), Err(StaffRoleError));
    }
}
