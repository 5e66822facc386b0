//! Pushing the outbox: one batch at a time, exact bytes, receipts checked
//! before anything counts as sent.

use std::sync::atomic::Ordering;

use http::header::CONTENT_ENCODING;
use http::{HeaderValue, Method};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES};
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::{Code, Retry};
use lapor_protocol::receipt::Receipt;
use lapor_protocol::seal::Wrap;
use lapor_protocol::wire::{NDJSON, OutboxAnswer, OutboxException, PREFIX};
use serde_json::value::RawValue;

use super::{Call, Link, LinkError};
use crate::error::NodeError;
use crate::publishing::withdraw;
use crate::store;
use crate::store::outbox::OutboxRow;

/// Below this a batch is not worth compressing.
const COMPRESS_FROM: usize = 2 * 1024;

impl Link {
    /// Seals and sends one batch. Returns how many messages became durable at
    /// the hub.
    pub async fn push(&self) -> Result<usize, LinkError> {
        let _sealer = self.sealer.lock().await;
        // Having nothing to send says nothing of the hub.
        if !self.anything_to_send().await? {
            return Ok(0);
        }
        let outcome = self.push_batch().await;
        self.note(&outcome).await;
        if outcome.as_ref().is_err_and(LinkError::needs_comparison) {
            self.compared.store(false, Ordering::SeqCst);
        }
        outcome
    }

    async fn push_batch(&self) -> Result<usize, LinkError> {
        let batch = self.node.settings().link.batch.clamp(1, BATCH_ENVELOPES);
        if !self.compared.load(Ordering::SeqCst) {
            self.compare_heads().await?;
        }
        let mut rows = self.sealed(batch).await?;
        if rows.len() < batch && self.seal_pending(batch - rows.len()).await? > 0 {
            rows = self.sealed(batch).await?;
        }
        if rows.is_empty() {
            return Ok(0);
        }
        let body = self.batch(&mut rows).await?;
        let mut call = Call::new(Method::POST, format!("{PREFIX}/outbox"));
        if body.len() >= COMPRESS_FROM {
            let packed = zstd::bulk::compress(&body, 1).map_err(NodeError::File)?;
            call = call
                .header(CONTENT_ENCODING, HeaderValue::from_static("zstd"))
                .body(NDJSON, packed);
        } else {
            call = call.body(NDJSON, body);
        }
        let answer: OutboxAnswer = self.transport.call(call).await?.json()?;
        self.take_answer(&rows, answer).await
    }

    async fn sealed(&self, limit: usize) -> Result<Vec<OutboxRow>, NodeError> {
        let mut tx = self.node.read_tx().await?;
        Ok(store::outbox::in_state(&mut tx, "sealed", limit as i64).await?)
    }

    async fn anything_to_send(&self) -> Result<bool, NodeError> {
        let mut tx = self.node.read_tx().await?;
        Ok(store::outbox::anything_to_send(&mut tx).await?)
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
                trace: None,
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

    /// The wraps that a message needs, made now, for the keys of now.
    async fn wraps_for(&self, row: &OutboxRow) -> Result<Vec<Wrap>, LinkError> {
        if row.newcomers == "[]" {
            return Ok(Vec::new());
        }
        let newcomers: Vec<crate::casework::Newcomer> =
            store::read(serde_json::from_str(&row.newcomers))?;
        let mut tx = self.node.read_tx().await?;
        let mut wraps = Vec::new();
        for newcomer in &newcomers {
            wraps.extend(
                self.wrap(&mut tx, &newcomer.subject, &newcomer.recipient)
                    .await?,
            );
        }
        Ok(wraps)
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
        match answer.exceptions.first() {
            Some(exception) => self.take_exception(rows, exception).await?,
            None if through == before => {
                return Err(LinkError::hub("it answered a batch without a receipt"));
            }
            None => {}
        }
        Ok((through - before).max(0) as usize)
    }

    fn check_receipt(&self, envelope: &Envelope) -> Result<Receipt, LinkError> {
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
                self.set_aside(bad, exception).await
            }
            code if code.retry() == Retry::Resync => {
                self.compared.store(false, Ordering::SeqCst);
                Ok(())
            }
            _ => Err(LinkError::Refused(Box::new(exception.into()))),
        }
    }

    /// Quarantines a message that the hub cannot accept, with the later ones
    /// of its case, and goes on with the rest in a new epoch.
    async fn set_aside(
        &self,
        bad: &OutboxRow,
        exception: &OutboxException,
    ) -> Result<(), LinkError> {
        let reason = exception.code.as_str();
        let mut tx = self.node.write_tx().await?;
        store::outbox::quarantine(&mut tx, bad.number, reason).await?;
        if let Some(case) = &bad.case_id {
            store::outbox::quarantine_later(&mut tx, case, bad.number, reason).await?;
        }
        if let Some(id) = &bad.envelope_id
            && let Some(message) = store::outbox::message_id(&mut tx, id).await?
        {
            withdraw(&mut tx, self.node.instance()?, &message, reason).await?;
        }
        tx.commit().await?;
        self.open_epoch(bad.epoch.unwrap_or(1) as u32).await
    }
}
