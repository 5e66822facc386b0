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
mod queue;
mod replay;
mod stated;
mod tally;
mod verifiers;
mod verify;
mod working;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::OutboxAnswer;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::JoinHandle;

use crate::error::{HubError, Refusal};
use crate::ground::Ground;
use crate::right::Right;
use crate::store::chains::Chain;
use crate::streams::Streams;
use cache::CaseCache;
use group::Worker;
use queue::{Queue, Waiting};

pub use verifiers::Verifiers;
pub(crate) use verify::split;
pub use verify::{Batch, Incoming, Lines, read_batch};

/// Batches of one author in one transaction: as many more are read and verified meanwhile.
const GROUP_BATCHES: usize = 2;
/// Messages that one transaction may order, and their bytes.
const GROUP_MESSAGES: usize = 1000;
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

impl Waiting for Submission {
    fn author(&self) -> &InstanceId {
        &self.batch.author
    }

    fn messages(&self) -> usize {
        self.batch.messages.len()
    }

    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }
}

/// The handle of the sequencing task.
pub struct Sequencer {
    queue: Arc<Queue<Submission>>,
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
        let queue = Arc::new(Queue::of(limits.queued_batches));
        let ended = watch::Sender::new(None);
        let cases = CaseCache::new(limits.cached_messages);
        let overtaken = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&overtaken);
        let worker = Worker::new(ground, streams, cases, Arc::clone(&right), known);
        let taken = Taken {
            queue: Arc::clone(&queue),
            ended: ended.clone(),
        };
        let task = tokio::spawn(run(worker, taken));
        Self {
            queue,
            right,
            ended,
            overtaken,
            task: Mutex::new(Some(task)),
        }
    }

    /// Puts a batch among those that wait to be ordered; `follows` one of its author that is not answered,
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
        self.queue.put(submission)?;
        Ok(async { answer.await.map_err(|_| HubError::Aborted)? })
    }

    /// Batches that wait to be ordered.
    pub fn waiting(&self) -> usize {
        self.queue.len()
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
        self.queue.close();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the sequencer ended in the middle of its work");
        }
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// The queue as the task has it: whatever ends that, nobody waits for what it has not taken, and a process
/// that was not to end takes no more.
struct Taken {
    queue: Arc<Queue<Submission>>,
    ended: watch::Sender<Option<HubError>>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !self.queue.abandon() {
            self.ended
                .send_if_modified(|why| why.replace(HubError::Aborted).is_none());
        }
    }
}

async fn run(mut worker: Worker, taken: Taken) {
    while let Some(group) = taken.queue.next(fits).await {
        worker.process(group).await;
        if let Some(error) = worker.ended() {
            taken.ended.send_replace(Some(error.clone()));
        }
    }
}

/// Whether a batch may go into a transaction with these. Of one author only what continues what is taken:
/// what is sent again is compared with what is on disk. What stands behind a key that is announced is
/// judged by the directory that this makes, in a transaction of its own.
fn fits(group: &[Submission], next: &Submission) -> bool {
    let of_author = |taken: &&Submission| taken.batch.author == next.batch.author;
    let own = || group.iter().filter(of_author);
    let continues = own().next_back().is_none_or(|last| {
        let last_is_whole = last.batch.is_whole();
        let last = last.batch.messages.last().map(Incoming::position);
        let first = next.batch.messages.first().map(Incoming::position);
        let continues = last
            .zip(first)
            .is_some_and(|(last, first)| last.epoch == first.epoch && last.seq + 1 == first.seq);
        continues && last_is_whole && own().count() < GROUP_BATCHES
    });
    let all = || group.iter().chain([next]);
    let messages: usize = all().map(Waiting::messages).sum();
    let bytes: usize = all().map(|of| of.batch.bytes).sum();
    group.is_empty() || (continues && messages <= GROUP_MESSAGES && bytes <= GROUP_BYTES)
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
