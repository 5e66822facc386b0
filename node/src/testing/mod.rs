//! A node that has joined a federation of paper: a directory signed by a hub
//! key of the test's own, and a transport that answers as a hub would.

mod counted;
mod from_desk;
mod paper_hub;
mod said_hub;

use std::sync::Arc;

use lapor_migrations::Schema;
use lapor_migrations::throwaway::{TestDb, databases_of};
use lapor_protocol::directory::{DirectoryVersion, InstanceEntry, Maintenance, Status};
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, Digest, InstanceId, InstanceKind, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::seal::Opener;
use serde_json::Value;

use crate::casework::NewAct;
use crate::clock::{Clock as _, HandClock};
use crate::folder::NodeKeys;
use crate::node::{JOINED, Joined, Node};
use crate::settings::Settings;
use crate::store;

pub use counted::Counted;
pub use from_desk::FromDesk;
pub use paper_hub::PaperHub;
pub use said_hub::{SaidHub, answered, refused};

pub const NOW: i64 = 1_790_000_000_000;

/// Memory of one hash of a password.
const HASH_KIB: u32 = 64;

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

/// The signing key of an institution other than the node's own.
fn signing_of(slug: &str) -> Signer {
    Signer::from_seed(&[100 + slug.len() as u8; 32])
}

/// A database of each kind with the tables of a node, for a test to run on one after the other.
pub async fn databases() -> Vec<TestDb> {
    databases_of(Schema::Node).await
}

impl Place {
    /// `slug` on this database, beside `pusat`, `kota-bandung`, `kemenpu` (all
    /// active) and `kab-garut` (registered only).
    pub async fn joined(slug: &str, db: TestDb) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default().below(folder.path());
        settings.database.url = db.url.clone();
        // Officers of tests log in more often than those at a desk do.
        settings.accounts.hash_memory_kib = HASH_KIB;
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
        // Opened once: on PostgreSQL each time takes longer than many a test.
        let opened = Box::pin(db.migrated(Schema::Node)).await.unwrap();
        let mut tx = opened.write().await.unwrap();
        let text = serde_json::to_string(&joined).unwrap();
        store::chain::set_fact(&mut tx, JOINED, &text)
            .await
            .unwrap();
        let line = directory(&joined.instance, &keys).to_line();
        store::chain::add_directory_line(&mut tx, 1, &line)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let node = Box::pin(Node::on_database(opened, &settings, clock.clone()))
            .await
            .unwrap();
        node.hear_hub_time(NOW);
        Self {
            node,
            clock,
            settings,
            folder,
            _db: db,
        }
    }

    /// The node as it is after its process has ended and begun again, and has heard the hub.
    pub async fn reopened(&self) -> Arc<Node> {
        let node = self.begun_again().await;
        node.hear_hub_time(self.clock.steady_ms());
        node
    }

    /// The same, and the hub has said nothing yet.
    pub async fn begun_again(&self) -> Arc<Node> {
        assert!(self.folder.path().exists());
        Node::open(&self.settings, self.clock.clone())
            .await
            .unwrap()
    }

    /// A version of the directory that names an edition of the calendar.
    pub async fn directory_names_calendar(&self, edition: &str) {
        let names = |next: &mut DirectoryVersion| next.calendar = Some(edition.into());
        self.directory_goes_on(names).await;
    }

    /// A version of the directory with a supervisor that any case can be escalated to.
    pub async fn directory_gains_supervisor(&self) {
        let id = instance("ombudsman");
        let mut entry = InstanceEntry::registered(id, InstanceKind::Pengawas, "Ombudsman".into());
        entry.status = Status::Active;
        entry.default_supervisor = true;
        let keys = NodeKeys {
            identity: Signer::from_seed(&[9; 32]),
            signing: vec![signing_of("ombudsman")],
            sealing: vec![Opener::from_seed(&[9; 32])],
        };
        certify(&mut entry, &keys);
        let gains = |next: &mut DirectoryVersion| next.changes = vec![entry];
        self.directory_goes_on(gains).await;
    }

    /// A version of the directory that names the portal of an institution.
    pub async fn directory_names_portal(&self, institution: &str, portal: &str) {
        let known = self.node.directory();
        let entry = known.latest().instance(&instance(institution)).cloned();
        let mut entry = entry.unwrap();
        entry.portal = Some(portal.to_owned());
        self.directory_goes_on(|next| next.changes = vec![entry])
            .await;
    }

    /// A version of the directory that announces a maintenance of the hub.
    pub async fn directory_announces(&self, from: i64, until: i64) {
        let reason = "ganti mesin".to_owned();
        let notice = Maintenance {
            from,
            until,
            reason,
        };
        let announces = |next: &mut DirectoryVersion| next.maintenance = Some(notice);
        self.directory_goes_on(announces).await;
    }

    async fn directory_goes_on(&self, change: impl FnOnce(&mut DirectoryVersion)) {
        let known = self.node.directory();
        let mut next = DirectoryVersion {
            version: known.version() + 1,
            prev: known.head(),
            at: NOW,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![hub().public()],
            changes: Vec::new(),
            taxonomy: None,
            calendar: None,
            maintenance: None,
        };
        change(&mut next);
        let versions = [next.sign(&hub())];
        let head = DirectoryHead {
            version: next.version,
            id: versions[0].id(),
            at: NOW,
        };
        let head = head.sign(&hub());
        let taken = self.node.extend_directory(&versions, Some(&head)).await;
        taken.unwrap();
    }

    /// A version of the directory in which an institution has ended and another has its work.
    pub async fn directory_dissolves(&self, institution: &str, successor: &str) {
        let known = self.node.directory();
        let entry = known.latest().instance(&instance(institution)).cloned();
        let mut entry = entry.unwrap();
        entry.status = Status::Revoked;
        entry.successor = Some(instance(successor));
        self.directory_goes_on(|next| next.changes = vec![entry])
            .await;
    }

    /// Actor and detail of what the audit log holds of an action.
    pub async fn audited(&self, action: &str) -> Vec<(String, String)> {
        let mut tx = self.node.read_tx().await.unwrap();
        store::audit::of_action(&mut tx, action).await.unwrap()
    }
}

