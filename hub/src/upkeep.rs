//! The backups that the console makes and tries: one at a time, with its progress, and each kept
//! in the record with whoever asked and what came of it.
//!
//! A backup is a folder below `backup.folder`; nothing outside of it is written or read.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapor_migrations::{Db, Tx};
use lapor_web::backup::{Manifest, Tell, finished_at};
use lapor_web::chance::random;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::app::Hub;
use crate::audit::{self, By};
use crate::backup;
use crate::error::HubError;
use crate::ground::Ground;
use crate::mishap::Mishap;
use crate::store;
use crate::store::upkeep::{RunRow, TrialRow};
use crate::store::{code_of, from_code};
use crate::trial::{self, Trial};
use crate::trials::Standing;

/// Folders that are looked into.
const SHELVED: usize = 200;
/// Runs that are shown.
const SHOWN: i64 = 20;
const NAME_CHARACTERS: usize = 60;
/// Why a run ended whose process did not live to say so.
const INTERRUPTED: &str = "the program ended meanwhile";

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

/// What the console shows of backups.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shelf {
    /// As it is set; `None` where it is not.
    #[schema(value_type = Option<String>)]
    pub folder: Option<PathBuf>,
    /// Unix ms of the last backup that was made, wherever it stands.
    pub last_backup: Option<i64>,
    /// Unix ms of the end of the last trial in which all held.
    pub last_trial: Option<i64>,
    /// What came of the last trial that was run, whichever backup it was of.
    pub last_outcome: Option<Outcome>,
    /// When the latest backup is tried by itself; `None` where it is not.
    pub tried_by_itself: Option<Schedule>,
    pub running: Option<Running>,
    /// The latest first, then what is none.
    pub backups: Vec<Shelved>,
    /// What was made and tried, the latest first.
    pub runs: Vec<Run>,
}

/// When the hub does something by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Schedule {
    /// Days after which it is done again.
    pub days: u32,
    /// By the clocks of the capital.
    pub hour: u32,
}

/// A folder below the one for backups.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shelved {
    pub name: String,
    /// What its manifest says; `None` of what is no finished backup of a hub.
    pub holds: Option<Holds>,
    /// The last trial of just this backup.
    pub tried: Option<Tried>,
}

/// What is in a backup, by its manifest.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Holds {
    /// Unix ms of the moment that it shows.
    pub made_at: i64,
    pub bytes: u64,
    pub files: usize,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub schema: i64,
    /// Version of the program that made it.
    pub version: String,
    /// Whether the keys of the hub and of the authority are in it.
    pub keys: bool,
    /// Attachments that its database names and that are not in it.
    pub missing: usize,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tried {
    /// Unix ms.
    pub at: i64,
    /// As in the audit log.
    pub by: String,
    pub outcome: Outcome,
}

/// A backup that was made or tried.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Run {
    pub work: Work,
    pub name: String,
    /// As in the audit log.
    pub asked_by: String,
    /// Unix ms.
    pub began_at: i64,
    /// Unix ms; `None` while it is under way.
    pub ended_at: Option<i64>,
    /// `None` while it is under way.
    pub outcome: Option<Outcome>,
    /// What the trial has shown, if it came to an end.
    pub trial: Option<Trial>,
    /// Why it ended before that.
    pub problem: Option<String>,
    /// The same by kind; `None` as well where a program of before wrote it down.
    pub cause: Option<Mishap>,
}

/// What is kept of a run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
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

/// Reads all of it.
pub async fn read(hub: &Hub) -> Result<Shelf, HubError> {
    let folder = hub.settings().backup.folder.clone();
    let looking = folder.clone();
    let found =
        tokio::task::spawn_blocking(move || looking.map_or_else(Vec::new, |at| look(&at, SHELVED)));
    let found = found.await.map_err(|_| HubError::Aborted)?;
    let mut tx = hub.ground.db.read().await?;
    let last_backup = last_backup(&mut tx).await?;
    let standing = Standing::read(&mut tx).await?;
    let trials = store::upkeep::trials(&mut tx).await?;
    let rows = store::upkeep::latest(&mut tx, SHOWN).await?;
    tx.rollback().await?;
    let runs: Result<Vec<Run>, HubError> = rows.into_iter().map(run).collect();
    let found = found.into_iter();
    let backups = found.map(|(name, manifest)| shelved(name, manifest, &trials));
    let mut backups = backups.collect::<Result<Vec<Shelved>, HubError>>()?;
    let made = |one: &Shelved| one.holds.as_ref().map(|holds| holds.made_at);
    backups.sort_by(|a, b| made(b).cmp(&made(a)).then_with(|| a.name.cmp(&b.name)));
    Ok(Shelf {
        folder,
        last_backup,
        last_trial: standing.sound,
        last_outcome: standing.outcome(),
        tried_by_itself: schedule(hub),
        running: hub.upkeep.running(),
        backups,
        runs: runs?,
    })
}

fn schedule(hub: &Hub) -> Option<Schedule> {
    let settings = &hub.settings().backup;
    settings.tries().then_some(Schedule {
        days: settings.trial_days,
        hour: settings.trial_hour,
    })
}

