//! The rule of two: where it is set, a dangerous act waits until a second person
//! has confirmed it. It is then done once, in the transaction of the
//! confirmation, and the audit log names both.

use std::collections::BTreeSet;

use lapor_migrations::{DbError, Tx};
use lapor_protocol::ids::InstanceId;
use lapor_web::chance::random;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::deeds::{self, Deed};
use crate::error::HubError;
use crate::ground::Ground;
use crate::membership::MembershipError;
use crate::store;
use crate::store::approvals::{ApprovalRow, Waiting};
use crate::tokens::person;
use crate::watch::Picture;

/// How long an act waits for a second person.
pub const PATIENCE_MS: i64 = 24 * 60 * 60 * 1000;
/// Who lets an act lapse, in the audit log.
const LAPSED: &str = "hub";

/// An act that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Approval {
    pub id: String,
    pub deed: Deed,
    pub reason: String,
    /// As in the audit log.
    pub asked_by: String,
    /// Unix ms.
    pub asked_at: i64,
    /// Unix ms.
    pub expires_at: i64,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Done,
    /// Under this id.
    Waits(String),
}

/// What waits for an operator, each once.
#[derive(Debug, Clone, Copy)]
pub struct Undecided {
    /// Acts and accounts that wait for a second person.
    pub asked: Waiting,
    /// Institutions that have joined and that nobody has let in yet.
    pub joined: u64,
}

/// Why an act is neither done nor put before a second person.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error("there is nothing of this kind to decide; it was decided, or nobody did in time")]
    Gone,
    #[error("whoever asks for an act cannot confirm it; another operator must")]
    SamePerson,
    #[error("the same act waits for a second person already")]
    AskedAlready,
    #[error("whoever asked for this may act no more; refuse it, and ask for it anew")]
    AskerGone,
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

impl From<HubError> for ApprovalError {
    fn from(error: HubError) -> Self {
        Self::Membership(error.into())
    }
}

impl From<DbError> for ApprovalError {
    fn from(error: DbError) -> Self {
        Self::Membership(error.into())
    }
}

/// Does an act, or has it wait where two must agree. What cannot be done is
/// refused at once in either case.
pub async fn ask(
    ground: &Ground,
    by: &By<'_>,
    deed: &Deed,
    second_person: bool,
) -> Result<Asked, ApprovalError> {
    if !second_person && !deed.is_forced() {
        deeds::act(ground, by, deed).await?;
        return Ok(Asked::Done);
    }
    let mut trial = ground.db.write().await?;
    deed.apply(ground, &mut trial, by).await?;
    trial.rollback().await?;
    let now = ground.clock.now_ms();
    let row = ApprovalRow {
        id: hex::encode(random::<8>()),
        deed: serde_json::to_string(deed).map_err(HubError::damaged)?,
        reason: by.reason.to_owned(),
        asked_by: by.actor.to_owned(),
        asked_at: now,
        expires_at: now + PATIENCE_MS,
    };
    let subject = deed.subject();
    let mut tx = ground.db.write().await?;
    lapse_in(&mut tx, now).await?;
    if store::approvals::waits(&mut tx, &row.deed, now).await? {
        return Err(ApprovalError::AskedAlready);
    }
    let about = subject.as_deref().unwrap_or_default();
    store::approvals::add(&mut tx, &row, about).await?;
    note(&mut tx, now, by, deed, "asked").await?;
    tx.commit().await?;
    Ok(Asked::Waits(row.id))
}

