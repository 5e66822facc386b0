//! Parts of the institution.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(FromRow)]
pub struct UnitRow {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    pub closed_at: Option<i64>,
}

pub async fn add(tx: &mut Tx, row: &UnitRow, now: i64) -> Stored<()> {
    const SQL: &str = "insert into units (id, name, parent, closed_at, created_at)
        values ($1, $2, $3, $4, $5)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.parent)
        .bind(row.closed_at)
        .bind(now)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &str) -> Stored<Option<UnitRow>> {
    const SQL: &str = "select id, name, parent, closed_at from units where id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// All units by id, each followed by its parts.
pub async fn all(tx: &mut Tx) -> Stored<Vec<UnitRow>> {
    const SQL: &str = "select id, name, parent, closed_at from units
        order by coalesce(parent, id), case when parent is null then 0 else 1 end, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// The parts of a unit, by id.
pub async fn parts(tx: &mut Tx, unit: &str) -> Stored<Vec<String>> {
    const SQL: &str = "select id from units where parent = $1 order by id";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(unit).fetch_all(c).await)?)
}

/// Says how many units that were, 0 or 1.
pub async fn rename(tx: &mut Tx, id: &str, name: &str) -> Stored<u64> {
    const SQL: &str = "update units set name = $2 where id = $1";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(name)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

pub async fn close(tx: &mut Tx, id: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update units set closed_at = $2 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether a unit has open parts or active accounts.
pub async fn in_use(tx: &mut Tx, id: &str) -> Stored<bool> {
    const SQL: &str = "select
        (select count(*) from units where parent = $1 and closed_at is null)
        + (select count(*) from accounts where unit = $1 and state = 'active')";
    let used: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(id).fetch_one(c).await)?;
    Ok(used > 0)
}
