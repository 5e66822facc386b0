//! Own envelopes that the hub accepted and this node has lost: fetched after
//! the epoch in which they stand was closed, so that none can come behind.

use std::collections::BTreeMap;

use http::Method;
use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::keys::Verifier;
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES};
use lapor_protocol::message::Message;
use lapor_protocol::page::BatchLine;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::PREFIX;
use serde_json::value::RawValue;

use super::after_all::{release, tell_anew};
use super::announce::ANNOUNCED;
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

/// An own envelope whose signature and place have been checked.
struct Lost {
    envelope: Envelope,
    message: Message,
    line: String,
}

impl Link {
    /// Keeps all that was accepted in the epochs before `until`, with its
    /// receipts. What is sealed here and not accepted loses its place first:
    /// another copy of this node may have put something else there.
    pub(super) async fn take_back(&self, until: u32) -> Result<(), LinkError> {
        self.refresh_directory(0).await?;
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, super::epoch::DUE, "interrupted").await?;
        store::outbox::unseal(&mut tx).await?;
        let first = store::chain::head(&mut tx).await?;
        let first = first.map_or(1, |(epoch, ..)| epoch as u32);
        tx.commit().await?;
        for epoch in first..until {
            let mut tx = self.node.read_tx().await?;
            let mut after = store::outbox::last_at(&mut tx, i64::from(epoch)).await? as u64;
            drop(tx);
            loop {
                let path = format!("{PREFIX}/outbox?epoch={epoch}&after={after}");
                let answer = self.call(Call::new(Method::GET, path)).await?;
                let lines = answer.body.split(|b| *b == b'\n');
                let lines = lines.filter(|line| !line.is_empty());
                let lost = lines
                    .zip(after + 1..)
                    .map(|(line, seq)| read(&self.node, line, (epoch, seq)))
                    .collect::<Result<Vec<_>, _>>()?;
                if lost.is_empty() {
                    break;
                }
                after += lost.len() as u64;
                // Large, where everything else here waits for the hub.
                Box::pin(self.keep_lost(epoch, &lost)).await?;
            }
        }
        Ok(())
    }

    /// Stores envelopes with the receipts that the hub has stored for them,
    /// which it repeats for whoever sends them again.
    async fn keep_lost(&self, epoch: u32, lost: &[Lost]) -> Result<(), LinkError> {
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
            // One that reaches beyond this page comes again with the next, and
            // one over a message that stands earlier too cannot be checked here.
            if held.len() as i64 != to - from + 1 {
                continue;
            }
            let held = held.iter().map(|id| store::digest(id));
            let held = held.collect::<Result<Vec<_>, _>>()?;
            receipt.covers(&held).map_err(LinkError::hub)?;
            store::outbox::add_receipt(&mut tx, of, from, to, &envelope.to_line()).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn read(node: &Node, line: &[u8], place: (u32, u64)) -> Result<Lost, LinkError> {
    let envelope = Envelope::parse(line).map_err(LinkError::hub)?;
    let message = Message::parse(&envelope.payload).map_err(LinkError::hub)?;
    let line = String::from_utf8(line.to_vec()).map_err(LinkError::hub)?;
    let (me, header) = (node.instance()?, &message.header);
    let directory = node.directory();
    let entry = directory.latest().instance(me);
    let key = entry.and_then(|entry| entry.signing_key(&envelope.kid, header.position()));
    let key = key.and_then(|key| Verifier::from_jwk(&key.jwk).ok());
    let signed = key.is_some_and(|key| envelope.verify(MESSAGE_TYPE, &key).is_ok());
    if !signed || header.author != *me || (header.epoch, header.seq) != place {
        let (epoch, seq) = place;
        return Err(LinkError::Hub(format!(
            "what it holds at {epoch}.{seq} of this node's chain was never signed here"
        )));
    }
    Ok(Lost {
        envelope,
        message,
        line,
    })
}

/// The bodies in which envelopes are sent again.
fn batches(lost: &[Lost]) -> Result<Vec<Vec<u8>>, NodeError> {
    let mut bodies = vec![Vec::new()];
    let mut count = 0;
    for lost in lost {
        let full = |body: &Vec<u8>| body.len() + lost.line.len() + BESIDE > BATCH_BYTES;
        if count == BATCH_ENVELOPES || (count > 0 && bodies.last().is_some_and(full)) {
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
        // The hub answers for nothing behind it in the same body.
        if lost.message.header.kind == ANNOUNCED {
            count = BATCH_ENVELOPES;
        }
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
