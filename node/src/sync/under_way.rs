//! Batches on their way. The next one is sealed and packed while others are at the hub, and answers are
//! taken in meanwhile, in the order of the chain. One batch is at the hub at a time; several are where the
//! hub says that it takes them and answers at once, so that it verifies some while it writes another.
//!
//! What is sent behind a batch that is not taken to its end has no place at the hub: its answer counts
//! for nothing, and the next push begins from what has a receipt.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lapor_protocol::ids::Position;
use lapor_protocol::wire::{BATCHES_HEADER, BEHIND_HEADER, NDJSON, OutboxAnswer, PREFIX};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::announce::ANNOUNCED;
use super::outgoing::{Batch, Packed, last_place, pack};
use super::{Call, Link, LinkError, boot};
use crate::error::NodeError;
use crate::store::outbox::OutboxRow;

/// Batches of one push, after which it says how it went.
const BATCHES: usize = 16;
/// On a quick line it makes more of them for so long: with each push hub and node begin by waiting for
/// the first batch.
pub(super) const SPELL: Duration = Duration::from_secs(10);
/// Batches at the hub at once, if it takes so many.
pub(crate) const ABREAST: usize = 4;
const BEHIND: HeaderName = HeaderName::from_static(BEHIND_HEADER);

/// A batch at the hub, until it is answered.
type UnderWay<'a> = BoxFuture<'a, Result<Answered, LinkError>>;

/// A batch and what the hub says of it.
struct Answered {
    rows: Vec<OutboxRow>,
    answer: OutboxAnswer,
}

impl Answered {
    /// Whether nothing of it is left to be sent.
    fn is_whole(&self) -> bool {
        let through = self.answer.accepted_through as i64;
        let last = self.rows.last().and_then(|row| row.seq);
        last.is_some_and(|seq| seq <= through) && self.answer.exceptions.is_empty()
    }
}

impl Link {
    /// Seals and sends what waits, some batches at most.
    pub(super) async fn push_batches(&self) -> Result<usize, LinkError> {
        if !self.compared.load(Ordering::SeqCst) {
            Box::pin(self.compare_heads()).await?;
        }
        let (sealed, found) = mpsc::channel(1);
        let (ready, prepared) = mpsc::channel(1);
        let (answers, answered) = mpsc::channel(ABREAST);
        // Large, and polled together.
        let (sealing, packing, sending, taking) = tokio::join!(
            Box::pin(self.seal_batches(sealed)),
            Box::pin(self.pack_batches(found, ready)),
            Box::pin(self.send_batches(prepared, answers)),
            Box::pin(self.take_answers(answered)),
        );
        let mut sent = taking?;
        if let Some(Answered { rows, answer }) = sending? {
            // Only now, when nothing else is at work on the chain.
            sent += self.take_answer(&rows, answer).await?;
        }
        sealing?;
        packing?;
        Ok(sent)
    }

    /// Seals what is packed next while what is in front of it is packed, as long as somebody does.
    async fn seal_batches(&self, sealed: mpsc::Sender<Vec<OutboxRow>>) -> Result<(), LinkError> {
        let mut last = None;
        while let Ok(room) = sealed.reserve().await {
            let rows = self.sealed_behind(last).await?;
            if rows.is_empty() {
                break;
            }
            last = last_place(&rows);
            // What follows waits until the directory shows what became of it.
            let announces = rows.last().is_some_and(|row| row.kind == ANNOUNCED);
            room.send(rows);
            if announces {
                break;
            }
        }
        Ok(())
    }

    /// Makes batches of what is sealed, each when the one before it goes out. What is left stays sealed for
    /// the next push.
    async fn pack_batches(
        &self,
        mut sealed: mpsc::Receiver<Vec<OutboxRow>>,
        ready: mpsc::Sender<Batch>,
    ) -> Result<(), LinkError> {
        let (mut batches, began) = (0, Instant::now());
        let most = self.batch_rows();
        let mut rest = Vec::new();
        while batches < BATCHES || began.elapsed() < SPELL {
            // Nobody sends any more where there is no room.
            let Ok(room) = ready.reserve().await else {
                break;
            };
            if rest.is_empty() {
                let Some(rows) = sealed.recv().await else {
                    break;
                };
                rest = rows;
            }
            let mut rows: Vec<OutboxRow> = rest.drain(..most.min(rest.len())).collect();
            let (body, count) = self.batch(&rows).await?;
            rest.splice(..0, rows.drain(count..));
            let body = pack(body).await?;
            room.send(Batch { rows, body });
            batches += 1;
        }
        Ok(())
    }

