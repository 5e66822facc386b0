//! A hub that was restored from a backup: since when, from what, and what ends that. Whom it has heard
//! since then, and what they hold that it has lost, is in `recovery`.
//!
//! The record is whole as far as those can know who have been heard. Nothing that is lost is
//! given another place: members bring it back, and it gets the places that it had, or none.

mod recovery;

use std::collections::BTreeSet;
use std::time::Duration;

use lapor_migrations::{Db, DbError, Tx};
use lapor_protocol::ids::InstanceId;
use lapor_web::accounts;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::app::Hub;
use crate::audit::{self, By};
use crate::error::HubError;
use crate::ground::Ground;
use crate::right::Right;
use crate::store;
use crate::store::retrieved::Brought;
use crate::store::state::{self, RESTORED};
use crate::stuck::Stuck;

pub use self::recovery::{Back, Member, Recovery, Stage, read};

/// What it may take to note that the database went back: whoever cannot ends without.
const PATIENCE: Duration = Duration::from_secs(10);

/// Noted by a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restore {
    /// Unix ms.
    pub at: i64,
    /// Unix ms of the moment that the backup shows.
    pub backup_at: i64,
    /// Number of the last message that was in it.
    pub number: i64,
    /// Unix ms; since when new messages get a place and the directory goes on.
    #[serde(default)]
    pub listened_at: Option<i64>,
    /// Unix ms; when all had been heard, or somebody said that it is over.
    #[serde(default)]
    pub closed_at: Option<i64>,
    /// Who said so, as in the audit log; `None` where all had been heard.
    #[serde(default)]
    pub closed_by: Option<String>,
}

/// Why nothing is closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    #[error("there is no restore that is not over")]
    Nothing,
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl From<DbError> for CloseError {
    fn from(error: DbError) -> Self {
        Self::Hub(error.into())
    }
}

/// Notes in a restored database that it was. Everybody may witness anew, and whoever has started again
/// since the backup is not taken for a copy.
pub(crate) async fn note(db: &Db, at: i64, backup_at: i64) -> Result<(), HubError> {
    let mut tx = db.write().await?;
    note_in(&mut tx, at, backup_at).await?;
    Ok(tx.commit().await?)
}

async fn note_in(tx: &mut Tx, at: i64, backup_at: i64) -> Result<(), HubError> {
    store::chains::forget_boots(tx).await?;
    for name in [state::APART, state::UNWAITED, state::STUCK] {
        state::forget(tx, name).await?;
    }
    store::retrieved::forget_members(tx).await?;
    let restore = Restore {
        at,
        backup_at,
        number: state::moment(tx).await?.number,
        listened_at: None,
        closed_at: None,
        closed_by: None,
    };
    keep(tx, &restore).await
}

/// Notes of a database that stands at an earlier moment than this process has seen that it was restored:
/// the other processes end, and whichever begins next is alone and listens. Where that cannot be noted
/// this process ends all the same.
pub(crate) async fn note_receded(ground: &Ground, right: &Right) {
    let noted = timeout(PATIENCE, try_note_receded(ground, right)).await;
    match noted {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!(%error, "that the database went back could not be noted in it");
        }
        Err(_) => tracing::error!("that the database went back could not be noted in time"),
    }
}

async fn try_note_receded(ground: &Ground, right: &Right) -> Result<(), HubError> {
    let mut tx = ground.db.write().await?;
    // Another process may have noticed it first, or puts the record together by now, or has done so
    // while this one slept.
    let since = last_at_in(&mut tx).await? > right.restored_at();
    let lost = state::read(&mut tx, state::LOSS).await?.is_some();
    if since || lost || listens(&mut tx).await? {
        return Ok(());
    }
    let ordered_at = state::moment(&mut tx).await?.ordered_at;
    note_in(&mut tx, ground.clock.now_ms(), ordered_at).await?;
    // Who was cut off since may have a session again, as after a restore.
    accounts::end_all(&mut tx).await?;
    right.be_alone_in(&mut tx).await?;
    Ok(tx.commit().await?)
}

