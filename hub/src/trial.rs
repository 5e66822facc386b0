//! A backup put where nothing is, and proved there: that it can be restored, that all of the
//! record in it holds, and that it is a beginning of the record that this hub has now.
//!
//! The database in use is only read. Keys are read where they stand in the backup and copied
//! nowhere. What the trial unpacks is removed at its end, whatever that is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use lapor_migrations::{Db, DbError, Kind, Schema, Scratch, Tx};
use lapor_protocol::ids::Digest;
use lapor_web::backup::{Backup, BackupError, Manifest, Tell, make_private};
use lapor_web::chance::random;
use lapor_web::monitor::free_disk_bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::{self, HubBackupError};
use crate::error::HubError;
use crate::evidence::{self, ExportError, Flaw, Proof};
use crate::ground::{Ground, Keyring};
use crate::settings::Settings;
use crate::store;
use crate::streams::StreamKey;

/// Room for the copy and the record in it as files, in copies.
const COPIES: u64 = 3;
/// What the name of a trial's folder begins with, and the random bytes in it.
const TRIAL: &str = "trial-";
const DIGITS: usize = 8;
/// Contradictions that are kept in words; the rest is counted.
const KEPT: usize = 20;

/// Why a backup could not be tried; one that was tried and does not hold is no error.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error(transparent)]
    Backup(#[from] HubBackupError),
    #[error("the record in the backup cannot be written as files: {0}")]
    Export(#[from] ExportError),
    #[error("the record in the backup cannot be read again: {0}")]
    Unreadable(io::Error),
    #[error(
        "the trial needs {needed} bytes in {folder} and there are {free}; make room, or name another folder in `backup.scratch`"
    )]
    NoRoom {
        folder: String,
        needed: u64,
        free: u64,
    },
}

impl TrialError {
    /// Whether it says something of the backup, and not of the machine on which it was tried.
    pub fn blames_backup(&self) -> bool {
        match self {
            Self::Export(ExportError::Hub(error)) | Self::Backup(HubBackupError::Hub(error)) => {
                match error {
                    HubError::Database(error) => is_of_the_copy(error),
                    HubError::File(_) | HubError::Aborted | HubError::Stopping => false,
                    _ => true,
                }
            }
            Self::Backup(HubBackupError::Backup(error)) => !matches!(
                error,
                BackupError::File { .. }
                    | BackupError::Gone(_)
                    | BackupError::Unfinished(_)
                    | BackupError::Busy(_)
                    | BackupError::Occupied(_)
                    | BackupError::InUse(_)
            ),
            Self::Backup(HubBackupError::Database(error)) => is_of_the_copy(error),
            Self::Backup(HubBackupError::KeysMissing(_)) => true,
            _ => false,
        }
    }
}

fn is_of_the_copy(error: &DbError) -> bool {
    !matches!(
        error,
        DbError::Configuration(_)
            | DbError::Unavailable(_)
            | DbError::Cancelled(_)
            | DbError::DiskFull(_)
            | DbError::Newer { .. }
    )
}

impl From<BackupError> for TrialError {
    fn from(error: BackupError) -> Self {
        Self::Backup(error.into())
    }
}

impl From<DbError> for TrialError {
    fn from(error: DbError) -> Self {
        Self::Backup(error.into())
    }
}

impl From<HubError> for TrialError {
    fn from(error: HubError) -> Self {
        Self::Backup(error.into())
    }
}

/// What a trial has shown. Counts are of what stands in the backup unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trial {
    /// Unix ms of the moment that the backup shows.
    pub made_at: i64,
    /// Files of the backup, each of which is what the manifest says.
    pub files: u64,
    pub bytes: u64,
    /// Attachments that its database names and that were not there when it was made, or are damaged in it.
    pub missing: u64,
    /// Whether the keys of the hub are in it.
    pub keys: bool,
    /// Versions of the directory, each signed and following the one before.
    pub versions: u64,
    /// Messages whose signatures and chains were checked.
    pub envelopes: u64,
    /// Rulings that were made again.
    pub rulings: u64,
    pub receipts: u64,
    /// Cases that were folded again.
    pub cases: u64,
    /// Ends of chains and of streams that were compared with this hub's record.
    pub compared: u64,
    /// Messages that this hub has ordered since, which the backup lacks.
    pub since: u64,
    /// Versions of the directory that this hub has published since.
    pub versions_since: u64,
    /// What does not hold, the first of it in words.
    pub wrong: Vec<String>,
    /// How much does not hold.
    pub wrongs: u64,
    /// The same by kind; empty where all holds, and where a program of before has tried it.
    #[serde(default)]
    pub flaws: BTreeMap<Flaw, u64>,
}

