//! Content keys and identities: the only tables that open anything.

use lapor_migrations::{Tx, on};

use super::Stored;

pub async fn content_key(tx: &mut Tx, subject: &str) -> Stored<Option<Vec<u8>>> {
    const SQL: &str = "select content_key from content_keys where subject = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(subject).fetch_optional(c).await)?)
}

pub async fn add_content_key(tx: &mut Tx, subject: &str, case_id: &str, key: &[u8]) -> Stored<()> {
    const SQL: &str = "insert into content_keys (subject, case_id, content_key) values ($1, $2, $3)
        on conflict (subject) do nothing";
    on!(tx, c => sqlx::query(SQL).bind(subject).bind(case_id).bind(key).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets every key and the identity of a case.
pub async fn erase(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const KEYS: &str = "delete from content_keys where case_id = $1";
    const IDENTITY: &str = "delete from identities where case_id = $1";
    on!(tx, c => sqlx::query(KEYS).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(IDENTITY).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn identity(tx: &mut Tx, case_id: &str) -> Stored<Option<String>> {
    const SQL: &str = "select identity from identities where case_id = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).fetch_optional(c).await)?)
}

pub async fn put_identity(tx: &mut Tx, case_id: &str, identity: &str) -> Stored<()> {
    const SQL: &str = "insert into identities (case_id, identity) values ($1, $2)
        on conflict (case_id) do update set identity = excluded.identity";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(identity).execute(c).await.map(drop))?;
    Ok(())
}
