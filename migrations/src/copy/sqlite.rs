//! SQLite copies itself: `vacuum into` reads one moment of the log and leaves writers alone.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::{create, failed};
use crate::{DbError, Schema, Tx, schema};

pub async fn copy(readers: &SqlitePool, file: &Path) -> Result<(), DbError> {
    let name = file.to_str().ok_or_else(|| {
        let shown = file.display();
        DbError::Configuration(format!(
            "the path {shown} is not UTF-8; name another folder"
        ))
    })?;
    // No transaction may be open on its connection.
    let mut connection = readers.acquire().await?;
    sqlx::query("vacuum into $1")
        .bind(name)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

pub async fn check(file: &Path, schema: Schema) -> Result<(), DbError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .immutable(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    let found: Vec<String> = sqlx::query_scalar("pragma integrity_check")
        .fetch_all(&pool)
        .await?;
    let outcome = if found == ["ok"] {
        let mut tx = Tx::Sqlite(pool.begin().await?);
        schema::applied(&mut tx, schema).await.map(drop)
    } else {
        let first = found.into_iter().next().unwrap_or_default();
        Err(DbError::Corrupt(first))
    };
    pool.close().await;
    outcome
}

pub fn place(file: &Path, to: &Path) -> Result<(), DbError> {
    create(to)?;
    let copied = std::fs::copy(file, to).and_then(|_| std::fs::File::open(to)?.sync_all());
    copied.map_err(|error| failed(to, &error))
}
