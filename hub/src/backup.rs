//! Backing the hub up while it orders, and putting a backup in place of
//! nothing.
//!
//! A backup holds the authority and the signing key of the federation: whoever
//! has it can be the hub. A hub that is restored has lost what came after the
//! backup; what members show of it is told apart by their heads.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapor_certs::Vault;
use lapor_migrations::{
    Db, DbError, DbOptions, Kind, Schema, Tx, begin_restore, check_copy, is_vacant, restore_copy,
};
use lapor_protocol::ids::Digest;
use lapor_web::accounts;
use lapor_web::backup::{
    Backup, BackupError, Manifest, NewBackup, Origin, Tell, is_free, make_private,
};

use crate::error::HubError;
use crate::settings::{Settings, SettingsError};
use crate::{restored, store, upkeep};

const PROGRAM: &str = "lapor-hub";
/// Name of the configuration in a hub's folder.
const CONFIG: &str = "hub.toml";
/// Name of the file beside it that stands there while a backup is restored.
const UNFINISHED: &str = "restore.unfinished";
/// The schema from which on the database knows which uploads are complete.
const UPLOADS_NOTED: i64 = 2;

#[derive(Debug, thiserror::Error)]
pub enum HubBackupError {
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(
        "the backup has no keys in it (it was made with --without-keys), and {0} is empty: put the hub's keys and authority there first"
    )]
    KeysMissing(PathBuf),
}

/// What a restore put where.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub config: PathBuf,
    pub settings: Settings,
    pub attachments: usize,
}

/// Backs up the hub of these settings, which may be serving meanwhile.
/// `config` is its configuration file.
pub async fn back_up(
    settings: &Settings,
    config: Option<&Path>,
    to: &Path,
    with_keys: bool,
    now_ms: i64,
    tell: impl Tell,
) -> Result<Manifest, HubBackupError> {
    // Not migrated: the backup before an upgrade is made by the new program too.
    let db = Db::open(&settings.database.url, Schema::Hub, &DbOptions::default()).await?;
    let outcome = copy_all(&db, settings, config, to, with_keys, now_ms, tell).await;
    db.close().await;
    outcome
}

async fn copy_all(
    db: &Db,
    settings: &Settings,
    config: Option<&Path>,
    to: &Path,
    with_keys: bool,
    now_ms: i64,
    tell: impl Tell,
) -> Result<Manifest, HubBackupError> {
    let mut tx = db.read().await?;
    let domain = store::state::read(&mut tx, store::state::TRUST_DOMAIN).await?;
    tx.rollback().await?;
    let origin = Origin {
        program: PROGRAM.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        schema: db.schema_version().await?,
        database: db.kind().name().into(),
        instance: domain,
        made_at: now_ms,
        keys: with_keys,
    };
    let mut backup = NewBackup::begin(to, origin)?;
    let name = db.kind().copy_name();
    tell("database", 0, 0);
    // The database first: every attachment that it names is there to be copied after it.
    db.copy_to(&backup.path(name)).await?;
    let named = named(db).await?;
    let (settings, config) = (settings.clone(), config.map(Path::to_owned));
    let copying = tokio::task::spawn_blocking(move || {
        let storage = &settings.storage;
        backup.take_in(name)?;
        if with_keys {
            backup.copy_folder("keys", &storage.keys)?;
            backup.copy_folder("authority", &storage.authority)?;
        }
        if let Some(config) = config {
            backup.copy(CONFIG, &config)?;
        }
        backup.copy_shelf("blobs", &storage.blobs, &tell)?;
        let absent = named.map(|named| backup.absent("blobs", &named));
        Ok::<_, BackupError>((backup, absent))
    });
    let (mut backup, mut absent) = copying.await.map_err(|_| HubError::Aborted)??;
    if let Some(absent) = &mut absent {
        // What was erased meanwhile is not missing.
        let still = self::named(db).await?.unwrap_or_default();
        let still: BTreeSet<String> = still.into_iter().collect();
        absent.retain(|sha256| still.contains(sha256));
    }
    let finishing = tokio::task::spawn_blocking(move || {
        if let Some(absent) = absent {
            backup.note_missing("blobs", absent);
        }
        backup.finish()
    });
    let manifest = finishing.await.map_err(|_| HubError::Aborted)??;
    let mut tx = db.write().await?;
    note_made(&mut tx, now_ms, &manifest).await?;
    tx.commit().await?;
    Ok(manifest)
}

