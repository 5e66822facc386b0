//! Who an account is at the institution's provider of identities.

use lapor_migrations::{Tx, on};

use super::Stored;

/// The account of a subject.
pub async fn account(tx: &mut Tx, issuer: &str, subject: &str) -> Stored<Option<String>> {
    const SQL: &str = "select account from account_subjects where issuer = $1 and subject = $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(issuer)
        .bind(subject)
        .fetch_optional(c)
        .await)?)
}

/// The provider at which an account is somebody.
pub async fn issuer(tx: &mut Tx, account: &str) -> Stored<Option<String>> {
    const SQL: &str = "select issuer from account_subjects where account = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(account).fetch_optional(c).await)?)
}

/// Notes who an account is; what was noted of another provider is forgotten.
pub async fn bind(tx: &mut Tx, account: &str, issuer: &str, subject: &str) -> Stored<()> {
    const SQL: &str = "insert into account_subjects (account, issuer, subject) values ($1, $2, $3)
        on conflict (account) do update set issuer = excluded.issuer, subject = excluded.subject";
    on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(issuer)
        .bind(subject)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The next log-in notes anew who the account is.
pub async fn forget(tx: &mut Tx, account: &str) -> Stored<()> {
    const SQL: &str = "delete from account_subjects where account = $1";
    on!(tx, c => sqlx::query(SQL).bind(account).execute(c).await.map(drop))?;
    Ok(())
}
