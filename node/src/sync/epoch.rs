//! Where this node's chain stands against what the hub holds of it, and the
//! epoch that follows where the two differ.
//!
//! A node that was restored or cloned must not go on in its epoch: it asks for
//! another, once, takes back what the hub had accepted, and only then seals
//! what the hub had not, under the same ids. A process that finds itself
//! replaced by another copy does not fight for the chain: it stops sending.

use std::sync::atomic::Ordering;

use http::Method;
use lapor_protocol::chain::{ChainHead, EpochGrant, EpochRequest};
use lapor_protocol::wire::{EpochAnswer, PREFIX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::boot::Found;
use super::seal::own_chain;
use super::{Call, Link, LinkError};
use crate::backup::RESTORED;
use crate::chance::random;
use crate::error::NodeError;
use crate::store;

/// That the chain must go on in another epoch, whatever the hub's head says,
/// and why.
pub(super) const DUE: &str = "epoch_due";
/// The request under way: the same nonce gets the same grant.
const REQUEST: &str = "epoch_request";
pub(crate) const ALARM: &str = "alarm";
/// Another copy may come in between a grant and our first use of it.
const ATTEMPTS: usize = 3;

const SHARED: &str = "`lapor-node serve` has been started twice on this database: the later one works on and this one sends nothing more; stop one of the two";
const CLONED: &str = "this node runs twice: another copy of it, with the same keys, has connected to the hub after this one. This copy sends nothing more, and what it could not send waits here. Stop one of the two machines for good, then restart the one that stays";
const FORKED: &str = "the hub was shown two different messages at one place of this node's chain: another copy of this node has been at work. This one goes on in a new epoch; make sure that no other copy runs";

/// Something that only the operator can end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alarm {
    /// Unix ms.
    pub at: i64,
    /// What is wrong and what to do.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Request {
    after: u32,
    nonce: String,
}

/// How the hub's view of our chain compares with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Same,
    /// It lacks a place of ours for which nothing is left to be sent.
    Hole,
    /// It holds what we do not know, or something else.
    Other,
    /// It has lost what it has signed for.
    Behind,
}

impl Link {
    /// Compares heads, as this start of the node. Where the hub has more, or
    /// something else, this node was restored or cloned.
    pub(super) async fn compare_heads(&self) -> Result<(), LinkError> {
        for _ in 0..ATTEMPTS {
            let found = self.ask_head().await?;
            let (standing, due) = self.standing(&found).await?;
            if standing == Standing::Behind {
                return Err(LinkError::Hub(format!(
                    "its record of this node ends at {}, and it has signed for more: it was restored from a backup, and must not go on before its staff have recovered the rest",
                    found.head.position()
                )));
            }
            // Only if nobody else has been here: another copy may have brought
            // the keys that are missing.
            let agrees = matches!(standing, Standing::Same | Standing::Hole);
            let alone = agrees && !found.conflict;
            let hole = standing == Standing::Hole;
            let due = due || (alone && (hole || !self.node.lost_keys()?.is_empty()));
            if alone && !due {
                self.agree(found.head).await?;
                return Ok(());
            }
            if !due && self.met.load(Ordering::SeqCst) {
                return Err(self.stand_down().await?);
            }
            tracing::warn!(theirs = %found.head.position(), conflict = found.conflict,
                "this node was restored, cloned or refused; opening an epoch");
            // Rare, and much larger than what happens otherwise.
            Box::pin(self.open_epoch(found.head)).await?;
        }
        Err(LinkError::Hub(
            "another copy of this node opens epochs at the same time; trying again".into(),
        ))
    }

    /// The hub holds two messages for one place. Once, a new epoch mends that;
    /// if it comes again, another copy is at work at this moment.
    pub(super) async fn part_from_fork(&self) -> Result<(), LinkError> {
        if self.forked.swap(true, Ordering::SeqCst) {
            return Err(self.stand_down().await?);
        }
        self.raise(FORKED).await?;
        let moved = self.move_to_epoch("fork_detected").await;
        if moved.is_err() {
            self.forked.store(false, Ordering::SeqCst);
        }
        moved
    }

    /// A restored node takes its place in the chain before it reads on: the
    /// rulings of what it lost would find nothing that they are about.
    pub(super) async fn finish_restore(&self) -> Result<(), LinkError> {
        let mut tx = self.node.read_tx().await?;
        let restored = store::chain::fact(&mut tx, RESTORED).await?.is_some();
        drop(tx);
        if !restored {
            return Ok(());
        }
        let _sealer = self.sealer.lock().await;
        self.check_replaced()?;
        Box::pin(self.compare_heads()).await
    }

    /// Whether this process has been replaced and must send nothing.
    pub(super) fn check_replaced(&self) -> Result<(), LinkError> {
        match self.replaced.get() {
            Some(text) => Err(LinkError::Replaced(text)),
            None => Ok(()),
        }
    }

