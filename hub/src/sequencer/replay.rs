//! Gives what members have brought back the places that it had. Rulings and
//! streams follow from the order by the functions that made them, so only the
//! order is looked for: each message is tried where its author's chain goes on,
//! and stays if all that it leads to is, byte for byte, what members hold.
//!
//! All of it happens in one transaction, or none of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lapor_migrations::{Tx, pack};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{EnvelopeId, InstanceId};
use lapor_protocol::message::Message;
use lapor_protocol::receipt::Receipt;

use super::Sequencer;
use super::cache::CaseCache;
use super::group::Worker;
use super::plan::Plan;
use super::verify::Incoming;
use super::working::Working;
use crate::casefile::{CaseFile, without_words};
use crate::directory;
use crate::erasing::{erase, finish};
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::blobs::Erased;
use crate::store::chains::{Chain, StoredReceipt};
use crate::store::retrieved::Place;
use crate::streams::{Followed, StreamKey, Streams};
use crate::stuck::Stuck;

/// Messages after which rows are written.
const WRITE_EVERY: usize = 500;

/// What stands in the database once its transaction is committed.
pub struct Replayed {
    pub messages: usize,
    streams: Vec<(StreamKey, Cursor)>,
    /// The last message of the order.
    followed: Followed,
    directory: Arc<Directory>,
    erased: Vec<Erased>,
}

impl Sequencer {
    /// Orders what members have brought back, in a transaction of the caller;
    /// an inner error says what does not fit.
    pub async fn replay(
        &self,
        ground: &Arc<Ground>,
        streams: &Arc<Streams>,
        tx: &mut Tx,
    ) -> Result<Result<Replayed, Stuck>, HubError> {
        let cases = CaseCache::new(ground.settings.limits.cached_messages);
        let (right, alone) = (Arc::clone(&self.right), Arc::new(AtomicBool::new(false)));
        let worker = Worker::new(Arc::clone(ground), Arc::clone(streams), cases, right, alone);
        let brought = brought(tx).await?;
        let latest = brought.iter().map(|(receipt, _)| receipt.at).max();
        let now_ms = ground.clock.now_ms();
        Replay {
            worker,
            from_ms: latest.map_or(now_ms, |at| now_ms.max(at)),
            brought,
        }
        .run(tx)
        .await
    }

    /// Memory follows what has been committed.
    pub async fn follow(&self, ground: &Ground, streams: &Streams, replayed: Replayed) {
        self.overtaken.store(true, Ordering::SeqCst);
        streams.follow(replayed.followed, replayed.streams);
        ground.directory.adopt(&replayed.directory);
        erase(ground, replayed.erased).await;
    }

    /// As [`Self::follow`], where the commit took effect and nobody heard so.
    pub async fn follow_unheard(&self, ground: &Ground, streams: &Streams) -> Result<(), HubError> {
        self.overtaken.store(true, Ordering::SeqCst);
        let mut tx = ground.db.read().await?;
        let heads = store::deliveries::heads(&mut tx).await?;
        let followed = Followed::from(&store::state::moment(&mut tx).await?);
        tx.rollback().await?;
        streams.follow(followed, heads);
        ground.directory.look(&ground.db).await?;
        finish(ground).await
    }
}

struct Replay {
    worker: Worker,
    /// When what nobody was told of is ordered: now, and behind all that was signed for.
    from_ms: i64,
    /// The receipts that authors have brought, each with its line.
    brought: Vec<(Receipt, String)>,
}

