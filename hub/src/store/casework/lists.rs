//! The cases behind the figures as they are now, a page at a time, whatever
//! has waited longest first. A page goes on after a moment and a case.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

// One line for each case and institution: that of the clock that ran out first.
const OVERDUE: &str = "select c.case_id, c.institution, c.hop, c.step, c.ran_out_at as since, f.state, \
     f.classification, f.filed_at from case_clocks c join case_facts f on f.case_id = c.case_id \
     where c.met_at is null and c.ran_out_at <= $1 and ($2 = '' or c.institution = $2) \
     and ($3 = '' or c.step = $3) and c.ran_out_at >= $4 and (c.ran_out_at > $4 or c.case_id > $5) \
     and not exists (select 1 from case_clocks e where e.case_id = c.case_id \
     and e.institution = c.institution and e.met_at is null and ($3 = '' or e.step = $3) \
     and (e.ran_out_at < c.ran_out_at or (e.ran_out_at = c.ran_out_at and e.number < c.number))) \
     order by c.ran_out_at, c.case_id limit $6";
const UNACCEPTED: &str = "select t.case_id, t.institution, t.hop, 'acceptance' as step, t.since, f.state, \
     f.classification, f.filed_at from case_terms t join case_facts f on f.case_id = t.case_id \
     where t.until_at is null and t.disposed = 1 and t.acted_at is null \
     and ($1 = '' or t.institution = $1) and (t.since, t.case_id) > ($2, $3) \
     order by t.since, t.case_id limit $4";
const UNANSWERED: &str = "select t.case_id, t.institution, t.hop, 'first_answer' as step, \
     f.filed_at as since, f.state, f.classification, f.filed_at \
     from case_terms t join case_facts f on f.case_id = t.case_id \
     where t.until_at is null and t.case_answered_at is null \
     and ($1 = '' or t.institution = $1) and (f.filed_at, t.case_id) > ($2, $3) \
     order by f.filed_at, t.case_id limit $4";

/// Where a page of a list begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct After {
    /// Unix ms.
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
    /// Unix ms; when the clock ran out, the disposition came, or the report was filed.
    pub since: i64,
    pub state: String,
    pub classification: String,
    /// Unix ms.
    pub filed_at: i64,
}

impl ListRow {
    /// Where the list goes on after it: `MILLISECONDS.CASE`.
    pub fn place(&self) -> String {
        format!("{}.{}", self.since, self.case_id)
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

async fn listed(tx: &mut Tx, sql: &'static str, asked: Asked<'_>) -> Result<Vec<ListRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(sql)
        .bind(asked.institution)
        .bind(asked.after.since)
        .bind(&asked.after.case)
        .bind(asked.most)
        .fetch_all(conn)
        .await)?)
}
