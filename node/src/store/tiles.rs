//! A file of street tiles (MBTiles): a database of somebody else's, which is only read.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

/// Connections that read a file at once.
const READERS: u32 = 2;

/// An open file.
#[derive(Debug, Clone)]
pub struct TileFile(SqlitePool);

impl TileFile {
    pub async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(true);
        let pool = SqlitePoolOptions::new().max_connections(READERS);
        Ok(Self(pool.connect_with(connect).await?))
    }
}

/// What the file says of itself, by name.
pub async fn metadata(file: &TileFile) -> Result<Vec<(String, String)>, sqlx::Error> {
    const SQL: &str = "select name, value from metadata where value is not null";
    sqlx::query_as(SQL).fetch_all(&file.0).await
}

/// The farthest and the nearest zoom.
pub async fn zooms(file: &TileFile) -> Result<(Option<i64>, Option<i64>), sqlx::Error> {
    const SQL: &str =
        "select (select min(zoom_level) from tiles), (select max(zoom_level) from tiles)";
    sqlx::query_as(SQL).fetch_one(&file.0).await
}

/// A tile by zoom, column and row, counted from the south.
pub async fn tile(
    file: &TileFile,
    (zoom, column, row): (u8, u32, u32),
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    const SQL: &str = "select tile_data from tiles
        where zoom_level = $1 and tile_column = $2 and tile_row = $3";
    sqlx::query_scalar(SQL)
        .bind(i64::from(zoom))
        .bind(i64::from(column))
        .bind(i64::from(row))
        .fetch_optional(&file.0)
        .await
}

/// Whether there is such a tile.
pub async fn has(
    file: &TileFile,
    (zoom, column, row): (u8, u32, u32),
) -> Result<bool, sqlx::Error> {
    const SQL: &str = "select exists (select 1 from tiles
        where zoom_level = $1 and tile_column = $2 and tile_row = $3)";
    sqlx::query_scalar(SQL)
        .bind(i64::from(zoom))
        .bind(i64::from(column))
        .bind(i64::from(row))
        .fetch_one(&file.0)
        .await
}

/// Makes a file with what it says of itself and its tiles.
#[cfg(test)]
pub async fn make(
    path: &Path,
    told: &[(&str, &str)],
    tiles: &[(i64, i64, i64, &[u8])],
) -> Result<(), sqlx::Error> {
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let pool = SqlitePoolOptions::new().connect_with(connect).await?;
    for sql in [
        "create table metadata (name text, value text)",
        "create table tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)",
    ] {
        sqlx::query(sql).execute(&pool).await?;
    }
    for (name, value) in told {
        sqlx::query("insert into metadata (name, value) values ($1, $2)")
            .bind(*name)
            .bind(*value)
            .execute(&pool)
            .await?;
    }
    for (zoom, column, row, bytes) in tiles {
        sqlx::query("insert into tiles values ($1, $2, $3, $4)")
            .bind(zoom)
            .bind(column)
            .bind(row)
            .bind(*bytes)
            .execute(&pool)
            .await?;
    }
    pool.close().await;
    Ok(())
}
