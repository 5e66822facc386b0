//! A hub on a database of a test's own, and institutions that have joined it:
//! they seal and sign as nodes do, and check all that they are sent.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use lapor_certs::{Authority, EnrolRequest, Invitation, Issuer, TlsKey, TrustBundle, Vault};
use lapor_hub::Hub;
use lapor_hub::audit::By;
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_hub::enrolment::enrol;
use lapor_hub::ground::{Ground, Keyring};
use lapor_hub::http::Peer;
use lapor_hub::membership::{self, Profile};
use lapor_hub::settings::Settings;
use lapor_migrations::Schema;
use lapor_migrations::throwaway::{TestDb, databases_of};
use lapor_protocol::case::{Case, Order, apply};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::entropy::Seeded;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId, InstanceKind, MessageId, MessageRef};
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::message::Message;
use lapor_protocol::page::{Delivered, read_page};
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::receipt::Stream;
use lapor_protocol::seal::{ContentKey, Opener, Subject, Wrap, wrap};
use lapor_protocol::wire::{NDJSON, OutboxAnswer, PREFIX, VERSION, VERSION_HEADER};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const NOW: i64 = 1_790_000_000_000;

pub struct Place {
    pub hub: Arc<Hub>,
    pub clock: Arc<HandClock>,
    router: Router,
    authority: Authority,
    settings: Settings,
    _folder: tempfile::TempDir,
}

pub struct Institution {
    pub id: InstanceId,
    pub identity: Signer,
    pub signing: Signer,
    pub opener: Opener,
    pub head: ChainHead,
    pub inbox: Cursor,
    pub tls: TlsKey,
    /// All that was delivered to its inbox, in order.
    pub received: Vec<Delivered>,
    /// Own lines by envelope id.
    own: BTreeMap<EnvelopeId, String>,
    minted: u8,
}

/// A sealed message.
#[derive(Debug, Clone)]
pub struct Written {
    pub line: String,
    pub envelope: EnvelopeId,
    pub message: MessageRef,
    pub wraps: Vec<Wrap>,
}

pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answered {
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn code(&self) -> Option<Code> {
        let problem: Option<Problem> = serde_json::from_slice(&self.body).ok();
        problem.map(|problem| {
            assert_eq!(self.headers["content-type"], "application/problem+json");
            assert_eq!(problem.status, self.status.as_u16());
            problem.code
        })
    }
}

/// A database of each kind with the tables of a hub, for a test to run on one after the other.
pub async fn databases() -> Vec<TestDb> {
    databases_of(Schema::Hub).await
}

impl Place {
    pub async fn new(db: &TestDb) -> Self {
        Self::with(db, |_| {}).await
    }

    pub async fn with(db: &TestDb, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default().below(folder.path());
        change(&mut settings);
        settings.database.url.clone_from(&db.url);
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = authority.new_issuer(NOW).unwrap();
        let vault = Vault::at(&settings.storage.authority);
        vault.found(&authority, &issuer).unwrap();
        let clock = Arc::new(HandClock::at(NOW));
        let hub = start(&settings, &clock).await;
        std::fs::create_dir_all(&settings.storage.keys).unwrap();
        Self {
            router: lapor_hub::http::federation(Arc::clone(&hub)),
            hub,
            clock,
            authority,
            settings,
            _folder: folder,
        }
    }

    /// The same hub after its process has ended and begun again.
    pub async fn restart(&mut self) {
        self.hub.stop().await;
        self.hub = start(&self.settings, &self.clock).await;
        self.router = lapor_hub::http::federation(Arc::clone(&self.hub));
    }

