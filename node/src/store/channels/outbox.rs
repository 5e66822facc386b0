//! What is to be said on a channel. An outage keeps it waiting and drops nothing.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::taken::Trouble;
use crate::store::Stored;

/// Longer than anything is held, and than it is put off: what says more was noted by a clock that was
/// ahead.
const HELD_MS: i64 = 60 * 60 * 1000;
const PUT_OFF_MS: i64 = 5 * HELD_MS;

/// Something to be said; it prints nothing, because it holds words.
#[derive(Clone, FromRow)]
pub struct OutRow {
    pub number: i64,
    pub channel: String,
    pub thread: String,
    pub case_id: Option<String>,
    /// `answer`, `news` or `code`.
    pub kind: String,
    /// What no conversation hears twice.
    pub once: String,
    pub words: Option<Vec<u8>>,
    pub created_at: i64,
    pub attempts: i64,
    /// Those of them that nobody answered: the person may have heard it.
    pub unanswered: i64,
    pub state: String,
    /// 1 where the provider told afterwards that nothing may be said before the person writes again.
    pub shut: i64,
    /// Since when it is due, Unix ms.
    pub due_at: i64,
}

/// What was sent stays so, and only its words go.
macro_rules! dropped {
    ($which:literal) => {
        concat!(
            "update channel_outbox set words = null,
                state = case when state = 'sent' then 'sent' else 'dropped' end ",
            $which,
            " and state in ('waiting', 'closed', 'refused', 'sent')"
        )
    };
}

/// Adds something behind what waits, unless that conversation has been told it; number and attempts
/// of the row are not looked at, whether it is shut, and since when it is due.
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

/// How far something is that a conversation is told.
#[derive(FromRow)]
pub struct Standing {
    pub state: String,
    /// When it was begun to be said, Unix ms.
    pub sent_at: Option<i64>,
    pub unanswered: i64,
    /// Until when it is being said, Unix ms; 0 where it is not.
    pub leased_until: i64,
}

/// How far something is, if it is still known.
pub async fn standing(tx: &mut Tx, thread: &str, once: &str) -> Stored<Option<Standing>> {
    const SQL: &str = "select state, sent_at, unanswered, leased_until from channel_outbox
        where thread = $1 and once = $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(thread).bind(once).fetch_optional(c).await)?)
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

/// Takes what is due on a channel until another moment, what is due longest first and of each
/// conversation only its oldest. Whoever took it last and gave no account of it may have said it.
pub async fn claim(
    tx: &mut Tx,
    channel: &str,
    now: i64,
    until: i64,
    limit: i64,
) -> Stored<Vec<OutRow>> {
    const SQL: &str = "update channel_outbox set leased_until = $3, attempts = attempts + 1,
            unanswered = case when leased_until > 0 then unanswered + 1 else unanswered end
        where number in (
            select t.number from channel_outbox t
            where t.channel = $1 and t.state = 'waiting' and (t.due_at <= $2 or t.due_at > $6)
                and (t.leased_until <= $2 or t.leased_until > $5)
                and not exists (select 1 from channel_outbox o
                    where o.thread = t.thread and o.state = 'waiting' and o.number < t.number)
            order by t.due_at, t.number limit $4
        ) returning number, channel, thread, case_id, kind, once, words, created_at, attempts,
            unanswered, state, shut, due_at";
    let mut rows: Vec<OutRow> = on!(tx, c => sqlx::query_as(SQL)
        .bind(channel)
        .bind(now)
        .bind(until)
        .bind(limit)
        .bind(now + HELD_MS)
        .bind(now + PUT_OFF_MS)
        .fetch_all(c)
        .await)?;
    rows.sort_by_key(|row| (row.due_at, row.number));
    Ok(rows)
}

/// It is over: `refused` or `dropped`. Its words go, but for what was refused, which a person may have
/// said again.
pub async fn end(
    tx: &mut Tx,
    number: i64,
    held: i64,
    state: &str,
    problem: Option<&str>,
) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = $3, leased_until = 0, problem = $4,
            words = case when $3 = 'refused' then words else null end
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

/// It was sent at a moment. Its words go, unless they are kept because it may still come back.
pub async fn sent(tx: &mut Tx, number: i64, held: i64, keeps: bool, at: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'sent', leased_until = 0, problem = null,
            sent_at = $4, shut = 0, words = case when $3 = 1 then words else null end
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(held)
        .bind(i64::from(keeps))
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Whoever answers what may have been said has heard it: it was sent, also where it is being said once
/// more at this moment. Its words go.
pub async fn was_heard(tx: &mut Tx, thread: &str, once: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'sent', leased_until = 0, problem = null,
            sent_at = $3, shut = 0, words = null
        where thread = $1 and once = $2 and unanswered > 0
            and state in ('waiting', 'closed', 'refused')";
    on!(tx, c => sqlx::query(SQL).bind(thread).bind(once).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets the words of what was sent before a moment and did not come back.
pub async fn forget_sent(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set words = null
        where state = 'sent' and words is not null and sent_at < $1";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}

/// The hash of the provider's id of something, by which its receipt finds it.
pub async fn said_as(tx: &mut Tx, number: i64, hash: &[u8]) -> Stored<()> {
    const SQL: &str = "update channel_outbox set said_as = $2 where number = $1";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(hash).execute(c).await.map(drop))?;
    Ok(())
}

/// The latest that has this id of the provider, with its state.
pub async fn by_said(tx: &mut Tx, channel: &str, hash: &[u8]) -> Stored<Option<(i64, String)>> {
    const SQL: &str = "select number, state from channel_outbox
        where channel = $1 and said_as = $2 order by number desc limit 1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).bind(hash).fetch_optional(c).await)?)
}

