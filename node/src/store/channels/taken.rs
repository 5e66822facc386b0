//! What came in on a channel, from its commit until it is done.

use lapor_migrations::{Tx, on};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::store::Stored;

/// Longer than a message is held, and than it is put off: what says more was noted by a clock that was
/// ahead.
const HELD_MS: i64 = 60 * 60 * 1000;
const PUT_OFF_MS: i64 = 24 * HELD_MS;
/// How much that came in is forgotten in one go.
const SEEN_AT_ONCE: i64 = 50_000;

/// A message that was taken; it prints nothing, because it holds words.
#[derive(Clone, FromRow)]
pub struct TakenRow {
    pub number: i64,
    pub channel: String,
    pub thread: Option<String>,
    pub raw: Option<Vec<u8>>,
    /// Unix ms.
    pub came_at: i64,
    pub attempts: i64,
    /// The message of which this is a part that came late.
    pub follows: Option<i64>,
}

/// A message that waits for more than its turn.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, ToSchema)]
pub struct Trouble {
    pub number: i64,
    pub channel: String,
    /// `waiting`, `unread` or `stuck`; of what this node has said `refused`.
    pub state: String,
    /// Unix ms.
    pub came_at: i64,
    pub attempts: i64,
    pub problem: Option<String>,
}

/// A message to be taken.
pub struct NewTaken<'a> {
    pub number: i64,
    pub channel: &'a str,
    pub thread: Option<&'a str>,
    pub raw: &'a [u8],
    /// Unix ms.
    pub at: i64,
    pub due_at: i64,
    pub state: &'a str,
    pub outcome: Option<&'a str>,
    pub problem: Option<&'a str>,
    pub follows: Option<i64>,
}

/// What became of a message.
pub struct Ending<'a> {
    /// `done` or `aside`; what lies aside keeps its words for a while.
    pub state: &'a str,
    pub outcome: &'a str,
    pub case_id: Option<&'a str>,
}

/// Notes the hash of a provider's id; says whether it is new, or was last so before a moment.
pub async fn is_new(tx: &mut Tx, channel: &str, hash: &[u8], at: i64, since: i64) -> Stored<bool> {
    const SQL: &str = "insert into channel_seen (channel, hash, at) values ($1, $2, $3)
        on conflict (channel, hash) do update set at = excluded.at where channel_seen.at < $4";
    let noted: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(channel)
        .bind(hash)
        .bind(at)
        .bind(since)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(noted > 0)
}

/// Forgets that something came in before a moment, but on one channel; a handful, the rest later.
pub async fn forget_seen(tx: &mut Tx, but_on: &str, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_seen where (channel, hash) in (
            select channel, hash from channel_seen where at < $1 and channel <> $2 limit $3)";
    on!(tx, c => sqlx::query(SQL)
        .bind(before)
        .bind(but_on)
        .bind(SEEN_AT_ONCE)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The number of the next message; those who write wait for each other.
pub async fn next_number(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select coalesce(max(number), 0) + 1 from channel_taken";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

pub async fn add(tx: &mut Tx, row: &NewTaken<'_>) -> Stored<()> {
    const SQL: &str = "insert into channel_taken (number, channel, thread, raw, came_at, state,
            outcome, case_id, attempts, due_at, leased_until, problem, follows)
        values ($1, $2, $3, $4, $5, $6, $10, null, 0, $7, 0, $8, $9)";
    on!(tx, c => sqlx::query(SQL)
        .bind(row.number)
        .bind(row.channel)
        .bind(row.thread)
        .bind(row.raw)
        .bind(row.at)
        .bind(row.state)
        .bind(row.due_at)
        .bind(row.problem)
        .bind(row.follows)
        .bind(row.outcome)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes messages of a channel that are due until another moment, the oldest first and of each
/// conversation only its oldest.
pub async fn claim(
    tx: &mut Tx,
    channel: &str,
    now: i64,
    until: i64,
    limit: i64,
) -> Stored<Vec<TakenRow>> {
    const SQL: &str = "update channel_taken set leased_until = $3, attempts = attempts + 1
        where number in (
            select t.number from channel_taken t
            where t.channel = $1 and t.state = 'waiting' and (t.due_at <= $2 or t.due_at > $6)
                and (t.leased_until <= $2 or t.leased_until > $5)
                and not exists (select 1 from channel_taken o
                    where o.thread = t.thread and o.state = 'waiting' and o.number < t.number)
            order by t.number limit $4
        ) returning number, channel, thread, raw, came_at, attempts, follows";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(channel)
        .bind(now)
        .bind(until)
        .bind(limit)
        .bind(now + HELD_MS)
        .bind(now + PUT_OFF_MS)
        .fetch_all(c)
        .await)?)
}

/// The channels of which messages are due.
pub async fn channels_due(tx: &mut Tx, now: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select distinct channel from channel_taken
        where state = 'waiting' and (due_at <= $1 or due_at > $3)
            and (leased_until <= $1 or leased_until > $2) order by channel";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(now)
        .bind(now + HELD_MS)
        .bind(now + PUT_OFF_MS)
        .fetch_all(c)
        .await)?)
}

