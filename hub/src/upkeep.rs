//! The backups that the console makes and tries: one at a time, with its progress, and each kept
//! in the record with whoever asked and what came of it.
//!
//! A backup is a folder below `backup.folder`; nothing outside of it is written or read.

mod record;
mod shelf;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapor_web::backup::Tell;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use self::record::{Kept, keep, keep_at_last, note, note_alone};
use crate::app::Hub;
use crate::audit::By;
use crate::backup;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store::code_of;
use crate::store::upkeep::RunRow;
use crate::trial::{self, Trial};

pub(crate) use record::{got_done, interrupt, interrupt_of};
pub use shelf::{Holds, Run, Schedule, Shelf, Shelved, Tried, last_backup, last_size, read};

const NAME_CHARACTERS: usize = 60;

/// What is done to a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// It is made.
    Backup,
    /// It is restored beside the hub and proved.
    Trial,
}

impl Work {
    fn action(self) -> &'static str {
        match self {
            Self::Backup => "backup.begun",
            Self::Trial => "backup.tried",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RunOutcome)]
pub enum Outcome {
    /// The backup was made, or held in all when it was tried.
    Done,
    /// The backup was not made, or what was tried does not hold.
    Failed,
    /// Its trial could not be run to the end, which says nothing of the backup.
    Aborted,
}

/// What is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Running {
    pub work: Work,
    /// The backup's folder.
    pub name: String,
    /// Unix ms.
    pub began_at: i64,
    /// `database`, `blobs`, `proving`, `restoring`, `writing`, `verifying`, `comparing`.
    pub step: String,
    /// Bytes, while messages are written their number.
    pub done: u64,
    /// 0 where it is not known.
    pub total: u64,
}

/// What the running hub knows of it.
#[derive(Debug, Default)]
pub struct Upkeep {
    running: Mutex<Option<Running>>,
    /// Counts what has changed, for whoever looks on.
    changes: watch::Sender<u64>,
}

impl Upkeep {
    pub fn running(&self) -> Option<Running> {
        self.lock().clone()
    }

    /// Told each change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn tell(&self, step: &str, done: u64, total: u64) {
        if let Some(running) = self.lock().as_mut() {
            step.clone_into(&mut running.step);
            (running.done, running.total) = (done, total);
        }
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing is begun.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error("no folder is set for backups; set `backup.folder`")]
    NoFolder,
    #[error("a backup's name is small letters, digits, points and hyphens, 60 at most")]
    Name,
    #[error("there is no such backup in the folder for them")]
    Unknown,
    #[error("a backup is being made or tried; wait for it to end")]
    Busy,
    #[error(transparent)]
    Hub(#[from] HubError),
}

/// Begins to make a backup, or to try one; what follows is read from [`read`]. It goes on though whoever
/// asked hangs up: what is noted as begun and is not would keep others from theirs.
pub async fn begin(hub: &Arc<Hub>, by: &By<'_>, work: Work, name: &str) -> Result<(), UpkeepError> {
    let shelf = hub.settings().backup.folder.clone();
    let shelf = shelf.ok_or(UpkeepError::NoFolder)?;
    let folder = shelf.join(name);
    let backup_at = match work {
        Work::Backup if is_name(name) => None,
        Work::Backup => return Err(UpkeepError::Name),
        Work::Trial if name.contains(['/', '\\']) || name.starts_with('.') => {
            return Err(UpkeepError::Unknown);
        }
        Work::Trial => Some(made_at(&folder).ok_or(UpkeepError::Unknown)?),
    };
    let place = Place::take(hub, work, name)?;
    let [actor, reason, name] = [by.actor, by.reason, name].map(ToOwned::to_owned);
    let begun = tokio::spawn(async move {
        let by = By {
            reason: &reason,
            ..By::actor(&actor)
        };
        let noted = note_alone(&place.0, &by, work, (&name, backup_at)).await?;
        let row = noted.ok_or(UpkeepError::Busy)?;
        tokio::spawn(async move { place.work(row, &folder).await });
        Ok::<_, UpkeepError>(())
    });
    begun.await.map_err(|_| HubError::Aborted)?
}

/// Tries a backup at the machine, and keeps what came of it as the console does.
pub async fn attempt(
    ground: &Ground,
    by: &By<'_>,
    from: &Path,
    tell: impl Tell,
) -> Result<Trial, trial::TrialError> {
    let name = from.file_name().unwrap_or(from.as_os_str());
    let name = name.to_string_lossy();
    let mut tx = ground.db.write().await?;
    let now = ground.clock.now_ms();
    let row = note(&mut tx, now, by, Work::Trial, (&name, made_at(from))).await?;
    tx.commit().await?;
    let tried = trial::attempt(ground, from, tell).await;
    let kept = match &tried {
        Ok(trial) => Kept::Trial(Box::new(trial.clone())),
        Err(error) => Kept::untried(error),
    };
    keep(ground, row, kept).await?;
    tried
}

/// The one place for work; given back when it is dropped, also by a panic.
struct Place(Arc<Hub>);

impl Place {
    fn take(hub: &Arc<Hub>, work: Work, name: &str) -> Result<Self, UpkeepError> {
        let mut running = hub.upkeep.lock();
        if running.is_some() {
            return Err(UpkeepError::Busy);
        }
        *running = Some(Running {
            work,
            name: name.to_owned(),
            began_at: hub.now_ms(),
            step: String::new(),
            done: 0,
            total: 0,
        });
        Ok(Self(Arc::clone(hub)))
    }

    async fn work(self, row: RunRow, folder: &Path) {
        let hub = &self.0;
        let telling = Arc::clone(hub);
        let tell = move |step: &str, done, total| telling.upkeep.tell(step, done, total);
        let kept = if row.work == code_of(&Work::Backup) {
            let (settings, now) = (hub.settings(), hub.now_ms());
            let config = settings.file.as_deref();
            let made = backup::back_up(settings, config, folder, true, now, tell).await;
            made.map_or_else(
                |error| Kept::problem((&error).into(), &error),
                |made| Kept::made(&made),
            )
        } else {
            let tried = trial::attempt(&hub.ground, folder, tell).await;
            tried.map_or_else(
                |error| Kept::untried(&error),
                |tried| Kept::Trial(Box::new(tried)),
            )
        };
        if let Kept::Problem { problem, .. }
        | Kept::Aborted {
            aborted: problem, ..
        } = &kept
        {
            tracing::error!(problem, name = row.name, work = row.work, "a backup failed");
        }
        if let Err(error) = keep_at_last(&hub.ground, row, kept).await {
            tracing::error!(%error, "what came of a backup could not be written down");
        }
        hub.alarms.ring();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.upkeep.lock() = None;
        self.0.upkeep.changed();
    }
}

/// The moment that a backup shows, if it is a finished one.
fn made_at(folder: &Path) -> Option<i64> {
    let opened = backup::open(folder).ok()?;
    Some(opened.manifest().origin.made_at)
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    !name.is_empty()
        && name.len() <= NAME_CHARACTERS
        && name.bytes().all(plain)
        && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for (name, fine) in [
            ("2026-11-26", true),
            ("sebelum-0.2.0", true),
            ("", false),
            (".", false),
            ("..", false),
            (".trial", false),
            ("a/b", false),
            ("Harian", false),
        ] {
            assert_eq!(is_name(name), fine, "{name}");
        }
    }
}
