//! The nodes' own view of their health; the latest report of each.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

const SAVE: &str = "insert into health (slug, at, report) values ($1, $2, $3) \
     on conflict (slug) do update set at = excluded.at, report = excluded.report";
const READ: &str = "select at, report from health where slug = $1";

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

/// When the last report came (Unix ms), and its JSON.
pub async fn latest(tx: &mut Tx, slug: &InstanceId) -> Result<Option<(i64, String)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(READ)
        .bind(slug.as_str())
        .fetch_optional(conn)
        .await)?)
}
