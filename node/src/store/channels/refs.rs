//! What this node has said, what was filed and what was said below either, so that an answer to it
//! finds its case.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// A message by the hash of the provider's id.
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

/// To which conversation and case a message belongs.
#[derive(Clone, FromRow)]
pub struct RefRow {
    pub thread: String,
    pub case_id: Option<String>,
}

pub async fn one(tx: &mut Tx, channel: &str, hash: &[u8]) -> Stored<Option<RefRow>> {
    const SQL: &str = "select thread, case_id from channel_refs where channel = $1 and ref = $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).bind(hash).fetch_optional(c).await)?)
}

pub async fn forget(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = "delete from channel_refs where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}
