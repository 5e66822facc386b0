//! Who did what at this node. Never the words of a case, never an identity.

use lapor_migrations::{Tx, on};

use super::Stored;

pub async fn add(
    tx: &mut Tx,
    at: i64,
    actor: &str,
    action: &str,
    case_id: Option<&str>,
    detail: &str,
) -> Stored<()> {
    const SQL: &str = "insert into audit (number, at, actor, action, case_id, detail)
        values ((select coalesce(max(number), 0) + 1 from audit), $1, $2, $3, $4, $5)";
    on!(tx, c => sqlx::query(SQL)
        .bind(at)
        .bind(actor)
        .bind(action)
        .bind(case_id)
        .bind(detail)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Actor and detail of every entry of an action, oldest first.
#[cfg(test)]
pub async fn of_action(tx: &mut Tx, action: &str) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select actor, detail from audit where action = $1 order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(action).fetch_all(c).await)?)
}
