//! When the clock of a case runs out, and when somebody has to look.

use lapor_migrations::{Bulk, Composed, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::lists::{Limits, limit, only_seen};

/// The deadlines of a case as they were when it last changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct DeadlineRow {
    pub case_id: String,
    pub custodian: Option<String>,
    pub clock: Option<String>,
    pub started_at: Option<i64>,
    pub due_at: Option<i64>,
    pub paused_since: Option<i64>,
    pub silence_at: Option<i64>,
    /// Id of the public follow-up that nobody has answered.
    pub heard: Option<String>,
    pub heard_at: Option<i64>,
    pub look_at: Option<i64>,
}

static PUT: Bulk = Bulk::new(
    "insert into deadlines (case_id, custodian, clock, started_at, due_at, paused_since, silence_at,
        heard, heard_at, look_at) values",
    10,
    "on conflict (case_id) do update set custodian = excluded.custodian, clock = excluded.clock,
        started_at = excluded.started_at, due_at = excluded.due_at,
        paused_since = excluded.paused_since, silence_at = excluded.silence_at,
        heard_at = case when deadlines.heard = excluded.heard then deadlines.heard_at
            else excluded.heard_at end,
        heard = excluded.heard, look_at = excluded.look_at",
);

/// Replaces what is known; of a follow-up that was heard before, when it was heard stays.
pub async fn put(tx: &mut Tx, rows: &[DeadlineRow]) -> Stored<()> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.case_id.as_str()),
            Value::from(row.custodian.clone()),
            Value::from(row.clock.clone()),
            Value::from(row.started_at),
            Value::from(row.due_at),
            Value::from(row.paused_since),
            Value::from(row.silence_at),
            Value::from(row.heard.clone()),
            Value::from(row.heard_at),
            Value::from(row.look_at),
        ]
    });
    tx.run_rows(&PUT, values.collect()).await.map(drop)
}

static THESE: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select d.case_id, d.custodian, d.clock, d.started_at, d.due_at, d.paused_since, d.silence_at,
        d.heard, d.heard_at, d.look_at from v join deadlines d on d.case_id = v.case_id",
);

/// Of the named cases, those of which something is known.
pub async fn these(tx: &mut Tx, ids: Vec<Value>) -> Stored<Vec<DeadlineRow>> {
    tx.fetch_rows(&THESE, ids).await
}

static FORGET: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from deadlines where case_id in (select case_id from v)",
);

/// Forgets cases whose birth had no effect.
pub async fn forget(tx: &mut Tx, ids: Vec<Value>) -> Stored<()> {
    tx.run_rows(&FORGET, ids).await.map(drop)
}

/// Cases that may be seen by when their clock runs out, with that moment: after a place in this
/// order, and before a moment.
pub async fn next(
    tx: &mut Tx,
    (custodian, limits): (Option<&str>, Limits<'_>),
    after: (i64, &str),
    before: i64,
    most: i64,
) -> Stored<Vec<(i64, String)>> {
    let mut query =
        Composed::new("select due_at, deadlines.case_id from deadlines where due_at is not null");
    // A condition that may hold for any custodian would keep either index from being used.
    if let Some(custodian) = custodian {
        query.add(" and deadlines.custodian = {}", [custodian.into()]);
    }
    query.add(
        " and due_at < {} and (due_at, deadlines.case_id) > ({}, {})",
        [before.into(), after.0.into(), after.1.into()],
    );
    only_seen(&mut query, " and deadlines.case_id", limits);
    query.add(
        " order by due_at, deadlines.case_id limit {}",
        [most.into()],
    );
    tx.fetch_composed(query).await
}

/// Cases of which somebody has to be told something by now.
pub async fn to_look_at(tx: &mut Tx, now: i64, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from deadlines where look_at is not null and look_at <= $1
        order by look_at, case_id limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(now).bind(limit).fetch_all(c).await)?)
}

