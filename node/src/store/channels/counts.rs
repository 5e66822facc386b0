//! How much comes in and goes out on each channel.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// Something that is counted on a channel, since three moments, the last of which is the earliest.
#[derive(Debug, Clone, FromRow)]
pub struct CountRow {
    pub channel: String,
    pub what: String,
    pub today: i64,
    pub week: i64,
    pub month: i64,
}

/// What waits on a channel.
#[derive(Debug, Clone, FromRow)]
pub struct WaitingRow {
    pub channel: String,
    pub count: i64,
    /// Since when the oldest does, Unix ms.
    pub oldest: i64,
}

/// Messages by what became of them, `aside` for all that is no report.
pub async fn taken(tx: &mut Tx, since: [i64; 3]) -> Stored<Vec<CountRow>> {
    const SQL: &str = "select channel,
            case when state = 'aside' then 'aside' else coalesce(outcome, state) end as what,
            count(case when came_at >= $1 then 1 end) as today,
            count(case when came_at >= $2 then 1 end) as week, count(*) as month
        from channel_taken where came_at >= $3 group by 1, 2";
    counted(tx, SQL, since).await
}

/// What was said or could not be, by its state.
pub async fn said(tx: &mut Tx, since: [i64; 3]) -> Stored<Vec<CountRow>> {
    const SQL: &str = "select channel, state as what,
            count(case when created_at >= $1 then 1 end) as today,
            count(case when created_at >= $2 then 1 end) as week, count(*) as month
        from channel_outbox where created_at >= $3 group by 1, 2";
    counted(tx, SQL, since).await
}

/// Reports that were filed, and those of them that were marked for a second look.
pub async fn reports(tx: &mut Tx, since: [i64; 3]) -> Stored<Vec<CountRow>> {
    const SQL: &str = "select f.channel,
            case when m.case_id is null then 'filed' else 'suspect' end as what,
            count(case when f.at >= $1 then 1 end) as today,
            count(case when f.at >= $2 then 1 end) as week, count(*) as month
        from channel_cases f
        left join abuse_marks m on m.case_id = f.case_id and m.marked_by = 'channel'
        where f.at >= $3 group by 1, 2";
    counted(tx, SQL, since).await
}

async fn counted(tx: &mut Tx, sql: &'static str, since: [i64; 3]) -> Stored<Vec<CountRow>> {
    Ok(on!(tx, c => sqlx::query_as(sql)
        .bind(since[0])
        .bind(since[1])
        .bind(since[2])
        .fetch_all(c)
        .await)?)
}

/// Messages that are to be looked at.
pub async fn waiting_in(tx: &mut Tx) -> Stored<Vec<WaitingRow>> {
    const SQL: &str = "select channel, count(*) as count, min(came_at) as oldest
        from channel_taken where state = 'waiting' group by channel";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// What is to be said.
pub async fn waiting_out(tx: &mut Tx) -> Stored<Vec<WaitingRow>> {
    const SQL: &str = "select channel, count(*) as count, min(created_at) as oldest
        from channel_outbox where state = 'waiting' group by channel";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// When something last came in on each channel, as far as it is kept, Unix ms.
pub async fn last_heard(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select channel, max(came_at) from channel_taken group by channel";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
