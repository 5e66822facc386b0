//! When instances came and went, and why they were turned away.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::InstanceId;
use sqlx::FromRow;

static INSERT: Bulk = Bulk::new(
    "insert into visits (slug, at, what, detail) values",
    4,
    "on conflict (slug, at, what) do nothing",
);
const LATEST: &str =
    "select at, what, detail from visits where slug = $1 order by at desc, what limit $2";
const SHORTEN: &str = "delete from visits where slug = $1 and at < coalesce(\
     (select at from visits where slug = $1 order by at desc limit 1 offset $2), 0)";

/// One line of the history of an instance's connections.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize, utoipa::ToSchema)]
pub struct Visit {
    /// Unix ms.
    pub at: i64,
    pub what: String,
    pub detail: String,
}

pub async fn insert<'a>(
    tx: &mut Tx,
    visits: impl IntoIterator<Item = (&'a InstanceId, &'a Visit)>,
) -> Result<(), DbError> {
    let values = visits.into_iter().flat_map(|(slug, visit)| {
        [
            Value::from(slug.as_str()),
            visit.at.into(),
            visit.what.as_str().into(),
            visit.detail.as_str().into(),
        ]
    });
    tx.run_rows(&INSERT, values.collect()).await.map(drop)
}

/// The latest, newest first.
pub async fn latest(tx: &mut Tx, slug: &InstanceId, most: i64) -> Result<Vec<Visit>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LATEST)
        .bind(slug.as_str())
        .bind(most)
        .fetch_all(conn)
        .await)?)
}

/// Keeps the latest `most` of an instance.
pub async fn shorten(tx: &mut Tx, slug: &InstanceId, most: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SHORTEN).bind(slug.as_str()).bind(most).execute(conn).await.map(drop))?;
    Ok(())
}
