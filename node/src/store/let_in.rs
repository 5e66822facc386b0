//! By what reporters are let in: their sessions, and codes on their way.

use lapor_migrations::{Tx, on};

use super::Stored;

/// Ends all of it; who was let in signs in again.
pub async fn end_all(tx: &mut Tx) -> Stored<()> {
    for sql in [
        "delete from reporter_sessions",
        "delete from reporter_codes",
    ] {
        on!(tx, c => sqlx::query(sql).execute(c).await.map(drop))?;
    }
    Ok(())
}
