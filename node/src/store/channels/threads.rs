//! With whom this node talks on a channel, and which reports they filed there.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// A conversation; it prints nothing, because it holds who it is.
#[derive(Clone, FromRow)]
pub struct ThreadRow {
    pub id: String,
    pub channel: String,
    /// The address; `None` after an erasure.
    pub sealed: Option<Vec<u8>>,
    pub talk: Option<Vec<u8>>,
    /// Counts the changes of `talk`.
    pub turn: i64,
    /// Unix ms.
    pub heard_at: i64,
    pub wake_at: Option<i64>,
    pub stopped_at: Option<i64>,
    /// 1 where the telephone shows more letters than text messages have.
    pub wide: i64,
}

/// What changes in a conversation by a message.
pub struct Turned<'a> {
    pub thread: &'a str,
    /// The turn that it follows.
    pub turn: i64,
    pub talk: Option<&'a [u8]>,
    pub wake_at: Option<i64>,
    pub stopped_at: Option<i64>,
}

pub async fn by_key(tx: &mut Tx, channel: &str, key: &[u8]) -> Stored<Option<ThreadRow>> {
    const SQL: &str = "select id, channel, sealed, talk, turn, heard_at, wake_at, stopped_at, wide
        from channel_threads where channel = $1 and key = $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(channel).bind(key).fetch_optional(c).await)?)
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<ThreadRow>> {
    const SQL: &str = "select id, channel, sealed, talk, turn, heard_at, wake_at, stopped_at, wide
        from channel_threads where id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

pub async fn add(tx: &mut Tx, row: &ThreadRow, key: &[u8]) -> Stored<()> {
    const SQL: &str = "insert into channel_threads
            (id, channel, key, sealed, talk, turn, heard_at, wake_at, stopped_at)
        values ($1, $2, $3, $4, null, 0, $5, null, null)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.channel)
        .bind(key)
        .bind(&row.sealed)
        .bind(row.heard_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Somebody was heard; their address stands as they had it last.
pub async fn heard(tx: &mut Tx, id: &str, sealed: &[u8], at: i64) -> Stored<()> {
    const SQL: &str = "update channel_threads set sealed = $2, heard_at = $3 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(sealed).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether the telephone shows more letters, as its last message says.
pub async fn shows(tx: &mut Tx, id: &str, wide: bool) -> Stored<()> {
    const SQL: &str = "update channel_threads set wide = $2 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(i64::from(wide)).execute(c).await.map(drop))?;
    Ok(())
}

/// Changes a conversation, if nobody has meanwhile; how many that were, 0 or 1.
pub async fn turn(tx: &mut Tx, turned: &Turned<'_>) -> Stored<u64> {
    const SQL: &str = "update channel_threads
        set talk = $3, wake_at = $4, stopped_at = $5, turn = turn + 1
        where id = $1 and turn = $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(turned.thread)
        .bind(turned.turn)
        .bind(turned.talk)
        .bind(turned.wake_at)
        .bind(turned.stopped_at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Something was decided of a conversation: what is made from how it stood before is made anew.
pub async fn turned(tx: &mut Tx, id: &str) -> Stored<()> {
    const SQL: &str = "update channel_threads set turn = turn + 1 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Nothing is to be said there any more but what is asked, if that is not so already.
pub async fn stop(tx: &mut Tx, id: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update channel_threads
        set stopped_at = coalesce(stopped_at, $2), turn = turn + 1 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Conversations whose silence has lasted, the longest first; what waits to be heard breaks it.
pub async fn to_wake(tx: &mut Tx, now: i64, limit: i64) -> Stored<Vec<ThreadRow>> {
    const SQL: &str = "select id, channel, sealed, talk, turn, heard_at, wake_at, stopped_at, wide
        from channel_threads where wake_at is not null and wake_at <= $1
            and not exists (select 1 from channel_taken t
                where t.thread = channel_threads.id and t.state in ('waiting', 'parts'))
        order by wake_at, id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(now).bind(limit).fetch_all(c).await)?)
}

/// Where a report was filed.
pub struct NewLink<'a> {
    pub case: &'a str,
    pub thread: &'a str,
    pub channel: &'a str,
    /// The sealed id of the post that it was.
    pub post: Option<&'a [u8]>,
    /// Unix ms.
    pub at: i64,
}

/// A report was filed in a conversation.
pub async fn link(tx: &mut Tx, row: &NewLink<'_>) -> Stored<()> {
    const SQL: &str = "insert into channel_cases (case_id, thread, channel, at, post)
        values ($1, $2, $3, $4, $5)";
    on!(tx, c => sqlx::query(SQL)
        .bind(row.case)
        .bind(row.thread)
        .bind(row.channel)
        .bind(row.at)
        .bind(row.post)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The conversation in which a report was filed.
pub async fn of_case(tx: &mut Tx, case: &str) -> Stored<Option<String>> {
    const SQL: &str = "select thread from channel_cases where case_id = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case).fetch_optional(c).await)?)
}

/// The sealed id of the post that a report was.
pub async fn post_of(tx: &mut Tx, case: &str) -> Stored<Option<Vec<u8>>> {
    const SQL: &str = "select post from channel_cases where case_id = $1";
    let found: Option<Option<Vec<u8>>> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(case).fetch_optional(c).await)?;
    Ok(found.flatten())
}

/// The last report of a conversation, if it was filed since a moment.
pub async fn latest(tx: &mut Tx, thread: &str, since: i64) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from channel_cases where thread = $1 and at >= $2
        order by at desc, case_id desc limit 1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(thread).bind(since).fetch_optional(c).await)?)
}

/// Reports of a conversation with their tickets, latest first.
pub async fn cases(tx: &mut Tx, thread: &str, limit: i64) -> Stored<Vec<(String, Option<String>)>> {
    const SQL: &str = "select c.case_id, c.ticket from channel_cases f
        join cases c on c.case_id = f.case_id
        where f.thread = $1 order by f.at desc, f.case_id desc limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(thread).bind(limit).fetch_all(c).await)?)
}

/// Forgets in which conversation a report was filed; says how many others it has.
pub async fn unlink(tx: &mut Tx, case: &str, thread: &str) -> Stored<i64> {
    const GONE: &str = "delete from channel_cases where case_id = $1";
    const LEFT: &str = "select count(*) from channel_cases where thread = $1";
    on!(tx, c => sqlx::query(GONE).bind(case).execute(c).await.map(drop))?;
    Ok(on!(tx, c => sqlx::query_scalar(LEFT).bind(thread).fetch_one(c).await)?)
}

/// Forgets who it is and what was half said. That nothing is to be said there stays.
pub async fn forget(tx: &mut Tx, id: &str) -> Stored<()> {
    const SQL: &str = "update channel_threads
        set sealed = null, talk = null, wake_at = null, turn = turn + 1 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets who has been silent since a moment and has reported nothing, unless something of theirs
/// still waits or was laid aside by hand since then.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "update channel_threads set sealed = null, talk = null, turn = turn + 1
        where heard_at < $1 and sealed is not null and wake_at is null
            and not exists (select 1 from channel_cases f where f.thread = channel_threads.id)
            and not exists (select 1 from channel_taken t
                where t.thread = channel_threads.id and (t.state in ('waiting', 'parts', 'stuck')
                    or (t.state = 'aside' and t.due_at >= $1)))";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
