//! A node that has joined a federation of paper: a directory signed by a hub
//! key of the test's own, and a transport that answers as a hub would.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use lapor_migrations::throwaway::TestDb;
use lapor_protocol::chain::ChainHead;
use lapor_protocol::directory::{DirectoryVersion, InstanceEntry, Status};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{Digest, EnvelopeId, InstanceId, InstanceKind, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer, Verifier};
use lapor_protocol::message::Message;
use lapor_protocol::page::BatchLine;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::wire::{OutboxAnswer, OutboxHead};

use crate::clock::HandClock;
use crate::folder::NodeKeys;
use crate::node::{JOINED, Joined, Node};
use crate::settings::Settings;
use crate::store;
use crate::sync::{Answer, Call, LinkError, Transport};

pub const NOW: i64 = 1_790_000_000_000;

/// A joined node with its folder, its database and its clock.
pub struct Place {
    pub node: Arc<Node>,
    pub clock: Arc<HandClock>,
    pub settings: Settings,
    folder: tempfile::TempDir,
    _db: TestDb,
}

fn hub() -> Signer {
    Signer::from_seed(&[200; 32])
}

fn instance(slug: &str) -> InstanceId {
    slug.parse().unwrap()
}

impl Place {
    /// `slug` on this database, beside `pusat`, `kota-bandung`, `kemenpu` (all
    /// active) and `kab-garut` (registered only).
    pub async fn joined(slug: &str, db: TestDb) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default().below(folder.path());
        settings.database.url = db.url.clone();
        std::fs::create_dir_all(&settings.node.keys).unwrap();
        let keys = NodeKeys::load_or_make(&settings.node.keys).unwrap();
        let joined = Joined {
            instance: instance(slug),
            trust_domain: "lapor.test".parse().unwrap(),
            federation_url: "https://hub.lapor.test".parse().unwrap(),
            enrolment_url: "https://hub.lapor.test:8443".parse().unwrap(),
            hub_keys: vec![hub().public()],
        };
        let clock = Arc::new(HandClock::at(NOW));
        let fresh = Node::open(&settings, clock.clone()).await.unwrap();
        let mut tx = fresh.write_tx().await.unwrap();
        let text = serde_json::to_string(&joined).unwrap();
        store::chain::set_fact(&mut tx, JOINED, &text)
            .await
            .unwrap();
        let line = directory(&joined.instance, &keys).to_line();
        store::chain::add_directory_line(&mut tx, 1, &line)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let node = Node::open(&settings, clock.clone()).await.unwrap();
        Self {
            node,
            clock,
            settings,
            folder,
            _db: db,
        }
    }

    /// The node as it is after its process has ended and begun again.
    pub async fn reopened(&self) -> Arc<Node> {
        assert!(self.folder.path().exists());
        Node::open(&self.settings, self.clock.clone())
            .await
            .unwrap()
    }
}

fn directory(me: &InstanceId, keys: &NodeKeys) -> Envelope {
    let entry = |slug: &str, kind: InstanceKind, status: Status| {
        let mut entry = InstanceEntry::registered(instance(slug), kind, slug.to_owned());
        entry.status = status;
        if status == Status::Active {
            let ours = entry.id == *me;
            let other = NodeKeys {
                identity: Signer::from_seed(&[slug.len() as u8; 32]),
                signing: Signer::from_seed(&[100 + slug.len() as u8; 32]),
                sealing: keys.sealing.clone(),
            };
            certify(&mut entry, if ours { keys } else { &other });
        }
        entry
    };
    let mut desk = entry("pusat", InstanceKind::Pusat, Status::Active);
    desk.disposes_to = vec!["*".parse().unwrap()];
    DirectoryVersion {
        version: 1,
        prev: Digest::ZERO,
        at: NOW,
        trust_domain: "lapor.test".into(),
        hub_keys: vec![hub().public()],
        changes: vec![
            desk,
            entry("kota-bandung", InstanceKind::Kota, Status::Active),
            entry("kemenpu", InstanceKind::Kementerian, Status::Active),
            entry("kab-garut", InstanceKind::Kabupaten, Status::Registered),
        ],
        taxonomy: None,
        calendar: None,
    }
    .sign(&hub())
}

