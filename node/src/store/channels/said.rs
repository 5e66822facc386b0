//! What was reported in a conversation, by keyed hashes of the texts.

use lapor_migrations::{Tx, on};

use crate::store::Stored;

pub async fn note(tx: &mut Tx, thread: &str, hash: &[u8], case: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into channel_said (thread, hash, case_id, at) values ($1, $2, $3, $4)
        on conflict (thread, hash) do update set case_id = excluded.case_id, at = excluded.at";
    on!(tx, c => sqlx::query(SQL)
        .bind(thread)
        .bind(hash)
        .bind(case)
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The ticket of the report that had this text, if it was filed since a moment.
pub async fn again(tx: &mut Tx, thread: &str, hash: &[u8], since: i64) -> Stored<Option<String>> {
    const SQL: &str = "select c.ticket from channel_said s join cases c on c.case_id = s.case_id
        where s.thread = $1 and s.hash = $2 and s.at >= $3 and c.ticket is not null";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(thread)
        .bind(hash)
        .bind(since)
        .fetch_optional(c)
        .await)?)
}

/// How many reports a conversation has filed since a moment.
pub async fn count(tx: &mut Tx, thread: &str, since: i64) -> Stored<i64> {
    const SQL: &str = "select count(*) from channel_cases where thread = $1 and at >= $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(thread).bind(since).fetch_one(c).await)?)
}

pub async fn forget(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = "delete from channel_said where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}
