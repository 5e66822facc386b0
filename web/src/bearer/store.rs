//! All SQL about bearer tokens, which both programs keep in a table of one shape: by the hash of
//! their secret; the secret itself is never stored.

use lapor_migrations::{DbError, Tx, on};

type Stored<T> = Result<T, DbError>;

/// Id, name, role, created at, revoked at.
pub type TokenRow = (String, String, String, i64, Option<i64>);

pub async fn add(
    tx: &mut Tx,
    id: &str,
    name: &str,
    role: &str,
    hash: &[u8],
    created_at: i64,
) -> Stored<()> {
    const SQL: &str = "insert into tokens (id, name, role, hash, created_at, revoked_at)
        values ($1, $2, $3, $4, $5, null)";
    on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(name)
        .bind(role)
        .bind(hash)
        .bind(created_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Name and role of the token with this hash, unless it is revoked or its owner may do nothing here.
pub async fn bearer(tx: &mut Tx, hash: &[u8]) -> Stored<Option<(String, String)>> {
    const SQL: &str = "select t.name, t.role from tokens t
        where t.hash = $1 and t.revoked_at is null and not exists (
            select 1 from token_owners o left join accounts a on a.id = o.account
            where o.token = t.name and (a.state is null or a.state <> 'active'))";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(hash).fetch_optional(c).await)?)
}

/// All tokens, oldest first, the revoked ones included.
pub async fn all(tx: &mut Tx) -> Stored<Vec<TokenRow>> {
    const SQL: &str =
        "select id, name, role, created_at, revoked_at from tokens order by created_at, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn exists(tx: &mut Tx, name: &str) -> Stored<bool> {
    const SQL: &str = "select count(*) from tokens where name = $1";
    let found: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(name).fetch_one(c).await)?;
    Ok(found > 0)
}

/// Revokes by name; says how many tokens that ended, 0 or 1.
pub async fn revoke(tx: &mut Tx, name: &str, at: i64) -> Stored<u64> {
    const SQL: &str = "update tokens set revoked_at = $2 where name = $1 and revoked_at is null";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(name)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}
