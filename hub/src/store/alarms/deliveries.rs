//! What each recipient has still to be told, and what is on its way to them.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use sqlx::FromRow;

static NOTE: Bulk = Bulk::new(
    "insert into alarm_notices (recipient, alarm, what, at) values",
    4,
    "on conflict (recipient, alarm, what) do nothing",
);
const WAITING_FOR: &str = "select distinct recipient from alarm_notices order by recipient";
const NOTICES: &str =
    "select alarm, what, at from alarm_notices where recipient = $1 order by at, alarm";
const TOLD_OF: &str =
    "select a.id, a.rule, a.subject, a.condition, a.severity, a.level, a.measured, a.state,
    a.began_at, a.opened_at, a.told_at, a.acknowledged_at, a.acknowledged_by, a.note, a.cleared_at
    from alarms a where a.id in (select alarm from alarm_notices where recipient = $1)";
static TAKE: Bulk = Bulk::new(
    "delete from alarm_notices where (recipient, alarm, what) in (values",
    3,
    ")",
);
const KNOWN: &str = "select alarm from alarm_told where recipient = $1
    and alarm in (select alarm from alarm_notices where recipient = $1)";
static TOLD: Bulk = Bulk::new(
    "insert into alarm_told (recipient, alarm) values",
    2,
    "on conflict (recipient, alarm) do nothing",
);
const NOTE_ENDS: &str = "insert into alarm_notices (recipient, alarm, what, at)
    select t.recipient, t.alarm, 'cleared', $1 from alarm_told t
    join alarms a on a.id = t.alarm join alarm_recipients r on r.id = t.recipient
    where a.state = 'cleared' and a.cleared_at = $1 and r.enabled = 1
    on conflict (recipient, alarm, what) do nothing";
const FORGET_TOLD: &str = "delete from alarm_told
    where alarm in (select id from alarms where state = 'cleared' and cleared_at = $1)";
const FORGET_RECIPIENT: &str = "delete from alarm_told where recipient = $1";
const RECENT: &str = "select created_at, state, kind, rules from alarm_deliveries
    where recipient = $1 and kind <> 'test'
    and ((created_at > $2 and created_at <= $3) or state = 'waiting')
    order by created_at desc, id";
const ADD: &str =
    "insert into alarm_deliveries (id, recipient, kind, subject, body, alarms, rules, created_at,
    queued_at, due_at, leased_until, attempts, state, cause, problem, done_at)
    values ($1, $2, $3, $4, $5, $6, $8, $7, $7, $7, 0, 0, 'waiting', null, null, null)";
const DUE: &str = "select count(*) from alarm_deliveries where state = 'waiting'
    and (due_at <= $1 or due_at > $2) and (leased_until <= $1 or leased_until > $2)";
const CLAIM: &str = "update alarm_deliveries set leased_until = $2, attempts = attempts + 1,
    queued_at = case when queued_at > $1 then $1 else queued_at end
    where id in (select id from alarm_deliveries where state = 'waiting'
    and (due_at <= $1 or due_at > $4) and (leased_until <= $1 or leased_until > $4)
    order by due_at, id limit $3)
    returning id, recipient, kind, subject, body, alarms, created_at, due_at, attempts, state, cause, problem, done_at";
const SENT: &str =
    "update alarm_deliveries set state = 'sent', leased_until = 0, cause = null, problem = null, done_at = $3
    where id = $1 and leased_until = $2";
const PUT_OFF: &str =
    "update alarm_deliveries set due_at = $3, leased_until = 0, cause = $4, problem = $5
    where id = $1 and leased_until = $2";
const DEAD: &str =
    "update alarm_deliveries set state = 'dead', leased_until = 0, cause = $4, problem = $5, done_at = $3
    where id = $1 and leased_until = $2";
const AGAIN: &str =
    "update alarm_deliveries set state = 'waiting', attempts = 0, queued_at = $2, due_at = $2, done_at = null
    where id = $1 and state <> 'waiting' returning recipient";
const DROP_FOR: &str = "delete from alarm_notices where recipient = $1";
const STOP_FOR: &str =
    "update alarm_deliveries set state = 'dropped', leased_until = 0, cause = null, problem = $2, done_at = $3
    where recipient = $1 and state = 'waiting'";
