//! What the public stream brings: programmes and editions of data.

use lapor_migrations::{Tx, on};

use super::Stored;

pub async fn publish(tx: &mut Tx, owner: &str, slug: &str, body: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into programmes (owner, slug, published, updated_at) values ($1, $2, $3, $4)
        on conflict (owner, slug) do update set published = excluded.published, updated_at = excluded.updated_at";
    on!(tx, c => sqlx::query(SQL).bind(owner).bind(slug).bind(body).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn progress(tx: &mut Tx, owner: &str, slug: &str, body: &str, at: i64) -> Stored<()> {
    const SQL: &str =
        "update programmes set progress = $3, updated_at = $4 where owner = $1 and slug = $2";
    on!(tx, c => sqlx::query(SQL).bind(owner).bind(slug).bind(body).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn add_edition(
    tx: &mut Tx,
    kind: &str,
    edition: &str,
    body: &str,
    at: i64,
) -> Stored<()> {
    const SQL: &str = "insert into editions (kind, edition, payload, received_at) values ($1, $2, $3, $4)
        on conflict (kind, edition) do update set payload = excluded.payload, received_at = excluded.received_at";
    on!(tx, c => sqlx::query(SQL).bind(kind).bind(edition).bind(body).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Owner, slug, published body, latest progress body.
pub async fn programmes(tx: &mut Tx) -> Stored<Vec<(String, String, String, Option<String>)>> {
    const SQL: &str =
        "select owner, slug, published, progress from programmes order by owner, slug";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
