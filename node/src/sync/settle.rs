//! One item of the inbox stream: from its bytes to its effect on a case.

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::{Case, Effect, Order, Reason, Withheld, apply, judge, reaches_former};
use lapor_protocol::delivery::Item;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_protocol::kinds::{Body, BodyError};
use lapor_protocol::message::Message;

use super::after_all::{tell_anew, was_told};
use super::apply::Batch;
use super::learn::{forget, learn};
use super::owed::note_gained;
use super::taking_in::DAMAGED;
use crate::casework::kept_message;
use crate::error::NodeError;
use crate::feed;
use crate::figures;
use crate::node::Node;
use crate::publishing::withdraw;
use crate::quarantine::REFUSED;
use crate::store;
use crate::store::changes::ChangeRow;
use crate::store::inbox::InboxRow;

/// Why an item waits whose author is this node, restored from a backup.
pub(super) const OWN_MISSING: &str = "an own message has not been fetched back";

/// The state of an item that has taken part before, and is looked at from the beginning of its case.
const APPLIED: &str = "applied";

/// What became of an item.
pub(super) enum Step {
    Applied,
    /// Applied as ruled, although this node would have ruled otherwise: an alarm.
    Disputed,
    Superseded,
    /// A person has refused it: the case goes on without it.
    Refused,
    Waiting(String),
    Quarantined(String),
    Parked(String),
}

/// Looks at one item; everything it changes goes into the batch and its
/// transaction. An error is the database's and undoes the whole batch.
pub(super) async fn settle(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    node: &Node,
    row: &InboxRow,
    item: &Item,
) -> Result<Step, NodeError> {
    let own = matches!(item.withheld, Some(Withheld::Own | Withheld::RulingOnly));
    if own {
        hear(batch, tx, item).await?;
    }
    let (Some(id), Some(case_seq)) = (item.case, item.case_seq) else {
        refresh_ruled(batch, item);
        return Ok(Step::Applied);
    };
    if item.withheld == Some(Withheld::RulingOnly) {
        refresh_ruled(batch, item);
        return Ok(Step::Applied);
    }
    let Some(working) = batch.cases.get(&id) else {
        return Err(NodeError::damaged("an item whose case was not loaded"));
    };
    let next = working.row.next_seq as u64;
    if case_seq < next {
        return Ok(Step::Superseded);
    }
    let blocked = working.row.blocked.clone();
    if blocked.is_some() || case_seq > next {
        let erasure = Box::pin(erase_ahead(batch, tx, node, row, item, id)).await?;
        if erasure.is_some() && blocked.is_none() && has_left(batch, item, id) {
            let case = batch.cases.get(&id).and_then(|w| w.fold.clone());
            tell_change(batch, row, (item, id), case.as_ref(), erasure);
            return Ok(Step::Applied);
        }
    }
    if let Some(blocked) = blocked {
        return Ok(Step::Waiting(blocked));
    }
    if case_seq > next {
        return Ok(block(
            batch,
            id,
            Step::Waiting(format!("message {next} of the case has not arrived")),
        ));
    }
    if row.state == REFUSED {
        advance(batch, id, None, false);
        return Ok(Step::Refused);
    }
    if let Some(fault) = &row.fault {
        return Ok(block(batch, id, Step::Quarantined(fault.clone())));
    }
    match line_of(batch, row, item).map(|line| kept_message(line, item.envelope_id)) {
        None if item.withheld == Some(Withheld::NotEntitled) => {
            advance(batch, id, None, false);
            let case = batch.cases.get(&id).and_then(|w| w.fold.clone());
            tell_change(batch, row, (item, id), case.as_ref(), None);
            // That something happened is shown, whatever it was.
            if let Some(working) = batch.cases.get_mut(&id) {
                working.reread = true;
            }
            Ok(Step::Applied)
        }
        None => Ok(block(batch, id, Step::Waiting(OWN_MISSING.into()))),
        Some(None) => Ok(block(batch, id, Step::Quarantined(DAMAGED.to_owned()))),
        Some(Some(message)) => fold(batch, tx, node, row, item, id, &message).await,
    }
}

