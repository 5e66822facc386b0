//! Taking in what has been received, page by page, with patience: one item that
//! fails must not stop the stream, and a case that stood still goes on by itself
//! once what it waited for is here.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use lapor_migrations::{DbError, Tx};
use lapor_protocol::delivery::Item;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seal::Wrap;

use super::apply::{apply_rows, unblock};
use super::settle::OWN_MISSING;
use super::traces::tell_taken_in;
use super::{Link, LinkError};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::inbox::InboxRow;

/// Items in one transaction: as many as one statement has rows ([`lapor_migrations::Bulk`]), where 250 were five.
pub(super) const BATCH: i64 = 256;
/// How often an item that fails is tried before it is quarantined.
const TRIES: i64 = 3;
/// Items over which the database takes too long, in one go; the rest is the next one's.
const TOO_LONG_AT_ONCE: usize = 2;
/// Why such an item waits.
const TOO_LONG: &str = "the database took too long over it";
/// Why; what exactly failed may be a word of a case, which no log and no
/// receipt may hold.
pub(crate) const FAILS: &str = "cannot_be_applied";
/// Why something is set aside whose stored bytes are not those that were signed.
pub(super) const DAMAGED: &str = "bytes_damaged";

impl Link {
    /// Applies everything received on a stream that was not applied as it came. Returns how many items.
    pub(super) async fn apply_received(&self, stream: Stream) -> Result<usize, LinkError> {
        let _applier = self.applier.lock().await;
        let mut count = 0;
        // An empty page must not cost the writer its turn.
        while self.anything_received(stream).await? {
            count += match apply_page(&self.node, stream, BATCH).await {
                Err(error) if is_poison(&error) || is_too_long(&error) => {
                    apply_singly(&self.node, stream).await?
                }
                done => done?,
            };
        }
        Ok(count)
    }

    async fn anything_received(&self, stream: Stream) -> Result<bool, NodeError> {
        let mut tx = self.node.read_tx().await?;
        Ok(store::inbox::anything_received(&mut tx, stream.as_str()).await?)
    }

    /// Moves on the cases whose next message has come while they waited.
    /// Returns how many items were looked at.
    pub(crate) async fn move_on(&self) -> Result<usize, LinkError> {
        let _applier = self.applier.lock().await;
        let mut tx = self.node.read_tx().await?;
        let ready = store::aside::ready(&mut tx, OWN_MISSING, BATCH).await?;
        drop(tx);
        self.look_again(ready).await
    }

    /// Looks again at what an earlier version of this program has parked, and
    /// at erasures that it let wait. Returns how many items were looked at.
    pub async fn unpark(&self) -> Result<usize, LinkError> {
        let _applier = self.applier.lock().await;
        let mut tx = self.node.read_tx().await?;
        let mut cases = store::aside::parked_cases(&mut tx).await?;
        let erasures = store::aside::waiting_erasures(&mut tx).await?;
        cases.extend(erasures);
        cases.sort_unstable();
        cases.dedup();
        let public = store::aside::parked_public(&mut tx).await?;
        drop(tx);
        let mut count = public.len();
        if count > 0 {
            let tx = self.node.write_tx().await?;
            match apply_durably(&self.node, tx, Stream::Public, public).await {
                Err(error) if is_poison(&error) => {
                    tracing::error!("what is parked of the public stream cannot be applied");
                }
                done => done?,
            }
        }
        count += self.look_again(cases).await?;
        Ok(count)
    }

    /// Looks again at every case that waits: what it waited for may have come.
    pub(super) async fn replay_waiting(&self) -> Result<(), LinkError> {
        let _applier = self.applier.lock().await;
        let mut tx = self.node.read_tx().await?;
        let waiting = store::inbox::waiting_cases(&mut tx).await?;
        drop(tx);
        self.look_again(waiting).await.map(drop)
    }

    /// Looks again at one item, which has come once more, with what waits behind it.
    pub(super) async fn look_again_at(
        &self,
        stream: Stream,
        (depoch, dseq): (i64, i64),
        case: Option<CaseId>,
    ) -> Result<(), LinkError> {
        let _applier = self.applier.lock().await;
        if let (Stream::Inbox, Some(case)) = (stream, case) {
            return self.look_again(vec![case.to_string()]).await.map(drop);
        }
        let mut tx = self.node.write_tx().await?;
        let row = store::aside::row(&mut tx, (stream.as_str(), depoch, dseq)).await?;
        match apply_durably(&self.node, tx, stream, row.into_iter().collect()).await {
            Err(error) if is_poison(&error) => {
                let stream = stream.as_str();
                tracing::error!(
                    stream,
                    dseq,
                    "an item that has come once more cannot be applied"
                );
            }
            done => done?,
        }
        Ok(())
    }

