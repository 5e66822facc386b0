//! What tokens may do where that is no role, until when they are good, and when they were used.

use lapor_migrations::{Tx, on};

use super::Stored;

/// A token by its secret: name, role, until when it is good and when it was used, Unix ms.
pub type KnownRow = (String, String, Option<i64>, Option<i64>);

/// Adds one scope of a token.
pub async fn add(tx: &mut Tx, token: &str, scope: &str) -> Stored<()> {
    const SQL: &str = "insert into token_scopes (token, scope) values ($1, $2)";
    on!(tx, c => sqlx::query(SQL).bind(token).bind(scope).execute(c).await.map(drop))?;
    Ok(())
}

/// The scopes of a token.
pub async fn of(tx: &mut Tx, token: &str) -> Stored<Vec<String>> {
    const SQL: &str = "select scope from token_scopes where token = $1 order by scope";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(token).fetch_all(c).await)?)
}

/// The token with this hash, unless it is revoked or its owner may do nothing here.
pub async fn known(tx: &mut Tx, hash: &[u8]) -> Stored<Option<KnownRow>> {
    const SQL: &str = "select t.name, t.role, t.expires_at, t.used_at from tokens t
        where t.hash = $1 and t.revoked_at is null and not exists (
            select 1 from token_owners o left join accounts a on a.id = o.account
            where o.token = t.name and (a.state is null or a.state <> 'active'))";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(hash).fetch_optional(c).await)?)
}

/// Sets until when a token is good.
pub async fn ends(tx: &mut Tx, token: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update tokens set expires_at = $2 where name = $1";
    on!(tx, c => sqlx::query(SQL).bind(token).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes that a token was used.
pub async fn used(tx: &mut Tx, token: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update tokens set used_at = $2 where name = $1";
    on!(tx, c => sqlx::query(SQL).bind(token).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Every scope of every token.
pub async fn all(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select token, scope from token_scopes order by token, scope";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Of every token, until when it is good and when it was used.
pub async fn times(tx: &mut Tx) -> Stored<Vec<(String, Option<i64>, Option<i64>)>> {
    const SQL: &str = "select name, expires_at, used_at from tokens";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