fn certify(entry: &mut InstanceEntry, keys: &NodeKeys) {
    let first = Position { epoch: 1, seq: 1 };
    let certify =
        |use_for, jwk| CertifiedKey::certify(&keys.identity, &entry.id, use_for, jwk, first);
    entry.keys = vec![
        certify(KeyUse::Signing, keys.signing.public()),
        certify(KeyUse::Sealing, keys.sealing[0].public().clone()),
    ];
    entry.identity = Some(keys.identity.public());
}

/// Accepts what continues the chain, as a hub would, and remembers all it was sent.
pub struct PaperHub {
    signing: Verifier,
    me: InstanceId,
    state: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    accepted: Vec<(EnvelopeId, String)>,
    sent: Vec<String>,
    lose_answers: usize,
    wraps: usize,
}

impl PaperHub {
    pub fn of(place: &Place) -> Arc<Self> {
        Arc::new(Self {
            signing: Verifier::from_jwk(&place.node.keys().unwrap().signing.public()).unwrap(),
            me: place.node.instance().unwrap().clone(),
            state: Mutex::default(),
        })
    }

    /// The next answers are lost after the messages are durable.
    pub fn lose_answers(&self, count: usize) {
        self.state.lock().unwrap().lose_answers = count;
    }

    pub fn accepted(&self) -> usize {
        self.state.lock().unwrap().accepted.len()
    }

    pub fn wraps(&self) -> usize {
        self.state.lock().unwrap().wraps
    }

    /// Every line that was sent, repetitions included.
    pub fn sent(&self) -> Vec<String> {
        self.state.lock().unwrap().sent.clone()
    }

    fn head(ledger: &Ledger) -> ChainHead {
        let id = ledger.accepted.last().map_or(Digest::ZERO, |(id, _)| *id);
        ChainHead {
            epoch: 1,
            seq: ledger.accepted.len() as u64,
            id,
        }
    }

    fn take(&self, call: &Call) -> Result<Answer, LinkError> {
        let body = zstd::stream::decode_all(&call.body[..]).unwrap_or_else(|_| call.body.to_vec());
        let mut ledger = self.state.lock().unwrap();
        let mut receipts = Vec::new();
        for line in body.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let line: BatchLine<'_> = serde_json::from_slice(line).unwrap();
            let envelope = Envelope::parse(line.envelope.get().as_bytes()).unwrap();
            envelope.verify(MESSAGE_TYPE, &self.signing).unwrap();
            let header = Message::parse(&envelope.payload).unwrap().header;
            ledger.sent.push(line.envelope.get().to_owned());
            if Self::head(&ledger).admits(&header).is_ok() {
                ledger.wraps += line.wraps.len();
                ledger
                    .accepted
                    .push((envelope.id(), line.envelope.get().to_owned()));
            } else {
                let held = &ledger.accepted[header.seq as usize - 1];
                assert_eq!(held.0, envelope.id(), "two byte strings for one position");
            }
            let ids = [envelope.id()];
            let receipt = Receipt::accepted(self.me.clone(), 1, header.seq, &ids, NOW);
            receipts.push(receipt.sign(&hub()));
        }
        if ledger.lose_answers > 0 {
            ledger.lose_answers -= 1;
            return Err(LinkError::Unreachable("the answer was lost".into()));
        }
        let head = Self::head(&ledger);
        let answer = OutboxAnswer {
            accepted_through: head.seq,
            head,
            exceptions: Vec::new(),
            receipts,
        };
        Ok(json(&answer))
    }
}

impl Transport for PaperHub {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(async move {
            match call.path.as_str() {
                "/federation/v1/outbox/head" => {
                    let head = Self::head(&self.state.lock().unwrap());
                    Ok(json(&OutboxHead {
                        accepted: head.seq,
                        head,
                        archived: 0,
                    }))
                }
                "/federation/v1/outbox" => self.take(&call),
                other => Err(LinkError::Unreachable(format!("no {other} on paper"))),
            }
        })
    }
}

fn json(value: &impl serde::Serialize) -> Answer {
    Answer {
        status: 200,
        headers: http::HeaderMap::new(),
        body: serde_json::to_vec(value).unwrap().into(),
    }
}
