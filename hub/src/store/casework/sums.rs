//! Sums over terms and clocks. What happened is counted from a moment until
//! before another, and what stood as it was just before the latter; both are
//! Unix ms.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

// From the fourth on, all are counted as one.
macro_rules! hop {
    () => {
        "cast(case when hop > 4 then 4 else hop end as text)"
    };
}

const BEGUN: &str = concat!(
    "select institution, ",
    hop!(),
    " as hop, count(*), cast(sum(case when term = 1 then 1 else 0 end) as bigint) \
     from case_terms where since >= $1 and since < $2 group by institution, ",
    hop!()
);
const ENDED: &str = concat!(
    "select institution, ",
    hop!(),
    " as hop, count(*), \
     cast(sum(case when ended_by = 'case.returned' then 1 else 0 end) as bigint) \
     from case_terms where until_at >= $1 and until_at < $2 and disposed = 1 group by institution, ",
    hop!()
);
// In two halves, so that each finds its index; the plus keeps the other column from having one of its
// own chosen, which holds all that ever was.
const STANDING: &str = concat!(
    "with t as (select institution, hop, disposed, acted_at, case_answered_at from case_terms \
     where until_at is null and +since < $1 \
     union all select institution, hop, disposed, acted_at, case_answered_at from case_terms \
     where until_at >= $1 and +since < $1) \
     select institution, ",
    hop!(),
    " as hop, count(*), \
     cast(sum(case when disposed = 1 and (acted_at is null or acted_at >= $1) then 1 else 0 end) as bigint), \
     cast(sum(case when case_answered_at is null or case_answered_at >= $1 then 1 else 0 end) as bigint) \
     from t group by institution, ",
    hop!()
);
macro_rules! overdue {
    ($by:expr) => {
        concat!(
            "with t as (select institution, hop, step, case_id from case_clocks \
             where met_at is null and +ran_out_at < $1 \
             union all select institution, hop, step, case_id from case_clocks \
             where met_at >= $1 and +ran_out_at < $1) select ",
            $by,
            " as part, count(distinct case_id) from t group by ",
            $by
        )
    };
}
const OVERDUE_BY_INSTITUTION: &str = overdue!("institution");
const OVERDUE_BY_HOP: &str = overdue!(hop!());
// A case has one clock of a step at a time, so that these count cases.
const OVERDUE_BY_STEP: &str = "with t as (select step from case_clocks \
     where met_at is null and +ran_out_at < $1 \
     union all select step from case_clocks where met_at >= $1 and +ran_out_at < $1) \
     select step as part, count(*) from t group by step";
const RUNNING: &str = "select step, count(*) from case_clocks where met_at is null group by step";
const RAN_OUT: &str = "select step, count(*) from case_clocks \
     where ran_out_at >= $1 and ran_out_at < $2 group by step";
// The nearest rank: the least time that half, or nine tenths, did not exceed.
macro_rules! answers {
    ($by:expr, $took:literal, $table:literal) => {
        concat!(
            "select part, total, max(case when place = (total + 1) / 2 then took end) as median_ms, \
             max(case when place = (9 * total + 9) / 10 then took end) as ninetieth_ms from (select ",
            $by,
            " as part, ",
            $took,
            " as took, row_number() over (partition by ",
            $by,
            " order by ",
            $took,
            ") as place, count(*) over (partition by ",
            $by,
            ") as total from ",
            $table,
            " where answered_at >= $1 and answered_at < $2) as t group by part, total"
        )
    };
}
const ANSWERS_BY_INSTITUTION: &str = answers!("institution", "answered_at - since", "case_terms");
const ANSWERS_BY_HOP: &str = answers!(hop!(), "answered_at - since", "case_terms");
const ANSWERS_TO_REPORTERS: &str =
    answers!("cast('' as text)", "answered_at - filed_at", "case_facts");
const FIRST: &str = "select min(since) from case_terms";
const STANDING_OF_EACH: &str = "select institution, \
     cast(sum(case when disposed = 1 and acted_at is null then 1 else 0 end) as bigint), \
     cast(sum(case when case_answered_at is null then 1 else 0 end) as bigint) \
     from case_terms where until_at is null group by institution";

/// Institution, hop, and what is counted of them.
pub type Two = (String, String, i64, i64);
/// The same with three numbers.
pub type Three = (String, String, i64, i64, i64);

/// How long answers took that were given in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Answers {
    /// The slug, or the hop.
    pub part: String,
    #[sqlx(rename = "total")]
    pub answered: i64,
    pub median_ms: Option<i64>,
    pub ninetieth_ms: Option<i64>,
}

/// What things are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Institution,
    Hop,
    Step,
}

/// Terms that began, and those that were the case's first.
pub async fn begun(tx: &mut Tx, from: i64, until: i64) -> Result<Vec<Two>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(BEGUN).bind(from).bind(until).fetch_all(conn).await)?)
}

/// Dispositions whose term ended, and those that were given back.
pub async fn ended(tx: &mut Tx, from: i64, until: i64) -> Result<Vec<Two>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(ENDED).bind(from).bind(until).fetch_all(conn).await)?)
}

/// Cases that were open before a moment, dispositions that nobody had acted upon,
/// and cases that nobody had answered.
pub async fn standing(tx: &mut Tx, at: i64) -> Result<Vec<Three>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(STANDING).bind(at).fetch_all(conn).await)?)
}

/// Cases of which a clock had run out before a moment.
pub async fn overdue(tx: &mut Tx, by: By, at: i64) -> Result<Vec<(String, i64)>, DbError> {
    let sql = match by {
        By::Institution => OVERDUE_BY_INSTITUTION,
        By::Hop => OVERDUE_BY_HOP,
        By::Step => OVERDUE_BY_STEP,
    };
    Ok(on!(tx, conn => sqlx::query_as(sql).bind(at).fetch_all(conn).await)?)
}

/// Cases that are at each step now, by its clock.
pub async fn running(tx: &mut Tx) -> Result<Vec<(String, i64)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(RUNNING).fetch_all(conn).await)?)
}

/// Clocks of each step that ran out in a period.
pub async fn ran_out(tx: &mut Tx, from: i64, until: i64) -> Result<Vec<(String, i64)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(RAN_OUT).bind(from).bind(until).fetch_all(conn).await)?)
}

/// First answers of institutions that were given in a period, from when they
/// got the case; by institution or by hop.
pub async fn answers(tx: &mut Tx, by: By, from: i64, until: i64) -> Result<Vec<Answers>, DbError> {
    let sql = if by == By::Hop {
        ANSWERS_BY_HOP
    } else {
        ANSWERS_BY_INSTITUTION
    };
    Ok(on!(tx, conn => sqlx::query_as(sql).bind(from).bind(until).fetch_all(conn).await)?)
}

/// First answers to reporters that were given in a period, from the filing.
pub async fn answers_to_reporters(tx: &mut Tx, from: i64, until: i64) -> Result<Answers, DbError> {
    let answers: Option<Answers> = on!(tx, conn => sqlx::query_as(ANSWERS_TO_REPORTERS)
        .bind(from)
        .bind(until)
        .fetch_optional(conn)
        .await)?;
    Ok(answers.unwrap_or_default())
}

/// When the first case was taken in, if there is any.
pub async fn first(tx: &mut Tx) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(FIRST).fetch_one(conn).await)?)
}

/// Dispositions that each institution has not acted upon, and cases at it that
/// nobody has answered.
pub async fn standing_of_each(tx: &mut Tx) -> Result<Vec<(String, i64, i64)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(STANDING_OF_EACH).fetch_all(conn).await)?)
}
