//! A light client: one institution's side of the protocol without a database.
//! Its connection, its chain and its signatures are real; what a node keeps on
//! disk, it keeps in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use http::header::CONTENT_TYPE;
use lapor_certs::tls::{self, ClockDoubt};
use lapor_certs::{Credential, RenewRequest, RenewResponse, TlsKey, TrustBundle};
use lapor_node::clock::{Clock as _, SystemClock};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{EnvelopeId, InstanceId, Position};
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::limits::{BATCH_ENVELOPES, LONG_POLL_SECONDS, PAGE_ITEMS};
use lapor_protocol::page::{Delivered, read_page};
use lapor_protocol::receipt::{Ack, Receipt, Stream};
use lapor_protocol::region::RegionCode;
use lapor_protocol::wire::{
    Health, NDJSON, OutboxAnswer, PREFIX, Reached, VERSION, VERSION_HEADER,
};
use tokio::sync::{Notify, watch};

use super::founding::credential;

const SOFTWARE: &str = concat!("lapor-node ", env!("CARGO_PKG_VERSION"));
const JSON: &str = "application/json";
const FREE_BYTES: u64 = 200 << 30;
const SINCE_BACKUP_MS: i64 = 3_600_000;
/// Longer than a long poll.
const PATIENCE: Duration = Duration::from_secs(LONG_POLL_SECONDS + 20);
/// By how much a client that tells wrong is ahead of the truth.
const APART_BY: u64 = 7;
/// By how much a clock that is wrong is ahead.
const AHEAD_MS: i64 = 600_000;

/// What an institution has when it has joined.
pub struct Member {
    pub id: InstanceId,
    pub region: Option<RegionCode>,
    pub signing: Signer,
    pub hub_keys: Vec<Verifier>,
    pub url: String,
    pub roots: TrustBundle,
    pub credential: Credential,
    pub directory: u64,
}

/// What a client does wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Sound,
    /// It says nothing and is not connected.
    Silent,
    /// It takes in and does not apply.
    Slow,
    /// It keeps what it has to send.
    Holding,
    /// What it sends bears signatures that do not hold.
    Forging,
    /// It tells of its chain what is not so.
    Apart,
    /// Its clock is ahead.
    Ahead,
}

/// One institution.
pub struct Light {
    pub id: InstanceId,
    pub region: Option<RegionCode>,
    pub(super) signing: Signer,
    hub_keys: Vec<Verifier>,
    url: String,
    roots: TrustBundle,
    directory: u64,
    line: Mutex<Line>,
    record: Mutex<Record>,
    pub mood: watch::Sender<Mood>,
    /// Rung when there is something to send.
    pub(super) queued: Notify,
    sending: tokio::sync::Mutex<()>,
}

/// Its certificate, and its connection while it has one.
struct Line {
    credential: Arc<Credential>,
    client: Option<reqwest::Client>,
}

/// What a node has on disk.
pub(super) struct Record {
    pub(super) head: ChainHead,
    /// Of all messages that it made, in order.
    pub(super) ids: Vec<EnvelopeId>,
    pub(super) outbox: VecDeque<(Envelope, i64)>,
    cursor: Cursor,
    /// What the hub knows that it has taken in.
    acked: Reached,
    /// When it last stood at the end of its stream.
    heard_at: Option<Instant>,
    receipts: u64,
}

impl Light {
    pub fn of(member: Member) -> Arc<Self> {
        Arc::new(Self {
            id: member.id,
            region: member.region,
            signing: member.signing,
            hub_keys: member.hub_keys,
            url: member.url,
            roots: member.roots,
            directory: member.directory,
            line: Mutex::new(Line {
                credential: Arc::new(member.credential),
                client: None,
            }),
            record: Mutex::new(Record {
                head: ChainHead::START,
                ids: Vec::new(),
                outbox: VecDeque::new(),
                cursor: Cursor::START,
                acked: Reached {
                    depoch: Cursor::START.depoch,
                    accepted: 0,
                    settled: 0,
                },
                heard_at: None,
                receipts: 0,
            }),
            mood: watch::Sender::new(Mood::default()),
            queued: Notify::new(),
            sending: tokio::sync::Mutex::default(),
        })
    }

