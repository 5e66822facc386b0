//! The sealer: gives drafts their places in the chain, signs them, and keeps
//! the exact bytes before anything is sent. Heads have been compared before.
//!
//! There are never two byte strings for one place: a sealed message is sent
//! again as it is, and only a new epoch takes places away.

use std::sync::Arc;

use lapor_migrations::{Tx, Value, pack_with};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::MESSAGE_TYPE;
use lapor_protocol::message::Draft;
use lapor_protocol::together::{Unsigned, sign_together};

use super::announce::certify_at;
use super::{Link, LinkError};
use crate::casework::refresh_cases_of;
use crate::error::NodeError;
use crate::node::Node;
use crate::publishing::withdraw;
use crate::store;
use crate::store::outbox::OutboxRow;

/// Why an own message is quarantined that its own node cannot read.
const UNREADABLE: &str = "draft_unreadable";

/// Drafts that have their places and signatures.
struct Sealed {
    rows: Vec<OutboxRow>,
    /// Number and line of each, as the line is kept.
    lines: Vec<Value>,
    /// Where the chain then stands.
    end: ChainHead,
}

impl Link {
    /// Seals up to `limit` drafts and gives their rows. The signatures are made
    /// before the write transaction, which others wait for; a chain that has
    /// moved meanwhile, by another process, leaves everything as it was.
    pub(super) async fn seal_pending(&self, limit: usize) -> Result<Vec<OutboxRow>, LinkError> {
        if !self.announcement_settled().await? {
            return Ok(Vec::new());
        }
        let mut tx = self.node.read_tx().await?;
        let drafts = store::outbox::pending(&mut tx, limit as i64).await?;
        let (head, _) = own_chain(&mut tx).await?;
        drop(tx);
        let drafts = self.without_keyless(drafts).await?;
        if drafts.is_empty() {
            return Ok(drafts);
        }
        let node = Arc::clone(&self.node);
        let sealing = tokio::task::spawn_blocking(move || seal_all(&node, drafts, head));
        let Sealed { rows, lines, end } = match sealing.await.map_err(NodeError::damaged)? {
            // A draft that cannot be read must not hold up the others.
            Err(NodeError::Damaged(_)) => {
                self.set_unreadable_aside(limit as i64).await?;
                return Ok(Vec::new());
            }
            sealed => sealed?,
        };
        let mut tx = self.node.write_tx().await?;
        let places = rows.iter().flat_map(|row| {
            [
                Value::from(row.number),
                Value::from(row.epoch.unwrap_or_default()),
                Value::from(row.seq.unwrap_or_default()),
                Value::from(row.envelope_id.clone().unwrap_or_default()),
            ]
        });
        if own_chain(&mut tx).await?.0 != head {
            return Ok(Vec::new());
        }
        let sealed = store::outbox::seal(&mut tx, places.collect(), lines).await?;
        if sealed != rows.len() as u64 {
            return Ok(Vec::new());
        }
        let id = end.id.as_bytes();
        store::chain::advance(&mut tx, i64::from(end.epoch), end.seq as i64, id).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Quarantines drafts that this program cannot read, with the drafts that must
    /// wait for them. What is sealed behind one that was sent again goes out.
    async fn set_unreadable_aside(&self, limit: i64) -> Result<(), NodeError> {
        let mut tx = self.node.write_tx().await?;
        for row in store::outbox::pending(&mut tx, limit).await? {
            if serde_json::from_str::<Draft>(&row.draft).is_ok() {
                continue;
            }
            tracing::error!(
                number = row.number,
                "an own message cannot be read and is quarantined; `lapor-node quarantine list` shows it"
            );
            store::outbox::quarantine(&mut tx, row.number, UNREADABLE).await?;
            if row.case_id.is_some() {
                let mut changed =
                    store::behind::quarantine_later_drafts(&mut tx, row.number).await?;
                changed.push(row.number);
                refresh_cases_of(&self.node, &mut tx, &changed).await?;
            } else if let Some(own) = store::aside::own_one(&mut tx, row.number).await? {
                let (me, now) = (self.node.instance()?, self.node.clock().now_ms());
                withdraw(&mut tx, me, (own.message_id.as_str(), UNREADABLE), now).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// Where this node's own chain stands, and the last position of the open epoch
/// that the hub has accepted.
pub(super) async fn own_chain(tx: &mut Tx) -> Result<(ChainHead, u64), NodeError> {
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

/// Gives drafts their places one after another behind `head` and signs them together.
fn seal_all(
    node: &Node,
    mut drafts: Vec<OutboxRow>,
    mut head: ChainHead,
) -> Result<Sealed, NodeError> {
    let (me, keys, signer) = (node.instance()?, node.keys()?, node.signer()?);
    let mut unsigned = Vec::with_capacity(drafts.len());
    for row in &mut drafts {
        let mut draft: Draft = store::read(serde_json::from_str(&row.draft))?;
        let place = head.next();
        certify_at(head, &mut draft, me, &keys.identity);
        let payload = draft.payload(me, place, head.id);
        let message = Unsigned::new(MESSAGE_TYPE, payload);
        head = head.advanced(message.id());
        unsigned.push(message);
        row.epoch = Some(i64::from(place.epoch));
        row.seq = Some(place.seq as i64);
        row.envelope_id = Some(head.id.as_bytes().to_vec());
    }
    let envelopes = sign_together(unsigned, &signer);
    let mut lines = Vec::with_capacity(2 * drafts.len());
    for (row, envelope) in drafts.iter_mut().zip(envelopes) {
        let line = envelope.to_line();
        let kept = pack_with(&line, &envelope.payload);
        lines.extend([Value::from(row.number), Value::from(kept)]);
        row.line = Some(line);
    }
    Ok(Sealed {
        rows: drafts,
        lines,
        end: head,
    })
}