/// Whether a message is still held until a moment, and nobody else has taken it.
pub async fn is_held(tx: &mut Tx, number: i64, held: i64) -> Stored<bool> {
    const SQL: &str = "select count(*) from channel_taken
        where number = $1 and leased_until = $2 and state = 'waiting'";
    let rows: i64 =
        on!(tx, c => sqlx::query_scalar(SQL).bind(number).bind(held).fetch_one(c).await)?;
    Ok(rows > 0)
}

/// When a message came, and which it was on its channel within that minute, from 1. No more than
/// 50,000 come in one.
pub async fn in_its_minute(tx: &mut Tx, number: i64) -> Stored<Option<(i64, i64)>> {
    const SQL: &str = "select t.came_at, 1 + (select count(*) from channel_taken o
            where o.number < t.number and o.number > t.number - 50000
                and o.channel = t.channel and o.came_at >= t.came_at - t.came_at % 60000)
        from channel_taken t where t.number = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).fetch_optional(c).await)?)
}

/// Ends a message that was held until a moment; how many that were, 0 or 1.
pub async fn end(tx: &mut Tx, number: i64, held: i64, ending: &Ending<'_>) -> Stored<u64> {
    const SQL: &str = "update channel_taken set state = $3, outcome = $4, case_id = $5,
            raw = case when $3 = 'done' then null else raw end, leased_until = 0, problem = null
        where number = $1 and leased_until = $2 and state = 'waiting'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(held)
        .bind(ending.state)
        .bind(ending.outcome)
        .bind(ending.case_id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// It is tried again at a moment.
pub async fn put_off(tx: &mut Tx, number: i64, held: i64, due: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update channel_taken set due_at = $3, leased_until = 0, problem = $4
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(held)
        .bind(due)
        .bind(problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// It waits for a person; later ones of its conversation go on.
pub async fn stick(tx: &mut Tx, number: i64, held: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update channel_taken set state = 'stuck', leased_until = 0, problem = $3
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(held).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// How many messages are in each state that is no end; what waits for its parts waits.
pub async fn unfinished(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str =
        "select case when state = 'parts' then 'waiting' else state end as open, count(*)
        from channel_taken where state in ('waiting', 'parts', 'unread', 'stuck') group by open";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Forgets what ended before a moment, and was not laid aside by hand since then; the last number
/// stays, so that none is given twice.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_taken where state in ('done', 'aside') and came_at < $1
        and due_at < $1 and number < (select max(number) from channel_taken)";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets the words of a conversation that wait for nothing any more.
pub async fn forget_words(tx: &mut Tx, thread: &str) -> Stored<()> {
    const SQL: &str = "update channel_taken set raw = null where thread = $1 and state not in ('waiting', 'parts')";
    on!(tx, c => sqlx::query(SQL).bind(thread).execute(c).await.map(drop))?;
    Ok(())
}

/// Messages that were put off, cannot be read, or wait for a person; oldest first.
pub async fn troubled(tx: &mut Tx, limit: i64) -> Stored<Vec<Trouble>> {
    const SQL: &str = "select number, channel, state, came_at, attempts, problem from channel_taken
        where state in ('unread', 'stuck') or (state = 'waiting' and problem is not null)
        order by number limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// What cannot be read or waits for a person, oldest first; of all, or the one of a number.
pub async fn left(tx: &mut Tx, number: Option<i64>) -> Stored<Vec<TakenRow>> {
    const SQL: &str = "select number, channel, thread, raw, came_at, attempts, follows
        from channel_taken where state in ('unread', 'stuck') and number = coalesce($1, number) order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).fetch_all(c).await)?)
}

/// One of these is looked at again.
pub async fn revive(tx: &mut Tx, number: i64, thread: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update channel_taken set state = 'waiting', thread = $2, attempts = 0,
            due_at = $3, leased_until = 0, problem = null
        where number = $1 and state in ('unread', 'stuck')";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(thread).bind(now).execute(c).await.map(drop))?;
    Ok(())
}
