//! Sessions: a token in a cookie, until it is ended, idle for too long, or too
//! old. Each log-in and each change of what an account may do makes a new token,
//! so a token that somebody planted is never one that is logged in.

use std::net::IpAddr;

use lapor_migrations::Tx;
use serde::Serialize;

use super::store::sessions::SessionRow;
use super::{Account, AccountError, AccountId, AccountState, Accounts, Secret, store};
use crate::chance::random;

/// Stages as they are stored.
pub(super) const CODE: &str = "code";
pub(super) const CODE_VOUCHED: &str = "code_vouched";
pub(super) const OPEN: &str = "open";

const MINUTE_MS: i64 = 60_000;
/// How long the second factor may take.
const CODE_MS: i64 = 10 * MINUTE_MS;
/// How exactly the last use is known; each use would be a commit.
const SEEN_MS: i64 = MINUTE_MS;
/// How far a clock may be set back without ending what was begun by it: further, and a session would
/// go on for as much longer as the clock was ahead.
const SET_BACK_MS: i64 = 60 * MINUTE_MS;
/// Sessions of one account; one more ends the oldest.
const SESSIONS: usize = 20;
/// Characters of a browser's name that are kept.
const AGENT: usize = 120;

/// From where somebody comes.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Only counted, never kept.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub agent: &'a str,
    /// The token in the cookie so far: its session ends when another begins.
    pub replaces: Option<&'a Secret>,
}

/// A session that has begun, with the token for the cookie.
#[derive(Debug)]
pub struct Opened {
    pub token: Secret,
    pub account: Account,
    /// Seconds until it ends by itself at the latest.
    pub lasts_s: i64,
}

/// A session in use.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: String,
    pub account: Account,
    /// The role needs a second factor and the account has none: it may set one up, and nothing else.
    pub lacks_factor: bool,
}

/// A session as its account sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionEntry {
    pub id: String,
    /// What the browser called itself, shortened.
    pub agent: String,
    /// Unix ms.
    pub created_at: i64,
    /// Unix ms, exact to a minute.
    pub seen_at: i64,
    /// Unix ms.
    pub expires_at: i64,
}

impl Accounts {
    /// The session of a token, if it is open and the account may still use it,
    /// for what somebody does with it, which keeps it open.
    pub async fn session(&self, token: &Secret) -> Result<Option<Session>, AccountError> {
        self.opened(token, true).await
    }

    /// The same for what a page asks by itself, which keeps nothing open.
    pub async fn session_untouched(&self, token: &Secret) -> Result<Option<Session>, AccountError> {
        self.opened(token, false).await
    }

    async fn opened(&self, token: &Secret, used: bool) -> Result<Option<Session>, AccountError> {
        let now = self.now();
        let mut tx = self.db.read().await?;
        let Some((row, account)) = self.held(&mut tx, token, OPEN).await? else {
            return Ok(None);
        };
        drop(tx);
        // A disk that is full keeps nobody from what they read: the session only ends the sooner.
        if used
            && (now - row.seen_at).abs() >= SEEN_MS
            && let Err(error) = self.touch(&row.hash, now).await
        {
            tracing::warn!(%error, session = row.id, "the use of a session could not be noted");
        }
        Ok(Some(Session {
            id: row.id,
            lacks_factor: !account.has_factor && self.needs_factor(account.role),
            account,
        }))
    }

