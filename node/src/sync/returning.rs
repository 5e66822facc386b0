//! A hub that was restored has lost what this node holds: it is brought back
//! as the hub asks for it, each thing from its end on, and then this node waits
//! for the others and goes on.
//!
//! Whatever goes back is proved by what stands behind it, so a row that a disk has damaged ends its
//! stream or chain here, and nothing else: the hub goes on wanting it, from whoever holds it too.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::CONTENT_ENCODING;
use http::{HeaderValue, Method};
use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::{DIRECTORY_TYPE, Envelope};
use lapor_protocol::ids::{CaseId, EnvelopeId, Position};
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES, LINE_BYTES};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Receipt, Stream};
use lapor_protocol::recovery::{RecoveryAnswer, RecoveryLine, Wanted};
use lapor_protocol::wire::{NDJSON, PREFIX};
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::given_again::offer_again;
use super::outgoing::COMPRESS_FROM;
use super::undamaged::{item_at, messages_back, signed};
use super::{Call, Link, LinkError};
use crate::casework::read_message;
use crate::damage;
use crate::error::NodeError;
use crate::store;
use crate::store::inbox::InboxRow;

/// Whether the hub has said that it is recovering.
#[derive(Debug, Default)]
pub(super) struct Returning {
    asked: AtomicBool,
    bell: Notify,
}

/// Lines of one request, as many as it may have.
#[derive(Default)]
struct Lines {
    body: Vec<u8>,
    count: usize,
}

/// An own message whose ruling came while its receipt did not.
struct Bare {
    line: String,
    at: Position,
    case: Option<CaseId>,
}

impl Returning {
    pub(super) fn learn(&self, error: Option<&LinkError>) {
        if error.and_then(LinkError::code) == Some(Code::Recovering) {
            self.asked.store(true, Ordering::SeqCst);
            self.bell.notify_one();
        }
    }

    pub(super) async fn asked(&self) {
        self.bell.notified().await;
    }
}

impl Lines {
    /// False where there is no room for this line.
    fn push(&mut self, line: &RecoveryLine<'_>) -> Result<bool, NodeError> {
        let text = serde_json::to_vec(line).map_err(NodeError::damaged)?;
        let full = self.count == BATCH_ENVELOPES || self.body.len() + text.len() >= BATCH_BYTES;
        if full || text.len() > LINE_BYTES {
            return Ok(false);
        }
        self.body.extend_from_slice(&text);
        self.body.push(b'\n');
        self.count += 1;
        Ok(true)
    }
}

impl Link {
    /// Brings back what the hub has lost, if it has said so. Returns whether anything was.
    pub(super) async fn bring_back_if_asked(&self) -> Result<bool, LinkError> {
        if !self.returning.asked.swap(false, Ordering::SeqCst) {
            return Ok(false);
        }
        let outcome = self.bring_back().await;
        if outcome.is_err() {
            self.returning.asked.store(true, Ordering::SeqCst);
        }
        outcome.map(|_| false)
    }

    /// Brings back what the hub has lost and this node holds. Returns how many requests that
    /// took.
    pub async fn bring_back(&self) -> Result<usize, LinkError> {
        let mut requests = 0;
        let mut standing = self.offer(Vec::new()).await?;
        while let Some(answer) = standing.filter(|answer| !answer.whole) {
            let body = self.wanted(&answer).await?;
            if body.is_empty() {
                tracing::error!(
                    ?answer,
                    "the hub has lost what it signed for, and wants what this node does not hold, or not whole any more"
                );
                self.stand_anew().await?;
                return Ok(requests);
            }
            standing = self.offer(body).await?;
            requests += 1;
            if standing.as_ref() == Some(&answer) {
                return Err(LinkError::hub("it asks again for what it was brought"));
            }
        }
        if requests > 0 {
            tracing::warn!(requests, "what the hub had lost was brought back to it");
        }
        self.stand_anew().await?;
        Ok(requests)
    }

