//! How the lines to providers are: what is said goes by one, what is fetched by another, and neither
//! knows of the other.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct LineRow {
    /// Unix ms; nothing is said before.
    pub paused_until: i64,
    /// Since it was last well.
    pub failures: i64,
    /// When the first of them was, Unix ms.
    pub since: Option<i64>,
    pub problem: Option<String>,
}

pub async fn one(tx: &mut Tx, channel: &str) -> Stored<Option<LineRow>> {
    const SQL: &str = "select paused_until, failures, since, problem
        from channel_lines where channel = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).fetch_optional(c).await)?)
}

pub async fn put(tx: &mut Tx, channel: &str, row: &LineRow) -> Stored<()> {
    const SQL: &str = "insert into channel_lines (channel, paused_until, failures, since, problem)
        values ($1, $2, $3, $4, $5)
        on conflict (channel) do update set paused_until = excluded.paused_until,
            failures = excluded.failures, since = excluded.since, problem = excluded.problem";
    on!(tx, c => sqlx::query(SQL)
        .bind(channel)
        .bind(row.paused_until)
        .bind(row.failures)
        .bind(row.since)
        .bind(&row.problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// What was known of an outage of what is said is over; nothing is said before a moment, at most. While
/// something waits that was handed over and not answered, only an answer shows that.
pub async fn opened(tx: &mut Tx, channel: &str, until: i64) -> Stored<()> {
    const SQL: &str = "update channel_lines set failures = 0, since = null, problem = null,
            paused_until = case when paused_until > $2 then $2 else paused_until end
        where channel = $1 and failures > 0
            and not exists (select 1 from channel_outbox o
                where o.channel = $1 and o.state = 'waiting' and o.unanswered > 0)";
    on!(tx, c => sqlx::query(SQL).bind(channel).bind(until).execute(c).await.map(drop))?;
    Ok(())
}

/// Why nothing can be fetched, and since when, Unix ms.
pub async fn unfetched(tx: &mut Tx, channel: &str) -> Stored<Option<(String, i64)>> {
    const SQL: &str = "select unfetched_why, unfetched_since from channel_lines
        where channel = $1 and unfetched_since is not null and unfetched_why is not null";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).fetch_optional(c).await)?)
}

/// Nothing could be fetched.
pub async fn not_fetched(tx: &mut Tx, channel: &str, now: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "insert into channel_lines
            (channel, paused_until, failures, unfetched_since, unfetched_why)
        values ($1, 0, 0, $2, $3)
        on conflict (channel) do update set
            unfetched_since = coalesce(channel_lines.unfetched_since, excluded.unfetched_since),
            unfetched_why = excluded.unfetched_why";
    on!(tx, c => sqlx::query(SQL)
        .bind(channel)
        .bind(now)
        .bind(problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// What there is was fetched; nothing is written where that is known.
pub async fn fetched(tx: &mut Tx, channel: &str) -> Stored<()> {
    const SQL: &str = "update channel_lines set unfetched_since = null, unfetched_why = null
        where channel = $1 and unfetched_since is not null";
    on!(tx, c => sqlx::query(SQL).bind(channel).execute(c).await.map(drop))?;
    Ok(())
}
