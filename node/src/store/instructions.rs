//! What was said with a case to those on whose desk it was put.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Clone, FromRow)]
pub struct InstructionRow {
    pub case_id: String,
    pub at: i64,
    pub actor: String,
    pub unit: Option<String>,
    pub officer: Option<String>,
    pub words: String,
    /// A day, such as `2026-12-04`.
    pub due: Option<String>,
}

/// Keeps one; of two in the same moment the second stands.
pub async fn put(tx: &mut Tx, row: &InstructionRow) -> Stored<()> {
    const SQL: &str = "insert into instructions (case_id, at, actor, unit, officer, words, due)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (case_id, at) do update set actor = excluded.actor, unit = excluded.unit,
            officer = excluded.officer, words = excluded.words, due = excluded.due";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.case_id)
        .bind(row.at)
        .bind(&row.actor)
        .bind(&row.unit)
        .bind(&row.officer)
        .bind(&row.words)
        .bind(&row.due)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// All of a case, latest first.
pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<InstructionRow>> {
    const SQL: &str = "select case_id, at, actor, unit, officer, words, due from instructions
        where case_id = $1 order by at desc";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Forgets those of a case whose words are erased.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from instructions where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}
