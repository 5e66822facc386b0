//! Files that wait to be used. An open one is still arriving.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

pub const OPEN: &str = "open";
pub const READY: &str = "ready";

#[derive(Debug, Clone, FromRow)]
pub struct UploadRow {
    pub id: String,
    /// Empty until it is known.
    pub media_type: String,
    /// Bytes: as announced, then as kept.
    pub size: i64,
    pub state: String,
    /// `public` or `staff`.
    pub door: String,
}

pub async fn add(tx: &mut Tx, row: &UploadRow, at: i64) -> Stored<()> {
    const SQL: &str = "insert into uploads (id, media_type, size, state, created_at, door)
        values ($1, $2, $3, $4, $5, $6)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.media_type)
        .bind(row.size)
        .bind(&row.state)
        .bind(at)
        .bind(&row.door)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn complete(tx: &mut Tx, row: &UploadRow) -> Stored<()> {
    const SQL: &str = "update uploads set media_type = $2, size = $3, state = $4 where id = $1";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.media_type)
        .bind(row.size)
        .bind(&row.state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<UploadRow>> {
    const SQL: &str = "select id, media_type, size, state, door from uploads where id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

pub async fn remove(tx: &mut Tx, id: &str) -> Stored<u64> {
    const SQL: &str = "delete from uploads where id = $1";
    Ok(on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(|done| done.rows_affected()))?)
}

/// Bytes of all together that are here as a whole, came through a door and are kept by no draft.
pub async fn bytes(tx: &mut Tx, door: &str) -> Stored<i64> {
    const SQL: &str = "select cast(coalesce(sum(size), 0) as bigint) from uploads
        where door = $1 and state = $2
            and not exists (select 1 from answer_draft_files f where f.upload = uploads.id)";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(door).bind(READY).fetch_one(c).await)?)
}

/// Those that are still arriving, and the door of each.
pub async fn open(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select id, door from uploads where state = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(OPEN).fetch_all(c).await)?)
}

/// Those that are still arriving and were begun before a moment (Unix ms), oldest first.
pub async fn open_before(tx: &mut Tx, at: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select id from uploads where created_at < $1 and state = $2
        order by created_at, id";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(at).bind(OPEN).fetch_all(c).await)?)
}

/// Removes one that is still arriving; whether it was.
pub async fn remove_open(tx: &mut Tx, id: &str) -> Stored<bool> {
    const SQL: &str = "delete from uploads where id = $1 and state = $2";
    let removed = on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(OPEN)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}

/// Uploads begun before a moment (Unix ms) that no draft keeps, oldest first.
pub async fn before(tx: &mut Tx, at: i64, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select id from uploads where created_at < $1
            and not exists (select 1 from answer_draft_files f where f.upload = uploads.id)
        order by created_at, id limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(at).bind(limit).fetch_all(c).await)?)
}