/// The provider told what became of something that was sent. What was refused keeps its words, if
/// they are there, as if it had been refused at once.
pub async fn arrived(tx: &mut Tx, number: i64, state: &str, problem: Option<&str>) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = $2, problem = $3,
            words = case when $2 = 'refused' then words else null end
        where number = $1 and state = 'sent'";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(state).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// The provider told of something that was sent that nothing may be said before the person writes
/// again: it is looked at once more, if its words are there, and refused otherwise.
pub async fn shut(tx: &mut Tx, number: i64, problem: Option<&str>, now: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox
        set state = case when words is null then 'refused' else 'waiting' end, problem = $2,
            shut = 1, attempts = 0, unanswered = 0, due_at = $3, leased_until = 0
        where number = $1 and state = 'sent'";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(problem).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// What was refused last, latest first.
pub async fn refused(tx: &mut Tx, limit: i64) -> Stored<Vec<Trouble>> {
    const SQL: &str = "select number, channel, state, created_at as came_at, attempts, problem
        from channel_outbox where state = 'refused' order by number desc limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Something that is tried again.
pub struct PutOff<'a> {
    /// Unix ms.
    pub due: i64,
    pub unanswered: i64,
    pub problem: &'a str,
}

/// It is tried again at a moment.
pub async fn put_off(tx: &mut Tx, number: i64, held: i64, put: &PutOff<'_>) -> Stored<()> {
    const SQL: &str = "update channel_outbox
        set due_at = $3, unanswered = $4, leased_until = 0, problem = $5
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(held)
        .bind(put.due)
        .bind(put.unanswered)
        .bind(put.problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Whether anything is to be said on a channel, due or not.
pub async fn any_waits(tx: &mut Tx, channel: &str) -> Stored<bool> {
    const SQL: &str =
        "select count(*) from channel_outbox where channel = $1 and state = 'waiting'";
    let waiting: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(channel).fetch_one(c).await)?;
    Ok(waiting > 0)
}

/// It waits, with its words, until the person writes again.
pub async fn close(tx: &mut Tx, number: i64, held: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'closed', leased_until = 0
        where number = $1 and leased_until = $2";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(held).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether something waits until the person of a conversation writes again.
pub async fn has_closed(tx: &mut Tx, thread: &str) -> Stored<bool> {
    const SQL: &str = "select count(*) from channel_outbox where thread = $1 and state = 'closed'";
    let closed: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(thread).fetch_one(c).await)?;
    Ok(closed > 0)
}

/// The person has written: what waited for that is due.
pub async fn open(tx: &mut Tx, thread: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set state = 'waiting', due_at = $2, shut = 0
        where thread = $1 and (state = 'closed' or (state = 'waiting' and shut = 1))";
    on!(tx, c => sqlx::query(SQL).bind(thread).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// It is due since a moment, and comes behind what was due before.
pub async fn behind(tx: &mut Tx, number: i64, held: i64, now: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set due_at = $3
        where number = $1 and leased_until = $2 and state = 'waiting'";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(held).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Gives back what was taken and not tried.
pub async fn give_back(tx: &mut Tx, channel: &str, held: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set leased_until = 0, attempts = attempts - 1
        where channel = $1 and leased_until = $2 and state = 'waiting'";
    on!(tx, c => sqlx::query(SQL).bind(channel).bind(held).execute(c).await.map(drop))?;
    Ok(())
}

/// Drops the news that a conversation has not been told yet, and the words of those that were sent.
pub async fn drop_news(tx: &mut Tx, thread: &str) -> Stored<()> {
    const SQL: &str = dropped!("where thread = $1 and kind = 'news'");
    on!(tx, c => sqlx::query(SQL).bind(thread).execute(c).await.map(drop))?;
    Ok(())
}

/// Drops what is to be said of a case, and the words of what was.
pub async fn drop_of_case(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = dropped!("where case_id = $1");
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}

/// Drops all that a conversation has not been told yet, and the words of what it was told.
pub async fn drop_all(tx: &mut Tx, thread: &str) -> Stored<()> {
    const SQL: &str = dropped!("where thread = $1");
    on!(tx, c => sqlx::query(SQL).bind(thread).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets what was over before a moment; the last number stays, so that none is given twice.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_outbox
        where state in ('sent', 'delivered', 'refused', 'dropped') and created_at < $1
            and number < (select max(number) from channel_outbox)";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
