//! The rule of two for the accounts of operators: whoever makes one, gives it back a
//! password or raises it could act as a second person alone. Where two must agree,
//! such an account may do nothing until an operator who had no part in that has
//! confirmed it. At the machine anything may be done at once, as ever.

use lapor_migrations::{DbError, Tx};

use crate::audit::{self, By};
use crate::ground::Ground;
use crate::store;
use crate::store::resting::RestingRow;
use crate::tokens;

/// Why an account is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum VouchError {
    #[error("the account does not wait for anybody's confirmation")]
    Gone,
    #[error("whoever had a part in it cannot confirm the account; another operator must")]
    SamePerson,
    #[error("something else was done to the account since; look at it again")]
    Changed,
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Has the account `id` of `login` rest, because of what `by` does to it.
pub async fn rest(
    ground: &Ground,
    by: &By<'_>,
    (id, login): (&str, &str),
    act: &str,
) -> Result<(), DbError> {
    let mut tx = ground.db.write().await?;
    rest_in(&mut tx, ground.clock.now_ms(), by, (id, login), act).await?;
    tx.commit().await
}

/// As [`rest`], in a transaction of the caller.
pub async fn rest_in(
    tx: &mut Tx,
    now: i64,
    by: &By<'_>,
    (id, login): (&str, &str),
    act: &str,
) -> Result<(), DbError> {
    let row = RestingRow {
        account: id.to_owned(),
        asked_by: by.actor.to_owned(),
        act: act.to_owned(),
        reason: by.reason.to_owned(),
        asked_at: now,
    };
    store::resting::rest(tx, &row).await?;
    let reason = format!("{} ({login}: {act})", by.reason);
    let noted = By {
        reason: reason.trim_start(),
        ..*by
    };
    audit::note_about(tx, now, &noted, "operator.rests", None).await
}

/// Whether an account may do nothing yet.
pub async fn rests(ground: &Ground, id: &str) -> Result<bool, DbError> {
    let mut tx = ground.db.read().await?;
    store::resting::rests(&mut tx, id).await
}

/// Why accounts rest, the longest first.
pub async fn resting(ground: &Ground) -> Result<Vec<RestingRow>, DbError> {
    let mut tx = ground.db.read().await?;
    store::resting::of(&mut tx, "").await
}

/// Lets it act, by somebody because of whom it does not rest. `seen` is when the last was done to it
/// (Unix ms) of which they have read; `None` of whoever does not say.
pub async fn vouch(
    ground: &Ground,
    actor: &str,
    (id, login): (&str, &str),
    seen: Option<i64>,
) -> Result<(), VouchError> {
    let mut tx = ground.db.write().await?;
    let rows = store::resting::of(&mut tx, id).await?;
    let last = rows.last().ok_or(VouchError::Gone)?;
    let person = tokens::person(&mut tx, actor).await?;
    if rows.iter().any(|row| row.asked_by == person) {
        return Err(VouchError::SamePerson);
    }
    if seen.is_some_and(|seen| last.asked_at > seen) {
        return Err(VouchError::Changed);
    }
    store::resting::wake(&mut tx, id).await?;
    let reason = format!("{} ({login}: {})", last.reason, last.act);
    let by = By {
        actor,
        reason: reason.trim_start(),
        asked_by: Some(&last.asked_by),
    };
    let now = ground.clock.now_ms();
    audit::note_about(&mut tx, now, &by, "operator.vouched", None).await?;
    tx.commit().await?;
    Ok(())
}
