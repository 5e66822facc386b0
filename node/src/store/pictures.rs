//! Pictures of programmes, as far as their latest messages name them.
//!
//! States: `pending` (own, the hub has not accepted its message yet), `to_send` (with the
//! reason why the hub does not take it), `to_fetch` (announced, not yet here), `no_room`
//! (of another institution, and those of others fill their room), `held`, `refused` with the
//! reason why.

use lapor_migrations::{Bulk, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, FromRow)]
pub struct PictureRow {
    pub owner: String,
    pub slug: String,
    pub sha256: Vec<u8>,
    pub size: i64,
    pub media_type: String,
    pub state: String,
    pub reason: Option<String>,
}

pub async fn add(tx: &mut Tx, row: &PictureRow) -> Stored<()> {
    const SQL: &str = "insert into pictures (owner, slug, sha256, size, media_type, state, reason)
        values ($1, $2, $3, $4, $5, $6, $7)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(&row.sha256)
        .bind(row.size)
        .bind(&row.media_type)
        .bind(&row.state)
        .bind(&row.reason)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn remove(tx: &mut Tx, row: &PictureRow) -> Stored<()> {
    const SQL: &str = "delete from pictures where owner = $1 and slug = $2 and sha256 = $3";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(&row.sha256)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Changes the state of a row, if it is still in the one that was read.
pub async fn set_state(
    tx: &mut Tx,
    row: &PictureRow,
    state: &str,
    reason: Option<&str>,
) -> Stored<()> {
    const SQL: &str = "update pictures set state = $4, reason = $5
        where owner = $1 and slug = $2 and sha256 = $3 and state = $6";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(&row.sha256)
        .bind(state)
        .bind(reason)
        .bind(&row.state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Has the pictures of own programmes sent once more: the hub may have lost them.
pub async fn send_again(tx: &mut Tx, owner: &str) -> Stored<()> {
    const SQL: &str = "update pictures set state = 'to_send' where state = 'held' and owner = $1";
    on!(tx, c => sqlx::query(SQL).bind(owner).execute(c).await.map(drop))?;
    Ok(())
}

/// How many there are in a state.
pub async fn count(tx: &mut Tx, state: &str) -> Stored<u64> {
    const SQL: &str = "select count(*) from pictures where state = $1";
    let count: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(state).fetch_one(c).await)?;
    Ok(count as u64)
}

pub async fn of_programme(tx: &mut Tx, owner: &str, slug: &str) -> Stored<Vec<PictureRow>> {
    const SQL: &str = "select owner, slug, sha256, size, media_type, state, reason from pictures
        where owner = $1 and slug = $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(owner).bind(slug).fetch_all(c).await)?)
}

static OF_THESE: Bulk = Bulk::new(
    "with v (owner, slug) as (values",
    2,
    ") select p.owner, p.slug, p.sha256, p.size, p.media_type, p.state, p.reason
        from v join pictures p on p.owner = v.owner and p.slug = v.slug",
);

/// Those of these programmes: owner, slug.
pub async fn of_these(tx: &mut Tx, programmes: Vec<Value>) -> Stored<Vec<PictureRow>> {
    tx.fetch_rows(&OF_THESE, programmes).await
}

/// Bytes of the files that are here of pictures of other institutions.
pub async fn bytes_of_others(tx: &mut Tx, me: &str) -> Stored<u64> {
    const SQL: &str = "select cast(coalesce(sum(size), 0) as bigint) from (
            select sha256, max(size) as size from pictures
            where state = 'held' and owner <> $1 group by sha256) as files";
    let bytes: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(me).fetch_one(c).await)?;
    Ok(bytes as u64)
}

/// Those of a state, a page after one.
pub async fn in_state(
    tx: &mut Tx,
    state: &str,
    after: (&str, &str, &[u8]),
    limit: i64,
) -> Stored<Vec<PictureRow>> {
    const SQL: &str = "select owner, slug, sha256, size, media_type, state, reason from pictures
        where state = $1 and (owner, slug, sha256) > ($2, $3, $4)
        order by owner, slug, sha256 limit $5";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(state)
        .bind(after.0)
        .bind(after.1)
        .bind(after.2)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;

    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn of_a_page_no_pictures_are_read_but_those_of_its_programmes() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            for slug in ["alun", "jembatan", "taman"] {
                let row = PictureRow {
                    owner: "kota-bandung".into(),
                    slug: slug.into(),
                    sha256: vec![7; 32],
                    size: 1,
                    media_type: "image/png".into(),
                    state: "held".into(),
                    reason: None,
                };
                add(&mut tx, &row).await.unwrap();
            }
            let page = ["alun", "taman"].into_iter();
            let page = page.flat_map(|slug| [Value::from("kota-bandung"), slug.into()]);
            let found = of_these(&mut tx, page.collect()).await.unwrap();
            let mut slugs: Vec<String> = found.into_iter().map(|row| row.slug).collect();
            slugs.sort_unstable();
            assert_eq!(slugs, ["alun", "taman"]);
        }
    }
}
