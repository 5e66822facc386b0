//! Which programmes have been published, so that their progress can be ruled.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

const PUBLISHED: &str = "select count(*) from programmes where author = $1 and slug = $2";
const PUBLISH: &str = "insert into programmes (author, slug) values ($1, $2) \
     on conflict (author, slug) do nothing";

pub async fn published(tx: &mut Tx, author: &InstanceId, slug: &str) -> Result<bool, DbError> {
    let count: i64 = on!(tx, conn => sqlx::query_scalar(PUBLISHED)
        .bind(author.as_str())
        .bind(slug)
        .fetch_one(conn)
        .await)?;
    Ok(count > 0)
}

pub async fn publish(tx: &mut Tx, author: &InstanceId, slug: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(PUBLISH)
        .bind(author.as_str())
        .bind(slug)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}