const LIST: &str = "select id, recipient, kind, subject, body, alarms, created_at, due_at, attempts, state, cause, problem, done_at
    from alarm_deliveries where created_at < $1 or (created_at = $1 and id > $2)
    order by created_at desc, id limit $3";
const COUNT: &str = "select
    (select count(*) from alarm_deliveries where state = 'waiting' and kind <> 'test') as waiting,
    (select count(*) from alarm_deliveries where state = 'dead' and kind <> 'test') as dead";
const TROUBLE: &str = "select
    (select min(queued_at) from alarm_deliveries where state = 'waiting' and kind <> 'test') as oldest,
    (select max(done_at) from alarm_deliveries where state = 'dead' and kind <> 'test') as died_at";
const FORGET: &str = "delete from alarm_deliveries where created_at < $1 and state <> 'waiting'";

/// Longer than anything is put off or held: what would be due later was written before the clock
/// was set back.
const AHEAD_MS: i64 = 2 * 60 * 60 * 1_000;

/// A letter or a webhook on its way. It prints nothing but through its fields.
#[derive(Clone, FromRow)]
pub struct DeliveryRow {
    pub id: String,
    pub recipient: String,
    pub kind: String,
    pub subject: String,
    pub body: String,
    /// Of how many alarms it tells.
    pub alarms: i64,
    pub created_at: i64,
    pub due_at: i64,
    pub attempts: i64,
    pub state: String,
    /// JSON.
    pub cause: Option<String>,
    pub problem: Option<String>,
    pub done_at: Option<i64>,
}

/// Why one did not arrive.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// By kind: JSON.
    pub cause: &'a str,
    /// As it was said.
    pub problem: &'a str,
}

/// How many wait and how many were given up; tests are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Counted {
    pub waiting: i64,
    pub dead: i64,
}

/// Whether letters arrive; tests are not looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Trouble {
    /// Unix ms; when the oldest that waits was put on its way.
    pub oldest: Option<i64>,
    /// Unix ms; when the last was given up.
    pub died_at: Option<i64>,
}

/// A letter of late, as far as it says when the next may come.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Recent {
    pub created_at: i64,
    pub state: String,
    pub kind: String,
    /// Ids of the rules of whose new alarms it tells, with spaces between.
    pub rules: String,
}

/// What one recipient has to be told of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Notice {
    pub alarm: String,
    pub what: String,
    /// Unix ms.
    pub at: i64,
}

/// Notes what recipients have to be told; what is noted already stays as it is.
pub async fn note(
    tx: &mut Tx,
    notices: impl IntoIterator<Item = (String, String, &'static str)>,
    now: i64,
) -> Result<(), DbError> {
    let values = notices.into_iter().flat_map(|(recipient, alarm, what)| {
        [
            Value::from(recipient),
            alarm.into(),
            what.into(),
            now.into(),
        ]
    });
    tx.run_rows(&NOTE, values.collect()).await.map(drop)
}

/// Who has something to be told.
pub async fn waiting_for(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(WAITING_FOR).fetch_all(conn).await)?)
}

/// What one recipient has to be told, the oldest first.
pub async fn notices(tx: &mut Tx, recipient: &str) -> Result<Vec<Notice>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(NOTICES).bind(recipient).fetch_all(conn).await)?)
}

/// The alarms of which one recipient has to be told.
pub async fn told_of(tx: &mut Tx, recipient: &str) -> Result<Vec<super::live::AlarmRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(TOLD_OF).bind(recipient).fetch_all(conn).await)?)
}

/// Of which of these alarms that recipient was told already.
pub async fn known(tx: &mut Tx, recipient: &str) -> Result<Vec<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(KNOWN).bind(recipient).fetch_all(conn).await)?)
}

/// Takes notices away that are told or need no word any more.
pub async fn take(tx: &mut Tx, recipient: &str, notices: &[Notice]) -> Result<(), DbError> {
    let values = notices.iter().flat_map(|notice| {
        [recipient, notice.alarm.as_str(), notice.what.as_str()].map(Value::from)
    });
    tx.run_rows(&TAKE, values.collect()).await.map(drop)
}

/// A recipient has been told that alarms are open.
pub async fn told(
    tx: &mut Tx,
    recipient: &str,
    alarms: impl Iterator<Item = &str>,
) -> Result<(), DbError> {
    let values = alarms.flat_map(|alarm| [recipient, alarm].map(Value::from));
    tx.run_rows(&TOLD, values.collect()).await.map(drop)
}

