//! The assignment of each case that lies on somebody's desk. This institution's own.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, FromRow)]
pub struct AssignmentRow {
    pub case_id: String,
    pub at: i64,
    pub actor: String,
    /// Unix ms at which the day is over until which something is asked for.
    pub due_at: Option<i64>,
    pub taken_at: Option<i64>,
}

static PUT: Bulk = Bulk::new(
    "insert into assignments (case_id, at, actor, due_at) values",
    4,
    "on conflict (case_id) do update set at = excluded.at, actor = excluded.actor,
        due_at = excluded.due_at, told_at = null, taken_at = null, warned_at = null",
);

/// Cases are given to somebody, by an actor and at a moment, until a moment. What the assignment
/// before was told is forgotten.
pub async fn put(
    tx: &mut Tx,
    cases: &[String],
    (actor, at): (&str, i64),
    due_at: Option<i64>,
) -> Stored<()> {
    let rows = cases.iter().flat_map(|case| {
        [
            Value::from(case.as_str()),
            at.into(),
            actor.into(),
            due_at.into(),
        ]
    });
    tx.run_rows(&PUT, rows.collect()).await?;
    set_work(tx, cases).await
}

static END: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from assignments where case_id in (select case_id from v)",
);

/// Cases lie on nobody's desk any more.
pub async fn end(tx: &mut Tx, cases: &[String]) -> Stored<()> {
    tx.run_rows(&END, named(cases)).await?;
    set_work(tx, cases).await
}

static WORK: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") update cases set work_at = coalesce((select a.due_at from assignments a
            where a.case_id = v.case_id and a.due_at < cases.runs_out_at), cases.runs_out_at)
        from v where cases.case_id = v.case_id",
);

async fn set_work(tx: &mut Tx, cases: &[String]) -> Stored<()> {
    tx.run_rows(&WORK, named(cases)).await.map(drop)
}

fn named(cases: &[String]) -> Vec<Value> {
    cases.iter().map(|case| case.as_str().into()).collect()
}

static THESE: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select a.case_id, a.at, a.actor, a.due_at, a.taken_at
        from assignments a where a.case_id in (select case_id from v)",
);

/// Those of the named cases.
pub async fn these(tx: &mut Tx, cases: &[String]) -> Stored<Vec<AssignmentRow>> {
    tx.fetch_rows(&THESE, named(cases)).await
}

/// Those of which nobody has been told, oldest first.
pub async fn untold(tx: &mut Tx, limit: i64) -> Stored<Vec<AssignmentRow>> {
    const SQL: &str = "select case_id, at, actor, due_at, taken_at
        from assignments where told_at is null order by at, case_id limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Those whose day is over before a moment and of which nobody has been warned.
pub async fn unwarned(tx: &mut Tx, before: i64, limit: i64) -> Stored<Vec<AssignmentRow>> {
    const SQL: &str = "select case_id, at, actor, due_at, taken_at
        from assignments where due_at is not null and warned_at is null and due_at <= $1
        order by due_at, case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(before).bind(limit).fetch_all(c).await)?)
}

static NOTE: Bulk = Bulk::new(
    "with v (case_id, made, told, taken, warned) as (values",
    5,
    ") update assignments set told_at = coalesce(assignments.told_at, v.told),
            taken_at = coalesce(assignments.taken_at, v.taken),
            warned_at = coalesce(assignments.warned_at, v.warned)
        from v where assignments.case_id = v.case_id and assignments.at = v.made",
);

/// What is noted of an assignment, each at a moment and once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noted {
    pub told: Option<i64>,
    pub taken: Option<i64>,
    pub warned: Option<i64>,
}

/// Notes something of assignments that still stand.
pub async fn note(tx: &mut Tx, rows: &[AssignmentRow], noted: Noted) -> Stored<()> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.case_id.as_str()),
            row.at.into(),
            noted.told.into(),
            noted.taken.into(),
            noted.warned.into(),
        ]
    });
    tx.run_rows(&NOTE, values.collect()).await.map(drop)
}
