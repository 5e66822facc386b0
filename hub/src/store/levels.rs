//! When institutions were invited, joined and first sent, and how many of their
//! answers came in time.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

use super::id;

const INVITED: &str = "select slug, max(created_at) from invitations group by slug";
const JOINED: &str = "select slug, max(answered_at) from invitations \
     where answered_at is not null group by slug";
const FIRST_SENT: &str = "select author, accepted_at from envelopes where epoch = 1 and seq = 1";
/// A term counts once: when it was answered, or when its clock ran out.
const ANSWERS: &str = "select institution, count(*), \
     cast(sum(case when answered_at is not null and late_at is null then 1 else 0 end) as bigint) \
     from case_terms where coalesce(late_at, answered_at) >= $1 \
     or (late_at is null and answered_at is null and until_at is null and due_at >= $1 and due_at <= $2) \
     group by institution";

/// Unix ms of the latest invitation of each.
pub async fn invited(tx: &mut Tx) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, INVITED).await
}

/// Unix ms of the joining of each.
pub async fn joined(tx: &mut Tx) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, JOINED).await
}

/// Unix ms at which the first message of each was accepted.
pub async fn first_sent(tx: &mut Tx) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, FIRST_SENT).await
}

/// Of each institution: terms answered or overdue between two instants (Unix ms),
/// and those of them that were answered in time.
pub async fn answers(
    tx: &mut Tx,
    from: i64,
    until: i64,
) -> Result<Vec<(InstanceId, i64, i64)>, DbError> {
    let rows: Vec<(String, i64, i64)> = on!(tx, conn => sqlx::query_as(ANSWERS)
        .bind(from)
        .bind(until)
        .fetch_all(conn)
        .await)?;
    rows.into_iter()
        .map(|(slug, due, in_time)| Ok((id(&slug)?, due, in_time)))
        .collect()
}

async fn moments(tx: &mut Tx, sql: &'static str) -> Result<Vec<(InstanceId, i64)>, DbError> {
    let rows: Vec<(String, i64)> = on!(tx, conn => sqlx::query_as(sql).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(slug, at)| Ok((id(&slug)?, at)))
        .collect()
}
