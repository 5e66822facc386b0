//! Who asked for an identity at this institution, and what the reporter said.

use lapor_migrations::{Bulk, Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Clone, FromRow)]
pub struct AskRow {
    pub id: String,
    pub case_id: String,
    pub asked_by: String,
    pub purpose: String,
    pub reason: String,
    pub asked_at: i64,
    pub granted: Option<i64>,
    pub answered_by: Option<String>,
    pub answered_at: Option<i64>,
}

#[derive(Clone, FromRow)]
pub struct ConsentRow {
    pub ask: String,
    pub given: i64,
    pub said_by: String,
    pub at: i64,
}

/// Adds a request; one of the same id is there already. Whether it was added.
pub async fn add_ask(tx: &mut Tx, row: &AskRow) -> Stored<bool> {
    const SQL: &str = "insert into identity_asks
            (id, case_id, asked_by, purpose, reason, asked_at, granted, answered_by, answered_at)
        values ($1, $2, $3, $4, $5, $6, null, null, null) on conflict (id) do nothing";
    let added = on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.case_id)
        .bind(&row.asked_by)
        .bind(&row.purpose)
        .bind(&row.reason)
        .bind(row.asked_at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(added > 0)
}

/// Requests of a case, oldest first.
pub async fn asks(tx: &mut Tx, case_id: &str) -> Stored<Vec<AskRow>> {
    const SQL: &str = "select id, case_id, asked_by, purpose, reason, asked_at, granted,
            answered_by, answered_at
        from identity_asks where case_id = $1 order by asked_at, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Requests without an answer, oldest first.
pub async fn waiting(tx: &mut Tx, limit: i64) -> Stored<Vec<AskRow>> {
    const SQL: &str = "select id, case_id, asked_by, purpose, reason, asked_at, granted,
            answered_by, answered_at
        from identity_asks where granted is null order by asked_at, id limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Requests of somebody that were answered since a moment, oldest first.
pub async fn answered_to(tx: &mut Tx, actor: &str, since: i64) -> Stored<Vec<AskRow>> {
    const SQL: &str = "select id, case_id, asked_by, purpose, reason, asked_at, granted,
            answered_by, answered_at
        from identity_asks where asked_by = $1 and answered_at >= $2 order by answered_at, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(actor).bind(since).fetch_all(c).await)?)
}

/// A place in a list by time, the latest first: Unix ms and an id.
pub type Before<'a> = (i64, &'a str);

