//! What the figures of an institution are made of: a row for each case, so
//! that no figure reads a history.

use std::collections::BTreeMap;

use lapor_migrations::{Bulk, Composed, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::lists::{Limits, only_seen};
use super::terms::Overdue;

/// A case as the figures see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    pub case_id: String,
    pub origin: String,
    pub custodian: String,
    pub filed_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub outcome: Option<&'static str>,
    pub hops: i64,
    pub score: Option<i64>,
    pub noted_at: i64,
    /// This institution, where nothing more is heard here of the case: only its own work counts then.
    pub left_by: Option<String>,
}

static PUT: Bulk = Bulk::new(
    "insert into case_facts (case_id, origin, custodian, filed_at, answered_at, ended_at, outcome,
        hops, score, noted_at, left_by) values",
    11,
    "on conflict (case_id) do update set origin = excluded.origin, custodian = excluded.custodian,
        filed_at = excluded.filed_at, answered_at = excluded.answered_at,
        ended_at = excluded.ended_at, outcome = excluded.outcome, hops = excluded.hops,
        score = excluded.score, noted_at = excluded.noted_at,
        left_by = excluded.left_by",
);

/// Replaces what is known, but for what has run out.
pub async fn put(tx: &mut Tx, rows: &[FactRow]) -> Stored<()> {
    let values = rows.iter().flat_map(|row| {
        [
            Value::from(row.case_id.as_str()),
            Value::from(row.origin.as_str()),
            Value::from(row.custodian.as_str()),
            Value::from(row.filed_at),
            Value::from(row.answered_at),
            Value::from(row.ended_at),
            Value::from(row.outcome.map(str::to_owned)),
            Value::from(row.hops),
            Value::from(row.score),
            Value::from(row.noted_at),
            Value::from(row.left_by.clone()),
        ]
    });
    tx.run_rows(&PUT, values.collect()).await.map(drop)
}

static NOTE_OVERDUE: Bulk = Bulk::new(
    "with v (case_id, due_at) as (values",
    2,
    ") update case_facts set overdue_at = v.due_at from v
        where case_facts.case_id = v.case_id and case_facts.overdue_at is null",
);

/// Notes for good which clocks had run out when they were met, of cases of which facts are kept: what
/// still runs is counted by who asks.
pub async fn note_overdue(tx: &mut Tx, overdue: &Overdue) -> Stored<()> {
    if overdue.is_empty() {
        return Ok(());
    }
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for ((case, _), due) in overdue {
        let earliest = first.entry(case).or_insert(*due);
        *earliest = (*earliest).min(*due);
    }
    let values = first
        .into_iter()
        .flat_map(|(case, due)| [Value::from(case), Value::from(due)]);
    tx.run_rows(&NOTE_OVERDUE, values.collect()).await?;
    super::terms::note_overdue(tx, overdue).await
}

static FORGET: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") delete from case_facts where case_id in (select case_id from v)",
);

/// Forgets cases whose birth had no effect.
pub async fn forget(tx: &mut Tx, ids: Vec<Value>) -> Stored<()> {
    tx.run_rows(&FORGET, ids.clone()).await?;
    super::terms::forget(tx, ids).await
}

/// The sums of one institution, or of whatever else has cases in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct SumRow {
    pub whose: String,
    pub intake: i64,
    pub open: i64,
    /// Cases that it has had at some time.
    pub handled: i64,
    pub hops: i64,
    pub misrouted: i64,
    pub answered: i64,
    pub answers: i64,
    pub answer_ms: i64,
    pub confirmed: i64,
    pub officer: i64,
    pub silent: i64,
    pub archived: i64,
    pub merged: i64,
    pub close_ms: i64,
    pub overdue: i64,
    pub rated: i64,
    pub score: i64,
}

