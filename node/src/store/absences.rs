//! Which officers are away, and who stands in for them.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, FromRow)]
pub struct AbsenceRow {
    pub account: String,
    pub stand_in: String,
    /// The last day, such as `2026-12-04`.
    pub until_day: String,
}

/// Notes one; a new one of the same account stands in place of the old.
pub async fn put(tx: &mut Tx, row: &AbsenceRow, now: i64) -> Stored<()> {
    const SQL: &str = "insert into absences (account, stand_in, until_day, noted_at)
        values ($1, $2, $3, $4)
        on conflict (account) do update set stand_in = excluded.stand_in,
            until_day = excluded.until_day, noted_at = excluded.noted_at";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.account)
        .bind(&row.stand_in)
        .bind(&row.until_day)
        .bind(now)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Says whether there was one.
pub async fn end(tx: &mut Tx, account: &str) -> Stored<bool> {
    const SQL: &str = "delete from absences where account = $1";
    let ended = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(ended > 0)
}

/// Those that last at least until a day.
pub async fn on_day(tx: &mut Tx, day: &str) -> Stored<Vec<AbsenceRow>> {
    const SQL: &str = "select account, stand_in, until_day from absences
        where until_day >= $1 order by account";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(day).fetch_all(c).await)?)
}