    async fn look_again(&self, cases: Vec<String>) -> Result<usize, LinkError> {
        let (mut count, mut too_long) = (0, Vec::new());
        for case in cases {
            let mut tx = self.node.write_tx().await?;
            unblock(&mut tx, &case, false).await?;
            let rows = store::inbox::unsettled_of(&mut tx, &case).await?;
            count += rows.len();
            match apply_durably(&self.node, tx, Stream::Inbox, rows).await {
                // It holds up no other, and is told after them.
                Err(error) if is_too_long(&error) => {
                    too_long.push(error);
                    if too_long.len() == TOO_LONG_AT_ONCE {
                        break;
                    }
                }
                // Its case stays as it is; an operator's replay says why.
                Err(error) if is_poison(&error) => {
                    tracing::error!(case, "a case that waits cannot be moved on");
                }
                done => done?,
            }
        }
        match too_long.pop() {
            Some(error) => Err(error.into()),
            None => Ok(count),
        }
    }
}

/// Finds the item at which a page fails. It is tried a few times, then
/// quarantined with its bytes; one over which the database takes too long waits. The others of the page go
/// on. Returns how many items are settled.
async fn apply_singly(node: &Node, stream: Stream) -> Result<usize, NodeError> {
    let (mut count, mut tries, mut too_long) = (0, 0, 0);
    while count < BATCH as usize {
        let settled = match apply_page(node, stream, 1).await {
            Err(error) if is_too_long(&error) => {
                too_long += 1;
                if too_long > TOO_LONG_AT_ONCE || !let_next_wait(node, stream).await? {
                    return Err(error);
                }
                1
            }
            Err(error) if is_poison(&error) => {
                tries += 1;
                if tries < TRIES {
                    continue;
                }
                quarantine_next(node, stream, tries).await?
            }
            done => done?,
        };
        if settled == 0 {
            break;
        }
        count += settled;
        tries = 0;
    }
    Ok(count)
}

async fn apply_page(node: &Node, stream: Stream, most: i64) -> Result<usize, NodeError> {
    let tx = node.write_tx().await?;
    apply_next(node, tx, stream, most).await
}

/// The next items, their effects and how far the stream is settled, in one
/// transaction: another process on this database may be at work too. Returns
/// how many.
pub(super) async fn apply_next(
    node: &Node,
    mut tx: Tx,
    stream: Stream,
    most: i64,
) -> Result<usize, NodeError> {
    let rows = store::inbox::received(&mut tx, stream.as_str(), most).await?;
    let (count, last) = (rows.len(), rows.last().map_or(0, |row| row.dseq));
    store::chain::set_settled(&mut tx, stream.as_str(), last).await?;
    apply_durably(node, tx, stream, rows).await?;
    Ok(count)
}

/// Applies rows and commits. A panic is an error like any other, and undoes
/// the transaction.
async fn apply_durably(
    node: &Node,
    mut tx: Tx,
    stream: Stream,
    rows: Vec<InboxRow>,
) -> Result<(), NodeError> {
    let applying = AssertUnwindSafe(apply_rows(node, &mut tx, stream, rows)).catch_unwind();
    let mistake = |_| Err(NodeError::damaged("a mistake in the program"));
    let traced = applying.await.unwrap_or_else(mistake)?;
    tx.commit().await?;
    node.ring_changed();
    tell_taken_in(node, &traced);
    Ok(())
}

/// Whether trying again later would not help.
pub(super) fn is_poison(error: &NodeError) -> bool {
    !matches!(error, NodeError::Database(error) if error.is_transient())
}

/// Whether the database has ended a statement: what shares its transaction goes through without it.
pub(super) fn is_too_long(error: &NodeError) -> bool {
    matches!(error, NodeError::Database(DbError::Cancelled(_)))
}

/// Whether what came beside a message can be read, whatever the message says.
fn is_readable(row: &InboxRow) -> bool {
    let wraps = row.wraps.as_deref().map(serde_json::from_str::<Vec<Wrap>>);
    serde_json::from_str::<Item>(&row.item).is_ok() && wraps.is_none_or(|wraps| wraps.is_ok())
}