/// Requests of somebody to the keeper here behind a place, the latest first.
pub async fn asked_by(
    tx: &mut Tx,
    actor: &str,
    (at, id): Before<'_>,
    limit: i64,
) -> Stored<Vec<AskRow>> {
    const SQL: &str = "select id, case_id, asked_by, purpose, reason, asked_at, granted,
            answered_by, answered_at
        from identity_asks where asked_by = $1 and (asked_at < $2 or (asked_at = $2 and id < $3))
        order by asked_at desc, id desc limit $4";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(actor)
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// A request to another institution.
#[derive(Clone, FromRow)]
pub struct SentRow {
    pub case_id: String,
    pub message_id: String,
    /// `None` before the hub has ruled.
    pub effect: Option<String>,
    pub created_at: i64,
}

/// Requests of somebody to other institutions behind a place, the latest first.
pub async fn sent_by(
    tx: &mut Tx,
    actor: &str,
    (at, id): Before<'_>,
    limit: i64,
) -> Stored<Vec<SentRow>> {
    const SQL: &str = "select o.case_id, o.message_id, o.effect, o.created_at from outbox o
        join audit a on a.case_id = o.case_id and a.actor = $1
            and a.action = 'identity.requested' and a.detail = o.message_id
        where o.kind = 'identity.requested'
            and (o.created_at < $2 or (o.created_at = $2 and o.message_id < $3))
        order by o.created_at desc, o.message_id desc limit $4";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(actor)
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// An answer of another institution in a case of which somebody has asked.
#[derive(FromRow)]
pub struct AnswerRow {
    pub case_id: String,
    pub line: String,
    pub received_at: i64,
    pub depoch: i64,
    pub dseq: i64,
}

/// Answers of other institutions that came since a moment, in cases of which somebody has asked, behind
/// a place in the stream.
pub async fn answers_to(
    tx: &mut Tx,
    (actor, since): (&str, i64),
    (depoch, dseq): (i64, i64),
    limit: i64,
) -> Stored<Vec<AnswerRow>> {
    const SQL: &str = "select i.case_id, i.line, i.received_at, i.depoch, i.dseq from inbox i
        where i.kind in ('identity.disclosed', 'identity.refused') and i.received_at >= $2
            and i.state = 'applied' and i.case_id is not null and i.line is not null
            and (i.depoch > $3 or (i.depoch = $3 and i.dseq > $4))
            and exists (select 1 from audit a where a.case_id = i.case_id and a.actor = $1
                and a.action = 'identity.requested')
        order by i.depoch, i.dseq limit $5";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(actor)
        .bind(since)
        .bind(depoch)
        .bind(dseq)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Messages with which somebody has asked in a case.
pub async fn requests_in(tx: &mut Tx, case_id: &str, actor: &str) -> Stored<Vec<String>> {
    const SQL: &str = "select detail from audit
        where case_id = $1 and actor = $2 and action = 'identity.requested' order by number";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).bind(actor).fetch_all(c).await)?)
}

/// Answers of other institutions about a case, oldest first: message, when it came.
pub async fn answers_about(tx: &mut Tx, case_id: &str) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select line, received_at from inbox
        where case_id = $1 and kind in ('identity.disclosed', 'identity.refused')
            and state = 'applied' and line is not null
        order by received_at, depoch, dseq";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// How many requests of somebody to the keeper here were answered since a moment.
pub async fn count_answered_to(tx: &mut Tx, actor: &str, since: i64) -> Stored<i64> {
    const SQL: &str =
        "select count(*) from identity_asks where asked_by = $1 and answered_at >= $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(actor).bind(since).fetch_one(c).await)?)
}

/// Cases filed at `origin` of which another institution asks who reported, and waits.
pub async fn asked_from_elsewhere(tx: &mut Tx, origin: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from cases where identity_asks > 0 and origin = $1
        order by case_id limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(origin).bind(limit).fetch_all(c).await)?)
}

/// Answers a request that has no answer yet; how many that were, 0 or 1.
pub async fn answer(tx: &mut Tx, id: &str, granted: bool, by: &str, at: i64) -> Stored<u64> {
    const SQL: &str = "update identity_asks set granted = $2, answered_by = $3, answered_at = $4
        where id = $1 and granted is null";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(i64::from(granted))
        .bind(by)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

pub async fn say(tx: &mut Tx, case_id: &str, row: &ConsentRow) -> Stored<()> {
    const SQL: &str = "insert into identity_consents (case_id, ask, given, said_by, at)
        values ($1, $2, $3, $4, $5)
        on conflict (case_id, ask) do update
            set given = excluded.given, said_by = excluded.said_by, at = excluded.at";
    on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(&row.ask)
        .bind(row.given)
        .bind(&row.said_by)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<ConsentRow>> {
    const SQL: &str = "select ask, given, said_by, at from identity_consents
        where case_id = $1 order by at, ask";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

static OF_CASES: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select ask, given, said_by, at from identity_consents
        where case_id in (select case_id from v)",
);

/// What the reporters of the named cases said.
pub async fn of_cases(tx: &mut Tx, cases: &[&str]) -> Stored<Vec<ConsentRow>> {
    tx.fetch_rows(&OF_CASES, cases.iter().map(|case| (*case).into()).collect())
        .await
}

/// Forgets why an identity was asked for; that it was stays.
pub async fn forget_reasons(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "update identity_asks set reason = '' where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}
