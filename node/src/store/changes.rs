//! What has changed here, numbered in the order of the commits: writers come one after another on
//! both databases, so whoever has read up to a number has missed none below it.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ChangeRow {
    pub number: i64,
    /// Unix ms.
    pub at: i64,
    pub subject: String,
    pub id: String,
    pub kind: String,
    pub message: Option<String>,
}

static ADD: Bulk = Bulk::new(
    "insert into changes (number, at, subject, id, kind, message) values",
    6,
    "",
);

/// Adds changes behind those that are there, in this order; their numbers are not looked at.
pub async fn add(tx: &mut Tx, rows: &[ChangeRow]) -> Stored<()> {
    const LAST: &str = "select coalesce(max(number), 0) from changes";
    if rows.is_empty() {
        return Ok(());
    }
    let last: i64 = on!(&mut *tx, c => sqlx::query_scalar(LAST).fetch_one(c).await)?;
    let values = rows.iter().zip(last + 1..).flat_map(|(row, number)| {
        [
            Value::from(number),
            Value::from(row.at),
            Value::from(row.subject.as_str()),
            Value::from(row.id.as_str()),
            Value::from(row.kind.as_str()),
            Value::from(row.message.clone()),
        ]
    });
    tx.run_rows(&ADD, values.collect()).await.map(drop)
}

/// Those behind a number, in order.
pub async fn after(tx: &mut Tx, number: i64, limit: i64) -> Stored<Vec<ChangeRow>> {
    const SQL: &str = "select number, at, subject, id, kind, message from changes
        where number > $1 order by number limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).bind(limit).fetch_all(c).await)?)
}

/// The first and the last number that are kept; `None` before anything has changed.
pub async fn ends(tx: &mut Tx) -> Stored<Option<(i64, i64)>> {
    const SQL: &str = "select (select min(number) from changes), (select max(number) from changes)";
    let (first, last): (Option<i64>, Option<i64>) =
        on!(tx, c => sqlx::query_as(SQL).fetch_one(c).await)?;
    Ok(first.zip(last))
}

/// Forgets up to a number; the last change stays, because the next number follows it.
pub async fn forget(tx: &mut Tx, through: i64) -> Stored<u64> {
    const SQL: &str =
        "delete from changes where number <= $1 and number < (select max(number) from changes)";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(through)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}
