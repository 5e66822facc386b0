//! Who supports a case, and who is told of what happens in it.

use lapor_migrations::{Tx, on};

use super::Stored;

/// What is known of an address: what it follows, from where merges led it on, and how it leaves anything.
const FORGET_CONTACT: [&str; 3] = [
    "delete from followers where contact = $1",
    "delete from led_on where contact = $1",
    "delete from follower_leaves where contact = $1",
];

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

/// Follows a case, also for whoever does already.
pub async fn follow(tx: &mut Tx, case_id: &str, contact: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into followers (case_id, contact, at) values ($1, $2, $3)
        on conflict (case_id, contact) do nothing";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(contact).bind(at).execute(c).await.map(drop))?;
    Ok(())
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

/// Ends a following. Whoever was led to the case from one that was merged into it is led back when
/// that is undone.
pub async fn end_following(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<()> {
    const SQL: &str = "delete from followers where case_id = $1 and contact = $2";
    on!(tx, c => sqlx::query(SQL).bind(case_id).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// A case, those to which merges led somebody from it, and those from which they led there.
pub async fn way(tx: &mut Tx, case_id: &str, contact: &str) -> Stored<Vec<String>> {
    const SQL: &str = "with recursive onward (case_id) as (
            select cast($1 as text)
            union select l.into_case from led_on l join onward o on l.case_id = o.case_id
                where l.contact = $2),
        way (case_id) as (
            select case_id from onward
            union select l.case_id from led_on l join way w on l.into_case = w.case_id
                where l.contact = $2)
        select case_id from way";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).bind(contact).fetch_all(c).await)?)
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

/// Forgets who was led on from a case. Whoever was led to it from another was led on from that.
pub async fn forget_led(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const BRIDGE: &str = "update led_on set into_case = (select o.into_case from led_on o
            where o.case_id = $1 and o.contact = led_on.contact)
        where into_case = $1 and exists (select 1 from led_on o
            where o.case_id = $1 and o.contact = led_on.contact and o.into_case <> led_on.case_id)";
    const SQL: &str = "delete from led_on where case_id = $1";
    on!(tx, c => sqlx::query(BRIDGE).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets who was led to a case that nobody follows any more and in which nothing has happened
/// since a moment (Unix ms): merges of so long ago are news to nobody. Gives case and contact of each.
pub async fn expire_led(tx: &mut Tx, before: i64) -> Stored<Vec<(String, String)>> {
    const SQL: &str = "delete from led_on
        where not exists (select 1 from followers f
                where f.case_id = led_on.into_case and f.contact = led_on.contact)
            and not exists (select 1 from led_on o
                where o.case_id = led_on.into_case and o.contact = led_on.contact)
            and not exists (select 1 from cases c
                where c.case_id = led_on.into_case and c.updated_at > $1)
        returning case_id, contact";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(before).fetch_all(c).await)?)
}

/// Forgets how those who followed a case leave it, but for who was led on from it, and for what stands
/// in the letters of its reporter.
pub async fn forget_followers(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from follower_leaves where case_id = $1 and contact <> ''
        and not exists (select 1 from led_on l
            where l.case_id = follower_leaves.case_id and l.contact = follower_leaves.contact)";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets an address: the cases that it follows, how it leaves anything, and from where merges led it on.
pub async fn forget_contact(tx: &mut Tx, contact: &str) -> Stored<()> {
    for sql in FORGET_CONTACT {
        on!(tx, c => sqlx::query(sql).bind(contact).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// Forgets all who follow a case, how they and its reporter leave it, and who would be led back from it.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const FOLLOWERS: &str = "delete from followers where case_id = $1";
    const LEAVES: &str = "delete from follower_leaves where case_id = $1";
    const LED: &str = "delete from led_on where into_case = $1 returning case_id, contact";
    forget_led(tx, case_id).await?;
    let led: Vec<(String, String)> =
        on!(tx, c => sqlx::query_as(LED).bind(case_id).fetch_all(c).await)?;
    for (from, contact) in led {
        forget_leaves(tx, &from, &contact).await?;
    }
    on!(tx, c => sqlx::query(FOLLOWERS).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(LEAVES).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use lapor_migrations::{Kind, Schema};
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::store::{followed, letters};
    use crate::testing::databases;

    /// What it costs shows where many follow only, how SQLite goes about it where nobody does.
    #[tokio::test]
    async fn sqlite_forgets_an_address_by_indexes() {
        let [followers, led_on, leaves] = FORGET_CONTACT;
        let asked = [
            (followers, "followers_of_contact (contact=?)"),
            (led_on, "led_on_of_contact (contact=?)"),
            (leaves, "follower_leaves_of_contact (contact=?)"),
            (
                followed::FORGET_CONTACT,
                "programme_followers_of_contact (contact=?)",
            ),
            (letters::WITH_LEAVE, "letters_of_address (address=?)"),
        ];
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            if tx.kind() == Kind::Postgres {
                forget_contact(&mut tx, "siti@contoh.id").await.unwrap();
                let waiting = letters::with_leave(&mut tx, "siti@contoh.id").await;
                assert_eq!(waiting, Ok(vec![]));
                continue;
            }
            for (sql, index) in asked {
                let text = format!("explain query plan {sql}");
                let plan = on!(&mut tx, c => sqlx::query_as(AssertSqlSafe(text))
                    .bind("siti@contoh.id")
                    .fetch_all(c)
                    .await);
                let plan: Vec<(i64, i64, i64, String)> = plan.unwrap();
                let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
                assert_eq!(steps.len(), 1, "{steps:?}");
                assert!(steps[0].contains(index), "{steps:?}");
            }
        }
    }
}