/// Unix ms of the last backup, whoever made it.
pub async fn last_backup(tx: &mut Tx) -> Result<Option<i64>, HubError> {
    let text = store::state::read(tx, store::state::LAST_BACKUP).await?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Bytes of that backup.
pub async fn last_size(tx: &mut Tx) -> Result<Option<u64>, HubError> {
    let text = store::state::read(tx, store::state::LAST_BACKUP_BYTES).await?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Begins to make a backup, or to try one; what follows is read from [`read`].
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
    let noted = note_alone(hub, by, work, (name, backup_at)).await?;
    let row = noted.ok_or(UpkeepError::Busy)?;
    tokio::spawn(async move { place.work(row, &folder).await });
    Ok(())
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
        if let Err(error) = keep(&hub.ground, row, kept).await {
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

impl Kept {
    fn problem(cause: Mishap, error: &impl std::fmt::Display) -> Self {
        Self::Problem {
            problem: error.to_string(),
            cause: Some(cause),
        }
    }

    fn untried(error: &trial::TrialError) -> Self {
        let cause = Mishap::from(error);
        if error.blames_backup() {
            return Self::problem(cause, error);
        }
        Self::Aborted {
            aborted: error.to_string(),
            cause: Some(cause),
        }
    }

    fn made(manifest: &Manifest) -> Self {
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

/// As [`note`], unless another process of this hub is at something.
async fn note_alone(
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
    let row = note(&mut tx, hub.now_ms(), by, work, what).await?;
    store::upkeep::be_of(&mut tx, &row.id, replica).await?;
    tx.commit().await?;
    Ok(Some(row))
}

/// Writes down that it begins, and who asked.
async fn note(
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

async fn keep(ground: &Ground, mut row: RunRow, kept: Kept) -> Result<(), HubError> {
    row.ended_at = Some(ground.clock.now_ms());
    row.outcome = Some(code_of(&kept.outcome()));
    row.result = Some(serde_json::to_string(&kept).map_err(HubError::damaged)?);
    let mut tx = ground.db.write().await?;
    store::upkeep::end(&mut tx, &row).await?;
    Ok(tx.commit().await?)
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

/// So many folders, those that were finished last, and what their manifests say.
fn look(shelf: &Path, most: usize) -> Vec<(String, Option<Manifest>)> {
    let entries = std::fs::read_dir(shelf).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    // Each is read, and can be large.
    names.sort_by_cached_key(|name| Reverse(finished_at(&shelf.join(name))));
    names.truncate(most);
    let manifest = |name: &str| {
        let opened = backup::open(&shelf.join(name)).ok()?;
        Some(opened.manifest().clone())
    };
    names
        .into_iter()
        .map(|name| (name.clone(), manifest(&name)))
        .collect()
}

fn shelved(
    name: String,
    manifest: Option<Manifest>,
    trials: &[TrialRow],
) -> Result<Shelved, HubError> {
    let made_at = manifest.as_ref().map(|manifest| manifest.origin.made_at);
    let mut of_it = trials
        .iter()
        .filter(|trial| trial.name == name && Some(trial.backup_at) == made_at);
    let tried = of_it.next_back().map(|trial| {
        Ok::<_, HubError>(Tried {
            at: trial.ended_at,
            by: trial.asked_by.clone(),
            outcome: from_code(trial.outcome.clone())?,
        })
    });
    let tried = tried.transpose()?;
    let holds = manifest.map(|manifest| Holds {
        bytes: manifest.total_bytes(),
        files: manifest.files.len(),
        missing: manifest.missing.as_ref().map_or(0, Vec::len),
        made_at: manifest.origin.made_at,
        database: manifest.origin.database,
        schema: manifest.origin.schema,
        version: manifest.origin.version,
        keys: manifest.origin.keys,
    });
    Ok(Shelved { name, holds, tried })
}

fn run(row: RunRow) -> Result<Run, HubError> {
    let kept: Option<Kept> = row
        .result
        .map(|text| serde_json::from_str(&text).map_err(HubError::damaged))
        .transpose()?;
    let (trial, problem, cause) = match kept {
        Some(Kept::Trial(trial)) => (Some(*trial), None, None),
        Some(
            Kept::Problem { problem, cause }
            | Kept::Aborted {
                aborted: problem,
                cause,
            },
        ) => (None, Some(problem), cause),
        Some(Kept::Made { .. }) | None => (None, None, None),
    };
    Ok(Run {
        work: from_code(row.work)?,
        name: row.name,
        asked_by: row.asked_by,
        began_at: row.began_at,
        ended_at: row.ended_at,
        outcome: row.outcome.map(from_code).transpose()?,
        trial,
        problem,
        cause,
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn of_many_folders_those_that_were_finished_last_are_looked_into() {
        let shelf = tempfile::tempdir().unwrap();
        let begin = SystemTime::UNIX_EPOCH;
        for (name, hours) in [("a", 1), ("b", 3), ("c", 2)] {
            let folder = shelf.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let manifest = std::fs::File::create(folder.join("manifest.json")).unwrap();
            let at = begin + Duration::from_hours(hours);
            manifest.set_modified(at).unwrap();
        }
        std::fs::create_dir(shelf.path().join("d")).unwrap();
        let found = look(shelf.path(), 2).into_iter();
        let names: Vec<String> = found.map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "c"]);
    }

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