impl Trial {
    /// Whether the backup can be relied upon.
    pub fn holds(&self) -> bool {
        self.wrongs == 0
    }
}

/// Tries a backup beside the hub of `live`. `tell` hears of `proving`, `restoring`, `writing`,
/// `verifying` and `comparing`.
pub async fn attempt(live: &Ground, from: &Path, tell: impl Tell) -> Result<Trial, TrialError> {
    let (backup, kind) = backup::proved(from, tell.clone()).await?;
    let scratch = &live.settings.backup.scratch;
    let digits = hex::encode(random::<DIGITS>());
    let folder = scratch.join(format!("{TRIAL}{digits}"));
    let copy = backup.path(kind.copy_name());
    make_private(&folder)?;
    // Held until it is removed: whoever sweeps sees that a trial lives in it.
    let held = File::open(&folder).and_then(|held| held.lock().map(|()| held));
    let held = held.map_err(|source| BackupError::File {
        path: folder.clone(),
        source,
    })?;
    let tried = match room(&live.settings, &folder, &copy) {
        Ok(()) => unpacked(live, &backup, kind, (&folder, &digits), tell).await,
        Err(none) => Err(none),
    };
    let removed = fs::remove_dir_all(&folder);
    drop(held);
    if let Err(error) = removed {
        tracing::warn!(%error, folder = %folder.display(), "what a trial unpacked could not be removed; remove it");
    }
    // Others may be at work in it.
    fs::remove_dir(scratch).ok();
    tried
}

/// Removes what trials left that were killed.
pub(crate) fn sweep(scratch: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        let folder = entry.path();
        let ours = entry.file_name().to_str().is_some_and(is_ours);
        let left = |held: File| ours && held.try_lock().is_ok();
        if !File::open(&folder).is_ok_and(left) {
            continue;
        }
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "what a killed trial left could not be removed; remove it");
        }
    }
    fs::remove_dir(scratch).ok();
}

