//! All SQL about accounts. A function here is one act with its types; it
//! decides nothing, and it sees passwords, codes and tokens only as hashes.

pub mod accounts;
pub mod factors;
pub mod links;
pub mod sessions;
pub mod subjects;

use lapor_migrations::{DbError, Tx, on};

pub(crate) type Stored<T> = Result<T, DbError>;

/// Ends every session, and takes from all links and recovery codes what they open.
pub async fn end_all(tx: &mut Tx) -> Stored<()> {
    for sql in [
        "delete from sessions",
        "delete from account_links",
        "delete from recovery_codes",
    ] {
        on!(tx, c => sqlx::query(sql).execute(c).await.map(drop))?;
    }
    Ok(())
}