/// Notes the end of every alarm that ended at this moment, for those who were told that it is open.
pub async fn note_ends(tx: &mut Tx, at: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(NOTE_ENDS).bind(at).execute(conn).await.map(drop))?;
    on!(tx, conn => sqlx::query(FORGET_TOLD).bind(at).execute(conn).await.map(drop))?;
    Ok(())
}

/// Letters to a recipient since a moment until now and those that wait, the latest first; tests are
/// none.
pub async fn recent(
    tx: &mut Tx,
    recipient: &str,
    (since, now): (i64, i64),
) -> Result<Vec<Recent>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(RECENT)
        .bind(recipient)
        .bind(since)
        .bind(now)
        .fetch_all(conn)
        .await)?)
}

/// Puts one on its way; number of tries, state and outcome of the row are not looked at. `rules`
/// are the ids of those of whose new alarms it tells, with spaces between.
pub async fn add(tx: &mut Tx, row: &DeliveryRow, rules: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD)
        .bind(&row.id)
        .bind(&row.recipient)
        .bind(&row.kind)
        .bind(&row.subject)
        .bind(&row.body)
        .bind(row.alarms)
        .bind(row.created_at)
        .bind(rules)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Whether anything is due.
pub async fn is_due(tx: &mut Tx, now: i64) -> Result<bool, DbError> {
    let due: i64 = on!(tx, conn => sqlx::query_scalar(DUE)
        .bind(now)
        .bind(now.saturating_add(AHEAD_MS))
        .fetch_one(conn)
        .await)?;
    Ok(due > 0)
}

/// Takes what is due until another moment.
pub async fn claim(
    tx: &mut Tx,
    now: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<DeliveryRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(CLAIM)
        .bind(now)
        .bind(until)
        .bind(limit)
        .bind(now.saturating_add(AHEAD_MS))
        .fetch_all(conn)
        .await)?)
}

/// It arrived. `held` is until when it was taken.
pub async fn sent(tx: &mut Tx, id: &str, held: i64, now: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SENT)
        .bind(id)
        .bind(held)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// It is tried again at a moment.
pub async fn put_off(
    tx: &mut Tx,
    id: &str,
    held: i64,
    (due, why): (i64, Kept<'_>),
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(PUT_OFF)
        .bind(id)
        .bind(held)
        .bind(due)
        .bind(why.cause)
        .bind(why.problem)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// It is given up.
pub async fn dead(
    tx: &mut Tx,
    id: &str,
    held: i64,
    (now, why): (i64, Kept<'_>),
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(DEAD)
        .bind(id)
        .bind(held)
        .bind(now)
        .bind(why.cause)
        .bind(why.problem)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Sends one again that was sent or given up; to whom it goes, or nothing.
pub async fn again(tx: &mut Tx, id: &str, now: i64) -> Result<Option<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(AGAIN).bind(id).bind(now).fetch_optional(conn).await)?)
}

/// Nothing more goes to a recipient; what waited is dropped.
pub async fn stop_for(
    tx: &mut Tx,
    recipient: &str,
    problem: &str,
    now: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(DROP_FOR).bind(recipient).execute(conn).await.map(drop))?;
    on!(tx, conn => sqlx::query(STOP_FOR)
        .bind(recipient)
        .bind(problem)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Those written before a moment and, within it, after an id; the latest first.
pub async fn list(
    tx: &mut Tx,
    (before, after): (i64, &str),
    limit: i64,
) -> Result<Vec<DeliveryRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LIST)
        .bind(before)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}

pub async fn count(tx: &mut Tx) -> Result<Counted, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(COUNT).fetch_one(conn).await)?)
}

pub async fn trouble(tx: &mut Tx) -> Result<Trouble, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(TROUBLE).fetch_one(conn).await)?)
}

/// Nobody is left who was told of anything.
pub async fn forget_recipient(tx: &mut Tx, recipient: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET_RECIPIENT).bind(recipient).execute(conn).await.map(drop))?;
    Ok(())
}

/// Forgets what was written before a moment and does not wait.
pub async fn forget(tx: &mut Tx, before: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(before).execute(conn).await.map(drop))?;
    Ok(())
}
