//! Of what nobody is told for a while.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const IN_FORCE: &str =
    "select id, scope, scoped_to, reason, made_by, made_at, until_at, ended_at from alarm_silences
    where until_at > $1 and ended_at is null order by until_at, id";
const ADD: &str = "insert into alarm_silences
    (id, scope, scoped_to, reason, made_by, made_at, until_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7, null)";
const END: &str = "update alarm_silences set ended_at = $2
    where id = $1 and ended_at is null and until_at > $2 returning scope, scoped_to";

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SilenceRow {
    pub id: String,
    pub scope: String,
    pub scoped_to: String,
    pub reason: String,
    pub made_by: String,
    pub made_at: i64,
    pub until_at: i64,
    pub ended_at: Option<i64>,
}

/// Those in force at a moment, the first to end first.
pub async fn in_force(tx: &mut Tx, now: i64) -> Result<Vec<SilenceRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(IN_FORCE).bind(now).fetch_all(conn).await)?)
}

pub async fn add(tx: &mut Tx, row: &SilenceRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD)
        .bind(&row.id)
        .bind(&row.scope)
        .bind(&row.scoped_to)
        .bind(&row.reason)
        .bind(&row.made_by)
        .bind(row.made_at)
        .bind(row.until_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends one that is in force; what it was about, or nothing.
pub async fn end(tx: &mut Tx, id: &str, now: i64) -> Result<Option<(String, String)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(END).bind(id).bind(now).fetch_optional(conn).await)?)
}
