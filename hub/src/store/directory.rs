//! Signed directory versions, exactly as published.

use futures_util::TryStreamExt as _;
use lapor_migrations::{DbError, Tx, on};

const LATEST: &str = "select coalesce(max(version), 0) from directory_versions";
const AFTER: &str =
    "select version, line from directory_versions where version > $1 order by version";
const ONE: &str = "select line from directory_versions where version = $1";
const INSERT: &str = "insert into directory_versions (version, line) values ($1, $2)";

pub async fn latest(tx: &mut Tx) -> Result<u64, DbError> {
    let version: i64 = on!(tx, conn => sqlx::query_scalar(LATEST).fetch_one(conn).await)?;
    Ok(version as u64)
}

/// Lines of the versions after `since`, oldest first, until they have more
/// than `most_bytes` together.
pub async fn after(tx: &mut Tx, since: u64, most_bytes: usize) -> Result<Vec<String>, DbError> {
    let since = i64::try_from(since).unwrap_or(i64::MAX);
    let mut lines: Vec<String> = Vec::new();
    let mut bytes = 0;
    on!(tx, conn => {
        let mut rows = sqlx::query_as::<_, (i64, String)>(AFTER).bind(since).fetch(conn);
        while let Some((_, line)) = rows.try_next().await? {
            bytes += line.len();
            lines.push(line);
            if bytes > most_bytes {
                break;
            }
        }
    });
    Ok(lines)
}

/// The line of one version.
pub async fn one(tx: &mut Tx, version: u64) -> Result<Option<String>, DbError> {
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    Ok(on!(tx, conn => sqlx::query_scalar(ONE).bind(version).fetch_optional(conn).await)?)
}

pub async fn insert(tx: &mut Tx, version: u64, line: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(INSERT)
        .bind(version as i64)
        .bind(line)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}
