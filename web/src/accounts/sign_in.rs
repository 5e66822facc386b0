//! Logging in: a password, then a second factor where there is one. Every
//! refusal is the same and takes as long, and guessing is slowed down for each
//! account, each network, and each account from one network.

use lapor_migrations::Tx;

use super::factor::Proof;
use super::hashing::Verified;
use super::sessions::{Arrival, CODE, CODE_VOUCHED, OPEN, Opened};
use super::store::accounts::AccountRow;
use super::{AccountError, AccountState, Accounts, Login, Password, Secret, Session, store};
use crate::peer::network;
use crate::throttle::Rate;

/// What one network may try on one account.
const PAIR: Rate = Rate::new(5, 30_000);
/// What all networks together may try on one account. It is wide, because
/// whoever uses it up keeps the rightful owner out.
const ACCOUNT: Rate = Rate::new(50, 20_000);
/// What one network may try on all accounts; a whole office may share one.
const NETWORK: Rate = Rate::new(50, 3_000);
/// Refusals of one network that are noted one by one, for nobody can take a line out of the audit log:
/// whoever goes on guessing fills no disk with it.
const NOTED: Rate = Rate::new(100, 60_000);
/// Codes, and passwords asked for once more, that may be tried on one account.
pub(super) const PROOF: Rate = Rate::new(5, 60_000);
/// How the first step was done, for the audit log.
const PASSWORD: &str = "password";
const VOUCHED: &str = "single_sign_on";

/// Who somebody is at the institution's provider, and for ever.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
}

/// How far somebody has got.
#[derive(Debug)]
pub enum Entered {
    /// Logged in.
    Open(Opened),
    /// The password was right; the token is good for [`Accounts::second_factor`] only.
    CodeNeeded(Opened),
}

impl Accounts {
    /// Logs in with a password. Errors: [`AccountError::Refused`] whatever was wrong,
    /// [`AccountError::Throttled`], [`AccountError::Busy`].
    pub async fn sign_in(
        &self,
        login: &str,
        password: &Password,
        arrival: &Arrival<'_>,
    ) -> Result<Entered, AccountError> {
        let login: Login = login.parse().map_err(|_| AccountError::Refused)?;
        let from = network(arrival.address);
        let now = self.now();
        self.throttle.take(("network", from), NETWORK, now)?;
        self.throttle
            .take(("pair", login.as_str(), from), PAIR, now)?;
        self.throttle
            .take(("account", login.as_str()), ACCOUNT, now)?;
        let mut tx = self.db.read().await?;
        let row = store::accounts::by_login(&mut tx, login.as_str()).await?;
        drop(tx);
        let stored = row.as_ref().and_then(|row| row.password.as_deref());
        let verified = self.hashing.verify(password, stored).await?;
        let mut tx = self.db.write().await?;
        // Disabled, reset or given another password while the hash was computed.
        let again = store::accounts::by_login(&mut tx, login.as_str()).await?;
        let current = again.filter(|row| {
            verified != Verified::No
                && row.state == AccountState::Active.as_str()
                && row.password.as_deref() == stored
        });
        let Some(current) = current else {
            // Whether the account exists or not, the same is written.
            if self.throttle.take(("noted", from), NOTED, now).is_ok() {
                let actor = row.map_or("nobody".to_owned(), |row| format!("account:{}", row.id));
                self.note(&mut tx, &actor, "account.refused", PASSWORD)
                    .await?;
            } else if let Some(row) = row {
                self.unnoted.count(row.id);
            }
            tx.commit().await?;
            return Err(AccountError::Refused);
        };
        if let (Verified::Rehashed(new), Some(before)) = (&verified, stored) {
            store::accounts::rehash(&mut tx, &current.id, before, new).await?;
        }
        let account = self.account(&current)?;
        let entered = if account.has_factor {
            Entered::CodeNeeded(self.begin(&mut tx, account, CODE, arrival).await?)
        } else {
            self.note(&mut tx, &account.actor(), "account.signed_in", PASSWORD)
                .await?;
            Entered::Open(self.begin(&mut tx, account, OPEN, arrival).await?)
        };
        tx.commit().await?;
        self.throttle.forgive(("pair", login.as_str(), from));
        self.throttle.forgive(("account", login.as_str()));
        Ok(entered)
    }

