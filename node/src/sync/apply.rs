//! Applying what has been received: inbox row, effect and cursor in one
//! transaction. A message that cannot be applied stops its case, never the
//! stream.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use lapor_migrations::{Tx, Value};
use lapor_protocol::calendar::Calendar;
use lapor_protocol::case::{Case, Withheld};
use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::receipt::Stream;
use lapor_protocol::seal::Subject;

use super::after_all::release;
use super::public::apply_public;
use super::settle::{Step, settle};
use super::traces::Traced;
use crate::casework::{describe, keep, refresh, show};
use crate::deadlines::record;
use crate::error::NodeError;
use crate::feed;
use crate::node::Node;
use crate::quarantine::BY_OPERATOR;
use crate::store;
use crate::store::by_id::OwnLine;
use crate::store::cases::CaseRow;
use crate::store::changes::ChangeRow;
use crate::store::inbox::InboxRow;
use crate::store::terms::{Overdue, Terms};

/// A case while a batch works on it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is set by an event of its own, and none excludes another"
)]
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
    /// What lists show of its messages must be read anew: another's message came, or an own one
    /// did not have the effect with which it was shown.
    pub reread: bool,
    /// When the hub ordered the own message that was ruled last, Unix ms.
    pub own_at: Option<i64>,
}

/// What a batch works with.
pub(super) struct Batch<'a> {
    pub me: &'a InstanceId,
    pub directory: &'a Directory,
    pub calendar: Arc<Calendar>,
    pub now: i64,
    pub cases: BTreeMap<CaseId, Working>,
    /// The numbers of own messages that come back.
    pub numbers: HashMap<EnvelopeId, i64>,
    /// Own lines that come back as rulings only, by number.
    pub own_lines: HashMap<i64, OwnLine>,
    /// Rulings of own messages: number, effect, reason, when.
    pub rulings: Vec<Value>,
    /// Own messages that are quarantined, where any come back.
    pub aside: BTreeSet<i64>,
    /// Those of them that the hub has ruled all the same.
    pub after_all: Vec<i64>,
    outcomes: Vec<Value>,
    waiting: Vec<Value>,
    /// Who has had the cases, for the figures.
    pub terms: Terms,
    /// With whom clocks had run out when they were met.
    pub overdue: Overdue,
    /// What whoever reads the feed is told.
    pub changes: Vec<ChangeRow>,
    /// Cases that were filed here and split, and their halves.
    pub halves: BTreeSet<CaseId>,
    /// Cases that this node had erased before it was restored, and whether for a reporter's wish.
    pub erased_before: BTreeMap<CaseId, bool>,
}

