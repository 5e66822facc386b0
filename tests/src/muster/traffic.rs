//! What the institutions send each other: all of the past at once, before the
//! first trouble, and then a few messages a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lapor_protocol::limits::BATCH_ENVELOPES;

use super::light::{Light, Mood};
use super::script::in_step;

/// Nodes that send their past at once.
const ABREAST: usize = 6;
const TOLD_EVERY: usize = 100_000;

/// Has the nodes send so many messages between them, and waits until all of
/// them have taken in what came back; how long that took.
pub async fn past(nodes: &[Arc<Light>], messages: usize) -> Result<Duration> {
    let began = Instant::now();
    let shares = nodes.iter().enumerate().map(|(at, node)| {
        let share = (at + 1) * messages / nodes.len() - at * messages / nodes.len();
        (node, share)
    });
    let mut sent = 0;
    let sending = stream::iter(shares).map(|(node, share)| send(node, share));
    let mut sending = sending.buffer_unordered(ABREAST);
    while let Some(more) = sending.try_next().await? {
        if (sent + more) / TOLD_EVERY > sent / TOLD_EVERY {
            let rate = (sent + more) as f64 / began.elapsed().as_secs_f64();
            eprintln!("fleet: {} messages, {rate:.0} a second", sent + more);
        }
        sent += more;
    }
    ensure!(sent == messages, "{sent} of {messages} messages were sent");
    in_step(nodes, Instant::now()).await?;
    Ok(began.elapsed())
}

async fn send(node: &Arc<Light>, share: usize) -> Result<usize> {
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
