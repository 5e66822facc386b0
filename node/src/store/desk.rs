//! What this desk decides for itself and tells nobody: whose desk a case lies on, what number it
//! has in the institution's own application, what has been looked at, which own acts without effect are settled, and the filters that people keep.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::lists::Limits;

static ASSIGN: Bulk = Bulk::new(
    "with v (case_id, unit, officer, secrets, own) as (values",
    5,
    ") update cases set unit = v.unit, officer = v.officer from v
        where cases.case_id = v.case_id and cases.tray is not null
            and (cases.secret = 0 or v.secrets = 1) and (v.own is null or cases.unit = v.own
                or cases.unit in (select u.id from units u where u.parent = v.own))",
);

/// Puts cases on the desk of a unit and an officer. Returns how many of them may be seen here.
pub async fn assign(
    tx: &mut Tx,
    limits: Limits<'_>,
    cases: &[String],
    unit: Option<&str>,
    officer: Option<&str>,
) -> Stored<u64> {
    let rows = cases.iter().flat_map(|case| {
        [
            Value::from(case.as_str()),
            unit.map(str::to_owned).into(),
            officer.map(str::to_owned).into(),
            i64::from(limits.secrets).into(),
            limits.own().map(str::to_owned).into(),
        ]
    });
    tx.run_rows(&ASSIGN, rows.collect()).await
}

/// Writes a column of a case that may be seen here.
macro_rules! note {
    ($column:literal) => {
        concat!(
            "update cases set ",
            $column,
            " = $2
        where case_id = $1 and tray is not null and (secret = 0 or $3 = 1) and ($4 is null
            or unit = $4 or unit in (select u.id from units u where u.parent = $4))"
        )
    };
}

/// Notes the number that a case has in the institution's own application, or that it has none.
/// Returns whether the case may be seen here.
pub async fn number(
    tx: &mut Tx,
    limits: Limits<'_>,
    case: &str,
    number: Option<&str>,
) -> Stored<bool> {
    note_of(tx, note!("own_number"), limits, (case, number)).await
}

/// Notes the local category of a case, or that it has none. Returns whether the case may be seen
/// here.
pub async fn localise(
    tx: &mut Tx,
    limits: Limits<'_>,
    case: &str,
    local: Option<&str>,
) -> Stored<bool> {
    note_of(tx, note!("local_category"), limits, (case, local)).await
}

/// A half has the local category of the whole, where both have the same national one.
pub async fn localise_half(tx: &mut Tx, half: &str, whole: &str) -> Stored<()> {
    const SQL: &str = "update cases set local_category = (select w.local_category from cases w
            where w.case_id = $2 and w.category is not distinct from cases.category)
        where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(half).bind(whole).execute(c).await.map(drop))?;
    Ok(())
}

async fn note_of(
    tx: &mut Tx,
    sql: &'static str,
    limits: Limits<'_>,
    (case, value): (&str, Option<&str>),
) -> Stored<bool> {
    let noted = on!(tx, c => sqlx::query(sql)
        .bind(case)
        .bind(value)
        .bind(i64::from(limits.secrets))
        .bind(limits.own())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(noted > 0)
}

static LOOK: Bulk = Bulk::new(
    "with v (case_id, at, secrets, own) as (values",
    4,
    ") update cases set looked_at = v.at from v
        where cases.case_id = v.case_id and cases.looked_at is null and cases.tray is not null
            and (cases.secret = 0 or v.secrets = 1) and (v.own is null or cases.unit = v.own
                or cases.unit in (select u.id from units u where u.parent = v.own))",
);

/// Notes the first look at those of the cases that may be seen.
pub async fn look(tx: &mut Tx, limits: Limits<'_>, cases: &[String], at: i64) -> Stored<u64> {
    let rows = cases.iter().flat_map(|case| {
        [
            Value::from(case.as_str()),
            at.into(),
            i64::from(limits.secrets).into(),
            limits.own().map(str::to_owned).into(),
        ]
    });
    tx.run_rows(&LOOK, rows.collect()).await
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
    limit: i64,
) -> Stored<Vec<FailedRow>> {
    const SQL: &str = "select o.number, o.message_id, o.case_id, o.kind, o.effect, o.reason,
            o.created_at
        from outbox o join cases c on c.case_id = o.case_id
        where o.effect in ('stale', 'inapplicable', 'unauthorised') and o.dropped_at is null
            and c.tray is not null and o.number > $1 and (c.secret = 0 or $3 = 1)
            and ($4 is null or c.unit = $4 or c.unit in (select u.id from units u where u.parent = $4))
        order by o.number limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(after)
        .bind(limit)
        .bind(i64::from(limits.secrets))
        .bind(limits.own())
        .fetch_all(c)
        .await)?)
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
    const SQL: &str = "update outbox set dropped_at = $2
        where message_id = $1 and effect in ('stale', 'inapplicable', 'unauthorised')
            and dropped_at is null and case_id in (select case_id from cases
                where tray is not null and (secret = 0 or $3 = 1) and ($4 is null or unit = $4
                    or unit in (select u.id from units u where u.parent = $4)))
        returning case_id";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(message)
        .bind(at)
        .bind(i64::from(limits.secrets))
        .bind(limits.own())
        .fetch_optional(c)
        .await)?)
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
