//! Opening a conversation with ticket and key, and what stays open: a random
//! token of which only a hash is stored.
//!
//! An unknown ticket and a wrong key cost the same time and get the same
//! answer, and both are throttled, by address and by ticket.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::key::SecretKey;
use crate::casework::ticket;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::reporters::{ReporterRow, SessionRow};

const PREFIX: &str = "lrs_";
const MINUTE_MS: i64 = 60_000;
/// Longest silence in an open conversation.
const IDLE_MS: i64 = 60 * MINUTE_MS;
/// A conversation, or a citizen's visit, ends after this in any case.
const LIFE_MS: i64 = 12 * 60 * MINUTE_MS;
const WRONG: &str =
    "this ticket and this key do not open a conversation; check both, each digit counts";
const ENDED: &str = "the conversation has ended; open it again with ticket and key";
const RENEWED: &str = "a new key was made and has not been used; open the conversation with it, \
     or ask for another through the contact that was proved";

/// A token as it is handed out once.
#[derive(Clone, Serialize, ToSchema)]
pub struct Opened {
    /// For a cookie, or for `Authorization: Bearer`.
    pub token: String,
    /// Unix ms; earlier after an hour of silence.
    pub expires_at: i64,
}

/// Who has proved what by a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Visitor(Proof);

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// Held the key of this case.
    Case(CaseId),
    /// Proved the contact of this citizen.
    Citizen(String),
}

/// The right to speak as the reporter of one case.
#[derive(Clone, PartialEq, Eq)]
pub struct Conversation {
    pub(super) case: CaseId,
    /// How the audit log names the reporter.
    pub(super) id: String,
    pub(super) citizen: Option<String>,
    /// Opened with a key, and not by a citizen who proved the contact.
    by_key: bool,
}

impl Visitor {
    /// Id of the citizen who signed in, if that is who this is.
    pub fn citizen(&self) -> Option<&str> {
        match &self.0 {
            Proof::Citizen(id) => Some(id),
            Proof::Case(_) => None,
        }
    }

    /// The case whose key was shown.
    pub fn case(&self) -> Option<CaseId> {
        match self.0 {
            Proof::Case(case) => Some(case),
            Proof::Citizen(_) => None,
        }
    }
}

impl Conversation {
    pub fn case(&self) -> CaseId {
        self.case
    }

    /// How the audit log names the reporter; holds no ticket and no name.
    pub fn actor(&self) -> String {
        format!("reporter:{}", self.id)
    }
}

impl Node {
    /// Opens the conversation of a ticket with its key.
    ///
    /// # Errors
    /// [`NodeError::Locked`] if they do not fit, [`NodeError::TooMany`] after
    /// too many attempts from this address or for this ticket.
    pub async fn open_conversation(
        &self,
        typed_ticket: &str,
        typed_key: &str,
        address: IpAddr,
    ) -> Result<Opened, NodeError> {
        let (case, hash) = self.held_with(typed_ticket, typed_key, address).await?;
        self.open_with(&case, &hash, self.clock().now_ms()).await
    }

    /// The case of a ticket and the hash of its key, for whoever shows the key.
    pub(super) async fn held_with(
        &self,
        typed_ticket: &str,
        typed_key: &str,
        address: IpAddr,
    ) -> Result<(String, String), NodeError> {
        let now = self.clock().now_ms();
        self.admit_attempt(address)?;
        let ticket = ticket::parse(typed_ticket);
        if let Some(ticket) = &ticket {
            self.guards().ticket.attempt(ticket, now)?;
        }
        let row = match &ticket {
            Some(ticket) => self.reporter_of(ticket).await?,
            None => None,
        };
        let fitting = fitting(typed_key, row.as_ref()).await?;
        row.map(|row| row.case_id)
            .zip(fitting)
            .ok_or(NodeError::Locked(WRONG))
    }

    /// Opens a case for whoever held the key of a hash, if that key is still one of its keys:
    /// it may have been replaced, or the reporter forgotten, while it was verified.
    pub(super) async fn open_with(
        &self,
        case: &str,
        hash: &str,
        now: i64,
    ) -> Result<Opened, NodeError> {
        let mut tx = self.write_tx().await?;
        let row = key_was_used(&mut tx, case, hash).await?;
        let opened = open(&mut tx, Some(&row.case_id), None, now).await?;
        let actor = format!("reporter:{}", row.id);
        store::audit::add(
            &mut tx,
            now,
            &actor,
            "conversation.opened",
            Some(&row.case_id),
            "",
        )
        .await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Who holds a token, if it is still open.
    pub async fn visitor(&self, token: &str) -> Result<Option<Visitor>, NodeError> {
        let Some(hash) = hash(token) else {
            return Ok(None);
        };
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let row = store::reporters::session(&mut tx, &hash).await?;
        drop(tx);
        let Some(row) = row.filter(|row| row.expires_at > now && row.seen_at + IDLE_MS > now)
        else {
            return Ok(None);
        };
        // A disk that is full keeps nobody from what they read: it only ends the sooner.
        if now - row.seen_at >= MINUTE_MS
            && let Err(error) = self.touch_session(&hash, now).await
        {
            tracing::warn!(%error, "the use of an open conversation could not be noted");
        }
        Ok(match (row.case_id, row.citizen) {
            (Some(case), _) => Some(Visitor(Proof::Case(store::case_id(&case)?))),
            (None, Some(citizen)) => Some(Visitor(Proof::Citizen(citizen))),
            (None, None) => None,
        })
    }

    async fn touch_session(&self, hash: &[u8], now: i64) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::reporters::touch_session(&mut tx, hash, now).await?;
        Ok(tx.commit().await?)
    }

