//! Pushing the outbox: exact bytes, receipts checked before anything counts as
//! sent. One batch is at the hub at a time; while it is there, the next one is
//! sealed and the answer to the one before is taken in.

use std::sync::atomic::Ordering;

use http::header::CONTENT_ENCODING;
use http::{HeaderValue, Method};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES};
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::{Code, Problem, Retry};
use lapor_protocol::receipt::Receipt;
use lapor_protocol::seal::{Subject, Wrap};
use lapor_protocol::wire::{NDJSON, OutboxAnswer, OutboxException, PREFIX};
use serde_json::value::RawValue;

use super::epoch::DUE;
use super::seal::own_chain;
use super::taking_in::DAMAGED;
use super::{Call, Link, LinkError, boot, traces};
use crate::casework::{Newcomer, read_message, refresh_case, told_identity};
use crate::damage;
use crate::error::NodeError;
use crate::feed;
use crate::publishing::withdraw;
use crate::store;
use crate::store::outbox::OutboxRow;

/// Below this a batch is not worth compressing.
pub(super) const COMPRESS_FROM: usize = 2 * 1024;
/// Batches of one push, after which it says how it went.
const BATCHES: usize = 16;

/// Rows that are sealed, and the body in which they travel.
struct Batch {
    rows: Vec<OutboxRow>,
    body: Vec<u8>,
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

    async fn push_batches(&self) -> Result<usize, LinkError> {
        if !self.compared.load(Ordering::SeqCst) {
            Box::pin(self.compare_heads()).await?;
        }
        let mut next = self.next_batch(None).await?;
        let mut answered: Option<(Vec<OutboxRow>, OutboxAnswer)> = None;
        let mut sent = 0;
        for _ in 0..BATCHES {
            let Some(Batch { rows, body }) = next else {
                break;
            };
            let before = answered.take();
            let (taken, answer, prepared) = tokio::join!(
                self.take(before),
                self.post(body),
                self.next_batch(rows.last()),
            );
            sent += taken?;
            let answer = answer?;
            let through = answer.accepted_through as i64;
            let all = rows
                .last()
                .and_then(|row| row.seq)
                .is_some_and(|seq| seq <= through);
            let whole = all && answer.exceptions.is_empty();
            answered = Some((rows, answer));
            if !whole {
                break;
            }
            next = prepared?;
        }
        Ok(sent + self.take(answered).await?)
    }

