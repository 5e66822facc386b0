//! The staff of this institution: which roles there are and what each may do,
//! how accounts are wired to the node's database, audit log and keys, and the
//! units in which people work.
//!
//! Whoever opens identities handles no cases: no role does both.

mod units;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapor_migrations::{Db, DbError, Tx};
use lapor_web::accounts::{
    Account, AccountError, AccountId, Accounts, Arrival, Deed, Entered, FactorKey, HashCost,
    Journal, NewAccount, Role, Roles, Rules, Secret, Subject,
};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::error::NodeError;
use crate::node::Node;
use crate::settings::{AccountSettings, Settings};
use crate::sign_on::Vouched;
use crate::store;

pub use units::{Unit, UnitId};

/// The page of the first set-up; its secret follows.
pub const SETUP: &str = "/pasang";
/// The page on which a password is chosen; its secret follows.
pub const PASSWORD: &str = "/sandi";

const MINUTE_MS: i64 = 60_000;

/// What somebody may do at the desk. One role an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

impl fmt::Display for StaffRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The address of a page with the secret that opens it.
pub fn link(settings: &Settings, page: &str, secret: &Secret) -> String {
    link_at(&settings.site(settings.api.listen), page, secret)
}

/// The same on a site that is known already, as [`Settings::site`] gives it.
pub fn link_at(site: &str, page: &str, secret: &Secret) -> String {
    format!("{site}{page}/{}", secret.reveal())
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
        self.unit_is_open(new.unit).await?;
        Ok(self.accounts().create(actor, new).await?)
    }

    /// Logs in whoever the institution's provider vouches for; makes the account
    /// first where a role is set for those who have none.
    pub async fn enter_vouched(
        &self,
        vouched: &Vouched,
        arrival: &Arrival<'_>,
    ) -> Result<Entered, StaffError> {
        let (accounts, login) = (self.accounts(), vouched.login.as_str());
        let subject = Subject {
            issuer: &vouched.issuer,
            subject: &vouched.subject,
        };
        let entered = accounts.sign_in_vouched(login, subject, arrival).await;
        let role = self.sign_on().settings().create_as;
        let (Err(AccountError::Refused), Some(role)) = (&entered, role) else {
            return Ok(entered?);
        };
        let new = NewAccount {
            login,
            name: vouched.name.as_deref().unwrap_or(login),
            role: role.as_str(),
            unit: None,
        };
        match accounts.create("single_sign_on", &new).await {
            Ok(_) => Ok(accounts.sign_in_vouched(login, subject, arrival).await?),
            // There is one, and it is disabled.
            Err(AccountError::LoginTaken) => Err(AccountError::Refused.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes login, name, role and unit of an account.
    pub async fn change_account(
        &self,
        actor: &str,
        id: &AccountId,
        new: &NewAccount<'_>,
    ) -> Result<Account, StaffError> {
        self.unit_is_open(new.unit).await?;
        Ok(self.accounts().change(actor, id, new).await?)
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
