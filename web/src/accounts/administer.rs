//! What administrators and operators do with accounts. Nobody types a password
//! for somebody else: a new account gets a link. The last active administrator
//! can be neither disabled nor given another role.

use lapor_migrations::{DbError, Tx};

use super::links::Purpose;
use super::store::accounts::AccountRow;
use super::{
    Account, AccountError, AccountId, AccountState, Accounts, Login, Secret, account, store,
};

/// What is said of an account when it is made or changed.
#[derive(Clone, Copy)]
pub struct NewAccount<'a> {
    pub login: &'a str,
    pub name: &'a str,
    /// Code of a role.
    pub role: &'a str,
    pub unit: Option<&'a str>,
}

impl Accounts {
    /// Makes an account; the link lets its owner choose a password.
    pub async fn create(
        &self,
        actor: &str,
        new: &NewAccount<'_>,
    ) -> Result<(Account, Secret), AccountError> {
        let mut tx = self.db.write().await?;
        let made = self.create_in(&mut tx, actor, new).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// As [`Self::create`], in a transaction of the caller.
    pub async fn create_in(
        &self,
        tx: &mut Tx,
        actor: &str,
        new: &NewAccount<'_>,
    ) -> Result<(Account, Secret), AccountError> {
        let row = self.new_row(new)?;
        let account = self.account(&row)?;
        self.add_account(tx, &row, actor).await?;
        let secret = self
            .make_link(tx, Purpose::Invitation, Some(&account.id))
            .await?;
        Ok((account, secret))
    }

    /// All accounts by name, the disabled ones included. One that cannot be read is told of in the log,
    /// and keeps nobody from the others.
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        let mut tx = self.db.read().await?;
        let rows = store::accounts::all(&mut tx).await?;
        let read = |row: &AccountRow| {
            let account = self.account(row);
            account
                .inspect_err(|error| {
                    tracing::error!(account = row.id, %error, "an account is passed over in lists; look at the disk");
                })
                .ok()
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// One account. Errors: [`AccountError::Unknown`].
    pub async fn find(&self, id: &AccountId) -> Result<Account, AccountError> {
        let mut tx = self.db.read().await?;
        let row = self.row(&mut tx, id).await?;
        self.account(&row)
    }

    /// The account with this login. Errors: [`AccountError::Unknown`].
    pub async fn find_by_login(&self, login: &str) -> Result<Account, AccountError> {
        let login: Login = login.parse()?;
        let mut tx = self.db.read().await?;
        let row = store::accounts::by_login(&mut tx, login.as_str()).await?;
        self.account(&row.ok_or(AccountError::Unknown)?)
    }

    /// Changes login, name, role and unit. Another role or login ends the sessions.
    pub async fn change(
        &self,
        actor: &str,
        id: &AccountId,
        new: &NewAccount<'_>,
    ) -> Result<Account, AccountError> {
        let mut tx = self.db.write().await?;
        let changed = self.change_in(&mut tx, actor, id, new).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// As [`Self::change`], in a transaction of the caller.
    pub async fn change_in(
        &self,
        tx: &mut Tx,
        actor: &str,
        id: &AccountId,
        new: &NewAccount<'_>,
    ) -> Result<Account, AccountError> {
        let login: Login = new.login.parse()?;
        let (name, role) = (account::name(new.name)?, self.role(new.role)?);
        let before = self.account(&self.row(tx, id).await?)?;
        if before.role.administers && !role.administers {
            self.not_the_last(tx, id).await?;
        }
        let changed = store::accounts::change(
            tx,
            id.as_str(),
            (login.as_str(), &name),
            (role.code, new.unit),
            self.now(),
        );
        changed.await.map_err(taken)?;
        if before.role != role || before.login != login {
            store::sessions::end_others(tx, id.as_str(), "").await?;
            store::links::end_of(tx, id.as_str()).await?;
        }
        if before.login != login {
            store::subjects::forget(tx, id.as_str()).await?;
        }
        let detail = format!("{id} {}", role.code);
        self.note(tx, actor, "account.changed", &detail).await?;
        self.account(&self.row(tx, id).await?)
    }

    /// Disables an account at once: its sessions and links end.
    pub async fn disable(&self, actor: &str, id: &AccountId) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        self.row(&mut tx, id).await?;
        self.not_the_last(&mut tx, id).await?;
        let state = AccountState::Disabled.as_str();
        store::accounts::set_state(&mut tx, id.as_str(), state, self.now()).await?;
        store::sessions::end_others(&mut tx, id.as_str(), "").await?;
        store::links::end_of(&mut tx, id.as_str()).await?;
        store::subjects::forget(&mut tx, id.as_str()).await?;
        self.note(&mut tx, actor, "account.disabled", id.as_str())
            .await?;
        Ok(tx.commit().await?)
    }

    /// Lets a disabled account log in again, with the password it had.
    pub async fn enable(&self, actor: &str, id: &AccountId) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        self.row(&mut tx, id).await?;
        let state = AccountState::Active.as_str();
        store::accounts::set_state(&mut tx, id.as_str(), state, self.now()).await?;
        self.note(&mut tx, actor, "account.enabled", id.as_str())
            .await?;
        Ok(tx.commit().await?)
    }

    /// Takes the password away, ends all sessions, forgets who the account is at
    /// the provider of identities, and gives a link for a new password: for
    /// whoever cannot log in, or whose account others may know.
    pub async fn reset_password(
        &self,
        actor: &str,
        id: &AccountId,
    ) -> Result<Secret, AccountError> {
        let mut tx = self.db.write().await?;
        let row = self.row(&mut tx, id).await?;
        if row.state != AccountState::Active.as_str() {
            return Err(AccountError::Unknown);
        }
        store::accounts::set_password(&mut tx, id.as_str(), None, self.now()).await?;
        store::sessions::end_others(&mut tx, id.as_str(), "").await?;
        store::subjects::forget(&mut tx, id.as_str()).await?;
        let secret = self
            .make_link(&mut tx, Purpose::Invitation, Some(id))
            .await?;
        self.note(&mut tx, actor, "account.password_reset", id.as_str())
            .await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Notes that the link of an account went out as a letter, and was shown to nobody.
    pub async fn note_link_mailed(&self, actor: &str, id: &AccountId) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        self.note(&mut tx, actor, "account.link_mailed", id.as_str())
            .await?;
        Ok(tx.commit().await?)
    }

    pub(super) fn new_row(&self, new: &NewAccount<'_>) -> Result<AccountRow, AccountError> {
        let login: Login = new.login.parse()?;
        let now = self.now();
        Ok(AccountRow {
            id: AccountId::random().to_string(),
            login: login.as_str().to_owned(),
            name: account::name(new.name)?,
            role: self.role(new.role)?.code.to_owned(),
            unit: new.unit.map(str::to_owned),
            state: AccountState::Active.as_str().to_owned(),
            password: None,
            factor: None,
            factor_offered: None,
            factor_step: 0,
            created_at: now,
            changed_at: now,
        })
    }

    pub(super) async fn add_account(
        &self,
        tx: &mut Tx,
        row: &AccountRow,
        actor: &str,
    ) -> Result<(), AccountError> {
        store::accounts::add(tx, row).await.map_err(taken)?;
        let detail = format!("{} {}", row.id, row.role);
        Ok(self.note(tx, actor, "account.created", &detail).await?)
    }

    /// Refuses what would leave nobody to look after the accounts.
    async fn not_the_last(&self, tx: &mut Tx, id: &AccountId) -> Result<(), AccountError> {
        let now = self.administered(tx, None).await?;
        if now && !self.administered(tx, Some(id)).await? {
            return Err(AccountError::LastAdministrator);
        }
        Ok(())
    }
}

/// The one unique key that somebody can meet is the login.
fn taken(error: DbError) -> AccountError {
    match error {
        DbError::Conflict { on } if on.starts_with("accounts(login") => AccountError::LoginTaken,
        other => other.into(),
    }
}
