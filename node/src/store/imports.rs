//! Registers that were brought as files, and which cases their rows became.

use std::collections::HashSet;

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

/// A register as it is listed.
#[derive(Debug, Clone, FromRow)]
pub struct ImportRow {
    pub id: String,
    /// What its file was called.
    pub name: String,
    pub actor: String,
    pub state: String,
    /// Unix ms.
    pub made_at: i64,
    pub done_at: Option<i64>,
    pub filed: i64,
    pub left_out: i64,
}

/// Which case a row became.
#[derive(Debug, Clone, FromRow)]
pub struct FiledRow {
    pub line: i64,
    pub case_id: String,
    pub ticket: Option<String>,
    pub own_number: Option<String>,
}

macro_rules! imports {
    ($rest:literal) => {
        concat!(
            "select id, name, actor, state, made_at, done_at, filed, left_out from imports ",
            $rest
        )
    };
}

/// Keeps one that waits; says whether no other is of the same file.
pub async fn add(tx: &mut Tx, row: &ImportRow, sha256: &[u8], sheet: &[u8]) -> Stored<bool> {
    const SQL: &str = "insert into imports
            (id, name, sha256, actor, state, sheet, made_at, filed, left_out)
        values ($1, $2, $3, $4, $5, $6, $7, 0, 0) on conflict (sha256) do nothing";
    let added: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.name)
        .bind(sha256)
        .bind(&row.actor)
        .bind(&row.state)
        .bind(sheet)
        .bind(row.made_at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(added > 0)
}

pub async fn of_file(tx: &mut Tx, sha256: &[u8]) -> Stored<Option<ImportRow>> {
    const SQL: &str = imports!("where sha256 = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(sha256).fetch_optional(c).await)?)
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<ImportRow>> {
    const SQL: &str = imports!("where id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// The latest first, behind a place of that order: when one was brought, and its id.
pub async fn latest(tx: &mut Tx, (made_at, id): (i64, &str), most: i64) -> Stored<Vec<ImportRow>> {
    const SQL: &str =
        imports!("where (made_at, id) < ($1, $2) order by made_at desc, id desc limit $3");
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(made_at)
        .bind(id)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

pub async fn count_waiting(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select count(*) from imports where state = 'waiting'";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// What was read of one that waits.
pub async fn sheet(tx: &mut Tx, id: &str) -> Stored<Option<Vec<u8>>> {
    const SQL: &str = "select sheet from imports where id = $1 and state = 'waiting'";
    let found: Option<(Option<Vec<u8>>,)> =
        on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?;
    Ok(found.and_then(|(sheet,)| sheet))
}

/// What was wrong with rows that were left out.
pub async fn left_out(tx: &mut Tx, id: &str) -> Stored<Option<Vec<u8>>> {
    const SQL: &str = "select problems from imports where id = $1";
    let found: Option<(Option<Vec<u8>>,)> =
        on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?;
    Ok(found.and_then(|(problems,)| problems))
}

/// Puts another reading in the place of the one that there is; says whether it still waits.
pub async fn put_sheet(tx: &mut Tx, id: &str, sheet: &[u8]) -> Stored<bool> {
    const SQL: &str = "update imports set sheet = $2 where id = $1 and state = 'waiting'";
    let put: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(sheet)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(put > 0)
}

/// One is filed, and what was read of it goes, but for what was wrong with rows that were left out;
/// says whether it still waited.
pub async fn finish(
    tx: &mut Tx,
    id: &str,
    at: i64,
    (filed, left_out): (i64, i64),
    problems: Option<&[u8]>,
) -> Stored<bool> {
    const SQL: &str = "update imports
        set state = 'done', sheet = null, done_at = $2, filed = $3, left_out = $4, problems = $5
        where id = $1 and state = 'waiting'";
    let finished: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(at)
        .bind(filed)
        .bind(left_out)
        .bind(problems)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(finished > 0)
}

/// Forgets one that waits; says whether it did.
pub async fn drop_waiting(tx: &mut Tx, id: &str) -> Stored<bool> {
    const SQL: &str = "delete from imports where id = $1 and state = 'waiting'";
    let dropped: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(dropped > 0)
}

/// Forgets those that have waited since before a moment.
pub async fn expire(tx: &mut Tx, before: i64) -> Stored<u64> {
    const SQL: &str = "delete from imports where state = 'waiting' and made_at < $1";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(before)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

static ADD_ROWS: Bulk = Bulk::new(
    "insert into import_rows (import, line, case_id, said) values",
    4,
    "",
);

/// Notes which cases the rows of one became: each line with its case and the hash of its words.
pub async fn add_rows(tx: &mut Tx, import: &str, rows: &[(i64, String, Vec<u8>)]) -> Stored<()> {
    let values = rows.iter().flat_map(|(line, case, said)| {
        [
            Value::from(import),
            Value::from(*line),
            Value::from(case.as_str()),
            Value::from(said.as_slice()),
        ]
    });
    tx.run_rows(&ADD_ROWS, values.collect()).await.map(drop)
}

/// The cases that the rows of one became, with both their numbers.
pub async fn rows(tx: &mut Tx, import: &str) -> Stored<Vec<FiledRow>> {
    const SQL: &str = "select r.line, r.case_id, c.ticket, c.own_number
        from import_rows r left join cases c on c.case_id = r.case_id
        where r.import = $1 order by r.line";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(import).fetch_all(c).await)?)
}

static TICKETED: Bulk = Bulk::new(
    "with v (ticket) as (values",
    1,
    ") select v.ticket from v join cases c on c.ticket = v.ticket
        union select v.ticket from v join cases c on c.case_id = v.ticket",
);

/// Those of these tickets that cases here have, and those of these ids that cases here are.
pub async fn ticketed(tx: &mut Tx, tickets: Vec<Value>) -> Stored<HashSet<String>> {
    let found: Vec<(String,)> = tx.fetch_rows(&TICKETED, tickets).await?;
    Ok(found.into_iter().map(|(ticket,)| ticket).collect())
}

static NUMBERED: Bulk = Bulk::new(
    "with v (number) as (values",
    1,
    ") select distinct v.number from v join cases c
            on upper(replace(c.own_number, ' ', '')) = upper(replace(v.number, ' ', ''))
        where c.own_number is not null and c.tray is not null",
);

/// Those of these numbers of the institution's own that cases here have.
pub async fn numbered(tx: &mut Tx, numbers: Vec<Value>) -> Stored<HashSet<String>> {
    let found: Vec<(String,)> = tx.fetch_rows(&NUMBERED, numbers).await?;
    Ok(found.into_iter().map(|(number,)| number).collect())
}

static SAID: Bulk = Bulk::new(
    "with v (said) as (values",
    1,
    ") select distinct v.said from v join import_rows r on r.said = v.said",
);

/// Those of these hashes of words with which a row has been filed.
pub async fn said(tx: &mut Tx, hashes: Vec<Value>) -> Stored<HashSet<Vec<u8>>> {
    let found: Vec<(Vec<u8>,)> = tx.fetch_rows(&SAID, hashes).await?;
    Ok(found.into_iter().map(|(said,)| said).collect())
}
