//! Facts of cases, of the terms in which institutions had them, and of the
//! clocks that ran meanwhile. What is counted from them stands in [`sums`],
//! which cases they are in [`lists`].

pub mod lists;
pub mod sums;
pub mod weeks;

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::CaseId;

use super::id;

static PUT_FACTS: Bulk = Bulk::new(
    "insert into case_facts (case_id, origin, custodian, state, classification, category, region, \
     filed_at, answered_at, ended_at, hops, score) values",
    12,
    "on conflict (case_id) do update set origin = excluded.origin, custodian = excluded.custodian, \
     state = excluded.state, classification = excluded.classification, \
     category = excluded.category, region = excluded.region, filed_at = excluded.filed_at, \
     answered_at = excluded.answered_at, ended_at = excluded.ended_at, hops = excluded.hops, \
     score = excluded.score",
);
static PUT_TERMS: Bulk = Bulk::new(
    "insert into case_terms (case_id, term, hop, institution, disposed, since, acted_at, answered_at, \
     until_at, ended_by, reason, case_answered_at) values",
    12,
    "",
);
static FORGET_TERMS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from case_terms where case_id in (select case_id from v)",
);
static PUT_CLOCKS: Bulk = Bulk::new(
    "insert into case_clocks (case_id, number, hop, institution, step, ran_out_at, met_at) values",
    7,
    "",
);
static FORGET_CLOCKS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from case_clocks where case_id in (select case_id from v)",
);
const CHANGED: &str = "select distinct case_id from rulings \
     where number > $1 and number <= $2 and case_seq is not null and case_id is not null";
const OPEN: &str = "select case_id from case_facts \
     where ended_at is null and case_id > $1 order by case_id limit $2";

/// A case as the figures see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    pub case: CaseId,
    pub origin: String,
    pub custodian: String,
    pub state: &'static str,
    pub classification: String,
    pub category: Option<String>,
    pub region: Option<String>,
    pub filed_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub hops: i64,
    pub score: Option<i64>,
}

/// A term; `term` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermRow {
    pub case: CaseId,
    pub term: i64,
    pub hop: i64,
    pub institution: String,
    /// Whether a disposition began it.
    pub disposed: bool,
    pub since: i64,
    pub acted_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub until: Option<i64>,
    pub ended_by: Option<&'static str>,
    pub reason: Option<String>,
    /// When the case was first answered, in whatever term.
    pub case_answered_at: Option<i64>,
}

/// A clock that runs or has run out; `number` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRow {
    pub case: CaseId,
    pub number: i64,
    pub hop: i64,
    /// Whose it is to meet it.
    pub institution: String,
    pub step: &'static str,
    pub ran_out_at: Option<i64>,
    pub met_at: Option<i64>,
}

/// Replaces what is known of these cases.
pub async fn put(
    tx: &mut Tx,
    facts: Vec<FactRow>,
    terms: Vec<TermRow>,
    clocks: Vec<ClockRow>,
) -> Result<(), DbError> {
    let cases: Vec<Value> = facts
        .iter()
        .map(|row| Value::from(row.case.to_string()))
        .collect();
    tx.run_rows(&FORGET_TERMS, cases.clone()).await?;
    tx.run_rows(&FORGET_CLOCKS, cases).await?;
    let facts = facts.into_iter().flat_map(|row| {
        [
            Value::from(row.case.to_string()),
            row.origin.into(),
            row.custodian.into(),
            row.state.into(),
            row.classification.into(),
            row.category.into(),
            row.region.into(),
            row.filed_at.into(),
            row.answered_at.into(),
            row.ended_at.into(),
            row.hops.into(),
            row.score.into(),
        ]
    });
    tx.run_rows(&PUT_FACTS, facts.collect()).await?;
    let terms = terms.into_iter().flat_map(|row| {
        [
            Value::from(row.case.to_string()),
            row.term.into(),
            row.hop.into(),
            row.institution.into(),
            i64::from(row.disposed).into(),
            row.since.into(),
            row.acted_at.into(),
            row.answered_at.into(),
            row.until.into(),
            row.ended_by.map(str::to_owned).into(),
            row.reason.into(),
            row.case_answered_at.into(),
        ]
    });
    tx.run_rows(&PUT_TERMS, terms.collect()).await?;
    let clocks = clocks.into_iter().flat_map(|row| {
        [
            Value::from(row.case.to_string()),
            row.number.into(),
            row.hop.into(),
            row.institution.into(),
            row.step.into(),
            row.ran_out_at.into(),
            row.met_at.into(),
        ]
    });
    tx.run_rows(&PUT_CLOCKS, clocks.collect()).await.map(drop)
}

/// The cases in which a message got a place after a number, up to another.
pub async fn changed(tx: &mut Tx, after: i64, upto: i64) -> Result<Vec<CaseId>, DbError> {
    let rows: Vec<String> = on!(tx, conn => sqlx::query_scalar(CHANGED)
        .bind(after)
        .bind(upto)
        .fetch_all(conn)
        .await)?;
    rows.iter().map(|case| id(case)).collect()
}

/// Cases that are open, by id, after one of them (`""` for the first page).
pub async fn open(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<CaseId>, DbError> {
    let rows: Vec<String> = on!(tx, conn => sqlx::query_scalar(OPEN)
        .bind(after)
        .bind(most)
        .fetch_all(conn)
        .await)?;
    rows.iter().map(|case| id(case)).collect()
}
