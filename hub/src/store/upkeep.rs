//! Backups that were made and tried, by whom, and what came of it.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const BEGIN: &str = "insert into upkeep_runs (id, work, name, backup_at, asked_by, began_at) \
     values ($1, $2, $3, $4, $5, $6)";
const BE_OF: &str = "update upkeep_runs set replica = $2 where id = $1";
const END: &str = "update upkeep_runs set backup_at = $2, ended_at = $3, outcome = $4, result = $5 \
     where id = $1";
const INTERRUPT: &str = "update upkeep_runs set ended_at = $1, result = $2, \
     outcome = case work when 'trial' then 'aborted' else 'failed' end \
     where ended_at is null and (replica = $3 or $3 = '')";
const UNDER_WAY: &str = "select count(*) from upkeep_runs \
     where ended_at is null and replica is not null and replica <> $1";
const FINISH_BACKUP: &str = "update upkeep_runs set backup_at = $1, ended_at = $1, outcome = 'done', result = $2 \
     where ended_at is null and work = 'backup'";
const LATEST: &str = "select id, work, name, backup_at, asked_by, began_at, ended_at, outcome, result \
     from upkeep_runs order by began_at desc, id limit $1";
const LAST_SOUND: &str = "select max(ended_at) from upkeep_runs \
     where work = 'trial' and outcome = 'done' and ended_at <= $1";
const LAST_TRIAL: &str = "select ended_at, outcome from upkeep_runs \
     where work = 'trial' and ended_at <= $1 order by ended_at desc, began_at desc, id limit 1";
const TRIALS: &str = "select name, backup_at, asked_by, ended_at, outcome from upkeep_runs \
     where work = 'trial' and ended_at is not null and backup_at is not null order by ended_at, id";

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RunRow {
    pub id: String,
    /// `backup` or `trial`.
    pub work: String,
    /// The backup's folder.
    pub name: String,
    /// Unix ms of the moment that the backup shows, once it is known.
    pub backup_at: Option<i64>,
    pub asked_by: String,
    pub began_at: i64,
    pub ended_at: Option<i64>,
    /// `done`, `failed` or `aborted`.
    pub outcome: Option<String>,
    /// JSON.
    pub result: Option<String>,
}

/// A trial that has ended, of the backup of a moment.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TrialRow {
    pub name: String,
    pub backup_at: i64,
    pub asked_by: String,
    pub ended_at: i64,
    pub outcome: String,
}

pub async fn begin(tx: &mut Tx, row: &RunRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(BEGIN)
        .bind(&row.id)
        .bind(&row.work)
        .bind(&row.name)
        .bind(row.backup_at)
        .bind(&row.asked_by)
        .bind(row.began_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn end(tx: &mut Tx, row: &RunRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(END)
        .bind(&row.id)
        .bind(row.backup_at)
        .bind(row.ended_at)
        .bind(&row.outcome)
        .bind(&row.result)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Notes which process of this hub is at it; what a command does is of none.
pub async fn be_of(tx: &mut Tx, run: &str, replica: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(BE_OF).bind(run).bind(replica).execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends what a process that is gone has begun, or any (`""`).
pub async fn interrupt(tx: &mut Tx, now: i64, result: &str, of: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(INTERRUPT)
        .bind(now)
        .bind(result)
        .bind(of)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Whether another process of this hub than this one is at something.
pub async fn is_under_way(tx: &mut Tx, elsewhere_than: &str) -> Result<bool, DbError> {
    let count: i64 = on!(tx, conn => sqlx::query_scalar(UNDER_WAY)
        .bind(elsewhere_than)
        .fetch_one(conn)
        .await)?;
    Ok(count > 0)
}

/// Ends the backup that was under way when the database was copied for it.
pub async fn finish_backup(tx: &mut Tx, at: i64, result: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FINISH_BACKUP).bind(at).bind(result).execute(conn).await.map(drop))?;
    Ok(())
}

/// The latest first.
pub async fn latest(tx: &mut Tx, limit: i64) -> Result<Vec<RunRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LATEST).bind(limit).fetch_all(conn).await)?)
}

/// Unix ms; when a trial last ended by a moment in which all held.
pub async fn last_sound(tx: &mut Tx, by: i64) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(LAST_SOUND).bind(by).fetch_one(conn).await)?)
}

/// Unix ms of the end of the last trial that ended by a moment, and what came of it.
pub async fn last_trial(tx: &mut Tx, by: i64) -> Result<Option<(i64, String)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LAST_TRIAL).bind(by).fetch_optional(conn).await)?)
}

/// The earliest first.
pub async fn trials(tx: &mut Tx) -> Result<Vec<TrialRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(TRIALS).fetch_all(conn).await)?)
}
