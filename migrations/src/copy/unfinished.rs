//! The mark of a restore that has not ended, in the database itself: several machines may share one of
//! PostgreSQL, and a file beside the data is seen by one of them. A file of SQLite is of one machine.
//!
//! The mark is a table. It is there before anything else is, and goes when all else has been done; whatever
//! cuts a restore off in between leaves it.

use super::occupied;
use crate::address::{self, Address};
use crate::{Db, DbError, Schema, Tx};

/// Its name.
pub(crate) const UNFINISHED: &str = "restore_unfinished";
const BEGIN: &str = "create table if not exists restore_unfinished ()";
const END: &str = "drop table if exists restore_unfinished";

/// Marks a database where [`super::is_vacant`] found room: from now on it is opened by nobody but to restore,
/// until [`Db::end_restore`].
pub async fn begin_restore(url: &str, schema: Schema) -> Result<(), DbError> {
    if let Address::Sqlite(_) = address::parse(url)? {
        return Ok(());
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

async fn execute(tx: &mut Tx, text: &'static str) -> Result<(), DbError> {
    if let Tx::Postgres(transaction) = tx {
        sqlx::query(text).execute(&mut **transaction).await?;
    }
    Ok(())
}
