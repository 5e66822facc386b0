//! What somebody has to be told of a clock. The key says it once.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct NoticeRow {
    pub case_id: String,
    pub clock: String,
    pub started_at: i64,
    pub notice: String,
    pub recipient: String,
    pub due_at: i64,
    pub made_at: i64,
}

static ADD: Bulk = Bulk::new(
    "insert into notices (case_id, clock, started_at, notice, recipient, due_at, made_at) values",
    7,
    "on conflict (case_id, clock, started_at, notice, recipient) do nothing
        returning case_id, clock, started_at, notice, recipient, due_at, made_at",
);

/// Adds those that are new. Returns which.
pub async fn add(tx: &mut Tx, rows: &[NoticeRow]) -> Stored<Vec<NoticeRow>> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.case_id.as_str()),
            Value::from(row.clock.as_str()),
            Value::from(row.started_at),
            Value::from(row.notice.as_str()),
            Value::from(row.recipient.as_str()),
            Value::from(row.due_at),
            Value::from(row.made_at),
        ]
    });
    tx.fetch_rows(&ADD, values.collect()).await
}

/// Those that nobody has been told yet, oldest first, behind one of them.
pub async fn untold(tx: &mut Tx, after: Option<&NoticeRow>, limit: i64) -> Stored<Vec<NoticeRow>> {
    const SQL: &str =
        "select case_id, clock, started_at, notice, recipient, due_at, made_at from notices
        where told_at is null
            and (made_at, case_id, clock, started_at, notice, recipient) > ($1, $2, $3, $4, $5, $6)
        order by made_at, case_id, clock, started_at, notice, recipient limit $7";
    let text = |field: fn(&NoticeRow) -> &String| after.map_or("", |row| field(row).as_str());
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(after.map_or(i64::MIN, |row| row.made_at))
        .bind(text(|row| &row.case_id))
        .bind(text(|row| &row.clock))
        .bind(after.map_or(i64::MIN, |row| row.started_at))
        .bind(text(|row| &row.notice))
        .bind(text(|row| &row.recipient))
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Somebody is told, or it is no longer true; says whether nobody had been before.
pub async fn told(tx: &mut Tx, row: &NoticeRow, at: i64) -> Stored<bool> {
    const SQL: &str = "update notices set told_at = $6
        where case_id = $1 and clock = $2 and started_at = $3 and notice = $4 and recipient = $5
            and told_at is null";
    let noted: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(&row.case_id)
        .bind(&row.clock)
        .bind(row.started_at)
        .bind(&row.notice)
        .bind(&row.recipient)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(noted > 0)
}
