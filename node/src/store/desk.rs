//! What this desk decides for itself and tells nobody: whose desk a case lies on, what number it
//! has in the institution's own application, what has been looked at, which own acts without effect are settled, and the filters that people keep.

use lapor_migrations::{Composed, Legible, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::lists::{Limits, limit};

/// Cases that one statement names.
const AT_ONCE: usize = 500;

/// Appends which cases are meant, of those that may be seen.
fn these(query: &mut Composed, cases: &[String], limits: Limits<'_>) {
    let mut part = " where case_id in ({}";
    for case in cases {
        query.add(part, [case.as_str().into()]);
        part = ", {}";
    }
    query.add(")", []);
    limit(query, limits);
}

/// Puts cases on the desk of a unit and an officer, those that still lie on that of others where this is
/// said. Returns how many of them may be seen here and are heard of.
pub async fn assign(
    tx: &mut Tx,
    limits: Limits<'_>,
    cases: &[String],
    from: Option<[Option<&str>; 2]>,
    to: [Option<&str>; 2],
) -> Stored<u64> {
    let values = |desk: [Option<&str>; 2]| desk.map(|one| Value::from(one.map(str::to_owned)));
    let mut known = 0;
    for some in cases.chunks(AT_ONCE) {
        let mut query = Composed::new("update cases set ");
        query.add("unit = {}, officer = {}", values(to));
        these(&mut query, some, limits);
        query.add(" and left_at is null", []);
        if let Some(from) = from {
            let lies = " and unit is not distinct from {} and officer is not distinct from {}";
            query.add(lies, values(from));
        }
        known += changed(tx, query).await?;
    }
    Ok(known)
}

/// Cases on the desk of an officer that are not at their end, behind one of them in the order of their
/// ids, each with the unit where it lies.
pub async fn held_by(
    tx: &mut Tx,
    officer: &str,
    after: &str,
    most: i64,
) -> Stored<Vec<(String, Option<String>)>> {
    const SQL: &str = "select case_id, unit from cases
        where officer = $1 and tray <> 'ended' and case_id > $2 order by case_id limit $3";
    let held: Vec<(String, Legible<Option<String>>)> = on!(tx, c => sqlx::query_as(SQL)
        .bind(officer)
        .bind(after)
        .bind(most)
        .fetch_all(c)
        .await)?;
    let held = held.into_iter();
    Ok(held.map(|(case, unit)| (case, unit.text())).collect())
}

/// Notes the number that a case has in the institution's own application, or that it has none.
/// Returns whether the case may be seen here.
pub async fn number(
    tx: &mut Tx,
    limits: Limits<'_>,
    case: &str,
    number: Option<&str>,
) -> Stored<bool> {
    note(tx, "own_number = {}", limits, (case, number)).await
}

/// Notes the number of a case that has none yet.
pub async fn number_first(tx: &mut Tx, case: &str, number: &str) -> Stored<()> {
    const SQL: &str = "update cases set own_number = $2 where case_id = $1 and own_number is null";
    on!(tx, c => sqlx::query(SQL).bind(case).bind(number).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes the local category of a case, or that it has none. Returns whether the case may be seen
/// here.
pub async fn localise(
    tx: &mut Tx,
    limits: Limits<'_>,
    case: &str,
    local: Option<&str>,
) -> Stored<bool> {
    note(tx, "local_category = {}", limits, (case, local)).await
}

/// A half has the local category of the whole, where both have the same national one.
pub async fn localise_half(tx: &mut Tx, half: &str, whole: &str) -> Stored<()> {
    const SQL: &str = "update cases set local_category = (select w.local_category from cases w
            where w.case_id = $2 and w.category is not distinct from cases.category)
        where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(half).bind(whole).execute(c).await.map(drop))?;
    Ok(())
}

async fn note(
    tx: &mut Tx,
    column: &'static str,
    limits: Limits<'_>,
    (case, value): (&str, Option<&str>),
) -> Stored<bool> {
    let mut query = Composed::new("update cases set ");
    query.add(column, [value.map(str::to_owned).into()]);
    these(&mut query, &[case.to_owned()], limits);
    Ok(changed(tx, query).await? > 0)
}

/// Notes the first look at those of the cases that may be seen.
pub async fn look(tx: &mut Tx, limits: Limits<'_>, cases: &[String], at: i64) -> Stored<u64> {
    let mut looked = 0;
    for some in cases.chunks(AT_ONCE) {
        let mut query = Composed::new("update cases set ");
        query.add("looked_at = {}", [at.into()]);
        these(&mut query, some, limits);
        query.add(" and looked_at is null", []);
        looked += changed(tx, query).await?;
    }
    Ok(looked)
}

/// How many cases a statement has changed.
async fn changed(tx: &mut Tx, mut query: Composed) -> Stored<u64> {
    query.add(" returning case_id", []);
    let cases: Vec<(String,)> = tx.fetch_composed(query).await?;
    Ok(cases.len() as u64)
}

/// An own act that the hub has ruled to have no effect.
#[derive(Debug, Clone, FromRow)]
pub struct FailedRow {
    pub number: i64,
    pub message_id: String,
    pub case_id: String,
    pub kind: String,
    pub effect: String,
    pub reason: Option<String>,
    pub created_at: i64,
}

/// Own acts without effect that nobody has dropped, oldest first.
pub async fn failed(
    tx: &mut Tx,
    limits: Limits<'_>,
    after: i64,
    most: i64,
) -> Stored<Vec<FailedRow>> {
    let mut query = Composed::new(
        "select o.number, o.message_id, o.case_id, o.kind, o.effect, o.reason, o.created_at
        from outbox o join cases on cases.case_id = o.case_id
        where o.effect in ('stale', 'inapplicable', 'unauthorised') and o.dropped_at is null",
    );
    limit(&mut query, limits);
    query.add(
        " and o.number > {} order by o.number limit {}",
        [after.into(), most.into()],
    );
    tx.fetch_composed(query).await
}

/// Those of one case.
pub async fn failed_of(tx: &mut Tx, case: &str) -> Stored<Vec<FailedRow>> {
    const SQL: &str = "select number, message_id, case_id, kind, effect, reason, created_at
        from outbox
        where case_id = $1 and effect in ('stale', 'inapplicable', 'unauthorised')
            and dropped_at is null
        order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case).fetch_all(c).await)?)
}

