//! Second factors and what replaces them. Secrets come sealed, codes hashed.

use lapor_migrations::{Bulk, Tx, Value, on};

use super::Stored;

static ADD_CODES: Bulk = Bulk::new("insert into recovery_codes (account, hash) values", 2, "");

/// Keeps a secret that has been shown and not confirmed.
pub async fn offer(tx: &mut Tx, account: &str, sealed: &[u8]) -> Stored<()> {
    const SQL: &str = "update accounts set factor_offered = $2 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(account).bind(sealed).execute(c).await.map(drop))?;
    Ok(())
}

/// Puts what was offered into force; `step` is that of the code that confirmed it.
pub async fn confirm(tx: &mut Tx, account: &str, step: i64, now: i64) -> Stored<()> {
    const SQL: &str = "update accounts set factor = factor_offered, factor_offered = null,
        factor_step = $2, changed_at = $3 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(account).bind(step).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes the code of a step, unless one of that step or a later one has been taken.
pub async fn take_step(tx: &mut Tx, account: &str, step: i64) -> Stored<bool> {
    const SQL: &str = "update accounts set factor_step = $2 where id = $1 and factor_step < $2";
    let taken = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(step)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(taken == 1)
}

/// Takes the second factor away; the recovery codes go with it.
pub async fn remove(tx: &mut Tx, account: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update accounts set factor = null, factor_offered = null, changed_at = $2
        where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(account).bind(now).execute(c).await.map(drop))?;
    remove_codes(tx, account).await
}

/// Replaces all recovery codes.
pub async fn set_codes(tx: &mut Tx, account: &str, hashes: &[[u8; 32]]) -> Stored<()> {
    remove_codes(tx, account).await?;
    let values = hashes
        .iter()
        .flat_map(|hash| [Value::from(account), Value::from(&hash[..])]);
    tx.run_rows(&ADD_CODES, values.collect()).await.map(drop)
}

/// Uses a recovery code up.
pub async fn take_code(tx: &mut Tx, account: &str, hash: &[u8]) -> Stored<bool> {
    const SQL: &str = "delete from recovery_codes where account = $1 and hash = $2";
    let taken = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(hash)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(taken == 1)
}

/// How many recovery codes are left.
pub async fn codes_left(tx: &mut Tx, account: &str) -> Stored<i64> {
    const SQL: &str = "select count(*) from recovery_codes where account = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(account).fetch_one(c).await)?)
}

async fn remove_codes(tx: &mut Tx, account: &str) -> Stored<()> {
    const SQL: &str = "delete from recovery_codes where account = $1";
    on!(tx, c => sqlx::query(SQL).bind(account).execute(c).await.map(drop))?;
    Ok(())
}
