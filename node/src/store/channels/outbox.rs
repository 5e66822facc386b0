//! What is to be said on a channel. An outage keeps it waiting and drops nothing.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// Something to be said; it prints nothing, because it holds words.
#[derive(Clone, FromRow)]
pub struct OutRow {
    pub number: i64,
    pub channel: String,
    pub thread: String,
    pub case_id: Option<String>,
    /// `answer` or `news`.
    pub kind: String,
    /// What no conversation hears twice.
    pub once: String,
    pub words: Option<Vec<u8>>,
    pub created_at: i64,
    pub attempts: i64,
    pub state: String,
}

/// Adds something behind what waits, unless that conversation has been told it; number and attempts
/// of the row are not looked at.
pub async fn add(tx: &mut Tx, row: &OutRow) -> Stored<()> {
    const SQL: &str = "insert into channel_outbox (number, channel, thread, case_id, kind, once,
            words, created_at, attempts, due_at, leased_until, state, problem)
        select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, 0, $7, 0, $8, null
        from channel_outbox where true
        on conflict (thread, once) do nothing";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.channel)
        .bind(&row.thread)
        .bind(&row.case_id)
        .bind(&row.kind)
        .bind(&row.once)
        .bind(&row.words)
        .bind(row.created_at)
        .bind(&row.state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Whether a conversation has been told something, or is to be.
pub async fn is_known(tx: &mut Tx, thread: &str, once: &str) -> Stored<bool> {
    const SQL: &str = "select count(*) from channel_outbox where thread = $1 and once = $2";
    let known: i64 =
        on!(tx, c => sqlx::query_scalar(SQL).bind(thread).bind(once).fetch_one(c).await)?;
    Ok(known > 0)
}

/// Of news of one case that waited since before a moment, drops all but the latest.
pub async fn condense(tx: &mut Tx, channel: &str, before: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'dropped', words = null
        where channel = $1 and state = 'waiting' and kind = 'news' and created_at < $2
            and leased_until = 0
            and exists (select 1 from channel_outbox o
                where o.thread = channel_outbox.thread and o.case_id = channel_outbox.case_id
                    and o.kind = 'news' and o.state = 'waiting' and o.number > channel_outbox.number)";
    on!(tx, c => sqlx::query(SQL).bind(channel).bind(before).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes what is due on a channel until another moment, the oldest first and of each conversation
/// only its oldest.
pub async fn claim(
    tx: &mut Tx,
    channel: &str,
    now: i64,
    until: i64,
    limit: i64,
) -> Stored<Vec<OutRow>> {
    const SQL: &str = "update channel_outbox set leased_until = $3, attempts = attempts + 1
        where number in (
            select t.number from channel_outbox t
            where t.channel = $1 and t.state = 'waiting' and t.due_at <= $2 and t.leased_until <= $2
                and not exists (select 1 from channel_outbox o
                    where o.thread = t.thread and o.state = 'waiting' and o.number < t.number)
            order by t.number limit $4
        ) returning number, channel, thread, case_id, kind, once, words, created_at, attempts, state";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(channel)
        .bind(now)
        .bind(until)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// It is over: `sent`, `refused` or `dropped`. Its words go.
pub async fn end(
    tx: &mut Tx,
    number: i64,
    held: i64,
    state: &str,
    problem: Option<&str>,
) -> Stored<()> {
    const SQL: &str =
        "update channel_outbox set state = $3, words = null, leased_until = 0, problem = $4
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(held)
        .bind(state)
        .bind(problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// It is tried again at a moment.
pub async fn put_off(tx: &mut Tx, number: i64, held: i64, due: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update channel_outbox set due_at = $3, leased_until = 0, problem = $4
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

/// It waits, with its words, until the person writes again.
pub async fn close(tx: &mut Tx, number: i64, held: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'closed', leased_until = 0
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(held).execute(c).await.map(drop))?;
    Ok(())
}

/// The person has written: what waited for that is due.
pub async fn open(tx: &mut Tx, thread: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'waiting', due_at = $2
        where thread = $1 and state = 'closed'";
    on!(tx, c => sqlx::query(SQL).bind(thread).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Gives back what was taken and not tried.
pub async fn give_back(tx: &mut Tx, channel: &str, held: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set leased_until = 0, attempts = attempts - 1
        where channel = $1 and leased_until = $2 and state = 'waiting'";
    on!(tx, c => sqlx::query(SQL).bind(channel).bind(held).execute(c).await.map(drop))?;
    Ok(())
}

/// Drops the news that a conversation has not been told yet.
pub async fn drop_news(tx: &mut Tx, thread: &str) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'dropped', words = null
        where thread = $1 and kind = 'news' and state in ('waiting', 'closed')";
    on!(tx, c => sqlx::query(SQL).bind(thread).execute(c).await.map(drop))?;
    Ok(())
}

/// Drops what is to be said of a case.
pub async fn drop_of_case(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'dropped', words = null
        where case_id = $1 and state in ('waiting', 'closed')";
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}

/// Drops all that a conversation has not been told yet.
pub async fn drop_all(tx: &mut Tx, thread: &str) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'dropped', words = null
        where thread = $1 and state in ('waiting', 'closed')";
    on!(tx, c => sqlx::query(SQL).bind(thread).execute(c).await.map(drop))?;
    Ok(())
}

/// How much waits on each channel.
pub async fn waiting(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select channel, count(*) from channel_outbox
        where state = 'waiting' group by channel";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Forgets what was over before a moment; the last number stays, so that none is given twice.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_outbox
        where state in ('sent', 'refused', 'dropped') and created_at < $1
            and number < (select max(number) from channel_outbox)";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
