//! Whose tokens are, where somebody owns them.

use lapor_migrations::{DbError, Tx, on};

type Stored<T> = Result<T, DbError>;

/// Notes whose a token is, once and for good.
pub async fn add(tx: &mut Tx, token: &str, account: &str) -> Stored<()> {
    const SQL: &str = "insert into token_owners (token, account) values ($1, $2)";
    on!(tx, c => sqlx::query(SQL).bind(token).bind(account).execute(c).await.map(drop))?;
    Ok(())
}

/// The account that owns a token.
pub async fn of(tx: &mut Tx, token: &str) -> Stored<Option<String>> {
    const SQL: &str = "select account from token_owners where token = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(token).fetch_optional(c).await)?)
}

/// The same with its role, if it may log in still.
pub async fn active(tx: &mut Tx, token: &str) -> Stored<Option<(String, String)>> {
    const SQL: &str = "select a.id, a.role from token_owners o join accounts a on a.id = o.account
        where o.token = $1 and a.state = 'active'";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(token).fetch_optional(c).await)?)
}

/// Tokens that open nothing, because their owner may do nothing here.
pub async fn disabled(tx: &mut Tx) -> Stored<Vec<String>> {
    const SQL: &str = "select o.token from token_owners o left join accounts a on a.id = o.account
        where a.state is null or a.state <> 'active' order by o.token";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_all(c).await)?)
}

/// Tokens that somebody owns, each with the login of the account.
pub async fn logins(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select o.token, a.login from token_owners o
        join accounts a on a.id = o.account order by o.token";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// The same, each with the role of the account.
pub async fn roles(tx: &mut Tx) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select o.token, a.role from token_owners o
        join accounts a on a.id = o.account order by o.token";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