    /// Sends what waits, and checks the receipts.
    pub async fn flush(&self) -> Result<()> {
        let _one = self.sending.lock().await;
        loop {
            let Some(body) = self.batch() else {
                return Ok(());
            };
            let answer = self.post("/outbox", NDJSON, body).await?;
            let answer: OutboxAnswer = serde_json::from_slice(&answer)?;
            self.receipted(&answer)?;
            if let Some(refused) = answer.exceptions.first() {
                bail!("the hub refused a message: {}", refused.code.as_str());
            }
        }
    }

    fn batch(&self) -> Option<String> {
        let mood = *self.mood.borrow();
        let record = self.record();
        let waiting = record.outbox.iter().take(BATCH_ENVELOPES);
        let lines = waiting.map(|(envelope, _)| {
            let mut envelope = envelope.clone();
            envelope.signature[0] ^= u8::from(mood == Mood::Forging);
            format!(r#"{{"envelope":{}}}"#, envelope.to_line())
        });
        let lines: Vec<String> = lines.collect();
        (mood != Mood::Holding && !lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Nothing counts as sent before a receipt covers it.
    fn receipted(&self, answer: &OutboxAnswer) -> Result<()> {
        let mut record = self.record();
        let mut covered = record.head.seq - record.outbox.len() as u64;
        for envelope in &answer.receipts {
            let key = self.hub_key(envelope).context("a receipt of nobody")?;
            let receipt = Receipt::open(envelope, &key)?;
            ensure!(receipt.author == self.id, "a receipt for somebody else");
            let range = (receipt.from as usize).saturating_sub(1)..receipt.to as usize;
            let ids = record.ids.get(range).context("a receipt for too much")?;
            receipt.covers(ids)?;
            covered = covered.max(receipt.to);
            record.receipts += 1;
        }
        ensure!(
            covered >= answer.accepted_through,
            "accepted without a receipt"
        );
        let left = (record.head.seq - covered) as usize;
        while record.outbox.len() > left {
            record.outbox.pop_front();
        }
        Ok(())
    }

    /// Takes in the next page of the inbox, after a while if there is none, and
    /// acknowledges it.
    pub async fn poll(&self, wait: u64) -> Result<()> {
        self.acknowledge().await?;
        let after = self.record().cursor;
        let items = self.read(&self.page(after, wait).await?, after)?;
        {
            let mut record = self.record();
            if let Some(last) = items.last() {
                record.cursor = last.cursor;
            }
            if items.len() < PAGE_ITEMS {
                record.heard_at = Some(Instant::now());
            }
        }
        self.acknowledge().await
    }

    /// The page of the inbox behind a place, as the hub gives it.
    pub async fn page(&self, after: Cursor, wait: u64) -> Result<Vec<u8>> {
        let path = format!("/inbox?after={after}&limit={PAGE_ITEMS}&wait={wait}");
        self.get(&path).await
    }

    /// What is on it, checked.
    pub fn read(&self, page: &[u8], after: Cursor) -> Result<Vec<Delivered>> {
        let key = |envelope: &Envelope| self.hub_key(envelope);
        Ok(read_page(page, after, Stream::Inbox, &self.id, key)?)
    }

    async fn acknowledge(&self) -> Result<()> {
        let slow = *self.mood.borrow() == Mood::Slow;
        let (cursor, acked) = {
            let record = self.record();
            (record.cursor, record.acked)
        };
        let settled = if slow { acked.settled } else { cursor.dseq };
        if (acked.accepted, acked.settled) == (cursor.dseq, settled) {
            return Ok(());
        }
        let ack = Ack {
            recipient: self.id.clone(),
            stream: Stream::Inbox,
            depoch: cursor.depoch,
            accepted: cursor.dseq,
            settled,
            head: cursor.hash,
            exceptions: Vec::new(),
            at: self.now_ms(),
        };
        let line = ack.sign(&self.signing).to_line();
        self.post("/inbox/ack", JSON, line).await?;
        self.record().acked = Reached {
            depoch: cursor.depoch,
            accepted: cursor.dseq,
            settled,
        };
        Ok(())
    }

    /// Waits for another version of the directory.
    pub async fn follow(&self, wait: u64) -> Result<()> {
        let since = self.directory;
        let path = format!("/directory?since={since}&wait={wait}");
        self.get(&path).await.map(drop)
    }

    /// Says how it is.
    pub async fn report(&self) -> Result<()> {
        let now = self.now_ms();
        let certificate_expires = self.line().credential.facts()?.not_after_ms;
        let apart = *self.mood.borrow() == Mood::Apart;
        let health = {
            let record = self.record();
            let waiting = record.outbox.len() as u64;
            let accepted = record.head.seq - waiting;
            Health {
                software: SOFTWARE.into(),
                time: now,
                unsent: waiting,
                oldest_unsent: record.outbox.front().map(|(_, at)| *at),
                unapplied: record.acked.accepted - record.acked.settled,
                quarantined: 0,
                parked: 0,
                directory: self.directory,
                certificate_expires,
                free_disk_bytes: Some(FREE_BYTES),
                last_backup: Some(now - SINCE_BACKUP_MS),
                chain: Some(Position {
                    epoch: record.head.epoch,
                    seq: accepted + if apart { APART_BY } else { 0 },
                }),
                inbox: Some(record.acked),
                holds: None,
                portal: None,
            }
        };
        let body = serde_json::to_string(&health)?;
        self.post("/health", JSON, body).await.map(drop)
    }

    /// Goes on under another certificate.
    pub fn take_up(&self, credential: Credential) {
        let mut line = self.line();
        line.credential = Arc::new(credential);
        line.client = None;
    }

    /// Has the hub issue another certificate, as a node does at half its life.
    pub async fn renew(&self) -> Result<()> {
        let key = TlsKey::generate();
        let request = RenewRequest { csr: key.request() };
        let body = serde_json::to_string(&request)?;
        let answer = self.post("/certificates/renew", JSON, body).await?;
        let answer: RenewResponse = serde_json::from_slice(&answer)?;
        self.take_up(credential(&answer.certificate, &key)?);
        Ok(())
    }

    /// Has it send what waits now.
    pub fn wake(&self) {
        self.queued.notify_one();
    }

    /// Closes the connection.
    pub fn hang_up(&self) {
        self.line().client = None;
    }

    /// Whether it has stood at the end of its stream since a moment, with
    /// everything sent.
    pub fn is_in_step(&self, since: Instant) -> bool {
        let record = self.record();
        record.outbox.is_empty() && record.heard_at.is_some_and(|at| at >= since)
    }

    /// Whether it has sent all that it made and taken in all that came back of it, where nobody else
    /// has anything for it.
    pub fn has_all_back(&self) -> bool {
        let record = self.record();
        record.outbox.is_empty() && record.cursor.dseq >= record.head.seq
    }

    /// Messages that it made, receipts that it checked, items that it took in.
    pub fn counts(&self) -> (u64, u64, u64) {
        let record = self.record();
        (record.head.seq, record.receipts, record.cursor.dseq)
    }

    pub(super) fn waits(&self) -> bool {
        !self.record().outbox.is_empty()
    }

    fn hub_key(&self, envelope: &Envelope) -> Option<Verifier> {
        let mut keys = self.hub_keys.iter();
        keys.find(|key| *key.kid() == envelope.kid).cloned()
    }

    pub(super) fn now_ms(&self) -> i64 {
        let ahead = *self.mood.borrow() == Mood::Ahead;
        SystemClock.now_ms() + if ahead { AHEAD_MS } else { 0 }
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>> {
        let client = self.client()?;
        let request = client.get(format!("{}{PREFIX}{path}", self.url));
        answered(path, request).await
    }

    async fn post(&self, path: &str, media: &str, body: String) -> Result<Vec<u8>> {
        let client = self.client()?;
        let request = client.post(format!("{}{PREFIX}{path}", self.url));
        let request = request.header(CONTENT_TYPE, media).body(body);
        answered(path, request).await
    }

    fn client(&self) -> Result<reqwest::Client> {
        let mut line = self.line();
        if let Some(client) = &line.client {
            return Ok(client.clone());
        }
        let clock = tls::clock(|| SystemClock.now_ms());
        let doubt = Arc::new(ClockDoubt::default());
        let config = tls::federation_client_config(&line.credential, &self.roots, clock, doubt)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(PATIENCE)
            .build()?;
        line.client = Some(client.clone());
        Ok(client)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answered(path: &str, request: reqwest::RequestBuilder) -> Result<Vec<u8>> {
    let answer = request.header(VERSION_HEADER, VERSION).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    let path = path.split('?').next().unwrap_or(path);
    ensure!(
        status.is_success(),
        "{path}: {status} {}",
        String::from_utf8_lossy(&body)
    );
    Ok(body.to_vec())
}