/// Notes which backup is the last one.
async fn note_made(tx: &mut Tx, at: i64, manifest: &Manifest) -> Result<(), HubError> {
    let at = at.to_string();
    store::state::write(tx, store::state::LAST_BACKUP, &at).await?;
    let bytes = manifest.total_bytes().to_string();
    store::state::write(tx, store::state::LAST_BACKUP_BYTES, &bytes).await?;
    if manifest.origin.keys {
        store::state::write(tx, store::state::LAST_KEY_BACKUP, &at).await?;
    }
    Ok(())
}

/// The attachments that must be here, by the database; `None` of one from before
/// it was noted which are.
async fn named(db: &Db) -> Result<Option<Vec<String>>, HubError> {
    if db.schema_version().await? < UPLOADS_NOTED {
        return Ok(None);
    }
    let mut tx = db.read().await?;
    let proved = store::blobs::proved(&mut tx).await?;
    Ok(Some(proved.into_iter().map(Digest::to_hex).collect()))
}

/// Opens a finished backup; reads no file but its manifest.
pub fn open(from: &Path) -> Result<Backup, BackupError> {
    Backup::open(from, PROGRAM)
}

/// Proves a backup without restoring it. The manifest says which attachments are damaged.
pub async fn prove(from: &Path, tell: impl Tell) -> Result<Manifest, HubBackupError> {
    let (backup, _) = proved(from, tell).await?;
    Ok(backup.manifest().clone())
}

/// Restores a backup into `dir`, where there is no hub. A configuration that
/// stands there already is used instead of the one in the backup.
/// `now_ms` is noted as the moment of the restore.
pub async fn restore(
    from: &Path,
    dir: &Path,
    now_ms: i64,
    tell: impl Tell,
) -> Result<Restored, HubBackupError> {
    let (backup, kind) = proved(from, tell.clone()).await?;
    let config = dir.join(CONFIG);
    if config.exists() {
        // There may be a hub, which is left as it is.
        vacant(&backup, kind, &config).await?;
    }
    let unfinished = Unfinished::begin(dir)?;
    let settings = match configured(&backup, kind, &config).await {
        Ok(settings) => settings,
        Err(error) => {
            unfinished.undo()?;
            return Err(error);
        }
    };
    let backup = Arc::new(backup);
    let manifest = backup.manifest().clone();
    let storage = settings.storage.clone();
    let (with_keys, held) = (manifest.origin.keys, Arc::clone(&backup));
    let telling = tell.clone();
    let placing = tokio::task::spawn_blocking(move || {
        if with_keys {
            held.place_folder("keys", &storage.keys, &telling)?;
            held.place_folder("authority", &storage.authority, &telling)?;
        }
        held.place_folder("blobs", &storage.blobs, &telling)
    });
    let attachments = placing.await.map_err(|_| HubError::Aborted)??;
    // The root's key may have been taken offline; the issuer must be there.
    let vault = Vault::at(&settings.storage.authority);
    vault.issuer().map_err(HubError::damaged)?;
    tell("database", 0, 0);
    let file = backup.path(kind.copy_name());
    let db = restore_copy(&settings.database.url, kind, &file, Schema::Hub).await?;
    let finished = finish(&db, now_ms, &manifest, unfinished).await;
    db.close().await;
    finished?;
    Ok(Restored {
        manifest,
        config,
        settings,
        attachments,
    })
}

