//! Receipts that came before this node had noted what they are for.

use lapor_migrations::{Tx, on};

use crate::store::Stored;

pub async fn keep(
    tx: &mut Tx,
    channel: &str,
    hash: &[u8],
    (state, problem): (&str, Option<&str>),
    at: i64,
) -> Stored<()> {
    const SQL: &str = "insert into channel_receipts (channel, hash, state, problem, at)
        values ($1, $2, $3, $4, $5)
        on conflict (channel, hash) do update
            set state = excluded.state, problem = excluded.problem, at = excluded.at";
    on!(tx, c => sqlx::query(SQL)
        .bind(channel)
        .bind(hash)
        .bind(state)
        .bind(problem)
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes the receipt of something out, if it is there: state and problem.
pub async fn take(
    tx: &mut Tx,
    channel: &str,
    hash: &[u8],
) -> Stored<Option<(String, Option<String>)>> {
    const SQL: &str = "delete from channel_receipts where channel = $1 and hash = $2
        returning state, problem";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).bind(hash).fetch_optional(c).await)?)
}

/// Forgets those of things that this node has not said.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_receipts where at < $1";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
