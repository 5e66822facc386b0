//! Pushing the outbox: what goes into a batch, exact bytes, and receipts that are
//! checked before anything counts as sent.

use std::sync::atomic::Ordering;

use lapor_migrations::Tx;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{EnvelopeId, Position};
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES};
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::{Code, Problem, Retry};
use lapor_protocol::receipt::Receipt;
use lapor_protocol::seal::{Subject, Wrap};
use lapor_protocol::wire::{OutboxAnswer, OutboxException};
use serde_json::value::RawValue;

use super::epoch::DUE;
use super::seal::own_chain;
use super::taking_in::DAMAGED;
use super::undamaged::signed;
use super::{Link, LinkError, traces};
use crate::casework::{Newcomer, read_message, refresh_cases_of, told_identity};
use crate::damage;
use crate::error::NodeError;
use crate::feed;
use crate::publishing::withdraw;
use crate::store;
use crate::store::outbox::OutboxRow;

/// Batches that are sealed in one transaction where there is a backlog.
const SEALED_AHEAD: usize = 2;
/// Below this a batch is not worth compressing.
pub(super) const COMPRESS_FROM: usize = 2 * 1024;
/// From here on compressing takes long enough that nothing else should wait for it.
const COMPRESS_APART_FROM: usize = 64 * 1024;
/// Of a line of a batch beside an envelope, where nothing is wrapped.
const BESIDE_BYTES: usize = 96;

/// Rows that are sealed, and the body in which they travel.
pub(super) struct Batch {
    pub rows: Vec<OutboxRow>,
    pub body: Packed,
}

/// A body as it goes out.
pub(super) struct Packed {
    pub bytes: Vec<u8>,
    pub zstd: bool,
}

/// What is left to be done at the hub.
enum Left {
    Messages,
    /// To ask how far it has come: a place of the chain is not known to be accepted that has nothing
    /// more to send, as its answer was lost and its ruling came before it was sent again.
    Answer,
    Nothing,
}

impl Link {
    /// Seals and sends what waits, some batches at most. Returns how many
    /// messages became durable at the hub. Heads are compared even where there
    /// is nothing to send: a restored node must learn what it has lost.
    pub async fn push(&self) -> Result<usize, LinkError> {
        let _sealer = self.sealer.lock().await;
        self.check_replaced()?;
        if self.compared.load(Ordering::SeqCst) {
            match self.left().await? {
                Left::Messages => {}
                Left::Answer => self.compared.store(false, Ordering::SeqCst),
                // Having nothing to send says nothing of the hub.
                Left::Nothing => return Ok(0),
            }
        }
        // Large, and often polled beside others.
        let outcome = Box::pin(self.push_batches()).await;
        self.note(&outcome).await;
        if outcome.as_ref().is_err_and(LinkError::needs_comparison) {
            self.compared.store(false, Ordering::SeqCst);
        }
        outcome
    }

    /// How many rows a batch has at most.
    pub(super) fn batch_rows(&self) -> usize {
        let most = self.node.settings().link.batch;
        most.clamp(1, BATCH_ENVELOPES)
    }

    /// What is sealed behind `last`, or from the first on that has no receipt yet, and what is sealed
    /// now behind that: rows of a batch and, where there is a backlog, of some more. None where there is
    /// nothing more.
    pub(super) async fn sealed_behind(
        &self,
        last: Option<Position>,
    ) -> Result<Vec<OutboxRow>, LinkError> {
        let most = self.batch_rows();
        let mut rows = match last {
            Some(Position { epoch, seq }) => {
                let (epoch, seq) = (i64::from(epoch), seq as i64);
                let mut tx = self.node.read_tx().await?;
                store::outbox::sealed_after(&mut tx, epoch, seq, most as i64).await?
            }
            None => self.sealed(most).await?,
        };
        let whole = rows.iter().take_while(|row| is_whole(row)).count();
        if whole < rows.len() {
            // The next push begins with it, when nothing is under way.
            rows.truncate(whole);
        } else if rows.len() < most {
            // The first goes out soon; what comes behind it is on disk in fewer transactions.
            let count = most * if last.is_some() { SEALED_AHEAD } else { 1 };
            rows.extend(self.seal_pending(count - rows.len()).await?);
        }
        // Where another process has sealed something between, the next push begins with that.
        rows.truncate(in_a_row(last, &rows));
        Ok(rows)
    }