/// Cases that were filed here and have waited for their reporter's answers since before a moment,
/// whatever their clocks do, which nobody has been reminded of: with the custodian, and since when.
pub async fn unanswered(
    tx: &mut Tx,
    origin: &str,
    before: i64,
    limit: i64,
) -> Stored<Vec<(String, String, i64)>> {
    const SQL: &str = "select c.case_id, c.custodian, c.waits_since from cases c
        where c.state = 'held' and c.waits_since <= $2 and c.origin = $1
            and c.erased = 0 and c.custodian is not null
            and not exists (select 1 from news_told t where t.case_id = c.case_id
                and t.message = 'hold:' || cast(c.waits_since as text))
        order by c.waits_since, c.case_id limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(origin)
        .bind(before)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Whether a case waits for its reporter's answers, and has since this moment.
pub async fn waits_since(tx: &mut Tx, case_id: &str, since: i64) -> Stored<bool> {
    const SQL: &str = "select count(*) from cases
        where case_id = $1 and waits_since = $2 and state = 'held' and erased = 0";
    let waits: i64 =
        on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).bind(since).fetch_one(c).await)?;
    Ok(waits > 0)
}

/// A case on hold, and on whose desk it lies.
#[derive(Debug, Clone, FromRow)]
pub struct HoldRow {
    pub case_id: String,
    pub ticket: Option<String>,
    pub unit: Option<String>,
    pub officer: Option<String>,
    /// Unix ms.
    pub waits_since: i64,
}

/// Cases that this institution has put on hold before a moment, that an account may see and of which
/// it has not been told: longest on hold first, behind one of them.
pub async fn held_here(
    tx: &mut Tx,
    before: i64,
    (account, limits): (&str, Limits<'_>),
    after: Option<&HoldRow>,
    most: i64,
) -> Stored<Vec<HoldRow>> {
    let mut query = Composed::new(
        "select cases.case_id, cases.ticket, cases.unit, cases.officer, cases.waits_since
        from cases where cases.tray = 'waiting'",
    );
    limit(&mut query, limits);
    query.add(
        " and cases.waits_since <= {} and not exists (select 1 from letter_cases t
            where t.account = {} and t.case_id = cases.case_id
                and t.tray = 'hold:' || cast(cases.waits_since as text))",
        [before.into(), account.into()],
    );
    if let Some(row) = after {
        query.add(
            " and (cases.waits_since, cases.case_id) > ({}, {})",
            [row.waits_since.into(), row.case_id.as_str().into()],
        );
    }
    query.add(
        " order by cases.waits_since, cases.case_id limit {}",
        [most.into()],
    );
    tx.fetch_composed(query).await
}

/// Cases whose reporter may have been silent for long enough.
pub async fn silent(tx: &mut Tx, now: i64, limit: i64) -> Stored<Vec<DeadlineRow>> {
    const SQL: &str =
        "select case_id, custodian, clock, started_at, due_at, paused_since, silence_at,
            heard, heard_at, look_at
        from deadlines where silence_at is not null and silence_at <= $1
        order by silence_at, case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(now).bind(limit).fetch_all(c).await)?)
}

/// When a silence is looked at again.
pub async fn put_off_silence(tx: &mut Tx, case_id: &str, until: Option<i64>) -> Stored<()> {
    const SQL: &str = "update deadlines set silence_at = $2 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(until).execute(c).await.map(drop))?;
    Ok(())
}

/// The last of the cases that are known here, in the order of [`every_case`]; empty where there
/// are none.
pub async fn last_case(tx: &mut Tx) -> Stored<String> {
    const SQL: &str = "select coalesce(max(case_id), '') from cases";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// Every case that is known here, a page after `after`, until `last`.
pub async fn every_case(tx: &mut Tx, after: &str, last: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from cases
        where case_id > $1 and case_id <= $2 and state is not null
        order by case_id limit $3";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(after)
        .bind(last)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// When somebody has to be told something next.
pub async fn look_next(tx: &mut Tx, case_id: &str, at: Option<i64>) -> Stored<()> {
    const SQL: &str = "update deadlines set look_at = $2 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(at).execute(c).await.map(drop))?;
    Ok(())
}