/// Drops what nobody has decided in time, and writes down what it was.
pub async fn lapse(ground: &Ground) -> Result<(), ApprovalError> {
    let mut tx = ground.db.write().await?;
    lapse_in(&mut tx, ground.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(())
}

async fn lapse_in(tx: &mut Tx, now: i64) -> Result<(), ApprovalError> {
    let lapsed = store::approvals::sweep(tx, now).await?;
    for approval in lapsed.into_iter().filter_map(readable) {
        let by = By {
            actor: LAPSED,
            reason: &approval.reason,
            asked_by: Some(&approval.asked_by),
        };
        note(tx, now, &by, &approval.deed, "lapsed").await?;
    }
    Ok(())
}

/// Writes down what became of an act that was not done, and what it would have done.
async fn note(
    tx: &mut Tx,
    now: i64,
    by: &By<'_>,
    deed: &Deed,
    became: &str,
) -> Result<(), ApprovalError> {
    let reason = match deed.detail() {
        None => by.reason.to_owned(),
        Some(detail) => format!("{} ({detail})", by.reason),
    };
    let by = By {
        reason: reason.trim_start(),
        ..*by
    };
    let action = format!("{}.{became}", deed.action(now));
    audit::note_about(tx, now, &by, &action, deed.subject().as_deref()).await?;
    Ok(())
}

/// All acts that wait, the oldest first. One that cannot be read, as a later program may have left it, is
/// none: it holds no other up, and lapses.
pub async fn waiting(ground: &Ground) -> Result<Vec<Approval>, ApprovalError> {
    let mut tx = ground.db.read().await?;
    let rows = store::approvals::all(&mut tx, ground.clock.now_ms()).await?;
    Ok(rows.into_iter().filter_map(readable).collect())
}

/// What waits for an operator. Whom a first person has let in waits among the acts, for the second.
pub async fn undecided(tx: &mut Tx, picture: &Picture, now: i64) -> Result<Undecided, DbError> {
    let asked = store::approvals::waiting(tx, now).await?;
    let acts = store::approvals::all(tx, now).await?;
    let let_in: BTreeSet<InstanceId> = acts
        .iter()
        .filter_map(|row| match serde_json::from_str(&row.deed) {
            Ok(Deed::Admit { instance }) => Some(instance),
            _ => None,
        })
        .collect();
    let joined = picture.instances.iter();
    let joined = joined.filter(|(id, of)| of.waits_since.is_some() && !let_in.contains(*id));
    Ok(Undecided {
        asked,
        joined: joined.count() as u64,
    })
}

/// Does what another person has asked for.
pub async fn confirm(ground: &Ground, actor: &str, id: &str) -> Result<Approval, ApprovalError> {
    let mut tx = ground.db.write().await?;
    let row = store::approvals::take(&mut tx, id, ground.clock.now_ms()).await?;
    let approval = approval(row.ok_or(ApprovalError::Gone)?)?;
    if person(&mut tx, &approval.asked_by).await? == person(&mut tx, actor).await? {
        return Err(ApprovalError::SamePerson);
    }
    let by = By {
        actor,
        reason: &approval.reason,
        asked_by: Some(&approval.asked_by),
    };
    let directory = approval.deed.apply(ground, &mut tx, &by).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    if approval.deed.instance().is_none() {
        deeds::settle(ground).await;
    }
    Ok(approval)
}

/// Drops what somebody has asked for; whoever asked may take it back.
pub async fn refuse(ground: &Ground, actor: &str, id: &str) -> Result<Approval, ApprovalError> {
    let now = ground.clock.now_ms();
    let mut tx = ground.db.write().await?;
    let row = store::approvals::take(&mut tx, id, now).await?;
    let approval = approval(row.ok_or(ApprovalError::Gone)?)?;
    let by = By {
        actor,
        reason: &approval.reason,
        asked_by: Some(&approval.asked_by),
    };
    note(&mut tx, now, &by, &approval.deed, "refused").await?;
    tx.commit().await?;
    Ok(approval)
}

fn readable(row: ApprovalRow) -> Option<Approval> {
    let id = row.id.clone();
    let read = approval(row);
    read.inspect_err(|error| tracing::error!(%error, id, "an act that waits cannot be read"))
        .ok()
}

fn approval(row: ApprovalRow) -> Result<Approval, ApprovalError> {
    Ok(Approval {
        deed: serde_json::from_str(&row.deed).map_err(HubError::damaged)?,
        id: row.id,
        reason: row.reason,
        asked_by: row.asked_by,
        asked_at: row.asked_at,
        expires_at: row.expires_at,
    })
}
