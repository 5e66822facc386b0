//! Compares a batch with the author's chain on disk: what is new, what was
//! accepted before, what contradicts it. A range that is sent again gets the
//! receipts that are stored, never fresh ones.

use lapor_migrations::Tx;
use lapor_protocol::chain::{ChainError, ChainHead};
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Position;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::OutboxException;

use super::Submission;
use super::verify::{Batch, Incoming};
use crate::damage;
use crate::directory::admit;
use crate::error::HubError;
use crate::store::chains::{self, Chain};
use crate::store::envelopes;
use crate::turns::sent_back;

/// What a batch brings to the order.
#[derive(Debug)]
pub struct Admitted<'a> {
    pub fresh: &'a [Incoming],
    /// How many had been accepted before.
    pub repeated: usize,
    /// Stored receipts over what had been accepted before.
    pub receipts: Vec<Envelope>,
    pub exception: Option<OutboxException>,
    /// Where the chain stands behind it.
    pub head: ChainHead,
}

impl Admitted<'_> {
    fn none(head: ChainHead) -> Self {
        Self {
            fresh: &[],
            repeated: 0,
            receipts: Vec::new(),
            exception: None,
            head,
        }
    }
}

/// Compares one batch with `chain`, which it advances over what is new. An
/// inner error refuses this batch and has taken nothing of it.
pub async fn compare<'a>(
    tx: &mut Tx,
    directory: &Directory,
    chain: &mut Chain,
    submission: &'a Submission,
    now_ms: i64,
) -> Result<Result<Admitted<'a>, HubError>, HubError> {
    let batch = &submission.batch;
    if let Err(refused) = admit(directory, &batch.author) {
        return Ok(Err(refused));
    }
    if let Some(boot) = &submission.boot
        && let Err(refused) = boot.take_over(chain)
    {
        return Ok(Err(refused));
    }
    let (again, fresh) = divide(chain, &batch.messages);
    let mut admitted = Admitted::none(chain.head);
    if !again.is_empty() && !repeated(tx, chain, again, &mut admitted, now_ms).await? {
        return Ok(Ok(admitted));
    }
    if chain.frozen {
        let detail = "the chain is frozen since two messages claimed one position; open an epoch";
        let first = fresh.first().map(Incoming::position);
        admitted.exception = first.map(|at| exception(at, Code::ForkDetected, Some(detail.into())));
        return Ok(Ok(admitted));
    }
    if submission.follows
        && let Some(first) = fresh.first()
        && let Err(ChainError::Gap { .. }) = chain.head.admits(&first.message.header)
    {
        return Ok(Err(sent_back("the batch in front of it was not taken")));
    }
    take(directory, chain, batch, fresh, &mut admitted);
    admitted.head = chain.head;
    Ok(Ok(admitted))
}

/// Splits a batch at the chain's head: what may have been accepted before,
/// and what may be new. A batch is of one epoch.
fn divide<'a>(chain: &Chain, messages: &'a [Incoming]) -> (&'a [Incoming], &'a [Incoming]) {
    let head = chain.head.position();
    messages.split_at(messages.partition_point(|m| m.position() <= head))
}

/// Compares what should be known with what is stored, and finds its receipts.
/// False if it differs somewhere; then the exception says where.
async fn repeated(
    tx: &mut Tx,
    chain: &mut Chain,
    again: &[Incoming],
    admitted: &mut Admitted<'_>,
    now_ms: i64,
) -> Result<bool, HubError> {
    let (first, last) = (again[0].position(), again[again.len() - 1].position());
    let author = &chain.author;
    let stored = envelopes::ids(tx, author, first.epoch, first.seq, last.seq).await?;
    let same = again
        .iter()
        .zip(&stored)
        .take_while(|(sent, (seq, id))| sent.message.header.seq == *seq && sent.id == *id)
        .count();
    if same > 0 {
        let to = first.seq + same as u64 - 1;
        for line in chains::receipts(tx, author, first.epoch, first.seq, to).await? {
            let receipt = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
            admitted.receipts.push(receipt);
        }
    }
    damage::mend(tx, &again[..same]).await?;
    admitted.repeated = same;
    let Some(other) = again.get(same) else {
        return Ok(true);
    };
    let at = other.position();
    let closed = at.epoch < chain.head.epoch;
    if stored.len() > same {
        chains::insert_fork(tx, author, at, other.id, &other.line(), now_ms).await?;
        tracing::error!(%author, %at, "two messages claim one position");
    }
    admitted.exception = Some(if closed {
        let error = ChainError::EpochClosed {
            current: chain.head.epoch,
            found: at.epoch,
        };
        exception(at, Code::EpochClosed, Some(error.to_string()))
    } else {
        chain.frozen = true;
        exception(at, Code::ForkDetected, None)
    });
    Ok(false)
}

/// Takes what continues the chain; keys are asked again if the directory has
/// moved since they were judged.
fn take<'a>(
    directory: &Directory,
    chain: &mut Chain,
    batch: &'a Batch,
    fresh: &'a [Incoming],
    admitted: &mut Admitted<'a>,
) {
    if let Some(first) = fresh.first()
        && let Err(error) = chain.head.admits(&first.message.header)
    {
        let code = match error {
            ChainError::Gap { .. } => Code::SequenceGap,
            ChainError::Previous(_) => Code::PreviousMismatch,
            ChainError::EpochClosed { .. } => Code::EpochClosed,
        };
        let at = first.position();
        admitted.exception = Some(exception(at, code, Some(error.to_string())));
        return;
    }
    let entry = directory.latest().instance(&batch.author);
    let holds = |m: &Incoming| {
        let at = m.position();
        entry.is_some_and(|entry| entry.signing_key(&m.kid, at).is_some())
    };
    let sound = if directory.version() == batch.directory {
        fresh.len()
    } else {
        fresh.iter().take_while(|m| holds(m)).count()
    };
    admitted.fresh = &fresh[..sound];
    for incoming in admitted.fresh {
        chain.head = chain.head.advanced(incoming.id);
    }
    admitted.exception = match (fresh.get(sound), &batch.end) {
        (Some(bad), _) => Some(exception(bad.position(), Code::KeyRevoked, None)),
        (None, Some(end)) => Some(exception(
            end.at.unwrap_or(chain.head.next()),
            end.code,
            end.detail.clone(),
        )),
        (None, None) => None,
    };
}

fn exception(at: Position, code: Code, detail: Option<String>) -> OutboxException {
    OutboxException {
        epoch: at.epoch,
        seq: at.seq,
        code,
        detail,
    }
}
