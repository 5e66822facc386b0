//! Reporters who hold a key, what they have opened, and the citizens among them.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Clone, FromRow)]
pub struct ReporterRow {
    pub case_id: String,
    /// How the audit log names them.
    pub id: String,
    /// An argon2id hash in PHC form.
    pub secret: String,
    /// The key before, of a new one that nobody has used yet.
    pub secret_before: Option<String>,
    pub secret_at: i64,
    pub verification: String,
    pub notify: String,
    pub citizen: Option<String>,
    /// The contact that was proved with a code.
    pub proved: Option<String>,
}

#[derive(Clone, FromRow)]
pub struct SessionRow {
    pub case_id: Option<String>,
    pub citizen: Option<String>,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
}

static ADD: Bulk = Bulk::new(
    "insert into reporters
        (case_id, id, secret, secret_at, verification, notify, citizen, proved) values",
    8,
    "",
);

pub async fn add_all(tx: &mut Tx, rows: &[&ReporterRow]) -> Stored<()> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.case_id.as_str()),
            row.id.as_str().into(),
            row.secret.as_str().into(),
            row.secret_at.into(),
            row.verification.as_str().into(),
            row.notify.as_str().into(),
            row.citizen.clone().into(),
            row.proved.clone().into(),
        ]
    });
    tx.run_rows(&ADD, values.collect()).await.map(drop)
}

pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Option<ReporterRow>> {
    const SQL: &str = "select case_id, id, secret, secret_before, secret_at, verification, notify,
        citizen, proved from reporters where case_id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_optional(c).await)?)
}

/// Cases of a citizen, latest first, and how many at most.
pub async fn of_citizen(tx: &mut Tx, citizen: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from reporters where citizen = $1
        order by case_id desc limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(citizen).bind(limit).fetch_all(c).await)?)
}

/// The key before opens nothing any more.
pub async fn set_secret(tx: &mut Tx, case_id: &str, secret: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update reporters set secret = $2, secret_before = null, secret_at = $3
        where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(secret).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Sets a new key beside the last one that was used.
pub async fn offer_secret(tx: &mut Tx, case_id: &str, secret: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update reporters set secret_before = coalesce(secret_before, secret),
        secret = $2, secret_at = $3 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(secret).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// The new key has been used.
pub async fn end_secret_before(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "update reporters set secret_before = null where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes how far the contact of a report is proved, and which one that is.
pub async fn set_verification(
    tx: &mut Tx,
    case_id: &str,
    level: &str,
    proved: Option<&str>,
) -> Stored<()> {
    const SQL: &str = "update reporters set verification = $2, proved = $3 where case_id = $1";
    on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(level)
        .bind(proved)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Gives the account of a contact, if there is one, the reports of which it was proved and that
/// belong to no account yet.
pub async fn gather(tx: &mut Tx, contact: &str) -> Stored<()> {
    const SQL: &str = "update reporters
        set citizen = (select id from citizens where contact = $1)
        where proved = $1 and citizen is null";
    on!(tx, c => sqlx::query(SQL).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Gives a report to an account.
pub async fn set_citizen(tx: &mut Tx, case_id: &str, citizen: &str) -> Stored<()> {
    const SQL: &str = "update reporters set citizen = $2 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(citizen).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn set_notify(tx: &mut Tx, case_id: &str, notify: &str) -> Stored<()> {
    const SQL: &str = "update reporters set notify = $2 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(notify).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets the reporter of a case; their key opens nothing any more.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from reporters where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    end_of_case(tx, case_id).await
}

pub async fn add_session(tx: &mut Tx, hash: &[u8], row: &SessionRow) -> Stored<()> {
    const SQL: &str =
        "insert into reporter_sessions (hash, case_id, citizen, created_at, seen_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)";
    on!(tx, c => sqlx::query(SQL)
        .bind(hash)
        .bind(&row.case_id)
        .bind(&row.citizen)
        .bind(row.created_at)
        .bind(row.seen_at)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn session(tx: &mut Tx, hash: &[u8]) -> Stored<Option<SessionRow>> {
    const SQL: &str = "select case_id, citizen, created_at, seen_at, expires_at
        from reporter_sessions where hash = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(hash).fetch_optional(c).await)?)
}

/// Sessions that open a case alone, oldest first.
pub async fn sessions_of(tx: &mut Tx, case_id: &str) -> Stored<Vec<SessionRow>> {
    const SQL: &str = "select case_id, citizen, created_at, seen_at, expires_at
        from reporter_sessions where case_id = $1 order by created_at";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

pub async fn touch_session(tx: &mut Tx, hash: &[u8], at: i64) -> Stored<()> {
    const SQL: &str = "update reporter_sessions set seen_at = $2 where hash = $1";
    on!(tx, c => sqlx::query(SQL).bind(hash).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn end_session(tx: &mut Tx, hash: &[u8]) -> Stored<()> {
    const SQL: &str = "delete from reporter_sessions where hash = $1";
    on!(tx, c => sqlx::query(SQL).bind(hash).execute(c).await.map(drop))?;
    Ok(())
}

/// Ends all sessions that open a case alone.
pub async fn end_of_case(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from reporter_sessions where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Removes sessions that have expired at a moment, or were idle since another.
pub async fn expire_sessions(tx: &mut Tx, at: i64, idle_since: i64) -> Stored<u64> {
    const SQL: &str = "delete from reporter_sessions where expires_at <= $1 or seen_at <= $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(at)
        .bind(idle_since)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}