impl Replay {
    async fn run(mut self, tx: &mut Tx) -> Result<Result<Replayed, Stuck>, HubError> {
        let mut working = self.worker.begin(tx).await?;
        let latest = Arc::clone(&working.directory);
        let mut plan = match Plan::read(tx, &latest).await? {
            Ok(plan) => plan,
            Err(why) => return Ok(Err(why)),
        };
        working.ordered_at = store::state::moment(tx).await?.ordered_at;
        working.stated = latest.version();
        let (mut done, mut erased) = (Vec::new(), Vec::new());
        while let Some(place) = self.next(tx, &mut working, &mut plan, &latest).await? {
            done.push(place);
            if done.len().is_multiple_of(WRITE_EVERY) {
                erased.extend(working.write(tx).await?);
                self.worker.keep(&mut working);
            }
        }
        if let Some(why) = plan.stuck() {
            return Ok(Err(why));
        }
        erased.extend(working.write(tx).await?);
        if let Some(why) = plan.short(&store::deliveries::heads(tx).await?) {
            return Ok(Err(why));
        }
        if let Err(why) = stand(tx, &working.directory, plan.chains).await? {
            return Ok(Err(why));
        }
        let receipts = receipts(tx, &working, &done, self.brought).await?;
        store::chains::insert_receipts(tx, &receipts).await?;
        Ok(Ok(Replayed {
            messages: done.len(),
            streams: working.heads.drain().collect(),
            followed: Followed::from(&store::state::moment(tx).await?),
            directory: working.directory,
            erased,
        }))
    }