/// Takes in what the hub says of an own message.
async fn hear(batch: &mut Batch<'_>, tx: &mut Tx, item: &Item) -> Result<(), NodeError> {
    let effect = has_effect(item.ruling.effect);
    if item.kind == "report.filed" && !effect {
        let reason = item.ruling.reason.and_then(code);
        tracing::error!(
            envelope = %item.envelope_id,
            reason = reason.as_deref().unwrap_or_default(),
            "a report that was filed here has no effect at the hub, and its case is shown no more; tell whoever filed it"
        );
    }
    let Some(&number) = batch.numbers.get(&item.envelope_id) else {
        return Ok(());
    };
    let aside = if batch.aside.remove(&number) {
        batch.after_all.push(number);
        store::aside::own_one(tx, number).await?
    } else {
        None
    };
    if effect {
        if let Some(row) = &aside {
            tell_anew(tx, batch.me, row, batch.now).await?;
        }
    } else if !aside.as_ref().is_some_and(was_told) {
        // The refusal of others was told when they were set aside.
        let change = taken_back(tx, batch.me, (number, item), batch.now).await?;
        batch.changes.extend(change);
    }
    batch.rulings.extend(ruled(number, item, batch.now));
    note_other_case(tx, number, item).await
}

/// The line of an item's envelope, if it is here.
fn line_of<'a>(batch: &'a Batch<'_>, row: &'a InboxRow, item: &Item) -> Option<&'a str> {
    match (&row.line, item.withheld) {
        (Some(line), _) => Some(line.as_str()),
        (None, Some(Withheld::Own)) => {
            let own = batch.own_line(item);
            own.map(|own| own.line.as_str())
        }
        (None, _) => None,
    }
}

/// Executes an erasure whose turn in its case has not come. It waits for nothing: what must be
/// forgotten follows from its message alone. Gives the message, if the item is one.
async fn erase_ahead(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    node: &Node,
    row: &InboxRow,
    item: &Item,
    id: CaseId,
) -> Result<Option<MessageId>, NodeError> {
    if row.fault.is_some() || row.state == REFUSED {
        return Ok(None);
    }
    let line = line_of(batch, row, item);
    let message = line.and_then(|line| kept_message(line, item.envelope_id));
    let Some(message) = message.filter(|message| reaches_former(message, item.ruling.effect))
    else {
        return Ok(None);
    };
    let case = batch.cases.get(&id).and_then(|w| w.fold.clone());
    forget(batch, tx, node, &message, id, case.as_ref()).await?;
    note_erased(batch, item, id, &message);
    if let Some(working) = batch.cases.get_mut(&id) {
        working.changed = true;
        working.restate = true;
        working.reread = true;
    }
    Ok(Some(message.header.id))
}

/// Whether this node was a party of a case once and is none where an item of it stands: what it
/// missed since then never comes.
fn has_left(batch: &Batch<'_>, item: &Item, id: CaseId) -> bool {
    let world = batch.directory.at(item.directory);
    let fold = batch.cases.get(&id).and_then(|w| w.fold.as_ref());
    fold.is_none_or(|case| !case.is_party(batch.me, world))
}

/// The ruling of an own message, for the row that has a number.
pub(super) fn ruled(number: i64, item: &Item, now: i64) -> [Value; 4] {
    [
        Value::from(number),
        Value::from(item.ruling.effect.as_str()),
        Value::from(item.ruling.reason.and_then(code)),
        Value::from(now),
    ]
}

