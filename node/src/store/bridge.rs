//! Cases, follow-ups and institutions that stand here and in SP4N-LAPOR!.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

/// Reports of runs that are kept.
const RUNS: i64 = 200;

/// A case that stands on both sides.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct BridgeRow {
    pub case_id: String,
    /// Its number for programs there; of one that is known by the other number alone, that behind `#`.
    pub their_id: String,
    /// The number that citizens know.
    pub tracking: Option<String>,
    /// Where it stood there when it was last looked at.
    pub status: Option<String>,
    /// 1 as long as it is asked for.
    pub followed: i64,
    /// Unix ms; 0 before the first time.
    pub asked_at: i64,
    /// 1 where it was filed here, so that what becomes of it is decided here.
    pub ours: i64,
}

/// A report filed here that does not stand there yet.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FilingRow {
    pub case_id: String,
    /// `sending`, `refused` or `sent`; `None` before the first try.
    pub state: Option<String>,
    /// Unix ms; 0 before the first try.
    pub at: i64,
}

/// A follow-up that stands on both sides, or is being handed over.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FollowUpRow {
    pub case_id: String,
    pub hash: Vec<u8>,
    pub their_id: Option<String>,
    /// The message by which it stands here.
    pub message: String,
    pub state: String,
    /// Unix ms.
    pub at: i64,
}

/// An institution as it is called there.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct InstitutionRow {
    pub their_id: String,
    pub name: String,
    /// What it is in the directory.
    pub instance: Option<String>,
}

/// What was done, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RunRow {
    pub id: String,
    pub kind: String,
    pub actor: String,
    pub began_at: i64,
    pub ended_at: i64,
    pub counts: String,
    pub problem: Option<String>,
}

macro_rules! bridged {
    ($rest:literal) => {
        concat!(
            "select case_id, their_id, tracking, status, followed, asked_at, ours
                from bridge_cases ",
            $rest
        )
    };
}

/// Cases that have either number there.
pub async fn known(tx: &mut Tx, their_id: &str, tracking: &str) -> Stored<Vec<BridgeRow>> {
    const SQL: &str = bridged!("where their_id = $1 or tracking = $2 order by case_id");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(their_id).bind(tracking).fetch_all(c).await)?)
}