    /// Orders one message of those that may come next.
    async fn next(
        &mut self,
        tx: &mut Tx,
        working: &mut Working,
        plan: &mut Plan,
        latest: &Arc<Directory>,
    ) -> Result<Option<Place>, HubError> {
        let due = plan.due();
        if due.is_none() && working.stated > 0 {
            // Nobody knows the rulings of what is left: it is ruled now.
            working.stated = 0;
            if working.directory.version() < latest.version() {
                working.directory = Arc::clone(latest);
            }
            working.ordered_at = working.ordered_at.max(self.from_ms);
        }
        for place in plan.candidates(due) {
            if self.fits(tx, working, plan, &place, due).await? {
                plan.advance(&place);
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Orders a message; undoes that where it leads to something else than what members hold.
    async fn fits(
        &mut self,
        tx: &mut Tx,
        working: &mut Working,
        plan: &Plan,
        place: &Place,
        due: Option<(i64, u64)>,
    ) -> Result<bool, HubError> {
        let known = plan.known.get(&place.id);
        let incoming = incoming(tx, place).await?;
        self.worker.fetch(tx, working, vec![&incoming]).await?;
        let stands =
            |(case, seq): &(_, u64)| working.cases.get(case).map_or(0, CaseFile::last) + 1 == *seq;
        if !known.is_none_or(|known| known.places.iter().all(stands)) {
            return Ok(false);
        }
        // What nobody knows came before what is due.
        if let Some(moment) = due
            && !is_at(tx, working, moment).await?
        {
            return Ok(false);
        }
        let mark = working.mark(&incoming);
        let ordered = working.order(&incoming);
        if ordered.is_ok() && plan.agrees(&working.rows, &mark, known) {
            return Ok(true);
        }
        working.undo(mark);
        Ok(false)
    }
}

/// Goes to the moment at which something was ordered, in the version of the directory that was in
/// force; false where nobody has brought that version.
async fn is_at(
    tx: &mut Tx,
    working: &mut Working,
    (ordered_at, version): (i64, u64),
) -> Result<bool, HubError> {
    if version != working.directory.version() {
        if version > store::directory::latest(tx).await? {
            return Ok(false);
        }
        let directory = directory::as_of(tx, &working.ground.signers, version).await?;
        working.directory = Arc::new(directory);
    }
    working.ordered_at = ordered_at;
    Ok(true)
}

async fn incoming(tx: &mut Tx, place: &Place) -> Result<Incoming, HubError> {
    let line = store::retrieved::line(tx, place.id).await?;
    let (line, wraps) = line.ok_or_else(|| HubError::damaged("a message has gone"))?;
    let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
    let message = Message::parse(&envelope.payload).map_err(HubError::damaged)?;
    let (message, attachments) = without_words(message);
    Ok(Incoming {
        id: place.id,
        kid: envelope.kid,
        kept: pack(&line),
        wraps: serde_json::from_str(&wraps).map_err(HubError::damaged)?,
        trace: None,
        message,
        attachments,
    })
}

/// Puts every chain where it stands: behind the last message, in the epoch that
/// the directory shows. Whoever connects next is known by nothing of before.
async fn stand(
    tx: &mut Tx,
    directory: &Directory,
    mut chains: HashMap<InstanceId, Chain>,
) -> Result<Result<(), Stuck>, HubError> {
    let joined = directory.latest().instances();
    for entry in joined.filter(|entry| entry.identity.is_some()) {
        let chain = chains
            .entry(entry.id.clone())
            .or_insert_with(|| Chain::new(entry.id.clone()));
        chain.boot = None;
        for epoch in &entry.epochs {
            let head = chain.head;
            let lacks = epoch.epoch == head.epoch && epoch.closed_at > Some(head.seq);
            if lacks || (epoch.epoch > head.epoch && epoch.closed_at > Some(0)) {
                return Ok(Err(Stuck::Behind {
                    author: entry.id.clone(),
                    epoch: head.epoch,
                    seq: head.seq,
                }));
            }
            if epoch.epoch > head.epoch {
                chain.head = ChainHead {
                    epoch: epoch.epoch,
                    seq: 0,
                    id: head.id,
                };
                chain.frozen = false;
            }
        }
    }
    store::chains::save(tx, chains.values()).await?;
    Ok(Ok(()))
}

/// The receipts that authors have brought, each with its line.
async fn brought(tx: &mut Tx) -> Result<Vec<(Receipt, String)>, HubError> {
    let mut brought = Vec::new();
    for line in store::retrieved::receipts(tx).await? {
        let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
        let receipt = serde_json::from_slice(&envelope.payload).map_err(HubError::damaged)?;
        brought.push((receipt, line));
    }
    Ok(brought)
}

/// The receipts that authors were given, and others for what no author has brought one. In a chain
/// none is older than the one before it, as if it had been given then.
async fn receipts(
    tx: &mut Tx,
    working: &Working,
    done: &[Place],
    brought: Vec<(Receipt, String)>,
) -> Result<Vec<StoredReceipt>, HubError> {
    let mut stored = Vec::new();
    let mut given: BTreeMap<(InstanceId, u32, u64), i64> = BTreeMap::new();
    for (receipt, line) in brought {
        let (author, epoch) = (&receipt.author, receipt.epoch);
        let ids = store::envelopes::ids(tx, author, epoch, receipt.from, receipt.to).await?;
        let ids: Vec<EnvelopeId> = ids.into_iter().map(|(_, id)| id).collect();
        let known = store::chains::receipts(tx, author, epoch, receipt.from, receipt.to).await?;
        // Of two that a recovery of before has left for one position, the record keeps the first.
        let twice = stored.last().is_some_and(|held: &StoredReceipt| {
            (&held.author, held.epoch) == (author, epoch) && receipt.from <= held.to
        });
        if known.is_empty() && !twice && receipt.covers(&ids).is_ok() {
            given.insert((author.clone(), epoch, receipt.from), receipt.at);
            stored.push(kept(&receipt, line));
        }
    }
    let covered = |place: &Place| {
        stored.iter().any(|receipt: &StoredReceipt| {
            receipt.author == place.author
                && receipt.epoch == place.epoch
                && (receipt.from..=receipt.to).contains(&place.seq)
        })
    };
    let mut bare: Vec<&Place> = done.iter().filter(|place| !covered(place)).collect();
    bare.sort_unstable_by_key(|place| (&place.author, place.epoch, place.seq));
    let follows =
        |a: &&Place, b: &&Place| (&a.author, a.epoch, a.seq + 1) == (&b.author, b.epoch, b.seq);
    let signer = working.ground.signers.signing(&working.directory);
    let fresh = bare.chunk_by(follows).map(|run| {
        let ids: Vec<EnvelopeId> = run.iter().map(|place| place.id).collect();
        let first = run[0];
        let (author, epoch) = (first.author.clone(), first.epoch);
        let next = given.range((author.clone(), epoch, first.seq)..).next();
        let next = next.filter(|((of, ..), _)| *of == author);
        let at = next.map_or(working.ordered_at, |(_, at)| working.ordered_at.min(*at));
        let receipt = Receipt::accepted(author, epoch, first.seq, &ids, at);
        let line = receipt.sign(&signer).to_line();
        kept(&receipt, line)
    });
    let fresh: Vec<StoredReceipt> = fresh.collect();
    stored.extend(fresh);
    Ok(stored)
}

fn kept(receipt: &Receipt, line: String) -> StoredReceipt {
    StoredReceipt {
        author: receipt.author.clone(),
        epoch: receipt.epoch,
        from: receipt.from,
        to: receipt.to,
        line,
    }
}
