//! Links that work once: the first set-up, an invitation, a password that was
//! forgotten. Whoever holds one may choose a password, so they are short-lived,
//! a newer one ends the former, and only their hash is stored.

use std::net::IpAddr;
use std::str::FromStr;

use lapor_migrations::Tx;

use super::administer::NewAccount;
use super::sessions::OPEN;
use super::{
    Account, AccountError, AccountId, AccountState, Accounts, Arrival, Login, Opened, Password,
    Secret, store,
};
use crate::peer::network;
use crate::throttle::Rate;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Forgotten passwords that one address, and one network, may report.
const FORGOTTEN: Rate = Rate::new(3, 20 * 60_000);
const FORGOTTEN_NETWORK: Rate = Rate::new(20, 60_000);
/// Links that one network may try.
const TRIED: Rate = Rate::new(30, 10_000);

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the first administrator.
    Setup,
    /// Gives a new account, or one that was reset, its password.
    Invitation,
    /// Replaces a password that was forgotten.
    Reset,
}

/// A link that is good.
#[derive(Debug, Clone)]
pub struct Link {
    pub purpose: Purpose,
    /// Whose password is to be chosen; none at the set-up.
    pub account: Option<Account>,
}

/// What a program that starts has to say of the first set-up.
#[derive(Debug)]
pub enum FirstLink {
    /// There is an administrator.
    Unneeded,
    /// A link that was made before is good; what stands in it is known to whoever was told.
    Known,
    Made(Secret),
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// How long such a link is good.
    pub fn lasts_ms(self) -> i64 {
        match self {
            Self::Setup => 24 * HOUR_MS,
            Self::Invitation => 72 * HOUR_MS,
            Self::Reset => HOUR_MS,
        }
    }
}

impl FromStr for Purpose {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        [Self::Setup, Self::Invitation, Self::Reset]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or(AccountError::Damaged("the purpose of a link"))
    }
}

impl Accounts {
    /// A token for the first set-up, which ends the one before; `None` once
    /// there is an administrator.
    pub async fn setup_link(&self, actor: &str) -> Result<Option<Secret>, AccountError> {
        let mut tx = self.db.write().await?;
        if self.administered(&mut tx, None).await? {
            return Ok(None);
        }
        self.make_setup_link(tx, actor).await.map(Some)
    }

    /// The same for a program that starts, which ends none that is good: nobody may have seen what it
    /// prints, and somebody have the other.
    pub async fn setup_link_at_start(&self, actor: &str) -> Result<FirstLink, AccountError> {
        let mut tx = self.db.write().await?;
        if self.administered(&mut tx, None).await? {
            return Ok(FirstLink::Unneeded);
        }
        if store::links::is_open(&mut tx, Purpose::Setup.as_str(), self.now()).await? {
            return Ok(FirstLink::Known);
        }
        self.make_setup_link(tx, actor).await.map(FirstLink::Made)
    }