/// Whether a name is one that a trial gives its folder.
fn is_ours(name: &str) -> bool {
    let digits = name.strip_prefix(TRIAL).unwrap_or_default();
    digits.len() == DIGITS * 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A trial must not take the room in which the hub works.
fn room(settings: &Settings, folder: &Path, copy: &Path) -> Result<(), TrialError> {
    let size = fs::metadata(copy).map_or(0, |facts| facts.len());
    let needed = size * COPIES + settings.monitor.free_disk_bytes;
    match free_disk_bytes([folder]) {
        Some(free) if free < needed => Err(TrialError::NoRoom {
            folder: folder.display().to_string(),
            needed,
            free,
        }),
        _ => Ok(()),
    }
}

async fn unpacked(
    live: &Ground,
    backup: &Backup,
    kind: Kind,
    (folder, digits): (&Path, &str),
    tell: impl Tell,
) -> Result<Trial, TrialError> {
    tell("restoring", 0, 0);
    let place = Scratch::beside(&live.settings.database.url, kind, folder, digits).await?;
    let copy = backup.path(kind.copy_name());
    let outcome = match place.restore(&copy, Schema::Hub).await {
        Ok(db) => {
            let outcome = examined(live, backup, db.clone(), folder, tell).await;
            db.close().await;
            outcome
        }
        Err(error) => Err(error.into()),
    };
    if let Err(error) = place.remove().await {
        tracing::warn!(%error, "the database of a trial could not be removed; the next trial does");
    }
    outcome
}

/// Proves what was restored.
async fn examined(
    live: &Ground,
    backup: &Backup,
    db: Db,
    folder: &Path,
    tell: impl Tell,
) -> Result<Trial, TrialError> {
    db.migrate().await?;
    let manifest = backup.manifest();
    let mut settings = live.settings.clone();
    settings.storage.blobs = backup.beside("blobs");
    if manifest.origin.keys {
        settings.storage.keys = backup.path("keys");
        settings.storage.authority = backup.path("authority");
    }
    let keyring = Keyring::load(&settings)?;
    let clock = Arc::clone(&live.clock);
    let ground = Ground::new(settings, db, keyring, clock).await?;
    let record = folder.join("record");
    let telling = tell.clone();
    evidence::export(&ground, &record, None, move |done, total| {
        telling("writing", done, total);
    })
    .await?;
    tell("verifying", 0, 0);
    let reading = tokio::task::spawn_blocking(move || evidence::verify(&record));
    let proof = reading.await.map_err(|_| HubError::Aborted)?;
    let proof = proof.map_err(TrialError::Unreadable)?;
    tell("comparing", 0, 0);
    let mut found = Comparison::default();
    let (signer, directory) = (ground.signer(), live.directory.current());
    let theirs = signer.kid();
    // A backup from before a change of keys signs with a former one.
    if directory.any_hub_key(theirs).is_none() {
        let what = format!("its signing key is {theirs}, never one of this hub's");
        found.differs(Flaw::HubKey, what);
    }
    found.compare(live, &ground).await?;
    Ok(told(manifest, &proof, found))
}

fn told(manifest: &Manifest, proof: &Proof, found: Comparison) -> Trial {
    let proved = proof.contradictions.iter();
    let mut wrong: Vec<(Flaw, String)> = proved.map(|one| (one.flaw, one.to_string())).collect();
    wrong.extend(found.differences);
    let mut flaws = BTreeMap::new();
    for (flaw, _) in &wrong {
        *flaws.entry(*flaw).or_default() += 1;
    }
    let wrongs = wrong.len() as u64;
    Trial {
        made_at: manifest.origin.made_at,
        files: manifest.files.len() as u64,
        bytes: manifest.total_bytes(),
        missing: manifest.count_lacking() as u64,
        keys: manifest.origin.keys,
        versions: proof.directory,
        envelopes: proof.tally.envelopes,
        rulings: proof.tally.rulings,
        receipts: proof.tally.receipts,
        cases: proof.tally.cases,
        compared: found.compared,
        since: found.since,
        versions_since: found.versions_since,
        wrong: wrong.into_iter().take(KEPT).map(|(_, what)| what).collect(),
        wrongs,
        flaws,
    }
}

/// The record of a backup beside the one of this hub.
#[derive(Default)]
struct Comparison {
    differences: Vec<(Flaw, String)>,
    compared: u64,
    since: u64,
    versions_since: u64,
}

impl Comparison {
    fn differs(&mut self, flaw: Flaw, what: String) {
        self.differences.push((flaw, what));
    }

    /// A chain names all before its end, and so does a stream: where the ends of the backup stand in
    /// this record, all of it does.
    async fn compare(&mut self, live: &Ground, tried: &Ground) -> Result<(), HubError> {
        let (mut here, mut there) = (live.db.read().await?, tried.db.read().await?);
        self.chains(&mut here, &mut there).await?;
        self.streams(&mut here, &mut there).await?;
        let last = store::directory::latest(&mut there).await?;
        let ours = store::directory::one(&mut here, last).await?;
        if ours != store::directory::one(&mut there, last).await? {
            let what = format!("version {last} of the directory is another one here");
            self.differs(Flaw::Version, what);
        }
        let count = store::record::count(&mut here).await?;
        self.since = count.saturating_sub(store::record::count(&mut there).await?);
        let latest = store::directory::latest(&mut here).await?;
        self.versions_since = latest.saturating_sub(last);
        here.rollback().await?;
        there.rollback().await?;
        Ok(())
    }

    async fn chains(&mut self, here: &mut Tx, there: &mut Tx) -> Result<(), HubError> {
        for (author, chain) in store::chains::all(there).await? {
            let head = chain.head;
            if head.seq == 0 {
                continue;
            }
            self.compared += 1;
            let (epoch, seq) = (head.epoch, head.seq);
            let ids = store::envelopes::ids(here, &author, epoch, seq, seq).await?;
            if ids.first().is_none_or(|(_, id)| *id != head.id) {
                let what = format!("message {epoch}.{seq} of {author} is not in this record");
                self.differs(Flaw::Message, what);
            }
        }
        Ok(())
    }

    async fn streams(&mut self, here: &mut Tx, there: &mut Tx) -> Result<(), HubError> {
        for (key, cursor) in store::deliveries::heads(there).await? {
            if cursor.dseq == 0 {
                continue;
            }
            self.compared += 1;
            let item = store::deliveries::item(here, &key, cursor.depoch, cursor.dseq).await?;
            if item.is_none_or(|item| Digest::of(item.as_bytes()) != cursor.hash) {
                let stream = match &key {
                    StreamKey::Public => "public",
                    StreamKey::Inbox(recipient) => recipient.as_str(),
                };
                let (depoch, dseq) = (cursor.depoch, cursor.dseq);
                let what =
                    format!("item {depoch}.{dseq} of the stream {stream} is not in this record");
                self.differs(Flaw::Item, what);
            }
        }
        Ok(())
    }
}