    /// Sends lines, and hears what is wanted next; `None` if the hub is not recovering.
    async fn offer(&self, body: Vec<u8>) -> Result<Option<RecoveryAnswer>, LinkError> {
        let mut call = Call::new(Method::POST, format!("{PREFIX}/recovery"));
        if body.len() >= COMPRESS_FROM {
            let packed = zstd::bulk::compress(&body, 1).map_err(NodeError::File)?;
            let zstd = HeaderValue::from_static("zstd");
            call = call.header(CONTENT_ENCODING, zstd).body(NDJSON, packed);
        } else {
            call = call.body(NDJSON, body);
        }
        match self.call(call).await {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.code() == Some(Code::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn wanted(&self, answer: &RecoveryAnswer) -> Result<Vec<u8>, LinkError> {
        if answer.directory < self.node.directory().version() {
            return self.versions_after(answer.directory).await;
        }
        let mut body = Vec::new();
        if let Some(wanted) = answer.inbox {
            body = self.items_from(Stream::Inbox, wanted).await?;
        }
        if let Some(wanted) = answer.public.filter(|_| body.is_empty()) {
            body = self.items_from(Stream::Public, wanted).await?;
        }
        if let Some(wanted) = answer.chain.filter(|_| body.is_empty()) {
            body = self.messages_from(wanted).await?;
        }
        Ok(body)
    }

    async fn versions_after(&self, version: u64) -> Result<Vec<u8>, LinkError> {
        let mut tx = self.node.read_tx().await?;
        let mut lines = Lines::default();
        let stored = store::chain::directory_lines(&mut tx, version as i64).await?;
        for (line, number) in stored.into_iter().zip(version + 1..) {
            if !self.is_version(&line) {
                damage::tell("directory_versions", &number.to_string());
                break;
            }
            let raw = raw(line)?;
            let line = RecoveryLine {
                directory: Some(&raw),
                ..RecoveryLine::default()
            };
            if !lines.push(&line)? {
                break;
            }
        }
        Ok(lines.body)
    }

    /// Whether a line is what the hub has signed as a version of the directory.
    fn is_version(&self, line: &str) -> bool {
        let Ok(envelope) = Envelope::parse(line.as_bytes()) else {
            return false;
        };
        let key = self.hub_key(&envelope);
        key.is_some_and(|key| envelope.verify(DIRECTORY_TYPE, &key).is_ok())
    }

    async fn items_from(&self, stream: Stream, wanted: Wanted) -> Result<Vec<u8>, LinkError> {
        let mut tx = self.node.read_tx().await?;
        let place = (i64::from(wanted.epoch), wanted.number as i64);
        let most = BATCH_ENVELOPES as i64;
        let rows = store::inbox::back_from(&mut tx, stream.as_str(), place, most).await?;
        let bare = bare(&mut tx, &rows).await?;
        drop(tx);
        self.send_beside_again(&bare).await?;
        let directory = self.node.directory();
        let lining =
            tokio::task::spawn_blocking(move || item_lines(stream, wanted, rows, bare, &directory));
        Ok(lining.await.map_err(NodeError::damaged)??)
    }

    /// What goes beside a message and not with an item: attachments, and keys for who lacks them.
    async fn send_beside_again(&self, own: &HashMap<i64, Bare>) -> Result<(), NodeError> {
        if own.is_empty() {
            return Ok(());
        }
        let now = self.node.clock().now_ms();
        let cases = own.values().filter_map(|own| own.case);
        let cases: Vec<_> = cases.map(|case| (case.to_string(), now)).collect();
        let mut tx = self.node.write_tx().await?;
        for Bare { at, .. } in own.values() {
            let (epoch, seq) = (i64::from(at.epoch), at.seq as i64);
            store::blobs::send_again(&mut tx, epoch, (seq, seq)).await?;
        }
        store::keys_due::add(&mut tx, cases).await?;
        Ok(tx.commit().await?)
    }

    /// Own messages with their receipts and wraps; what is attached to them is sent again.
    async fn messages_from(&self, wanted: Wanted) -> Result<Vec<u8>, LinkError> {
        let (epoch, last) = (i64::from(wanted.epoch), wanted.number as i64);
        let mut tx = self.node.read_tx().await?;
        let most = BATCH_ENVELOPES as i64 / 2;
        let rows = store::outbox::back_from(&mut tx, (epoch, last), most).await?;
        let directory = self.node.directory();
        let choosing = tokio::task::spawn_blocking(move || messages_back(rows, wanted, &directory));
        let rows = choosing.await.map_err(NodeError::damaged)?;
        let first = rows.last().and_then(|row| row.seq).unwrap_or(last);
        let receipts = store::receipts::ending_in(&mut tx, epoch, first, last).await?;
        drop(tx);
        let mut lines = Lines::default();
        let mut brought = None;
        for (row, seq) in rows.iter().zip((1..=last).rev()) {
            let Some(line) = row.line.clone() else {
                break;
            };
            for (_, receipt) in receipts.iter().filter(|(to, _)| *to == seq) {
                if !self.is_own_receipt(receipt)? {
                    damage::tell("receipts", &format!("{epoch}.{seq}"));
                    continue;
                }
                let receipt = raw(receipt.clone())?;
                let line = RecoveryLine {
                    receipt: Some(&receipt),
                    ..RecoveryLine::default()
                };
                lines.push(&line)?;
            }
            let own = raw(line)?;
            let line = RecoveryLine {
                own: Some(&own),
                wraps: self.wraps_for(row).await?,
                ..RecoveryLine::default()
            };
            if !lines.push(&line)? {
                break;
            }
            brought = Some(seq);
        }
        if let Some(first) = brought {
            let mut tx = self.node.write_tx().await?;
            store::blobs::send_again(&mut tx, epoch, (first, last)).await?;
            tx.commit().await?;
        }
        Ok(lines.body)
    }

    fn is_own_receipt(&self, line: &str) -> Result<bool, NodeError> {
        let me = self.node.instance()?;
        let envelope = Envelope::parse(line.as_bytes()).ok();
        let receipt = envelope.and_then(|envelope| self.check_receipt(&envelope).ok());
        Ok(receipt.is_some_and(|receipt| receipt.author == *me))
    }

    /// Compares heads and acknowledges anew: the hub knows nothing of the last times. Whatever it
    /// had lost, it may have lost attachments, pictures and keys too.
    async fn stand_anew(&self) -> Result<(), NodeError> {
        self.compared.store(false, Ordering::SeqCst);
        let mut tx = self.node.write_tx().await?;
        store::chain::forget_acks(&mut tx).await?;
        offer_again(&mut tx, self.node.instance()?).await?;
        Ok(tx.commit().await?)
    }
}

/// Of these items, by `dseq`, those that tell of an own message behind the last receipt: the hub
/// asks for the chain as far as receipts show it, and nobody else may hold the bytes.
async fn bare(tx: &mut Tx, rows: &[InboxRow]) -> Result<HashMap<i64, Bare>, NodeError> {
    let mut ids: HashMap<EnvelopeId, i64> = HashMap::new();
    for row in rows.iter().filter(|row| row.line.is_none()) {
        // One that is damaged is not brought, nor is its message beside it.
        if let Ok(item) = serde_json::from_str::<Item>(&row.item) {
            ids.insert(item.envelope_id, row.dseq);
        }
    }
    let latest = store::receipts::latest(tx).await?;
    // Where it is damaged, messages come twice rather than never.
    let last = latest.as_deref().and_then(receipt_end);
    let numbers = store::by_id::numbers(tx, ids.keys().copied().collect()).await?;
    let dseqs = numbers.iter().map(|(id, number)| (*number, ids.get(id)));
    let dseqs: HashMap<i64, Option<&i64>> = dseqs.collect();
    let mut bare = HashMap::new();
    for own in store::by_id::lines(tx, dseqs.keys().copied()).await? {
        let Ok(message) = read_message(&own.line) else {
            continue;
        };
        let header = message.header;
        let at = header.position();
        let dseq = dseqs.get(&own.number).copied().flatten();
        if let Some(dseq) = dseq.filter(|_| Some(at) > last) {
            let (line, case) = (own.line, header.case);
            bare.insert(*dseq, Bare { line, at, case });
        }
    }
    Ok(bare)
}

/// The last place that a receipt covers.
fn receipt_end(line: &str) -> Option<Position> {
    let envelope = Envelope::parse(line.as_bytes()).ok()?;
    let receipt: Receipt = serde_json::from_slice(&envelope.payload).ok()?;
    Some(Position {
        epoch: receipt.epoch,
        seq: receipt.to,
    })
}

/// Items from the wanted one back, as far as they are whole here, with those of their messages that
/// are. Whoever wrote a message brings it, too.
fn item_lines(
    stream: Stream,
    wanted: Wanted,
    rows: Vec<InboxRow>,
    mut bare: HashMap<i64, Bare>,
    directory: &Directory,
) -> Result<Vec<u8>, NodeError> {
    let mut lines = Lines::default();
    let mut id = wanted.id;
    for (row, number) in rows.into_iter().zip((1..=wanted.number).rev()) {
        if row.dseq as u64 != number {
            break;
        }
        let place = format!("{} {}.{number}", stream.as_str(), row.depoch);
        let Some(told) = item_at(&row.item, id) else {
            damage::tell("inbox", &place);
            break;
        };
        id = told.dprev;
        let own = bare.remove(&row.dseq).map(|own| own.line);
        let table = if own.is_some() { "outbox" } else { "inbox" };
        let message = row.line.or(own).filter(|line| {
            let whole = signed(line, told.envelope_id, directory).is_some();
            if !whole {
                damage::tell(table, &place);
            }
            whole
        });
        let (item, message) = (raw(row.item)?, message.map(raw).transpose()?);
        let mut line = RecoveryLine {
            item: Some(&item),
            stream: Some(stream),
            envelope: message.as_deref(),
            ..RecoveryLine::default()
        };
        if !lines.push(&line)? {
            // A message that is too long beside its item is brought by whoever wrote it.
            line.envelope = None;
            if lines.count > 0 || !lines.push(&line)? {
                break;
            }
        }
    }
    Ok(lines.body)
}

fn raw(text: String) -> Result<Box<RawValue>, NodeError> {
    RawValue::from_string(text).map_err(NodeError::damaged)
}
