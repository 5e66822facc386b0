//! What was answered to programs that gave their request a key. The answer is
//! sealed; of the key there is only a hash.

use lapor_migrations::{DbError, Tx, on};

/// A request as it is known here.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AnswerRow {
    pub request: Vec<u8>,
    /// `None` while it is under way, or where it broke off.
    pub answer: Option<Vec<u8>>,
}

const BEGIN: &str = "insert into answers (scope, hash, request, answer, at) \
     values ($1, $2, $3, null, $4) on conflict (scope, hash) do nothing";
const FIND: &str = "select request, answer from answers where scope = $1 and hash = $2";
const KEEP: &str = "update answers set answer = $3 where scope = $1 and hash = $2";
const FORGET: &str = "delete from answers where scope = $1 and hash = $2";
const EXPIRE: &str = "delete from answers where at < $1";

/// Notes that a request begins; false where there is one under its key already.
pub async fn begin(
    tx: &mut Tx,
    (scope, hash): (&str, &[u8]),
    request: &[u8],
    at: i64,
) -> Result<bool, DbError> {
    let begun: u64 = on!(tx, conn => sqlx::query(BEGIN)
        .bind(scope)
        .bind(hash)
        .bind(request)
        .bind(at)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(begun > 0)
}

pub async fn find(tx: &mut Tx, (scope, hash): (&str, &[u8])) -> Result<Option<AnswerRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(FIND).bind(scope).bind(hash).fetch_optional(conn).await)?)
}

pub async fn keep(tx: &mut Tx, (scope, hash): (&str, &[u8]), answer: &[u8]) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(KEEP)
        .bind(scope)
        .bind(hash)
        .bind(answer)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Forgets a request that did nothing.
pub async fn forget(tx: &mut Tx, (scope, hash): (&str, &[u8])) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(scope).bind(hash).execute(conn).await.map(drop))?;
    Ok(())
}

/// Forgets what was asked before a moment.
pub async fn expire(tx: &mut Tx, before: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(EXPIRE).bind(before).execute(conn).await.map(drop))?;
    Ok(())
}

#[cfg(test)]
pub async fn all(tx: &mut Tx) -> Result<Vec<AnswerRow>, DbError> {
    const SQL: &str = "select request, answer from answers order by at";
    Ok(on!(tx, conn => sqlx::query_as(SQL).fetch_all(conn).await)?)
}

/// As if no act had come to its end.
#[cfg(test)]
pub async fn break_off(tx: &mut Tx) -> Result<(), DbError> {
    const SQL: &str = "update answers set answer = null";
    on!(tx, conn => sqlx::query(SQL).execute(conn).await.map(drop))?;
    Ok(())
}
