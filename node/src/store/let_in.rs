//! By what people are let in: sessions of officers and reporters, links to accounts, codes on their way.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Ends all of it; who was let in signs in again.
pub async fn end_all(tx: &mut Tx) -> Stored<()> {
    const ALL: [&str; 4] = [
        "delete from sessions",
        "delete from account_links",
        "delete from reporter_sessions",
        "delete from reporter_codes",
    ];
    for sql in ALL {
        on!(tx, c => sqlx::query(sql).execute(c).await.map(drop))?;
    }
    Ok(())
}
