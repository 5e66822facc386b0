//! What has to be done, once for each slot of time, whoever does it.
//!
//! States: `due`, `claimed` (until its lease ends), `done`.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Notes a job for a slot (Unix ms), unless that slot has been noted. What
/// nobody works on of earlier slots, or does any more, is done by the same run.
pub async fn enqueue(tx: &mut Tx, name: &str, slot: i64, now: i64) -> Stored<()> {
    const ADD: &str =
        "insert into jobs (name, slot, state, attempts, due_at, leased_until, problem)
        values ($1, $2, 'due', 0, $3, 0, null) on conflict (name, slot) do nothing";
    const CLEAR: &str = "delete from jobs where name = $1 and slot < $2
        and (state <> 'claimed' or leased_until <= $3)";
    on!(tx, c => sqlx::query(CLEAR).bind(name).bind(slot).bind(now).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(ADD).bind(name).bind(slot).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes a job that is due, or whose lease has ended, until another moment.
/// Returns its name, its slot, and how often it has been tried with this time.
pub async fn claim(tx: &mut Tx, now: i64, until: i64) -> Stored<Option<(String, i64, i64)>> {
    const SQL: &str =
        "update jobs set state = 'claimed', leased_until = $2, attempts = attempts + 1
        where (name, slot) in (
            select name, slot from jobs
            where (state = 'due' and due_at <= $1) or (state = 'claimed' and leased_until <= $1)
            order by slot, name limit 1
        ) returning name, slot, attempts";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(now).bind(until).fetch_optional(c).await)?)
}

/// A job has been done.
pub async fn finish(tx: &mut Tx, name: &str, slot: i64) -> Stored<()> {
    const SQL: &str = "update jobs set state = 'done', problem = null
        where name = $1 and slot = $2";
    on!(tx, c => sqlx::query(SQL).bind(name).bind(slot).execute(c).await.map(drop))?;
    Ok(())
}

/// A job has failed and is tried again later.
pub async fn put_off(tx: &mut Tx, name: &str, slot: i64, due: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update jobs set state = 'due', due_at = $3, problem = $4
        where name = $1 and slot = $2";
    on!(tx, c => sqlx::query(SQL).bind(name).bind(slot).bind(due).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}
