//! Own messages that were set aside and turn out to be at the hub: their answer was lost, and then a disk
//! damaged what is kept of them. What was told of them is told anew, and what waited for them goes out.

use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;

use crate::error::NodeError;
use crate::feed;
use crate::publishing::offer_again;
use crate::quarantine::{REFUSED_WITH, WAITS};
use crate::store;
use crate::store::aside::AsideOwn;

/// Whether it was told of a message that it is refused: of what only waits for another one it is not.
pub(super) fn was_told(row: &AsideOwn) -> bool {
    !matches!(row.reason.as_deref(), Some(WAITS | REFUSED_WITH))
}

/// Tells of a message as it was told when it was written, where its refusal was told since.
pub(super) async fn tell_anew(
    tx: &mut Tx,
    me: &InstanceId,
    row: &AsideOwn,
    now: i64,
) -> Result<(), NodeError> {
    if !was_told(row) {
        return Ok(());
    }
    let Some(case) = &row.case_id else {
        return offer_again(tx, me, &row.message_id, now).await;
    };
    let change = feed::of_case(case, &row.kind, Some(&row.message_id), now);
    feed::note(tx, &[change]).await
}

/// Puts what waited for a message, and waits for nothing else, back among the drafts. Gives the numbers.
pub(super) async fn release(tx: &mut Tx, number: i64) -> Result<Vec<i64>, NodeError> {
    let released = store::behind::own_released(tx, number).await?;
    for waiting in &released {
        store::aside::send_again(tx, *waiting).await?;
    }
    Ok(released)
}
