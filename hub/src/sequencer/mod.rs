//! The one place where messages get their order. One task takes verified
//! batches from a bounded queue, gathers what is waiting into one write
//! transaction, and answers after the commit is on disk.
//!
//! Nothing in memory is ever ahead of the disk: what a failed transaction
//! touched is forgotten and read again, and so is what another process of
//! this hub has changed since the transaction before.

mod cache;
mod group;
mod intake;
mod order;
mod plan;
mod replay;
mod stated;
mod tally;
mod verifiers;
mod verify;
mod working;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use lapor_migrations::Tx;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::OutboxAnswer;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::error::{HubError, Refusal};
use crate::ground::Ground;
use crate::right::Right;
use crate::store::chains::Chain;
use crate::streams::Streams;
use cache::CaseCache;
use group::Worker;

pub use verifiers::Verifiers;
pub(crate) use verify::split;
pub use verify::{Batch, Incoming, Lines, read_batch};

/// Batches of one author in one transaction: as many more are read and verified meanwhile.
const GROUP_BATCHES: usize = 2;
/// Messages that one transaction may order, and their bytes.
const GROUP_MESSAGES: usize = 2000;
const GROUP_BYTES: usize = 8 << 20;

/// `Lapor-Boot`: shows a cloned machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    pub new: String,
    pub previous: Option<String>,
}

/// A verified batch on its way into the order.
#[derive(Debug)]
pub struct Submission {
    pub batch: Batch,
    pub boot: Option<Boot>,
    /// Another in front of it was not answered when this one came into the queue.
    pub follows: bool,
    reply: oneshot::Sender<Result<OutboxAnswer, HubError>>,
}

/// The handle of the sequencing task.
pub struct Sequencer {
    queue: mpsc::Sender<Submission>,
    stop: watch::Sender<bool>,
    right: Arc<Right>,
    /// Why this process may order no more, once it has lost the right.
    ended: watch::Sender<Option<HubError>>,
    /// What another than the task has ordered: its memory is of before.
    overtaken: Arc<AtomicBool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Boot {
    /// Reads `new, previous`: 32 hexadecimal digits each, the second optional.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |part: &str| {
            let shape = part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
            shape.then(|| part.to_owned())
        };
        match text.split_once(',') {
            None => Some(Self {
                new: value(text.trim())?,
                previous: None,
            }),
            Some((new, previous)) => Some(Self {
                new: value(new.trim())?,
                previous: Some(value(previous.trim())?),
            }),
        }
    }

    /// Takes the place of the boot that the hub has, if this one follows it;
    /// otherwise another copy of the instance has been there.
    pub fn take_over(&self, chain: &mut Chain) -> Result<(), HubError> {
        if !self.follows(chain.boot.as_deref()) {
            tracing::warn!(author = %chain.author, "two copies of this institution's node have connected, or one that was restored");
            return Err(Refusal::of(Code::BootConflict).expecting(chain.head).into());
        }
        chain.boot = Some(self.new.clone());
        Ok(())
    }

    /// Whether the hub may take this boot over the one that it has.
    pub fn follows(&self, stored: Option<&str>) -> bool {
        stored.is_none_or(|stored| stored == self.new || self.previous.as_deref() == Some(stored))
    }
}

