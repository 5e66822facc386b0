//! How the lines to providers are.

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
