//! Who there is.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

/// One account. It prints nothing: it holds a hash and a sealed secret.
#[derive(FromRow)]
pub struct AccountRow {
    pub id: String,
    pub login: String,
    pub name: String,
    pub role: String,
    pub unit: Option<String>,
    pub state: String,
    pub password: Option<String>,
    pub factor: Option<Vec<u8>>,
    pub factor_offered: Option<Vec<u8>>,
    pub factor_step: i64,
    pub created_at: i64,
    pub changed_at: i64,
}

pub async fn add(tx: &mut Tx, row: &AccountRow) -> Stored<()> {
    const SQL: &str = "insert into accounts (id, login, name, role, unit, state, password, factor_step, created_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.login)
        .bind(&row.name)
        .bind(&row.role)
        .bind(&row.unit)
        .bind(&row.state)
        .bind(&row.password)
        .bind(row.factor_step)
        .bind(row.created_at)
        .bind(row.changed_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: &str) -> Stored<Option<AccountRow>> {
    const SQL: &str = "select * from accounts where id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

pub async fn by_login(tx: &mut Tx, login: &str) -> Stored<Option<AccountRow>> {
    const SQL: &str = "select * from accounts where login = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(login).fetch_optional(c).await)?)
}

/// All accounts by name, the disabled ones included.
pub async fn all(tx: &mut Tx) -> Stored<Vec<AccountRow>> {
    const SQL: &str = "select * from accounts order by name, id";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// What an administrator may change; says how many rows that were, 0 or 1.
pub async fn change(
    tx: &mut Tx,
    id: &str,
    (login, name): (&str, &str),
    (role, unit): (&str, Option<&str>),
    now: i64,
) -> Stored<u64> {
    const SQL: &str =
        "update accounts set login = $2, name = $3, role = $4, unit = $5, changed_at = $6
        where id = $1";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(login)
        .bind(name)
        .bind(role)
        .bind(unit)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

pub async fn set_state(tx: &mut Tx, id: &str, state: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update accounts set state = $2, changed_at = $3 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(state).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Sets the hash of the password, or takes the password away.
pub async fn set_password(tx: &mut Tx, id: &str, hash: Option<&str>, now: i64) -> Stored<()> {
    const SQL: &str = "update accounts set password = $2, changed_at = $3 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(hash).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Replaces the hash of the same password, unless the password has been changed meanwhile.
pub async fn rehash(tx: &mut Tx, id: &str, before: &str, after: &str) -> Stored<()> {
    const SQL: &str = "update accounts set password = $3 where id = $1 and password = $2";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(before).bind(after).execute(c).await.map(drop))?;
    Ok(())
}

/// Id and role of all active accounts.
pub async fn active_roles(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select id, role from accounts where state = 'active'";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
