//! Cases as this node sees them: the ruled fold, and what a list shows.

use std::collections::BTreeSet;

use lapor_migrations::{Bulk, Legible, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, FromRow)]
pub struct CaseRow {
    #[sqlx(try_from = "Legible<String>")]
    pub case_id: String,
    /// Not read by lists.
    #[sqlx(default, try_from = "Legible<Option<String>>")]
    pub fold: Option<String>,
    pub next_seq: i64,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub blocked: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub ticket: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub origin: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub custodian: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub state: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub classification: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub category: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub category_root: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub region: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub province: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub regency: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub programme_owner: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub programme_slug: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub on_behalf_of: Option<String>,
    pub anonymous: i64,
    pub secret: i64,
    pub public: i64,
    pub supports: i64,
    pub hops: i64,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub tray: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub outcome: Option<String>,
    pub erased: i64,
    pub pending: i64,
    /// Requests for the reporter's identity that wait for an answer.
    pub identity_asks: i64,
    pub filed_at: i64,
    pub updated_at: i64,
    /// Written with a new row; of one that is there it is kept with the deadlines.
    pub runs_out_at: i64,
    /// The same, or the end of the day that an assignment asks for, if that comes first.
    pub work_at: i64,
    /// Unix ms since when it waits for its reporter, or [`NEVER`].
    pub waits_since: i64,
    pub escalated: i64,
    pub copied: i64,
    /// Unix ms since when nothing more is heard of it here; `None` while this institution is a party.
    pub left_at: Option<i64>,
    /// 1: it is open, and its reporter has spoken since the last public follow-up.
    pub replied: i64,
    #[sqlx(flatten)]
    pub glance: Glance,
    #[sqlx(flatten)]
    pub local: Local,
}

/// What is read off a case's messages for lists; words among it.
#[derive(Clone, Default, PartialEq, Eq, FromRow)]
pub struct Glance {
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub title: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub place: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub excerpt: Option<String>,
    /// The last public follow-up, shortened.
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub answer: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub last_kind: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub last_author: Option<String>,
    pub last_at: Option<i64>,
    /// Kind of the last message that moved the case.
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub turn: Option<String>,
    /// 1: an institution has taken it up as a report.
    pub taken_up: i64,
    /// 1: the reporter has completed the report, and no public follow-up has come since.
    pub completed: i64,
}

/// What this desk has decided for itself; written by [`super::desk`] only.
#[derive(Debug, Clone, Default, FromRow)]
pub struct Local {
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub unit: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub officer: Option<String>,
    pub looked_at: Option<i64>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub own_number: Option<String>,
    /// In the institution's own tree.
    #[sqlx(rename = "local_category", try_from = "Legible<Option<String>>")]
    pub category: Option<String>,
}

impl std::fmt::Debug for Glance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Glance(..)")
    }
}

/// The columns of a [`CaseRow`] without its fold.
macro_rules! listed {
    () => {
        "case_id, next_seq, blocked, ticket, origin, custodian, state, classification, category,
        category_root, region, province, regency, programme_owner, programme_slug, on_behalf_of,
        anonymous, secret, public, supports, hops, tray, erased, pending, filed_at,
        updated_at, runs_out_at, work_at, title, place, excerpt, answer, last_kind, last_author, last_at, turn, unit,
        officer, looked_at, outcome, taken_up, own_number, identity_asks, local_category, waits_since, escalated, copied,
        left_at, replied, completed"
    };
}
pub(super) use listed;

pub async fn case(tx: &mut Tx, case_id: &str) -> Stored<Option<CaseRow>> {
    const SQL: &str = concat!("select fold, ", listed!(), " from cases where case_id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_optional(c).await)?)
}

static CASES: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    concat!(
        ") select fold, ",
        listed!(),
        " from cases where case_id in (select case_id from v)"
    ),
);

/// Those of the named cases that exist here.
pub async fn these(tx: &mut Tx, ids: Vec<Value>) -> Stored<Vec<CaseRow>> {
    tx.fetch_rows(&CASES, ids).await
}

static PUT: Bulk = Bulk::new(
    "insert into cases (case_id, fold, next_seq, blocked, ticket, origin, custodian, state,
        classification, category, category_root, region, province, regency, programme_owner,
        programme_slug, on_behalf_of, anonymous, secret, public, supports, hops, tray,
        erased, pending, filed_at, updated_at, title, place, excerpt, answer, last_kind,
        last_author, last_at, turn, described, runs_out_at, outcome, taken_up, work_at,
        identity_asks, waits_since, escalated, copied, left_at, replied, completed) values",
    47,
    "on conflict (case_id) do update set fold = excluded.fold, next_seq = excluded.next_seq,
        blocked = excluded.blocked, ticket = excluded.ticket, origin = excluded.origin,
        custodian = excluded.custodian, state = excluded.state,
        classification = excluded.classification, category = excluded.category,
        category_root = excluded.category_root, region = excluded.region,
        province = excluded.province, regency = excluded.regency,
        programme_owner = excluded.programme_owner, programme_slug = excluded.programme_slug,
        on_behalf_of = excluded.on_behalf_of, anonymous = excluded.anonymous,
        secret = excluded.secret, public = excluded.public,
        supports = excluded.supports, hops = excluded.hops, tray = excluded.tray,
        erased = excluded.erased, pending = excluded.pending, filed_at = excluded.filed_at,
        updated_at = excluded.updated_at, title = excluded.title, place = excluded.place,
        excerpt = excluded.excerpt, answer = excluded.answer, last_kind = excluded.last_kind,
        last_author = excluded.last_author, last_at = excluded.last_at, turn = excluded.turn,
        outcome = excluded.outcome, taken_up = excluded.taken_up,
        identity_asks = excluded.identity_asks,
        waits_since = excluded.waits_since, escalated = excluded.escalated,
        copied = excluded.copied, left_at = excluded.left_at, replied = excluded.replied,
        completed = excluded.completed,
        local_category = case
            when cases.category is not distinct from excluded.category then cases.local_category
            when cases.kept_for = excluded.category then cases.kept_local end,
        kept_local = case when excluded.pending > 0 then case
            when cases.kept_for is null and cases.category is distinct from excluded.category
            then cases.local_category else cases.kept_local end end,
        kept_for = case when excluded.pending > 0 then case
            when cases.kept_for is null and cases.category is distinct from excluded.category
                and cases.local_category is not null
            then cases.category else cases.kept_for end end",
);

