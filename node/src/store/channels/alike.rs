//! Who reported the same text of late, by keyed hashes of the texts.

use lapor_migrations::{Tx, on};

use crate::store::Stored;

pub async fn note(tx: &mut Tx, hash: &[u8], thread: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into channel_alike (hash, thread, at) values ($1, $2, $3)
        on conflict (hash, thread) do update set at = excluded.at";
    on!(tx, c => sqlx::query(SQL).bind(hash).bind(thread).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// In how many other conversations this text was reported since a moment.
pub async fn others(tx: &mut Tx, hash: &[u8], thread: &str, since: i64) -> Stored<i64> {
    const SQL: &str = "select count(*) from channel_alike
        where hash = $1 and thread <> $2 and at >= $3";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(hash)
        .bind(thread)
        .bind(since)
        .fetch_one(c)
        .await)?)
}

pub async fn forget(tx: &mut Tx, thread: &str) -> Stored<()> {
    const SQL: &str = "delete from channel_alike where thread = $1";
    on!(tx, c => sqlx::query(SQL).bind(thread).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets what was reported before a moment.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_alike where at < $1";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
