//! Who is told of changes over HTTP, and how it goes there.

pub mod deliveries;

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

/// Longer than a webhook is held, and than it is put off: what says more was noted by a clock that was
/// ahead.
const HELD_MS: i64 = 60 * 60 * 1000;
const PUT_OFF_MS: i64 = 11 * HELD_MS;

/// A webhook; it prints nothing, because it holds sealed secrets and an address that may hold one.
#[derive(Clone, FromRow)]
pub struct WebhookRow {
    pub id: String,
    pub name: String,
    pub url: String,
    /// Patterns with spaces between.
    pub kinds: String,
    pub secret: Vec<u8>,
    pub former: Option<Vec<u8>>,
    pub former_until: Option<i64>,
    pub state: String,
    /// The last change that was looked at for it.
    pub looked_at: i64,
    pub due_at: i64,
    pub failures: i64,
    pub troubled_since: Option<i64>,
    pub problem: Option<String>,
    pub arrived_at: Option<i64>,
    pub made_by: String,
    pub made_at: i64,
}

/// How it goes with a webhook after a try.
pub struct Course<'a> {
    pub state: &'a str,
    pub due_at: i64,
    pub failures: i64,
    pub troubled_since: Option<i64>,
    pub problem: Option<&'a str>,
    pub arrived_at: Option<i64>,
}

/// How many webhooks there are in a state, and how much waits for them.
pub type Counted = (String, i64);

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, name, url, kinds, secret, former, former_until, state, looked_at, due_at,
                failures, troubled_since, problem, arrived_at, made_by, made_at ",
            $after
        )
    };
}

