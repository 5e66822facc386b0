//! Group commit: one writer gathers the filings and acts that have arrived,
//! writes them in one transaction, and answers after the commit is on disk.
//!
//! Nobody waits for company: what comes while a transaction is under way
//! shares the next one. One that fails takes no other with it.

use std::sync::Weak;
use std::time::Instant;

use lapor_migrations::Tx;
use metrics::{counter, histogram};
use tokio::sync::{mpsc, oneshot};

use super::Acted;
use super::act::Weighing;
use super::filing::{Filing, write_filings};
use crate::error::NodeError;
use crate::node::Node;

/// Filings and acts in one transaction, at most.
const GROUP: usize = 256;
/// Those that may wait for the next one; who comes then waits for a place.
const QUEUE: usize = 1024;

/// Where filings and acts are handed in.
pub(crate) struct Writer(mpsc::Sender<Job>);

enum Job {
    File(Box<Filing>, Reply<()>),
    Act(Box<Weighing>, Reply<Acted>),
}

struct Reply<T>(oneshot::Sender<Result<T, NodeError>>);

/// What a job has come to, told once the commit is on disk.
enum Outcome {
    Filed,
    Acted(Result<Acted, NodeError>),
}

impl Writer {
    /// The writer, and what waits for it; [`run`] makes them one.
    pub(crate) fn new() -> (Self, Inbox) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self(queue), Inbox(waiting))
    }

    /// Waits until a filing is durable.
    pub(crate) async fn file(&self, filing: Filing) -> Result<(), NodeError> {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Job::File(Box::new(filing), Reply(reply)), answer)
            .await
    }

    /// Waits until an act is durable, or refused.
    pub(crate) async fn act(&self, weighing: Weighing) -> Result<Acted, NodeError> {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Job::Act(Box::new(weighing), Reply(reply)), answer)
            .await
    }

    async fn hand_in<T>(
        &self,
        job: Job,
        answer: oneshot::Receiver<Result<T, NodeError>>,
    ) -> Result<T, NodeError> {
        let stopped = || NodeError::File(std::io::Error::other("the writer has stopped"));
        self.0.send(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

/// The waiting jobs.
pub(crate) struct Inbox(mpsc::Receiver<Job>);

/// Writes until the node is gone. A group is a task of its own: what panics
/// in it ends no other.
pub(crate) async fn run(node: Weak<Node>, Inbox(mut waiting): Inbox) {
    loop {
        let mut group = Vec::new();
        if waiting.recv_many(&mut group, GROUP).await == 0 {
            return;
        }
        let Some(node) = node.upgrade() else { return };
        let at_work = tokio::spawn(async move { Box::pin(process(&node, group)).await });
        if at_work.await.is_err() {
            tracing::error!("a group of filings and acts was lost in the middle of its work");
        }
    }
}

/// Where a group fails for another reason than the disk, each job is tried
/// alone, so that none can hold up the others.
async fn process(node: &Node, group: Vec<Job>) {
    match Box::pin(transact(node, &group)).await {
        Ok(outcomes) => {
            node.ring_outgoing();
            answer(group, outcomes);
        }
        Err(NodeError::Database(error)) if error.is_transient() => {
            tracing::error!(%error, "filings and acts could not be written");
            for job in group {
                job.fail(NodeError::Database(error.clone()));
            }
        }
        Err(_) if group.len() > 1 => {
            for job in group {
                let one = vec![job];
                match Box::pin(transact(node, &one)).await {
                    Ok(outcomes) => answer(one, outcomes),
                    Err(error) => fail(one, error),
                }
            }
            node.ring_outgoing();
        }
        Err(error) => fail(group, error),
    }
}

/// An inner error refuses one act and has changed nothing; an outer one
/// undoes the whole group.
async fn transact(node: &Node, group: &[Job]) -> Result<Vec<Outcome>, NodeError> {
    let began = Instant::now();
    let mut tx = node.write_tx().await?;
    let filings = group.iter().filter_map(|job| match job {
        Job::File(filing, _) => Some(&**filing),
        Job::Act(..) => None,
    });
    write_filings(node, &mut tx, &filings.collect::<Vec<_>>()).await?;
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group {
        outcomes.push(match job {
            Job::File(..) => Outcome::Filed,
            Job::Act(weighing, _) => {
                let trace = weighing.trace.clone();
                Outcome::Acted(Box::pin(trace.scope(act(node, &mut tx, weighing))).await?)
            }
        });
    }
    tx.commit().await?;
    count(&outcomes, began);
    Ok(outcomes)
}

fn count(outcomes: &[Outcome], began: Instant) {
    let size = u32::try_from(outcomes.len()).unwrap_or(u32::MAX);
    histogram!("lapor_node_transaction_size").record(size);
    histogram!("lapor_node_transaction_duration_seconds").record(began.elapsed());
    for outcome in outcomes {
        match outcome {
            Outcome::Filed => count_filings(1),
            Outcome::Acted(acted) => count_act(acted),
        }
    }
}

/// Counts an act, once it is committed or refused.
pub(crate) fn count_act(acted: &Result<Acted, NodeError>) {
    match acted {
        Ok(_) => counter!("lapor_node_acts_total").increment(1),
        Err(_) => counter!("lapor_node_acts_refused_total").increment(1),
    }
}

/// Counts reports that were filed, once that is committed.
pub(crate) fn count_filings(filed: usize) {
    counter!("lapor_node_filings_total").increment(filed as u64);
}

/// Judges an act and writes it. An inner error refuses it and has changed nothing.
pub(super) async fn act(
    node: &Node,
    tx: &mut Tx,
    weighing: &Weighing,
) -> Result<Result<Acted, NodeError>, NodeError> {
    match weighing.weigh(node, tx).await {
        Ok(weighed) => Box::pin(weighed.write(node, tx)).await.map(Ok),
        // After an error of its own a transaction of PostgreSQL takes nothing more.
        Err(NodeError::Database(error)) => Err(error.into()),
        Err(refused) => Ok(Err(refused)),
    }
}

fn answer(group: Vec<Job>, outcomes: Vec<Outcome>) {
    for (job, outcome) in group.into_iter().zip(outcomes) {
        // Whoever asked may have gone; what was written is durable all the same.
        match (job, outcome) {
            (Job::File(_, Reply(reply)), _) => drop(reply.send(Ok(()))),
            (Job::Act(_, Reply(reply)), Outcome::Acted(acted)) => drop(reply.send(acted)),
            (Job::Act(..), Outcome::Filed) => unreachable!("an act was written as a filing"),
        }
    }
}

fn fail(one: Vec<Job>, error: NodeError) {
    if let Some(job) = one.into_iter().next() {
        job.fail(error);
    }
}

impl Job {
    fn fail(self, error: NodeError) {
        match self {
            Self::File(_, Reply(reply)) => drop(reply.send(Err(error))),
            Self::Act(_, Reply(reply)) => drop(reply.send(Err(error))),
        }
    }
}
