//! How far what a provider keeps has been fetched.

use lapor_migrations::{Tx, on};

use crate::store::Stored;

/// The cursor of a line and when it was set, Unix ms.
pub async fn one(tx: &mut Tx, line: &str) -> Stored<Option<(String, i64)>> {
    const SQL: &str = "select cursor, at from channel_cursors where line = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(line).fetch_optional(c).await)?)
}

pub async fn put(tx: &mut Tx, line: &str, cursor: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into channel_cursors (line, cursor, at) values ($1, $2, $3)
        on conflict (line) do update set cursor = excluded.cursor, at = excluded.at";
    on!(tx, c => sqlx::query(SQL).bind(line).bind(cursor).bind(at).execute(c).await.map(drop))?;
    Ok(())
}