    /// The right to speak in a case: for the holder of its key, of the key of
    /// the report that it was split from, and for the citizen who filed it.
    /// With `None` it is the case whose key was shown.
    ///
    /// # Errors
    /// [`NodeError::Locked`] for everybody else, whether the case exists or not.
    pub async fn conversation(
        &self,
        visitor: &Visitor,
        case: Option<CaseId>,
    ) -> Result<Conversation, NodeError> {
        let case = case.or(visitor.case()).ok_or(NodeError::Locked(ENDED))?;
        let mut tx = self.read_tx().await?;
        let family = self.filed_as(&mut tx, case).await?;
        let row = store::reporters::of_case(&mut tx, &family.to_string()).await?;
        let row = row.ok_or(NodeError::Locked(ENDED))?;
        let may = match &visitor.0 {
            Proof::Case(shown) => *shown == family,
            Proof::Citizen(id) => row.citizen.as_deref() == Some(id),
        };
        if !may {
            return Err(NodeError::Locked(ENDED));
        }
        Ok(Conversation {
            case,
            id: row.id,
            citizen: row.citizen,
            by_key: matches!(visitor.0, Proof::Case(_)),
        })
    }

    /// The right to speak in a case for whoever filed it, or the whole that it was split from, in a
    /// conversation on a channel.
    ///
    /// # Errors
    /// [`NodeError::Locked`] where it was filed elsewhere.
    pub(crate) async fn conversation_of_thread(
        &self,
        thread: &str,
        case: CaseId,
    ) -> Result<Conversation, NodeError> {
        let mut tx = self.read_tx().await?;
        let family = self.filed_as(&mut tx, case).await?.to_string();
        let filed_in = store::channels::threads::of_case(&mut tx, &family).await?;
        let row = store::reporters::of_case(&mut tx, &family).await?;
        let row = row.filter(|_| filed_in.as_deref() == Some(thread));
        let row = row.ok_or(NodeError::Locked(ENDED))?;
        Ok(Conversation {
            case,
            id: row.id,
            citizen: row.citizen,
            by_key: false,
        })
    }

    /// Ends what a token has opened.
    pub async fn close_conversation(&self, token: &str) -> Result<(), NodeError> {
        let Some(hash) = hash(token) else {
            return Ok(());
        };
        let mut tx = self.write_tx().await?;
        store::reporters::end_session(&mut tx, &hash).await?;
        Ok(tx.commit().await?)
    }

    /// Makes the reporter a new key. What the old one opened ends; the old one itself when
    /// the new one is used, for the answer that tells it may be lost. Until then the old one
    /// makes no other, which would end a key that somebody may have written down.
    ///
    /// # Errors
    /// [`NodeError::Forbidden`] while a new key waits to be used.
    pub async fn change_key(
        &self,
        conversation: &Conversation,
    ) -> Result<Zeroizing<String>, NodeError> {
        let (key, now) = (SecretKey::mint(), self.clock().now_ms());
        let secret = key.hashed().await?;
        let mut tx = self.write_tx().await?;
        let case = self.filed_as(&mut tx, conversation.case).await?.to_string();
        let row = store::reporters::of_case(&mut tx, &case).await?;
        let row = row.ok_or(NodeError::Locked(ENDED))?;
        if conversation.by_key && row.secret_before.is_some() {
            return Err(NodeError::Forbidden(RENEWED.into()));
        }
        store::reporters::offer_secret(&mut tx, &case, &secret, now).await?;
        end_opened(&mut tx, &case, &conversation.actor(), now).await?;
        tx.commit().await?;
        Ok(key.reveal())
    }

    pub(super) async fn reporter_of(&self, ticket: &str) -> Result<Option<ReporterRow>, NodeError> {
        let mut tx = self.read_tx().await?;
        let Some(case) = store::cases::by_ticket(&mut tx, ticket).await? else {
            return Ok(None);
        };
        Ok(store::reporters::of_case(&mut tx, &case).await?)
    }

