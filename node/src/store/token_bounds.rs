//! To which cases tokens are bounded.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Adds one bound of a token.
pub async fn add(tx: &mut Tx, token: &str, sort: &str, value: &str) -> Stored<()> {
    const SQL: &str = "insert into token_bounds (token, sort, value) values ($1, $2, $3)";
    on!(tx, c => sqlx::query(SQL).bind(token).bind(sort).bind(value).execute(c).await.map(drop))?;
    Ok(())
}

/// The bounds of a token: sort and value.
pub async fn of(tx: &mut Tx, token: &str) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select sort, value from token_bounds where token = $1 order by sort, value";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(token).fetch_all(c).await)?)
}
