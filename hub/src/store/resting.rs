//! Operators' accounts that wait for another operator to confirm them.

use lapor_migrations::{DbError, Tx, on};
use serde::Serialize;
use utoipa::ToSchema;

const REST: &str = "insert into resting_accounts (account, asked_by, act, reason, asked_at) \
     values ($1, $2, $3, $4, $5) on conflict (account, asked_by) do update set act = excluded.act, \
     reason = excluded.reason, asked_at = excluded.asked_at";
const RESTS: &str = "select count(*) from resting_accounts where account = $1";
const OF: &str = "select account, asked_by, act, reason, asked_at from resting_accounts \
     where $1 = '' or account = $1 order by asked_at, account, asked_by";
const WAKE: &str = "delete from resting_accounts where account = $1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
#[schema(as = RestingAccount)]
pub struct RestingRow {
    /// Id of the account.
    pub account: String,
    /// As in the audit log.
    pub asked_by: String,
    /// What was done to it.
    pub act: String,
    pub reason: String,
    /// Unix ms.
    pub asked_at: i64,
}

/// Has an account rest because of somebody.
pub async fn rest(tx: &mut Tx, row: &RestingRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(REST)
        .bind(&row.account)
        .bind(&row.asked_by)
        .bind(&row.act)
        .bind(&row.reason)
        .bind(row.asked_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn rests(tx: &mut Tx, account: &str) -> Result<bool, DbError> {
    let found: i64 =
        on!(tx, conn => sqlx::query_scalar(RESTS).bind(account).fetch_one(conn).await)?;
    Ok(found > 0)
}

/// Why one rests, or why all do (`""`), the longest first.
pub async fn of(tx: &mut Tx, account: &str) -> Result<Vec<RestingRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OF).bind(account).fetch_all(conn).await)?)
}

/// Lets an account act again.
pub async fn wake(tx: &mut Tx, account: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(WAKE).bind(account).execute(conn).await.map(drop))?;
    Ok(())
}
