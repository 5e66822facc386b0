//! Cases in which a party may lack the content key, until the hub has been
//! asked who does and they have been given it.

use lapor_migrations::{Bulk, Tx, Value, on};

use super::Stored;

/// No case is noted for later than this: what is due later still was noted while the clock was ahead.
pub const LONGEST_MS: i64 = 3_600_000;

static ADD: Bulk = Bulk::new(
    "insert into keys_due (case_id, due_at, asked) values",
    3,
    "on conflict (case_id) do update set asked = keys_due.asked + 1, due_at =
        case when excluded.due_at < keys_due.due_at then excluded.due_at else keys_due.due_at end",
);

/// Notes cases, each to be looked at from a moment on (Unix ms); the earlier
/// moment wins.
pub async fn add(tx: &mut Tx, cases: impl IntoIterator<Item = (String, i64)>) -> Stored<()> {
    let mut earliest = std::collections::BTreeMap::new();
    for (case_id, due_at) in cases {
        let due = earliest.entry(case_id).or_insert(due_at);
        *due = due_at.min(*due);
    }
    let rows = earliest
        .into_iter()
        .flat_map(|(case_id, due_at)| [Value::from(case_id), due_at.into(), 1i64.into()]);
    tx.run_rows(&ADD, rows.collect()).await.map(drop)
}

/// Cases to be looked at now, with the number of the question: those that are
/// ruled, because the hub knows no others, and whose key is held. What a clock that was ahead has put
/// off is looked at now.
pub async fn due(tx: &mut Tx, now: i64, limit: i64) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select d.case_id, d.asked from keys_due d
        join cases c on c.case_id = d.case_id
        join content_keys k on k.subject = 'case:' || d.case_id
        where (d.due_at <= $1 or d.due_at > $2) and c.fold is not null
        order by d.due_at, d.case_id limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(now)
        .bind(now.saturating_add(LONGEST_MS))
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Looks at a case later, unless the question has come up again.
pub async fn put_off(tx: &mut Tx, case_id: &str, asked: i64, due_at: i64) -> Stored<()> {
    const SQL: &str = "update keys_due set due_at = $3 where case_id = $1 and asked = $2";
    on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(asked)
        .bind(due_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Nothing more is due in a case, unless the question has come up again.
pub async fn settle(tx: &mut Tx, case_id: &str, asked: i64) -> Stored<()> {
    const SQL: &str = "delete from keys_due where case_id = $1 and asked = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(asked).execute(c).await.map(drop))?;
    Ok(())
}

/// Nothing is due in a case whose keys have been erased.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from keys_due where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}
