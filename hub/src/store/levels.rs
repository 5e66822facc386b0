//! When institutions were invited, joined and first sent, and how many of their
//! answers came in time.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::InstanceId;
use sqlx::FromRow;

use super::id;

const INVITED: &str = "select slug, max(created_at) from invitations \
     where $1 = '' or slug = $1 group by slug";
const JOINED: &str = "select slug, max(answered_at) from invitations \
     where answered_at is not null and ($1 = '' or slug = $1) group by slug";
// From the chains, of which there is one for each institution, each with one look: as a join it may
// pass over the millions of messages.
const FIRST_SENT: &str = "select author, at from (select author, (select accepted_at from envelopes \
            where envelopes.author = chains.author and epoch = 1 and seq = 1) as at \
        from chains where $1 = '' or author = $1) begun where at is not null";
/// Terms that were answered in the time, and those without an answer of which a clock ran out in it
/// or stands run out at its end. A clock belongs to a term if it ran out within it: a case that was
/// reopened has another with the same hop. The clocks are found first, each part by its index: there
/// are few that ran out beside all terms. SQLite keeps the order of a `cross join`; of a `join` it would
/// read all terms.
const ANSWERS: &str = "select institution, count(*), cast(sum(in_time) as bigint) from (
        select term.institution as institution, case when exists (select 1 from case_clocks clock
            where clock.case_id = term.case_id and clock.hop = term.hop
                and clock.institution = term.institution
                and clock.ran_out_at >= term.since and clock.ran_out_at <= term.answered_at)
            then 0 else 1 end as in_time
        from case_terms term where term.answered_at >= $1 and term.answered_at <= $2
            and ($3 = '' or term.institution = $3)
        union all
        select late.institution, 0 from (select distinct term.case_id, term.term, term.institution
            from (select case_id, hop, institution, ran_out_at from case_clocks
                    where ran_out_at >= $1 and ran_out_at <= $2 and ($3 = '' or institution = $3)
                union all
                select case_id, hop, institution, ran_out_at from case_clocks
                    where ran_out_at < $1 and met_at is null and ($3 = '' or institution = $3)) clock
            cross join case_terms term
            where term.case_id = clock.case_id
                and term.hop = clock.hop and term.institution = clock.institution
                and clock.ran_out_at >= term.since
                and (term.until_at is null or clock.ran_out_at <= term.until_at)
                and term.answered_at is null) late
    ) counted group by institution";

const NOTED: &str = "select slug, level, since from reached_levels where $1 = '' or slug = $1";
static NOTE: Bulk = Bulk::new(
    "insert into reached_levels (slug, level, since) values",
    3,
    "on conflict (slug) do update set level = excluded.level, since = excluded.since",
);

/// As it was noted last.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct NotedRow {
    pub slug: String,
    pub level: String,
    /// Unix ms.
    pub since: Option<i64>,
}

/// What was noted of each, or of one (`""` is all).
pub async fn noted(tx: &mut Tx, slug: &str) -> Result<Vec<NotedRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(NOTED).bind(slug).fetch_all(conn).await)?)
}

pub async fn note(tx: &mut Tx, rows: &[NotedRow]) -> Result<(), DbError> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.slug.as_str()),
            Value::from(row.level.as_str()),
            Value::from(row.since),
        ]
    });
    tx.run_rows(&NOTE, values.collect()).await.map(drop)
}

/// Unix ms of the latest invitation of each, or of one (`""` is all).
pub async fn invited(tx: &mut Tx, slug: &str) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, INVITED, slug).await
}

/// Unix ms of the joining.
pub async fn joined(tx: &mut Tx, slug: &str) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, JOINED, slug).await
}

/// Unix ms at which the first message was accepted.
pub async fn first_sent(tx: &mut Tx, slug: &str) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, FIRST_SENT, slug).await
}

/// Terms answered or overdue between two instants (Unix ms), and those of them that were
/// answered in time.
pub async fn answers(
    tx: &mut Tx,
    from: i64,
    until: i64,
    slug: &str,
) -> Result<Vec<(InstanceId, i64, i64)>, DbError> {
    let rows: Vec<(String, i64, i64)> = on!(tx, conn => sqlx::query_as(ANSWERS)
        .bind(from)
        .bind(until)
        .bind(slug)
        .fetch_all(conn)
        .await)?;
    rows.into_iter()
        .map(|(slug, due, in_time)| Ok((id(&slug)?, due, in_time)))
        .collect()
}

async fn moments(
    tx: &mut Tx,
    sql: &'static str,
    slug: &str,
) -> Result<Vec<(InstanceId, i64)>, DbError> {
    let rows: Vec<(String, i64)> =
        on!(tx, conn => sqlx::query_as(sql).bind(slug).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(slug, at)| Ok((id(&slug)?, at)))
        .collect()
}
