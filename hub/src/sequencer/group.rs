//! One transaction of the order: compares batches with the chains, fetches
//! what their messages need in a few queries, orders them, writes, commits,
//! and only then lets memory follow and answers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use lapor_migrations::{DbError, Tx};
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::kinds::Body;
use lapor_protocol::problem::Code;
use lapor_protocol::public::needs_programme;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::wire::OutboxAnswer;

use super::Submission;
use super::cache::CaseCache;
use super::intake::{Admitted, compare};
use super::queue::Waiting as _;
use super::tally::Tally;
use super::verify::Incoming;
use super::working::{Rows, Working};
use crate::casefile;
use crate::damage;
use crate::directory::stands;
use crate::erasing::erase;
use crate::error::HubError;
use crate::ground::Ground;
use crate::replicas;
use crate::right::Right;
use crate::store;
use crate::store::blobs::Erased;
use crate::store::chains::{Chain, StoredReceipt};
use crate::store::state::Moment;
use crate::streams::{Followed, Streams};

/// Batches in a row over which, each alone, the database takes longer than it may; behind them none is
/// tried: it is not the batches then, and each try takes as long.
const TOO_LONG_ALONE: usize = 2;
/// Messages of others that are followed one by one; behind more than these memory begins anew.
const CAUGHT_UP: i64 = 5000;

pub struct Worker {
    ground: Arc<Ground>,
    streams: Arc<Streams>,
    cases: CaseCache,
    right: Arc<Right>,
    /// Where the order stood when memory last followed it; `None` before that.
    known: Option<Followed>,
    /// A transaction failed, and whether it is on disk is not known.
    stale: bool,
    /// Why this process may order no more.
    ended: Option<HubError>,
    /// Another has ordered messages in this process.
    overtaken: Arc<AtomicBool>,
}

type Answer = Result<OutboxAnswer, HubError>;

/// What has come of a group.
struct Ordered {
    answers: Vec<Answer>,
    /// Attachments that nobody may have any more; they are noted as such.
    erased: Vec<Erased>,
}

impl Ordered {
    fn failed(errors: Vec<HubError>) -> Self {
        Self {
            answers: errors.into_iter().map(Err).collect(),
            erased: Vec::new(),
        }
    }
}

impl Worker {
    pub fn new(
        ground: Arc<Ground>,
        streams: Arc<Streams>,
        cases: CaseCache,
        right: Arc<Right>,
        overtaken: Arc<AtomicBool>,
    ) -> Self {
        Self {
            ground,
            streams,
            cases,
            right,
            known: None,
            stale: false,
            ended: None,
            overtaken,
        }
    }

    /// Why this process may order no more, if that has come.
    pub fn ended(&self) -> Option<&HubError> {
        self.ended.as_ref()
    }

    /// Orders a group and answers. Where the group fails for another reason
    /// than a disk that is full or a database that is away, each batch that is
    /// awaited still is tried alone, so that none can hold up the others, until the
    /// database takes too long over one after the other.
    pub async fn process(&mut self, group: Vec<Submission>) {
        match self.attempt(&group).await {
            Ok(ordered) => self.reply(group, ordered),
            Err(error) if group.len() > 1 && error.spares_others() && self.ended.is_none() => {
                tracing::error!(%error, "a group of batches failed; trying each alone");
                let (mut too_long, mut last) = (0, error);
                for submission in group.into_iter().filter(Submission::is_awaited) {
                    let one = vec![submission];
                    let ordered = if too_long < TOO_LONG_ALONE {
                        self.attempt(&one).await
                    } else {
                        Err(last.clone())
                    };
                    match &ordered {
                        Err(error @ HubError::Database(DbError::Cancelled(_))) => {
                            too_long += 1;
                            last.clone_from(error);
                        }
                        _ => too_long = 0,
                    }
                    let ordered = ordered.unwrap_or_else(|error| Ordered::failed(vec![error]));
                    self.reply(one, ordered);
                }
            }
            Err(error) => {
                let errors = group.iter().map(|_| error.clone()).collect();
                self.reply(group, Ordered::failed(errors));
            }
        }
    }