/// Drops an own act without effect; gives its case.
pub async fn drop_failed(
    tx: &mut Tx,
    limits: Limits<'_>,
    message: &str,
    at: i64,
) -> Stored<Option<String>> {
    let mut query = Composed::new("update outbox set ");
    query.add(
        "dropped_at = {} where message_id = {}
            and effect in ('stale', 'inapplicable', 'unauthorised') and dropped_at is null
            and case_id in (select cases.case_id from cases where true",
        [at.into(), message.into()],
    );
    limit(&mut query, limits);
    query.add(") returning case_id", []);
    let dropped: Vec<(String,)> = tx.fetch_composed(query).await?;
    Ok(dropped.into_iter().next().map(|(case,)| case))
}

pub async fn put_filter(
    tx: &mut Tx,
    account: &str,
    name: &str,
    conditions: &str,
    at: i64,
) -> Stored<()> {
    const SQL: &str = "insert into saved_filters (account, name, conditions, created_at)
        values ($1, $2, $3, $4)
        on conflict (account, name) do update set conditions = excluded.conditions";
    on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(name)
        .bind(conditions)
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Names and conditions, in the order in which they were made.
pub async fn filters(tx: &mut Tx, account: &str) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select name, conditions from saved_filters
        where account = $1 order by created_at, name";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(account).fetch_all(c).await)?)
}

/// Whether there was one of this name.
pub async fn remove_filter(tx: &mut Tx, account: &str, name: &str) -> Stored<bool> {
    const SQL: &str = "delete from saved_filters where account = $1 and name = $2";
    let removed = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(name)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}