impl Sequencer {
    /// Starts to order by a right that has been taken.
    pub fn start(ground: Arc<Ground>, streams: Arc<Streams>, right: Arc<Right>) -> Self {
        let limits = &ground.settings.limits;
        let (queue, waiting) = mpsc::channel(limits.queued_batches);
        let (stop, stopped) = watch::channel(false);
        let ended = watch::Sender::new(None);
        let cases = CaseCache::new(limits.cached_messages);
        let overtaken = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&overtaken);
        let worker = Worker::new(ground, streams, cases, Arc::clone(&right), known);
        let task = tokio::spawn(run(worker, waiting, stopped, ended.clone()));
        Self {
            queue,
            stop,
            right,
            ended,
            overtaken,
            task: Mutex::new(Some(task)),
        }
    }

    /// Puts a batch behind those that wait to be ordered; `follows` one of its author that is not answered,
    /// and is sent back where that is not taken. What is returned waits until the batch is durable, or
    /// refused.
    pub fn submit(
        &self,
        batch: Batch,
        boot: Option<Boot>,
        follows: bool,
    ) -> Result<impl Future<Output = Result<OutboxAnswer, HubError>> + use<>, HubError> {
        let (reply, answer) = oneshot::channel();
        let submission = Submission {
            batch,
            boot,
            follows,
            reply,
        };
        self.queue
            .try_send(submission)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    Refusal::of(Code::Overloaded).after_seconds(1).into()
                }
                mpsc::error::TrySendError::Closed(_) => HubError::Stopping,
            })?;
        Ok(async { answer.await.map_err(|_| HubError::Aborted)? })
    }

    /// Batches that wait to be ordered.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    pub(crate) fn right(&self) -> &Right {
        &self.right
    }

    /// Told why this process may order no more.
    pub fn ended(&self) -> watch::Receiver<Option<HubError>> {
        self.ended.subscribe()
    }

    /// Looks whether this process still has the right to order: one that has nothing to order
    /// learns of its end so.
    pub(crate) async fn check(&self, tx: &mut Tx) -> Result<(), HubError> {
        if let Some(ended) = &*self.ended.borrow() {
            return Err(ended.clone());
        }
        let checked = self.right.check(tx).await;
        checked.inspect_err(|error| self.end_by(error))
    }

    /// This process may order no more, if that is what an error means.
    pub(crate) fn end_by(&self, error: &HubError) {
        if error.ends_process() {
            self.ended.send_replace(Some(error.clone()));
        }
    }

    /// Takes no more batches, orders those that wait, and ends.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the sequencer ended in the middle of its work");
        }
    }
}

async fn run(
    mut worker: Worker,
    mut waiting: mpsc::Receiver<Submission>,
    mut stopped: watch::Receiver<bool>,
    ended: watch::Sender<Option<HubError>>,
) {
    let mut held: Option<Submission> = None;
    loop {
        let first = if let Some(submission) = held.take() {
            submission
        } else {
            let next = tokio::select! {
                biased;
                // A handle that was dropped closes the queue by itself.
                Ok(()) = stopped.changed(), if !waiting.is_closed() => {
                    waiting.close();
                    continue;
                }
                submission = waiting.recv() => submission,
            };
            let Some(submission) = next else { return };
            submission
        };
        let group;
        (group, held) = gather(first, &mut waiting);
        worker.process(group).await;
        if let Some(error) = worker.ended() {
            ended.send_replace(Some(error.clone()));
        }
    }
}

/// Takes what is waiting, without waiting for more. Of one author only what
/// continues what is taken: what is sent again is compared with what is on
/// disk. The first that does not fit is held for the next group.
fn gather(
    first: Submission,
    waiting: &mut mpsc::Receiver<Submission>,
) -> (Vec<Submission>, Option<Submission>) {
    let mut messages = first.batch.messages.len();
    let mut bytes = first.batch.bytes;
    let mut group = vec![first];
    while let Ok(next) = waiting.try_recv() {
        messages += next.batch.messages.len();
        bytes += next.batch.bytes;
        if !fits(&group, &next.batch) || messages > GROUP_MESSAGES || bytes > GROUP_BYTES {
            return (group, Some(next));
        }
        group.push(next);
    }
    (group, None)
}

/// Whether a batch may go into a transaction with these. What stands behind a key that is announced is
/// judged by the directory that this makes, in a transaction of its own.
fn fits(group: &[Submission], next: &Batch) -> bool {
    let of_author = |taken: &&Submission| taken.batch.author == next.author;
    let own = || group.iter().filter(of_author);
    own().next_back().is_none_or(|last| {
        let last_is_whole = last.batch.is_whole();
        let last = last.batch.messages.last().map(Incoming::position);
        let first = next.messages.first().map(Incoming::position);
        let continues = last
            .zip(first)
            .is_some_and(|(last, first)| last.epoch == first.epoch && last.seq + 1 == first.seq);
        continues && last_is_whole && own().count() < GROUP_BATCHES
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_follows_itself_its_predecessor_or_nothing() {
        let (a, b, c) = ("a".repeat(32), "b".repeat(32), "c".repeat(32));
        let boot = Boot::parse(&format!("{b}, {a}")).unwrap();
        assert!(boot.follows(None) && boot.follows(Some(&a)) && boot.follows(Some(&b)));
        assert!(!boot.follows(Some(&c)));
        assert_eq!(Boot::parse(&b).unwrap().previous, None);
        for bad in ["", "x", &format!("{a},"), &"g".repeat(32)] {
            assert_eq!(Boot::parse(bad), None, "{bad}");
        }
    }
}
