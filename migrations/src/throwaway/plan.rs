//! What SQLite means to do with a statement. It turns joins round as its guesses say, and where a guess is
//! wrong each row of a table is compared with a whole list.

use sqlx::AssertSqlSafe;

use crate::{Bulk, Tx};

/// Rows of a long list.
const MANY: usize = 256;

/// Looks that SQLite goes from a long list `v` to what belongs to it, by an index that is there.
///
/// # Panics
/// Where it does not. PostgreSQL goes by the figures of its tables, and is not asked.
pub async fn goes_from_the_list(tx: &mut Tx, bulk: &Bulk) {
    let Tx::Sqlite(transaction) = tx else {
        return;
    };
    let text = format!("explain query plan {}", bulk.list(MANY));
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(text))
        .fetch_all(&mut **transaction)
        .await
        .expect("a plan");
    let steps: Vec<&str> = steps.iter().map(|step| step.3.as_str()).collect();
    let list = steps.iter().position(|step| *step == "SCAN v");
    let table = steps.iter().position(|step| step.starts_with("SEARCH "));
    assert!(list.is_some() && list < table, "{steps:#?}");
    assert!(
        !steps.iter().any(|step| step.contains("AUTOMATIC")),
        "{steps:#?}"
    );
}