/// Applies items that are in the database already. What came with a trace is
/// told with [`super::tell_taken_in`] once that is durable.
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
        calendar: node.calendar_in_force(tx).await?,
        now: node.clock().now_ms(),
        cases: BTreeMap::new(),
        numbers: HashMap::new(),
        own_lines: HashMap::new(),
        rulings: Vec::new(),
        aside: BTreeSet::new(),
        after_all: Vec::new(),
        outcomes: Vec::new(),
        waiting: Vec::new(),
        terms: Terms::new(),
        overdue: Overdue::new(),
        changes: Vec::new(),
        halves: BTreeSet::new(),
        erased_before: BTreeMap::new(),
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
        traced.extend(Traced::of(node, row, item, state));
    }
    batch.finish(node, tx).await?;
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
            let fold = row.folded()?;
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

    /// The line of an own message that comes back.
    pub fn own_line(&self, item: &Item) -> Option<&OwnLine> {
        let number = self.numbers.get(&item.envelope_id)?;
        self.own_lines.get(number)
    }

    /// Finds the own messages that come back, and brings their lines, which do not travel.
    async fn load_lines(
        &mut self,
        tx: &mut Tx,
        items: &[(InboxRow, Item)],
    ) -> Result<(), NodeError> {
        let own =
            |item: &&Item| matches!(item.withheld, Some(Withheld::Own | Withheld::RulingOnly));
        let items = || items.iter().map(|(_, item)| item);
        let ids = items().filter(own).map(|item| item.envelope_id);
        self.numbers = store::by_id::numbers(tx, ids.collect()).await?;
        if !self.numbers.is_empty() {
            let aside = store::behind::own_quarantined(tx).await?;
            self.aside.extend(aside);
        }
        let whole = items().filter(|item| item.withheld == Some(Withheld::Own));
        let whole = whole.filter_map(|item| self.numbers.get(&item.envelope_id).copied());
        for own in store::by_id::lines(tx, whole).await? {
            self.own_lines.insert(own.number, own);
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
            working.reread = true;
        }
        Ok(())
    }

    /// What waited for own messages that were set aside, and are ruled now, waits to be sent.
    async fn release(&mut self, tx: &mut Tx) -> Result<(), NodeError> {
        for number in std::mem::take(&mut self.after_all) {
            for again in release(tx, number).await? {
                for case in store::outbox::cases_of(tx, again).await? {
                    let id = store::case_id(&case)?;
                    self.look_again(tx, id).await?;
                    if let Some(working) = self.cases.get_mut(&id) {
                        working.changed = true;
                        working.row.pending += 1;
                    }
                }
            }
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

    async fn finish(mut self, node: &Node, tx: &mut Tx) -> Result<(), NodeError> {
        // A refused link or split has no place in its second case, where it
        // was shown as pending all the same.
        for second in store::outbox::ruled(tx, std::mem::take(&mut self.rulings)).await? {
            self.look_again(tx, store::case_id(&second)?).await?;
        }
        self.release(tx).await?;
        store::inbox::mark(tx, std::mem::take(&mut self.outcomes)).await?;
        store::inbox::mark_waiting(tx, std::mem::take(&mut self.waiting)).await?;
        store::terms::put(tx, &std::mem::take(&mut self.terms)).await?;
        feed::note(tx, &std::mem::take(&mut self.changes)).await?;
        let world = self.directory.latest();
        let still = self.still_pending(tx).await?;
        let halves = std::mem::take(&mut self.halves);
        let overdue = std::mem::take(&mut self.overdue);
        let erased_before = std::mem::take(&mut self.erased_before);
        let (mut rows, mut same_words) = (Vec::new(), Vec::new());
        let mut shown = Vec::new();
        for mut working in self.cases.into_values().filter(|working| working.changed) {
            working.row.fold = match &working.fold {
                Some(case) => Some(serde_json::to_string(case).map_err(NodeError::damaged)?),
                None => None,
            };
            if let Some(case) = &mut working.fold {
                // What is shown of it, which may be ahead of its fold.
                case.redacted |= working.row.erased != 0;
            }
            working.row.updated_at = self.now;
            if working.reread {
                describe(tx, &mut working.row, self.me).await?;
            }
            let pending = still.get(&working.row.case_id).copied().unwrap_or_default();
            let as_shown = !working.restate && working.row.pending == pending + working.as_shown;
            if as_shown {
                working.row.pending = pending;
                // Those of the acts that are still pending are provisional anyway.
                if pending == 0 {
                    show(&mut working.row, working.fold.as_ref(), self.me, world);
                    shown.push((working.row.case_id.clone(), working.fold));
                }
            } else if working.row.pending > 0 {
                let fold = working.fold.as_ref();
                let case = refresh(tx, &mut working.row, fold, self.me, world).await?;
                shown.push((working.row.case_id.clone(), case));
            } else {
                show(&mut working.row, working.fold.as_ref(), self.me, world);
                shown.push((working.row.case_id.clone(), working.fold));
            }
            // What was read anew has it, and may have come to something later.
            let own_at = working.own_at.filter(|_| !working.reread);
            if let Some(at) = own_at.filter(|_| working.row.pending == 0) {
                working.row.glance.last_at = Some(at);
                working.row.left_at = working.row.left_at.map(|_| at);
            }
            if as_shown && !working.reread {
                same_words.push(working.row);
            } else {
                rows.push(working.row);
            }
        }
        keep(tx, &rows).await?;
        store::cases::put(tx, &same_words).await?;
        let shown: Vec<_> = shown
            .iter()
            .map(|(id, case)| (id.as_str(), case.as_ref()))
            .collect();
        record(node, tx, &shown).await?;
        store::facts::note_overdue(tx, &overdue).await?;
        Box::pin(node.go_on_erasing(tx, &erased_before)).await?;
        Box::pin(node.erase_late(tx, &halves)).await
    }

    /// Own acts that still wait for their ruling, by case, where that may
    /// spare computing what is shown.
    async fn still_pending(&self, tx: &mut Tx) -> Result<HashMap<String, i64>, NodeError> {
        let cases = self.cases.values();
        let cases = cases.filter(|working| working.as_shown > 0 && !working.restate);
        let ids = cases.map(|working| working.row.case_id.as_str().into());
        let counts = store::unruled::counts(tx, ids.collect()).await?;
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
            reread: false,
            own_at: None,
        }
    }
}
