//! The hub's end: a stream that the hub's server sources from the node's, and a consumer that
//! verifies every signature on all cores, stores what came meanwhile in one transaction, and
//! acknowledges it when that is on disk.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, ensure};
use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, Source, SourceInfo, Stream};
use async_nats::jetstream::{self, Context, Message};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use bytes::Bytes;
use futures_util::StreamExt as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::mpsc;

use crate::database;
use crate::node::{SEED, SUBJECT};
use crate::outbox::NUMBER;

/// The stream at the node, and what the hub sources it into.
const OUTBOX: &str = "outbox";
const INBOX: &str = "inbox";
/// The name by which the hub reaches the node's server over the line (`bench/peers/nats`).
const NODE: &str = "node";
const TABLE: &str =
    "create table messages (number integer not null primary key, signed blob not null) strict";
/// Messages asked for at once, and given out without an acknowledgement.
const PULLED: usize = 2000;
const UNACKNOWLEDGED: i64 = 10_000;
/// Messages verified by one core at a time, and how many such groups one transaction may store.
const GROUP: usize = 128;
const GROUPS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Hub {
    client: Client,
    database: SqliteConnection,
    verified: mpsc::Receiver<Result<Verified>>,
}

/// Messages whose signatures are verified.
struct Verified {
    rows: Vec<(i64, Bytes)>,
    /// Its acknowledgement is that of all before it.
    last: Message,
}

impl Hub {
    /// Makes both streams and the database, and waits until the hub's server listens to the node's.
    pub async fn open(folder: &Path, hub: &str, node: &str) -> Result<Self> {
        let at_node = jetstream::new(async_nats::connect(node).await?);
        let outbox = Config {
            name: OUTBOX.to_owned(),
            subjects: vec![SUBJECT.to_owned()],
            ..Config::default()
        };
        at_node.create_stream(outbox).await?;
        let client = async_nats::connect(hub).await?;
        let mut inbox = inbox(&jetstream::new(client.clone())).await?;
        let messages = messages(&inbox).await?;
        let (sender, verified) = mpsc::channel(GROUPS);
        tokio::spawn(verify(messages, sender));
        let mut database = database::open(&folder.join("hub.db")).await?;
        sqlx::query(TABLE).execute(&mut database).await?;
        let began = Instant::now();
        let heard = |source: &SourceInfo| source.active.is_some();
        while !inbox.info().await?.sources.iter().any(heard) {
            ensure!(
                began.elapsed() < PATIENCE,
                "the hub's server does not source the node's stream after {PATIENCE:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self {
            client,
            database,
            verified,
        })
    }

    /// The version of the hub's server.
    pub fn server(&self) -> String {
        self.client.server_info().version
    }

    /// Takes in so many messages; all of them are on disk and acknowledged when it returns.
    pub async fn take_in(&mut self, expected: i64) -> Result<()> {
        let (mut stored, mut groups) = (0, Vec::with_capacity(GROUPS));
        while stored < expected {
            self.verified.recv_many(&mut groups, GROUPS).await;
            let (mut rows, mut last) = (Vec::new(), None);
            for group in groups.drain(..) {
                let group = group?;
                rows.extend(group.rows);
                last = Some(group.last);
            }
            let last = last.context("the messages ended")?;
            let into = "insert into messages (number, signed) ";
            stored += database::insert(&mut self.database, into, &rows).await? as i64;
            last.ack().await.map_err(Error::from_boxed)?;
        }
        Ok(self.client.flush().await?)
    }

    /// How many messages the database has.
    pub async fn stored(&mut self) -> Result<i64> {
        let count = sqlx::query_scalar("select count(*) from messages");
        Ok(count.fetch_one(&mut self.database).await?)
    }
}

/// The stream that the hub's server sources from the node's.
async fn inbox(at_hub: &Context) -> Result<Stream> {
    let source = Source {
        name: OUTBOX.to_owned(),
        domain: Some(NODE.to_owned()),
        ..Source::default()
    };
    let inbox = Config {
        name: INBOX.to_owned(),
        sources: Some(vec![source]),
        ..Config::default()
    };
    Ok(at_hub.create_stream(inbox).await?)
}

/// What a consumer pulls of it.
async fn messages(inbox: &Stream) -> Result<pull::Stream> {
    let consumer = pull::Config {
        durable_name: Some("hub".to_owned()),
        ack_policy: AckPolicy::All,
        max_ack_pending: UNACKNOWLEDGED,
        ..pull::Config::default()
    };
    let consumer = inbox.create_consumer(consumer).await?;
    let messages = consumer.stream().max_messages_per_batch(PULLED);
    Ok(messages.messages().await?)
}

/// Verifies what comes until nobody takes it any more; in the order in which it came.
async fn verify(messages: pull::Stream, verified: mpsc::Sender<Result<Verified>>) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let groups = messages.ready_chunks(GROUP).map(checked).buffered(cores);
    let mut groups = std::pin::pin!(groups);
    while let Some(group) = groups.next().await {
        if verified.send(group).await.is_err() {
            break;
        }
    }
}

async fn checked(group: Vec<Result<Message, pull::MessagesError>>) -> Result<Verified> {
    tokio::task::spawn_blocking(|| {
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED)?;
        let key = ParsedPublicKey::new(&ED25519, pair.public_key().as_ref())?;
        let group: Vec<Message> = group.into_iter().collect::<Result<_, _>>()?;
        let rows = group.iter().map(|message| row(&key, message));
        let rows = rows.collect::<Result<_>>()?;
        let last = group.into_iter().next_back().context("an empty group")?;
        Ok(Verified { rows, last })
    })
    .await?
}

/// The number of a message and all of it; verified by the library that verifies ours.
fn row(key: &ParsedPublicKey, message: &Message) -> Result<(i64, Bytes)> {
    let (signature, payload) = message
        .payload
        .split_first_chunk::<64>()
        .context("a message without a signature")?;
    key.verify_sig(payload, signature)?;
    let number: &[u8; NUMBER] = payload
        .first_chunk()
        .context("a message without a number")?;
    Ok((i64::from_be_bytes(*number), message.payload.clone()))
}
