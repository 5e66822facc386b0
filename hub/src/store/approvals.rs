//! Dangerous acts that wait for a second person.

use lapor_migrations::{DbError, Tx, on};

const ADD: &str = "insert into approvals
    (id, deed, subject, reason, asked_by, asked_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
const SWEEP: &str = "delete from approvals where expires_at <= $1
    returning id, deed, reason, asked_by, asked_at, expires_at";
const WAITS: &str = "select count(*) from approvals where deed = $1 and expires_at > $2";
const ALL: &str = "select id, deed, reason, asked_by, asked_at, expires_at from approvals
    where expires_at > $1 order by asked_at, id";
const TAKE: &str = "delete from approvals where id = $1 and expires_at > $2
    returning id, deed, reason, asked_by, asked_at, expires_at";

/// An account that was disabled waits for nobody, and one that does not act for nothing.
const WAITING: &str = "select count(*) as count, min(asked_at) as oldest,
        min(expires_at) as lapses_at
    from (select asked_at, expires_at from approvals where expires_at > $1
        union all
        select min(resting.asked_at), cast(null as bigint) from resting_accounts resting
            join accounts on accounts.id = resting.account
            where accounts.state = 'active' and accounts.role = 'operator'
            group by resting.account) waiting";

/// How many acts and accounts wait for an operator; since when the first does, and when the next
/// act lapses (Unix ms).
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct Waiting {
    pub count: i64,
    pub oldest: Option<i64>,
    pub lapses_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
pub struct ApprovalRow {
    pub id: String,
    /// JSON.
    pub deed: String,
    pub reason: String,
    pub asked_by: String,
    pub asked_at: i64,
    pub expires_at: i64,
}

pub async fn add(tx: &mut Tx, row: &ApprovalRow, subject: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD)
        .bind(&row.id)
        .bind(&row.deed)
        .bind(subject)
        .bind(&row.reason)
        .bind(&row.asked_by)
        .bind(row.asked_at)
        .bind(row.expires_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes out what nobody has decided in time.
pub async fn sweep(tx: &mut Tx, now: i64) -> Result<Vec<ApprovalRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(SWEEP).bind(now).fetch_all(conn).await)?)
}

/// Whether the very same deed waits already.
pub async fn waits(tx: &mut Tx, deed: &str, now: i64) -> Result<bool, DbError> {
    let found: i64 =
        on!(tx, conn => sqlx::query_scalar(WAITS).bind(deed).bind(now).fetch_one(conn).await)?;
    Ok(found > 0)
}

/// All that wait, the oldest first.
pub async fn all(tx: &mut Tx, now: i64) -> Result<Vec<ApprovalRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(ALL).bind(now).fetch_all(conn).await)?)
}

/// How many wait, and for how long.
pub async fn waiting(tx: &mut Tx, now: i64) -> Result<Waiting, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(WAITING).bind(now).fetch_one(conn).await)?)
}

/// Takes one out, so that it is decided once.
pub async fn take(tx: &mut Tx, id: &str, now: i64) -> Result<Option<ApprovalRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(TAKE).bind(id).bind(now).fetch_optional(conn).await)?)
}
