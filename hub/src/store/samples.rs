//! How each instance's streams stood, in steps of time; each step keeps the
//! worst that was seen in it, and the last of what only grows.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::InstanceId;
use sqlx::FromRow;

use super::id;

static NOTE: Bulk = Bulk::new(
    "insert into samples (slug, step, at, undelivered, undelivered_age, unsent, unsent_age, sent, received) values",
    9,
    "on conflict (slug, step, at) do update set \
     undelivered = case when excluded.undelivered > samples.undelivered then excluded.undelivered else samples.undelivered end, \
     undelivered_age = case when excluded.undelivered_age > samples.undelivered_age then excluded.undelivered_age else samples.undelivered_age end, \
     unsent = case when excluded.unsent > samples.unsent then excluded.unsent else samples.unsent end, \
     unsent_age = case when excluded.unsent_age > samples.unsent_age then excluded.unsent_age else samples.unsent_age end, \
     sent = excluded.sent, received = excluded.received",
);
const OF_ONE: &str = "select at, undelivered, undelivered_age, nullif(unsent, -1) as unsent, \
     nullif(unsent_age, -1) as unsent_age, sent, received \
     from samples where slug = $1 and step = $2 and at >= $3 order by at";
const LATEST: &str = "select c.author, s.sent + s.received from chains c \
     join samples s on s.slug = c.author and s.step = $1 and s.at = (select max(t.at) from samples t \
     where t.slug = c.author and t.step = $1 and t.at <= $2)";
const FORGET: &str = "delete from samples where step = $1 and at < $2";

/// What is stored where an instance did not say; less than anything that it says.
const UNKNOWN: i64 = -1;

/// One step of one instance.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromRow, serde::Serialize, utoipa::ToSchema,
)]
pub struct Sample {
    /// Unix ms; the beginning of the step.
    pub at: i64,
    /// Deliveries that it had not acknowledged.
    pub undelivered: i64,
    /// Milliseconds since the oldest of them was put into its inbox.
    pub undelivered_age: i64,
    /// Messages that waited at the instance, as it said; nothing where it did not.
    pub unsent: Option<i64>,
    /// Milliseconds since the oldest of them was made; likewise.
    pub unsent_age: Option<i64>,
    /// Messages accepted from it since it joined.
    pub sent: i64,
    /// Messages put into its stream since it joined.
    pub received: i64,
}

/// Notes one sample for each instance in the step (ms) that it falls into.
pub async fn note(
    tx: &mut Tx,
    step: i64,
    samples: impl IntoIterator<Item = (&InstanceId, Sample)>,
) -> Result<(), DbError> {
    let values = samples.into_iter().flat_map(|(slug, sample)| {
        [
            Value::from(slug.as_str()),
            step.into(),
            (sample.at - sample.at.rem_euclid(step)).into(),
            sample.undelivered.into(),
            sample.undelivered_age.into(),
            sample.unsent.unwrap_or(UNKNOWN).into(),
            sample.unsent_age.unwrap_or(UNKNOWN).into(),
            sample.sent.into(),
            sample.received.into(),
        ]
    });
    tx.run_rows(&NOTE, values.collect()).await.map(drop)
}

/// The steps of one instance from a moment on, oldest first.
pub async fn of_one(
    tx: &mut Tx,
    slug: &InstanceId,
    step: i64,
    since: i64,
) -> Result<Vec<Sample>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OF_ONE)
        .bind(slug.as_str())
        .bind(step)
        .bind(since)
        .fetch_all(conn)
        .await)?)
}

/// How many messages each instance had sent and received at the end of the last
/// step that was over by a moment; nothing of whoever had none.
pub async fn latest(tx: &mut Tx, step: i64, by: i64) -> Result<Vec<(InstanceId, u64)>, DbError> {
    let rows: Vec<(String, i64)> = on!(tx, conn => sqlx::query_as(LATEST)
        .bind(step)
        .bind(by - step)
        .fetch_all(conn)
        .await)?;
    rows.into_iter()
        .map(|(slug, count)| Ok((id(&slug)?, count as u64)))
        .collect()
}

pub async fn forget(tx: &mut Tx, step: i64, before: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(step).bind(before).execute(conn).await.map(drop))?;
    Ok(())
}
