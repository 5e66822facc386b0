//! What the institutions send each other: all of the past at once, before the
//! first trouble, and then a few messages a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use lapor_protocol::limits::BATCH_ENVELOPES;

use super::light::{Light, Mood};
use super::script::in_step;
use crate::bench::figures::{quantile, rate};

/// Nodes that send their past at once.
const ABREAST: usize = 6;
const TOLD_EVERY: usize = 100_000;
/// Pieces that are compared at the beginning and at the end: so many at least and at most.
const FEWEST: usize = 3;
const MOST: usize = 5;

/// How the past was sent.
pub struct Past {
    pub took: Duration,
    /// Messages a second in each piece of about [`TOLD_EVERY`], in order; what is left over is no piece.
    pub rates: Vec<f64>,
}

impl Past {
    /// The rate at the end over the rate at the beginning, each the median of some pieces; `None` where
    /// there are too few of them to tell.
    pub fn last_over_first(&self) -> Option<f64> {
        let pieces = self.rates.len() / 2;
        let middle = |rates: &[f64]| quantile(&mut rates.to_vec(), 0.5);
        (pieces >= FEWEST).then(|| {
            let pieces = pieces.min(MOST);
            middle(&self.rates[self.rates.len() - pieces..]) / middle(&self.rates[..pieces])
        })
    }
}

/// Has the nodes send so many messages between them, and waits until all of
/// them have taken in what came back.
pub async fn past(nodes: &[Arc<Light>], messages: usize) -> Result<Past> {
    let began = Instant::now();
    let (mut sent, mut rates) = (0, Vec::new());
    let (mut piece, mut piece_began) = (0, began);
    let mut sending = shared(nodes, messages, send);
    while let Some(more) = sending.try_next().await? {
        sent += more;
        piece += more;
        if piece >= TOLD_EVERY {
            let rate = rate(piece, piece_began);
            eprintln!("fleet: {sent} messages, the last {piece} at {rate:.0} a second");
            rates.push(rate);
            (piece, piece_began) = (0, Instant::now());
        }
    }
    ensure!(sent == messages, "{sent} of {messages} messages were sent");
    in_step(nodes, Instant::now()).await?;
    let took = began.elapsed();
    Ok(Past { took, rates })
}

/// Has the nodes send so many messages between them, each its share and some of them at once; what
/// each of them has sent, as they end.
pub fn shared<F>(
    nodes: &[Arc<Light>],
    messages: usize,
    send: impl Fn(Arc<Light>, usize) -> F,
) -> impl Stream<Item = Result<usize>> + Unpin
where
    F: Future<Output = Result<usize>>,
{
    let shares = nodes.iter().enumerate().map(move |(at, node)| {
        let share = (at + 1) * messages / nodes.len() - at * messages / nodes.len();
        (Arc::clone(node), share)
    });
    let sending = stream::iter(shares).map(move |(node, share)| send(node, share));
    sending.buffer_unordered(ABREAST)
}

async fn send(node: Arc<Light>, share: usize) -> Result<usize> {
    let mut left = share;
    while left > 0 {
        let count = left.min(BATCH_ENVELOPES);
        node.file(count, Duration::ZERO);
        node.flush().await?;
        left -= count;
    }
    Ok(share)
}

/// Reports and dispositions of those whom nothing has befallen, for as long as it runs.
pub async fn present(nodes: Vec<Arc<Light>>, a_second: f64) {
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / a_second));
    let (desk, others) = nodes.split_first().expect("a fleet has a desk");
    for number in 0.. {
        tick.tick().await;
        let node = &others[number % others.len()];
        if *node.mood.borrow() != Mood::Sound {
            continue;
        }
        if number % 3 == 0 {
            desk.dispose(&node.id);
            desk.wake();
        } else {
            node.file(1, Duration::ZERO);
            node.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rates_at_both_ends_are_compared_where_there_are_enough_pieces() {
        let past = |rates: &[f64]| Past {
            took: Duration::from_secs(1),
            rates: rates.to_vec(),
        };
        assert_eq!(past(&[4.0, 4.0, 4.0, 2.0, 2.0]).last_over_first(), None);
        let six = past(&[4.0, 1.0, 5.0, 2.0, 9.0, 2.0]);
        assert_eq!(six.last_over_first(), Some(0.5));
        let mut many = vec![8.0; 5];
        many.extend([100.0; 30]);
        many.extend([6.0; 5]);
        assert_eq!(past(&many).last_over_first(), Some(0.75));
    }
}
