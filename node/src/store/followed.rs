//! Who follows a programme by e-mail, and how far each has been told of it.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

pub(super) const FORGET_CONTACT: &str = "delete from programme_followers where contact = $1";

/// A follower; it prints nothing, because it holds an address.
#[derive(Clone, FromRow)]
pub struct FollowerRow {
    pub owner: String,
    pub slug: String,
    pub contact: String,
    /// Number of the publication that they were told last.
    pub told: i64,
}

/// Follows a programme as it stands; who follows it already goes on.
pub async fn follow(tx: &mut Tx, row: &FollowerRow, at: i64) -> Stored<()> {
    const SQL: &str = "insert into programme_followers (owner, slug, contact, told, at)
        select $1, $2, $3, coalesce(max(number), 0), $4 from publications
        where kind in ('programme.published', 'programme.progressed') and author = $1
            and name = $2 and state = 'published'
        on conflict (owner, slug, contact) do nothing";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(&row.contact)
        .bind(at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn leave(tx: &mut Tx, owner: &str, slug: &str, contact: &str) -> Stored<()> {
    const SQL: &str =
        "delete from programme_followers where owner = $1 and slug = $2 and contact = $3";
    on!(tx, c => sqlx::query(SQL)
        .bind(owner)
        .bind(slug)
        .bind(contact)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends all that an address follows; its ways to leave stand with those of cases.
pub async fn forget_contact(tx: &mut Tx, contact: &str) -> Stored<()> {
    on!(tx, c => sqlx::query(FORGET_CONTACT).bind(contact).execute(c).await.map(drop))?;
    Ok(())
}

/// Contacts of those who follow a programme.
pub async fn of_programme(tx: &mut Tx, owner: &str, slug: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select contact from programme_followers where owner = $1 and slug = $2
        order by contact limit $3";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(owner).bind(slug).bind(limit).fetch_all(c).await)?)
}

/// Followers of whose programme something was published that they have not been told.
pub async fn behind(tx: &mut Tx, limit: i64) -> Stored<Vec<FollowerRow>> {
    const SQL: &str = "select f.owner, f.slug, f.contact, f.told from programme_followers f
        where exists (select 1 from publications p
            where p.kind in ('programme.published', 'programme.progressed') and p.name = f.slug
                and p.author = f.owner and p.state = 'published' and p.number > f.told)
        order by f.owner, f.slug, f.contact limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// What was published of a programme behind a number, oldest first: number, kind, body, when.
pub async fn news(tx: &mut Tx, row: &FollowerRow) -> Stored<Vec<(i64, String, String, i64)>> {
    const SQL: &str = "select number, kind, body, at from publications
        where kind in ('programme.published', 'programme.progressed') and name = $2
            and author = $1 and state = 'published' and number > $3
        order by number";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(row.told)
        .fetch_all(c)
        .await)?)
}

/// A follower has been told up to a number.
pub async fn tell(tx: &mut Tx, row: &FollowerRow, told: i64) -> Stored<()> {
    const SQL: &str = "update programme_followers set told = $4
        where owner = $1 and slug = $2 and contact = $3";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(&row.contact)
        .bind(told)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
