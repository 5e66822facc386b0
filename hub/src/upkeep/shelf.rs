//! What the console shows of backups: those in the folder for them, with what their manifests say and
//! how each was tried, and what was made and tried last. Nothing is changed here.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use lapor_migrations::Tx;
use lapor_web::backup::{Manifest, finished_at};
use serde::Serialize;
use utoipa::ToSchema;

use super::record::Kept;
use super::{Outcome, Running, Work};
use crate::app::Hub;
use crate::backup;
use crate::error::HubError;
use crate::mishap::Mishap;
use crate::store;
use crate::store::from_code;
use crate::store::upkeep::{RunRow, TrialRow};
use crate::trial::Trial;
use crate::trials::Standing;

/// Folders that are looked into.
const SHELVED: usize = 200;
/// Runs that are shown.
const SHOWN: i64 = 20;

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
    /// Attachments that its database names and that were not there when it was made.
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

/// Reads all of it.
pub async fn read(hub: &Hub) -> Result<Shelf, HubError> {
    let folder = hub.settings().backup.folder.clone();
    let looking = folder.clone();
    let found =
        tokio::task::spawn_blocking(move || looking.map_or_else(Vec::new, |at| look(&at, SHELVED)));
    let found = found.await.map_err(|_| HubError::Aborted)?;
    let mut tx = hub.ground.db.read().await?;
    let last_backup = last_backup(&mut tx).await?;
    let standing = Standing::read(&mut tx, hub.now_ms()).await?;
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
        missing: manifest.count_lacking(),
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
}
