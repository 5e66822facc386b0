//! Receipts of the hub: lines that it has signed over what it took of the own chain, and up to where.

use lapor_migrations::{Legible, Tx, on};

use super::Stored;

pub async fn add(tx: &mut Tx, epoch: i64, from: i64, to: i64, line: &str) -> Stored<()> {
    const SQL: &str = "insert into receipts (epoch, from_seq, to_seq, line) values ($1, $2, $3, $4)
        on conflict (epoch, from_seq, to_seq) do nothing";
    on!(tx, c => sqlx::query(SQL).bind(epoch).bind(from).bind(to).bind(line).execute(c).await.map(drop))?;
    Ok(())
}

/// Receipts of an epoch that end in a range: where, and their lines.
pub async fn ending_in(tx: &mut Tx, epoch: i64, from: i64, to: i64) -> Stored<Vec<(i64, String)>> {
    const SQL: &str = "select to_seq, line from receipts
        where epoch = $1 and to_seq between $2 and $3 order by to_seq, from_seq";
    let rows: Vec<(i64, Legible<String>)> =
        on!(tx, c => sqlx::query_as(SQL).bind(epoch).bind(from).bind(to).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(to, line)| (to, line.text()))
        .collect())
}

/// The receipt that reaches furthest.
pub async fn latest(tx: &mut Tx) -> Stored<Option<String>> {
    const SQL: &str = "select line from receipts order by epoch desc, to_seq desc limit 1";
    let line: Option<Legible<String>> =
        on!(tx, c => sqlx::query_scalar(SQL).fetch_optional(c).await)?;
    Ok(line.map(Legible::text))
}
