//! The nodes' own view of their health; the latest report of each.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

use super::id;

const SAVE: &str = "insert into health (slug, at, report) values ($1, $2, $3) \
     on conflict (slug) do update set at = excluded.at, report = excluded.report";
const READ: &str = "select at, report from health where slug = $1";
const ALL: &str = "select slug, at, report from health";

/// The last word of an instance on its own health.
#[derive(Debug)]
pub struct Report {
    pub slug: InstanceId,
    /// Unix ms; when it came.
    pub at: i64,
    /// JSON of a `Health`.
    pub text: String,
}

pub async fn save(
    tx: &mut Tx,
    slug: &InstanceId,
    report: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SAVE)
        .bind(slug.as_str())
        .bind(now_ms)
        .bind(report)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// The last report of everybody; one row per instance.
pub async fn all(tx: &mut Tx) -> Result<Vec<Report>, DbError> {
    let rows: Vec<(String, i64, String)> =
        on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(slug, at, text)| {
            let slug = id(&slug)?;
            Ok(Report { slug, at, text })
        })
        .collect()
}

/// When the last report came (Unix ms), and its JSON.
pub async fn latest(tx: &mut Tx, slug: &InstanceId) -> Result<Option<(i64, String)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(READ)
        .bind(slug.as_str())
        .fetch_optional(conn)
        .await)?)
}
