//! Who did what at this node. Never the words of a case, never an identity.

use std::ops::Range;

use lapor_migrations::{Bulk, Tx, Value, on};

use super::Stored;

/// What somebody did.
pub struct Deed<'a> {
    pub at: i64,
    pub actor: &'a str,
    pub action: &'a str,
    pub case_id: Option<&'a str>,
    pub detail: &'a str,
}

static ADD: Bulk = Bulk::new(
    "insert into audit (number, at, actor, action, case_id, detail) values",
    6,
    "",
);

pub async fn add(
    tx: &mut Tx,
    at: i64,
    actor: &str,
    action: &str,
    case_id: Option<&str>,
    detail: &str,
) -> Stored<()> {
    let deed = Deed {
        at,
        actor,
        action,
        case_id,
        detail,
    };
    add_all(tx, &[deed]).await
}

/// Adds deeds behind those that are there, in this order.
pub async fn add_all(tx: &mut Tx, deeds: &[Deed<'_>]) -> Stored<()> {
    const LAST: &str = "select coalesce(max(number), 0) from audit";
    let last: i64 = on!(tx, c => sqlx::query_scalar(LAST).fetch_one(c).await)?;
    let values = deeds.iter().zip(last + 1..).flat_map(|(deed, number)| {
        [
            Value::from(number),
            Value::from(deed.at),
            Value::from(deed.actor),
            Value::from(deed.action),
            Value::from(deed.case_id.map(str::to_owned)),
            Value::from(deed.detail),
        ]
    });
    tx.run_rows(&ADD, values.collect()).await.map(drop)
}

/// Number, time, actor, action, case, detail.
pub type AuditRow = (i64, i64, String, String, Option<String>, String);

/// Entries before a number and within times (Unix ms), the latest first; an empty actor, action or case means any,
/// and an actor that ends with a colon all that begin so.
pub async fn page(
    tx: &mut Tx,
    before: i64,
    times: Range<i64>,
    (actor, action, case): (&str, &str, &str),
    limit: u32,
) -> Stored<Vec<AuditRow>> {
    const SQL: &str = "select number, at, actor, action, case_id, detail from audit
        where number < $1 and ($2 = '' or actor = $2
            or ($2 like '%:' and substr(actor, 1, length($2)) = $2)) and ($3 = '' or action = $3)
        and ($4 = '' or case_id = $4) and at >= $5 and at < $6 order by number desc limit $7";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(before)
        .bind(actor)
        .bind(action)
        .bind(case)
        .bind(times.start)
        .bind(times.end)
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?)
}

/// Whether somebody has worked on a case: done anything in it but asked who
/// reported, or looked it up.
pub async fn has_handled(
    tx: &mut Tx,
    case_id: &str,
    (actor, person): (&str, &str),
) -> Stored<bool> {
    const SQL: &str = "select count(*) from audit where case_id = $1
        and (actor in ($2, $3) or exists (select 1 from token_owners o
            where 'token:' || o.token = audit.actor and 'account:' || o.account = $3))
        and (action like 'case.%' or action like 'answer.%'
            or action in ('report.completed', 'counter.said'))";
    let found: i64 = on!(tx, c => sqlx::query_scalar(SQL)
        .bind(case_id)
        .bind(actor)
        .bind(person)
        .fetch_one(c)
        .await)?;
    Ok(found > 0)
}

/// Who made the messages of a case: actor and id.
pub async fn authors(tx: &mut Tx, case_id: &str) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select actor, detail from audit where case_id = $1
        and (action like 'case.%' or action like 'report.%' or action like 'identity.%')
        order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// What somebody did in a case, and how its key was replaced by a code: at, action, oldest first.
pub async fn deeds_of(tx: &mut Tx, case_id: &str, actor: &str) -> Stored<Vec<(i64, String)>> {
    const SQL: &str = "select at, action from audit
        where case_id = $1 and actor in ($2, 'recovery') order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).bind(actor).fetch_all(c).await)?)
}

/// Entries of a case about an identity: at, actor, action, detail, oldest first.
pub async fn about_identity(
    tx: &mut Tx,
    case_id: &str,
) -> Stored<Vec<(i64, String, String, String)>> {
    const SQL: &str = "select at, actor, action, detail from audit
        where case_id = $1 and action like 'identity.%' order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// What an officer did for a reporter in a case: took down their word, gave them a new key. At,
/// action, oldest first.
pub async fn said_of(tx: &mut Tx, case_id: &str, reporter: &str) -> Stored<Vec<(i64, String)>> {
    const SQL: &str = "select at, action from audit where case_id = $1
        and action in ('counter.said', 'counter.key_given') and detail like $2 order by number";
    let whose = format!("{reporter} %");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).bind(&whose).fetch_all(c).await)?)
}

/// Whether a report was filed by somebody with an account here.
pub async fn was_taken_in(tx: &mut Tx, case_id: &str) -> Stored<bool> {
    const SQL: &str = "select count(*) from audit where case_id = $1
        and action = 'report.filed' and actor like 'account:%'";
    let found: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).fetch_one(c).await)?;
    Ok(found > 0)
}

/// Actor and detail of every entry of an action, oldest first.
#[cfg(test)]
pub async fn of_action(tx: &mut Tx, action: &str) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select actor, detail from audit where action = $1 order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(action).fetch_all(c).await)?)
}
