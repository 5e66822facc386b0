//! When institutions were invited, joined and first sent, and how many of their
//! answers came in time.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

use super::id;

const INVITED: &str = "select slug, max(created_at) from invitations \
     where $1 = '' or slug = $1 group by slug";
const JOINED: &str = "select slug, max(answered_at) from invitations \
     where answered_at is not null and ($1 = '' or slug = $1) group by slug";
/// By way of the chains, of which there is one an institution: the record is never walked.
const FIRST_SENT: &str = "select chains.author, sent.accepted_at from chains \
     join envelopes sent on sent.author = chains.author and sent.epoch = 1 and sent.seq = 1 \
     where $1 = '' or chains.author = $1";
/// Terms that were answered in the time, and those without an answer of which a clock ran out in it.
const ANSWERS: &str = "select institution, count(*), cast(sum(in_time) as bigint) from (
        select term.institution as institution, case when exists (select 1 from case_clocks clock
            where clock.case_id = term.case_id and clock.hop = term.hop
                and clock.institution = term.institution and clock.ran_out_at <= term.answered_at)
            then 0 else 1 end as in_time
        from case_terms term where term.answered_at >= $1 and term.answered_at <= $2
            and ($3 = '' or term.institution = $3)
        union all
        select late.institution, 0 from (select distinct term.case_id, term.term, term.institution
            from case_clocks clock join case_terms term on term.case_id = clock.case_id
                and term.hop = clock.hop and term.institution = clock.institution
            where clock.ran_out_at >= $1 and clock.ran_out_at <= $2
                and ($3 = '' or clock.institution = $3)
                and term.answered_at is null) late
    ) counted group by institution";

/// Unix ms of the latest invitation of each, or of the one that is named.
pub async fn invited(
    tx: &mut Tx,
    of: Option<&InstanceId>,
) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, INVITED, of).await
}

/// Unix ms of the joining of each, or of the one that is named.
pub async fn joined(
    tx: &mut Tx,
    of: Option<&InstanceId>,
) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, JOINED, of).await
}

/// Unix ms at which the first message of each, or of the one that is named, was accepted.
pub async fn first_sent(
    tx: &mut Tx,
    of: Option<&InstanceId>,
) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, FIRST_SENT, of).await
}

/// Of each institution, or of the one that is named: terms answered or overdue between two instants (Unix ms),
/// and those of them that were answered in time.
pub async fn answers(
    tx: &mut Tx,
    of: Option<&InstanceId>,
    from: i64,
    until: i64,
) -> Result<Vec<(InstanceId, i64, i64)>, DbError> {
    let rows: Vec<(String, i64, i64)> = on!(tx, conn => sqlx::query_as(ANSWERS)
        .bind(from)
        .bind(until)
        .bind(named(of))
        .fetch_all(conn)
        .await)?;
    rows.into_iter()
        .map(|(slug, due, in_time)| Ok((id(&slug)?, due, in_time)))
        .collect()
}

async fn moments(
    tx: &mut Tx,
    sql: &'static str,
    of: Option<&InstanceId>,
) -> Result<Vec<(InstanceId, i64)>, DbError> {
    let rows: Vec<(String, i64)> =
        on!(tx, conn => sqlx::query_as(sql).bind(named(of)).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(slug, at)| Ok((id(&slug)?, at)))
        .collect()
}

/// A slug, or nothing for all.
fn named(of: Option<&InstanceId>) -> &str {
    of.map_or("", InstanceId::as_str)
}
