//! Local categories with the national ones that they stand for.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Local name and national category, by name.
pub async fn all(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select local, category from local_categories order by local";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn of(tx: &mut Tx, local: &str) -> Stored<Option<String>> {
    const SQL: &str = "select category from local_categories where local = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(local).fetch_optional(c).await)?)
}

pub async fn count(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select count(*) from local_categories";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

pub async fn put(tx: &mut Tx, local: &str, category: &str) -> Stored<()> {
    const SQL: &str = "insert into local_categories (local, category) values ($1, $2)
        on conflict (local) do update set category = excluded.category";
    on!(tx, c => sqlx::query(SQL).bind(local).bind(category).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether there was one.
pub async fn remove(tx: &mut Tx, local: &str) -> Stored<bool> {
    const SQL: &str = "delete from local_categories where local = $1 returning local";
    let gone: Option<String> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(local).fetch_optional(c).await)?;
    Ok(gone.is_some())
}
