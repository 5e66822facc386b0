//! What came in and is no report, until a person has looked at it or a month is over.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// A message that lies aside; it prints nothing, because it holds words.
#[derive(Clone, FromRow)]
pub struct AsideRow {
    pub number: i64,
    pub channel: String,
    pub thread: String,
    pub raw: Option<Vec<u8>>,
    /// Unix ms.
    pub came_at: i64,
    /// `aside`, `refused` (an act that was not possible), `doubted` (it may have been taken before a
    /// restore), `left` (somebody has looked at it), `blocked`.
    pub outcome: String,
    /// Until when its conversation is blocked, Unix ms.
    pub blocked_until: Option<i64>,
}

/// Messages with words that nobody has looked at, or all of them, before a number, the latest first.
pub async fn list(
    tx: &mut Tx,
    (before, now): (i64, i64),
    all: bool,
    limit: i64,
) -> Stored<Vec<AsideRow>> {
    const SQL: &str = "select m.number, m.channel, m.thread, m.raw, m.came_at, m.outcome,
            b.until_at as blocked_until
        from channel_taken m
        left join channel_blocks b on b.thread = m.thread and b.until_at > $2
        where m.state = 'aside' and m.raw is not null and m.thread is not null and m.number < $1
            and (m.outcome in ('aside', 'refused', 'doubted') or $3 = 1)
        order by m.number desc limit $4";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(before)
        .bind(now)
        .bind(i64::from(all))
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// One that lies aside in a conversation, with its words.
pub async fn one(tx: &mut Tx, thread: &str, number: i64) -> Stored<Option<AsideRow>> {
    const SQL: &str = "select number, channel, thread, raw, came_at, outcome,
            cast(null as bigint) as blocked_until
        from channel_taken
        where number = $1 and thread = $2 and state = 'aside' and raw is not null";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).bind(thread).fetch_optional(c).await)?)
}

/// How many nobody has looked at.
pub async fn waiting(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select count(*) from channel_taken
        where state = 'aside' and raw is not null and thread is not null
            and outcome in ('aside', 'refused', 'doubted')";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// It became a report or belongs to one; how many that were, 0 or 1.
pub async fn end(tx: &mut Tx, number: i64, outcome: &str, case: Option<&str>) -> Stored<u64> {
    const SQL: &str = "update channel_taken
        set state = 'done', outcome = $2, case_id = $3, raw = null
        where number = $1 and state = 'aside'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(outcome)
        .bind(case)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Somebody has looked at it and it is no report; how many that were, 0 or 1.
pub async fn leave(tx: &mut Tx, thread: &str, number: i64) -> Stored<u64> {
    const SQL: &str = "update channel_taken set outcome = 'left'
        where number = $1 and thread = $2 and state = 'aside' and outcome <> 'left'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(thread)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Lays one aside that waits for a person, so that its words can be read, if any are here; how many,
/// 0 or 1.
pub async fn unstick(tx: &mut Tx, number: i64, now: i64) -> Stored<u64> {
    const SQL: &str = "update channel_taken
        set state = 'aside', outcome = 'aside', problem = null, due_at = $2
        where number = $1 and state = 'stuck'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// The case that a message became.
pub async fn case_of(tx: &mut Tx, number: i64) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from channel_taken where number = $1";
    let case: Option<Option<String>> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_optional(c).await)?;
    Ok(case.flatten())
}
