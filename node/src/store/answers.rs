//! What was answered to requests that carried an idempotency key. The answer
//! is sealed under that key, of which only a hash is here.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Clone, FromRow)]
pub struct AnswerRow {
    /// Who asked; keys of different callers never meet.
    pub scope: String,
    pub hash: Vec<u8>,
    /// A keyed digest of what was asked.
    pub request: Vec<u8>,
    pub answer: String,
    pub at: i64,
}

/// Keeps an answer; says whether it is the first under its key.
pub async fn keep(tx: &mut Tx, row: &AnswerRow) -> Stored<bool> {
    const SQL: &str = "insert into answers (scope, hash, request, answer, at)
        values ($1, $2, $3, $4, $5) on conflict (scope, hash) do nothing";
    let kept: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(&row.scope)
        .bind(&row.hash)
        .bind(&row.request)
        .bind(&row.answer)
        .bind(row.at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(kept > 0)
}

/// Puts an answer in the place of one that was begun.
pub async fn end(tx: &mut Tx, row: &AnswerRow) -> Stored<()> {
    const SQL: &str = "update answers set answer = $3, at = $4 where scope = $1 and hash = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.scope)
        .bind(&row.hash)
        .bind(&row.answer)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn kept(tx: &mut Tx, scope: &str, hash: &[u8]) -> Stored<Option<AnswerRow>> {
    const SQL: &str = "select scope, hash, request, answer, at from answers
        where scope = $1 and hash = $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(scope).bind(hash).fetch_optional(c).await)?)
}

/// Forgets answers given before a moment, save those of one scope.
pub async fn expire(tx: &mut Tx, before: i64, save: &str) -> Stored<u64> {
    const SQL: &str = "delete from answers where at < $1 and scope <> $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(before)
        .bind(save)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Forgets one answer.
pub async fn forget(tx: &mut Tx, scope: &str, hash: &[u8]) -> Stored<()> {
    const SQL: &str = "delete from answers where scope = $1 and hash = $2";
    on!(tx, c => sqlx::query(SQL).bind(scope).bind(hash).execute(c).await.map(drop))?;
    Ok(())
}