    /// The first of those that are sealed and have no receipt yet. One whose bytes are not those that
    /// were signed is set aside: the hub would refuse each batch that it is in.
    async fn sealed(&self, most: usize) -> Result<Vec<OutboxRow>, LinkError> {
        loop {
            let mut tx = self.node.read_tx().await?;
            let rows = store::outbox::sealed(&mut tx, most as i64).await?;
            drop(tx);
            let Some(bad) = rows.iter().find(|row| !is_whole(row)) else {
                return Ok(rows);
            };
            self.set_damaged_aside(bad).await?;
        }
    }

    async fn left(&self) -> Result<Left, NodeError> {
        let mut tx = self.node.read_tx().await?;
        if store::outbox::anything_to_send(&mut tx).await? {
            return Ok(Left::Messages);
        }
        let (head, accepted) = own_chain(&mut tx).await?;
        Ok(if accepted < head.seq {
            Left::Answer
        } else {
            Left::Nothing
        })
    }

    /// The lines of a batch, and of how many rows it has room for them.
    pub(super) async fn batch(&self, rows: &[OutboxRow]) -> Result<(Vec<u8>, usize), LinkError> {
        let sizes = rows
            .iter()
            .map(|row| row.line.as_deref().map_or(0, str::len));
        let size = sizes.map(|size| size + BESIDE_BYTES).sum::<usize>();
        let mut body = Vec::with_capacity(size.min(BATCH_BYTES));
        let mut count = 0;
        for row in rows {
            let line = row.line.as_deref();
            let line = line.ok_or_else(|| NodeError::damaged("a sealed message without bytes"))?;
            let envelope: &RawValue = serde_json::from_str(line).map_err(NodeError::damaged)?;
            let line = BatchLine {
                envelope,
                wraps: self.wraps_for(row).await?,
                trace: row.trace.clone(),
            };
            let before = body.len();
            serde_json::to_writer(&mut body, &line).map_err(NodeError::damaged)?;
            if count > 0 && body.len() + 1 > BATCH_BYTES {
                body.truncate(before);
                break;
            }
            body.push(b'\n');
            count += 1;
        }
        Ok((body, count))
    }

    /// The wraps that a message needs, made now, for the keys of now. A wrap
    /// that cannot be made yet is noted before the message leaves.
    pub(super) async fn wraps_for(&self, row: &OutboxRow) -> Result<Vec<Wrap>, LinkError> {
        if row.newcomers == "[]" {
            return Ok(Vec::new());
        }
        let mut owed = Vec::new();
        let newcomers =
            read_newcomers(&row.newcomers).unwrap_or_else(|| newcomers_by_line(row, &mut owed));
        let mut tx = self.node.read_tx().await?;
        let mut wraps = Vec::new();
        for (subject, newcomer) in &newcomers {
            let wrap = self
                .wrap(&mut tx, &newcomer.subject, &newcomer.recipient)
                .await?;
            match (wrap, subject) {
                (Some(wrap), _) => wraps.push(wrap),
                (None, Subject::Case(case)) => owed.push(case.to_string()),
                (None, Subject::Identity(_)) => {}
            }
        }
        drop(tx);
        if !owed.is_empty() {
            let now = self.node.clock().now_ms();
            let mut tx = self.node.write_tx().await?;
            store::keys_due::add(&mut tx, owed.into_iter().map(|case| (case, now))).await?;
            tx.commit().await?;
        }
        Ok(wraps)
    }

