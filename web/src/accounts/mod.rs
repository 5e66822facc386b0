//! Accounts of the staff, for both programs: who may log in, with what, for how
//! long, and what the audit log says of it. Roles, the audit log and the units
//! come from the program; pages stand elsewhere and know no rule.
//!
//! An answer never tells whether an account exists, and nothing that opens
//! something is stored or printed: passwords as Argon2id, tokens and codes as
//! hashes, secrets of second factors sealed with a key from outside the database.

mod account;
mod administer;
pub mod cookie;
mod error;
mod factor;
mod hashing;
mod journal;
mod links;
mod password;
mod roles;
mod secret;
mod sessions;
mod sign_in;
mod signed_in;
mod store;
#[cfg(test)]
mod tests;
mod unnoted;
mod vault;

use std::sync::Arc;

use lapor_migrations::{Db, DbError, Tx};

use crate::clock::Clock;
use crate::throttle::Throttle;
use hashing::Hashing;
use roles::listed;
use store::accounts::AccountRow;
use unnoted::Unnoted;

pub use account::{Account, AccountId, AccountState, Login, NAME_CHARACTERS};
pub use administer::NewAccount;
pub use error::{AccountError, Weakness};
pub use factor::{FactorOffer, RecoveryCode};
pub use hashing::{HashCost, memory_kib};
pub use journal::{Deed, Journal};
pub use links::{FirstLink, Link, Purpose};
pub use password::{Password, SHORTEST as SHORTEST_PASSWORD};
pub use roles::{Role, Roles};
pub use secret::Secret;
pub use sessions::{Arrival, Opened, Session, SessionEntry};
pub use sign_in::{Entered, Subject};
pub use signed_in::{Doors, SignedIn, Staffed};
pub use vault::FactorKey;

/// Nobody is logged in any more, and no link or recovery code opens anything: a database that was restored
/// knows nothing of those that were ended or used since.
pub async fn end_all(tx: &mut Tx) -> Result<(), DbError> {
    store::end_all(tx).await
}

/// What the program decides about its accounts.
#[derive(Debug, Clone)]
pub struct Rules {
    pub roles: Roles,
    /// Codes of the roles that must have a second factor.
    pub factor_for: Vec<&'static str>,
    /// A session ends when it has not been used for this long, in ms.
    pub idle_ms: i64,
    /// A session ends this long after it began, in ms, however it is used.
    pub longest_ms: i64,
    /// Stands in authenticator apps beside the login; part of no password.
    pub issuer: String,
    pub cost: HashCost,
}

/// All accounts of a program.
pub struct Accounts {
    db: Db,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    rules: Rules,
    vault: FactorKey,
    hashing: Hashing,
    throttle: Throttle,
    unnoted: Unnoted,
}

impl Accounts {
    /// Accounts in a migrated database. `vault` seals second factors and is kept outside of it.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
        vault: FactorKey,
        rules: Rules,
    ) -> Self {
        Self {
            db,
            clock,
            journal,
            hashing: Hashing::new(rules.cost),
            rules,
            vault,
            throttle: Throttle::default(),
            unnoted: Unnoted::default(),
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Removes sessions and links that have ended by themselves, and says how many; notes the refusals
    /// that were only counted.
    pub async fn sweep(&self) -> Result<u64, AccountError> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let sessions = store::sessions::sweep(&mut tx, now, now - self.rules.idle_ms).await?;
        let links = store::links::sweep(&mut tx, now).await?;
        let unnoted = self.unnoted.all();
        for (id, count) in &unnoted {
            let (actor, detail) = (format!("account:{id}"), format!("password {count}"));
            self.note(&mut tx, &actor, "account.refused", &detail)
                .await?;
        }
        tx.commit().await?;
        self.unnoted.forget(&unnoted);
        Ok(sessions + links)
    }

    fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    fn role(&self, code: &str) -> Result<&'static Role, AccountError> {
        roles::find(self.rules.roles, code)
            .ok_or_else(|| AccountError::Role(listed(self.rules.roles)))
    }

    fn needs_factor(&self, role: &Role) -> bool {
        self.rules.factor_for.contains(&role.code)
    }

    fn account(&self, row: &AccountRow) -> Result<Account, AccountError> {
        Ok(Account {
            id: AccountId::stored(row.id.clone()),
            login: Login::stored(row.login.clone()),
            name: row.name.clone(),
            role: self
                .role(&row.role)
                .map_err(|_| AccountError::Damaged("a role of an account"))?,
            unit: row.unit.clone(),
            state: row.state.parse()?,
            has_password: row.password.is_some(),
            has_factor: row.factor.is_some(),
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: &str,
        action: &'static str,
        detail: &str,
    ) -> Result<(), DbError> {
        let deed = Deed {
            at: self.now(),
            actor,
            action,
            detail,
        };
        self.journal.note(tx, deed).await
    }

    /// The row of an account, or that there is none.
    async fn row(&self, tx: &mut Tx, id: &AccountId) -> Result<AccountRow, AccountError> {
        let row = store::accounts::by_id(tx, id.as_str()).await?;
        row.ok_or(AccountError::Unknown)
    }

    /// Whether somebody looks after the accounts: an active administrator, who
    /// may not have used the invitation yet; `besides` left out.
    async fn administered(
        &self,
        tx: &mut Tx,
        besides: Option<&AccountId>,
    ) -> Result<bool, AccountError> {
        let active = store::accounts::active_roles(tx).await?;
        Ok(active.iter().any(|(id, code)| {
            let role = roles::find(self.rules.roles, code);
            role.is_some_and(|role| role.administers)
                && besides.is_none_or(|besides| besides.as_str() != id)
        }))
    }
}
