//! The institution's own categories with the national ones that they stand for, and what they were.

use lapor_migrations::{Bulk, Tx, Value, on};

use super::Stored;

/// Local name and national category, in the order of the tree.
pub async fn all(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select local, category from local_categories order by place, local";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn of(tx: &mut Tx, local: &str) -> Stored<Option<String>> {
    const SQL: &str = "select category from local_categories where local = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(local).fetch_optional(c).await)?)
}

static ADD: Bulk = Bulk::new(
    "insert into local_categories (local, category, place) values",
    3,
    "",
);

/// Puts a tree in the place of the one that there is.
pub async fn replace(tx: &mut Tx, tree: &[(String, String)]) -> Stored<()> {
    const CLEAR: &str = "delete from local_categories";
    on!(tx, c => sqlx::query(CLEAR).execute(c).await.map(drop))?;
    let rows = tree
        .iter()
        .zip(0_i64..)
        .flat_map(|((local, category), place)| {
            [
                Value::from(local.as_str()),
                category.as_str().into(),
                place.into(),
            ]
        });
    tx.run_rows(&ADD, rows.collect()).await.map(drop)
}

/// The number of the last edition, 0 before the first, and when it was made (Unix ms).
pub async fn last_edition(tx: &mut Tx) -> Stored<(i64, Option<i64>)> {
    const SQL: &str = "select number, at from local_editions order by number desc limit 1";
    let last: Option<(i64, i64)> = on!(tx, c => sqlx::query_as(SQL).fetch_optional(c).await)?;
    Ok(last.map_or((0, None), |(number, at)| (number, Some(at))))
}

/// Keeps an edition, and forgets those before the last `kept`.
pub async fn add_edition(
    tx: &mut Tx,
    (number, at, actor): (i64, i64, &str),
    categories: &str,
    kept: i64,
) -> Stored<()> {
    const SQL: &str = "insert into local_editions (number, at, actor, categories)
        values ($1, $2, $3, $4)";
    const OLD: &str = "delete from local_editions where number <= $1";
    on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .bind(at)
        .bind(actor)
        .bind(categories)
        .execute(c)
        .await
        .map(drop))?;
    on!(tx, c => sqlx::query(OLD).bind(number - kept).execute(c).await.map(drop))?;
    Ok(())
}

/// Number, Unix ms and actor of the editions that are kept, latest first.
pub async fn editions(tx: &mut Tx) -> Stored<Vec<(i64, i64, String)>> {
    const SQL: &str = "select number, at, actor from local_editions order by number desc";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// The categories of one of them, JSON.
pub async fn edition(tx: &mut Tx, number: i64) -> Stored<Option<String>> {
    const SQL: &str = "select categories from local_editions where number = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_optional(c).await)?)
}
