//! Who has had a case, since when, and what became of it there: what the figures of an
//! institution's own work are counted from.

use std::collections::BTreeMap;

use lapor_migrations::{Bulk, Composed, Tx, Value};
use sqlx::FromRow;

use super::Stored;
use super::facts::of_period;
use super::lists::Limits;

/// A custody as the figures see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermRow {
    pub institution: String,
    pub since: i64,
    pub answered_at: Option<i64>,
    /// It ended because the case was not the institution's.
    pub returned: bool,
}

/// By case and the message that gave the custody.
pub type Terms = BTreeMap<(String, String), TermRow>;

/// When a clock had run out that was met later, in Unix ms; by case and whoever had it then.
pub type Overdue = BTreeMap<(String, String), i64>;

static PUT: Bulk = Bulk::new(
    "insert into case_terms (case_id, term, institution, since, answered_at, returned) values",
    6,
    "on conflict (case_id, term) do update set
        answered_at = coalesce(case_terms.answered_at, excluded.answered_at),
        returned = case when excluded.returned > 0 then excluded.returned
            else case_terms.returned end",
);

/// Adds to what is known; the same twice changes nothing.
pub async fn put(tx: &mut Tx, terms: &Terms) -> Stored<()> {
    let values = terms.iter().flat_map(|((case, term), row)| {
        [
            Value::from(case.as_str()),
            Value::from(term.as_str()),
            Value::from(row.institution.as_str()),
            Value::from(row.since),
            Value::from(row.answered_at),
            Value::from(i64::from(row.returned)),
        ]
    });
    tx.run_rows(&PUT, values.collect()).await.map(drop)
}

static NOTE_OVERDUE: Bulk = Bulk::new(
    "with v (case_id, institution, due_at) as (values",
    3,
    ") insert into case_overdue (case_id, institution, due_at)
        select v.case_id, v.institution, v.due_at from v
            where v.case_id in (select case_id from case_facts)
        on conflict (case_id, institution) do nothing",
);

/// Notes for good with whom they had run out.
pub(super) async fn note_overdue(tx: &mut Tx, overdue: &Overdue) -> Stored<()> {
    let values = overdue.iter().flat_map(|((case, institution), due)| {
        [
            Value::from(case.as_str()),
            Value::from(institution.as_str()),
            Value::from(*due),
        ]
    });
    tx.run_rows(&NOTE_OVERDUE, values.collect()).await.map(drop)
}

static FORGET_TERMS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from case_terms where case_id in (select case_id from v)",
);
static FORGET_OVERDUE: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from case_overdue where case_id in (select case_id from v)",
);

/// Forgets cases whose birth had no effect.
pub async fn forget(tx: &mut Tx, ids: Vec<Value>) -> Stored<()> {
    tx.run_rows(&FORGET_TERMS, ids.clone()).await?;
    tx.run_rows(&FORGET_OVERDUE, ids).await.map(drop)
}

/// What one institution has done with the cases that it has had.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct WorkRow {
    pub institution: String,
    pub handled: i64,
    pub hops: i64,
    pub misrouted: i64,
    pub answered: i64,
    /// Custodies with an answer, and the time that it took in all of them.
    pub answers: i64,
    pub answer_ms: i64,
}

/// The same for each institution, of the cases that were filed in a period and may be seen. Of a case
/// of which nothing more is heard here, only this institution's own work counts.
pub async fn work(tx: &mut Tx, period: (i64, i64), limits: Limits<'_>) -> Stored<Vec<WorkRow>> {
    let mut query = Composed::new(
        "select t.institution, count(distinct t.case_id) as handled,
            cast(sum(t.returned) as bigint) as hops,
            count(distinct case when t.returned > 0 then t.case_id end) as misrouted,
            count(distinct case when t.answered_at is not null then t.case_id end) as answered,
            count(t.answered_at) as answers,
            cast(coalesce(sum(t.answered_at - t.since), 0) as bigint) as answer_ms
        from case_facts f join case_terms t on t.case_id = f.case_id",
    );
    of_period(&mut query, period, limits);
    query.add(" and (f.left_by is null or t.institution = f.left_by)", []);
    query.add(" group by t.institution order by t.institution", []);
    tx.fetch_composed(query).await
}

/// Of the same cases, those of which a clock has run out with each institution: it was met too late,
/// or runs on and is over at `now`.
pub async fn overdue(
    tx: &mut Tx,
    period: (i64, i64),
    limits: Limits<'_>,
    now: i64,
) -> Stored<Vec<(String, i64)>> {
    let mut query = Composed::new("select o.institution, count(*) from case_facts f join (");
    query.add(
        "select case_id, institution from case_overdue union
            select case_id, custodian from deadlines where custodian is not null and due_at <= {}",
        [now.into()],
    );
    query.add(") as o on o.case_id = f.case_id", []);
    of_period(&mut query, period, limits);
    query.add(" and (f.left_by is null or o.institution = f.left_by)", []);
    query.add(" group by o.institution", []);
    tx.fetch_composed(query).await
}
