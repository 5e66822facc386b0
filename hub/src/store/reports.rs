//! The nodes' own view of their health; the latest report of each, with what
//! the hub noted when it came.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

use super::id;

const SAVE: &str = "insert into health (slug, at, report, clock_offset, views, apart_since) \
     values ($1, $2, $3, $4, $5, $6) on conflict (slug) do update set at = excluded.at, \
     report = excluded.report, clock_offset = excluded.clock_offset, views = excluded.views, \
     apart_since = excluded.apart_since";
const READ: &str =
    "select slug, at, report, clock_offset, views, apart_since from health where slug = $1";
const ALL: &str = "select slug, at, report, clock_offset, views, apart_since from health";

/// The last word of an instance on its own health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub slug: InstanceId,
    /// Unix ms; when it came.
    pub at: i64,
    /// JSON of a `Health`.
    pub text: String,
    /// Milliseconds by which the instance's clock was ahead of the hub's.
    pub clock_offset: i64,
    /// JSON of the `Views` at that moment.
    pub views: Option<String>,
    /// Unix ms; since when both sides' views differ in the same way.
    pub apart_since: Option<i64>,
}

type Row = (String, i64, String, i64, Option<String>, Option<i64>);

pub async fn save(tx: &mut Tx, report: &Report) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SAVE)
        .bind(report.slug.as_str())
        .bind(report.at)
        .bind(&report.text)
        .bind(report.clock_offset)
        .bind(&report.views)
        .bind(report.apart_since)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// The last report of everybody; one row per instance.
pub async fn all(tx: &mut Tx) -> Result<Vec<Report>, DbError> {
    let rows: Vec<Row> = on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?;
    rows.into_iter().map(from_row).collect()
}

pub async fn latest(tx: &mut Tx, slug: &InstanceId) -> Result<Option<Report>, DbError> {
    let row: Option<Row> = on!(tx, conn => sqlx::query_as(READ)
        .bind(slug.as_str())
        .fetch_optional(conn)
        .await)?;
    row.map(from_row).transpose()
}

fn from_row((slug, at, text, clock_offset, views, apart_since): Row) -> Result<Report, DbError> {
    Ok(Report {
        slug: id(&slug)?,
        at,
        text,
        clock_offset,
        views,
        apart_since,
    })
}