    async fn standing(&self, found: &Found) -> Result<(Standing, bool), NodeError> {
        let theirs = found.head;
        let mut tx = self.node.read_tx().await?;
        let (ours, accepted) = own_chain(&mut tx).await?;
        let restored = store::chain::fact(&mut tx, RESTORED).await?.is_some();
        let due = restored || store::chain::fact(&mut tx, DUE).await?.is_some();
        let same = match (theirs.epoch, theirs.seq) {
            (epoch, _) if epoch < ours.epoch => return Ok((Standing::Behind, due)),
            (epoch, _) if epoch > ours.epoch => false,
            (_, seq) if seq < accepted => return Ok((Standing::Behind, due)),
            (_, seq) if seq > ours.seq => false,
            // Right after a grant both stand at the same predecessor.
            (_, 0) => true,
            (epoch, seq) => {
                let row = store::outbox::at(&mut tx, i64::from(epoch), seq as i64).await?;
                row.and_then(|row| row.envelope_id) == Some(theirs.id.as_bytes().to_vec())
            }
        };
        if !same {
            return Ok((Standing::Other, due));
        }
        // A message that was set aside with its place leaves a hole, which the hub would wait for.
        let next = (i64::from(theirs.epoch), theirs.seq as i64 + 1);
        let fills = store::outbox::stands_at(&mut tx, next.0, next.1).await?;
        if fills || theirs.seq == ours.seq {
            return Ok((Standing::Same, due));
        }
        if !due {
            tracing::error!(after = %theirs.position(),
                "what stood next in this node's chain was set aside, and it goes on in another epoch");
        }
        Ok((Standing::Hole, due))
    }

    /// Notes what the hub has accepted; the first time, it ends the alarms of
    /// former starts.
    async fn agree(&self, theirs: ChainHead) -> Result<(), NodeError> {
        let mut tx = self.node.write_tx().await?;
        let (epoch, accepted) = (i64::from(theirs.epoch), theirs.seq as i64);
        // What has neither receipt nor ruling here is sent once more, which brings them, and counts
        // only then: a hub that is restored before that cannot be shown that it has lost it.
        let first = store::outbox::first_sealed(&mut tx, epoch).await?;
        let accepted = first.map_or(accepted, |seq| accepted.min(seq - 1));
        store::chain::set_accepted(&mut tx, epoch, accepted).await?;
        if !self.met.load(Ordering::SeqCst) && !self.forked.load(Ordering::SeqCst) {
            store::chain::forget_fact(&mut tx, ALARM).await?;
        }
        tx.commit().await?;
        self.met.store(true, Ordering::SeqCst);
        self.compared.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Opens another epoch, for this reason, whatever the hub's head says.
    pub(super) async fn move_to_epoch(&self, reason: &str) -> Result<(), LinkError> {
        self.compared.store(false, Ordering::SeqCst);
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, DUE, reason).await?;
        tx.commit().await?;
        self.compare_heads().await
    }

    async fn stand_down(&self) -> Result<LinkError, NodeError> {
        let text = if self.shares_database().await? {
            SHARED
        } else {
            CLONED
        };
        self.raise(text).await?;
        // Another may have been as quick; both say the same.
        let _ = self.replaced.set(text);
        Ok(LinkError::Replaced(text))
    }

    async fn raise(&self, text: &str) -> Result<(), NodeError> {
        tracing::error!("{text}");
        let alarm = Alarm {
            at: self.node.clock().now_ms(),
            text: text.to_owned(),
        };
        let alarm = serde_json::to_string(&alarm).map_err(NodeError::damaged)?;
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, ALARM, &alarm).await?;
        Ok(tx.commit().await?)
    }

    /// Asks for the epoch after `theirs`, takes back what was accepted before
    /// it, and unseals the rest, to be sealed again under the same ids.
    async fn open_epoch(&self, theirs: ChainHead) -> Result<(), LinkError> {
        let me = self.node.instance()?.clone();
        let Request { after, nonce } = self.request(theirs).await?;
        let request = EpochRequest {
            instance: me.clone(),
            after,
            nonce,
            keys: self.keys_for_epoch(after + 1).await?,
        };
        let signed = request.sign(&self.node.keys()?.identity);
        let call = Call::new(Method::POST, format!("{PREFIX}/epochs"))
            .body("application/json", signed.to_line());
        let answer: EpochAnswer = self.call(call).await?.json()?;
        let key = self
            .hub_key(&answer.grant)
            .ok_or_else(|| LinkError::hub("the grant is not signed by the hub"))?;
        let grant = EpochGrant::open(&answer.grant, &key).map_err(LinkError::hub)?;
        if grant.instance != me || grant.nonce != request.nonce || grant.epoch <= after {
            return Err(LinkError::hub("the grant answers another request"));
        }
        self.take_back(grant.epoch).await?;
        let mut tx = self.node.write_tx().await?;
        store::outbox::unseal(&mut tx).await?;
        store::chain::set_head(&mut tx, i64::from(grant.epoch), 0, grant.prev.as_bytes(), 0)
            .await?;
        for fact in [REQUEST, DUE, RESTORED] {
            store::chain::forget_fact(&mut tx, fact).await?;
        }
        tx.commit().await?;
        self.replay_waiting().await
    }

    /// The request under way if the hub may still answer it, else another one;
    /// on disk before it is sent, so that a lost answer costs no second epoch.
    async fn request(&self, theirs: ChainHead) -> Result<Request, NodeError> {
        let mut tx = self.node.write_tx().await?;
        let under_way = store::chain::fact(&mut tx, REQUEST).await?;
        // One that cannot be read costs another epoch.
        let under_way = under_way.and_then(|text| serde_json::from_str::<Request>(&text).ok());
        if let Some(request) = under_way {
            let unused = theirs.epoch == request.after + 1 && theirs.seq == 0;
            if theirs.epoch == request.after || unused {
                return Ok(request);
            }
        }
        let request = Request {
            after: theirs.epoch,
            nonce: hex::encode(random::<16>()),
        };
        let text = serde_json::to_string(&request).map_err(NodeError::damaged)?;
        store::chain::set_fact(&mut tx, REQUEST, &text).await?;
        tx.commit().await?;
        Ok(request)
    }
}