impl SumRow {
    /// Adds the sums of other cases; of whom they are stays.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.intake, other.intake),
            (&mut self.open, other.open),
            (&mut self.handled, other.handled),
            (&mut self.hops, other.hops),
            (&mut self.misrouted, other.misrouted),
            (&mut self.answered, other.answered),
            (&mut self.answers, other.answers),
            (&mut self.answer_ms, other.answer_ms),
            (&mut self.confirmed, other.confirmed),
            (&mut self.officer, other.officer),
            (&mut self.silent, other.silent),
            (&mut self.archived, other.archived),
            (&mut self.merged, other.merged),
            (&mut self.close_ms, other.close_ms),
            (&mut self.overdue, other.overdue),
            (&mut self.rated, other.rated),
            (&mut self.score, other.score),
        ] {
            *sum += more;
        }
    }
}

/// What is summed of cases by something that they have in common, up to where they stand; `$now` is
/// the place of the moment at which it is asked.
macro_rules! summed {
    ($whose:literal, $now:literal) => {
        concat!(
            "select ",
            $whose,
            " as whose, count(*) as intake,
                cast(sum(case when outcome is null then 1 else 0 end) as bigint) as open,
                cast(sum(hops) as bigint) as hops,
                cast(sum(case when hops > 0 then 1 else 0 end) as bigint) as misrouted,
                count(*) as handled, count(answered_at) as answered,
                count(answered_at) as answers,
                cast(coalesce(sum(answered_at - filed_at), 0) as bigint) as answer_ms,
                cast(sum(case when outcome = 'confirmed' then 1 else 0 end) as bigint) as confirmed,
                cast(sum(case when outcome = 'officer' then 1 else 0 end) as bigint) as officer,
                cast(sum(case when outcome = 'silence' then 1 else 0 end) as bigint) as silent,
                cast(sum(case when outcome = 'archived' then 1 else 0 end) as bigint) as archived,
                cast(sum(case when outcome = 'merged' then 1 else 0 end) as bigint) as merged,
                cast(sum(case when outcome in ('confirmed', 'officer', 'silence')
                    then ended_at - filed_at
                    else 0 end) as bigint) as close_ms,
                cast(sum(case when overdue_at is not null or case_id in
                    (select case_id from deadlines where due_at <= ",
            $now,
            ") then 1 else 0 end) as bigint) as overdue,
                count(score) as rated,
                cast(coalesce(sum(score), 0) as bigint) as score
            from "
        )
    };
}

macro_rules! sums {
    ($whose:literal, $from:literal) => {
        concat!(
            summed!($whose, "$4"),
            $from,
            " where filed_at >= $1 and filed_at < $2 and left_by is null group by ",
            $whose,
            " order by ",
            $whose
        )
    };
}

/// Appends the period in which the cases were filed, and that they may be seen.
pub(super) fn of_period(query: &mut Composed, (from, until): (i64, i64), limits: Limits<'_>) {
    query.add(
        " where f.filed_at >= {} and f.filed_at < {}",
        [from.into(), until.into()],
    );
    only_seen(query, " and f.case_id", limits);
}

/// Appends that it is heard here how a case goes on.
const HEARD: &str = " and f.left_by is null";

/// Sums over the cases that were filed from one moment until before another and may be seen, as they
/// stand at `now`, by who has them now. What nothing more is heard of here is in no sum.
pub async fn by_custodian(
    tx: &mut Tx,
    period: (i64, i64),
    limits: Limits<'_>,
    now: i64,
) -> Stored<Vec<SumRow>> {
    let mut query = Composed::new("");
    query.add(
        concat!(summed!("custodian", "{}"), "case_facts f"),
        [now.into()],
    );
    of_period(&mut query, period, limits);
    query.add(HEARD, []);
    query.add(" group by custodian order by custodian", []);
    tx.fetch_composed(query).await
}

/// The same by where they were filed.
pub async fn by_origin(
    tx: &mut Tx,
    period: (i64, i64),
    limits: Limits<'_>,
    now: i64,
) -> Stored<Vec<SumRow>> {
    let mut query = Composed::new("");
    query.add(
        concat!(summed!("origin", "{}"), "case_facts f"),
        [now.into()],
    );
    of_period(&mut query, period, limits);
    query.add(HEARD, []);
    query.add(" group by origin order by origin", []);
    tx.fetch_composed(query).await
}

/// The same by the day on which they were filed: days since 1970 in a zone that is `offset` ms
/// ahead, as text.
pub async fn by_day_of_filing(
    tx: &mut Tx,
    from: i64,
    until: i64,
    offset: i64,
    now: i64,
) -> Stored<Vec<SumRow>> {
    const SQL: &str = sums!(
        "day",
        "(select case_facts.*, cast((filed_at + $3) / 86400000 as text) as day
            from case_facts) as dated"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(from)
        .bind(until)
        .bind(offset)
        .bind(now)
        .fetch_all(c)
        .await)?)
}

/// What a case is about, or where.
#[derive(Debug, Clone, Copy)]
pub enum Sort {
    /// The first level of the taxonomy.
    Topic,
    Province,
}

/// The same by topic or province of those that have one; of *rahasia* cases or of all others.
pub async fn sorted(
    tx: &mut Tx,
    sort: Sort,
    secret: bool,
    from: i64,
    until: i64,
    now: i64,
) -> Stored<Vec<SumRow>> {
    const BY_TOPIC: &str = sums!(
        "category_root",
        "(select f.*, c.category_root from case_facts f join cases c on c.case_id = f.case_id
            where c.secret = $3 and c.category_root is not null) as sorted"
    );
    const BY_PROVINCE: &str = sums!(
        "province",
        "(select f.*, c.province from case_facts f join cases c on c.case_id = f.case_id
            where c.secret = $3 and c.province is not null) as sorted"
    );
    let sql = match sort {
        Sort::Topic => BY_TOPIC,
        Sort::Province => BY_PROVINCE,
    };
    let secret = i64::from(secret);
    Ok(on!(tx, c => sqlx::query_as(sql)
        .bind(from)
        .bind(until)
        .bind(secret)
        .bind(now)
        .fetch_all(c)
        .await)?)
}

