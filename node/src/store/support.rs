//! Who supports a case, and who is told of what happens in it.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Notes a supporter; says whether they are new.
pub async fn add(tx: &mut Tx, case_id: &str, supporter: &[u8], at: i64) -> Stored<bool> {
    const SQL: &str = "insert into supporters (case_id, supporter, at) values ($1, $2, $3)
        on conflict (case_id, supporter) do nothing";
    let added: u64 = on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(supporter)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(added > 0)
}

pub async fn remove(tx: &mut Tx, case_id: &str, supporter: &[u8]) -> Stored<()> {
    const SQL: &str = "delete from supporters where case_id = $1 and supporter = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(supporter).execute(c).await.map(drop))?;
    Ok(())
}

/// Follows a case; who follows it already gets a new way to leave.
pub async fn follow(tx: &mut Tx, case_id: &str, contact: &str, hash: &[u8], at: i64) -> Stored<()> {
    const SQL: &str = "insert into followers (case_id, contact, leave_hash, at)
        values ($1, $2, $3, $4)
        on conflict (case_id, contact) do update set leave_hash = excluded.leave_hash";
    on!(tx, c => sqlx::query(SQL)
        .bind(case_id)
        .bind(contact)
        .bind(hash)
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Leaves by the hash of what a letter says; how many that ended, 0 or 1.
pub async fn leave(tx: &mut Tx, hash: &[u8]) -> Stored<u64> {
    const LED: &str = "delete from led_on where exists (select 1 from followers f
        where f.leave_hash = $1 and f.case_id = led_on.into_case and f.contact = led_on.contact)";
    const SQL: &str = "delete from followers where leave_hash = $1";
    on!(tx, c => sqlx::query(LED).bind(hash).execute(c).await.map(drop))?;
    Ok(on!(tx, c => sqlx::query(SQL).bind(hash).execute(c).await.map(|done| done.rows_affected()))?)
}

/// Those who follow a case and since when (Unix ms), a page after a contact.
pub async fn followers(
    tx: &mut Tx,
    case_id: &str,
    after: &str,
    limit: i64,
) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select contact, at from followers where case_id = $1 and contact > $2
        order by contact limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(case_id)
        .bind(after)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Who leaves a case is led back to none that was merged into it.
pub async fn remove_follower(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<()> {
    const LED: &str = "delete from led_on where into_case = $1 and contact = $2";
    end_following(tx, case_id, contact).await?;
    on!(tx, c => sqlx::query(LED).bind(case_id).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Ends a following for everybody's sake: the case is read here no more. Whoever was led to it from
/// one that was merged into it is led back when that is undone.
pub async fn end_following(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<()> {
    const SQL: &str = "delete from followers where case_id = $1 and contact = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Where a follower of a case was led to.
pub async fn led_to(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<Option<String>> {
    const SQL: &str = "select into_case from led_on where case_id = $1 and contact = $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).bind(contact).fetch_optional(c).await)?)
}

/// Notes that a follower of a case was led to the one into which it was merged.
pub async fn lead_on(tx: &mut Tx, case_id: &str, contact: &str, into: &str) -> Stored<()> {
    const SQL: &str = "insert into led_on (case_id, contact, into_case) values ($1, $2, $3)
        on conflict (case_id, contact) do update set into_case = excluded.into_case";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(contact).bind(into).execute(c).await.map(drop))?;
    Ok(())
}

/// Some of those who followed a case before it was merged, and follow the other one still.
pub async fn led_on(tx: &mut Tx, case_id: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select contact from led_on where case_id = $1 order by contact limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).bind(limit).fetch_all(c).await)?)
}

/// Forgets that somebody was led on from a case.
pub async fn end_leading(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<()> {
    const SQL: &str = "delete from led_on where case_id = $1 and contact = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes a way to leave that stands in a letter.
pub async fn add_leave(tx: &mut Tx, hash: &[u8], case_id: &str, contact: &str) -> Stored<()> {
    const SQL: &str = "insert into follower_leaves (hash, case_id, contact) values ($1, $2, $3)";
    on!(tx, c => sqlx::query(SQL).bind(hash).bind(case_id).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Case and contact of whoever leaves by the hash of what a letter says.
pub async fn leaver(tx: &mut Tx, hash: &[u8]) -> Stored<Option<(String, String)>> {
    const SQL: &str = "select case_id, contact from follower_leaves where hash = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(hash).fetch_optional(c).await)?)
}

pub async fn forget_leaves(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<()> {
    const SQL: &str = "delete from follower_leaves where case_id = $1 and contact = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets who was led on from a case.
pub async fn forget_led(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from led_on where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets how those who followed a case leave it; what stands in the letters of its reporter stays.
pub async fn forget_followers(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from follower_leaves where case_id = $1 and contact <> ''";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets all who follow a case, how they and its reporter leave it, and who would be led back from it.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const FOLLOWERS: &str = "delete from followers where case_id = $1";
    const LEAVES: &str = "delete from follower_leaves where case_id = $1";
    const LED: &str = "delete from led_on where into_case = $1";
    on!(tx, c => sqlx::query(LED).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(FOLLOWERS).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(LEAVES).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}