    /// The batch behind `last`, or the first that has no receipt yet; `None`
    /// where there is nothing more.
    async fn next_batch(&self, last: Option<&OutboxRow>) -> Result<Option<Batch>, LinkError> {
        let most = self.node.settings().link.batch.clamp(1, BATCH_ENVELOPES);
        let mut rows = match last.and_then(|row| row.epoch.zip(row.seq)) {
            Some((epoch, seq)) => {
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
            rows.extend(self.seal_pending(most - rows.len()).await?);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let body = self.batch(&mut rows).await?;
        Ok(Some(Batch { rows, body }))
    }

    /// The first of those that are sealed and have no receipt yet. One whose bytes are not those that
    /// were signed is set aside: the hub would refuse each batch that it is in.
    async fn sealed(&self, most: usize) -> Result<Vec<OutboxRow>, LinkError> {
        loop {
            let mut tx = self.node.read_tx().await?;
            let rows = store::outbox::in_state(&mut tx, "sealed", most as i64).await?;
            drop(tx);
            let Some(bad) = rows.iter().find(|row| !is_whole(row)) else {
                return Ok(rows);
            };
            tracing::error!(
                number = bad.number,
                "the bytes of an own message are damaged, and it is quarantined; `lapor-node quarantine list` shows it"
            );
            // Rare, and much larger than what happens otherwise.
            Box::pin(self.set_aside(bad, DAMAGED)).await?;
        }
    }

    pub(super) async fn post(&self, body: Vec<u8>) -> Result<OutboxAnswer, LinkError> {
        let boot = self.boot_header().await?;
        let mut call = Call::new(Method::POST, format!("{PREFIX}/outbox")).header(boot::NAME, boot);
        if body.len() >= COMPRESS_FROM {
            let packed = zstd::bulk::compress(&body, 1).map_err(NodeError::File)?;
            call = call
                .header(CONTENT_ENCODING, HeaderValue::from_static("zstd"))
                .body(NDJSON, packed);
        } else {
            call = call.body(NDJSON, body);
        }
        self.call(call).await?.json()
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

    /// The lines of a batch; cuts `rows` to what fits.
    async fn batch(&self, rows: &mut Vec<OutboxRow>) -> Result<Vec<u8>, LinkError> {
        let mut body = Vec::new();
        let mut count = 0;
        for row in rows.iter() {
            let line = row
                .line
                .clone()
                .ok_or_else(|| NodeError::damaged("a sealed message without bytes"))?;
            let raw = RawValue::from_string(line).map_err(NodeError::damaged)?;
            let wraps = self.wraps_for(row).await?;
            let text = serde_json::to_vec(&BatchLine {
                envelope: &raw,
                wraps,
                trace: row.trace.clone(),
            })
            .map_err(NodeError::damaged)?;
            if count > 0 && body.len() + text.len() + 1 > BATCH_BYTES {
                break;
            }
            body.extend_from_slice(&text);
            body.push(b'\n');
            count += 1;
        }
        rows.truncate(count);
        Ok(body)
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

    async fn take(
        &self,
        answered: Option<(Vec<OutboxRow>, OutboxAnswer)>,
    ) -> Result<usize, LinkError> {
        match answered {
            Some((rows, answer)) => self.take_answer(&rows, answer).await,
            None => Ok(0),
        }
    }

    /// Checks every receipt against the bytes that were sent, then moves on.
    async fn take_answer(
        &self,
        rows: &[OutboxRow],
        answer: OutboxAnswer,
    ) -> Result<usize, LinkError> {
        let me = self.node.instance()?;
        let now = self.node.clock().now_ms();
        let mut tx = self.node.write_tx().await?;
        let epoch = rows[0].epoch.unwrap_or(1);
        let mut through = rows[0].seq.unwrap_or(1) - 1;
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
            let held = store::outbox::ids_from(&mut tx, of, from, to).await?;
            let held = held
                .iter()
                .map(|id| store::digest(id))
                .collect::<Result<Vec<_>, _>>()?;
            receipt.covers(&held).map_err(LinkError::hub)?;
            store::outbox::add_receipt(&mut tx, of, from, to, &envelope.to_line()).await?;
            if of == epoch && from <= through + 1 {
                through = through.max(to);
            }
        }
        let before = rows[0].seq.unwrap_or(1) - 1;
        store::outbox::accept(&mut tx, epoch, through, now).await?;
        store::chain::set_accepted(&mut tx, epoch, through).await?;
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

    /// Quarantines a message that the hub cannot accept, with the later ones
    /// of its case, and goes on with the rest in a new epoch.
    async fn set_aside(&self, bad: &OutboxRow, reason: &str) -> Result<(), LinkError> {
        let mut tx = self.node.write_tx().await?;
        store::outbox::quarantine(&mut tx, bad.number, reason).await?;
        if let Some(case) = &bad.case_id {
            store::outbox::quarantine_later(&mut tx, case, bad.number, reason).await?;
            refresh_case(&self.node, &mut tx, case).await?;
        }
        if let Some(id) = &bad.envelope_id
            && let Some(message) = store::outbox::message_id(&mut tx, id).await?
        {
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

/// Whether the bytes that are kept of a message are those that were signed.
pub(super) fn is_whole(row: &OutboxRow) -> bool {
    let line = row.line.as_deref();
    let envelope = line.and_then(|line| Envelope::parse(line.as_bytes()).ok());
    let id = envelope.map(|envelope| envelope.id().as_bytes().to_vec());
    id.is_some() && id == row.envelope_id
}
