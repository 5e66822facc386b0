//! Who did what at this hub. Never a secret.

use std::ops::Range;

use lapor_migrations::{DbError, Tx, on};

const ADD: &str = "insert into audit (number, at, actor, action, subject, detail)
    select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5 from audit";
const PAGE: &str = "select number, at, actor, action, subject, detail from audit
    where number < $1 and ($2 = '' or actor = $2
            or ($2 like '%:' and substr(actor, 1, length($2)) = $2)) and ($3 = '' or action = $3)
    and ($4 = '' or subject = $4) and at >= $5 and at < $6 order by number desc limit $7";

/// Adds an entry behind those that are there.
pub async fn add(
    tx: &mut Tx,
    at: i64,
    (actor, action): (&str, &str),
    subject: Option<&str>,
    detail: &str,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD)
        .bind(at)
        .bind(actor)
        .bind(action)
        .bind(subject)
        .bind(detail)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Number, time, actor, action, subject, detail.
pub type AuditRow = (i64, i64, String, String, Option<String>, String);

/// Entries before a number and within times (Unix ms), the latest first; an empty text means any, and an actor that
/// ends with a colon all that begin so.
pub async fn page(
    tx: &mut Tx,
    before: i64,
    times: Range<i64>,
    (actor, action, subject): (&str, &str, &str),
    limit: u32,
) -> Result<Vec<AuditRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(PAGE)
        .bind(before)
        .bind(actor)
        .bind(action)
        .bind(subject)
        .bind(times.start)
        .bind(times.end)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await)?)
}