    /// Checks every receipt against the bytes that were sent, then moves on.
    pub(super) async fn take_answer(
        &self,
        rows: &[OutboxRow],
        answer: OutboxAnswer,
    ) -> Result<usize, LinkError> {
        let me = self.node.instance()?;
        let now = self.node.clock().now_ms();
        let mut tx = self.node.write_tx().await?;
        let epoch = rows[0].epoch.unwrap_or(1);
        let before = rows[0].seq.unwrap_or(1) - 1;
        let mut through = before;
        // Only a new epoch takes places away.
        let unmoved = i64::from(own_chain(&mut tx).await?.0.epoch) == epoch;
        for envelope in &answer.receipts {
            let receipt = self.check_receipt(envelope)?;
            if receipt.author != *me {
                return Err(LinkError::hub("it sent a receipt for another instance"));
            }
            let (of, from, to) = (
                i64::from(receipt.epoch),
                receipt.from as i64,
                receipt.to as i64,
            );
            let sent = ids_sent(rows, (of, from, to)).filter(|_| unmoved);
            let held = match sent {
                Some(ids) => ids,
                None => ids_stored(&mut tx, (of, from, to)).await?,
            };
            receipt.covers(&held).map_err(LinkError::hub)?;
            store::receipts::add(&mut tx, of, from, to, &envelope.to_line()).await?;
            if of == epoch && from <= through + 1 {
                through = through.max(to);
            }
        }
        // Nothing in front of the batch is sent because the batch was not taken.
        if through > before {
            accept(&mut tx, rows, (epoch, before, through), now).await?;
            store::chain::set_accepted(&mut tx, epoch, through).await?;
        }
        tx.commit().await?;
        let sent = rows
            .iter()
            .filter(|row| row.seq.is_some_and(|seq| seq <= through));
        traces::tell_sent(&self.node, me, sent, now);
        if let Some(receipt) = answer.receipts.last() {
            self.show_receipt(receipt).await;
        }
        match answer.exceptions.first() {
            Some(exception) => self.take_exception(rows, exception).await?,
            None if through == before => {
                return Err(LinkError::hub("it answered a batch without a receipt"));
            }
            None => {}
        }
        Ok((through - before).max(0) as usize)
    }

    pub(super) fn check_receipt(&self, envelope: &Envelope) -> Result<Receipt, LinkError> {
        let key = self
            .hub_key(envelope)
            .ok_or_else(|| LinkError::hub("a receipt is not signed by the hub"))?;
        Receipt::open(envelope, &key).map_err(LinkError::hub)
    }

    /// The hub stopped at a message: compare again, or set a bad one aside.
    async fn take_exception(
        &self,
        rows: &[OutboxRow],
        exception: &OutboxException,
    ) -> Result<(), LinkError> {
        tracing::warn!(
            code = exception.code.as_str(),
            seq = exception.seq,
            "the hub stopped at a message"
        );
        match exception.code {
            Code::HeaderInvalid | Code::SignatureInvalid | Code::KeyUnknown | Code::KeyRevoked => {
                let bad = rows
                    .iter()
                    .find(|row| row.seq == Some(exception.seq as i64));
                let bad =
                    bad.ok_or_else(|| LinkError::hub("it refuses a message that was not sent"))?;
                // Nobody but this node can know that its own disk has done it.
                let damaged = match exception.code {
                    Code::SignatureInvalid => !self.is_as_signed(bad),
                    Code::KeyUnknown => !self.names_own_key(bad).await?,
                    _ => false,
                };
                if damaged {
                    return self.set_damaged_aside(bad).await;
                }
                let of_key = matches!(exception.code, Code::KeyUnknown | Code::KeyRevoked);
                if of_key && self.signed_too_late(bad).await? {
                    return self.move_to_epoch(exception.code.as_str()).await;
                }
                self.set_aside(bad, exception.code.as_str()).await
            }
            Code::ForkDetected => self.part_from_fork().await,
            code if code.retry() == Retry::Resync => {
                self.compared.store(false, Ordering::SeqCst);
                Ok(())
            }
            _ => Err(LinkError::Refused(Box::new(
                Problem::from(exception).into(),
            ))),
        }
    }

    /// Whether a message still has the signature that was put under it, which its id does not tell.
    /// Looked at where the hub refuses one or asks for one again, since it costs more than all else that
    /// is done to a message.
    pub(super) fn is_as_signed(&self, row: &OutboxRow) -> bool {
        let id = row.envelope_id.as_deref();
        let id = id.and_then(|id| store::digest(id).ok());
        let held = row.line.as_deref().zip(id);
        held.is_some_and(|(line, id)| signed(line, id, &self.node.directory()).is_some())
    }

    /// Quarantines a message that a disk of this node has damaged.
    async fn set_damaged_aside(&self, bad: &OutboxRow) -> Result<(), LinkError> {
        tracing::error!(
            number = bad.number,
            "the bytes of an own message are damaged, and it is quarantined; `lapor-node quarantine list` shows it"
        );
        // Rare, and much larger than what happens otherwise.
        Box::pin(self.set_aside(bad, DAMAGED)).await
    }

