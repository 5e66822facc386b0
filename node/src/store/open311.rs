//! Reports that programs filed by Open311.

use lapor_migrations::{Tx, on};

use super::Stored;

/// A report that a program filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityRow {
    pub case_id: String,
    /// Name of the program's token.
    pub caller: String,
    /// What the program was given to find the report by.
    pub token: String,
    pub at: i64,
}

pub async fn add(tx: &mut Tx, row: &CityRow) -> Stored<()> {
    const SQL: &str =
        "insert into open311_requests (case_id, caller, token, at) values ($1, $2, $3, $4)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.case_id)
        .bind(&row.caller)
        .bind(&row.token)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Who filed a report, and the token that was given for it.
pub async fn of_case(tx: &mut Tx, case: &str) -> Stored<Option<(String, String)>> {
    const SQL: &str = "select caller, token from open311_requests where case_id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case).fetch_optional(c).await)?)
}

/// The report for which a token was given.
pub async fn by_token(tx: &mut Tx, token: &str) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from open311_requests where token = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(token).fetch_optional(c).await)?)
}

/// How much programs filed since each of three moments, the last of which is the earliest.
pub async fn count(tx: &mut Tx, since: [i64; 3]) -> Stored<[i64; 3]> {
    const SQL: &str = "select count(case when at >= $1 then 1 end),
            count(case when at >= $2 then 1 end), count(*)
        from open311_requests where at >= $3";
    let (today, week, month): (i64, i64, i64) = on!(tx, c => sqlx::query_as(SQL)
        .bind(since[0])
        .bind(since[1])
        .bind(since[2])
        .fetch_one(c)
        .await)?;
    Ok([today, week, month])
}

/// What a program filed from a moment until before another, the latest first.
pub async fn of_caller(
    tx: &mut Tx,
    caller: &str,
    (from, before): (i64, i64),
    most: i64,
) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from open311_requests
        where caller = $1 and at >= $2 and at < $3 order by at desc, case_id limit $4";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(caller)
        .bind(from)
        .bind(before)
        .bind(most)
        .fetch_all(c)
        .await)?)
}