async fn last(tx: &mut Tx) -> Result<Option<Restore>, HubError> {
    let text = state::read(tx, RESTORED).await?;
    let read = text.map(|text| serde_json::from_str(&text).map_err(HubError::damaged));
    read.transpose()
}

/// Unix ms; when this hub was last restored, whether that is over or not.
pub async fn last_at(db: &Db) -> Result<Option<i64>, HubError> {
    let mut tx = db.read().await?;
    let at = last_at_in(&mut tx).await?;
    tx.rollback().await?;
    Ok(at)
}

/// As [`last_at`], in a transaction of the caller.
pub(crate) async fn last_at_in(tx: &mut Tx) -> Result<Option<i64>, HubError> {
    Ok(last(tx).await?.map(|restore| restore.at))
}

/// The one that is not over.
pub(crate) async fn open(tx: &mut Tx) -> Result<Option<Restore>, HubError> {
    let last = last(tx).await?;
    Ok(last.filter(|restore| restore.closed_at.is_none()))
}

/// Whether a restored hub still waits for what members may show, before anything gets the place
/// of what is lost.
pub(crate) async fn listens(tx: &mut Tx) -> Result<bool, HubError> {
    let open = open(tx).await?;
    Ok(open.is_some_and(|restore| restore.listened_at.is_none()))
}

/// Notes that it has waited long enough.
pub(crate) async fn has_listened(tx: &mut Tx, now_ms: i64) -> Result<(), HubError> {
    if let Some(mut restore) = open(tx).await? {
        restore.listened_at.get_or_insert(now_ms);
        keep(tx, &restore).await?;
    }
    Ok(())
}

/// Ends what may end: a restore once all have been heard and nothing is lost, and a loss once
/// all have brought back what they hold, or somebody said that nobody else is waited for.
pub async fn settle(hub: &Hub) -> Result<(), HubError> {
    let recovery = read(hub).await?;
    match recovery.stage {
        Stage::Lost => return put_back(hub).await,
        Stage::Still => hub.witness.stop_listening(),
        Stage::Listening => {}
    }
    let all = recovery.heard() == recovery.members.len();
    if recovery.stage != Stage::Listening || (!all && hub.witness.listens(&hub.ground)) {
        return Ok(());
    }
    // Somebody may have closed it meanwhile, or shown what is lost.
    let mut tx = hub.ground.db.write().await?;
    let lost = state::read(&mut tx, state::LOSS).await?.is_some();
    let due = |of: &Restore| !lost && (all || of.listened_at.is_none());
    let Some(mut restore) = open(&mut tx).await?.filter(due) else {
        return Ok(());
    };
    restore.listened_at.get_or_insert(hub.now_ms());
    restore.closed_at = all.then(|| hub.now_ms());
    keep(&mut tx, &restore).await?;
    Ok(tx.commit().await?)
}

/// Says that those who have not been heard are not waited for.
pub(crate) async fn close_in(ground: &Ground, tx: &mut Tx, by: &By<'_>) -> Result<(), CloseError> {
    if state::read(tx, state::LOSS).await?.is_some() {
        state::write(tx, state::UNWAITED, by.actor).await?;
        audit::note_about(tx, ground.clock.now_ms(), by, "recovery.closed", None).await?;
        return Ok(());
    }
    let mut restore = open(tx).await?.ok_or(CloseError::Nothing)?;
    let now = ground.clock.now_ms();
    restore.closed_at = Some(now);
    restore.closed_by = Some(by.actor.to_owned());
    keep(tx, &restore).await?;
    audit::note_about(tx, now, by, "recovery.closed", None).await?;
    Ok(())
}

