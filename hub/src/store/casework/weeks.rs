//! Figures of weeks that are over, as they were counted by an edition of the
//! calendar.

use lapor_migrations::{DbError, Tx, on};

const FIND: &str = "select figures from week_figures where monday = $1 and calendar = $2";
const KEPT: &str = "select monday from week_figures where calendar = $1";
const KEEP: &str = "insert into week_figures (monday, calendar, figures) values ($1, $2, $3) \
     on conflict (monday) do update set calendar = excluded.calendar, figures = excluded.figures";

/// Those of a week, as JSON.
pub async fn find(tx: &mut Tx, monday: &str, calendar: &str) -> Result<Option<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(FIND)
        .bind(monday)
        .bind(calendar)
        .fetch_optional(conn)
        .await)?)
}

/// The Mondays of which there are any.
pub async fn kept(tx: &mut Tx, calendar: &str) -> Result<Vec<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(KEPT).bind(calendar).fetch_all(conn).await)?)
}

pub async fn keep(tx: &mut Tx, monday: &str, calendar: &str, figures: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(KEEP)
        .bind(monday)
        .bind(calendar)
        .bind(figures)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// As if none after that of this Monday had been counted.
pub async fn forget_after(tx: &mut Tx, monday: &str) -> Result<(), DbError> {
    const SQL: &str = "delete from week_figures where monday > $1";
    on!(tx, conn => sqlx::query(SQL).bind(monday).execute(conn).await.map(drop))?;
    Ok(())
}

/// As if none had been counted.
pub async fn forget(tx: &mut Tx) -> Result<(), DbError> {
    const SQL: &str = "delete from week_figures";
    on!(tx, conn => sqlx::query(SQL).execute(conn).await.map(drop))?;
    Ok(())
}

/// As if the record had no cases.
#[cfg(test)]
pub async fn forget_terms(tx: &mut Tx) -> Result<(), DbError> {
    const SQL: &str = "delete from case_terms";
    on!(tx, conn => sqlx::query(SQL).execute(conn).await.map(drop))?;
    Ok(())
}
