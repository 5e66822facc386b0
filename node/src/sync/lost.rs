//! Own envelopes that the hub accepted and this node has lost: fetched after
//! the epoch in which they stand was closed, so that none can come behind.
//!
//! One that the disk of the hub has damaged leaves a hole. Its place is noted, all others are taken
//! back, and it is asked for again, ever more seldom, until it comes: meanwhile its case waits, and
//! nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Method;
use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::Position;
use lapor_protocol::keys::Verifier;
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES};
use lapor_protocol::message::Message;
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::PREFIX;
use serde_json::value::RawValue;

use super::after_all::{release, tell_anew};
use super::announce::ANNOUNCED;
use super::epoch::DUE;
use super::seal::own_chain;
use super::settle::{has_effect, ruled, taken_back};
use super::{Call, Link, LinkError, public};
use crate::casework::refresh_cases_of;
use crate::error::NodeError;
use crate::feed;
use crate::node::Node;
use crate::store;
use crate::store::inbox::InboxRow;

/// What a line is in a batch beside the line itself.
const BESIDE: usize = r#"{"envelope":}"#.len() + 1;
/// Places of own messages that the hub could not give back, as a fact of this node.
const HOLES: &str = "holes";
/// Holes at once. A hub that has damaged more of one chain is to be restored.
const MOST_HOLES: usize = 1_000;
/// Holes in a row. An error that comes at more places than these is not about the places.
const MOST_IN_A_ROW: usize = 100;
/// Holes that are asked for in one step.
const STEP: usize = 100;

/// An own envelope whose signature and place have been checked.
struct Lost {
    envelope: Envelope,
    message: Message,
    line: String,
}

/// What the hub has of an epoch behind a place, as far as `end`.
struct Page {
    lost: Vec<Lost>,
    holes: Vec<Position>,
    end: u64,
}

