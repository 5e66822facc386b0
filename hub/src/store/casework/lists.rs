//! The cases behind the figures as they are now, a page at a time, whatever
//! has waited longest first. A page goes on after a moment and a case.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

/// Where hops are told apart (0 does not); from the fourth on, all are as one.
macro_rules! at_hop {
    ($table:literal, $place:literal) => {
        concat!(
            "(",
            $place,
            " = 0 or ",
            $table,
            ".hop = ",
            $place,
            " or (",
            $place,
            " = 4 and ",
            $table,
            ".hop > 4))"
        )
    };
}

// One line for each case and institution: that of the clock that ran out first.
const OVERDUE: &str = concat!(
    "select c.case_id, c.institution, c.hop, c.step, c.ran_out_at as since, f.state, \
     f.classification, f.filed_at, cast(null as bigint) as took_ms, c.ran_out_at as place \
     from case_clocks c join case_facts f on f.case_id = c.case_id \
     where c.met_at is null and c.ran_out_at <= $1 and ($2 = '' or c.institution = $2) \
     and ($3 = '' or c.step = $3) and c.ran_out_at >= $4 and (c.ran_out_at > $4 or c.case_id > $5) and ",
    at_hop!("c", "$6"),
    " and not exists (select 1 from case_clocks e where e.case_id = c.case_id \
     and e.institution = c.institution and e.met_at is null and ($3 = '' or e.step = $3) and ",
    at_hop!("e", "$6"),
    " and (e.ran_out_at < c.ran_out_at or (e.ran_out_at = c.ran_out_at and e.number < c.number))) \
     order by c.ran_out_at, c.case_id limit $7"
);
macro_rules! terms {
    ($step:literal, $since:literal, $which:literal) => {
        concat!(
            "select t.case_id, t.institution, t.hop, '",
            $step,
            "' as step, ",
            $since,
            " as since, f.state, f.classification, f.filed_at, cast(null as bigint) as took_ms, ",
            $since,
            " as place from case_terms t join case_facts f on f.case_id = t.case_id where ",
            $which,
            " and ($1 = '' or t.institution = $1) and (",
            $since,
            ", t.case_id) > ($2, $3) and ",
            at_hop!("t", "$4"),
            " order by ",
            $since,
            ", t.case_id limit $5"
        )
    };
}
const UNACCEPTED: &str = terms!(
    "acceptance",
    "t.since",
    "t.until_at is null and t.disposed = 1 and t.acted_at is null"
);
const UNANSWERED: &str = terms!(
    "first_answer",
    "f.filed_at",
    "t.until_at is null and t.case_answered_at is null"
);
const MISROUTED: &str = terms!(
    "acceptance",
    "t.until_at",
    "t.until_at >= $6 and t.until_at < $7 and t.disposed = 1 and t.ended_by = 'case.returned'"
);
// The longest first: a place counts down from the largest whole number of the contract.
const ANSWERED: &str = concat!(
    "with a as (select t.case_id, t.institution, t.hop, t.since, t.answered_at - t.since as took_ms, \
     9007199254740991 - (t.answered_at - t.since) as place from case_terms t \
     where t.answered_at >= $6 and t.answered_at < $7 and ($1 = '' or t.institution = $1) and ",
    at_hop!("t", "$4"),
    ") select a.case_id, a.institution, a.hop, 'first_answer' as step, a.since, f.state, \
     f.classification, f.filed_at, a.took_ms, a.place \
     from a join case_facts f on f.case_id = a.case_id where (a.place, a.case_id) > ($2, $3) \
     order by a.place, a.case_id limit $5"
);

/// Where a page of a list begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct After {
    /// Unix ms, or another number that the list goes by.
    pub since: i64,
    pub case: String,
}

impl After {
    /// A place as [`ListRow::place`] writes it, and the beginning of the list for `""`.
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let (since, case) = text.split_once('.')?;
        Some(Self {
            since: since.parse().ok()?,
            case: case.to_owned(),
        })
    }
}

/// Which cases; an empty text means any.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub institution: &'a str,
    /// 1 to 4, the last of which stands for all later ones; 0 means any.
    pub hop: i64,
    pub after: &'a After,
    pub most: i64,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize, utoipa::ToSchema)]
pub struct ListRow {
    pub case_id: String,
    /// Whose it is to act.
    pub institution: String,
    pub hop: i64,
    pub step: String,
    /// Unix ms; when the clock ran out, the disposition came or was given back, or the report was filed.
    pub since: i64,
    pub state: String,
    pub classification: String,
    /// Unix ms.
    pub filed_at: i64,
    /// Milliseconds until the first answer of the institution, where that is what is listed.
    pub took_ms: Option<i64>,
    #[serde(skip)]
    place: i64,
}

impl ListRow {
    /// Where the list goes on after it: `MILLISECONDS.CASE`.
    pub fn place(&self) -> String {
        format!("{}.{}", self.place, self.case_id)
    }
}

/// Cases of which a clock has run out, of one step or of any (`""`).
pub async fn overdue(
    tx: &mut Tx,
    asked: Asked<'_>,
    step: &str,
    now_ms: i64,
) -> Result<Vec<ListRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OVERDUE)
        .bind(now_ms)
        .bind(asked.institution)
        .bind(step)
        .bind(asked.after.since)
        .bind(&asked.after.case)
        .bind(asked.hop)
        .bind(asked.most)
        .fetch_all(conn)
        .await)?)
}

/// Dispositions that the institution has not acted upon.
pub async fn unaccepted(tx: &mut Tx, asked: Asked<'_>) -> Result<Vec<ListRow>, DbError> {
    listed(tx, UNACCEPTED, asked).await
}

/// Open cases that nobody has answered.
pub async fn unanswered(tx: &mut Tx, asked: Asked<'_>) -> Result<Vec<ListRow>, DbError> {
    listed(tx, UNANSWERED, asked).await
}

/// Dispositions that were given back from a moment until before another (Unix ms).
pub async fn misrouted(
    tx: &mut Tx,
    asked: Asked<'_>,
    within: (i64, i64),
) -> Result<Vec<ListRow>, DbError> {
    listed_within(tx, MISROUTED, asked, within).await
}

/// First answers of institutions that were given in that time, the slowest first.
pub async fn answered(
    tx: &mut Tx,
    asked: Asked<'_>,
    within: (i64, i64),
) -> Result<Vec<ListRow>, DbError> {
    listed_within(tx, ANSWERED, asked, within).await
}

async fn listed(tx: &mut Tx, sql: &'static str, asked: Asked<'_>) -> Result<Vec<ListRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(sql)
        .bind(asked.institution)
        .bind(asked.after.since)
        .bind(&asked.after.case)
        .bind(asked.hop)
        .bind(asked.most)
        .fetch_all(conn)
        .await)?)
}

async fn listed_within(
    tx: &mut Tx,
    sql: &'static str,
    asked: Asked<'_>,
    (from, until): (i64, i64),
) -> Result<Vec<ListRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(sql)
        .bind(asked.institution)
        .bind(asked.after.since)
        .bind(&asked.after.case)
        .bind(asked.hop)
        .bind(asked.most)
        .bind(from)
        .bind(until)
        .fetch_all(conn)
        .await)?)
}
