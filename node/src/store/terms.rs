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
    "with v (case_id, noted_at) as (values",
    2,
    ") insert into case_overdue (case_id, institution, due_at)
        select d.case_id, d.custodian, d.due_at from v join deadlines d on d.case_id = v.case_id
            where d.custodian is not null and d.due_at <= v.noted_at
        on conflict (case_id, institution) do nothing",
);

/// Notes for good with whom a clock has run out by a moment: case and moment of each.
pub async fn note_overdue(tx: &mut Tx, cases: Vec<Value>) -> Stored<()> {
    tx.run_rows(&NOTE_OVERDUE, cases).await.map(drop)
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

/// Of the same cases, those of which a clock has run out with each institution.
pub async fn overdue(
    tx: &mut Tx,
    period: (i64, i64),
    limits: Limits<'_>,
) -> Stored<Vec<(String, i64)>> {
    let mut query = Composed::new(
        "select o.institution, count(*)
        from case_facts f join case_overdue o on o.case_id = f.case_id",
    );
    of_period(&mut query, period, limits);
    query.add(" and (f.left_by is null or o.institution = f.left_by)", []);
    query.add(" group by o.institution", []);
    tx.fetch_composed(query).await
}
