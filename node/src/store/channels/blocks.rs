//! Conversations of which nothing is answered and nothing filed for a while.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// A conversation that is blocked.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct BlockRow {
    pub thread: String,
    pub channel: String,
    /// Unix ms.
    pub until_at: i64,
    pub why: String,
    pub blocked_at: i64,
    pub blocked_by: String,
    /// Messages that have lain aside because of it, as far as they are kept.
    pub kept_out: i64,
}

/// A block to be set.
pub struct NewBlock<'a> {
    pub thread: &'a str,
    /// Unix ms.
    pub until: i64,
    pub why: &'a str,
    /// Unix ms.
    pub at: i64,
    pub by: &'a str,
}

pub async fn put(tx: &mut Tx, block: &NewBlock<'_>) -> Stored<()> {
    const SQL: &str = "insert into channel_blocks (thread, until_at, why, blocked_at, blocked_by)
        values ($1, $2, $3, $4, $5)
        on conflict (thread) do update set until_at = excluded.until_at, why = excluded.why,
            blocked_at = excluded.blocked_at, blocked_by = excluded.blocked_by";
    on!(tx, c => sqlx::query(SQL)
        .bind(block.thread)
        .bind(block.until)
        .bind(block.why)
        .bind(block.at)
        .bind(block.by)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends a block at this moment; how many that were, 0 or 1.
pub async fn lift(tx: &mut Tx, thread: &str, now: i64) -> Stored<u64> {
    const SQL: &str = "update channel_blocks set until_at = $2 where thread = $1 and until_at > $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(thread)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Until when a conversation is blocked, if it is.
pub async fn until(tx: &mut Tx, thread: &str, now: i64) -> Stored<Option<i64>> {
    const SQL: &str = "select until_at from channel_blocks where thread = $1 and until_at > $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(thread).bind(now).fetch_optional(c).await)?)
}

/// Until when a conversation is or was blocked, as long as nothing has followed from the end.
pub async fn kept(tx: &mut Tx, thread: &str) -> Stored<Option<i64>> {
    const SQL: &str = "select until_at from channel_blocks where thread = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(thread).fetch_optional(c).await)?)
}

/// Conversations whose block is over, with when it ended, the first first.
pub async fn over(tx: &mut Tx, now: i64, limit: i64) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select thread, until_at from channel_blocks where until_at <= $1
        order by until_at, thread limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(now).bind(limit).fetch_all(c).await)?)
}

/// Forgets a block that ended at a moment; how many that were, 0 or 1.
pub async fn end(tx: &mut Tx, thread: &str, until: i64) -> Stored<u64> {
    const SQL: &str = "delete from channel_blocks where thread = $1 and until_at = $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(thread)
        .bind(until)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Forgets the block of a conversation, if it is over.
pub async fn end_over(tx: &mut Tx, thread: &str, now: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_blocks where thread = $1 and until_at <= $2";
    on!(tx, c => sqlx::query(SQL).bind(thread).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// All that are blocked, the latest first.
pub async fn all(tx: &mut Tx, now: i64) -> Stored<Vec<BlockRow>> {
    const SQL: &str = "select b.thread, t.channel, b.until_at, b.why, b.blocked_at, b.blocked_by,
            (select count(*) from channel_taken m
                where m.thread = b.thread and m.outcome = 'blocked') as kept_out
        from channel_blocks b join channel_threads t on t.id = b.thread
        where b.until_at > $1 order by b.blocked_at desc, b.thread";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(now).fetch_all(c).await)?)
}

/// Forgets what ended before a moment.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_blocks where until_at < $1";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