/// Writes rows but for what this desk has decided for itself. A local category goes with the national
/// one for which it stands, and comes back with it where own acts turn out to be without effect.
pub async fn put(tx: &mut Tx, rows: &[CaseRow]) -> Stored<()> {
    let values = rows.iter().flat_map(stored).collect();
    tx.run_rows(&PUT, values).await.map(drop)
}

fn stored(row: &CaseRow) -> [Value; 47] {
    let Glance {
        title,
        place,
        excerpt,
        answer,
        last_kind,
        last_author,
        last_at,
        turn,
        taken_up,
        completed,
    } = row.glance.clone();
    [
        row.case_id.as_str().into(),
        row.fold.clone().into(),
        row.next_seq.into(),
        row.blocked.clone().into(),
        row.ticket.clone().into(),
        row.origin.clone().into(),
        row.custodian.clone().into(),
        row.state.clone().into(),
        row.classification.clone().into(),
        row.category.clone().into(),
        row.category_root.clone().into(),
        row.region.clone().into(),
        row.province.clone().into(),
        row.regency.clone().into(),
        row.programme_owner.clone().into(),
        row.programme_slug.clone().into(),
        row.on_behalf_of.clone().into(),
        row.anonymous.into(),
        row.secret.into(),
        row.public.into(),
        row.supports.into(),
        row.hops.into(),
        row.tray.clone().into(),
        row.erased.into(),
        row.pending.into(),
        row.filed_at.into(),
        row.updated_at.into(),
        title.into(),
        place.into(),
        excerpt.into(),
        answer.into(),
        last_kind.into(),
        last_author.into(),
        last_at.into(),
        turn.into(),
        // A row that this version writes is described; one of an older version stays to be.
        Value::from(1),
        row.runs_out_at.into(),
        row.outcome.clone().into(),
        taken_up.into(),
        // Of a new row, which nobody has been given yet.
        row.runs_out_at.into(),
        row.identity_asks.into(),
        row.waits_since.into(),
        row.escalated.into(),
        row.copied.into(),
        row.left_at.into(),
        row.replied.into(),
        completed.into(),
    ]
}

static COMPLETED: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select c.case_id from v join cases c on c.case_id = v.case_id where c.completed = 1",
);

/// Those of the named cases whose reporter has completed the report since the last public follow-up.
pub async fn completed(tx: &mut Tx, ids: Vec<Value>) -> Stored<BTreeSet<String>> {
    let rows: Vec<(String,)> = tx.fetch_rows(&COMPLETED, ids).await?;
    Ok(rows.into_iter().map(|(case,)| case).collect())
}

/// Rows of an older version, which have no words for lists yet.
pub async fn undescribed(tx: &mut Tx, limit: i64) -> Stored<Vec<CaseRow>> {
    const SQL: &str = concat!(
        "select fold, ",
        listed!(),
        " from cases where described = 0 order by case_id limit $1"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Where no clock runs.
pub const NEVER: i64 = 9_007_199_254_740_991;

static RUN_OUT: Bulk = Bulk::new(
    "with v (case_id, at) as (values",
    2,
    ") update cases set runs_out_at = v.at,
            work_at = coalesce((select a.due_at from assignments a
                where a.case_id = v.case_id and a.due_at < v.at), v.at) from v
        where cases.case_id = v.case_id and cases.runs_out_at <> v.at",
);

/// When clocks run out: case, Unix ms or [`NEVER`].
pub async fn set_runs_out(tx: &mut Tx, rows: Vec<Value>) -> Stored<()> {
    tx.run_rows(&RUN_OUT, rows).await.map(drop)
}

static DESCRIBED: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") update cases set described = 1 from v where cases.case_id = v.case_id",
);

pub async fn set_described(tx: &mut Tx, ids: Vec<Value>) -> Stored<()> {
    tx.run_rows(&DESCRIBED, ids).await.map(drop)
}

pub async fn by_ticket(tx: &mut Tx, ticket: &str) -> Stored<Option<String>> {
    const SQL: &str = "select case_id from cases where ticket = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(ticket).fetch_optional(c).await)?)
}

/// A case as far as it decides who holds its key.
#[derive(Debug, Clone, FromRow)]
pub struct Parties {
    #[sqlx(try_from = "Legible<String>")]
    pub case_id: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub fold: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
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
    let rows: Vec<(String, Legible<String>)> =
        on!(tx, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await)?;
    let rows = rows.into_iter();
    Ok(rows.map(|(case, fold)| (case, fold.text())).collect())
}

/// How many cases there are in each state, without those of which nothing more is heard here.
pub async fn counts(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select state, count(*) from cases
        where state is not null and left_at is null group by state";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// How many of them were closed in each way.
pub async fn closes(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select outcome, count(*) from cases
        where state = 'closed' and outcome is not null and left_at is null group by outcome";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
