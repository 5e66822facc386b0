//! Applying what has been received: inbox row, effect and cursor in one
//! transaction. A message that cannot be applied stops its case, never the
//! stream.

use std::collections::{BTreeMap, BTreeSet};

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::Case;
use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::receipt::Stream;

use super::settle::{Step, settle};
use super::{Link, LinkError};
use crate::casework::refresh;
use crate::error::NodeError;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::inbox::InboxRow;

/// Items in one transaction.
const BATCH: i64 = 250;

/// A case while a batch works on it.
pub(super) struct Working {
    pub row: CaseRow,
    pub fold: Option<Case>,
    /// The content key is known to be held.
    pub keyed: bool,
    pub changed: bool,
}

/// What a batch works with.
pub(super) struct Batch<'a> {
    pub me: &'a InstanceId,
    pub directory: &'a Directory,
    pub now: i64,
    pub cases: BTreeMap<CaseId, Working>,
    outcomes: Vec<Value>,
    waiting: Vec<Value>,
}

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
            let mut tx = self.node.write_tx().await?;
            count += rows.len();
            let last = rows.last().map_or(0, |row| row.dseq);
            match stream {
                Stream::Inbox => self.apply_batch(&mut tx, rows).await?,
                Stream::Public => self.apply_public(&mut tx, rows).await?,
            }
            store::chain::set_settled(&mut tx, stream.as_str(), last).await?;
            tx.commit().await?;
        }
        Ok(count)
    }

    /// Looks again at the items of a case that wait or were quarantined.
    pub async fn replay(&self, case: CaseId) -> Result<usize, LinkError> {
        let _applier = self.applier.lock().await;
        let mut tx = self.node.write_tx().await?;
        let text = case.to_string();
        let rows = store::inbox::unsettled_of(&mut tx, &text).await?;
        let count = rows.len();
        if let Some(mut row) = store::cases::case(&mut tx, &text).await? {
            row.blocked = None;
            store::cases::put(&mut tx, &[row]).await?;
        }
        self.apply_batch(&mut tx, rows).await?;
        tx.commit().await?;
        Ok(count)
    }

    async fn apply_batch(&self, tx: &mut Tx, rows: Vec<InboxRow>) -> Result<(), NodeError> {
        let directory = self.node.directory();
        let mut batch = Batch {
            me: self.node.instance()?,
            directory: &directory,
            now: self.node.clock().now_ms(),
            cases: BTreeMap::new(),
            outcomes: Vec::new(),
            waiting: Vec::new(),
        };
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let item: Item = store::read(serde_json::from_str(&row.item))?;
            items.push((row, item));
        }
        batch
            .load(tx, items.iter().filter_map(|(_, item)| item.case))
            .await?;
        for (row, item) in &items {
            let step = settle(&mut batch, tx, &self.node, row, item).await?;
            batch.note(row, step);
        }
        batch.finish(tx).await
    }
}

impl Batch<'_> {
    async fn load(
        &mut self,
        tx: &mut Tx,
        ids: impl Iterator<Item = CaseId>,
    ) -> Result<(), NodeError> {
        let ids: BTreeSet<CaseId> = ids.collect();
        if ids.is_empty() {
            return Ok(());
        }
        let wanted = ids.iter().map(|id| Value::from(id.to_string())).collect();
        for row in store::cases::these(tx, wanted).await? {
            let fold = row.ruled()?;
            self.cases.insert(
                store::case_id(&row.case_id)?,
                Working {
                    row,
                    fold,
                    keyed: false,
                    changed: false,
                },
            );
        }
        for id in ids {
            let unborn = || Working {
                row: CaseRow::unborn(id.to_string(), self.now),
                fold: None,
                keyed: false,
                changed: false,
            };
            self.cases.entry(id).or_insert_with(unborn);
        }
        Ok(())
    }

    /// Shows a case anew if own acts on it were pending.
    pub(super) async fn look_again(&mut self, tx: &mut Tx, id: CaseId) -> Result<(), NodeError> {
        if !self.cases.contains_key(&id) {
            self.load(tx, std::iter::once(id)).await?;
        }
        if let Some(working) = self.cases.get_mut(&id) {
            working.changed |= working.row.pending > 0;
        }
        Ok(())
    }

    fn note(&mut self, row: &InboxRow, step: Step) {
        let final_ = !matches!(
            step,
            Step::Waiting(_) | Step::Quarantined(_) | Step::Parked(_)
        );
        let (state, reason) = match step {
            Step::Applied => ("applied", None),
            Step::Disputed => ("applied", Some("disputed".to_owned())),
            Step::Superseded => ("superseded", None),
            Step::Waiting(reason) => ("waiting", Some(reason)),
            Step::Quarantined(reason) => ("quarantined", Some(reason)),
            Step::Parked(reason) => ("parked", Some(reason)),
        };
        let values = [
            Value::from(Stream::Inbox.as_str()),
            Value::from(row.depoch),
            Value::from(row.dseq),
            Value::from(state),
            Value::from(reason),
            Value::from(row.attempts + 1),
        ];
        if final_ {
            self.outcomes.extend(values);
        } else {
            self.waiting.extend(values);
        }
    }

    async fn finish(mut self, tx: &mut Tx) -> Result<(), NodeError> {
        if !self.outcomes.is_empty() {
            store::inbox::mark(tx, std::mem::take(&mut self.outcomes)).await?;
        }
        if !self.waiting.is_empty() {
            store::inbox::mark_waiting(tx, std::mem::take(&mut self.waiting)).await?;
        }
        let world = self.directory.latest();
        let mut rows = Vec::new();
        for mut working in self.cases.into_values().filter(|working| working.changed) {
            working.row.fold = match &working.fold {
                Some(case) => Some(serde_json::to_string(case).map_err(NodeError::damaged)?),
                None => None,
            };
            working.row.updated_at = self.now;
            if working.row.pending > 0 {
                refresh(tx, &mut working.row, working.fold.as_ref(), self.me, world).await?;
            } else {
                crate::casework::show(&mut working.row, working.fold.as_ref());
            }
            rows.push(working.row);
        }
        if rows.is_empty() {
            Ok(())
        } else {
            Ok(store::cases::put(tx, &rows).await?)
        }
    }
}
