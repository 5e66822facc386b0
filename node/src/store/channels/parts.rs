//! Messages of which some is still to come, and how the parts of one are found.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// Where the parts of a message come together.
#[derive(FromRow)]
pub struct SetRow {
    /// Of what was taken.
    pub number: i64,
    /// The places that have come.
    pub had: String,
    /// Unix ms, of the first.
    pub at: i64,
}

pub async fn set(tx: &mut Tx, channel: &str, hash: &[u8]) -> Stored<Option<SetRow>> {
    const SQL: &str = "select number, had, at from channel_parts where channel = $1 and hash = $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).bind(hash).fetch_optional(c).await)?)
}

pub async fn put(tx: &mut Tx, channel: &str, hash: &[u8], row: &SetRow) -> Stored<()> {
    const SQL: &str = "insert into channel_parts (channel, hash, number, had, at)
        values ($1, $2, $3, $4, $5)
        on conflict (channel, hash) do update
            set number = excluded.number, had = excluded.had, at = excluded.at";
    on!(tx, c => sqlx::query(SQL)
        .bind(channel)
        .bind(hash)
        .bind(row.number)
        .bind(&row.had)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// What has come of a message that still waits for the rest, beyond a moment.
pub async fn open(tx: &mut Tx, number: i64, beyond: i64) -> Stored<Option<Vec<u8>>> {
    const SQL: &str = "select raw from channel_taken
        where number = $1 and state = 'parts' and due_at > $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).bind(beyond).fetch_optional(c).await)?)
}

/// More of it has come: it is `waiting` now, or is still in `parts` until a moment.
pub async fn add(tx: &mut Tx, number: i64, raw: &[u8], state: &str, due_at: i64) -> Stored<()> {
    const SQL: &str = "update channel_taken set raw = $2, state = $3, due_at = $4
        where number = $1 and state = 'parts'";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(raw)
        .bind(state)
        .bind(due_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// What has waited long enough is taken as it is, and so is what would wait beyond the latest moment: a
/// clock that was ahead has noted that.
pub async fn give_up(tx: &mut Tx, now: i64, latest: i64) -> Stored<()> {
    const SQL: &str = "update channel_taken set state = 'waiting', due_at = $1
        where state = 'parts' and (due_at <= $1 or due_at > $2)";
    on!(tx, c => sqlx::query(SQL).bind(now).bind(latest).execute(c).await.map(drop))?;
    Ok(())
}

/// The case that a message became.
pub async fn case_of(tx: &mut Tx, number: i64) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from channel_taken
        where number = $1 and case_id is not null";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_optional(c).await)?)
}

/// Forgets which parts belong to what came before a moment: references are used again.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_parts where at < $1";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
