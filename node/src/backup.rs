//! Backing a node up while it works, and putting a backup in place of nothing.
//!
//! A backup holds the keys of the node, the content keys of its cases and the
//! identities of reporters: it is as secret as the node itself. A restored node
//! must not go on where the backup ends, because the hub may hold more of it:
//! it is marked, and its link opens an epoch before it sends anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lapor_migrations::{
    Db, DbError, DbOptions, Kind, Schema, Tx, begin_restore, check_copy, is_vacant, restore_copy,
};
use lapor_web::accounts;
use lapor_web::backup::{Backup, BackupError, Manifest, NewBackup, Origin, Tell, is_free};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::feed::FEED;
use crate::folder::{CONFIG, InitError, make_folder};
use crate::node::{JOINED, Joined, Node};
use crate::settings::{Settings, SettingsError};
use crate::store;

/// Unix ms of the last finished backup.
const LAST: &str = "last_backup";
/// That this database came from a backup and has not met the hub since.
pub(crate) const RESTORED: &str = "restored";
/// The same, beyond the first contact: what is fetched and was there before may be here already.
const RESTORED_LAST: &str = "restored_last";

const PROGRAM: &str = "lapor-node";
/// How the audit log names whoever restores.
const ACTOR: &str = "restore";

#[derive(Debug, thiserror::Error)]
pub enum NodeBackupError {
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Folder(#[from] InitError),
    #[error(
        "the backup has no keys in it (it was made with --without-keys), and {0} is empty: put the node's keys folder there first"
    )]
    KeysMissing(PathBuf),
}

/// From which backup a node was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoredFrom {
    /// Unix ms; when the backup was made.
    pub backup_at: i64,
    /// Unix ms.
    pub restored_at: i64,
}

/// What a restore put where.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub config: PathBuf,
    pub settings: Settings,
    pub attachments: usize,
    /// Erasures that waited, and wait for somebody to confirm them now.
    pub doubted: usize,
}

/// Backs up the node of these settings, which may be serving meanwhile.
/// `config` is its configuration file.
pub async fn back_up(
    settings: &Settings,
    config: Option<&Path>,
    to: &Path,
    with_keys: bool,
    now_ms: i64,
    tell: impl Tell,
) -> Result<Manifest, NodeBackupError> {
    // Not migrated: the backup before an upgrade is made by the new program too.
    let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await?;
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
) -> Result<Manifest, NodeBackupError> {
    let origin = Origin {
        program: PROGRAM.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        schema: db.schema_version().await?,
        database: db.kind().name().into(),
        instance: instance(db).await?,
        made_at: now_ms,
        keys: with_keys,
    };
    let mut backup = NewBackup::begin(to, origin)?;
    let name = db.kind().copy_name();
    tell("database", 0, 0);
    // The database first: every file that it names is there to be copied after it.
    db.copy_to(&backup.path(name)).await?;
    let named = named(db).await?;
    let (settings, config) = (settings.clone(), config.map(Path::to_owned));
    let copying = tokio::task::spawn_blocking(move || {
        backup.take_in(name)?;
        if with_keys {
            backup.copy_folder("keys", &settings.node.keys)?;
        }
        if let Some(config) = config {
            backup.copy(CONFIG, &config)?;
        }
        backup.copy_shelf("blobs", &settings.node.blobs, &tell)?;
        let absent = backup.absent("blobs", &named);
        Ok::<_, BackupError>((backup, absent))
    });
    let (mut backup, mut absent) = copying.await.map_err(NodeError::damaged)??;
    if !absent.is_empty() {
        // What was erased meanwhile is not missing.
        let still: BTreeSet<String> = self::named(db).await?.into_iter().collect();
        absent.retain(|sha256| still.contains(sha256));
    }
    let finishing = tokio::task::spawn_blocking(move || {
        backup.note_missing("blobs", absent);
        backup.finish()
    });
    let manifest = finishing.await.map_err(NodeError::damaged)??;
    let mut tx = db.write().await?;
    store::chain::set_fact(&mut tx, LAST, &now_ms.to_string()).await?;
    tx.commit().await?;
    Ok(manifest)
}

/// The attachments whose files must be here, by the database.
async fn named(db: &Db) -> Result<Vec<String>, NodeError> {
    let mut tx = db.read().await?;
    let kept = store::blobs::kept(&mut tx).await?;
    Ok(kept.iter().map(hex::encode).collect())
}

