//! What was to be said and was not: the provider has refused it, or the person has to write first.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// Something that was not said, without its words.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct UnsaidRow {
    pub number: i64,
    pub channel: String,
    pub thread: String,
    pub case_id: Option<String>,
    pub kind: String,
    /// Unix ms.
    pub created_at: i64,
    /// `refused` or `closed`.
    pub state: String,
    pub problem: Option<String>,
}

/// The latest first, as long as their words are kept.
pub async fn list(tx: &mut Tx, limit: i64) -> Stored<Vec<UnsaidRow>> {
    const SQL: &str = "select number, channel, thread, case_id, kind, created_at, state, problem
        from channel_outbox where state in ('refused', 'closed') and words is not null
        order by number desc limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// What was refused is due again; answers with its conversation, if there was such. That it may have
/// been said stays known.
pub async fn again(tx: &mut Tx, number: i64, now: i64) -> Stored<Option<(String, String)>> {
    const SQL: &str = "update channel_outbox
        set state = 'waiting', due_at = $2, leased_until = 0, problem = null, said_as = null, shut = 0,
            attempts = case when unanswered > 0 then 1 else 0 end,
            unanswered = case when unanswered > 0 then 1 else 0 end
        where number = $1 and state = 'refused' and words is not null
        returning channel, thread";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).bind(now).fetch_optional(c).await)?)
}

/// It is not to be said any more; answers with its conversation, if there was such.
pub async fn drop_one(tx: &mut Tx, number: i64) -> Stored<Option<(String, String)>> {
    const SQL: &str = "update channel_outbox set state = 'dropped', words = null
        where number = $1 and state in ('refused', 'closed')
        returning channel, thread";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).fetch_optional(c).await)?)
}

/// Forgets the words of what was refused before a moment.
pub async fn forget_words(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "update channel_outbox set words = null
        where state = 'refused' and created_at < $1 and words is not null";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
