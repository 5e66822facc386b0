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
    "select at, what, detail from visits where slug = $1 order by at desc, what desc limit $2";
const BEFORE: &str = "select at, what, detail from visits \
     where slug = $1 and (at < $2 or (at = $2 and what < $3)) order by at desc, what desc limit $4";
const SHORTEN: &str = "delete from visits where slug = $1 and at < coalesce(\
     (select at from visits where slug = $1 order by at desc limit 1 offset $2), 0)";
const SHORTEN_ALL: &str = "delete from visits where (slug, at, what) in (select slug, at, what from \
     (select slug, at, what, row_number() over (partition by slug order by at desc, what desc) as place \
     from visits) as placed where place > $1)";

/// One line of the history of an instance's connections.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize, utoipa::ToSchema)]
pub struct Visit {
    /// Unix ms.
    pub at: i64,
    /// `came`, `left` or `refused`.
    pub what: String,
    /// Why: of what was refused a `code` of the contract; of what left `closed`, `ended` as its
    /// program ended without notice, `broken`, `unanswered`, `crowded`, `cut_off`, `withdrawn`,
    /// `stopped` as the hub stopped, or `hub_ended` where the hub ended without notice, at the last
    /// moment that is known.
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

/// Those before a line of this moment and kind, newest first.
pub async fn before(
    tx: &mut Tx,
    slug: &InstanceId,
    (at, what): (i64, &str),
    most: i64,
) -> Result<Vec<Visit>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(BEFORE)
        .bind(slug.as_str())
        .bind(at)
        .bind(what)
        .bind(most)
        .fetch_all(conn)
        .await)?)
}

/// Keeps the latest `most` of an instance.
pub async fn shorten(tx: &mut Tx, slug: &InstanceId, most: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SHORTEN).bind(slug.as_str()).bind(most).execute(conn).await.map(drop))?;
    Ok(())
}

/// Keeps the latest `most` of each instance.
pub async fn shorten_all(tx: &mut Tx, most: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SHORTEN_ALL).bind(most).execute(conn).await.map(drop))?;
    Ok(())
}
