//! SQLite as hub and node open it (`migrations/src/sqlite.rs`), by the same driver: everything
//! durable when a commit returns.

use std::path::Path;

use anyhow::Result;
use bytes::Bytes;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Connection as _, QueryBuilder};

/// Rows of a statement, as many as hub and node give one.
const ROWS: usize = 256;

/// Makes the file when it is missing.
pub async fn open(file: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "16000")
        .pragma("journal_size_limit", "67108864");
    Ok(SqliteConnection::connect_with(&options).await?)
}

/// Inserts rows of a number and bytes in one transaction, those that are there already left out;
/// gives how many are new. `into` begins the statement up to its list of columns.
pub async fn insert(
    database: &mut SqliteConnection,
    into: &str,
    rows: &[(i64, Bytes)],
) -> Result<u64> {
    let mut new = 0;
    let mut tx = database.begin_with("begin immediate").await?;
    for rows in rows.chunks(ROWS) {
        let mut statement = QueryBuilder::<Sqlite>::new(into);
        statement.push_values(rows, |mut row, (number, bytes)| {
            row.push_bind(*number).push_bind(&bytes[..]);
        });
        statement.push(" on conflict do nothing");
        new += statement.build().execute(&mut *tx).await?.rows_affected();
    }
    tx.commit().await?;
    Ok(new)
}