/// Puts the configuration in its place, where none stands yet, and marks the database that it names.
async fn configured(
    backup: &Backup,
    kind: Kind,
    config: &Path,
) -> Result<Settings, HubBackupError> {
    if !config.exists() {
        backup.place(CONFIG, config)?;
    }
    let settings = vacant(backup, kind, config).await?;
    begin_restore(&settings.database.url, Schema::Hub).await?;
    Ok(settings)
}

/// Makes sure that what a configuration names holds nothing yet.
async fn vacant(backup: &Backup, kind: Kind, config: &Path) -> Result<Settings, HubBackupError> {
    let settings = Settings::load(config)?;
    let storage = &settings.storage;
    is_vacant(&settings.database.url, kind, Schema::Hub).await?;
    for folder in [&storage.keys, &storage.authority] {
        match (backup.manifest().origin.keys, is_free(folder)?) {
            (true, false) => return Err(BackupError::InUse(folder.clone()).into()),
            (false, true) => return Err(HubBackupError::KeysMissing(folder.clone())),
            _ => {}
        }
    }
    if !is_free(&storage.blobs)? {
        return Err(BackupError::InUse(storage.blobs.clone()).into());
    }
    Ok(settings)
}

/// Notes in the database that it was restored, and only then takes the marks away. The one that other machines
/// see goes last: what one of them may serve is restored by this one no more.
async fn finish(
    db: &Db,
    now_ms: i64,
    manifest: &Manifest,
    unfinished: Unfinished,
) -> Result<(), HubBackupError> {
    note(db, now_ms, manifest).await?;
    unfinished.end()?;
    Ok(db.end_restore().await?)
}

/// A file beside the configuration, from the beginning of a restore to its end: a hub that was restored in
/// part knows nothing of what it has lost. On PostgreSQL the database says it to other machines.
struct Unfinished {
    path: PathBuf,
    /// A restore before this one has left it.
    was_there: bool,
}

impl Unfinished {
    fn begin(dir: &Path) -> Result<Self, HubBackupError> {
        make_private(dir)?;
        let path = dir.join(UNFINISHED);
        let was_there = path.exists();
        let file = File::create(&path).map_err(HubError::from)?;
        file.sync_all().map_err(HubError::from)?;
        sync(dir)?;
        Ok(Self { path, was_there })
    }

    /// Nothing was put anywhere.
    fn undo(self) -> Result<(), HubBackupError> {
        if self.was_there {
            return Ok(());
        }
        self.end()
    }

    fn end(self) -> Result<(), HubBackupError> {
        std::fs::remove_file(&self.path).map_err(HubError::from)?;
        self.path.parent().map_or(Ok(()), sync)
    }
}

fn sync(folder: &Path) -> Result<(), HubBackupError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(synced.map_err(HubError::from)?)
}

/// The file that says so, where a restore of the hub of this configuration was begun and has not ended.
pub fn unfinished(config: &Path) -> Option<PathBuf> {
    let path = config.with_file_name(UNFINISHED);
    path.exists().then_some(path)
}

/// Notes in the restored database that it was, and that the backup in which it stood got done and is
/// the last one of which it knows, and ends whatever opens the console. One of before an upgrade is
/// brought to this program's tables first, as its start would.
async fn note(db: &Db, now_ms: i64, manifest: &Manifest) -> Result<(), HubError> {
    db.migrate().await?;
    upkeep::got_done(db, manifest).await?;
    let mut tx = db.write().await?;
    note_made(&mut tx, manifest.origin.made_at, manifest).await?;
    accounts::end_all(&mut tx).await?;
    tx.commit().await?;
    restored::note(db, now_ms, manifest.origin.made_at).await
}

/// Proves every file, and the copy of the database as far as it can be read in its file.
pub(crate) async fn proved(from: &Path, tell: impl Tell) -> Result<(Backup, Kind), HubBackupError> {
    let backup = open(from)?;
    let origin = backup.manifest().origin.clone();
    let known = Schema::Hub.version();
    if origin.schema > known {
        let found = origin.schema;
        return Err(DbError::Newer { found, known }.into());
    }
    let kind = Kind::named(&origin.database).ok_or_else(|| BackupError::Manifest {
        path: from.to_owned(),
        reason: format!("it names a database of kind {:?}", origin.database),
    })?;
    let proving = tokio::task::spawn_blocking(move || backup.prove(&tell));
    let backup = proving.await.map_err(|_| HubError::Aborted)??;
    check_copy(kind, &backup.path(kind.copy_name()), Schema::Hub).await?;
    Ok((backup, kind))
}