/// The sums of one category: national, and of the institution's own tree.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CategoryRow {
    pub category: Option<String>,
    pub local_category: Option<String>,
    pub intake: i64,
    pub open: i64,
    pub answered: i64,
    pub overdue: i64,
}

/// Cases that were filed in a period and may be seen by both trees: how many, and of these open,
/// answered, and overdue at some time until now.
pub async fn by_category(
    tx: &mut Tx,
    period: (i64, i64),
    limits: Limits<'_>,
    now: i64,
) -> Stored<Vec<CategoryRow>> {
    let mut query = Composed::new(
        "select c.category, c.local_category, count(*) as intake,
            cast(sum(case when f.outcome is null then 1 else 0 end) as bigint) as open,
            count(f.answered_at) as answered",
    );
    query.add(
        ", cast(sum(case when f.overdue_at is not null or f.case_id in
                (select case_id from deadlines where due_at <= {}) then 1 else 0 end) as bigint)
                as overdue
        from cases c join case_facts f on f.case_id = c.case_id",
        [now.into()],
    );
    of_period(&mut query, period, limits);
    query.add(HEARD, []);
    query.add(
        " group by c.category, c.local_category
        order by coalesce(c.category, ''), coalesce(c.local_category, '')",
        [],
    );
    tx.fetch_composed(query).await
}

/// How many cases were filed, and came to each end, on each day since `from`: days since 1970 in
/// a zone that is `offset` ms ahead, and `filed` or the outcome.
pub async fn by_day(tx: &mut Tx, from: i64, offset: i64) -> Stored<Vec<(i64, String, i64)>> {
    const SQL: &str = "select day, what, count(*) from (
            select (filed_at + $2) / 86400000 as day, 'filed' as what from case_facts
                where filed_at >= $1 and left_by is null
            union all
            select (ended_at + $2) / 86400000 as day, outcome as what from case_facts
                where ended_at >= $1 and outcome is not null and left_by is null
        ) as happened group by day, what";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(from).bind(offset).fetch_all(c).await)?)
}
