//! Alarms themselves: what stands, what was seen by whom, and what is over.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use sqlx::FromRow;

const LIVE: &str =
    "select id, rule, subject, condition, severity, level, measured, state, began_at, opened_at,
    told_at, acknowledged_at, acknowledged_by, note, cleared_at
    from alarms where state <> 'cleared' order by opened_at desc, subject";
const OF_SUBJECT: &str =
    "select id, rule, subject, condition, severity, level, measured, state, began_at, opened_at,
    told_at, acknowledged_at, acknowledged_by, note, cleared_at
    from alarms where subject = $1 and opened_at is not null order by opened_at desc, id limit $2";
const CLEARED: &str =
    "select id, rule, subject, condition, severity, level, measured, state, began_at, opened_at,
    told_at, acknowledged_at, acknowledged_by, note, cleared_at
    from alarms where state = 'cleared' and (cleared_at < $1 or (cleared_at = $1 and id > $2))
    order by cleared_at desc, id limit $3";
const ACKNOWLEDGE: &str =
    "update alarms set state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3,
    note = $4 where id = $1 and state = 'open'";
const END_OF_RULE: &str = "update alarms set state = 'cleared', cleared_at = $2
    where rule = $1 and state in ('open', 'acknowledged')";
const DROP_OF_RULE: &str = "delete from alarms where rule = $1 and state = 'pending'";
const FORGET: &str = "delete from alarms where state = 'cleared' and cleared_at < $1";
const OPEN: &str = "select severity, count(*), count(case when state = 'acknowledged' then 1 end) \
     from alarms where state in ('open', 'acknowledged') group by severity";

static PUT: Bulk = Bulk::new(
    "insert into alarms (id, rule, subject, condition, severity, level, measured, state, began_at, opened_at, told_at, cleared_at) values",
    12,
    "on conflict (id) do update set severity = excluded.severity, level = excluded.level, \
     measured = excluded.measured, \
     state = case when alarms.state = 'acknowledged' and excluded.state = 'open' then 'acknowledged' else excluded.state end, \
     began_at = excluded.began_at, opened_at = excluded.opened_at, told_at = excluded.told_at, cleared_at = excluded.cleared_at",
);
static DROP: Bulk = Bulk::new(
    "delete from alarms where state = 'pending' and id in (values",
    1,
    ")",
);

/// An alarm as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AlarmRow {
    pub id: String,
    pub rule: String,
    /// A slug; empty for the hub itself.
    pub subject: String,
    pub condition: String,
    pub severity: String,
    pub level: String,
    pub measured: Option<i64>,
    pub state: String,
    pub began_at: i64,
    pub opened_at: Option<i64>,
    pub told_at: Option<i64>,
    pub acknowledged_at: Option<i64>,
    pub acknowledged_by: Option<String>,
    pub note: Option<String>,
    pub cleared_at: Option<i64>,
}

/// All that are not over, those that opened last first.
pub async fn live(tx: &mut Tx) -> Result<Vec<AlarmRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LIVE).fetch_all(conn).await)?)
}

/// Those of one subject that have opened, the latest first.
pub async fn of_subject(tx: &mut Tx, subject: &str, limit: i64) -> Result<Vec<AlarmRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OF_SUBJECT)
        .bind(subject)
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}

/// Those that are over, before a moment and, within it, after an id; the latest first.
pub async fn cleared(
    tx: &mut Tx,
    (before, after): (i64, &str),
    limit: i64,
) -> Result<Vec<AlarmRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(CLEARED)
        .bind(before)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}

/// Adds alarms, or brings them to what they are now. What a person said of one stays.
pub async fn put(tx: &mut Tx, rows: &[AlarmRow]) -> Result<(), DbError> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.id.as_str()),
            row.rule.as_str().into(),
            row.subject.as_str().into(),
            row.condition.as_str().into(),
            row.severity.as_str().into(),
            row.level.as_str().into(),
            row.measured.into(),
            row.state.as_str().into(),
            row.began_at.into(),
            row.opened_at.into(),
            row.told_at.into(),
            row.cleared_at.into(),
        ]
    });
    tx.run_rows(&PUT, values.collect()).await.map(drop)
}

/// Forgets what has never opened.
pub async fn drop_pending(tx: &mut Tx, ids: &[String]) -> Result<(), DbError> {
    let values = ids.iter().map(|id| Value::from(id.as_str()));
    tx.run_rows(&DROP, values.collect()).await.map(drop)
}

/// Somebody has seen it; false if it was not open.
pub async fn acknowledge(
    tx: &mut Tx,
    id: &str,
    (at, by, note): (i64, &str, &str),
) -> Result<bool, DbError> {
    let done = on!(tx, conn => sqlx::query(ACKNOWLEDGE)
        .bind(id)
        .bind(at)
        .bind(by)
        .bind(note)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(done > 0)
}

/// Ends all that a rule has raised.
pub async fn end_of_rule(tx: &mut Tx, rule: &str, now: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(END_OF_RULE).bind(rule).bind(now).execute(conn).await.map(drop))?;
    on!(tx, conn => sqlx::query(DROP_OF_RULE).bind(rule).execute(conn).await.map(drop))?;
    Ok(())
}

/// Forgets what was over before a moment.
pub async fn forget(tx: &mut Tx, before: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(before).execute(conn).await.map(drop))?;
    Ok(())
}

/// How many are open or acknowledged, and how many of them acknowledged, by severity.
pub async fn count(tx: &mut Tx) -> Result<Vec<(String, i64, i64)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OPEN).fetch_all(conn).await)?)
}
