//! What is kept of each backup that is made or tried: that it began and who asked, then how it ended
//! and what came of it, also where its process did not live to say so.

use std::time::Duration;

use lapor_migrations::{Db, Tx};
use lapor_web::backup::Manifest;
use lapor_web::chance::random;
use serde::{Deserialize, Serialize};

use super::{Outcome, Work};
use crate::app::Hub;
use crate::audit::{self, By};
use crate::error::HubError;
use crate::ground::Ground;
use crate::mishap::Mishap;
use crate::store;
use crate::store::code_of;
use crate::store::upkeep::RunRow;
use crate::trial::{self, Trial};

/// Why a run ended whose process did not live to say so.
const INTERRUPTED: &str = "the program ended meanwhile";
/// How often, and how long after each other, what came of a run is tried to be written down.
const TRIES: usize = 60;
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What is kept of a run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    Trial(Box<Trial>),
    Problem {
        problem: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Mishap>,
    },
    Aborted {
        aborted: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Mishap>,
    },
    Made {
        files: usize,
        bytes: u64,
    },
}

impl Kept {
    pub(super) fn problem(cause: Mishap, error: &impl std::fmt::Display) -> Self {
        Self::Problem {
            problem: error.to_string(),
            cause: Some(cause),
        }
    }

    pub(super) fn untried(error: &trial::TrialError) -> Self {
        let cause = Mishap::from(error);
        if error.blames_backup() {
            return Self::problem(cause, error);
        }
        Self::Aborted {
            aborted: error.to_string(),
            cause: Some(cause),
        }
    }

    pub(super) fn made(manifest: &Manifest) -> Self {
        Self::Made {
            files: manifest.files.len(),
            bytes: manifest.total_bytes(),
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Made { .. } => Outcome::Done,
            Self::Trial(trial) if trial.holds() => Outcome::Done,
            Self::Trial(_) | Self::Problem { .. } => Outcome::Failed,
            Self::Aborted { .. } => Outcome::Aborted,
        }
    }
}

/// Says in the database of a backup, which was copied while that was made, that it was.
pub(crate) async fn got_done(db: &Db, manifest: &Manifest) -> Result<(), HubError> {
    let text = serde_json::to_string(&Kept::made(manifest)).map_err(HubError::damaged)?;
    let mut tx = db.write().await?;
    store::upkeep::finish_backup(&mut tx, manifest.origin.made_at, &text).await?;
    Ok(tx.commit().await?)
}

/// Says of what a former process has begun that it ended with it. Where others of this hub are at
/// work, the one that leads them says so of those that are gone.
pub(crate) async fn interrupt(ground: &Ground) -> Result<(), HubError> {
    if !ground.db.is_led().await? {
        let mut tx = ground.db.write().await?;
        interrupt_of(&mut tx, ground.clock.now_ms(), "").await?;
        tx.commit().await?;
    }
    trial::sweep(&ground.settings.backup.scratch);
    Ok(())
}

/// Says so of what one process has begun, or any (`""`).
pub(crate) async fn interrupt_of(tx: &mut Tx, now: i64, replica: &str) -> Result<(), HubError> {
    let kept = Kept::problem(Mishap::Interrupted, &INTERRUPTED);
    let text = serde_json::to_string(&kept).map_err(HubError::damaged)?;
    Ok(store::upkeep::interrupt(tx, now, &text, replica).await?)
}

/// As [`note`], unless another process of this hub is at something. Whoever calls this has the one
/// place of this process: what that began before is over, though it could not say so.
pub(super) async fn note_alone(
    hub: &Hub,
    by: &By<'_>,
    work: Work,
    what: (&str, Option<i64>),
) -> Result<Option<RunRow>, HubError> {
    let replica = hub.sequencer.right().name();
    let mut tx = hub.ground.db.write().await?;
    if store::upkeep::is_under_way(&mut tx, replica).await? {
        return Ok(None);
    }
    interrupt_of(&mut tx, hub.now_ms(), replica).await?;
    let row = note(&mut tx, hub.now_ms(), by, work, what).await?;
    store::upkeep::be_of(&mut tx, &row.id, replica).await?;
    tx.commit().await?;
    Ok(Some(row))
}

/// Writes down that it begins, and who asked.
pub(super) async fn note(
    tx: &mut Tx,
    now: i64,
    by: &By<'_>,
    work: Work,
    (name, backup_at): (&str, Option<i64>),
) -> Result<RunRow, HubError> {
    let row = RunRow {
        id: hex::encode(random::<8>()),
        work: code_of(&work),
        name: name.to_owned(),
        backup_at,
        asked_by: by.actor.to_owned(),
        began_at: now,
        ended_at: None,
        outcome: None,
        result: None,
    };
    let said = match by.reason {
        "" => name.to_owned(),
        reason => format!("{name}: {reason}"),
    };
    let by = By {
        reason: &said,
        ..*by
    };
    store::upkeep::begin(tx, &row).await?;
    audit::note_about(tx, now, &by, work.action(), None).await?;
    Ok(row)
}

pub(super) async fn keep(ground: &Ground, row: RunRow, kept: Kept) -> Result<(), HubError> {
    put(ground, &ended(ground, row, &kept)?).await
}

/// As [`keep`], and again for a while where the database does not take it: until it is written, all
/// processes of this hub take it for under way.
pub(super) async fn keep_at_last(ground: &Ground, row: RunRow, kept: Kept) -> Result<(), HubError> {
    let row = ended(ground, row, &kept)?;
    for _ in 0..TRIES {
        match put(ground, &row).await {
            Err(HubError::Database(error)) => {
                tracing::warn!(%error, "what came of a backup cannot be written down yet");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            written => return written,
        }
    }
    put(ground, &row).await
}

fn ended(ground: &Ground, mut row: RunRow, kept: &Kept) -> Result<RunRow, HubError> {
    row.ended_at = Some(ground.clock.now_ms());
    row.outcome = Some(code_of(&kept.outcome()));
    row.result = Some(serde_json::to_string(kept).map_err(HubError::damaged)?);
    Ok(row)
}

async fn put(ground: &Ground, row: &RunRow) -> Result<(), HubError> {
    let mut tx = ground.db.write().await?;
    store::upkeep::end(&mut tx, row).await?;
    Ok(tx.commit().await?)
}