    async fn touch(&self, hash: &[u8], now: i64) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        store::sessions::touch(&mut tx, hash, now, now + SEEN_MS).await?;
        Ok(tx.commit().await?)
    }

    /// Ends the session of a token, if there is one.
    pub async fn sign_out(&self, token: &Secret) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        let Some(row) = store::sessions::find(&mut tx, &token.hash()).await? else {
            return Ok(());
        };
        store::sessions::end(&mut tx, &row.hash).await?;
        let actor = AccountId::stored(row.account).actor();
        self.note(&mut tx, &actor, "account.signed_out", &row.id)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The sessions of an account that can be used, the latest first.
    pub async fn sessions(&self, account: &AccountId) -> Result<Vec<SessionEntry>, AccountError> {
        let now = self.now();
        let mut tx = self.db.read().await?;
        let rows = store::sessions::of_account(&mut tx, account.as_str(), OPEN).await?;
        let live = rows.into_iter().filter(|row| self.lives(row, now));
        let entries = live.map(|row| SessionEntry {
            id: row.id,
            agent: row.agent,
            created_at: row.created_at,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
        });
        Ok(entries.collect())
    }

    /// Ends one session of an account, by its id.
    pub async fn end_session(
        &self,
        actor: &str,
        account: &AccountId,
        id: &str,
    ) -> Result<(), AccountError> {
        let mut tx = self.db.write().await?;
        if store::sessions::end_by_id(&mut tx, account.as_str(), id).await? == 0 {
            return Err(AccountError::SessionEnded);
        }
        let detail = format!("{account} {id}");
        self.note(&mut tx, actor, "account.session_ended", &detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of the account but this one; says how many.
    pub async fn end_other_sessions(&self, session: &Session) -> Result<u64, AccountError> {
        let account = &session.account;
        let mut tx = self.db.write().await?;
        let ended = store::sessions::end_others(&mut tx, account.id.as_str(), &session.id).await?;
        self.note(
            &mut tx,
            &account.actor(),
            "account.sessions_ended",
            account.id.as_str(),
        )
        .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends every session of an account; says how many.
    pub async fn end_sessions(
        &self,
        actor: &str,
        account: &AccountId,
    ) -> Result<u64, AccountError> {
        let mut tx = self.db.write().await?;
        self.row(&mut tx, account).await?;
        let ended = store::sessions::end_others(&mut tx, account.as_str(), "").await?;
        self.note(&mut tx, actor, "account.sessions_ended", account.as_str())
            .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Begins a session in place of the visitor's present one.
    pub(super) async fn begin(
        &self,
        tx: &mut Tx,
        account: Account,
        stage: &str,
        arrival: &Arrival<'_>,
    ) -> Result<Opened, AccountError> {
        let now = self.now();
        if let Some(before) = arrival.replaces {
            store::sessions::end(tx, &before.hash()).await?;
        }
        let own = store::sessions::of_account(tx, account.id.as_str(), stage).await?;
        for oldest in own.iter().skip(SESSIONS - 1) {
            store::sessions::end(tx, &oldest.hash).await?;
        }
        let token = Secret::random();
        let lasts_ms = self.lasts_ms(stage);
        let row = SessionRow {
            hash: token.hash().to_vec(),
            id: hex::encode(random::<8>()),
            account: account.id.to_string(),
            stage: stage.to_owned(),
            agent: agent(arrival.agent),
            created_at: now,
            seen_at: now,
            expires_at: now + lasts_ms,
        };
        store::sessions::add(tx, &row).await?;
        Ok(Opened {
            token,
            account,
            lasts_s: lasts_ms / 1000,
        })
    }

    /// The row of a session that can be used at this stage, with its account.
    pub(super) async fn held(
        &self,
        tx: &mut Tx,
        token: &Secret,
        stage: &str,
    ) -> Result<Option<(SessionRow, Account)>, AccountError> {
        let found = store::sessions::find(tx, &token.hash()).await?;
        let Some(row) = found.filter(|row| row.stage == stage && self.lives(row, self.now()))
        else {
            return Ok(None);
        };
        let Some(account) = store::accounts::by_id(tx, &row.account).await? else {
            return Ok(None);
        };
        let account = self.account(&account)?;
        Ok((account.state == AccountState::Active).then_some((row, account)))
    }

    /// Refuses what was begun in a session that has been ended since: passwords take a while to be
    /// hashed, and whoever ends a session means what is under way in it as well.
    pub(super) async fn goes_on(&self, tx: &mut Tx, session: &Session) -> Result<(), AccountError> {
        let account = session.account.id.as_str();
        let open = store::sessions::of_account(tx, account, OPEN).await?;
        let goes_on = open.iter().any(|row| row.id == session.id);
        goes_on.then_some(()).ok_or(AccountError::SessionEnded)
    }

    /// How long a session of a stage goes on at most.
    fn lasts_ms(&self, stage: &str) -> i64 {
        match stage {
            CODE | CODE_VOUCHED => CODE_MS,
            _ => self.rules.longest_ms,
        }
    }

    fn lives(&self, row: &SessionRow, now: i64) -> bool {
        let most_left_ms = self.lasts_ms(&row.stage) + SET_BACK_MS;
        (1..=most_left_ms).contains(&(row.expires_at - now))
            && now - row.seen_at < self.rules.idle_ms
    }
}

/// What a browser calls itself, on one line and no longer than a list shows.
fn agent(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(AGENT)
        .collect()
}
