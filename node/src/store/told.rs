//! Who has been told what by letter, and what each account wants to be told.

use lapor_migrations::{Bulk, Tx, Value, on};

use super::Stored;

static ASK: Bulk = Bulk::new(
    "with v (case_id, half) as (values",
    2,
    ") insert into news_due (case_id, asked) select v.case_id, 1 from v
        where v.half = 1
            or exists (select 1 from reporters r where r.case_id = v.case_id and r.notify = 'email')
            or exists (select 1 from followers f where f.case_id = v.case_id)
            or exists (select 1 from led_on l where l.case_id = v.case_id)
        group by v.case_id
        on conflict (case_id) do update set asked = news_due.asked + 1",
);

/// Cases have changed, each with 1 if its reporter is to be looked for in any case, as of a half
/// that was split off, and with 0 if not; those are noted in which somebody outside takes an interest.
pub async fn ask(tx: &mut Tx, cases: Vec<Value>) -> Stored<()> {
    tx.run_rows(&ASK, cases).await.map(drop)
}

/// Cases behind one of which somebody may have to be told something, with a number that settles it.
pub async fn due(tx: &mut Tx, after: &str, limit: i64) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select case_id, asked from news_due where case_id > $1
        order by case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await)?)
}

/// Everybody has been told, unless the case has changed again.
pub async fn settle(tx: &mut Tx, case_id: &str, asked: i64) -> Stored<()> {
    const SQL: &str = "delete from news_due where case_id = $1 and asked = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(asked).execute(c).await.map(drop))?;
    Ok(())
}

/// Messages of a case that have been told, and to which follower while others are behind.
pub async fn told(tx: &mut Tx, case_id: &str) -> Stored<Vec<(String, Option<String>)>> {
    const SQL: &str = "select message, told_to from news_told where case_id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// A message has been told, to followers up to one.
pub async fn tell(tx: &mut Tx, case_id: &str, message: &str, told_to: Option<&str>) -> Stored<()> {
    const SQL: &str = "insert into news_told (case_id, message, told_to) values ($1, $2, $3)
        on conflict (case_id, message) do nothing";
    on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(message)
        .bind(told_to)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// What was behind has been told to followers up to one, or to all.
pub async fn tell_on(tx: &mut Tx, case_id: &str, told_to: Option<&str>) -> Stored<()> {
    const SQL: &str = "update news_told set told_to = $2
        where case_id = $1 and told_to is not null";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(told_to).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets what has been told of a case.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const DUE: &str = "delete from news_due where case_id = $1";
    const TOLD: &str = "delete from news_told where case_id = $1";
    on!(tx, c => sqlx::query(DUE).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(TOLD).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// What accounts have chosen: account, choice, day of the last digest.
pub async fn choices(tx: &mut Tx) -> Stored<Vec<(String, String, Option<String>)>> {
    const SQL: &str = "select account, choice, digest_on from letter_choices";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn choice(tx: &mut Tx, account: &str) -> Stored<Option<String>> {
    const SQL: &str = "select choice from letter_choices where account = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(account).fetch_optional(c).await)?)
}

pub async fn choose(tx: &mut Tx, account: &str, choice: &str) -> Stored<()> {
    const SQL: &str = "insert into letter_choices (account, choice) values ($1, $2)
        on conflict (account) do update set choice = excluded.choice";
    on!(tx, c => sqlx::query(SQL).bind(account).bind(choice).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes the day of an account's digest; says whether it had none on that day.
pub async fn digest_on(tx: &mut Tx, account: &str, choice: &str, day: &str) -> Stored<bool> {
    const SQL: &str = "insert into letter_choices (account, choice, digest_on) values ($1, $2, $3)
        on conflict (account) do update set digest_on = excluded.digest_on
        where letter_choices.digest_on is null or letter_choices.digest_on <> excluded.digest_on";
    let noted: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(choice)
        .bind(day)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(noted > 0)
}

/// An account is told that a case lies in a tray, or of something else about it under a name with a
/// colon; says whether that is new.
pub async fn arrived(tx: &mut Tx, account: &str, case_id: &str, tray: &str) -> Stored<bool> {
    const SQL: &str = "insert into letter_cases (account, case_id, tray) values ($1, $2, $3)
        on conflict (account, case_id, tray) do nothing";
    let noted: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(account)
        .bind(case_id)
        .bind(tray)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(noted > 0)
}

/// Forgets cases that have left the tray: when they come again, they are told again.
pub async fn forget_left(tx: &mut Tx) -> Stored<()> {
    const SQL: &str = "delete from letter_cases where tray not like '%:%' and not exists (
        select 1 from cases c
        where c.case_id = letter_cases.case_id and c.tray = letter_cases.tray)";
    on!(tx, c => sqlx::query(SQL).execute(c).await.map(drop))?;
    Ok(())
}
