//! Sessions by the hash of their token. One that has ended is no row any more;
//! that it was there stands in the audit log.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(FromRow)]
pub struct SessionRow {
    pub hash: Vec<u8>,
    pub id: String,
    pub account: String,
    pub stage: String,
    pub agent: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
}

pub async fn add(tx: &mut Tx, row: &SessionRow) -> Stored<()> {
    const SQL: &str =
        "insert into sessions (hash, id, account, stage, agent, created_at, seen_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.hash)
        .bind(&row.id)
        .bind(&row.account)
        .bind(&row.stage)
        .bind(&row.agent)
        .bind(row.created_at)
        .bind(row.seen_at)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn find(tx: &mut Tx, hash: &[u8]) -> Stored<Option<SessionRow>> {
    const SQL: &str = "select * from sessions where hash = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(hash).fetch_optional(c).await)?)
}

/// The sessions of an account at a stage, the latest first.
pub async fn of_account(tx: &mut Tx, account: &str, stage: &str) -> Stored<Vec<SessionRow>> {
    const SQL: &str = "select * from sessions where account = $1 and stage = $2
        order by created_at desc, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(account).bind(stage).fetch_all(c).await)?)
}

/// Notes a use, behind the last one, or where that lies beyond `latest`, by a clock that was ahead.
pub async fn touch(tx: &mut Tx, hash: &[u8], now: i64, latest: i64) -> Stored<()> {
    const SQL: &str = "update sessions set seen_at = $2
        where hash = $1 and (seen_at < $2 or seen_at > $3)";
    on!(tx, c => sqlx::query(SQL)
        .bind(hash)
        .bind(now)
        .bind(latest)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends a session by its token; says how many that were, 0 or 1.
pub async fn end(tx: &mut Tx, hash: &[u8]) -> Stored<u64> {
    const SQL: &str = "delete from sessions where hash = $1";
    Ok(on!(tx, c => sqlx::query(SQL).bind(hash).execute(c).await.map(|done| done.rows_affected()))?)
}

/// Ends a session of an account by its id.
pub async fn end_by_id(tx: &mut Tx, account: &str, id: &str) -> Stored<u64> {
    const SQL: &str = "delete from sessions where account = $1 and id = $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Ends the sessions of an account but one (`kept` is its id, or empty).
pub async fn end_others(tx: &mut Tx, account: &str, kept: &str) -> Stored<u64> {
    const SQL: &str = "delete from sessions where account = $1 and id <> $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(kept)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Removes sessions that have expired or that nobody has used since `unseen`; says how many.
pub async fn sweep(tx: &mut Tx, now: i64, unseen: i64) -> Stored<u64> {
    const SQL: &str = "delete from sessions where expires_at <= $1 or seen_at <= $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(now)
        .bind(unseen)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}
