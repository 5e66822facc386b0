//! Opens an SQLite file: one writer, several readers, everything durable when a commit returns.
//!
//! The single writer with `begin immediate` is what makes read-then-write safe here. No other code
//! may open the file for writing.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::{DbError, DbOptions};

/// Rows that a query of the writer may be ahead of whoever reads them: those of a batch, so that the thread
/// of the database does not wait in the middle of it. Readers stop where a page has bytes enough.
const ROWS_BUFFERED: usize = 512;
/// How often the switch to WAL is tried again; it needs the file alone and cannot wait by itself.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// Opens `path`, making the file (not its folder) when it is missing. Returns readers and writer.
pub async fn open(path: &Path, options: &DbOptions) -> Result<(SqlitePool, SqlitePool), DbError> {
    create_private(path)?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(options.busy_timeout)
        .statement_cache_capacity(options.statements);
    // A larger log than the default of 4 MB spares a checkpoint every few batches, and a page of an
    // index that many of them change is written to the file once; the limit gives the space back
    // after a long reader has let it grow.
    let write = connect
        .clone()
        .row_buffer_size(ROWS_BUFFERED)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "16000")
        .pragma("journal_size_limit", "67108864");
    let writer = connect_writer(write, options).await?;
    let readers = pool(options)
        .max_connections(options.readers.max(1))
        .connect_with(connect.read_only(true))
        .await?;
    Ok((readers, writer))
}

async fn connect_writer(
    write: SqliteConnectOptions,
    options: &DbOptions,
) -> Result<SqlitePool, DbError> {
    let started = Instant::now();
    loop {
        let pool = pool(options).max_connections(1).min_connections(1);
        match pool
            .connect_with(write.clone())
            .await
            .map_err(DbError::from)
        {
            Err(DbError::Unavailable(_)) if started.elapsed() < options.busy_timeout => {
                tokio::time::sleep(RETRY_AFTER).await;
            }
            result => return result,
        }
    }
}

/// A local file needs no test before use, but SQLite rolls back by itself on a full disk, after
/// which the driver still counts a transaction: such a connection is replaced.
fn pool(options: &DbOptions) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        })
}

/// The file holds what citizens wrote, so on Unix nobody but its owner may read it. SQLite gives
/// its side files the same rights.
pub fn create_private(path: &Path) -> Result<(), DbError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let shown = path.display();
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(DbError::Configuration(format!(
            "the folder of the database {shown} does not exist; create it, or correct `database.url`"
        ))),
        Err(error) if error.kind() == ErrorKind::StorageFull => {
            Err(DbError::DiskFull(error.to_string()))
        }
        Err(error) => Err(DbError::Configuration(format!(
            "the database {shown} cannot be created: {error}; check the rights of its folder"
        ))),
    }
}