#[cfg(test)]
mod tests {
    use lapor_migrations::on;
    use lapor_migrations::throwaway::databases;

    use super::*;
    use crate::store::upkeep::RunRow;

    const NOW: i64 = 1_790_000_000_000;

    fn manifest(db: &Db, schema: i64) -> Manifest {
        Manifest {
            form: 1,
            origin: Origin {
                program: PROGRAM.into(),
                version: "0.1.0".into(),
                schema,
                database: db.kind().name().into(),
                instance: None,
                made_at: NOW + 1,
                keys: true,
            },
            run: "run-1".into(),
            files: std::collections::BTreeMap::new(),
            missing: None,
            damaged: Vec::new(),
        }
    }

    #[tokio::test]
    async fn nothing_opens_the_console_of_a_restored_hub_that_may_have_been_ended_since() {
        const OPEN: [&str; 3] = [
            "insert into sessions (hash, id, account, stage, agent, created_at, seen_at, expires_at)
                values ($1, 'id', 'dewi', 'open', '', 1, 1, 9)",
            "insert into account_links (hash, purpose, account, created_at, expires_at)
                values ($1, 'password', 'dewi', 1, 9)",
            "insert into recovery_codes (account, hash) values ('dewi', $1)",
        ];
        const LEFT: &str = "select (select count(*) from sessions)
            + (select count(*) from account_links) + (select count(*) from recovery_codes)";
        for test in databases().await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            for sql in OPEN {
                let hash = vec![7_u8; 32];
                let added = on!(&mut tx, c => sqlx::query(sql)
                    .bind(hash)
                    .execute(c)
                    .await
                    .map(drop));
                added.unwrap();
            }
            let said = [store::state::UNWAITED, store::state::STUCK];
            for name in said {
                store::state::write(&mut tx, name, "x").await.unwrap();
            }
            tx.commit().await.unwrap();
            note(&db, NOW + 2, &manifest(&db, Schema::Hub.version()))
                .await
                .unwrap();
            let mut tx = db.read().await.unwrap();
            let left: i64 = on!(&mut tx, c => sqlx::query_scalar(LEFT).fetch_one(c).await).unwrap();
            assert_eq!(left, 0);
            for name in said {
                let kept = store::state::read(&mut tx, name).await.unwrap();
                assert_eq!(kept, None, "of a recovery of before");
            }
        }
    }

    #[tokio::test]
    async fn the_backup_in_which_it_stood_got_done_also_where_an_older_program_made_it() {
        for test in databases().await {
            let db = test.migrated_before_the_last(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let run = RunRow {
                id: "0123456789abcdef".into(),
                work: "backup".into(),
                name: "harian".into(),
                backup_at: None,
                asked_by: "test".into(),
                began_at: NOW,
                ended_at: None,
                outcome: None,
                result: None,
            };
            store::upkeep::begin(&mut tx, &run).await.unwrap();
            tx.commit().await.unwrap();
            let older = db.schema_version().await.unwrap();
            assert!(older < Schema::Hub.version());
            let manifest = manifest(&db, older);
            note(&db, NOW + 2, &manifest).await.unwrap();
            let mut tx = db.read().await.unwrap();
            let run = store::upkeep::latest(&mut tx, 1).await.unwrap().remove(0);
            assert_eq!(run.outcome.as_deref(), Some("done"));
            assert_eq!(run.ended_at, Some(NOW + 1));
            let last = upkeep::last_backup(&mut tx).await.unwrap();
            assert_eq!(last, Some(NOW + 1), "also where it knew of none");
            assert!(restored::open(&mut tx).await.unwrap().is_some());
        }
    }
}