impl Link {
    /// Keeps all that was accepted in the epochs before `until`, with its
    /// receipts. What is sealed here and not accepted loses its place first:
    /// another copy of this node may have put something else there.
    pub(super) async fn take_back(&self, until: u32) -> Result<(), LinkError> {
        self.refresh_directory(0).await?;
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, DUE, "interrupted").await?;
        store::outbox::unseal(&mut tx).await?;
        let first = store::chain::head(&mut tx).await?;
        let first = first.map_or(1, |(epoch, ..)| epoch as u32);
        tx.commit().await?;
        for epoch in first..until {
            let mut tx = self.node.read_tx().await?;
            let mut after = store::outbox::last_at(&mut tx, i64::from(epoch)).await? as u64;
            drop(tx);
            loop {
                let page = self.page_behind(epoch, after).await?;
                if page.end == after {
                    break;
                }
                after = page.end;
                // Large, where everything else here waits for the hub.
                let mut tx = Box::pin(self.keep_lost(epoch, &page.lost)).await?;
                note_holes(&mut tx, &page.holes).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// What the hub gives of an epoch behind a place. Where its page cannot begin, the next place is
    /// asked for.
    async fn page_behind(&self, epoch: u32, after: u64) -> Result<Page, LinkError> {
        let (mut lost, mut holes, mut end) = (Vec::new(), Vec::new(), after);
        let body = loop {
            match self.own_lines(epoch, end).await {
                Err(error)
                    if error.code() == Some(Code::Internal) && holes.len() < MOST_IN_A_ROW =>
                {
                    end += 1;
                    holes.push(Position { epoch, seq: end });
                }
                given => break given?,
            }
        };
        for (line, seq) in lines(&body).zip(end + 1..) {
            end = seq;
            let place = Position { epoch, seq };
            match read(&self.node, line, place)? {
                Some(one) => lost.push(one),
                None => holes.push(place),
            }
        }
        Ok(Page { lost, holes, end })
    }

    /// The lines of an epoch behind a place, as many as the hub gives at once.
    async fn own_lines(&self, epoch: u32, after: u64) -> Result<Bytes, LinkError> {
        let path = format!("{PREFIX}/outbox?epoch={epoch}&after={after}");
        Ok(self.call(Call::new(Method::GET, path)).await?.body)
    }

    /// Stores envelopes with the receipts that the hub has stored for them,
    /// which it repeats for whoever sends them again. The caller commits.
    async fn keep_lost(&self, epoch: u32, lost: &[Lost]) -> Result<Tx, LinkError> {
        let mut receipts = Vec::new();
        for body in batches(lost)? {
            receipts.extend(self.post(body).await?.receipts);
        }
        let now = self.node.clock().now_ms();
        let me = self.node.instance()?;
        let mut tx = self.node.write_tx().await?;
        let mut aside = Vec::new();
        for lost in lost {
            let id = lost.message.header.id.to_string();
            aside.extend(store::aside::own_of(&mut tx, &id).await?);
            adopt(&mut tx, lost, now).await?;
        }
        let mut changed = Vec::new();
        for row in &aside {
            tell_anew(&mut tx, me, row, now).await?;
            changed.push(row.number);
            changed.extend(release(&mut tx, row.number).await?);
        }
        changed.extend(hear_again(&self.node, &mut tx, lost, now).await?);
        refresh_cases_of(&self.node, &mut tx, &changed).await?;
        for envelope in receipts {
            let receipt = self.check_receipt(&envelope)?;
            if receipt.author != *me || receipt.epoch != epoch {
                return Err(LinkError::hub("it sent a receipt for something else"));
            }
            let (from, to) = (receipt.from as i64, receipt.to as i64);
            let of = i64::from(epoch);
            let held = store::outbox::ids_from(&mut tx, of, from, to).await?;
            // One that reaches beyond this page, or over a hole, comes again with the rest, and
            // one over a message that stands earlier too cannot be checked here.
            if held.len() as i64 != to - from + 1 {
                continue;
            }
            let held = held.iter().map(|id| store::digest(id));
            let held = held.collect::<Result<Vec<_>, _>>()?;
            receipt.covers(&held).map_err(LinkError::hub)?;
            store::receipts::add(&mut tx, of, from, to, &envelope.to_line()).await?;
        }
        Ok(tx)
    }

    /// Asks once more for what the hub could not give when it was taken back. Returns how many
    /// messages came.
    pub(super) async fn fill_holes(&self) -> Result<usize, LinkError> {
        let mut tx = self.node.read_tx().await?;
        let noted = noted_holes(&mut tx).await?;
        drop(tx);
        let mut count = 0;
        for place in self.holes_due(noted) {
            match Box::pin(self.fill_hole(place)).await {
                Ok(came) => count += usize::from(came),
                Err(error @ (LinkError::Refused(_) | LinkError::Hub(_))) => {
                    tracing::warn!(%place, %error, "an own message does not come back from the hub");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Those of these places whose turn has come; none before heads have been compared.
    fn holes_due(&self, noted: BTreeSet<Position>) -> Vec<Position> {
        if self.replaced.get().is_some() || !self.compared.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let now = self.node.clock().now_ms();
        let mut due = Vec::new();
        let mut asked = self.asked();
        asked.holes.retain(|place, _| noted.contains(place));
        for place in noted {
            if due.len() == STEP {
                break;
            }
            if asked.holes.entry(place).or_default().takes_its_turn(now) {
                due.push(place);
            }
        }
        due
    }

    /// Whether the message of a place has come and is kept. Where nothing stands there, the error that
    /// was met was about something else.
    async fn fill_hole(&self, place: Position) -> Result<bool, LinkError> {
        let _sealer = self.sealer.lock().await;
        if self.replaced.get().is_some() || !self.compared.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let body = self.own_lines(place.epoch, place.seq - 1).await?;
        let lost = match lines(&body).next() {
            None => None,
            Some(line) => match read(&self.node, line, place)? {
                None => return Ok(false),
                came => came,
            },
        };
        let leaves = self.leaves_open_epoch(lost.as_ref()).await?;
        let mut tx = Box::pin(self.keep_lost(place.epoch, lost.as_slice())).await?;
        let mut noted = noted_holes(&mut tx).await?;
        noted.remove(&place);
        keep_holes(&mut tx, &noted).await?;
        if leaves {
            store::chain::set_fact(&mut tx, DUE, "sent twice").await?;
        }
        tx.commit().await?;
        if lost.is_some() {
            tracing::info!(%place, "an own message that the hub could not give back has come");
        }
        if leaves {
            self.compared.store(false, Ordering::SeqCst);
            Box::pin(self.compare_heads()).await?;
        }
        Ok(lost.is_some())
    }

    /// Whether a message that comes back was still a draft here and has got another place in the open
    /// epoch since, which it leaves for its first one. The chain cannot go on over a place without a
    /// message: another epoch has to follow.
    async fn leaves_open_epoch(&self, lost: Option<&Lost>) -> Result<bool, NodeError> {
        let Some(lost) = lost else {
            return Ok(false);
        };
        let id = lost.message.header.id.to_string();
        let mut tx = self.node.read_tx().await?;
        let (open, _) = own_chain(&mut tx).await?;
        let epoch = store::outbox::epoch_of(&mut tx, &id).await?;
        Ok(epoch == Some(i64::from(open.epoch)))
    }
}

fn lines(page: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = page.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}

/// The own message of a place; `None` where the line is not what was signed.
fn read(node: &Node, line: &[u8], place: Position) -> Result<Option<Lost>, LinkError> {
    let Ok(envelope) = Envelope::parse(line) else {
        return Ok(None);
    };
    let Ok(message) = Message::parse(&envelope.payload) else {
        return Ok(None);
    };
    let line = String::from_utf8(line.to_vec()).map_err(LinkError::hub)?;
    let (me, header) = (node.instance()?, &message.header);
    let directory = node.directory();
    let entry = directory.latest().instance(me);
    let key = entry.and_then(|entry| entry.signing_key(&envelope.kid, header.position()));
    let key = key.and_then(|key| Verifier::from_jwk(&key.jwk).ok());
    let signed = key.is_some_and(|key| envelope.verify(MESSAGE_TYPE, &key).is_ok());
    if !signed {
        return Ok(None);
    }
    if header.author != *me || header.position() != place {
        return Err(LinkError::Hub(format!(
            "what it holds at {place} of this node's chain was never signed for that place"
        )));
    }
    Ok(Some(Lost {
        envelope,
        message,
        line,
    }))
}

/// A list that cannot be read is none: whoever is restored once more finds them again.
async fn noted_holes(tx: &mut Tx) -> Result<BTreeSet<Position>, NodeError> {
    let noted = store::chain::fact(tx, HOLES).await?;
    let noted = noted.and_then(|text| serde_json::from_str(&text).ok());
    Ok(noted.unwrap_or_default())
}

async fn keep_holes(tx: &mut Tx, holes: &BTreeSet<Position>) -> Result<(), NodeError> {
    if holes.is_empty() {
        return Ok(store::chain::forget_fact(tx, HOLES).await?);
    }
    let text = serde_json::to_string(holes).map_err(NodeError::damaged)?;
    Ok(store::chain::set_fact(tx, HOLES, &text).await?)
}

async fn note_holes(tx: &mut Tx, new: &[Position]) -> Result<(), LinkError> {
    if new.is_empty() {
        return Ok(());
    }
    let mut noted = noted_holes(tx).await?;
    noted.extend(new);
    if noted.len() > MOST_HOLES {
        return Err(LinkError::Hub(format!(
            "more than {MOST_HOLES} of what it holds of this node's chain is damaged there: its staff have to restore it from a backup"
        )));
    }
    for place in new {
        tracing::error!(
            %place,
            "the hub cannot give back an own message as it was signed; its case waits until it can, and it is asked again"
        );
    }
    Ok(keep_holes(tx, &noted).await?)
}

/// The bodies in which envelopes are sent again.
fn batches(lost: &[Lost]) -> Result<Vec<Vec<u8>>, NodeError> {
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    let (mut count, mut next) = (0, None);
    for lost in lost {
        let header = &lost.message.header;
        let place = header.position();
        let full = |body: &Vec<u8>| body.len() + lost.line.len() + BESIDE > BATCH_BYTES;
        // The hub answers for nothing behind a gap in the same body.
        if next != Some(place) || count == BATCH_ENVELOPES || bodies.last().is_some_and(full) {
            bodies.push(Vec::new());
            count = 0;
        }
        let raw = RawValue::from_string(lost.line.clone()).map_err(NodeError::damaged)?;
        let line = BatchLine {
            envelope: &raw,
            wraps: Vec::new(),
            trace: None,
        };
        let line = serde_json::to_vec(&line).map_err(NodeError::damaged)?;
        if let Some(body) = bodies.last_mut() {
            body.extend_from_slice(&line);
            body.push(b'\n');
        }
        count += 1;
        // Nor for anything behind a key.
        next = (header.kind != ANNOUNCED).then(|| Position {
            epoch: place.epoch,
            seq: place.seq + 1,
        });
    }
    Ok(bodies)
}

/// What was told of messages while only another copy of this node knew of them: their rulings were about
/// nothing, and what they published could not be read. Gives the numbers of those that are ruled.
async fn hear_again(
    node: &Node,
    tx: &mut Tx,
    lost: &[Lost],
    now: i64,
) -> Result<Vec<i64>, NodeError> {
    let (directory, me) = (node.directory(), node.instance()?);
    let ids = || lost.iter().map(|lost| lost.envelope.id());
    let numbers = store::by_id::numbers(tx, ids().collect()).await?;
    // Of several the last one told counts.
    let mut heard = BTreeMap::new();
    for row in store::inbox::applied_about(tx, Stream::Inbox.as_str(), ids()).await? {
        let item: Item = store::read(serde_json::from_str(&row.item))?;
        if let Some(&number) = numbers.get(&item.envelope_id) {
            heard.insert(number, item);
        }
    }
    let (mut rulings, mut changes) = (Vec::new(), Vec::new());
    for (number, item) in &heard {
        if !has_effect(item.ruling.effect) {
            changes.extend(taken_back(tx, me, (*number, item), now).await?);
        }
        rulings.extend(ruled(*number, item, now));
    }
    store::outbox::ruled(tx, rulings).await?;
    feed::note(tx, &changes).await?;
    for row in store::inbox::applied_about(tx, Stream::Public.as_str(), ids()).await? {
        // Nobody who reads the feed was told of it.
        let state = "received".to_owned();
        public::take(tx, me, &InboxRow { state, ..row }, &directory, now).await?;
    }
    Ok(heard.into_keys().collect())
}

async fn adopt(tx: &mut Tx, lost: &Lost, now: i64) -> Result<(), NodeError> {
    let header = &lost.message.header;
    let case = header.case.map(|case| case.to_string());
    let other = lost.message.body.as_ref().ok().and_then(Body::other_case);
    let other = other.map(|case| case.to_string());
    store::outbox::adopt(
        tx,
        &header.id.to_string(),
        (case.as_deref(), other.as_deref()),
        &header.kind,
        (i64::from(header.epoch), header.seq as i64),
        lost.envelope.id().as_bytes(),
        &lost.line,
        header.created_at,
        now,
    )
    .await?;
    Ok(())
}
