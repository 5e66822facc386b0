//! Who is connected to each process of this hub, as it said last.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const PUT: &str = "insert into presences (process, at, slugs) values ($1, $2, $3) \
     on conflict (process) do update set at = excluded.at, slugs = excluded.slugs";
const TAKE: &str = "delete from presences where process = $1 or $1 = '' returning at, slugs";

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PresenceRow {
    /// Unix ms; when it was said.
    pub at: i64,
    /// JSON: a list of slugs.
    pub slugs: String,
}

pub async fn put(tx: &mut Tx, process: &str, row: &PresenceRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(PUT)
        .bind(process)
        .bind(row.at)
        .bind(&row.slugs)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes away what one process has said, or any (`""`).
pub async fn take(tx: &mut Tx, process: &str) -> Result<Vec<PresenceRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(TAKE).bind(process).fetch_all(conn).await)?)
}
