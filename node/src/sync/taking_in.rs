//! Taking in what has been received, page by page, with patience: one item that
//! fails must not stop the stream, and a case that stood still goes on by itself
//! once what it waited for is here.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use lapor_migrations::Tx;
use lapor_protocol::receipt::Stream;

use super::apply::{apply_rows, unblock};
use super::settle::OWN_MISSING;
use super::traces::{Traced, tell_taken_in};
use super::{Link, LinkError};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::inbox::InboxRow;

/// Items in one transaction.
const BATCH: i64 = 250;
/// How often an item that fails is tried before it is quarantined.
const TRIES: i64 = 3;
/// Why; what exactly failed may be a word of a case, which no log and no
/// receipt may hold.
pub(crate) const FAILS: &str = "cannot_be_applied";

impl Link {
    /// Applies everything received on a stream. Returns how many items.
    pub(super) async fn apply_received(&self, stream: Stream) -> Result<usize, LinkError> {
        let _applier = self.applier.lock().await;
        let mut count = 0;
        loop {
            // An empty page must not cost the writer its turn; nobody else
            // changes what has been received while the applier is held.
            let mut tx = self.node.read_tx().await?;
            let rows = store::inbox::received(&mut tx, stream.as_str(), BATCH).await?;
            drop(tx);
            if rows.is_empty() {
                break;
            }
            count += rows.len();
            match apply_page(&self.node, stream, rows.clone()).await {
                Err(error) if is_poison(&error) => self.apply_singly(stream, rows).await?,
                done => done?,
            }
        }
        Ok(count)
    }

    /// Finds the item at which a page fails. It is tried a few times, then
    /// quarantined with its bytes; the others go on.
    async fn apply_singly(&self, stream: Stream, rows: Vec<InboxRow>) -> Result<(), NodeError> {
        for row in rows {
            let mut tries = 0;
            loop {
                match apply_page(&self.node, stream, vec![row.clone()]).await {
                    Err(error) if is_poison(&error) => tries += 1,
                    done => break done?,
                }
                if tries == TRIES {
                    quarantine(&self.node, stream, &row, tries).await?;
                    break;
                }
            }
        }
        Ok(())
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

    /// Looks again at what an earlier version of this program has parked.
    /// Returns how many items were looked at.
    pub async fn unpark(&self) -> Result<usize, LinkError> {
        let _applier = self.applier.lock().await;
        let mut tx = self.node.read_tx().await?;
        let cases = store::aside::parked_cases(&mut tx).await?;
        let public = store::aside::parked_public(&mut tx).await?;
        drop(tx);
        let mut count = public.len();
        if count > 0 {
            let mut tx = self.node.write_tx().await?;
            match apply_safely(&self.node, &mut tx, Stream::Public, public).await {
                Ok(traced) => {
                    tx.commit().await?;
                    tell_taken_in(&traced);
                }
                Err(error) if is_poison(&error) => {
                    tracing::error!("what is parked of the public stream cannot be applied");
                }
                Err(error) => return Err(error.into()),
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

    async fn look_again(&self, cases: Vec<String>) -> Result<usize, LinkError> {
        let mut count = 0;
        for case in cases {
            let mut tx = self.node.write_tx().await?;
            unblock(&mut tx, &case, false).await?;
            let rows = store::inbox::unsettled_of(&mut tx, &case).await?;
            count += rows.len();
            match apply_safely(&self.node, &mut tx, Stream::Inbox, rows).await {
                Ok(traced) => {
                    tx.commit().await?;
                    tell_taken_in(&traced);
                }
                // Its case stays as it is; an operator's replay says why.
                Err(error) if is_poison(&error) => {
                    tracing::error!(case, "a case that waits cannot be moved on");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(count)
    }
}

/// Items, their effects and how far the stream is settled, in one transaction.
async fn apply_page(node: &Node, stream: Stream, rows: Vec<InboxRow>) -> Result<(), NodeError> {
    let mut tx = node.write_tx().await?;
    let last = rows.last().map_or(0, |row| row.dseq);
    // Another process on this database may have applied some of them since.
    let open = store::inbox::received(&mut tx, stream.as_str(), BATCH).await?;
    let open: BTreeSet<_> = open.iter().map(|row| (row.depoch, row.dseq)).collect();
    let mut rows = rows;
    rows.retain(|row| open.contains(&(row.depoch, row.dseq)));
    let traced = apply_safely(node, &mut tx, stream, rows).await?;
    store::chain::set_settled(&mut tx, stream.as_str(), last).await?;
    tx.commit().await?;
    tell_taken_in(&traced);
    Ok(())
}

/// Applies rows; a panic is an error like any other, and the transaction is
/// then to be dropped.
async fn apply_safely(
    node: &Node,
    tx: &mut Tx,
    stream: Stream,
    rows: Vec<InboxRow>,
) -> Result<Vec<Traced>, NodeError> {
    let applying = AssertUnwindSafe(apply_rows(node, tx, stream, rows));
    let done = applying.catch_unwind().await;
    done.unwrap_or_else(|_| Err(NodeError::damaged("a mistake in the program")))
}

/// Whether trying again later would not help.
fn is_poison(error: &NodeError) -> bool {
    !matches!(error, NodeError::Database(error) if error.is_transient())
}

/// Sets an item aside that fails for no reason of its own state: its case waits.
async fn quarantine(
    node: &Node,
    stream: Stream,
    row: &InboxRow,
    tries: i64,
) -> Result<(), NodeError> {
    let place = (stream.as_str(), row.depoch, row.dseq);
    let mut tx = node.write_tx().await?;
    store::aside::set_item(&mut tx, place, "quarantined", Some(FAILS), tries).await?;
    let item = store::aside::item(&mut tx, place).await?;
    if let (Stream::Inbox, Some(case)) = (stream, item.and_then(|item| item.case_id)) {
        let now = node.clock().now_ms();
        let known = store::cases::case(&mut tx, &case).await?;
        let mut known = known.unwrap_or_else(|| CaseRow::unborn(case, now));
        known.blocked = Some(FAILS.to_owned());
        store::cases::put(&mut tx, &[known]).await?;
    }
    store::chain::set_settled(&mut tx, stream.as_str(), row.dseq).await?;
    tx.commit().await?;
    tracing::error!(
        stream = stream.as_str(),
        dseq = row.dseq,
        "an item cannot be applied and is quarantined; `lapor-node quarantine list` shows it"
    );
    Ok(())
}