    async fn make_setup_link(&self, mut tx: Tx, actor: &str) -> Result<Secret, AccountError> {
        store::links::end_for(&mut tx, Purpose::Setup.as_str()).await?;
        let secret = self.make_link(&mut tx, Purpose::Setup, None).await?;
        self.note(&mut tx, actor, "account.setup_link_made", "")
            .await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Whether there is somebody who looks after the accounts.
    pub async fn has_administrator(&self) -> Result<bool, AccountError> {
        let mut tx = self.db.read().await?;
        self.administered(&mut tx, None).await
    }

    /// What a token in a link is good for. Errors: [`AccountError::LinkDead`].
    pub async fn link(&self, token: &Secret, from: IpAddr) -> Result<Link, AccountError> {
        self.throttle
            .take(("link", network(from)), TRIED, self.now())?;
        let mut tx = self.db.read().await?;
        let link = self.good_link(&mut tx, token).await?;
        drop(tx);
        self.throttle.forgive(("link", network(from)));
        Ok(link)
    }

    /// Makes the first administrator and logs in. The role of `first` must administer.
    pub async fn set_up(
        &self,
        token: &Secret,
        first: &NewAccount<'_>,
        password: &Password,
        arrival: &Arrival<'_>,
    ) -> Result<Opened, AccountError> {
        if self.link(token, arrival.address).await?.purpose != Purpose::Setup {
            return Err(AccountError::LinkDead);
        }
        let mut row = self.new_row(first)?;
        let account = self.account(&row)?;
        if !account.role.administers {
            return Err(self.role("").err().unwrap_or(AccountError::Unknown));
        }
        self.may_choose(password, &account)?;
        row.password = Some(self.hashing.hash(password).await?);
        let mut tx = self.db.write().await?;
        self.good_link(&mut tx, token).await?;
        self.add_account(&mut tx, &row, &account.actor()).await?;
        store::links::end_for(&mut tx, Purpose::Setup.as_str()).await?;
        self.note(&mut tx, &account.actor(), "account.signed_in", "setup")
            .await?;
        let account = self.account(&row)?;
        let opened = self.begin(&mut tx, account, OPEN, arrival).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Chooses a password by a link; all sessions and links of the account end.
    /// The next step is to log in, with the second factor if there is one.
    pub async fn choose_password(
        &self,
        token: &Secret,
        password: &Password,
        from: IpAddr,
    ) -> Result<Account, AccountError> {
        let account = self.link(token, from).await?.account;
        let account = account.ok_or(AccountError::LinkDead)?;
        self.may_choose(password, &account)?;
        let hash = self.hashing.hash(password).await?;
        let id = account.id.as_str();
        let mut tx = self.db.write().await?;
        self.good_link(&mut tx, token).await?;
        store::accounts::set_password(&mut tx, id, Some(&hash), self.now()).await?;
        store::sessions::end_others(&mut tx, id, "").await?;
        store::links::end_of(&mut tx, id).await?;
        self.note(&mut tx, &account.actor(), "account.password_chosen", id)
            .await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Counts that somebody says to have forgotten a password; it looks at no account.
    /// Errors: [`AccountError::Login`], [`AccountError::Throttled`].
    pub fn admit_forgotten(&self, login: &str, from: IpAddr) -> Result<Login, AccountError> {
        let now = self.now();
        let login: Login = login.parse()?;
        self.throttle
            .take(("forgotten", network(from)), FORGOTTEN_NETWORK, now)?;
        self.throttle
            .take(("forgotten", login.as_str()), FORGOTTEN, now)?;
        Ok(login)
    }

    /// Somebody has forgotten a password: the account and the token to be sent
    /// to its address, if there is one. Whoever asked must get the same answer
    /// at the same time in either case, so this is done after they have it.
    pub async fn forgot(&self, login: &Login) -> Result<Option<(Account, Secret)>, AccountError> {
        let mut tx = self.db.write().await?;
        let Some(row) = store::accounts::by_login(&mut tx, login.as_str()).await? else {
            return Ok(None);
        };
        let account = self.account(&row)?;
        if account.state != AccountState::Active || !account.has_password {
            return Ok(None);
        }
        let secret = self
            .make_link(&mut tx, Purpose::Reset, Some(&account.id))
            .await?;
        self.note(&mut tx, "nobody", "account.reset_asked", &row.id)
            .await?;
        tx.commit().await?;
        Ok(Some((account, secret)))
    }

    /// A link for an account, which ends those before.
    pub(super) async fn make_link(
        &self,
        tx: &mut Tx,
        purpose: Purpose,
        account: Option<&AccountId>,
    ) -> Result<Secret, AccountError> {
        let (secret, now) = (Secret::random(), self.now());
        let account = account.map(AccountId::as_str);
        if let Some(account) = account {
            store::links::end_of(tx, account).await?;
        }
        let expires_at = now + purpose.lasts_ms();
        let what = (purpose.as_str(), account);
        store::links::add(tx, &secret.hash(), what, now, expires_at).await?;
        Ok(secret)
    }

    async fn good_link(&self, tx: &mut Tx, token: &Secret) -> Result<Link, AccountError> {
        let found = store::links::find(tx, &token.hash(), self.now()).await?;
        let (purpose, account) = found.ok_or(AccountError::LinkDead)?;
        let purpose = purpose.parse()?;
        let Some(id) = account else {
            // Somebody may have become administrator by another way.
            if self.administered(tx, None).await? {
                return Err(AccountError::LinkDead);
            }
            let account = None;
            return Ok(Link { purpose, account });
        };
        let row = store::accounts::by_id(tx, &id).await?;
        let account = row.map(|row| self.account(&row)).transpose()?;
        let active = account.filter(|account| account.state == AccountState::Active);
        match active {
            Some(account) => Ok(Link {
                purpose,
                account: Some(account),
            }),
            None => Err(AccountError::LinkDead),
        }
    }
}
