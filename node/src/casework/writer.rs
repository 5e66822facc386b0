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

/// Where a group fails for another reason than a disk that is full or a database
/// that is away, each job that is awaited still is tried alone, so that none can
/// hold up the others.
async fn process(node: &Node, group: Vec<Job>) {
    match Box::pin(transact(node, &group)).await {
        Ok(outcomes) => {
            node.ring_outgoing();
            answer(group, outcomes);
        }
        Err(NodeError::Database(error)) if !error.spares_others() => {
            tracing::error!(%error, "filings and acts could not be written");
            for job in group {
                job.fail(NodeError::Database(error.clone()));
            }
        }
        Err(_) if group.len() > 1 => {
            for job in group.into_iter().filter(Job::is_awaited) {
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
    fn is_awaited(&self) -> bool {
        match self {
            Self::File(_, Reply(reply)) => !reply.is_closed(),
            Self::Act(_, Reply(reply)) => !reply.is_closed(),
        }
    }

    fn fail(self, error: NodeError) {
        match self {
            Self::File(_, Reply(reply)) => drop(reply.send(Err(error))),
            Self::Act(_, Reply(reply)) => drop(reply.send(Err(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lapor_migrations::throwaway::cancelled;
    use lapor_migrations::{DbError, Kind};
    use lapor_protocol::ids::CaseId;
    use serde_json::{Map, json};
    use tokio::task::{JoinHandle, yield_now};

    use super::*;
    use crate::casework::{NewAct, NewReport};
    use crate::testing::{Place, databases};

    async fn filed(place: &Place) -> CaseId {
        let report = json!({
            "classification": "complaint", "title": "Lampu", "content": "Padam.", "channel": "web",
        });
        let report: NewReport = serde_json::from_value(report).unwrap();
        place.node.file(report, "test").await.unwrap().case
    }

    fn noting(place: &Place, case: CaseId) -> JoinHandle<Result<Acted, NodeError>> {
        let note = NewAct {
            kind: "case.noted".into(),
            body: Map::new(),
            words: json!({ "text": "Petugas berangkat." }).as_object().cloned(),
            attachments: Vec::new(),
        };
        let at = Arc::clone(&place.node);
        tokio::spawn(async move { at.act(case, note, "test").await })
    }

    async fn pending(place: &Place, case: CaseId) -> u32 {
        place.node.case(case).await.unwrap().summary.pending
    }

    #[tokio::test]
    async fn an_act_over_which_the_database_takes_too_long_fails_alone() {
        let servers = databases().await.into_iter();
        for db in servers.filter(|db| db.kind == Kind::Postgres) {
            let place = Place::joined("kota-bandung", db).await;
            let (node, db) = (&place.node, place.node.db());
            let mut cases = Vec::new();
            for _ in 0..4 {
                cases.push(filed(&place).await);
            }
            let [first, slow, quick, gone] = cases[..] else {
                panic!("four cases");
            };
            let mut writing = db.write().await.unwrap();
            let of_slow = format!("new.case_id = '{slow}'");
            let ending = cancelled::begin(&mut writing, "outbox", &of_slow).await;
            ending.unwrap();
            let mut holding = db.read().await.unwrap();
            cancelled::hold_up(&mut holding).await.unwrap();
            // The three come into one group behind the first.
            let begun = node.writes();
            let before = noting(&place, first);
            while node.writes() == begun {
                yield_now().await;
            }
            let [too_long, in_time, hung_up] = [slow, quick, gone].map(|case| noting(&place, case));
            let queue = &node.writer().0;
            while queue.max_capacity() - queue.capacity() < 3 {
                yield_now().await;
            }
            writing.commit().await.unwrap();
            while !cancelled::is_held_up(&mut holding).await.unwrap() {}
            hung_up.abort();
            assert!(hung_up.await.unwrap_err().is_cancelled());
            holding.rollback().await.unwrap();
            for answered in [before, in_time] {
                answered.await.unwrap().unwrap();
            }
            let refused = too_long.await.unwrap();
            assert!(matches!(
                refused,
                Err(NodeError::Database(DbError::Cancelled(_)))
            ));
            for (case, expected) in [(first, 2), (quick, 2), (slow, 1), (gone, 1)] {
                assert_eq!(pending(&place, case).await, expected);
            }
        }
    }
}