/// All of them, the oldest first.
pub async fn all(tx: &mut Tx) -> Stored<Vec<WebhookRow>> {
    const SQL: &str = columns!("select", "from webhooks order by made_at, id");
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<WebhookRow>> {
    const SQL: &str = columns!("select", "from webhooks where id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// Adds one that is on and has had no trouble; the rest of its row is not looked at.
pub async fn add(tx: &mut Tx, row: &WebhookRow) -> Stored<()> {
    const SQL: &str =
        "insert into webhooks (id, name, url, kinds, secret, state, looked_at, due_at,
            leased_until, failures, made_by, made_at)
        values ($1, $2, $3, $4, $5, 'on', $6, $8, 0, 0, $7, $8)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.url)
        .bind(&row.kinds)
        .bind(&row.secret)
        .bind(row.looked_at)
        .bind(&row.made_by)
        .bind(row.made_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn change(tx: &mut Tx, id: &str, name: &str, url: &str, kinds: &str) -> Stored<()> {
    const SQL: &str = "update webhooks set name = $2, url = $3, kinds = $4 where id = $1";
    on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(name)
        .bind(url)
        .bind(kinds)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Another secret signs from now on, and the one before it beside it until a moment.
pub async fn rotate(tx: &mut Tx, id: &str, secret: &[u8], until: i64) -> Stored<()> {
    const SQL: &str =
        "update webhooks set former = secret, former_until = $3, secret = $2 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(secret).bind(until).execute(c).await.map(drop))?;
    Ok(())
}

/// Nothing more is sent; what waits stays.
pub async fn switch_off(tx: &mut Tx, id: &str, problem: Option<&str>) -> Stored<()> {
    const SQL: &str = "update webhooks set state = 'off', problem = $2 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(problem).execute(c).await.map(drop))?;
    Ok(())
}

/// The same for all that a key has made; which these were.
pub async fn switch_off_of(tx: &mut Tx, made_by: &str, problem: &str) -> Stored<Vec<String>> {
    const SQL: &str = "update webhooks set state = 'off', problem = $2
        where made_by = $1 and state = 'on' returning name";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(made_by).bind(problem).fetch_all(c).await)?)
}

/// Whoever has made webhooks by a key that has ended by itself, or whose owner may do nothing here, as
/// the audit log names them; each with the states in which these webhooks are.
pub async fn makers_gone(tx: &mut Tx, now: i64) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "select distinct h.made_by, h.state from webhooks h
        join tokens t on t.name = substr(h.made_by, 7)
        where h.made_by like 'token:%' and (t.expires_at <= $1 or exists (
            select 1 from token_owners o left join accounts a on a.id = o.account
            where o.token = t.name and (a.state is null or a.state <> 'active')))";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(now).fetch_all(c).await)?)
}

/// It is on, and what waits is sent at once as if nothing had failed.
pub async fn hurry(tx: &mut Tx, id: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update webhooks set state = 'on', due_at = $2, failures = 0,
            troubled_since = null, problem = null
        where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn remove(tx: &mut Tx, id: &str) -> Stored<()> {
    const SQL: &str = "delete from webhooks where id = $1";
    const OF: &str = "delete from webhook_deliveries where webhook = $1";
    on!(tx, c => sqlx::query(OF).bind(id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether changes up to a number have not been looked at for one that is on.
pub async fn any_behind(tx: &mut Tx, last: i64) -> Stored<bool> {
    const SQL: &str = "select id from webhooks where state = 'on' and looked_at < $1 limit 1";
    let found: Option<String> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(last).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Changes up to a number have been looked at for one.
pub async fn looked(tx: &mut Tx, id: &str, number: i64) -> Stored<()> {
    const SQL: &str = "update webhooks set looked_at = $2 where id = $1 and looked_at < $2";
    on!(tx, c => sqlx::query(SQL).bind(id).bind(number).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether something can be sent to any.
pub async fn any_due(tx: &mut Tx, now: i64) -> Stored<bool> {
    const SQL: &str = "select id from webhooks h
        where state = 'on' and (due_at <= $1 or due_at > $3)
            and (leased_until <= $1 or leased_until > $2) and exists (
            select 1 from webhook_deliveries d where d.webhook = h.id and d.state = 'waiting')
        limit 1";
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(SQL)
        .bind(now)
        .bind(now + HELD_MS)
        .bind(now + PUT_OFF_MS)
        .fetch_optional(c)
        .await)?;
    Ok(found.is_some())
}

/// Takes those to which something can be sent until another moment, those that waited longest first.
pub async fn claim(tx: &mut Tx, now: i64, until: i64, limit: i64) -> Stored<Vec<WebhookRow>> {
    const SQL: &str = columns!(
        "update webhooks set leased_until = $2 where id in (
            select h.id from webhooks h
            where h.state = 'on' and (h.due_at <= $1 or h.due_at > $5)
                and (h.leased_until <= $1 or h.leased_until > $4) and exists (
                select 1 from webhook_deliveries d where d.webhook = h.id and d.state = 'waiting')
            order by h.due_at, h.id limit $3
        ) returning",
        ""
    );
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(now)
        .bind(until)
        .bind(limit)
        .bind(now + HELD_MS)
        .bind(now + PUT_OFF_MS)
        .fetch_all(c)
        .await)?)
}

/// Notes how it went, and gives it back. `held` is until when it was taken; says whether it still was
/// and is on: whoever has switched it off meanwhile has decided.
pub async fn settle(tx: &mut Tx, id: &str, held: i64, course: &Course<'_>) -> Stored<bool> {
    const SQL: &str =
        "update webhooks set leased_until = 0, state = $3, due_at = $4, failures = $5,
            troubled_since = $6, problem = $7, arrived_at = coalesce($8, arrived_at)
        where id = $1 and leased_until = $2 and state = 'on'";
    const FREE: &str = "update webhooks set leased_until = 0 where id = $1 and leased_until = $2";
    let settled: u64 = on!(&mut *tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(held)
        .bind(course.state)
        .bind(course.due_at)
        .bind(course.failures)
        .bind(course.troubled_since)
        .bind(course.problem)
        .bind(course.arrived_at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    on!(tx, c => sqlx::query(FREE).bind(id).bind(held).execute(c).await.map(drop))?;
    Ok(settled > 0)
}

/// How many are in each state.
pub async fn count(tx: &mut Tx) -> Stored<Vec<Counted>> {
    const SQL: &str = "select state, count(*) from webhooks group by state order by state";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Whether one goes to an address.
pub async fn at_url(tx: &mut Tx, url: &str) -> Stored<Option<String>> {
    const SQL: &str = "select id from webhooks where url = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(url).fetch_optional(c).await)?)
}
