//! Answers that a superior sees before they are sent.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

pub const WAITING: &str = "waiting";
pub const PUBLISHED: &str = "published";
pub const RETURNED: &str = "returned";

#[derive(Clone, FromRow)]
pub struct DraftRow {
    pub id: String,
    pub case_id: String,
    pub answer: String,
    pub proposes_to_close: i64,
    pub written_by: String,
    pub written_at: i64,
    pub state: String,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    pub remark: Option<String>,
    pub message_id: Option<String>,
}

/// Drafts with all their columns, under a condition.
macro_rules! drafts {
    ($condition:literal) => {
        concat!(
            "select id, case_id, answer, proposes_to_close, written_by, written_at, state,
            decided_by, decided_at, remark, message_id
        from answer_drafts ",
            $condition
        )
    };
}

/// What a superior decided.
pub struct Decision<'a> {
    pub state: &'a str,
    pub by: &'a str,
    pub at: i64,
    pub remark: Option<&'a str>,
    pub message: Option<&'a str>,
}

/// Adds a draft; one of the same id is there already. Whether it was added.
pub async fn add(tx: &mut Tx, row: &DraftRow) -> Stored<bool> {
    const SQL: &str = "insert into answer_drafts
            (id, case_id, answer, proposes_to_close, written_by, written_at, state)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing";
    let added = on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.case_id)
        .bind(&row.answer)
        .bind(row.proposes_to_close)
        .bind(&row.written_by)
        .bind(row.written_at)
        .bind(&row.state)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(added > 0)
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<DraftRow>> {
    const SQL: &str = drafts!("where id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// Those of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<DraftRow>> {
    const SQL: &str = drafts!("where case_id = $1 order by written_at, id");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Those that wait for a superior, oldest first.
pub async fn waiting(tx: &mut Tx, limit: i64) -> Stored<Vec<DraftRow>> {
    const SQL: &str = drafts!("where state = 'waiting' order by written_at, id limit $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Decides a draft that waits; how many that were, 0 or 1.
pub async fn decide(tx: &mut Tx, id: &str, decision: &Decision<'_>) -> Stored<u64> {
    const SQL: &str = "update answer_drafts set state = $2, decided_by = $3, decided_at = $4,
            remark = $5, message_id = $6
        where id = $1 and state = 'waiting'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(decision.state)
        .bind(decision.by)
        .bind(decision.at)
        .bind(decision.remark)
        .bind(decision.message)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Forgets what the drafts of a case say; who wrote and signed them stays.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "update answer_drafts set answer = '', remark = null,
            state = case state when 'waiting' then 'returned' else state end
        where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}