fn directory(me: &InstanceId, keys: &NodeKeys) -> Envelope {
    let entry = |slug: &str, kind: InstanceKind, status: Status| {
        let mut entry = InstanceEntry::registered(instance(slug), kind, slug.to_owned());
        entry.status = status;
        entry.region = match slug {
            "kota-bandung" => "32.73".parse().ok(),
            "kab-garut" => "32.05".parse().ok(),
            _ => None,
        };
        if status == Status::Active {
            let ours = entry.id == *me;
            let other = NodeKeys {
                identity: Signer::from_seed(&[slug.len() as u8; 32]),
                signing: vec![signing_of(slug)],
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
        maintenance: None,
    }
    .sign(&hub())
}

fn certify(entry: &mut InstanceEntry, keys: &NodeKeys) {
    let first = Position { epoch: 1, seq: 1 };
    let certify =
        |use_for, jwk| CertifiedKey::certify(&keys.identity, &entry.id, use_for, jwk, first);
    entry.keys = vec![
        certify(KeyUse::Signing, keys.signing[0].public()),
        certify(KeyUse::Sealing, keys.sealing[0].public().clone()),
    ];
    entry.identity = Some(keys.identity.public());
}

/// Acts on a case at a node.
pub async fn acts(place: &Place, case: CaseId, kind: &str, body: Value, words: Option<Value>) {
    let object = |value: Value| value.as_object().cloned().unwrap();
    let act = NewAct {
        kind: kind.into(),
        body: object(body),
        words: words.map(object),
        attachments: Vec::new(),
    };
    place.node.act(case, act, "test").await.unwrap();
}

/// A JPEG of so many pixels to a side, with so many bytes of scan that nobody can draw.
pub fn jpeg(side: u16, scan: usize) -> Vec<u8> {
    let side = side.to_be_bytes();
    let frame = [&[0xff, 0xc0, 0, 11, 8][..], &side, &side, &[1, 1, 0x11, 0]].concat();
    let head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0";
    let start = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0";
    [&head[..], &frame, start, &vec![1; scan], b"\xff\xd9"].concat()
}
