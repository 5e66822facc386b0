//! The node's end: reads its outbox, signs each message and publishes it to the server at its own
//! site, many at a time; when that server has them, it moves on in the outbox.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_nats::jetstream::context::{Context, ContextBuilder, PublishAckFuture};
use aws_lc_rs::signature::Ed25519KeyPair;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::outbox::Outbox;

/// The subject of every message.
pub const SUBJECT: &str = "lapor.message";
/// The node's key; the hub knows its public half.
pub const SEED: [u8; 32] = [7; 32];
/// Messages read and signed at once, as many as a batch of ours has.
const PAGE: i64 = 500;
/// Pages that wait to be published.
const AHEAD: usize = 4;
/// Messages published and not yet acknowledged.
const UNACKNOWLEDGED: usize = 4096;
/// Acknowledgements after which the outbox notes what is sent.
const NOTED: usize = 1000;
const PATIENCE: Duration = Duration::from_mins(1);

/// A message with its number, signed: 64 bytes of signature before what is signed.
type Page = Vec<(i64, Bytes)>;

/// Sends all that the outbox has and is not sent yet.
pub async fn send(folder: &Path, url: &str) -> Result<()> {
    let mut outbox = Outbox::open(folder).await?;
    let sent = outbox.sent().await?;
    // Held until the end: with the last hold on it go the acknowledgements that are under way.
    let client = async_nats::connect(url).await?;
    let server = ContextBuilder::new()
        .timeout(PATIENCE)
        .max_ack_inflight(UNACKNOWLEDGED)
        .build(client.clone());
    let (signed, pages) = mpsc::channel(AHEAD);
    let (published, acks) = mpsc::channel(UNACKNOWLEDGED);
    let reading = tokio::spawn(sign(Outbox::open(folder).await?, sent, signed));
    let publishing = tokio::spawn(publish(server, pages, published));
    settle(&mut outbox, acks).await?;
    publishing.await??;
    reading.await?
}

async fn sign(mut outbox: Outbox, mut last: i64, signed: mpsc::Sender<Page>) -> Result<()> {
    loop {
        let page = outbox.after(last, PAGE).await?;
        let Some((number, _)) = page.last() else {
            return Ok(());
        };
        last = *number;
        let page = tokio::task::spawn_blocking(|| signed_page(page)).await??;
        signed.send(page).await.context("nothing is published")?;
    }
}

fn signed_page(page: Vec<(i64, Vec<u8>)>) -> Result<Page> {
    let key = Ed25519KeyPair::from_seed_unchecked(&SEED)?;
    let sign = |(number, payload): (i64, Vec<u8>)| {
        let mut message = key.sign(&payload).as_ref().to_vec();
        message.extend_from_slice(&payload);
        (number, Bytes::from(message))
    };
    Ok(page.into_iter().map(sign).collect())
}

async fn publish(
    server: Context,
    mut pages: mpsc::Receiver<Page>,
    published: mpsc::Sender<(i64, PublishAckFuture)>,
) -> Result<()> {
    while let Some(page) = pages.recv().await {
        for (number, message) in page {
            let ack = server.publish(SUBJECT, message).await?;
            let published = published.send((number, ack)).await;
            published.ok().context("nobody waits to be told")?;
        }
    }
    Ok(())
}

async fn settle(
    outbox: &mut Outbox,
    mut acks: mpsc::Receiver<(i64, PublishAckFuture)>,
) -> Result<()> {
    let mut group = Vec::with_capacity(NOTED);
    while acks.recv_many(&mut group, NOTED).await > 0 {
        let mut sent = 0;
        for (number, ack) in group.drain(..) {
            ack.await?;
            sent = number;
        }
        outbox.note_sent(sent).await?;
    }
    Ok(())
}
