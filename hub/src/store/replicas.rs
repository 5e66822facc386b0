//! What the processes of this hub tell each other of what only they see.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const PUT: &str = "insert into replicas (name, beat, seen) values ($1, $2, $3) \
     on conflict (name) do update set beat = excluded.beat, seen = excluded.seen";
const OTHERS: &str = "select name, beat, seen from replicas where name <> $1";
const FORGET: &str = "delete from replicas where name = $1 and beat = $2";

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReplicaRow {
    pub name: String,
    /// Another one each time that the process has told something.
    pub beat: i64,
    /// JSON.
    pub seen: String,
}

pub async fn put(tx: &mut Tx, row: &ReplicaRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(PUT)
        .bind(&row.name)
        .bind(row.beat)
        .bind(&row.seen)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// All but the one of this name, whether they are at work or not.
pub async fn others(tx: &mut Tx, name: &str) -> Result<Vec<ReplicaRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OTHERS).bind(name).fetch_all(conn).await)?)
}

/// Forgets one, unless it has told something since; whether it is forgotten.
pub async fn forget(tx: &mut Tx, name: &str, beat: i64) -> Result<bool, DbError> {
    let forgotten = on!(tx, conn => sqlx::query(FORGET)
        .bind(name)
        .bind(beat)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(forgotten > 0)
}