/// An own message that an older version got back from the hub does not know its second case, by which
/// what is read of that finds it.
async fn note_other_case(tx: &mut Tx, number: i64, item: &Item) -> Result<(), NodeError> {
    let has_two = Body::names_other_case(&item.kind);
    let placed = item.case.filter(|_| has_two && item.case_seq.is_some());
    if let Some(case) = placed {
        store::outbox::note_other_case(tx, number, &case.to_string()).await?;
    }
    Ok(())
}

/// The first envelope of a duplicate has had it.
pub(super) fn has_effect(effect: Effect) -> bool {
    matches!(effect, Effect::Applied | Effect::Duplicate)
}

/// An own message had no effect: whoever was told of it is told so, which of a case is for the caller to
/// note, and what was published by it is no longer shown as pending. Nothing where its ruling is known
/// already: a case that waits is looked at again and again.
pub(super) async fn taken_back(
    tx: &mut Tx,
    me: &InstanceId,
    (number, item): (i64, &Item),
    now: i64,
) -> Result<Option<ChangeRow>, NodeError> {
    let Some(message) = store::outbox::unruled_id(tx, number).await? else {
        return Ok(None);
    };
    if let Some(case) = item.case {
        let (case, message) = (case.to_string(), Some(message.as_str()));
        return Ok(Some(feed::of_case(&case, feed::REFUSED, message, now)));
    }
    let reason = item.ruling.reason.and_then(code);
    let reason = reason.as_deref().unwrap_or(item.ruling.effect.as_str());
    withdraw(tx, me, (message.as_str(), reason), now).await?;
    Ok(None)
}

/// Notes what whoever reads the feed is told: what took part in a case that is shown here, unless they
/// were told of it before.
fn tell_change(
    batch: &mut Batch<'_>,
    row: &InboxRow,
    (item, id): (&Item, CaseId),
    case: Option<&Case>,
    message: Option<MessageId>,
) {
    let own = item.withheld == Some(Withheld::Own);
    let told = row.state == APPLIED || (own && !came_back(batch, item));
    if told || case.is_none_or(|case| case.excluded.contains(batch.me)) {
        return;
    }
    let (case, message) = (id.to_string(), message.map(|id| id.to_string()));
    let change = feed::of_case(&case, &item.kind, message.as_deref(), batch.now);
    batch.changes.push(change);
}

async fn fold(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    node: &Node,
    row: &InboxRow,
    item: &Item,
    id: CaseId,
    message: &Message,
) -> Result<Step, NodeError> {
    if item.ruling.effect != Effect::Applied {
        advance(batch, id, None, false);
        if let Some(working) = batch.cases.get_mut(&id) {
            working.reread |= item.withheld == Some(Withheld::Own);
        }
        return Ok(Step::Applied);
    }
    let body = match &message.body {
        Ok(body) => body,
        Err(BodyError::Kind(kind)) => {
            return Ok(block(
                batch,
                id,
                Step::Parked(format!("unknown kind {kind}")),
            ));
        }
        Err(error) => return Ok(block(batch, id, Step::Quarantined(error.to_string()))),
    };
    let world = batch.directory.at(item.directory);
    let before = batch
        .cases
        .get(&id)
        .and_then(|working| working.fold.clone());
    let disputed = disputes(message, body, id, before.as_ref(), item);
    let alone = body.other_case().is_none() && body.creates(&message.header).is_none();
    let disputed =
        disputed || (alone && judge(message, body, before.as_ref(), None, world).is_err());
    let order = Order {
        case: id,
        case_seq: item.case_seq.unwrap_or_default(),
        ordered_at: item.ordered_at,
    };
    let Some(after) = apply(message, body, order, before, world) else {
        return Ok(block(
            batch,
            id,
            Step::Quarantined("the case has no beginning".into()),
        ));
    };
    learn(batch, tx, node, row, message, &after).await?;
    note_erased(batch, item, id, message);
    let own = batch.numbers.get(&item.envelope_id).copied();
    let by = (&message.header.author, own);
    let at = (batch.directory.latest(), batch.now);
    let before = batch.cases.get(&id).and_then(|w| w.fold.as_ref());
    note_gained(tx, by, before, &after, batch.me, at).await?;
    figures::take_term(&mut batch.terms, before, &after, body);
    if let Some(before) = before {
        let counted_by = (world, &*batch.calendar);
        let overdue = &mut batch.overdue;
        figures::take_overdue(overdue, before, &after, counted_by, item.ordered_at);
    }
    tell_change(
        batch,
        row,
        (item, id),
        Some(&after),
        Some(message.header.id),
    );
    // Folded in the order in which it was shown, an own act changes nothing that is shown, and a
    // report only its time. One that a restored node gets back was never shown as pending.
    let as_it_was = alone || matches!(body, Body::ReportFiled(_));
    let was_shown = item.withheld == Some(Withheld::Own) && !came_back(batch, item) && !disputed;
    advance(batch, id, Some(after), was_shown && as_it_was);
    if let Some(working) = batch.cases.get_mut(&id) {
        if was_shown && working.row.pending > 0 {
            working.own_at = Some(item.ordered_at);
        } else {
            working.reread = true;
        }
    }
    if disputed {
        tracing::error!(case = %id, kind = item.kind, "a ruling of the hub contradicts the rules as this node knows them");
    }
    Ok(if disputed {
        Step::Disputed
    } else {
        Step::Applied
    })
}

