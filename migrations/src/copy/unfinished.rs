//! The mark of a restore that has not ended. It is there before anything else is, and goes when all else has
//! been done; whatever cuts a restore off in between leaves it.
//!
//! Several machines may share a database of PostgreSQL, and a file beside the data is seen by one of them: there
//! the mark is a table. A file of SQLite is of one machine, and has a file beside it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::{failed, is_vacant, occupied};
use crate::address::{self, Address};
use crate::db::Pools;
use crate::{Db, DbError, Kind, Schema, Tx};

/// Its name in a database of PostgreSQL.
pub(crate) const UNFINISHED: &str = "restore_unfinished";
const BEGIN: &str = "create table if not exists restore_unfinished ()";
const END: &str = "drop table if exists restore_unfinished";
/// What its name has behind that of a file of SQLite.
const BESIDE: &str = ".unfinished";

/// Marks a database where [`super::is_vacant`] found room: from now on it is opened by nobody but to restore,
/// until [`Db::end_restore`].
pub async fn begin_restore(url: &str, schema: Schema) -> Result<(), DbError> {
    if let Address::Sqlite(path) = address::parse(url)? {
        is_vacant(url, Kind::Sqlite, schema).await?;
        let mark = beside(&path);
        let made = File::create(&mark).and_then(|mark| mark.sync_all());
        let made = made.and_then(|()| sync_folder(&mark));
        return made.map_err(|error| failed(&mark, &error));
    }
    let db = Db::open_to_restore(url, schema).await?;
    let begun = begin(&db).await;
    db.close().await;
    begun
}

async fn begin(db: &Db) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    // Whoever would make tables here waits for this transaction, and meets the mark.
    if !db.applied(&mut tx).await?.is_empty() {
        return Err(occupied());
    }
    execute(&mut tx, BEGIN).await?;
    tx.commit().await
}

impl Db {
    /// Ends what [`begin_restore`] has begun: all is here, and the database is as any other.
    pub async fn end_restore(&self) -> Result<(), DbError> {
        if let Pools::Sqlite { writer, .. } = &self.pools {
            let mark = beside(writer.connect_options().get_filename());
            let ended = remove(&mark).and_then(|()| sync_folder(&mark));
            return ended.map_err(|error| failed(&mark, &error));
        }
        let mut tx = self.write().await?;
        execute(&mut tx, END).await?;
        tx.commit().await
    }
}

/// Why nobody opens the database, and what to do.
pub(crate) fn refused() -> DbError {
    DbError::Configuration(
        "a restore into the database that `database.url` names was begun and has not ended, so it may hold a part of the backup: wait for it where it runs; if it was cut off, remove what it has put in place, make the database anew (`dropdb`, `createdb`), and restore the backup again".into(),
    )
}

/// Refuses a file of SQLite into which a restore was begun that has not ended.
pub(crate) fn refuse_unfinished(path: &Path) -> Result<(), DbError> {
    let mark = beside(path);
    if !mark.exists() {
        return Ok(());
    }
    Err(DbError::Configuration(format!(
        "a restore into the database at {} was begun and has not ended, as {} says, so it may hold a part of the backup: wait for it where it runs; if it was cut off, remove what it has put in place (keys, attachments, the database), and restore the backup again",
        path.display(),
        mark.display()
    )))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(BESIDE);
    name.into()
}

fn remove(mark: &Path) -> Result<(), Error> {
    match std::fs::remove_file(mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(mark: &Path) -> Result<(), Error> {
    let folder = mark.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

async fn execute(tx: &mut Tx, text: &'static str) -> Result<(), DbError> {
    if let Tx::Postgres(transaction) = tx {
        sqlx::query(text).execute(&mut **transaction).await?;
    }
    Ok(())
}
