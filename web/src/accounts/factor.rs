//! The second factor: codes of an authenticator app (TOTP, RFC 6238: SHA-1, six
//! digits, 30 seconds, one step early or late), each taken once, and ten
//! recovery codes. The secret is shown once and in force after a first code.

use std::fmt;

use lapor_migrations::Tx;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::secret::digest;
use super::sessions::OPEN;
use super::sign_in::PROOF;
use super::store::accounts::AccountRow;
use super::{
    Account, AccountError, AccountId, Accounts, Arrival, Login, Opened, Password, Session, store,
};
use crate::chance::random;

/// RFC 4226, 4, requirement 6.
const SECRET: usize = 20;
const STEP_S: u64 = 30;
const CODES: usize = 10;
/// Without what is read or typed for something else; 32 of them, 5 bits each.
const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz0";
/// Characters of a recovery code, 80 bits.
const CODE_LENGTH: usize = 16;

/// What an authenticator app needs, shown once.
pub struct FactorOffer {
    /// The secret in base32, to be typed.
    pub base32: Zeroizing<String>,
    /// `otpauth://totp/...`, to be shown as a QR code.
    pub url: Zeroizing<String>,
}

/// Logs in once when the authenticator is lost; shown once.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

/// What proved the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Code,
    Recovery,
}

impl RecoveryCode {
    fn random() -> Self {
        let code = random::<CODE_LENGTH>().map(|byte| ALPHABET[usize::from(byte % 32)]);
        Self(Zeroizing::new(
            code.iter().copied().map(char::from).collect(),
        ))
    }

    /// In groups of four: `7kq2-m9fd-x3ac-wz58`.
    pub fn reveal(&self) -> String {
        let groups: Vec<&str> = (0..CODE_LENGTH / 4)
            .map(|group| &self.0[group * 4..group * 4 + 4])
            .collect();
        groups.join("-")
    }

    /// As somebody types it: the case, spaces and hyphens do not matter.
    fn typed(text: &str) -> Option<Self> {
        let code: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let shape = code.len() == CODE_LENGTH && code.bytes().all(|b| ALPHABET.contains(&b));
        shape.then(|| Self(Zeroizing::new(code)))
    }

    fn hash(&self) -> [u8; 32] {
        digest(&self.0)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode")
    }
}

impl fmt::Debug for FactorOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorOffer")
    }
}

impl Accounts {
    /// Makes a secret for an authenticator app. Until a code of it is confirmed
    /// nothing changes, and a former second factor stays in force.
    pub async fn offer_factor(
        &self,
        session: &Session,
        password: &Password,
    ) -> Result<FactorOffer, AccountError> {
        self.check_password(session, password).await?;
        let account = &session.account;
        let secret = Zeroizing::new(random::<SECRET>());
        let sealed = self.vault.seal(account.id.as_str(), &*secret)?;
        let mut tx = self.db.write().await?;
        self.goes_on(&mut tx, session).await?;
        store::factors::offer(&mut tx, account.id.as_str(), &sealed).await?;
        tx.commit().await?;
        self.show(&account.login, &*secret)
    }

    /// The secret that has been offered and is not confirmed, to show it once more
    /// in the same session after a mistyped code.
    pub async fn offered_factor(
        &self,
        session: &Session,
    ) -> Result<Option<FactorOffer>, AccountError> {
        let account = &session.account;
        let mut tx = self.db.read().await?;
        let row = self.row(&mut tx, &account.id).await?;
        let Some(sealed) = row.factor_offered else {
            return Ok(None);
        };
        let secret = self.vault.open(account.id.as_str(), &sealed)?;
        self.show(&account.login, &secret).map(Some)
    }

    /// Puts the offered secret into force with a first code of it. All sessions
    /// end, this one goes on under the new token. Returns the recovery codes.
    pub async fn confirm_factor(
        &self,
        session: &Session,
        code: &str,
        arrival: &Arrival<'_>,
    ) -> Result<(Opened, Vec<RecoveryCode>), AccountError> {
        let (id, now) = (&session.account.id, self.now());
        let key = ("confirm", id.clone());
        self.throttle.take(&key, PROOF, now)?;
        let mut tx = self.db.write().await?;
        self.goes_on(&mut tx, session).await?;
        let row = self.row(&mut tx, id).await?;
        let sealed = row.factor_offered.ok_or(AccountError::NoFactor)?;
        let secret = self.vault.open(id.as_str(), &sealed)?;
        let step = step_of(&secret, code, now)?.ok_or(AccountError::Code)?;
        store::factors::confirm(&mut tx, id.as_str(), step, now).await?;
        let codes = new_codes(&mut tx, id).await?;
        store::sessions::end_others(&mut tx, id.as_str(), "").await?;
        self.note(&mut tx, &id.actor(), "account.factor_set", id.as_str())
            .await?;
        let account = self.account(&self.row(&mut tx, id).await?)?;
        let opened = self.begin(&mut tx, account, OPEN, arrival).await?;
        tx.commit().await?;
        self.throttle.forgive(&key);
        Ok((opened, codes))
    }