pub async fn of_case(tx: &mut Tx, case: &str) -> Stored<Option<BridgeRow>> {
    const SQL: &str = bridged!("where case_id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case).fetch_optional(c).await)?)
}

/// Those that are followed, whose number is known, and that were not asked for since a moment, the longest ago first.
pub async fn due(tx: &mut Tx, before: i64, most: i64) -> Stored<Vec<BridgeRow>> {
    const SQL: &str = bridged!(
        "where followed = 1 and asked_at <= $1 and substr(their_id, 1, 1) <> '#'
            order by asked_at, case_id limit $2"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(before).bind(most).fetch_all(c).await)?)
}

/// All, by case.
pub async fn all(tx: &mut Tx) -> Stored<Vec<BridgeRow>> {
    const SQL: &str = bridged!("order by case_id");
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Notes a case, or what is new of it.
pub async fn put(tx: &mut Tx, row: &BridgeRow) -> Stored<()> {
    const SQL: &str = "insert into bridge_cases
            (case_id, their_id, tracking, status, followed, asked_at, ours)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (case_id) do update set their_id = excluded.their_id,
            tracking = excluded.tracking, status = excluded.status,
            followed = excluded.followed, asked_at = excluded.asked_at, ours = excluded.ours";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.case_id)
        .bind(&row.their_id)
        .bind(&row.tracking)
        .bind(&row.status)
        .bind(row.followed)
        .bind(row.asked_at)
        .bind(row.ours)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// A case was asked for just now.
pub async fn asked(tx: &mut Tx, case: &str, at: i64) -> Stored<()> {
    const SQL: &str = "update bridge_cases set asked_at = $2 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Reports filed here, with us and verified, that everybody may read and that do not stand there:
/// those that were tried longest ago first, also where they may have arrived.
pub async fn to_file(tx: &mut Tx, me: &str, most: i64) -> Stored<Vec<FilingRow>> {
    const SQL: &str = "select c.case_id, f.state, coalesce(f.at, 0) as at
        from cases c left join bridge_filed f on f.case_id = c.case_id
        where c.origin = $1 and c.custodian = $1 and c.public = 1
            and c.state in ('verified', 'in_progress') and (f.state is null or f.state <> 'sent')
            and not exists (select 1 from bridge_cases b where b.case_id = c.case_id)
        order by coalesce(f.at, 0), c.filed_at, c.case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(me).bind(most).fetch_all(c).await)?)
}

/// Notes that a report is being sent from now on; whether nobody else has meanwhile.
pub async fn claim_filing(tx: &mut Tx, row: &FilingRow, now: i64) -> Stored<bool> {
    const FIRST: &str = "insert into bridge_filed (case_id, state, at) values ($1, 'sending', $2)
        on conflict (case_id) do nothing";
    const AGAIN: &str = "update bridge_filed set state = 'sending', at = $2
        where case_id = $1 and state = $3 and at = $4";
    let claimed = match &row.state {
        None => on!(tx, c => sqlx::query(FIRST)
            .bind(&row.case_id)
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?,
        Some(state) => on!(tx, c => sqlx::query(AGAIN)
            .bind(&row.case_id)
            .bind(now)
            .bind(state)
            .bind(row.at)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?,
    };
    Ok(claimed == 1)
}

/// What became of a report on its way.
pub async fn settle_filing(tx: &mut Tx, case: &str, state: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update bridge_filed set state = $2, at = $3 where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).bind(state).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether a report is on its way, or arrived without a number.
pub async fn is_filed(tx: &mut Tx, case: &str) -> Stored<bool> {
    const SQL: &str = "select count(*) from bridge_filed where case_id = $1";
    let filed: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(case).fetch_one(c).await)?;
    Ok(filed > 0)
}

/// A report stands there under a number.
pub async fn end_filing(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = "delete from bridge_filed where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}

/// Its list names a complaint; one that stands here is not noted.
pub async fn note_listed(tx: &mut Tx, their_id: &str, now: i64) -> Stored<()> {
    const SQL: &str = "insert into bridge_listed (their_id, seen_at, asked_at)
        select $1, $2, 0 where not exists (select 1 from bridge_cases where their_id = $1)
        on conflict (their_id) do update set seen_at = excluded.seen_at";
    on!(tx, c => sqlx::query(SQL).bind(their_id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Complaints of its list that are not here and were not asked for since a moment, those that never
/// were first.
pub async fn listed(tx: &mut Tx, before: i64, most: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select their_id from bridge_listed where asked_at <= $1
            and not exists (select 1 from bridge_cases c where c.their_id = bridge_listed.their_id)
        order by asked_at, seen_at, their_id limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(before).bind(most).fetch_all(c).await)?)
}

/// A complaint of its list was asked for just now.
pub async fn asked_listed(tx: &mut Tx, their_id: &str, now: i64) -> Stored<()> {
    const SQL: &str = "update bridge_listed set asked_at = $2 where their_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(their_id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets what stands here now, and what its list has not named since a moment.
pub async fn forget_listed(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from bridge_listed where seen_at < $1
        or exists (select 1 from bridge_cases c where c.their_id = bridge_listed.their_id)";
    on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?;
    Ok(())
}

/// At which page its list is read on.
pub async fn next_page(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select next_page from bridge_cursor where list = 'complaints'";
    let page: Option<i64> = on!(tx, c => sqlx::query_scalar(SQL).fetch_optional(c).await)?;
    Ok(page.unwrap_or(1))
}

pub async fn put_next_page(tx: &mut Tx, page: i64) -> Stored<()> {
    const SQL: &str = "insert into bridge_cursor (list, next_page) values ('complaints', $1)
        on conflict (list) do update set next_page = excluded.next_page";
    on!(tx, c => sqlx::query(SQL).bind(page).execute(c).await.map(drop))?;
    Ok(())
}

/// Cases with a number of this institution's own, at most two: of several none is meant.
pub async fn numbered(tx: &mut Tx, number: &str) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from cases
        where tray is not null and own_number is not null
            and upper(replace(own_number, ' ', '')) = upper(replace($1, ' ', ''))
        order by case_id limit 2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_all(c).await)?)
}

pub async fn follow_ups(tx: &mut Tx, case: &str) -> Stored<Vec<FollowUpRow>> {
    const SQL: &str = "select case_id, hash, their_id, message, state, at
        from bridge_follow_ups where case_id = $1 order by at, hash";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case).fetch_all(c).await)?)
}

/// Notes a follow-up, or how far it has come.
pub async fn put_follow_up(tx: &mut Tx, row: &FollowUpRow) -> Stored<()> {
    const SQL: &str = "insert into bridge_follow_ups (case_id, hash, their_id, message, state, at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (case_id, hash) do update set their_id = excluded.their_id,
            state = excluded.state, at = excluded.at";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.case_id)
        .bind(&row.hash)
        .bind(&row.their_id)
        .bind(&row.message)
        .bind(&row.state)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Notes a follow-up that is sent now: one that is not noted, or was when it was noted last (Unix ms).
/// False where somebody else has.
pub async fn claim_follow_up(tx: &mut Tx, row: &FollowUpRow, since: Option<i64>) -> Stored<bool> {
    const FIRST: &str = "insert into bridge_follow_ups
            (case_id, hash, their_id, message, state, at)
        values ($1, $2, null, $3, $4, $5) on conflict (case_id, hash) do nothing";
    const AGAIN: &str = "update bridge_follow_ups set at = $4
        where case_id = $1 and hash = $2 and state = $3 and at = $5";
    let claimed = match since {
        None => on!(tx, c => sqlx::query(FIRST)
            .bind(&row.case_id)
            .bind(&row.hash)
            .bind(&row.message)
            .bind(&row.state)
            .bind(row.at)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?,
        Some(since) => on!(tx, c => sqlx::query(AGAIN)
            .bind(&row.case_id)
            .bind(&row.hash)
            .bind(&row.state)
            .bind(row.at)
            .bind(since)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?,
    };
    Ok(claimed == 1)
}

/// Forgets one that was not taken there.
pub async fn drop_follow_up(tx: &mut Tx, case: &str, hash: &[u8]) -> Stored<()> {
    const SQL: &str = "delete from bridge_follow_ups where case_id = $1 and hash = $2";
    on!(tx, c => sqlx::query(SQL).bind(case).bind(hash).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn institutions(tx: &mut Tx) -> Stored<Vec<InstitutionRow>> {
    const SQL: &str = "select their_id, name, instance from bridge_institutions order by their_id";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn put_institution(tx: &mut Tx, row: &InstitutionRow) -> Stored<()> {
    const SQL: &str = "insert into bridge_institutions (their_id, name, instance)
        values ($1, $2, $3)
        on conflict (their_id) do update set name = excluded.name, instance = excluded.instance";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.their_id)
        .bind(&row.name)
        .bind(&row.instance)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Notes a run, and forgets those of long ago.
pub async fn add_run(tx: &mut Tx, row: &RunRow) -> Stored<()> {
    const SQL: &str = "insert into bridge_runs
        (id, kind, actor, began_at, ended_at, counts, problem) values ($1, $2, $3, $4, $5, $6, $7)";
    const FORGET: &str = "delete from bridge_runs where id not in
        (select id from bridge_runs order by ended_at desc, id desc limit $1)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.kind)
        .bind(&row.actor)
        .bind(row.began_at)
        .bind(row.ended_at)
        .bind(&row.counts)
        .bind(&row.problem)
        .execute(c)
        .await
        .map(drop))?;
    on!(tx, c => sqlx::query(FORGET).bind(RUNS).execute(c).await.map(drop))?;
    Ok(())
}

/// The latest first.
pub async fn runs(tx: &mut Tx, most: i64) -> Stored<Vec<RunRow>> {
    const SQL: &str = "select id, kind, actor, began_at, ended_at, counts, problem
        from bridge_runs order by ended_at desc, id desc limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(most).fetch_all(c).await)?)
}