    /// Sends what is prepared and passes the answers on, up to the first that leaves something to be
    /// sent, which it returns.
    async fn send_batches(
        &self,
        mut prepared: mpsc::Receiver<Batch>,
        answers: mpsc::Sender<Answered>,
    ) -> Result<Option<Answered>, LinkError> {
        let mut under_way: FuturesOrdered<UnderWay<'_>> = FuturesOrdered::new();
        let (mut last, mut more) = (None, true);
        while more || !under_way.is_empty() {
            tokio::select! {
                biased;
                Some(answered) = under_way.next() => {
                    let answered = answered?;
                    if !answered.is_whole() {
                        return Ok(Some(answered));
                    }
                    if answers.send(answered).await.is_err() {
                        break;
                    }
                }
                batch = prepared.recv(), if more && under_way.len() < self.abreast() => {
                    more = batch.is_some();
                    if let Some(batch) = batch {
                        let behind = last.filter(|_| !under_way.is_empty());
                        last = last_place(&batch.rows);
                        under_way.push_back(Box::pin(self.send_batch(batch, behind)));
                    }
                }
            }
        }
        Ok(None)
    }

    async fn take_answers(
        &self,
        mut answered: mpsc::Receiver<Answered>,
    ) -> Result<usize, LinkError> {
        let mut sent = 0;
        while let Some(Answered { rows, answer }) = answered.recv().await {
            sent += self.take_answer(&rows, answer).await?;
        }
        Ok(sent)
    }

    /// Sends a batch, behind another one of which no answer has come yet if its last place is named.
    async fn send_batch(
        &self,
        Batch { rows, body }: Batch,
        behind: Option<Position>,
    ) -> Result<Answered, LinkError> {
        let answer = self.post_packed(body, behind).await?;
        Ok(Answered { rows, answer })
    }

    pub(super) async fn post(&self, body: Vec<u8>) -> Result<OutboxAnswer, LinkError> {
        self.post_packed(pack(body).await?, None).await
    }

    async fn post_packed(
        &self,
        body: Packed,
        behind: Option<Position>,
    ) -> Result<OutboxAnswer, LinkError> {
        let boot = self.boot_header().await?;
        let mut call = Call::new(Method::POST, format!("{PREFIX}/outbox")).header(boot::NAME, boot);
        if body.zstd {
            call = call.header(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
        }
        if let Some(place) = behind {
            let place = HeaderValue::try_from(place.to_string()).map_err(NodeError::damaged)?;
            call = call.header(BEHIND, place);
        }
        let began = Instant::now();
        let answered = self.call(call.body(NDJSON, body.bytes)).await;
        let is_quick = began.elapsed() < self.transport.quick();
        let quick = answered.as_ref().ok().filter(|_| is_quick);
        let most = quick.map_or(1, |answer| most_abreast(&answer.headers));
        self.abreast.store(most, Ordering::SeqCst);
        answered?.json()
    }

    /// How many batches may be at the hub now.
    pub(super) fn abreast(&self) -> usize {
        self.abreast.load(Ordering::SeqCst)
    }
}

/// How many batches may be at a hub that says this of how many it takes.
pub(crate) fn most_abreast(headers: &HeaderMap) -> usize {
    let said = headers.get(BATCHES_HEADER);
    let count = said.and_then(|said| said.to_str().ok()?.parse::<usize>().ok());
    count.unwrap_or(1).clamp(1, ABREAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_batches_go_abreast_as_the_hub_says_that_it_takes() {
        let said = |text: &'static str| {
            let name = HeaderName::from_static(BATCHES_HEADER);
            HeaderMap::from_iter([(name, HeaderValue::from_static(text))])
        };
        assert_eq!(
            most_abreast(&HeaderMap::new()),
            1,
            "a hub of before says nothing"
        );
        for (text, most) in [("0", 1), ("1", 1), ("2", 2), ("4", 4), ("9", 4)] {
            assert_eq!(most_abreast(&said(text)), most, "{text}");
        }
        for odd in ["", "two", "-2", "2.5"] {
            assert_eq!(most_abreast(&said(odd)), 1, "{odd}");
        }
    }
}