/// Gives what members have brought back its places, all at once or not at all.
async fn put_back(hub: &Hub) -> Result<(), HubError> {
    let _alone = hub.witness.settling.lock().await;
    let recovery = read(hub).await?;
    let mut tx = hub.ground.db.write().await?;
    let unwaited = state::read(&mut tx, state::UNWAITED).await?;
    let all = recovery.whole() == recovery.members.len();
    if state::read(&mut tx, state::LOSS).await?.is_none() {
        tx.rollback().await?;
        // It was put back, and nothing came of the answer to that commit.
        let (ground, streams) = (&hub.ground, &hub.streams);
        hub.sequencer.follow_unheard(ground, streams).await?;
        return hub.witness.forget_what_is_back(&hub.ground.db).await;
    }
    if !all && unwaited.is_none() {
        return Ok(());
    }
    // Those count too who are not waited for.
    let brought = store::retrieved::members(&mut tx).await?;
    let brought: u64 = brought.values().map(Brought::count).sum();
    let here = Some((brought, recovery.whole()));
    if unwaited.is_none() && hub.witness.tried() == here {
        return Ok(());
    }
    let replayed = hub
        .sequencer
        .replay(&hub.ground, &hub.streams, &mut tx)
        .await?;
    let replayed = match replayed {
        Ok(replayed) => replayed,
        Err(why) => {
            tx.rollback().await?;
            hub.witness.set_tried(here);
            return note_stuck(hub, &recovery, &why).await;
        }
    };
    let apart = apart(hub.witness.apart(), &recovery.members);
    hub.witness.set_apart_in(&mut tx, &apart).await?;
    store::retrieved::clear(&mut tx).await?;
    // Weeks that are over have got more than was counted.
    store::casework::weeks::forget(&mut tx).await?;
    for name in [state::LOSS, state::UNWAITED, state::STUCK] {
        state::forget(&mut tx, name).await?;
    }
    if let Some(mut restore) = open(&mut tx).await? {
        restore.closed_at = Some(hub.now_ms());
        restore.closed_by = unwaited.filter(|_| !all);
        keep(&mut tx, &restore).await?;
    }
    tx.commit().await?;
    let messages = replayed.messages;
    hub.sequencer
        .follow(&hub.ground, &hub.streams, replayed)
        .await;
    hub.witness.forget_loss(apart);
    tracing::warn!(
        messages,
        "what this hub had lost is back in its places; it takes messages in again"
    );
    Ok(())
}

/// Whose copy goes on from what is not here: those who contradict the record, and those who hold
/// more and have not brought it, until they do.
fn apart(before: BTreeSet<InstanceId>, members: &[Member]) -> BTreeSet<InstanceId> {
    let (whole, others): (Vec<_>, Vec<_>) = members.iter().partition(|of| of.is_whole());
    let lacking = others.into_iter().filter(|of| !of.lacks.is_empty());
    let mut apart: BTreeSet<_> = lacking.map(|of| of.id.clone()).chain(before).collect();
    apart.retain(|id| !whole.iter().any(|of| of.id == *id));
    apart
}

/// Whoever said that nobody is waited for looks again, and says it again.
async fn note_stuck(hub: &Hub, recovery: &Recovery, why: &Stuck) -> Result<(), HubError> {
    if recovery.stuck_by.as_ref() != Some(why) {
        tracing::error!(
            %why,
            "what members have brought back does not make the record whole"
        );
    }
    let text = serde_json::to_string(why).map_err(HubError::damaged)?;
    let mut tx = hub.ground.db.write().await?;
    state::write(&mut tx, state::STUCK, &text).await?;
    state::forget(&mut tx, state::UNWAITED).await?;
    tx.commit().await?;
    hub.witness.stir();
    Ok(())
}

async fn keep(tx: &mut Tx, restore: &Restore) -> Result<(), HubError> {
    let text = serde_json::to_string(restore).map_err(HubError::damaged)?;
    Ok(state::write(tx, RESTORED, &text).await?)
}
