//! Requests of cities' own Open311 services, and how it goes with each city.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

/// When nothing is due for a request by itself.
pub const NEVER: i64 = i64::MAX >> 10;

/// A request, followed as a case or fed from one.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RequestRow {
    pub id: String,
    pub city: String,
    pub way: String,
    pub state: String,
    /// Its number there.
    pub request: Option<String>,
    pub case_id: Option<String>,
    /// With what it was answered while it has no number.
    pub token: Option<String>,
    /// As it was told there last.
    pub status: Option<String>,
    /// SHA-256 of what was said of it.
    pub notes: Option<Vec<u8>>,
    /// How often something of it was told here.
    pub turns: i64,
    pub since: i64,
    /// When it was sent last; whether it arrived may not be known.
    pub asked_at: Option<i64>,
    pub due_at: i64,
    pub seen_at: i64,
    pub changed_at: i64,
    pub problem: Option<String>,
}

/// How it goes with a city.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct LineRow {
    pub begun_at: i64,
    pub fetched_until: i64,
    pub contact_at: Option<i64>,
    pub troubled_since: Option<i64>,
    pub problem: Option<String>,
}

/// Which cases are fed.
pub struct Feed<'a> {
    pub city: &'a str,
    pub custodian: &'a str,
    /// A category, or a first level with all below it.
    pub category: &'a str,
    /// Unix ms.
    pub filed_from: i64,
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, city, way, state, request, case_id, token, status, notes, turns, since,
                asked_at, due_at, seen_at, changed_at, problem ",
            $after
        )
    };
}

macro_rules! linked {
    ($before:literal) => {
        columns!(
            $before,
            "from city_requests
            where city = $1 and state = 'linked' and (changed_at, id) < ($2, $3)
            order by changed_at desc, id desc limit $4"
        )
    };
}

