//! Cases as this node sees them: the ruled fold, and what a list shows.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, FromRow)]
pub struct CaseRow {
    pub case_id: String,
    pub fold: Option<String>,
    pub next_seq: i64,
    pub blocked: Option<String>,
    pub ticket: Option<String>,
    pub origin: Option<String>,
    pub custodian: Option<String>,
    pub state: Option<String>,
    pub classification: Option<String>,
    pub category: Option<String>,
    pub region: Option<String>,
    pub on_behalf_of: Option<String>,
    pub secret: i64,
    pub erased: i64,
    pub pending: i64,
    pub filed_at: i64,
    pub updated_at: i64,
}

pub async fn case(tx: &mut Tx, case_id: &str) -> Stored<Option<CaseRow>> {
    const SQL: &str = "select case_id, fold, next_seq, blocked, ticket, origin, custodian, state,
            classification, category, region, on_behalf_of, secret, erased, pending, filed_at, updated_at
        from cases where case_id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_optional(c).await)?)
}

static CASES: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select c.case_id, c.fold, c.next_seq, c.blocked, c.ticket, c.origin, c.custodian, c.state,
        c.classification, c.category, c.region, c.on_behalf_of, c.secret, c.erased, c.pending, c.filed_at,
        c.updated_at
    from cases c join v on v.case_id = c.case_id",
);

/// Those of the named cases that exist here.
pub async fn these(tx: &mut Tx, ids: Vec<Value>) -> Stored<Vec<CaseRow>> {
    tx.fetch_rows(&CASES, ids).await
}

static PUT: Bulk = Bulk::new(
    "insert into cases (case_id, fold, next_seq, blocked, ticket, origin, custodian, state,
        classification, category, region, on_behalf_of, secret, erased, pending, filed_at, updated_at) values",
    17,
    "on conflict (case_id) do update set fold = excluded.fold, next_seq = excluded.next_seq,
        blocked = excluded.blocked, ticket = excluded.ticket, origin = excluded.origin,
        custodian = excluded.custodian, state = excluded.state,
        classification = excluded.classification, category = excluded.category,
        region = excluded.region, on_behalf_of = excluded.on_behalf_of, secret = excluded.secret,
        erased = excluded.erased,
        pending = excluded.pending, filed_at = excluded.filed_at, updated_at = excluded.updated_at",
);

pub async fn put(tx: &mut Tx, rows: &[CaseRow]) -> Stored<()> {
    let values = rows
        .iter()
        .flat_map(|row| {
            [
                Value::from(row.case_id.as_str()),
                Value::from(row.fold.clone()),
                Value::from(row.next_seq),
                Value::from(row.blocked.clone()),
                Value::from(row.ticket.clone()),
                Value::from(row.origin.clone()),
                Value::from(row.custodian.clone()),
                Value::from(row.state.clone()),
                Value::from(row.classification.clone()),
                Value::from(row.category.clone()),
                Value::from(row.region.clone()),
                Value::from(row.on_behalf_of.clone()),
                Value::from(row.secret),
                Value::from(row.erased),
                Value::from(row.pending),
                Value::from(row.filed_at),
                Value::from(row.updated_at),
            ]
        })
        .collect();
    tx.run_rows(&PUT, values).await.map(drop)
}

pub async fn by_ticket(tx: &mut Tx, ticket: &str) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from cases where ticket = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(ticket).fetch_optional(c).await)?)
}

/// A condition of a list; `None` means any.
pub struct Conditions<'a> {
    pub state: Option<&'a str>,
    pub custodian: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub on_behalf_of: Option<&'a str>,
    /// Rows that come after this one in the list's order.
    pub before_updated: i64,
    pub before_case: &'a str,
}

/// Latest first; born cases only.
pub async fn list(tx: &mut Tx, wanted: &Conditions<'_>, limit: i64) -> Stored<Vec<CaseRow>> {
    const SQL: &str = "select case_id, fold, next_seq, blocked, ticket, origin, custodian, state,
            classification, category, region, on_behalf_of, secret, erased, pending, filed_at, updated_at
        from cases
        where state is not null
            and (updated_at < $1 or (updated_at = $1 and case_id < $2))
            and (cast($3 as text) is null or state = $3)
            and (cast($4 as text) is null or custodian = $4)
            and (cast($5 as text) is null or origin = $5)
            and (cast($6 as text) is null or on_behalf_of = $6)
        order by updated_at desc, case_id desc limit $7";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(wanted.before_updated)
        .bind(wanted.before_case)
        .bind(wanted.state)
        .bind(wanted.custodian)
        .bind(wanted.origin)
        .bind(wanted.on_behalf_of)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// A case as far as it decides who holds its key.
#[derive(Debug, Clone, FromRow)]
pub struct Parties {
    pub case_id: String,
    pub fold: Option<String>,
    pub origin: Option<String>,
    pub pending: i64,
}

/// Every case, a page after `after`.
pub async fn parties(tx: &mut Tx, after: &str, limit: i64) -> Stored<Vec<Parties>> {
    const SQL: &str = "select case_id, fold, origin, pending from cases
        where case_id > $1 and erased = 0 order by case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await)?)
}

/// Cases whose key this node lacks, a page after `after`.
pub async fn without_key(tx: &mut Tx, after: &str, limit: i64) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select c.case_id, c.fold from cases c
        left join content_keys k on k.subject = 'case:' || c.case_id
        where c.fold is not null and c.erased = 0 and k.subject is null and c.case_id > $1
        order by c.case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await)?)
}

pub async fn counts(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select state, count(*) from cases where state is not null group by state";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
