//! Content keys and identities: the only tables that open anything.

use lapor_migrations::{Bulk, Tx, Value, on};

use super::Stored;

pub async fn content_key(tx: &mut Tx, subject: &str) -> Stored<Option<Vec<u8>>> {
    const SQL: &str = "select content_key from content_keys where subject = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(subject).fetch_optional(c).await)?)
}

static KEYS: Bulk = Bulk::new(
    "with v (subject) as (values",
    1,
    ") select subject, content_key from content_keys where subject in (select subject from v)",
);

/// Of these subjects, the keys that are held, each with its subject.
pub async fn content_keys(tx: &mut Tx, subjects: &[String]) -> Stored<Vec<(String, Vec<u8>)>> {
    let subjects = subjects.iter().map(|subject| subject.as_str().into());
    tx.fetch_rows(&KEYS, subjects.collect()).await
}

static HELD: Bulk = Bulk::new(
    "with v (subject) as (values",
    1,
    ") select k.subject from v join content_keys k on k.subject = v.subject",
);

/// Of these subjects, those whose key is held.
pub async fn held(tx: &mut Tx, subjects: Vec<Value>) -> Stored<Vec<String>> {
    let rows: Vec<(String,)> = tx.fetch_rows(&HELD, subjects).await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

static ADD_KEYS: Bulk = Bulk::new(
    "insert into content_keys (subject, case_id, content_key) values",
    3,
    "on conflict (subject) do nothing",
);

/// Keeps keys: subject, case, key.
pub async fn add_content_keys(tx: &mut Tx, rows: Vec<Value>) -> Stored<()> {
    tx.run_rows(&ADD_KEYS, rows).await.map(drop)
}

pub async fn add_content_key(tx: &mut Tx, subject: &str, case_id: &str, key: &[u8]) -> Stored<()> {
    let row = vec![subject.into(), case_id.into(), key.into()];
    add_content_keys(tx, row).await
}

/// Forgets every key and the identity of a case.
pub async fn erase(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const KEYS: &str = "delete from content_keys where case_id = $1";
    on!(tx, c => sqlx::query(KEYS).bind(case_id).execute(c).await.map(drop))?;
    erase_identity(tx, case_id).await
}

/// Forgets who filed a case, and by which address.
pub async fn erase_identity(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from identities where case_id = $1";
    const PROVED: &str = "update reporters set proved = null where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(PROVED).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn identity(tx: &mut Tx, case_id: &str) -> Stored<Option<String>> {
    const SQL: &str = "select identity from identities where case_id = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).fetch_optional(c).await)?)
}

static PUT_IDENTITIES: Bulk = Bulk::new(
    "insert into identities (case_id, identity) values",
    2,
    "on conflict (case_id) do update set identity = excluded.identity",
);

/// Keeps who filed which case: case, identity.
pub async fn put_identities(tx: &mut Tx, rows: Vec<Value>) -> Stored<()> {
    tx.run_rows(&PUT_IDENTITIES, rows).await.map(drop)
}