/// Proves a backup without restoring it. The manifest says which attachments are damaged.
pub async fn prove(from: &Path, tell: impl Tell) -> Result<Manifest, NodeBackupError> {
    let (backup, _) = proved(from, tell).await?;
    Ok(backup.manifest().clone())
}

/// Restores a backup into `dir`, where there is no node. A configuration that
/// stands there already is used instead of the one in the backup.
pub async fn restore(
    from: &Path,
    dir: &Path,
    now_ms: i64,
    tell: impl Tell,
) -> Result<Restored, NodeBackupError> {
    let (backup, kind) = proved(from, tell.clone()).await?;
    let manifest = backup.manifest().clone();
    make_folder(dir)?;
    let config = dir.join(CONFIG);
    if !config.exists() {
        backup.place(CONFIG, &config)?;
    }
    let settings = Settings::load(&config)?;
    let (keys, blobs) = (settings.node.keys.clone(), settings.node.blobs.clone());
    is_vacant(&settings.database.url, kind, Schema::Node).await?;
    match (manifest.origin.keys, is_free(&keys)?) {
        (true, false) => return Err(BackupError::InUse(keys).into()),
        (false, true) => return Err(NodeBackupError::KeysMissing(keys)),
        _ => {}
    }
    if !is_free(&blobs)? {
        return Err(BackupError::InUse(blobs).into());
    }
    begin_restore(&settings.database.url, Schema::Node).await?;
    let file = backup.path(kind.copy_name());
    let with_keys = manifest.origin.keys;
    let telling = tell.clone();
    let placing = tokio::task::spawn_blocking(move || {
        if with_keys {
            backup.place_folder("keys", &keys, &telling)?;
        }
        backup.place_folder("blobs", &blobs, &telling)
    });
    let attachments = placing.await.map_err(NodeError::damaged)??;
    tell("database", 0, 0);
    let db = restore_copy(&settings.database.url, kind, &file, Schema::Node).await?;
    let from = RestoredFrom {
        backup_at: manifest.origin.made_at,
        restored_at: now_ms,
    };
    let finished = finish(&db, &from).await;
    db.close().await;
    let doubted = finished?;
    Ok(Restored {
        manifest,
        config,
        settings,
        attachments,
        doubted,
    })
}

/// Marks a database as restored, and lets everybody open it again. Returns how many erasures are in doubt.
async fn finish(db: &Db, from: &RestoredFrom) -> Result<usize, NodeBackupError> {
    let doubted = mark(db, from).await?;
    db.end_restore().await?;
    Ok(doubted)
}

/// Marks a database as restored, and takes from it what may have ended after the backup. Its tables may
/// be those of an earlier version. Returns how many erasures are in doubt.
async fn mark(db: &Db, from: &RestoredFrom) -> Result<usize, NodeError> {
    let text = serde_json::to_string(from).map_err(NodeError::damaged)?;
    let mut tx = db.write().await?;
    store::chain::set_fact(&mut tx, RESTORED, &text).await?;
    store::chain::set_fact(&mut tx, RESTORED_LAST, &text).await?;
    // Changes after the copy have had numbers that are given anew now.
    store::chain::forget_fact(&mut tx, FEED).await?;
    // It was noted after the copy was made.
    store::chain::set_fact(&mut tx, LAST, &from.backup_at.to_string()).await?;
    // What was ended or used since would be good again.
    accounts::end_all(&mut tx).await?;
    store::let_in::end_all(&mut tx).await?;
    // What was called off since is not known, and what is erased stays so everywhere.
    let doubted = store::erasures::doubt(&mut tx).await?;
    for (id, case) in &doubted {
        let (at, case) = (from.restored_at, Some(case.as_str()));
        store::audit::add(&mut tx, at, ACTOR, "erasure.doubted", case, id).await?;
    }
    tx.commit().await?;
    Ok(doubted.len())
}

/// When the last backup was finished, and whether the node was restored from
/// one and has not met the hub since.
pub(crate) async fn history(tx: &mut Tx) -> Result<(Option<i64>, Option<RestoredFrom>), NodeError> {
    let last = store::chain::fact(tx, LAST).await?;
    let last = last.map(|text| store::read(text.parse())).transpose()?;
    let restored = store::chain::fact(tx, RESTORED).await?;
    let restored = restored.map(|text| store::read(serde_json::from_str(&text)));
    Ok((last, restored.transpose()?))
}

