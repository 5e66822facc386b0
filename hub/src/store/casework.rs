//! Facts of cases and of the terms in which institutions had them, and the
//! sums that are read from them.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::CaseId;
use sqlx::FromRow;

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
    "insert into case_terms (case_id, term, hop, institution, since, acted_at, answered_at, \
     until_at, ended_by, reason, due_at, late_at) values",
    12,
    "",
);
static FORGET_TERMS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from case_terms where case_id in (select case_id from v)",
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
    pub since: i64,
    pub acted_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub until: Option<i64>,
    pub ended_by: Option<&'static str>,
    pub reason: Option<String>,
    pub due_at: Option<i64>,
    pub late_at: Option<i64>,
}

/// Replaces what is known of these cases.
pub async fn put(tx: &mut Tx, facts: Vec<FactRow>, terms: Vec<TermRow>) -> Result<(), DbError> {
    let cases = facts.iter().map(|row| Value::from(row.case.to_string()));
    tx.run_rows(&FORGET_TERMS, cases.collect()).await?;
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
            row.since.into(),
            row.acted_at.into(),
            row.answered_at.into(),
            row.until.into(),
            row.ended_by.map(str::to_owned).into(),
            row.reason.into(),
            row.due_at.into(),
            row.late_at.into(),
        ]
    });
    tx.run_rows(&PUT_TERMS, terms.collect()).await.map(drop)
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

macro_rules! sums {
    ($by:literal) => {
        concat!(
            "select cast(",
            $by,
            " as text) as part, count(*) as terms, \
             cast(sum(case when ended_by = 'case.returned' then 1 else 0 end) as bigint) as returned, \
             cast(sum(case when until_at is null then 1 else 0 end) as bigint) as open, \
             cast(sum(case when until_at is null and acted_at is null and hop > 1 then 1 else 0 end) as bigint) as untouched, \
             cast(sum(case when until_at is null and answered_at is null then 1 else 0 end) as bigint) as unanswered, \
             cast(sum(case when until_at is null and due_at <= $3 then 1 else 0 end) as bigint) as overdue, \
             cast(sum(case when late_at is not null or (until_at is null and due_at <= $3) then 1 else 0 end) as bigint) as late, \
             count(answered_at) as answered, \
             cast(coalesce(sum(answered_at - since), 0) as bigint) as answer_ms \
             from case_terms where since >= $1 and since < $2 group by ",
            $by,
            " order by ",
            $by
        )
    };
}
const BY_INSTITUTION: &str = sums!("institution");
const BY_HOP: &str = sums!("case when hop > 4 then 4 else hop end");
const INTAKE: &str = "select count(*) as cases, count(answered_at) as answered, \
     cast(coalesce(sum(answered_at - filed_at), 0) as bigint) as answer_ms, \
     cast(coalesce(sum(case when ended_at is null then 1 else 0 end), 0) as bigint) as open, \
     cast(coalesce(sum(case when ended_at is null and answered_at is null then 1 else 0 end), 0) as bigint) as unanswered, \
     cast(coalesce(sum(case when hops > 0 then 1 else 0 end), 0) as bigint) as misrouted \
     from case_facts where filed_at >= $1 and filed_at < $2";
const LATE_CASES: &str = "select t.case_id, t.hop, t.since, t.acted_at, t.due_at, f.state, \
     f.classification, f.filed_at from case_terms t join case_facts f on f.case_id = t.case_id \
     where t.institution = $1 and t.until_at is null and t.due_at <= $2 \
     order by t.due_at, t.case_id limit $3";

/// The sums over terms that began in a period, of one institution or one hop.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct SumRow {
    /// The slug, or the number of the hop; 4 stands for all later ones.
    pub part: String,
    pub terms: i64,
    /// Given back as not the institution's.
    pub returned: i64,
    pub open: i64,
    /// Passed on to the institution, which has done nothing with it yet.
    pub untouched: i64,
    pub unanswered: i64,
    /// Open with a clock that has run out.
    pub overdue: i64,
    /// Of which a clock had run out at some time.
    pub late: i64,
    pub answered: i64,
    /// Milliseconds from getting a case to the first public follow-up, in sum.
    pub answer_ms: i64,
}

/// The cases that were filed in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct IntakeRow {
    pub cases: i64,
    pub answered: i64,
    pub answer_ms: i64,
    pub open: i64,
    pub unanswered: i64,
    /// Given back at least once.
    pub misrouted: i64,
}

/// A case that is overdue at an institution.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct LateRow {
    pub case_id: String,
    pub hop: i64,
    pub since: i64,
    pub acted_at: Option<i64>,
    pub due_at: Option<i64>,
    pub state: String,
    pub classification: String,
    pub filed_at: i64,
}

/// By institution, of the terms that began from `from` until before `until`.
pub async fn by_institution(
    tx: &mut Tx,
    from: i64,
    until: i64,
    now_ms: i64,
) -> Result<Vec<SumRow>, DbError> {
    sums(tx, BY_INSTITUTION, from, until, now_ms).await
}

/// The same by hop.
pub async fn by_hop(
    tx: &mut Tx,
    from: i64,
    until: i64,
    now_ms: i64,
) -> Result<Vec<SumRow>, DbError> {
    sums(tx, BY_HOP, from, until, now_ms).await
}

async fn sums(
    tx: &mut Tx,
    sql: &'static str,
    from: i64,
    until: i64,
    now_ms: i64,
) -> Result<Vec<SumRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(sql)
        .bind(from)
        .bind(until)
        .bind(now_ms)
        .fetch_all(conn)
        .await)?)
}

pub async fn intake(tx: &mut Tx, from: i64, until: i64) -> Result<IntakeRow, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(INTAKE).bind(from).bind(until).fetch_one(conn).await)?)
}

/// The cases of an institution whose clock has run out, the oldest first.
pub async fn late_cases(
    tx: &mut Tx,
    institution: &str,
    now_ms: i64,
    most: i64,
) -> Result<Vec<LateRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LATE_CASES)
        .bind(institution)
        .bind(now_ms)
        .bind(most)
        .fetch_all(conn)
        .await)?)
}