    /// Quarantines a message that the hub cannot accept, with what must wait
    /// for it, and goes on with the rest in a new epoch.
    async fn set_aside(&self, bad: &OutboxRow, reason: &str) -> Result<(), LinkError> {
        let mut tx = self.node.write_tx().await?;
        store::outbox::quarantine(&mut tx, bad.number, reason).await?;
        let mut changed = store::behind::quarantine_later(&mut tx, bad.number).await?;
        changed.push(bad.number);
        refresh_cases_of(&self.node, &mut tx, &changed).await?;
        let message = store::outbox::message_id(&mut tx, bad.number).await?;
        if let Some(message) = message.filter(|_| bad.envelope_id.is_some()) {
            let (me, now) = (self.node.instance()?, self.node.clock().now_ms());
            if let Some(case) = &bad.case_id {
                let change = feed::of_case(case, feed::REFUSED, Some(&message), now);
                feed::note(&mut tx, &[change]).await?;
            }
            withdraw(&mut tx, me, (message.as_str(), reason), now).await?;
        }
        store::chain::set_fact(&mut tx, DUE, reason).await?;
        tx.commit().await?;
        self.compared.store(false, Ordering::SeqCst);
        self.compare_heads().await
    }
}

/// Where the last of these messages stands in the chain.
pub(super) fn last_place(rows: &[OutboxRow]) -> Option<Position> {
    let (epoch, seq) = rows.last().and_then(|row| row.epoch.zip(row.seq))?;
    Some(Position {
        epoch: epoch as u32,
        seq: seq as u64,
    })
}

/// How many of these messages stand in the chain one after another, the first of them behind `last`.
fn in_a_row(last: Option<Position>, rows: &[OutboxRow]) -> usize {
    let mut before = last.map(|last| (i64::from(last.epoch), last.seq as i64));
    let continues = |row: &&OutboxRow| {
        let place = row.epoch.zip(row.seq);
        let holds = place.is_some_and(|(epoch, seq)| {
            before.is_none_or(|(of, behind)| of == epoch && behind + 1 == seq)
        });
        before = place;
        holds
    };
    rows.iter().take_while(continues).count()
}

/// Compressed where that is worth it.
pub(super) async fn pack(body: Vec<u8>) -> Result<Packed, NodeError> {
    let compress = |body: &[u8]| zstd::bulk::compress(body, 1).map_err(NodeError::File);
    let (bytes, zstd) = if body.len() < COMPRESS_FROM {
        (body, false)
    } else if body.len() < COMPRESS_APART_FROM {
        (compress(&body)?, true)
    } else {
        let packing = tokio::task::spawn_blocking(move || compress(&body));
        (packing.await.map_err(NodeError::damaged)??, true)
    };
    Ok(Packed { bytes, zstd })
}

/// Ids of the messages in a range of an epoch, if all of them were sent in this batch.
fn ids_sent(rows: &[OutboxRow], (epoch, from, to): (i64, i64, i64)) -> Option<Vec<EnvelopeId>> {
    let first = rows.first()?.seq?;
    let start = usize::try_from(from - first).ok()?;
    let end = usize::try_from(to - first).ok()?.checked_add(1)?;
    let range = rows.get(start..end)?.iter().zip(from..);
    range
        .map(|(row, seq)| {
            let id = row.envelope_id.as_deref()?;
            let at = row.epoch == Some(epoch) && row.seq == Some(seq);
            at.then(|| store::digest(id).ok())?
        })
        .collect()
}

/// The same of whatever stands in the outbox.
async fn ids_stored(
    tx: &mut Tx,
    (epoch, from, to): (i64, i64, i64),
) -> Result<Vec<EnvelopeId>, NodeError> {
    let ids = store::outbox::ids_from(tx, epoch, from, to).await?;
    ids.iter().map(|id| store::digest(id)).collect()
}

/// Marks everything up to a place as durable at the hub. Mostly that is what lies behind the place in front
/// of the rows that were sent, and these alone are looked at.
async fn accept(
    tx: &mut Tx,
    rows: &[OutboxRow],
    (epoch, before, through): (i64, i64, i64),
    now: i64,
) -> Result<(), NodeError> {
    let numbers = || rows.iter().map(|row| row.number);
    let among = numbers().min().zip(numbers().max()).unwrap_or_default();
    let marked = store::outbox::accept_among(tx, (epoch, through), among, now).await?;
    let are_all = i64::try_from(marked) == Ok(through - before);
    if !are_all || store::outbox::is_sealed_at(tx, epoch, before).await? {
        store::outbox::accept(tx, epoch, through, now).await?;
    }
    Ok(())
}