/// What one case cannot prove is not rechecked here; the offline verifier
/// rechecks all. A birth must be a birth and nothing else.
fn disputes(
    message: &Message,
    body: &Body,
    id: CaseId,
    before: Option<&Case>,
    item: &Item,
) -> bool {
    let birth = body.creates(&message.header) == Some(id);
    birth != before.is_none() || (birth && item.case_seq != Some(1))
}

/// Whether an own message came back from the hub after a restore.
fn came_back(batch: &Batch<'_>, item: &Item) -> bool {
    let line = batch.own_line(item);
    line.is_some_and(|own| own.adopted != 0)
}

/// Notes an own erasure that comes back after a restore, and whether it is told as a reporter's wish.
fn note_erased(batch: &mut Batch<'_>, item: &Item, id: CaseId, message: &Message) {
    let Ok(Body::CaseRedacted(redacted)) = &message.body else {
        return;
    };
    if item.withheld == Some(Withheld::Own) && came_back(batch, item) {
        let wished = redacted.reason == RedactionReason::ReporterRequest;
        batch.erased_before.insert(id, wished);
    }
}

fn advance(batch: &mut Batch<'_>, id: CaseId, fold: Option<Case>, as_shown: bool) {
    if let Some(working) = batch.cases.get_mut(&id) {
        working.row.next_seq += 1;
        working.fold = fold.or(working.fold.take());
        working.changed = true;
        working.restate |= !as_shown;
        working.as_shown += i64::from(as_shown);
    }
}

/// The case waits from here on; other cases and the stream go on.
fn block(batch: &mut Batch<'_>, id: CaseId, step: Step) -> Step {
    if let (
        Some(working),
        Step::Waiting(reason) | Step::Quarantined(reason) | Step::Parked(reason),
    ) = (batch.cases.get_mut(&id), &step)
    {
        working.row.blocked = Some(reason.clone());
        working.changed = true;
        working.restate = true;
        working.reread = true;
    }
    step
}

/// A ruling outside the order still changes what is shown as pending.
fn refresh_ruled(batch: &mut Batch<'_>, item: &Item) {
    let working = item.case.and_then(|id| batch.cases.get_mut(&id));
    if let Some(working) = working.filter(|working| working.row.pending > 0) {
        working.changed = true;
        working.restate = true;
        working.reread = true;
    }
}

fn code(reason: Reason) -> Option<String> {
    serde_json::to_value(reason)
        .ok()?
        .as_str()
        .map(str::to_owned)
}
