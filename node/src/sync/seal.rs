//! The sealer: compares heads, then gives drafts their places in the chain,
//! signs them, and keeps the exact bytes before anything is sent.
//!
//! There are never two byte strings for one place: a sealed message is sent
//! again as it is, and only a new epoch takes places away.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::Method;
use lapor_migrations::{Tx, Value};
use lapor_protocol::chain::{ChainHead, EpochGrant, EpochRequest};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::Digest;
use lapor_protocol::message::{Draft, Message};
use lapor_protocol::wire::{EpochAnswer, OutboxHead, PREFIX};

use super::announce::certify_at;
use super::{Call, Link, LinkError};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::outbox::OutboxRow;

impl Link {
    /// Compares what the hub holds of us with what we hold. Where the hub has
    /// more, or something else, this node was restored or cloned: it opens an
    /// epoch and takes back what it lost.
    pub(super) async fn compare_heads(&self) -> Result<(), LinkError> {
        let call = Call::new(Method::GET, format!("{PREFIX}/outbox/head"));
        let theirs: OutboxHead = self.transport.call(call).await?.json()?;
        let mut tx = self.node.read_tx().await?;
        let (ours, _) = own_chain(&mut tx).await?;
        let agrees = match theirs.head {
            head if head.epoch != ours.epoch => false,
            head if head.seq > ours.seq => false,
            // Right after a grant both stand at the same predecessor.
            head if head.seq == 0 => true,
            head => {
                let row =
                    store::outbox::at(&mut tx, i64::from(head.epoch), head.seq as i64).await?;
                row.and_then(|row| row.envelope_id) == Some(head.id.as_bytes().to_vec())
            }
        };
        drop(tx);
        if agrees && self.node.lost_keys()?.is_empty() {
            let now = self.node.clock().now_ms();
            let mut tx = self.node.write_tx().await?;
            let (epoch, accepted) = (i64::from(theirs.head.epoch), theirs.accepted as i64);
            store::outbox::accept(&mut tx, epoch, accepted, now).await?;
            store::chain::set_accepted(&mut tx, epoch, accepted).await?;
            tx.commit().await?;
        } else {
            tracing::warn!(ours = %ours.position(), theirs = %theirs.head.position(),
                "the hub holds another chain or another key of this node; opening an epoch");
            self.take_back_lost(theirs.head).await?;
            self.open_epoch(theirs.head.epoch).await?;
        }
        self.compared.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Asks for an epoch after `after` and unseals what was not accepted, to
    /// be sealed again under the same ids.
    pub(super) async fn open_epoch(&self, after: u32) -> Result<(), LinkError> {
        let me = self.node.instance()?.clone();
        let request = EpochRequest {
            instance: me.clone(),
            after,
            nonce: hex::encode(random::<16>()),
            keys: self.keys_for_epoch(after + 1).await?,
        };
        let signed = request.sign(&self.node.keys()?.identity);
        let call = Call::new(Method::POST, format!("{PREFIX}/epochs"))
            .body("application/json", signed.to_line());
        let answer: EpochAnswer = self.transport.call(call).await?.json()?;
        let key = self
            .hub_key(&answer.grant)
            .ok_or_else(|| LinkError::hub("the grant is not signed by the hub"))?;
        let grant = EpochGrant::open(&answer.grant, &key).map_err(LinkError::hub)?;
        if grant.instance != me || grant.nonce != request.nonce || grant.epoch <= after {
            return Err(LinkError::hub("the grant answers another request"));
        }
        let mut tx = self.node.write_tx().await?;
        store::outbox::unseal(&mut tx).await?;
        store::chain::set_head(&mut tx, i64::from(grant.epoch), 0, grant.prev.as_bytes(), 0)
            .await?;
        tx.commit().await?;
        if !request.keys.is_empty() {
            self.refresh_directory(0).await?;
        }
        Ok(())
    }

    /// Own envelopes that the hub has and this node lost, of every epoch since
    /// the one that it believes to be open, kept as accepted.
    async fn take_back_lost(&self, head: ChainHead) -> Result<(), LinkError> {
        let mut tx = self.node.read_tx().await?;
        let (ours, accepted) = own_chain(&mut tx).await?;
        drop(tx);
        for epoch in ours.epoch..=head.epoch {
            let after = if epoch == ours.epoch { accepted } else { 0 };
            let last = self.take_back_epoch(epoch, after).await?;
            if epoch == head.epoch && last < head.seq {
                return Err(LinkError::hub(
                    "its head is beyond the envelopes that it holds",
                ));
            }
        }
        Ok(())
    }

    /// Returns the last seq that is here then.
    async fn take_back_epoch(&self, epoch: u32, mut after: u64) -> Result<u64, LinkError> {
        loop {
            let path = format!("{PREFIX}/outbox?epoch={epoch}&after={after}");
            let answer = self.transport.call(Call::new(Method::GET, path)).await?;
            let lines = answer.body.split(|b| *b == b'\n');
            let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
            if lines.is_empty() {
                return Ok(after);
            }
            let mut tx = self.node.write_tx().await?;
            // What stands here at the same places was never accepted.
            store::outbox::unseal(&mut tx).await?;
            for line in &lines {
                after = adopt(&mut tx, &self.node, line).await?;
            }
            tx.commit().await?;
        }
    }

    /// Seals up to `limit` drafts and gives their rows. The signatures are made
    /// before the write transaction, which others wait for; a chain that has
    /// moved meanwhile, by another process, leaves everything as it was.
    pub(super) async fn seal_pending(&self, limit: usize) -> Result<Vec<OutboxRow>, LinkError> {
        if !self.announcement_settled().await? {
            return Ok(Vec::new());
        }
        let mut tx = self.node.read_tx().await?;
        let drafts = store::outbox::in_state(&mut tx, "pending", limit as i64).await?;
        let (head, _) = own_chain(&mut tx).await?;
        drop(tx);
        let drafts = self.without_keyless(drafts).await?;
        if drafts.is_empty() {
            return Ok(drafts);
        }
        let node = Arc::clone(&self.node);
        let sealing = tokio::task::spawn_blocking(move || seal_all(&node, drafts, head));
        let (rows, end) = sealing.await.map_err(NodeError::damaged)??;
        let mut tx = self.node.write_tx().await?;
        let places = rows.iter().flat_map(|row| {
            [
                Value::from(row.number),
                Value::from(row.epoch.unwrap_or_default()),
                Value::from(row.seq.unwrap_or_default()),
                Value::from(row.envelope_id.clone().unwrap_or_default()),
                Value::from(row.line.clone().unwrap_or_default()),
            ]
        });
        let unmoved = own_chain(&mut tx).await?.0 == head;
        let count = rows.len() as u64;
        if !unmoved || store::outbox::seal(&mut tx, places.collect()).await? != count {
            return Ok(Vec::new());
        }
        let id = end.id.as_bytes();
        store::chain::advance(&mut tx, i64::from(end.epoch), end.seq as i64, id).await?;
        tx.commit().await?;
        Ok(rows)
    }
}

/// Where this node's own chain stands, and the last position of the open epoch
/// that the hub has accepted.
async fn own_chain(tx: &mut Tx) -> Result<(ChainHead, u64), NodeError> {
    let stored = store::chain::head(tx).await?;
    let Some((epoch, seq, id, accepted)) = stored else {
        return Ok((ChainHead::START, 0));
    };
    let head = ChainHead {
        epoch: epoch as u32,
        seq: seq as u64,
        id: store::digest(&id)?,
    };
    Ok((head, accepted as u64))
}

/// Signs drafts one after another behind `head`; gives them with their places,
/// and where the chain then stands.
fn seal_all(
    node: &Node,
    mut drafts: Vec<OutboxRow>,
    mut head: ChainHead,
) -> Result<(Vec<OutboxRow>, ChainHead), NodeError> {
    let (me, keys, signer) = (node.instance()?, node.keys()?, node.signer()?);
    for row in &mut drafts {
        let mut draft: Draft = store::read(serde_json::from_str(&row.draft))?;
        let place = head.next();
        certify_at(head, &mut draft, me, &keys.identity);
        let payload = draft.payload(me, place, head.id);
        let envelope = Envelope::sign(MESSAGE_TYPE, payload, &signer);
        head = head.advanced(envelope.id());
        row.epoch = Some(i64::from(place.epoch));
        row.seq = Some(place.seq as i64);
        row.envelope_id = Some(head.id.as_bytes().to_vec());
        row.line = Some(envelope.to_line());
    }
    Ok((drafts, head))
}

/// Stores an own envelope that came back from the hub. Returns its seq.
async fn adopt(tx: &mut Tx, node: &Node, line: &[u8]) -> Result<u64, LinkError> {
    let envelope = Envelope::parse(line).map_err(LinkError::hub)?;
    let message = Message::parse(&envelope.payload).map_err(LinkError::hub)?;
    let text = String::from_utf8(line.to_vec()).map_err(LinkError::hub)?;
    if message.header.author != *node.instance()? {
        return Err(LinkError::hub("it sent somebody else's envelope as ours"));
    }
    let (id, now) = (envelope.id(), node.clock().now_ms());
    let header = &message.header;
    store::outbox::adopt(
        tx,
        &header.id.to_string(),
        header.case.map(|c| c.to_string()).as_deref(),
        &header.kind,
        (i64::from(header.epoch), header.seq as i64),
        id.as_bytes(),
        &text,
        header.created_at,
        now,
    )
    .await?;
    let head: Digest = id;
    store::chain::set_head(
        tx,
        i64::from(header.epoch),
        header.seq as i64,
        head.as_bytes(),
        header.seq as i64,
    )
    .await?;
    Ok(header.seq)
}
