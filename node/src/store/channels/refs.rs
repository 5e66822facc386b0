//! What this node has said, so that an answer to it finds its case.

use lapor_migrations::{Tx, on};

use crate::store::Stored;

/// A message of ours by the hash of the provider's id.
pub struct NewRef<'a> {
    pub channel: &'a str,
    pub hash: &'a [u8],
    pub thread: &'a str,
    pub case_id: Option<&'a str>,
    /// Unix ms.
    pub at: i64,
}

pub async fn add(tx: &mut Tx, row: &NewRef<'_>) -> Stored<()> {
    const SQL: &str = "insert into channel_refs (channel, ref, thread, case_id, at)
        values ($1, $2, $3, $4, $5) on conflict (channel, ref) do nothing";
    on!(tx, c => sqlx::query(SQL)
        .bind(row.channel)
        .bind(row.hash)
        .bind(row.thread)
        .bind(row.case_id)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The case of a message that was said in this conversation.
pub async fn case_of(
    tx: &mut Tx,
    channel: &str,
    hash: &[u8],
    thread: &str,
) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from channel_refs
        where channel = $1 and ref = $2 and thread = $3 and case_id is not null";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(channel)
        .bind(hash)
        .bind(thread)
        .fetch_optional(c)
        .await)?)
}

pub async fn forget(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = "delete from channel_refs where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}