/// Who is given which key; `None` where that is damaged.
fn read_newcomers(text: &str) -> Option<Vec<(Subject, Newcomer)>> {
    let newcomers: Vec<Newcomer> = serde_json::from_str(text).ok()?;
    let named = newcomers.into_iter();
    named
        .map(|newcomer| Some((newcomer.subject.parse::<Subject>().ok()?, newcomer)))
        .collect()
}

/// What follows of that from a message itself, where its list of newcomers is damaged: who is told an
/// identity, and in which cases somebody may lack the key. The hub is asked who they are.
fn newcomers_by_line(row: &OutboxRow, owed: &mut Vec<String>) -> Vec<(Subject, Newcomer)> {
    damage::tell("outbox", &row.number.to_string());
    let line = row.line.as_deref();
    let Some(message) = line.and_then(|line| read_message(line).ok()) else {
        return Vec::new();
    };
    let (id, body) = (message.header.id, message.body.ok());
    let other = body.as_ref().and_then(Body::other_case);
    let cases = message.header.case.into_iter().chain(other);
    owed.extend(cases.map(|case| case.to_string()));
    let told = body.and_then(|body| told_identity(id, &body));
    told.map(|told| (Subject::Identity(id), told))
        .into_iter()
        .collect()
}

/// Whether the bytes that are kept of a message are those that were signed. A signature that is another
/// one, or the id of another key, the hub refuses.
fn is_whole(row: &OutboxRow) -> bool {
    let line = row.line.as_deref();
    let envelope = line.and_then(|line| Envelope::parse(line.as_bytes()).ok());
    let id = envelope.map(|envelope| envelope.id().as_bytes().to_vec());
    id.is_some() && id == row.envelope_id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: i64, seq: i64) -> OutboxRow {
        OutboxRow {
            number: seq,
            case_id: None,
            kind: "case.noted".into(),
            draft: String::new(),
            newcomers: "[]".into(),
            epoch: Some(epoch),
            seq: Some(seq),
            envelope_id: Some(vec![seq as u8; 32]),
            line: None,
            trace: None,
            created_at: 0,
        }
    }

    #[test]
    fn ids_of_a_batch_are_known_without_asking_where_it_has_all_of_them() {
        let rows = [row(2, 4), row(2, 5), row(2, 7)];
        let id = |seq: u8| EnvelopeId::new([seq; 32]);
        for (range, expected) in [
            ((2, 4, 4), Some(vec![id(4)])),
            ((2, 4, 5), Some(vec![id(4), id(5)])),
            ((2, 5, 5), Some(vec![id(5)])),
            ((2, 5, 6), None),
            ((2, 4, 7), None),
            ((2, 3, 5), None),
            ((2, 7, 8), None),
            ((1, 4, 5), None),
            ((2, 5, 4), Some(vec![])),
        ] {
            assert_eq!(ids_sent(&rows, range), expected, "{range:?}");
        }
        assert_eq!(ids_sent(&[], (2, 4, 4)), None);
    }

    #[test]
    fn what_is_sealed_goes_out_up_to_the_first_gap() {
        let at = |epoch, seq| Some(Position { epoch, seq });
        let rows = [row(2, 4), row(2, 5), row(2, 7)];
        for (last, count) in [
            (None, 2),
            (at(2, 3), 2),
            (at(2, 2), 0),
            (at(2, 4), 0),
            (at(1, 3), 0),
        ] {
            assert_eq!(in_a_row(last, &rows), count, "{last:?}");
        }
        assert_eq!(in_a_row(None, &[row(1, 9), row(2, 10)]), 1);
        assert_eq!(in_a_row(None, &[]), 0);
    }

    #[tokio::test]
    async fn a_body_is_compressed_where_that_is_worth_it_and_unpacks_to_itself() {
        for size in [COMPRESS_FROM - 1, COMPRESS_FROM, COMPRESS_APART_FROM] {
            let body: Vec<u8> = (0..size).map(|at| b'a' + (at % 7) as u8).collect();
            let packed = pack(body.clone()).await.unwrap();
            assert_eq!(packed.zstd, size >= COMPRESS_FROM);
            let unpacked = if packed.zstd {
                zstd::bulk::decompress(&packed.bytes, size).unwrap()
            } else {
                packed.bytes
            };
            assert_eq!(unpacked, body);
        }
    }
}
