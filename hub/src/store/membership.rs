//! What hangs on a membership.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

const OPEN: &str = "select \
     cast(coalesce(sum(case when custodian = $1 then 1 else 0 end), 0) as bigint), \
     cast(coalesce(sum(case when origin = $1 then 1 else 0 end), 0) as bigint) \
     from case_facts where ended_at is null and (custodian = $1 or origin = $1)";

/// Open cases of which an institution has custody, and those filed with it.
pub async fn open_cases(tx: &mut Tx, slug: &InstanceId) -> Result<(i64, i64), DbError> {
    Ok(on!(tx, conn => sqlx::query_as(OPEN)
        .bind(slug.as_str())
        .fetch_one(conn)
        .await)?)
}