    /// Answers, and only then erases what is not to be here any more.
    fn reply(&self, group: Vec<Submission>, ordered: Ordered) {
        for (submission, answer) in group.into_iter().zip(ordered.answers) {
            // Whoever asked may have gone; the batch is durable all the same.
            let _ = submission.reply.send(answer);
        }
        if !ordered.erased.is_empty() {
            let ground = Arc::clone(&self.ground);
            tokio::spawn(async move { erase(&ground, ordered.erased).await });
        }
    }

    async fn attempt(&mut self, group: &[Submission]) -> Result<Ordered, HubError> {
        let outcome = self.transact(group).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "a transaction of the order failed");
            // One that met a damaged message has written nothing.
            self.stale |= !matches!(error, HubError::Message(_));
            if error.ends_process() {
                self.ended = Some(error.clone());
            }
        }
        damage::noted(&self.ground, outcome).await
    }

    async fn transact(&mut self, group: &[Submission]) -> Result<Ordered, HubError> {
        let ground = Arc::clone(&self.ground);
        let began = Instant::now();
        let mut tx = ground.db.write().await?;
        let mut working = self.begin(&mut tx).await?;
        // What was on its way when a loss was shown must not take the place of what is lost.
        let lost = store::state::read(&mut tx, store::state::LOSS).await?;
        if lost.is_some() {
            return Err(Code::Recovering.into());
        }
        let authors = group.iter().map(|submission| &submission.batch.author);
        let stored = store::chains::many(&mut tx, authors).await?;
        let mut chains = stored.clone();
        let mut admitted = Vec::with_capacity(group.len());
        for submission in group {
            let chain = chains.get_mut(&submission.batch.author);
            let chain =
                chain.ok_or_else(|| HubError::damaged("an active instance has no chain"))?;
            let now_ms = working.ordered_at;
            let outcome = compare(&mut tx, &working.directory, chain, submission, now_ms).await?;
            admitted.push(outcome);
        }
        let fresh = || admitted.iter().flatten().flat_map(|a| a.fresh);
        self.fetch(&mut tx, &mut working, fresh().collect()).await?;
        for incoming in fresh() {
            working.order(incoming)?;
        }
        let mut tally = Tally::of(&admitted, &working.rows);
        let answers = group
            .iter()
            .zip(admitted)
            .map(|(submission, admitted)| {
                let chain = &chains[&submission.batch.author];
                Ok(answer(&mut working, chain, admitted?))
            })
            .collect();
        let fresh = working.rows.envelopes.last().map(|row| row.id);
        let erased = working.write(&mut tx).await?;
        let changed = chains
            .values()
            .filter(|c| stored.get(&c.author) != Some(*c));
        store::chains::save(&mut tx, changed).await?;
        if fresh.is_some() {
            replicas::tell(&mut tx, &self.right).await?;
        }
        tally.written(began);
        tx.commit().await?;
        tally.count();
        self.adopt(working, fresh);
        Ok(Ordered { answers, erased })
    }

    /// Makes sure that this process may order, and takes in what others did.
    pub(super) async fn begin(&mut self, tx: &mut Tx) -> Result<Working, HubError> {
        let moment = store::state::moment(tx).await?;
        self.right.claim(tx, moment.sequencer.as_deref()).await?;
        self.follow(tx, &moment).await?;
        let ground = &self.ground;
        let mut directory = ground.directory.current();
        stands(tx, &directory).await?;
        if directory.version() < moment.directory {
            directory = ground.directory.refresh(tx).await?;
        }
        Ok(Working {
            ground: Arc::clone(ground),
            streams: Arc::clone(&self.streams),
            directory,
            ordered_at: ground.clock.now_ms().max(moment.ordered_at),
            number: moment.number,
            stated: 0,
            cases: HashMap::new(),
            heads: HashMap::new(),
            seen: HashMap::new(),
            programmes: HashSet::new(),
            rows: Rows::default(),
        })
    }

    /// Has memory follow what other processes have ordered since it was known last, or forgets it.
    async fn follow(&mut self, tx: &mut Tx, moment: &Moment) -> Result<(), HubError> {
        let now = Followed::from(moment);
        let followed = self.streams.followed();
        if followed != now && store::envelopes::at(tx, followed.number).await? != followed.last {
            return Err(HubError::Receded);
        }
        let known = self.known.filter(|known| *known != now);
        let doubtful = self.stale || self.overtaken.swap(false, Ordering::SeqCst);
        match known {
            None if self.known.is_some() && !doubtful => return Ok(()),
            Some(before) if !doubtful && now.number - before.number <= CAUGHT_UP => {
                for case in store::casework::changed(tx, before.number, now.number).await? {
                    self.cases.take(case);
                }
                let grown = store::deliveries::grown(tx, before.number).await?;
                self.streams.follow(now, grown);
            }
            _ => {
                self.cases.clear();
                let heads = store::deliveries::heads(tx).await?;
                self.streams.follow(now, heads);
            }
        }
        self.known = Some(now);
        self.stale = false;
        Ok(())
    }

    /// Brings everything that these messages need, in a query for each table.
    pub(super) async fn fetch(
        &mut self,
        tx: &mut Tx,
        working: &mut Working,
        fresh: Vec<&Incoming>,
    ) -> Result<(), HubError> {
        let headers = fresh.iter().map(|incoming| &incoming.message.header);
        let ids = headers.map(|header| (&header.author, header.id)).collect();
        for seen in store::envelopes::seen(tx, ids).await? {
            working.seen.insert((seen.author, seen.message_id), seen.id);
        }
        let mut missing: BTreeSet<CaseId> = BTreeSet::new();
        for incoming in &fresh {
            let body = incoming.message.body.as_ref().ok();
            let other = body.and_then(Body::other_case);
            missing.extend(incoming.message.header.case.into_iter().chain(other));
            let author: &InstanceId = &incoming.message.header.author;
            if let Some(slug) = body.and_then(needs_programme)
                && store::programmes::published(tx, author, slug).await?
            {
                let key = (author.clone(), slug.to_owned());
                working.programmes.insert(key);
            }
        }
        missing.retain(|case| !working.cases.contains_key(case));
        missing.retain(|case| match self.cases.take(*case) {
            Some(file) => {
                working.cases.insert(*case, file);
                false
            }
            None => true,
        });
        let loaded = casefile::load(tx, &working.directory, missing).await?;
        working.cases.extend(loaded);
        Ok(())
    }

    /// Puts cases that are written where they may be forgotten.
    pub(super) fn keep(&mut self, working: &mut Working) {
        self.cases.put(working.cases.drain());
    }

    /// Memory follows the disk, and whoever waited is woken.
    fn adopt(&mut self, mut working: Working, fresh: Option<EnvelopeId>) {
        self.cases.put(working.cases.drain());
        self.ground.directory.adopt(&working.directory);
        if fresh.is_some() {
            let followed = Followed {
                number: working.number,
                last: fresh,
            };
            self.known = Some(followed);
            self.streams.follow(followed, working.heads.drain());
        }
    }
}

/// The answer to one batch, with a fresh receipt over what is new.
fn answer(working: &mut Working, chain: &Chain, admitted: Admitted<'_>) -> OutboxAnswer {
    let mut receipts = admitted.receipts;
    if let Some(first) = admitted.fresh.first() {
        let ids: Vec<EnvelopeId> = admitted.fresh.iter().map(|incoming| incoming.id).collect();
        let header = &first.message.header;
        let receipt = Receipt::accepted(
            chain.author.clone(),
            header.epoch,
            header.seq,
            &ids,
            working.ordered_at,
        );
        let signed = receipt.sign(&working.ground.signers.signing(&working.directory));
        working.rows.receipts.push(StoredReceipt {
            author: receipt.author,
            epoch: receipt.epoch,
            from: receipt.from,
            to: receipt.to,
            line: signed.to_line(),
        });
        receipts.push(signed);
    }
    OutboxAnswer {
        accepted_through: admitted.head.seq,
        head: admitted.head,
        exceptions: admitted.exception.into_iter().collect(),
        receipts,
    }
}
