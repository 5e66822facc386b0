//! Links that work once, by the hash of what stands in them.

use lapor_migrations::{Tx, on};

use super::Stored;

pub async fn add(
    tx: &mut Tx,
    hash: &[u8],
    (purpose, account): (&str, Option<&str>),
    created_at: i64,
    expires_at: i64,
) -> Stored<()> {
    const SQL: &str = "insert into account_links (hash, purpose, account, created_at, expires_at)
        values ($1, $2, $3, $4, $5)";
    on!(tx, c => sqlx::query(SQL)
        .bind(hash)
        .bind(purpose)
        .bind(account)
        .bind(created_at)
        .bind(expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Purpose and account of a link that has not expired.
pub async fn find(tx: &mut Tx, hash: &[u8], now: i64) -> Stored<Option<(String, Option<String>)>> {
    const SQL: &str =
        "select purpose, account from account_links where hash = $1 and expires_at > $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(hash).bind(now).fetch_optional(c).await)?)
}

/// Whether a link for a purpose has not expired.
pub async fn is_open(tx: &mut Tx, purpose: &str, now: i64) -> Stored<bool> {
    const SQL: &str = "select count(*) from account_links where purpose = $1 and expires_at > $2";
    let open: i64 =
        on!(tx, c => sqlx::query_scalar(SQL).bind(purpose).bind(now).fetch_one(c).await)?;
    Ok(open > 0)
}

/// All links of an account end.
pub async fn end_of(tx: &mut Tx, account: &str) -> Stored<()> {
    const SQL: &str = "delete from account_links where account = $1";
    on!(tx, c => sqlx::query(SQL).bind(account).execute(c).await.map(drop))?;
    Ok(())
}

/// All links for a purpose end.
pub async fn end_for(tx: &mut Tx, purpose: &str) -> Stored<()> {
    const SQL: &str = "delete from account_links where purpose = $1";
    on!(tx, c => sqlx::query(SQL).bind(purpose).execute(c).await.map(drop))?;
    Ok(())
}

/// Removes what has expired; says how many.
pub async fn sweep(tx: &mut Tx, now: i64) -> Stored<u64> {
    const SQL: &str = "delete from account_links where expires_at <= $1";
    Ok(on!(tx, c => sqlx::query(SQL).bind(now).execute(c).await.map(|done| done.rows_affected()))?)
}