/// When the node was restored last, Unix ms: what is fetched now and was there before may have been
/// fetched after the backup, and what was made of it comes back from the hub.
pub(crate) async fn restored_at(tx: &mut Tx) -> Result<Option<i64>, NodeError> {
    let Some(text) = store::chain::fact(tx, RESTORED_LAST).await? else {
        return Ok(None);
    };
    let from: RestoredFrom = store::read(serde_json::from_str(&text))?;
    Ok(Some(from.restored_at))
}

impl Node {
    /// When this node was restored last, Unix ms.
    pub(crate) async fn restored_at(&self) -> Result<Option<i64>, NodeError> {
        restored_at(&mut self.read_tx().await?).await
    }

    /// As if it had been restored now, and had met the hub since.
    #[cfg(test)]
    pub(crate) async fn seems_restored(&self) {
        let now = self.clock().now_ms();
        let from = RestoredFrom {
            backup_at: now,
            restored_at: now,
        };
        let text = serde_json::to_string(&from).unwrap();
        let mut tx = self.write_tx().await.unwrap();
        store::chain::set_fact(&mut tx, RESTORED_LAST, &text)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

async fn proved(from: &Path, tell: impl Tell) -> Result<(Backup, Kind), NodeBackupError> {
    let backup = Backup::open(from, PROGRAM)?;
    let origin = backup.manifest().origin.clone();
    let known = Schema::Node.version();
    if origin.schema > known {
        let found = origin.schema;
        return Err(DbError::Newer { found, known }.into());
    }
    let kind = Kind::named(&origin.database).ok_or_else(|| BackupError::Manifest {
        path: from.to_owned(),
        reason: format!("it names a database of kind {:?}", origin.database),
    })?;
    let proving = tokio::task::spawn_blocking(move || backup.prove(&tell));
    let backup = proving.await.map_err(NodeError::damaged)??;
    check_copy(kind, &backup.path(kind.copy_name()), Schema::Node).await?;
    Ok((backup, kind))
}

async fn instance(db: &Db) -> Result<Option<String>, NodeError> {
    let mut tx = db.read().await?;
    let Some(text) = store::chain::fact(&mut tx, JOINED).await? else {
        return Ok(None);
    };
    let joined: Joined = store::read(serde_json::from_str(&text))?;
    Ok(Some(joined.instance.to_string()))
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt as _;
    use lapor_migrations::throwaway::TestDb;

    use super::*;
    use crate::testing::{NOW, Place, databases};

    #[tokio::test]
    async fn a_node_whose_restore_was_cut_off_is_opened_on_no_machine() {
        for db in databases().await {
            let new = match db.kind {
                Kind::Sqlite => TestDb::sqlite().unwrap(),
                Kind::Postgres => TestDb::postgres().await.unwrap(),
            };
            let place = Place::joined("kota-bandung", db).await;
            let home = tempfile::tempdir().unwrap();
            let [from, to] = ["backup", "new"].map(|name| home.path().join(name));
            let nothing = |_: &str, _: u64, _: u64| {};
            let made = back_up(&place.settings, None, &from, true, NOW, nothing);
            Box::pin(made).await.unwrap();
            let set_up = || {
                make_folder(&to).unwrap();
                let config = format!("[database]\nurl = {:?}\n", new.url);
                std::fs::write(to.join(CONFIG), config).unwrap();
            };
            set_up();
            // It is about to put the database in place.
            let cut = |step: &str, _: u64, _: u64| assert_ne!(step, "database", "cut off");
            let restoring = Box::pin(restore(&from, &to, NOW, cut));
            let cut_off = AssertUnwindSafe(restoring).catch_unwind().await;
            assert!(cut_off.is_err());
            let opened = new.open(Schema::Node).await.map(drop).unwrap_err();
            assert!(opened.to_string().contains("has not ended"), "{opened}");

            std::fs::remove_dir_all(&to).unwrap();
            set_up();
            let restored = restore(&from, &to, NOW, nothing);
            Box::pin(restored).await.unwrap();
            new.open(Schema::Node).await.unwrap().close().await;
        }
    }
}