    /// Waits until the files of what was taken back are gone: whoever sent it does not.
    pub async fn erased(&self) {
        while self.left_to_erase().await > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// How many files are noted to go.
    pub async fn left_to_erase(&self) -> usize {
        let mut tx = self.hub.ground.db.read().await.unwrap();
        let left = lapor_hub::store::blobs::erasing(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        left.len()
    }

    /// Another process of the same hub; or one in its place, where a hub can have but one.
    pub async fn another(&self) -> Arc<Hub> {
        start(&self.settings, &self.clock).await
    }

    /// From now on calls go to this process; returns the one to which they went.
    pub fn turn_to(&mut self, hub: Arc<Hub>) -> Arc<Hub> {
        self.router = lapor_hub::http::federation(Arc::clone(&hub));
        std::mem::replace(&mut self.hub, hub)
    }

    pub fn roots(&self) -> TrustBundle {
        TrustBundle::new(vec![self.authority.root().clone()]).unwrap()
    }

    /// Another issuer below the root.
    pub fn issuer(&self) -> Issuer {
        self.authority.new_issuer(self.clock.now_ms()).unwrap()
    }

    /// Puts another issuer into the authority's folder, as the operator does.
    pub fn rotate_issuer(&self) {
        let vault = Vault::at(&self.settings.storage.authority);
        vault.replace_issuer(&self.issuer()).unwrap();
    }

    /// `pusat`, `kota-bandung` and `kemenpu`, joined.
    pub async fn three(&self) -> [Institution; 3] {
        [
            self.join("pusat", InstanceKind::Pusat, 10).await,
            self.join("kota-bandung", InstanceKind::Kota, 20).await,
            self.join("kemenpu", InstanceKind::Kementerian, 30).await,
        ]
    }

    pub async fn join(&self, slug: &str, kind: InstanceKind, seed: u8) -> Institution {
        let profile = Profile {
            default_supervisor: kind == InstanceKind::Pengawas,
            ..Profile::of(slug.parse().unwrap(), kind)
        };
        let made = membership::invite(&self.hub.ground, &By::actor("test"), &profile)
            .await
            .unwrap();
        let invitation: Invitation = made.line.parse().unwrap();
        let institution = Institution::unjoined(slug, seed);
        let request = institution.request(&invitation);
        let from = Ipv4Addr::LOCALHOST.into();
        enrol(&self.hub.ground, &request, from).await.unwrap();
        institution
    }

    pub async fn call(&self, peer: &Institution, request: Request<Body>) -> Answered {
        self.call_as(&peer.id, request).await
    }

    pub async fn call_as(&self, peer: &InstanceId, mut request: Request<Body>) -> Answered {
        request.extensions_mut().insert(Peer(peer.clone()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.headers["lapor-version"], "1");
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: axum::body::to_bytes(body, 64 << 20).await.unwrap().to_vec(),
        }
    }

    pub async fn get(&self, peer: &Institution, path: &str) -> Answered {
        self.call(
            peer,
            request(Method::GET, path).body(Body::empty()).unwrap(),
        )
        .await
    }

    pub async fn post(&self, peer: &Institution, path: &str, json: String) -> Answered {
        let request = request(Method::POST, path).header("content-type", "application/json");
        self.call(peer, request.body(json.into()).unwrap()).await
    }

    /// Posts messages as they stand.
    pub async fn push(&self, from: &Institution, written: &[Written]) -> Answered {
        let lines: Vec<String> = written.iter().map(Written::batch_line).collect();
        let request = request(Method::POST, "/outbox").header("content-type", NDJSON);
        self.call(from, request.body(lines.join("\n").into()).unwrap())
            .await
    }

    /// Posts messages that must all be accepted.
    pub async fn send(&self, from: &Institution, written: &[Written]) -> OutboxAnswer {
        let answered = self.push(from, written).await;
        let answer: OutboxAnswer = answered.json();
        assert_eq!(answer.exceptions, [], "{:?}", from.id);
        assert_eq!(answer.head, from.head);
        answer
    }

    /// Fetches everything new for an institution, and checks its chain.
    pub async fn pull(&self, to: &mut Institution) -> Vec<Delivered> {
        let mut fresh = Vec::new();
        loop {
            let path = format!("/inbox?after={}", to.inbox);
            let page = self.get(to, &path).await;
            assert_eq!(page.status, 200, "{:?}", page.code());
            let items = read_page(&page.body, to.inbox, Stream::Inbox, &to.id, |_| {
                Some(self.key())
            });
            let items = items.unwrap();
            let Some(last) = items.last() else {
                to.received.extend(fresh.iter().cloned());
                return fresh;
            };
            to.inbox = last.cursor;
            fresh.extend(items);
        }
    }

    pub fn key(&self) -> Verifier {
        Verifier::from_jwk(&self.hub.ground.signer().public()).unwrap()
    }

    /// A case as a party folds it from what it was sent.
    pub fn fold(&self, party: &Institution, case: CaseId) -> Option<Case> {
        let directory = self.hub.ground.directory.current();
        let mut fold = None;
        for (next, (item, line)) in (1..).zip(party.history(case)) {
            let case_seq = item.case_seq.unwrap();
            assert_eq!(case_seq, next, "{} has a hole in {case}", party.id);
            let Some(line) = line.filter(|_| item.ruling.applied()) else {
                continue;
            };
            let message = message(&line);
            let order = Order {
                case,
                case_seq,
                ordered_at: item.ordered_at,
            };
            let world = directory.at(item.directory);
            fold = apply(&message, message.body.as_ref().unwrap(), order, fold, world);
        }
        fold
    }
}

impl Institution {
    /// Keys that follow from `seed`; not joined.
    pub fn unjoined(slug: &str, seed: u8) -> Self {
        Self {
            id: slug.parse().unwrap(),
            identity: Signer::from_seed(&[seed; 32]),
            signing: Signer::from_seed(&[seed + 1; 32]),
            opener: Opener::from_seed(&[seed + 2; 32]),
            head: ChainHead::START,
            inbox: Cursor::START,
            tls: TlsKey::generate(),
            received: Vec::new(),
            own: BTreeMap::new(),
            minted: 0,
        }
    }

    pub fn request(&self, invitation: &Invitation) -> EnrolRequest {
        let sealing = self.opener.public().sealing_key().unwrap();
        let csr = self.tls.request();
        EnrolRequest::build(invitation, csr, &self.identity, &self.signing, &sealing)
    }

    /// Seals the next message of this institution's chain.
    pub fn write(
        &mut self,
        kind: &str,
        case: Option<CaseId>,
        term: Option<&MessageRef>,
        body: impl Into<Value>,
    ) -> Written {
        self.minted += 1;
        let mut random = [self.minted; 10];
        random[..2].copy_from_slice(&self.id.as_str().as_bytes()[..2]);
        random[2] = self.id.as_str().len() as u8;
        let id = MessageId::mint(NOW, random);
        self.write_as(id, kind, case, term, body)
    }

    /// As [`Self::write`], under a given message id.
    pub fn write_as(
        &mut self,
        id: MessageId,
        kind: &str,
        case: Option<CaseId>,
        term: Option<&MessageRef>,
        body: impl Into<Value>,
    ) -> Written {
        let at = self.head.next();
        let mut payload = json!({
            "v": 1, "kind": kind, "id": id, "author": self.id, "epoch": at.epoch, "seq": at.seq,
            "prev": self.head.id, "created_at": NOW, "body": body.into(),
        });
        if let Some(case) = case {
            payload["case"] = json!(case);
        }
        if let Some(term) = term {
            payload["term"] = json!(term);
        }
        let written = self.sign(&payload, id);
        self.head = self.head.advanced(written.envelope);
        written
    }

    /// Signs a payload whatever it says.
    pub fn sign(&mut self, payload: &Value, id: MessageId) -> Written {
        let envelope = Envelope::sign(MESSAGE_TYPE, payload.to_string().into(), &self.signing);
        let line = envelope.to_line();
        self.own.insert(envelope.id(), line.clone());
        Written {
            line,
            envelope: envelope.id(),
            message: MessageRef {
                author: self.id.clone(),
                id,
            },
            wraps: Vec::new(),
        }
    }

    pub fn file(&mut self, number: u8) -> (CaseId, Written) {
        let case = case_id(&self.id, number);
        let body = json!({
            "classification": "complaint", "channel": "web",
            "commitment": content_key(case).commitment(),
        });
        (case, self.write("report.filed", Some(case), None, body))
    }

    pub fn dispose(&mut self, case: CaseId, term: &MessageRef, target: &InstanceId) -> Written {
        let body = json!({ "target": target });
        self.write("case.disposed", Some(case), Some(term), body)
    }

    pub fn follow_up(&mut self, case: CaseId, term: &MessageRef) -> Written {
        let body = json!({ "proposes_to_close": false });
        self.write("case.followed_up", Some(case), Some(term), body)
    }

    /// The items of a case with what is held of their envelopes.
    pub fn history(&self, case: CaseId) -> Vec<(Item, Option<String>)> {
        let placed = |d: &&Delivered| {
            let outsider = d.item.withheld == Some(lapor_protocol::case::Withheld::RulingOnly);
            d.item.case == Some(case) && d.item.case_seq.is_some() && !outsider
        };
        let line = |d: &Delivered| {
            let own = || self.own.get(&d.item.envelope_id).cloned();
            d.line.clone().or_else(own)
        };
        let items = self.received.iter().filter(placed);
        items.map(|d| (d.item.clone(), line(d))).collect()
    }

    /// The content key of a case, as this party got it wrapped.
    pub fn opens(&self, case: CaseId) -> bool {
        let commitment = content_key(case).commitment();
        let wraps = self.received.iter().flat_map(|d| &d.wraps);
        let mut own = wraps.filter(|wrap| wrap.recipient == self.id);
        own.any(|wrap| {
            self.opener
                .unwrap(wrap, Subject::Case(case), &commitment)
                .is_ok()
        })
    }
}

impl Written {
    pub fn batch_line(&self) -> String {
        let wraps = serde_json::to_string(&self.wraps).unwrap();
        format!(r#"{{"envelope":{},"wraps":{wraps}}}"#, self.line)
    }

    #[must_use]
    pub fn wrapped_for(mut self, case: CaseId, recipient: &Institution) -> Self {
        let made = wrap(
            &content_key(case),
            Subject::Case(case),
            &recipient.id,
            recipient.opener.public(),
            &mut Seeded::new(7),
        );
        self.wraps.push(made.unwrap());
        self
    }
}

pub fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("{PREFIX}{path}"))
        .header(VERSION_HEADER, VERSION)
}

pub fn case_id(origin: &InstanceId, number: u8) -> CaseId {
    CaseId::mint(
        NOW,
        [number, origin.as_str().len() as u8, 7, 7, 7, 7, 7, 7, 7, 7],
    )
}

pub fn content_key(case: CaseId) -> ContentKey {
    let mut seed = [0; 8];
    seed.copy_from_slice(&case.uuid().as_bytes()[8..]);
    ContentKey::generate(&mut Seeded::new(u64::from_be_bytes(seed)))
}

pub fn message(line: &str) -> Message {
    let envelope = Envelope::parse(line.as_bytes()).unwrap();
    Message::parse(&envelope.payload).unwrap()
}

async fn start(settings: &Settings, clock: &Arc<HandClock>) -> Arc<Hub> {
    let options = lapor_migrations::DbOptions::default();
    let db = lapor_migrations::Db::open(&settings.database.url, Schema::Hub, &options).await;
    let db = db.unwrap();
    db.migrate().await.unwrap();
    let vault = Vault::at(&settings.storage.authority);
    let keyring = Keyring {
        signer: Signer::from_seed(&[7; 32]),
        issuer: vault.issuer().unwrap(),
        bundle: vault.bundle().unwrap(),
    };
    let ground = Ground::new(settings.clone(), db, keyring, clock.clone()).await;
    Hub::start(ground.unwrap()).await.unwrap()
}