/// Sets the next item aside, which fails for no reason of its own state: its
/// case waits. Returns how many there were.
async fn quarantine_next(node: &Node, stream: Stream, tries: i64) -> Result<usize, NodeError> {
    let mut tx = node.write_tx().await?;
    let rows = store::inbox::received(&mut tx, stream.as_str(), 1).await?;
    let Some(row) = rows.first() else {
        return Ok(0);
    };
    let place = (stream.as_str(), row.depoch, row.dseq);
    let reason = if is_readable(row) { FAILS } else { DAMAGED };
    store::aside::set_item(&mut tx, place, "quarantined", Some(reason), tries).await?;
    let item = store::aside::item(&mut tx, place).await?;
    if let (Stream::Inbox, Some(case)) = (stream, item.and_then(|item| item.case_id)) {
        stop_case(node, &mut tx, case, reason).await?;
    }
    store::chain::set_settled(&mut tx, stream.as_str(), row.dseq).await?;
    tx.commit().await?;
    tracing::error!(
        stream = stream.as_str(),
        dseq = row.dseq,
        "an item cannot be applied and is quarantined; `lapor-node quarantine list` shows it"
    );
    Ok(1)
}

/// Has the next item wait with its case until the database takes less long over it
/// ([`Link::move_on`]). Not one without a place in a case, which nothing would move on.
async fn let_next_wait(node: &Node, stream: Stream) -> Result<bool, NodeError> {
    let mut tx = node.write_tx().await?;
    let rows = store::inbox::received(&mut tx, stream.as_str(), 1).await?;
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let place = (stream.as_str(), row.depoch, row.dseq);
    let item = store::aside::item(&mut tx, place).await?;
    let item = item.filter(|item| stream == Stream::Inbox && item.case_seq.is_some());
    let Some(case) = item.and_then(|item| item.case_id) else {
        return Ok(false);
    };
    let attempts = row.attempts + 1;
    store::aside::set_item(&mut tx, place, "waiting", Some(TOO_LONG), attempts).await?;
    stop_case(node, &mut tx, case, TOO_LONG).await?;
    store::chain::set_settled(&mut tx, stream.as_str(), row.dseq).await?;
    tx.commit().await?;
    tracing::warn!(
        stream = stream.as_str(),
        dseq = row.dseq,
        "the database took too long over an item, which waits with its case"
    );
    Ok(true)
}

/// A case stands still from here on.
async fn stop_case(node: &Node, tx: &mut Tx, case: String, why: &str) -> Result<(), NodeError> {
    let now = node.clock().now_ms();
    let known = store::cases::case(tx, &case).await?;
    let mut known = known.unwrap_or_else(|| CaseRow::unborn(case, now));
    known.blocked = Some(why.to_owned());
    Ok(store::cases::put(tx, &[known]).await?)
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Kind;
    use lapor_migrations::throwaway::cancelled;

    use super::*;
    use crate::testing::{FromDesk, PaperHub, Place, databases};

    #[tokio::test]
    async fn an_item_over_which_the_database_takes_too_long_holds_up_its_case_alone() {
        let servers = databases().await.into_iter();
        for db in servers.filter(|db| db.kind == Kind::Postgres) {
            let place = Place::joined("kota-bandung", db).await;
            let hub = PaperHub::of(&place);
            let link = Link::over(place.node.clone(), hub.clone()).unwrap();
            let [slow, quick] = [0; 2].map(|_| FromDesk::given(&hub, "kota-bandung").case);
            let of_slow = format!("new.id = '{slow}'");
            let mut tx = place.node.write_tx().await.unwrap();
            let begun = cancelled::begin(&mut tx, "changes", &of_slow).await;
            begun.unwrap();
            tx.commit().await.unwrap();
            let stands = async |case: CaseId| {
                let mut tx = place.node.read_tx().await.unwrap();
                let row = store::cases::case(&mut tx, &case.to_string()).await;
                let row = row.unwrap().unwrap();
                (row.next_seq, row.blocked)
            };
            link.pull(Stream::Inbox, 0).await.unwrap();
            assert_eq!(stands(quick).await, (3, None));
            let waits = (1, Some(TOO_LONG.to_owned()));
            assert_eq!(stands(slow).await, waits);
            let again = link.move_on().await.unwrap_err();
            assert!(matches!(again, LinkError::Node(error) if is_too_long(&error)));
            assert_eq!(stands(slow).await, waits);

            let mut tx = place.node.write_tx().await.unwrap();
            cancelled::end(&mut tx, "changes").await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(link.move_on().await.unwrap(), 2);
            assert_eq!(stands(slow).await, (3, None));
        }
    }
}
