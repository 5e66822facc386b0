//! Since when institutions say that they hold an edition.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;

use super::id;

/// Nothing changes while an institution says the same.
const NOTE: &str = "insert into adoptions (slug, what, edition, since) values ($1, $2, $3, $4) \
     on conflict (slug, what) do update set edition = excluded.edition, since = excluded.since \
     where adoptions.edition <> excluded.edition";
const ALL: &str = "select slug, what, edition, since from adoptions";

/// What an institution holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    pub slug: InstanceId,
    /// `taxonomy`, `calendar` or `regions`.
    pub what: String,
    /// Empty for the one that its program ships.
    pub edition: String,
    /// Unix ms; when it was first said.
    pub since: i64,
}

pub async fn note(
    tx: &mut Tx,
    slug: &InstanceId,
    what: &str,
    edition: &str,
    at: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(NOTE)
        .bind(slug.as_str())
        .bind(what)
        .bind(edition)
        .bind(at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn all(tx: &mut Tx) -> Result<Vec<Adoption>, DbError> {
    let rows: Vec<(String, String, String, i64)> =
        on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?;
    let rows = rows.into_iter().map(|(slug, what, edition, since)| {
        Ok(Adoption {
            slug: id(&slug)?,
            what,
            edition,
            since,
        })
    });
    rows.collect()
}
