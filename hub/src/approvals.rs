//! The rule of two: where it is set, a dangerous act waits until a second person
//! has confirmed it. It is then done once, in the transaction of the
//! confirmation, and the audit log names both.

use lapor_protocol::ids::InstanceId;
use lapor_web::chance::random;

use crate::audit::{self, By};
use crate::deeds::{self, Deed};
use crate::error::HubError;
use crate::ground::Ground;
use crate::membership::MembershipError;
use crate::store;
use crate::store::approvals::ApprovalRow;

/// How long an act waits for a second person.
pub const PATIENCE_MS: i64 = 24 * 60 * 60 * 1000;

/// An act that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Done,
    Waits,
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
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

impl From<HubError> for ApprovalError {
    fn from(error: HubError) -> Self {
        Self::Membership(error.into())
    }
}

impl From<lapor_migrations::DbError> for ApprovalError {
    fn from(error: lapor_migrations::DbError) -> Self {
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
    if !second_person {
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
    let subject = deed.subject().map_or("", InstanceId::as_str);
    let mut tx = ground.db.write().await?;
    store::approvals::sweep(&mut tx, now).await?;
    if store::approvals::waits(&mut tx, &row.deed, now).await? {
        return Err(ApprovalError::AskedAlready);
    }
    store::approvals::add(&mut tx, &row, subject).await?;
    let action = format!("{}.asked", deed.action());
    audit::note(&mut tx, now, by, &action, subject).await?;
    tx.commit().await?;
    Ok(Asked::Waits)
}

/// All acts that wait, the oldest first.
pub async fn waiting(ground: &Ground) -> Result<Vec<Approval>, ApprovalError> {
    let mut tx = ground.db.read().await?;
    let rows = store::approvals::all(&mut tx, ground.clock.now_ms()).await?;
    rows.into_iter().map(approval).collect()
}

/// Does what another person has asked for.
pub async fn confirm(ground: &Ground, actor: &str, id: &str) -> Result<Approval, ApprovalError> {
    let mut tx = ground.db.write().await?;
    let row = store::approvals::take(&mut tx, id, ground.clock.now_ms()).await?;
    let approval = approval(row.ok_or(ApprovalError::Gone)?)?;
    if approval.asked_by == actor {
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
    let action = format!("{}.refused", approval.deed.action());
    let subject = approval.deed.subject().map_or("", InstanceId::as_str);
    audit::note(&mut tx, now, &by, &action, subject).await?;
    tx.commit().await?;
    Ok(approval)
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
