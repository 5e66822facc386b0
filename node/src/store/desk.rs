//! What this desk decides for itself and tells nobody: whose desk a case lies on, what has been
//! looked at, which own acts without effect are settled, and the filters that people keep.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

static ASSIGN: Bulk = Bulk::new(
    "with v (case_id, unit, officer) as (values",
    3,
    ") update cases set unit = v.unit, officer = v.officer from v where cases.case_id = v.case_id",
);

/// Puts cases on a desk: case, unit, officer. Returns how many exist here.
pub async fn assign(tx: &mut Tx, rows: Vec<Value>) -> Stored<u64> {
    tx.run_rows(&ASSIGN, rows).await
}

static LOOK: Bulk = Bulk::new(
    "with v (case_id, at) as (values",
    2,
    ") update cases set looked_at = v.at from v
        where cases.case_id = v.case_id and cases.looked_at is null",
);

/// Notes the first look at cases: case, when.
pub async fn look(tx: &mut Tx, rows: Vec<Value>) -> Stored<u64> {
    tx.run_rows(&LOOK, rows).await
}

/// An own act that the hub has ruled to have no effect.
#[derive(Debug, Clone, FromRow)]
pub struct FailedRow {
    pub number: i64,
    pub message_id: String,
    pub case_id: String,
    pub kind: String,
    pub effect: String,
    pub reason: Option<String>,
    pub created_at: i64,
}

/// Own acts without effect that nobody has dropped, oldest first.
pub async fn failed(tx: &mut Tx, after: i64, limit: i64) -> Stored<Vec<FailedRow>> {
    const SQL: &str = "select o.number, o.message_id, o.case_id, o.kind, o.effect, o.reason,
            o.created_at
        from outbox o join cases c on c.case_id = o.case_id
        where o.effect in ('stale', 'inapplicable', 'unauthorised') and o.dropped_at is null
            and c.tray is not null and o.number > $1
        order by o.number limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await)?)
}

/// Drops an own act without effect; gives its case.
pub async fn drop_failed(tx: &mut Tx, message: &str, at: i64) -> Stored<Option<String>> {
    const SQL: &str = "update outbox set dropped_at = $2
        where message_id = $1 and effect in ('stale', 'inapplicable', 'unauthorised')
            and dropped_at is null and case_id is not null
        returning case_id";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(message).bind(at).fetch_optional(c).await)?)
}

pub async fn put_filter(
    tx: &mut Tx,
    account: &str,
    name: &str,
    conditions: &str,
    at: i64,
) -> Stored<()> {
    const SQL: &str = "insert into saved_filters (account, name, conditions, created_at)
        values ($1, $2, $3, $4)
        on conflict (account, name) do update set conditions = excluded.conditions";
    on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(name)
        .bind(conditions)
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Names and conditions, in the order in which they were made.
pub async fn filters(tx: &mut Tx, account: &str) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select name, conditions from saved_filters
        where account = $1 order by created_at, name";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(account).fetch_all(c).await)?)
}

/// Whether there was one of this name.
pub async fn remove_filter(tx: &mut Tx, account: &str, name: &str) -> Stored<bool> {
    const SQL: &str = "delete from saved_filters where account = $1 and name = $2";
    let removed = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(name)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}
