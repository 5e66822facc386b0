//! Letters that wait to be sent, and those that were refused for ever.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

pub(super) const WITH_LEAVE: &str = "select number, leave from letters
    where address = $1 and kind = 'news' and leave is not null";

/// Longer than a letter is held, and than it is put off: what says more was noted by a clock that was
/// ahead.
const HELD_MS: i64 = 60 * 60 * 1000;
const PUT_OFF_MS: i64 = 7 * HELD_MS;

/// A letter; it prints nothing, because it holds an address and words.
#[derive(Clone, FromRow)]
pub struct LetterRow {
    pub number: i64,
    pub kind: String,
    pub address: String,
    pub case_id: Option<String>,
    pub subject: String,
    pub body: String,
    /// The secret with which its reader leaves.
    pub leave: Option<String>,
    pub created_at: i64,
    /// After this moment it is not worth sending.
    pub expires_at: Option<i64>,
    pub attempts: i64,
    pub state: String,
    pub problem: Option<String>,
}

/// How many letters are in each state, and since when the oldest that waits does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Counted {
    pub waiting: i64,
    pub refused: i64,
    pub oldest: Option<i64>,
}

/// Adds a letter behind those that wait; number, attempts and state of the row are not looked at.
pub async fn add(tx: &mut Tx, row: &LetterRow) -> Stored<()> {
    const SQL: &str = "insert into letters (number, kind, address, case_id, subject, body, leave,
            created_at, expires_at, attempts, due_at, leased_until, state, problem)
        select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, 0, $7, 0, 'waiting', null
        from letters";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.kind)
        .bind(&row.address)
        .bind(&row.case_id)
        .bind(&row.subject)
        .bind(&row.body)
        .bind(&row.leave)
        .bind(row.created_at)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes letters that are due until another moment, the oldest first.
pub async fn claim(tx: &mut Tx, now: i64, until: i64, limit: i64) -> Stored<Vec<LetterRow>> {
    const SQL: &str = "update letters set leased_until = $2, attempts = attempts + 1
        where number in (
            select number from letters
            where state = 'waiting' and (due_at <= $1 or due_at > $5)
                and (leased_until <= $1 or leased_until > $4)
            order by due_at, number limit $3
        ) returning number, kind, address, case_id, subject, body, leave, created_at, expires_at,
            attempts, state, problem";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(now)
        .bind(until)
        .bind(limit)
        .bind(now + HELD_MS)
        .bind(now + PUT_OFF_MS)
        .fetch_all(c)
        .await)?)
}

/// A letter is gone, or is worth nothing any more. `held` is until when it was taken.
pub async fn remove(tx: &mut Tx, number: i64, held: i64) -> Stored<()> {
    const SQL: &str = "delete from letters where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(held).execute(c).await.map(drop))?;
    Ok(())
}

/// Nobody will ever take it there: its words are forgotten.
pub async fn refuse(tx: &mut Tx, number: i64, held: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update letters set state = 'refused', subject = '', body = '', leave = null,
            leased_until = 0, problem = $3
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(held).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// It is tried again at a moment.
pub async fn put_off(tx: &mut Tx, number: i64, held: i64, due: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update letters set due_at = $3, leased_until = 0, problem = $4
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(held)
        .bind(due)
        .bind(problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Gives letters back that were taken and not tried; `problem` is what kept them, if anything did.
pub async fn give_back(tx: &mut Tx, held: i64, problem: Option<&str>) -> Stored<()> {
    const SQL: &str = "update letters set leased_until = 0, attempts = attempts - 1,
            problem = coalesce($2, problem)
        where leased_until = $1 and state = 'waiting'";
    on!(tx, c => sqlx::query(SQL).bind(held).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// Removes what has expired at a moment, and what was refused before another.
pub async fn expire(tx: &mut Tx, at: i64, refused_before: i64) -> Stored<()> {
    const SQL: &str = "delete from letters where (expires_at is not null and expires_at <= $1)
        or (state = 'refused' and created_at <= $2)";
    on!(tx, c => sqlx::query(SQL).bind(at).bind(refused_before).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets the letters about a case.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from letters where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Letters of news that wait for an address and can be left, each with the secret for that. What was
/// refused says none any more.
pub async fn with_leave(tx: &mut Tx, address: &str) -> Stored<Vec<(i64, String)>> {
    Ok(on!(tx, c => sqlx::query_as(WITH_LEAVE).bind(address).fetch_all(c).await)?)
}

/// Forgets a letter, also while somebody sends it.
pub async fn withdraw(tx: &mut Tx, number: i64) -> Stored<()> {
    const SQL: &str = "delete from letters where number = $1";
    on!(tx, c => sqlx::query(SQL).bind(number).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn count(tx: &mut Tx) -> Stored<Counted> {
    const SQL: &str = "select
            cast(coalesce(sum(case when state = 'waiting' then 1 else 0 end), 0) as bigint) as waiting,
            cast(coalesce(sum(case when state = 'refused' then 1 else 0 end), 0) as bigint) as refused,
            min(case when state = 'waiting' then created_at end) as oldest
        from letters";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_one(c).await)?)
}

/// Since when the letter that is due longest has been.
pub async fn due_since(tx: &mut Tx, now: i64) -> Stored<Option<i64>> {
    const SQL: &str = "select min(due_at) from letters where state = 'waiting' and due_at <= $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(now).fetch_one(c).await)?)
}

/// Letters with something to tell a person: refused ones, then those that were put off; oldest first.
pub async fn troubled(tx: &mut Tx, limit: i64) -> Stored<Vec<LetterRow>> {
    const SQL: &str = "select number, kind, address, case_id, subject, body, leave, created_at,
            expires_at, attempts, state, problem
        from letters where problem is not null
        order by state, number limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Drops a letter that was refused; how many that were, 0 or 1.
pub async fn drop_refused(tx: &mut Tx, number: i64) -> Stored<u64> {
    const SQL: &str = "delete from letters where number = $1 and state = 'refused'";
    Ok(
        on!(tx, c => sqlx::query(SQL).bind(number).execute(c).await.map(|done| done.rows_affected()))?,
    )
}

/// Notes that somebody says to have forgotten the password of an address.
pub async fn ask_reset(tx: &mut Tx, login: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into reset_asks (login, asked_at) values ($1, $2)
        on conflict (login) do nothing";
    on!(tx, c => sqlx::query(SQL).bind(login).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes such addresses, the oldest first.
pub async fn take_resets(tx: &mut Tx, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "delete from reset_asks where login in (
            select login from reset_asks order by asked_at, login limit $1
        ) returning login";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(limit).fetch_all(c).await)?)
}
