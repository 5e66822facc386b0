//! What each webhook is told.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::super::Stored;

#[derive(Clone, FromRow)]
pub struct DeliveryRow {
    pub id: String,
    pub webhook: String,
    /// Number of the change.
    pub change: i64,
    pub kind: String,
    pub body: String,
    /// When it changed, Unix ms.
    pub at: i64,
    pub state: String,
    pub tries: i64,
    pub problem: Option<String>,
    pub done_at: Option<i64>,
}

/// Which of them are to be sent again.
pub enum Again<'a> {
    One(&'a str),
    /// What changed from a moment on and before another, Unix ms.
    Between(i64, i64),
}

static ADD: Bulk = Bulk::new(
    "insert into webhook_deliveries (id, webhook, change, kind, body, at, state, tries) values",
    8,
    "on conflict (webhook, change) do nothing",
);

/// Adds what waits; state, tries and outcome of the rows are not looked at.
pub async fn add(tx: &mut Tx, rows: &[DeliveryRow]) -> Stored<()> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.id.as_str()),
            Value::from(row.webhook.as_str()),
            Value::from(row.change),
            Value::from(row.kind.as_str()),
            Value::from(row.body.as_str()),
            Value::from(row.at),
            Value::from("waiting"),
            Value::from(0),
        ]
    });
    tx.run_rows(&ADD, values.collect()).await.map(drop)
}

/// What waits for a webhook, in the order of the changes.
pub async fn waiting(tx: &mut Tx, webhook: &str, limit: i64) -> Stored<Vec<DeliveryRow>> {
    const SQL: &str = "select id, webhook, change, kind, body, at, state, tries, problem, done_at
        from webhook_deliveries where webhook = $1 and state = 'waiting' order by change limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(webhook).bind(limit).fetch_all(c).await)?)
}

/// How much waits for a webhook.
pub async fn count_waiting(tx: &mut Tx, webhook: &str) -> Stored<i64> {
    const SQL: &str =
        "select count(*) from webhook_deliveries where webhook = $1 and state = 'waiting'";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(webhook).fetch_one(c).await)?)
}

/// The same of all, by webhook.
pub async fn counts_waiting(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select webhook, count(*) from webhook_deliveries where state = 'waiting'
        group by webhook";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Since when the change lies that has waited longest for a webhook that is on.
pub async fn oldest_waiting(tx: &mut Tx) -> Stored<Option<i64>> {
    const SQL: &str = "select min(d.at) from webhook_deliveries d
        join webhooks h on h.id = d.webhook and h.state = 'on'
        where d.state = 'waiting'";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// Of one webhook before a change, the latest first; only in a state, if one is given.
pub async fn list(
    tx: &mut Tx,
    webhook: &str,
    state: Option<&str>,
    before: i64,
    limit: i64,
) -> Stored<Vec<DeliveryRow>> {
    const SQL: &str = "select id, webhook, change, kind, body, at, state, tries, problem, done_at
        from webhook_deliveries
        where webhook = $1 and change < $2 and ($3 = '' or state = $3)
        order by change desc limit $4";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(webhook)
        .bind(before)
        .bind(state.unwrap_or_default())
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

static SENT: Bulk = Bulk::new(
    "with v (id, at) as (values",
    2,
    ") update webhook_deliveries set state = 'sent', tries = tries + 1, problem = null,
            done_at = v.at
        from v where webhook_deliveries.id = v.id and state = 'waiting'",
);

/// These arrived: each id with the moment.
pub async fn sent(tx: &mut Tx, arrived: &[(String, i64)]) -> Stored<()> {
    let values = arrived
        .iter()
        .flat_map(|(id, at)| [Value::from(id.as_str()), Value::from(*at)]);
    tx.run_rows(&SENT, values.collect()).await.map(drop)
}

/// One did not arrive, and waits.
pub async fn failed(tx: &mut Tx, id: &str, problem: &str) -> Stored<()> {
    const SQL: &str = "update webhook_deliveries set tries = tries + 1, problem = $2 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// One that waits is not sent; how many that were, 0 or 1.
pub async fn skip(tx: &mut Tx, webhook: &str, id: &str, now: i64) -> Stored<u64> {
    const SQL: &str = "update webhook_deliveries set state = 'skipped', done_at = $3
        where webhook = $1 and id = $2 and state = 'waiting'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(webhook)
        .bind(id)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Sends again what was sent or skipped, under the ids that it has; how much that is.
pub async fn again(tx: &mut Tx, webhook: &str, which: &Again<'_>) -> Stored<u64> {
    const ONE: &str = "update webhook_deliveries set state = 'waiting', tries = 0, done_at = null
        where webhook = $1 and id = $2 and state <> 'waiting'";
    const BETWEEN: &str =
        "update webhook_deliveries set state = 'waiting', tries = 0, done_at = null
        where webhook = $1 and at >= $2 and at < $3 and state <> 'waiting'";
    let revived: u64 = match which {
        Again::One(id) => on!(tx, c => sqlx::query(ONE)
            .bind(webhook)
            .bind(*id)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?,
        Again::Between(from, until) => on!(tx, c => sqlx::query(BETWEEN)
            .bind(webhook)
            .bind(from)
            .bind(until)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?,
    };
    Ok(revived)
}

/// Whether any of what is to be sent again waits.
pub async fn waits(tx: &mut Tx, webhook: &str, which: &Again<'_>) -> Stored<bool> {
    const ONE: &str = "select count(*) from webhook_deliveries
        where webhook = $1 and id = $2 and state = 'waiting'";
    const BETWEEN: &str = "select count(*) from webhook_deliveries
        where webhook = $1 and at >= $2 and at < $3 and state = 'waiting'";
    let count: i64 = match which {
        Again::One(id) => {
            on!(tx, c => sqlx::query_scalar(ONE).bind(webhook).bind(*id).fetch_one(c).await)?
        }
        Again::Between(from, until) => on!(tx, c => sqlx::query_scalar(BETWEEN)
            .bind(webhook)
            .bind(from)
            .bind(until)
            .fetch_one(c)
            .await)?,
    };
    Ok(count > 0)
}

/// Forgets what changed before a moment and does not wait.
pub async fn forget(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from webhook_deliveries where at < $1 and state <> 'waiting'";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
