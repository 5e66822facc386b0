//! Rules of alarms, with whom they tell.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const ALL: &str = "select id, condition, least, scope, scoped_to, severity, stands_ms, repeat_ms, everybody, enabled
    from alarm_rules order by created_at, id";
const TOLD: &str = "select rule, recipient from alarm_rule_recipients order by rule, recipient";
const PUT: &str = "insert into alarm_rules
    (id, condition, least, scope, scoped_to, severity, stands_ms, repeat_ms, everybody, enabled, created_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
    on conflict (id) do update set condition = excluded.condition, least = excluded.least, scope = excluded.scope,
    scoped_to = excluded.scoped_to, severity = excluded.severity, stands_ms = excluded.stands_ms,
    repeat_ms = excluded.repeat_ms, everybody = excluded.everybody, enabled = excluded.enabled,
    changed_at = excluded.changed_at";
const FORGET_TOLD: &str = "delete from alarm_rule_recipients where rule = $1";
const TELL: &str = "insert into alarm_rule_recipients (rule, recipient) values ($1, $2)";

/// A rule as it is stored; codes are those of [`crate::alarms`].
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RuleRow {
    pub id: String,
    pub condition: String,
    pub least: String,
    pub scope: String,
    pub scoped_to: String,
    pub severity: String,
    pub stands_ms: i64,
    pub repeat_ms: i64,
    pub everybody: i64,
    pub enabled: i64,
}

pub async fn all(tx: &mut Tx) -> Result<Vec<RuleRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?)
}

/// Rule and recipient, of all rules.
pub async fn told(tx: &mut Tx) -> Result<Vec<(String, String)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(TOLD).fetch_all(conn).await)?)
}

/// Adds a rule, or changes the one with its id.
pub async fn put(
    tx: &mut Tx,
    row: &RuleRow,
    recipients: &[String],
    now: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(PUT)
        .bind(&row.id)
        .bind(&row.condition)
        .bind(&row.least)
        .bind(&row.scope)
        .bind(&row.scoped_to)
        .bind(&row.severity)
        .bind(row.stands_ms)
        .bind(row.repeat_ms)
        .bind(row.everybody)
        .bind(row.enabled)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    on!(tx, conn => sqlx::query(FORGET_TOLD).bind(&row.id).execute(conn).await.map(drop))?;
    for recipient in recipients {
        on!(tx, conn => sqlx::query(TELL)
            .bind(&row.id)
            .bind(recipient)
            .execute(conn)
            .await
            .map(drop))?;
    }
    Ok(())
}
