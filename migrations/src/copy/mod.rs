//! Copies of a database: made while it is in use, proved, and put where there is no database yet.
//!
//! A copy shows one moment and holds up no writer. SQLite copies itself; PostgreSQL's own programs
//! copy it, in the version of the server, because nothing else knows all of its forms.

mod postgres;
mod scratch;
mod sqlite;
mod unfinished;

use std::path::Path;

use crate::address::{self, Address};
use crate::db::Pools;
use crate::{Db, DbError, Kind, Schema};

pub use scratch::Scratch;
pub use unfinished::begin_restore;
pub(crate) use unfinished::{UNFINISHED, refuse_unfinished, refused};

impl Kind {
    /// The name by which a manifest calls this database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// The database that a manifest calls so.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Sqlite, Self::Postgres]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The name of a file that holds a copy.
    pub fn copy_name(self) -> &'static str {
        match self {
            Self::Sqlite => "database.sqlite",
            Self::Postgres => "database.pgdump",
        }
    }
}

impl Db {
    /// Writes a copy to a file that does not exist yet; its folder does. On disk when this returns.
    pub async fn copy_to(&self, file: &Path) -> Result<(), DbError> {
        create(file)?;
        match &self.pools {
            Pools::Sqlite { readers, .. } => sqlite::copy(readers, file).await?,
            Pools::Postgres { readers, .. } => postgres::copy(readers, file).await?,
        }
        let synced = std::fs::File::open(file).and_then(|file| file.sync_all());
        synced.map_err(|error| failed(file, &error))
    }

    /// The schema that the database has, which may be older than this program's; 0 of an empty one.
    pub async fn schema_version(&self) -> Result<i64, DbError> {
        let mut tx = self.read().await?;
        let applied = self.applied(&mut tx).await?;
        Ok(applied.last().copied().unwrap_or_default())
    }
}

/// Proves a copy: SQLite reads every page and index, PostgreSQL's program reads the whole archive.
pub async fn check_copy(kind: Kind, file: &Path, schema: Schema) -> Result<(), DbError> {
    match kind {
        Kind::Sqlite => sqlite::check(file, schema).await,
        Kind::Postgres => postgres::check(file).await,
    }
}

/// Refuses an address where there is a database already. A database of PostgreSQL must exist and be
/// empty, or hold nothing but the mark of a restore that was cut off.
pub async fn is_vacant(url: &str, kind: Kind, schema: Schema) -> Result<(), DbError> {
    match (address::parse(url)?, kind) {
        (Address::Sqlite(path), Kind::Sqlite) if path.exists() => {
            Err(DbError::Configuration(format!(
                "there is a database already at {}; a restore overwrites nothing: move it away, or name another in `database.url`",
                path.display()
            )))
        }
        (Address::Sqlite(_), Kind::Sqlite) => Ok(()),
        (Address::Postgres(_), Kind::Postgres) => {
            let is_occupied = match Db::open_to_restore(url, schema).await {
                Ok(db) => {
                    let version = db.schema_version().await;
                    db.close().await;
                    version? > 0
                }
                Err(DbError::WrongProgram { .. } | DbError::Newer { .. }) => true,
                Err(other) => return Err(other),
            };
            if is_occupied { Err(occupied()) } else { Ok(()) }
        }
        (found, _) => Err(DbError::Configuration(format!(
            "the backup holds a database of {}, and `database.url` names one of {}; a backup goes back to its own kind",
            kind.name(),
            match found {
                Address::Sqlite(_) => Kind::Sqlite.name(),
                Address::Postgres(_) => Kind::Postgres.name(),
            }
        ))),
    }
}

fn occupied() -> DbError {
    DbError::Configuration(
        "the database that `database.url` names has tables already; a restore overwrites nothing: make an empty one (`createdb`) and name it".into(),
    )
}

/// Puts a copy where [`is_vacant`] found room, and opens it, as nobody else may between [`begin_restore`] and
/// [`Db::end_restore`].
pub async fn restore_copy(
    url: &str,
    kind: Kind,
    file: &Path,
    schema: Schema,
) -> Result<Db, DbError> {
    is_vacant(url, kind, schema).await?;
    match address::parse(url)? {
        Address::Sqlite(path) => sqlite::place(file, &path)?,
        Address::Postgres(options) => postgres::place(&options, file).await?,
    }
    Db::open_to_restore(url, schema).await
}

/// Makes an empty file that only its owner may read.
fn create(file: &Path) -> Result<(), DbError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .map(drop)
        .map_err(|error| failed(file, &error))
}

fn failed(file: &Path, error: &std::io::Error) -> DbError {
    let message = format!("{} cannot be written: {error}", file.display());
    if error.kind() == std::io::ErrorKind::StorageFull {
        DbError::DiskFull(message)
    } else {
        DbError::Configuration(message)
    }
}

#[cfg(test)]
mod tests;