    /// The case as it was filed: the oldest ancestor of one that was split off.
    pub(crate) async fn filed_as(&self, tx: &mut Tx, case: CaseId) -> Result<CaseId, NodeError> {
        /// A split of a split of a split is rare; more are a circle.
        const GENERATIONS: usize = 16;
        let mut at = case;
        for _ in 0..GENERATIONS {
            match self.shown_case(tx, at).await {
                Ok(shown) => match shown.parent {
                    Some(parent) => at = parent,
                    None => return Ok(at),
                },
                Err(NodeError::NotFound { .. }) => return Err(NodeError::Locked(ENDED)),
                Err(error) => return Err(error),
            }
        }
        Err(NodeError::damaged("a case is its own ancestor"))
    }
}

/// Verifies the key that a reporter shows to somebody else, of their case as it was filed.
/// Throttled like the door of the conversation.
pub(super) async fn shown_key(
    node: &Node,
    typed: &str,
    row: Option<&ReporterRow>,
) -> Result<(), NodeError> {
    let row = row.ok_or(NodeError::Locked(WRONG))?;
    let mut tx = node.read_tx().await?;
    let case = store::cases::case(&mut tx, &row.case_id).await?;
    drop(tx);
    let ticket = case.and_then(|case| case.ticket).unwrap_or_default();
    let now = node.clock().now_ms();
    node.guards().ticket.attempt(&ticket, now)?;
    let hash = fitting(typed, Some(row)).await?;
    let hash = hash.ok_or(NodeError::Locked(WRONG))?;
    let mut tx = node.read_tx().await?;
    let row = store::reporters::of_case(&mut tx, &row.case_id).await?;
    let still = row.is_some_and(|row| has_key(&row, &hash));
    still.then_some(()).ok_or(NodeError::Locked(WRONG))
}

/// The reporter of a case whose key of a hash was shown: one that was replaced ends when the new
/// one is used, with what it had opened.
///
/// # Errors
/// [`NodeError::Locked`] if it is none of the keys any more.
pub(super) async fn key_was_used(
    tx: &mut Tx,
    case: &str,
    hash: &str,
) -> Result<ReporterRow, NodeError> {
    let row = store::reporters::of_case(tx, case).await?;
    let row = row.filter(|row| has_key(row, hash));
    let row = row.ok_or(NodeError::Locked(WRONG))?;
    if row.secret == hash && row.secret_before.is_some() {
        store::reporters::end_secret_before(tx, &row.case_id).await?;
        store::reporters::end_of_case(tx, &row.case_id).await?;
    }
    Ok(row)
}

/// Whether a hash is that of one of a reporter's keys.
fn has_key(row: &ReporterRow, hash: &str) -> bool {
    row.secret == hash || row.secret_before.as_deref() == Some(hash)
}

/// The hash of a reporter's keys that a typed key fits. It is verified twice, whether there are two
/// keys, one or none: how long it takes tells none of that.
async fn fitting(typed: &str, row: Option<&ReporterRow>) -> Result<Option<String>, NodeError> {
    let keys = [
        row.map(|row| row.secret.clone()),
        row.and_then(|row| row.secret_before.clone()),
    ];
    let mut found = None;
    for stored in keys {
        let fits = SecretKey::fits(SecretKey::parse(typed), stored.clone()).await?;
        found = found.or(stored.filter(|_| fits));
    }
    Ok(found)
}

pub(super) async fn open(
    tx: &mut Tx,
    case: Option<&str>,
    citizen: Option<&str>,
    now: i64,
) -> Result<Opened, NodeError> {
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()));
    let row = SessionRow {
        case_id: case.map(str::to_owned),
        citizen: citizen.map(str::to_owned),
        created_at: now,
        seen_at: now,
        expires_at: now + LIFE_MS,
    };
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    store::reporters::add_session(tx, &hash, &row).await?;
    Ok(Opened {
        token,
        expires_at: row.expires_at,
    })
}

pub(super) async fn replace_key(
    tx: &mut Tx,
    case: &str,
    secret: &str,
    actor: &str,
    now: i64,
) -> Result<(), NodeError> {
    store::reporters::set_secret(tx, case, secret, now).await?;
    end_opened(tx, case, actor, now).await
}

/// Ends what a key has opened that is replaced.
async fn end_opened(tx: &mut Tx, case: &str, actor: &str, now: i64) -> Result<(), NodeError> {
    store::reporters::end_of_case(tx, case).await?;
    Ok(store::audit::add(tx, now, actor, "reporter.key_changed", Some(case), "").await?)
}

pub(super) async fn expire(tx: &mut Tx, now: i64) -> Result<(), NodeError> {
    store::reporters::expire_sessions(tx, now, now - IDLE_MS).await?;
    Ok(())
}

fn hash(token: &str) -> Option<[u8; 32]> {
    let shape = token.len() == PREFIX.len() + 43 && token.starts_with(PREFIX);
    shape.then(|| Sha256::digest(token.as_bytes()).into())
}