    /// Replaces the recovery codes; the former ones are worth nothing any more.
    pub async fn renew_recovery_codes(
        &self,
        session: &Session,
        password: &Password,
    ) -> Result<Vec<RecoveryCode>, AccountError> {
        self.check_password(session, password).await?;
        let id = &session.account.id;
        let mut tx = self.db.write().await?;
        self.goes_on(&mut tx, session).await?;
        if self.row(&mut tx, id).await?.factor.is_none() {
            return Err(AccountError::NoFactor);
        }
        let codes = new_codes(&mut tx, id).await?;
        self.note(
            &mut tx,
            &id.actor(),
            "account.recovery_codes_made",
            id.as_str(),
        )
        .await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// How many recovery codes an account has left.
    pub async fn recovery_codes_left(&self, account: &AccountId) -> Result<i64, AccountError> {
        let mut tx = self.db.read().await?;
        Ok(store::factors::codes_left(&mut tx, account.as_str()).await?)
    }

    /// Gives one's own second factor up, where the role does not need one.
    pub async fn remove_own_factor(
        &self,
        session: &Session,
        password: &Password,
    ) -> Result<(), AccountError> {
        self.check_password(session, password).await?;
        if self.needs_factor(session.account.role) {
            return Err(AccountError::FactorNeeded);
        }
        let (actor, id) = (session.account.actor(), &session.account.id);
        let mut tx = self.db.write().await?;
        self.goes_on(&mut tx, session).await?;
        self.drop_factor(&mut tx, &actor, (id, &session.id)).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a lost second factor away and ends all sessions, for an
    /// administrator who knows by other means that it is really lost.
    pub async fn remove_factor(&self, actor: &str, id: &AccountId) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        self.drop_factor(&mut tx, actor, (id, "")).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions but one as well.
    async fn drop_factor(
        &self,
        tx: &mut Tx,
        actor: &str,
        (id, kept_session): (&AccountId, &str),
    ) -> Result<(), AccountError> {
        if self.row(tx, id).await?.factor.is_none() {
            return Err(AccountError::NoFactor);
        }
        store::factors::remove(tx, id.as_str(), self.now()).await?;
        store::sessions::end_others(tx, id.as_str(), kept_session).await?;
        self.note(tx, actor, "account.factor_removed", id.as_str())
            .await?;
        Ok(())
    }

    /// Uses a code up, if it is one of this account's that has not been used.
    pub(super) async fn prove(
        &self,
        tx: &mut Tx,
        row: &AccountRow,
        code: &str,
    ) -> Result<Option<Proof>, AccountError> {
        if let Some(recovery) = RecoveryCode::typed(code) {
            let taken = store::factors::take_code(tx, &row.id, &recovery.hash()).await?;
            return Ok(taken.then_some(Proof::Recovery));
        }
        let Some(sealed) = &row.factor else {
            return Ok(None);
        };
        let secret = self.vault.open(&row.id, sealed)?;
        let Some(step) = step_of(&secret, code, self.now())? else {
            return Ok(None);
        };
        let taken = store::factors::take_step(tx, &row.id, step).await?;
        Ok(taken.then_some(Proof::Code))
    }

    fn show(&self, login: &Login, secret: &[u8]) -> Result<FactorOffer, AccountError> {
        let issuer = self.rules.issuer.replace(':', " ");
        let totp = totp(secret, login.as_str(), Some(issuer))?;
        let url = totp.to_url().map_err(|_| unusable())?;
        Ok(FactorOffer {
            base32: Zeroizing::new(totp.secret().to_base32()),
            url: Zeroizing::new(url),
        })
    }

    /// Whether an account may choose this password.
    pub(super) fn may_choose(
        &self,
        password: &Password,
        account: &Account,
    ) -> Result<(), AccountError> {
        let personal = [&*account.name, account.login.as_str(), &self.rules.issuer];
        Ok(super::password::check(password, &personal)?)
    }
}

async fn new_codes(tx: &mut Tx, account: &AccountId) -> Result<Vec<RecoveryCode>, AccountError> {
    let codes: Vec<RecoveryCode> = (0..CODES).map(|_| RecoveryCode::random()).collect();
    let hashes: Vec<[u8; 32]> = codes.iter().map(RecoveryCode::hash).collect();
    store::factors::set_codes(tx, account.as_str(), &hashes).await?;
    Ok(codes)
}

/// The step of which this is the code, if it is one of about now.
fn step_of(secret: &[u8], code: &str, now: i64) -> Result<Option<i64>, AccountError> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now / 1000).unwrap_or_default();
    let step = totp(secret, "", None)?.check(&digits, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

fn totp(secret: &[u8], login: &str, issuer: Option<String>) -> Result<Totp, AccountError> {
    Builder::new()
        .with_secret(secret)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP_S)
        .with_account_name(login.replace(':', " "))
        .with_issuer(issuer)
        .build()
        .map_err(|_| unusable())
}

fn unusable() -> AccountError {
    AccountError::Damaged("a second factor")
}
