//! Erasures that reporters have asked for or officers decided, and marks on what looks like abuse.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Clone, FromRow)]
pub struct ErasureRow {
    pub id: String,
    pub case_id: String,
    pub state: String,
    pub asked_at: i64,
    pub due_at: i64,
    pub ended_at: Option<i64>,
    /// Code of the reason.
    pub reason: String,
    /// Who decided it, as in the audit log; `None` for the reporter.
    pub asked_by: Option<String>,
    pub confirmed_by: Option<String>,
}

#[derive(Clone, FromRow)]
pub struct MarkRow {
    pub case_id: String,
    pub reason: String,
    pub marked_by: String,
    pub at: i64,
}

pub async fn add(tx: &mut Tx, row: &ErasureRow) -> Stored<()> {
    const SQL: &str = "insert into erasures
            (id, case_id, state, asked_at, due_at, ended_at, reason, asked_by, confirmed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.case_id)
        .bind(&row.state)
        .bind(row.asked_at)
        .bind(row.due_at)
        .bind(row.ended_at)
        .bind(&row.reason)
        .bind(&row.asked_by)
        .bind(&row.confirmed_by)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Erasures of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<ErasureRow>> {
    const SQL: &str = "select id, case_id, state, asked_at, due_at, ended_at, reason,
            asked_by, confirmed_by
        from erasures where case_id = $1 order by asked_at, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Erasures in a state that are due at a moment, the most urgent first.
pub async fn due(tx: &mut Tx, state: &str, by: i64, limit: i64) -> Stored<Vec<ErasureRow>> {
    const SQL: &str = "select id, case_id, state, asked_at, due_at, ended_at, reason,
            asked_by, confirmed_by
        from erasures where state = $1 and due_at <= $2 order by due_at, id limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(state).bind(by).bind(limit).fetch_all(c).await)?)
}

/// How many wait for somebody else than this account to confirm them, or than its own tokens; a
/// reporter's for anybody.
pub async fn to_confirm(tx: &mut Tx, actor: &str) -> Stored<i64> {
    const SQL: &str = "select count(*) from erasures
        where state = 'asked' and (asked_by is null or asked_by <> $1)
        and not exists (select 1 from token_owners o
            where 'token:' || o.token = erasures.asked_by and 'account:' || o.account = $1)";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(actor).fetch_one(c).await)?)
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<ErasureRow>> {
    const SQL: &str = "select id, case_id, state, asked_at, due_at, ended_at, reason,
            asked_by, confirmed_by
        from erasures where id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// Another person has confirmed an erasure; how many that were, 0 or 1.
pub async fn confirm(tx: &mut Tx, id: &str, by: &str, due_at: i64) -> Stored<u64> {
    const SQL: &str = "update erasures set state = 'waiting', confirmed_by = $2, due_at = $3
        where id = $1 and state = 'asked'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(by)
        .bind(due_at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Begins an erasure that is due, or goes on with one that a crash cut short; how many that were, 0
/// or 1. From here on nobody withdraws it.
pub async fn begin(tx: &mut Tx, id: &str, now: i64) -> Stored<u64> {
    const SQL: &str = "update erasures set state = 'erasing'
        where id = $1 and state in ('waiting', 'erasing') and due_at <= $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Has an erasure that has begun wait again, or all of them without an id, where the words of its case
/// still stand.
pub async fn put_back(tx: &mut Tx, id: Option<&str>) -> Stored<()> {
    const SQL: &str = "update erasures set state = 'waiting'
        where state = 'erasing' and ($1 is null or id = $1)
            and not exists (select 1 from cases c
                where c.case_id = erasures.case_id and c.erased = 1)
            and not exists (select 1 from outbox o
                where o.case_id = erasures.case_id and o.kind = 'case.redacted'
                    and (o.effect is null or o.effect in ('applied', 'duplicate')))";
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Has all that wait, and those that have begun and have erased nothing yet, wait for a person to confirm
/// them; which these are: id and case.
pub async fn doubt(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "update erasures set state = 'asked' where state = 'waiting'
        returning id, case_id";
    put_back(tx, None).await?;
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Withdraws an erasure that has not begun; how many that were, 0 or 1.
pub async fn withdraw(tx: &mut Tx, id: &str, at: i64) -> Stored<u64> {
    const SQL: &str = "update erasures set state = 'withdrawn', ended_at = $2
        where id = $1 and state in ('asked', 'waiting')";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Ends an erasure that has begun; how many that were, 0 or 1.
pub async fn end(tx: &mut Tx, id: &str, state: &str, at: i64) -> Stored<u64> {
    const SQL: &str = "update erasures set state = $2, ended_at = $3
        where id = $1 and state = 'erasing'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(state)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Goes on at once with an erasure that waits for its day or a person: its words are gone.
pub async fn go_on(tx: &mut Tx, id: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update erasures set state = 'erasing', due_at = $2
        where id = $1 and state in ('asked', 'waiting')";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Goes on with an erasure that is over.
pub async fn take_up_again(tx: &mut Tx, id: &str) -> Stored<()> {
    const SQL: &str = "update erasures set state = 'erasing', ended_at = null
        where id = $1 and state = 'done'";
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Marks a case, or marks it again.
pub async fn mark(tx: &mut Tx, row: &MarkRow) -> Stored<()> {
    const SQL: &str =
        "insert into abuse_marks (case_id, reason, marked_by, at, cleared_by, cleared_at)
        values ($1, $2, $3, $4, null, null)
        on conflict (case_id) do update set reason = excluded.reason,
            marked_by = excluded.marked_by, at = excluded.at, cleared_by = null, cleared_at = null";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.case_id)
        .bind(&row.reason)
        .bind(&row.marked_by)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Clears a mark; how many that were, 0 or 1.
pub async fn clear(tx: &mut Tx, case_id: &str, by: &str, at: i64) -> Stored<u64> {
    const SQL: &str = "update abuse_marks set cleared_by = $2, cleared_at = $3
        where case_id = $1 and cleared_at is null";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(by)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

static OF_CASES: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select case_id, reason, marked_by, at from abuse_marks
        where case_id in (select case_id from v) and cleared_at is null",
);

/// The marks on the named cases that nobody has cleared.
pub async fn marks_of(tx: &mut Tx, cases: Vec<Value>) -> Stored<Vec<MarkRow>> {
    tx.fetch_rows(&OF_CASES, cases).await
}

/// The mark on a case that nobody has cleared.
pub async fn mark_of(tx: &mut Tx, case_id: &str) -> Stored<Option<MarkRow>> {
    const SQL: &str = "select case_id, reason, marked_by, at from abuse_marks
        where case_id = $1 and cleared_at is null";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_optional(c).await)?)
}

/// Marks that nobody has cleared, oldest first.
pub async fn marked(tx: &mut Tx, limit: i64) -> Stored<Vec<MarkRow>> {
    const SQL: &str = "select case_id, reason, marked_by, at from abuse_marks
        where cleared_at is null order by at, case_id limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}
