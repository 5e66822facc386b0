//! Applying what has been received: inbox row, effect and cursor in one
//! transaction. A message that cannot be applied stops its case, never the
//! stream.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use lapor_migrations::{Tx, Value};
use lapor_protocol::case::{Case, Withheld};
use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::receipt::Stream;
use lapor_protocol::seal::Subject;

use super::public::apply_public;
use super::settle::{OWN_MISSING, Step, settle};
use super::traces::{Traced, tell_taken_in};
use super::{Link, LinkError};
use crate::casework::refresh;
use crate::error::NodeError;
use crate::node::Node;
use crate::quarantine::BY_OPERATOR;
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

/// A case while a batch works on it.
pub(super) struct Working {
    pub row: CaseRow,
    pub fold: Option<Case>,
    /// The content key is known to be held.
    pub keyed: bool,
    pub changed: bool,
    /// Own acts that were applied as they had been shown, so that nothing but
    /// their number among the pending ones changes.
    pub as_shown: i64,
    /// Something else happened: what is shown must be computed anew.
    pub restate: bool,
}

/// What a batch works with.
pub(super) struct Batch<'a> {
    pub me: &'a InstanceId,
    pub directory: &'a Directory,
    pub now: i64,
    pub cases: BTreeMap<CaseId, Working>,
    /// Own lines that come back as rulings only.
    pub own_lines: HashMap<EnvelopeId, String>,
    /// Rulings of own messages: envelope id, effect, reason, when.
    pub rulings: Vec<Value>,
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
            let traced = apply_rows(&self.node, &mut tx, Stream::Public, public).await?;
            tx.commit().await?;
            tell_taken_in(&traced);
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
            match apply_rows(&self.node, &mut tx, Stream::Inbox, rows).await {
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
    let applying = async {
        let mut tx = node.write_tx().await?;
        let last = rows.last().map_or(0, |row| row.dseq);
        let traced = apply_rows(node, &mut tx, stream, rows).await?;
        store::chain::set_settled(&mut tx, stream.as_str(), last).await?;
        tx.commit().await?;
        tell_taken_in(&traced);
        Ok(())
    };
    let done = AssertUnwindSafe(applying).catch_unwind().await;
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

/// Applies items that are in the database already. What came with a trace is
/// told with [`tell_taken_in`] once that is durable.
pub(crate) async fn apply_rows(
    node: &Node,
    tx: &mut Tx,
    stream: Stream,
    rows: Vec<InboxRow>,
) -> Result<Vec<Traced>, NodeError> {
    match stream {
        Stream::Inbox => apply_batch(node, tx, rows).await,
        Stream::Public => apply_public(node, tx, rows).await,
    }
}

/// Lets a case that stands still be looked at again; `anew` from its very
/// beginning. Gives its next `case_seq`.
pub(crate) async fn unblock(tx: &mut Tx, case: &str, anew: bool) -> Result<Option<i64>, NodeError> {
    let Some(mut row) = store::cases::case(tx, case).await? else {
        return Ok(None);
    };
    row.blocked = None;
    if anew {
        (row.fold, row.next_seq) = (None, 1);
    }
    let next = row.next_seq;
    store::cases::put(tx, &[row]).await?;
    Ok(Some(next))
}

async fn apply_batch(
    node: &Node,
    tx: &mut Tx,
    rows: Vec<InboxRow>,
) -> Result<Vec<Traced>, NodeError> {
    let directory = node.directory();
    let mut batch = Batch {
        me: node.instance()?,
        directory: &directory,
        now: node.clock().now_ms(),
        cases: BTreeMap::new(),
        own_lines: HashMap::new(),
        rulings: Vec::new(),
        outcomes: Vec::new(),
        waiting: Vec::new(),
    };
    let mut traced = Vec::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let item: Item = store::read(serde_json::from_str(&row.item))?;
        items.push((row, item));
    }
    batch
        .load(tx, items.iter().filter_map(|(_, item)| item.case))
        .await?;
    batch.load_lines(tx, &items).await?;
    for (row, item) in &items {
        let step = settle(&mut batch, tx, node, row, item).await?;
        let state = batch.note(row, step);
        traced.extend(Traced::of(row, item.envelope_id, state));
    }
    batch.finish(tx).await?;
    Ok(traced)
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
            let id = store::case_id(&row.case_id)?;
            self.cases.insert(id, Working::of(row, fold));
        }
        for id in &ids {
            let unborn = || Working::of(CaseRow::unborn(id.to_string(), self.now), None);
            self.cases.entry(*id).or_insert_with(unborn);
        }
        let subjects: HashMap<String, CaseId> = ids
            .into_iter()
            .map(|id| (Subject::Case(id).to_string(), id))
            .collect();
        let wanted = subjects.keys().map(|subject| subject.as_str().into());
        for held in store::secrets::held(tx, wanted.collect()).await? {
            let working = subjects.get(&held).and_then(|id| self.cases.get_mut(id));
            if let Some(working) = working {
                working.keyed = true;
            }
        }
        Ok(())
    }

    /// Brings the lines of own messages, which do not travel back.
    async fn load_lines(
        &mut self,
        tx: &mut Tx,
        items: &[(InboxRow, Item)],
    ) -> Result<(), NodeError> {
        let own = items.iter().map(|(_, item)| item);
        let own = own.filter(|item| item.withheld == Some(Withheld::Own));
        let ids = own.map(|item| item.envelope_id.as_bytes().as_slice().into());
        for (id, line) in store::outbox::lines(tx, ids.collect()).await? {
            self.own_lines.insert(store::digest(&id)?, line);
        }
        Ok(())
    }

    /// Shows a case anew if own acts on it were pending.
    async fn look_again(&mut self, tx: &mut Tx, id: CaseId) -> Result<(), NodeError> {
        if !self.cases.contains_key(&id) {
            self.load(tx, std::iter::once(id)).await?;
        }
        if let Some(working) = self.cases.get_mut(&id) {
            working.changed |= working.row.pending > 0;
            working.restate = true;
        }
        Ok(())
    }

    /// Notes what became of an item; returns the state that it then has.
    fn note(&mut self, row: &InboxRow, step: Step) -> &'static str {
        let final_ = !matches!(
            step,
            Step::Waiting(_) | Step::Quarantined(_) | Step::Parked(_)
        );
        tell(row, &step);
        let (state, reason) = match step {
            Step::Applied => ("applied", None),
            Step::Disputed => ("applied", Some("disputed".to_owned())),
            Step::Superseded => ("superseded", None),
            Step::Refused => ("refused", Some(BY_OPERATOR.to_owned())),
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
        state
    }

    async fn finish(mut self, tx: &mut Tx) -> Result<(), NodeError> {
        // A refused link or split has no place in its second case, where it
        // was shown as pending all the same.
        for second in store::outbox::ruled(tx, std::mem::take(&mut self.rulings)).await? {
            self.look_again(tx, store::case_id(&second)?).await?;
        }
        store::inbox::mark(tx, std::mem::take(&mut self.outcomes)).await?;
        store::inbox::mark_waiting(tx, std::mem::take(&mut self.waiting)).await?;
        let world = self.directory.latest();
        let still = self.still_pending(tx).await?;
        let mut rows = Vec::new();
        for mut working in self.cases.into_values().filter(|working| working.changed) {
            working.row.fold = match &working.fold {
                Some(case) => Some(serde_json::to_string(case).map_err(NodeError::damaged)?),
                None => None,
            };
            working.row.updated_at = self.now;
            let pending = still.get(&working.row.case_id).copied().unwrap_or_default();
            if !working.restate && working.row.pending == pending + working.as_shown {
                working.row.pending = pending;
            } else if working.row.pending > 0 {
                refresh(tx, &mut working.row, working.fold.as_ref(), self.me, world).await?;
            } else {
                crate::casework::show(&mut working.row, working.fold.as_ref());
            }
            rows.push(working.row);
        }
        Ok(store::cases::put(tx, &rows).await?)
    }

    /// Own acts that still wait for their ruling, by case, where that may
    /// spare computing what is shown.
    async fn still_pending(&self, tx: &mut Tx) -> Result<HashMap<String, i64>, NodeError> {
        let cases = self.cases.values();
        let cases = cases.filter(|working| working.as_shown > 0 && !working.restate);
        let ids = cases.map(|working| working.row.case_id.as_str().into());
        let counts = store::outbox::unruled_counts(tx, ids.collect()).await?;
        Ok(counts.into_iter().collect())
    }
}

/// What is set aside is an alarm.
fn tell(row: &InboxRow, step: &Step) {
    let (depoch, dseq) = (row.depoch, row.dseq);
    match step {
        Step::Quarantined(_) => tracing::error!(
            depoch,
            dseq,
            "an item is quarantined; `lapor-node quarantine list` shows it"
        ),
        Step::Parked(_) => tracing::warn!(
            depoch,
            dseq,
            "an item is parked until a newer lapor-node starts, which knows its kind"
        ),
        _ => {}
    }
}

impl Working {
    fn of(row: CaseRow, fold: Option<Case>) -> Self {
        Self {
            row,
            fold,
            keyed: false,
            changed: false,
            as_shown: 0,
            restate: false,
        }
    }
}