    /// Logs in whoever the institution's own provider vouches for; it has asked for the
    /// password. A second factor of the account is asked for all the same. The address finds
    /// the account the first time, and from then on who somebody is.
    /// Errors: [`AccountError::Refused`] where no account may be used, [`AccountError::Login`].
    pub async fn sign_in_vouched(
        &self,
        login: &str,
        subject: Subject<'_>,
        arrival: &Arrival<'_>,
    ) -> Result<Entered, AccountError> {
        let login: Login = login.parse()?;
        let mut tx = self.db.write().await?;
        let row = self.vouched_row(&mut tx, &login, subject).await?;
        let usable = row.filter(|row| row.state == AccountState::Active.as_str());
        let Some(row) = usable else {
            self.note(&mut tx, "nobody", "account.refused", VOUCHED)
                .await?;
            tx.commit().await?;
            return Err(AccountError::Refused);
        };
        store::subjects::bind(&mut tx, &row.id, subject.issuer, subject.subject).await?;
        let account = self.account(&row)?;
        let entered = if account.has_factor {
            let begun = self.begin(&mut tx, account, CODE_VOUCHED, arrival);
            Entered::CodeNeeded(begun.await?)
        } else {
            self.note(&mut tx, &account.actor(), "account.signed_in", VOUCHED)
                .await?;
            Entered::Open(self.begin(&mut tx, account, OPEN, arrival).await?)
        };
        tx.commit().await?;
        Ok(entered)
    }

    /// The account that somebody has already entered by the provider, or the one of an address
    /// by which nobody has.
    async fn vouched_row(
        &self,
        tx: &mut Tx,
        login: &Login,
        subject: Subject<'_>,
    ) -> Result<Option<AccountRow>, AccountError> {
        let known = store::subjects::account(tx, subject.issuer, subject.subject).await?;
        if let Some(id) = known {
            return Ok(store::accounts::by_id(tx, &id).await?);
        }
        let Some(row) = store::accounts::by_login(tx, login.as_str()).await? else {
            return Ok(None);
        };
        let issuer = store::subjects::issuer(tx, &row.id).await?;
        Ok((issuer.as_deref() != Some(subject.issuer)).then_some(row))
    }

    /// The second step: a code of the authenticator, or a recovery code.
    /// Errors: [`AccountError::Code`], [`AccountError::Throttled`],
    /// [`AccountError::SessionEnded`] when the first step is too long ago.
    pub async fn second_factor(
        &self,
        token: &Secret,
        code: &str,
        arrival: &Arrival<'_>,
    ) -> Result<Opened, AccountError> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let mut held = self.held(&mut tx, token, CODE).await?;
        if held.is_none() {
            held = self.held(&mut tx, token, CODE_VOUCHED).await?;
        }
        let Some((begun, account)) = held else {
            return Err(AccountError::SessionEnded);
        };
        let key = ("code", account.id.clone());
        self.throttle.take(&key, PROOF, now)?;
        let row = self.row(&mut tx, &account.id).await?;
        let proof = self.prove(&mut tx, &row, code).await?;
        let Some(proof) = proof else {
            self.note(&mut tx, &account.actor(), "account.refused", "code")
                .await?;
            tx.commit().await?;
            return Err(AccountError::Code);
        };
        let first = match begun.stage.as_str() {
            CODE_VOUCHED => VOUCHED,
            _ => PASSWORD,
        };
        let second = match proof {
            Proof::Code => "code",
            Proof::Recovery => "recovery_code",
        };
        let how = format!("{first} {second}");
        self.note(&mut tx, &account.actor(), "account.signed_in", &how)
            .await?;
        let arrival = Arrival {
            replaces: Some(token),
            ..*arrival
        };
        let opened = self.begin(&mut tx, account, OPEN, &arrival).await?;
        tx.commit().await?;
        self.throttle.forgive(&key);
        Ok(opened)
    }

    /// Changes one's own password. All sessions end, this one goes on under the new token.
    pub async fn change_password(
        &self,
        session: &Session,
        current: &Password,
        new: &Password,
        arrival: &Arrival<'_>,
    ) -> Result<Opened, AccountError> {
        self.check_password(session, current).await?;
        self.may_choose(new, &session.account)?;
        let hash = self.hashing.hash(new).await?;
        let (id, actor) = (&session.account.id, session.account.actor());
        let mut tx = self.db.write().await?;
        self.goes_on(&mut tx, session).await?;
        let row = self.row(&mut tx, id).await?;
        store::accounts::set_password(&mut tx, &row.id, Some(&hash), self.now()).await?;
        store::sessions::end_others(&mut tx, &row.id, "").await?;
        store::links::end_of(&mut tx, &row.id).await?;
        self.note(&mut tx, &actor, "account.password_changed", id.as_str())
            .await?;
        let account = self.account(&self.row(&mut tx, id).await?)?;
        let opened = self.begin(&mut tx, account, OPEN, arrival).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Whether whoever uses the session knows its password: asked before what
    /// a session left open must not allow.
    pub(super) async fn check_password(
        &self,
        session: &Session,
        password: &Password,
    ) -> Result<(), AccountError> {
        let key = ("password", session.account.id.clone());
        self.throttle.take(&key, PROOF, self.now())?;
        let mut tx = self.db.read().await?;
        let row = self.row(&mut tx, &session.account.id).await?;
        drop(tx);
        let verified = self.hashing.verify(password, row.password.as_deref());
        if verified.await? == Verified::No {
            return Err(AccountError::Refused);
        }
        self.throttle.forgive(&key);
        Ok(())
    }
}