/// Adds a request. Of one that stood there without a case only the case is new. Whether it was added:
/// a request and a case are taken once.
pub async fn add(tx: &mut Tx, row: &RequestRow) -> Stored<bool> {
    const SQL: &str = columns!(
        "insert into city_requests (",
        ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (city, request) do update set case_id = excluded.case_id,
            state = excluded.state, status = excluded.status, notes = excluded.notes,
            seen_at = excluded.seen_at, changed_at = excluded.changed_at,
            due_at = excluded.due_at, problem = null
        where city_requests.case_id is null returning id"
    );
    let added: Option<String> = on!(tx, c => sqlx::query_scalar(SQL)
        .bind(&row.id)
        .bind(&row.city)
        .bind(&row.way)
        .bind(&row.state)
        .bind(&row.request)
        .bind(&row.case_id)
        .bind(&row.token)
        .bind(&row.status)
        .bind(&row.notes)
        .bind(row.turns)
        .bind(row.since)
        .bind(row.asked_at)
        .bind(row.due_at)
        .bind(row.seen_at)
        .bind(row.changed_at)
        .bind(&row.problem)
        .fetch_optional(c)
        .await)?;
    Ok(added.is_some())
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<RequestRow>> {
    const SQL: &str = columns!("select", "from city_requests where id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// The request of a number.
pub async fn by_request(tx: &mut Tx, city: &str, request: &str) -> Stored<Option<RequestRow>> {
    const SQL: &str = columns!(
        "select",
        "from city_requests where city = $1 and request = $2"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(city).bind(request).fetch_optional(c).await)?)
}

/// The request that a case is at a city.
pub async fn by_case(tx: &mut Tx, city: &str, case: &str) -> Stored<Option<RequestRow>> {
    const SQL: &str = columns!(
        "select",
        "from city_requests where city = $1 and case_id = $2"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(city).bind(case).fetch_optional(c).await)?)
}

/// Requests in a state for which something is due, the oldest first.
pub async fn due(
    tx: &mut Tx,
    city: &str,
    state: &str,
    now: i64,
    most: i64,
) -> Stored<Vec<RequestRow>> {
    const SQL: &str = columns!(
        "select",
        "from city_requests where city = $1 and state = $2 and due_at <= $3
        order by since, id limit $4"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(city)
        .bind(state)
        .bind(now)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// Requests that are linked with cases, the latest changed first, behind a place of that order: when
/// one was changed, and its id.
pub async fn linked(
    tx: &mut Tx,
    city: &str,
    (changed_at, id): (i64, &str),
    most: i64,
) -> Stored<Vec<RequestRow>> {
    const SQL: &str = linked!("select");
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(city)
        .bind(changed_at)
        .bind(id)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// How often something of its linked requests was told on cases here, and with how many of them
/// something is the matter.
pub async fn count_told(tx: &mut Tx, city: &str) -> Stored<(i64, i64)> {
    const SQL: &str = "select cast(coalesce(sum(turns), 0) as bigint), count(problem)
        from city_requests where city = $1 and state = 'linked'";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(city).fetch_one(c).await)?)
}

/// Requests with a number and a case that were not looked at since a moment, and are open or have
/// changed since another.
pub async fn unseen(
    tx: &mut Tx,
    city: &str,
    (seen_before, changed_from): (i64, i64),
    most: i64,
) -> Stored<Vec<RequestRow>> {
    const SQL: &str = columns!(
        "select",
        "from city_requests where city = $1 and state = 'linked' and seen_at < $2
            and (status is null or status = 'open' or changed_at >= $3)
        order by seen_at, id limit $4"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(city)
        .bind(seen_before)
        .bind(changed_from)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// Notes that a request was looked at, and what is the matter with it, if anything.
pub async fn seen(tx: &mut Tx, id: &str, now: i64, problem: Option<&str>) -> Stored<()> {
    const SQL: &str = "update city_requests set seen_at = $2, problem = $3 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(now).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes what a request is like there from now on, once it was told here; whether nobody else has.
pub async fn told(
    tx: &mut Tx,
    row: &RequestRow,
    status: &str,
    notes: Option<&[u8]>,
    now: i64,
) -> Stored<bool> {
    const SQL: &str = "update city_requests set status = $3, notes = $4, turns = turns + 1,
            seen_at = $5, changed_at = $5, problem = null
        where id = $1 and turns = $2";
    let told = on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(row.turns)
        .bind(status)
        .bind(notes)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(told == 1)
}

/// Takes a request in order to send it; whether nobody else has.
pub async fn claim(tx: &mut Tx, row: &RequestRow, now: i64, until: i64) -> Stored<bool> {
    const SQL: &str = "update city_requests set state = 'sending', asked_at = $4, due_at = $5
        where id = $1 and state = $2 and due_at = $3";
    let claimed = on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.state)
        .bind(row.due_at)
        .bind(now)
        .bind(until)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(claimed == 1)
}

/// What became of a request.
pub async fn settle(
    tx: &mut Tx,
    id: &str,
    state: &str,
    due_at: i64,
    problem: Option<&str>,
) -> Stored<()> {
    const SQL: &str =
        "update city_requests set state = $2, due_at = $3, problem = $4 where id = $1";
    on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(state)
        .bind(due_at)
        .bind(problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The same, unless something else became of it since its row was read.
pub async fn settle_as_read(
    tx: &mut Tx,
    row: &RequestRow,
    state: &str,
    due_at: i64,
    problem: Option<&str>,
) -> Stored<()> {
    const SQL: &str = "update city_requests set state = $4, due_at = $5, problem = $6
        where id = $1 and state = $2 and due_at = $3";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.state)
        .bind(row.due_at)
        .bind(state)
        .bind(due_at)
        .bind(problem)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// It was answered with a token, which tells the number later.
pub async fn promise(tx: &mut Tx, id: &str, token: &str, due_at: i64) -> Stored<()> {
    const SQL: &str = "update city_requests set state = 'token', token = $2, due_at = $3,
            problem = null
        where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(token).bind(due_at).execute(c).await.map(drop))?;
    Ok(())
}

/// It has a number there.
pub async fn link(tx: &mut Tx, id: &str, request: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update city_requests set state = 'linked', request = $2, status = 'open',
            due_at = $4, changed_at = $3, problem = null
        where id = $1";
    on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(request)
        .bind(now)
        .bind(NEVER)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Cases that are to be fed and are not, the oldest first: public, open and with us, in a category,
/// and never a request of any city themselves.
pub async fn to_feed(tx: &mut Tx, feed: &Feed<'_>, most: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from cases
        where custodian = $1 and state in ('verified', 'in_progress') and public = 1
            and (category = $2 or category_root = $2) and filed_at >= $3
            and not exists (select 1 from city_requests r
                where r.case_id = cases.case_id and (r.city = $4 or r.way = 'followed'))
        order by filed_at, case_id limit $5";
    Ok(on!(tx, c => sqlx::query_scalar(SQL)
        .bind(feed.custodian)
        .bind(feed.category)
        .bind(feed.filed_from)
        .bind(feed.city)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// How many requests there are of each city, way, state and status.
pub async fn count(tx: &mut Tx) -> Stored<Vec<(String, String, String, Option<String>, i64)>> {
    const SQL: &str = "select city, way, state, status, count(*) from city_requests
        group by city, way, state, status order by city, way, state, status";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Requests that are linked with a case, known since each of three moments, the last of which is the
/// earliest: city, way, and how many.
pub async fn count_since(
    tx: &mut Tx,
    since: [i64; 3],
) -> Stored<Vec<(String, String, i64, i64, i64)>> {
    const SQL: &str = "select city, way, count(case when since >= $1 then 1 end),
            count(case when since >= $2 then 1 end), count(*)
        from city_requests where since >= $3 and state = 'linked'
        group by city, way order by city, way";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(since[0])
        .bind(since[1])
        .bind(since[2])
        .fetch_all(c)
        .await)?)
}

/// What waits at a city or for a person, the oldest first.
pub async fn stuck(tx: &mut Tx, city: &str, most: i64) -> Stored<Vec<RequestRow>> {
    const SQL: &str = columns!(
        "select",
        "from city_requests where city = $1 and state <> 'dropped'
            and (state <> 'linked' or problem is not null)
        order by since, id limit $2"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(city).bind(most).fetch_all(c).await)?)
}

/// How many wait for a person.
pub async fn count_refused(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select count(*) from city_requests where state in ('refused', 'left')";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// Since when the fed case has waited that has longest.
pub async fn oldest_waiting(tx: &mut Tx, city: &str) -> Stored<Option<i64>> {
    const SQL: &str = "select min(since) from city_requests
        where city = $1 and state in ('waiting', 'sending')";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(city).fetch_one(c).await)?)
}

/// How it goes with a city; one that is new begins at a moment.
pub async fn line(tx: &mut Tx, city: &str, begun_at: i64) -> Stored<LineRow> {
    const NEW: &str = "insert into city_lines (city, begun_at, fetched_until)
        values ($1, $2, $2) on conflict (city) do nothing";
    const SQL: &str = "select begun_at, fetched_until, contact_at, troubled_since, problem
        from city_lines where city = $1";
    on!(tx, c => sqlx::query(NEW).bind(city).bind(begun_at).execute(c).await.map(drop))?;
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(city).fetch_one(c).await)?)
}

/// The same of one that may never have been asked.
pub async fn line_of(tx: &mut Tx, city: &str) -> Stored<Option<LineRow>> {
    const SQL: &str = "select begun_at, fetched_until, contact_at, troubled_since, problem
        from city_lines where city = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(city).fetch_optional(c).await)?)
}

/// Its requests have been looked through until a moment.
pub async fn fetched(tx: &mut Tx, city: &str, until: i64) -> Stored<()> {
    const SQL: &str = "update city_lines set fetched_until = $2
        where city = $1 and fetched_until < $2";
    on!(tx, c => sqlx::query(SQL).bind(city).bind(until).execute(c).await.map(drop))?;
    Ok(())
}

/// It has answered all that it was asked.
pub async fn well(tx: &mut Tx, city: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update city_lines set contact_at = $2, troubled_since = null,
            problem = null
        where city = $1";
    on!(tx, c => sqlx::query(SQL).bind(city).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// It has not.
pub async fn troubled(tx: &mut Tx, city: &str, now: i64, problem: &str) -> Stored<()> {
    const SQL: &str = "update city_lines
        set troubled_since = coalesce(troubled_since, $2), problem = $3
        where city = $1";
    on!(tx, c => sqlx::query(SQL).bind(city).bind(now).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use lapor_migrations::{Kind, Schema};

    use super::*;
    use crate::testing::databases;

    const EXPLAINED: &str = linked!("explain query plan select");

    /// What a query costs shows in a city of many requests only, how SQLite goes about it in none.
    #[tokio::test]
    async fn sqlite_reads_what_is_linked_off_an_index_and_sorts_nothing() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            if tx.kind() == Kind::Postgres {
                let found = linked(&mut tx, "bandung", (i64::MAX, ""), 9).await;
                assert_eq!(found, Ok(vec![]));
                continue;
            }
            let plan = on!(&mut tx, c => sqlx::query_as(EXPLAINED)
                .bind("bandung")
                .bind(NEVER)
                .bind("")
                .bind(9_i64)
                .fetch_all(c)
                .await);
            let plan: Vec<(i64, i64, i64, String)> = plan.unwrap();
            let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
            assert_eq!(steps.len(), 1, "nothing is sorted: {steps:?}");
            let index = "city_requests_changed (city=? AND state=? AND (changed_at,id)<(?,?))";
            assert!(steps[0].contains(index), "{steps:?}");
        }
    }
}
