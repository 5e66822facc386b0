//! What operators have planned for regions: the next step on the road map.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const SAVE: &str = "insert into region_plans (region, planned, level, noted_at, noted_by) \
     values ($1, $2, $3, $4, $5) on conflict (region) do update set planned = excluded.planned, \
     level = excluded.level, noted_at = excluded.noted_at, noted_by = excluded.noted_by";
const FORGET: &str = "delete from region_plans where region = $1";
const ALL: &str =
    "select region, planned, level, noted_at, noted_by from region_plans order by region";

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PlanRow {
    pub region: String,
    /// `2027-Q1` or `2027-01-31`.
    pub planned: String,
    /// Code of the level aimed at.
    pub level: Option<String>,
    /// Unix ms.
    pub noted_at: i64,
    pub noted_by: String,
}

pub async fn save(tx: &mut Tx, row: &PlanRow) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SAVE)
        .bind(&row.region)
        .bind(&row.planned)
        .bind(&row.level)
        .bind(row.noted_at)
        .bind(&row.noted_by)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn forget(tx: &mut Tx, region: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(region).execute(conn).await.map(drop))?;
    Ok(())
}

/// By code.
pub async fn all(tx: &mut Tx) -> Result<Vec<PlanRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?)
}
