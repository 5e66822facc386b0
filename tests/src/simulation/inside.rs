//! The way to the hub within one process: the real routes of the hub, behind
//! everything but the network and TLS. Who calls is known by the certificate
//! that it would show; one that has run out is refused as the handshake would.
//!
//! The hub may end in the middle of a call: then nobody answers.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use lapor_certs::tls::Refusal;
use lapor_certs::{CertificateFacts, Credential};
use lapor_hub::Hub;
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_hub::http::{Peer, enrolment, federation};
use lapor_killpoints as killpoints;
use lapor_node::folder::credential_path;
use lapor_node::node::Node;
use lapor_node::sync::{Answer, Call, LinkError, Listener, Transport};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::problem::Problem;
use lapor_protocol::wire::{BOOT_HEADER, SEEN_HEADER, VERSION, VERSION_HEADER};
use tower::ServiceExt as _;

/// More than any answer of the hub.
const ANSWER_BYTES: usize = 64 << 20;

/// A rule that is broken on purpose, to see whether it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Broken {
    /// Nodes do not say which start of them calls: two copies are taken for one.
    Boots,
    /// Nodes do not show what the hub has signed: it cannot know what it has lost.
    Heads,
}

/// Where the hub answers, as long as it runs.
#[derive(Default)]
pub struct Door {
    routes: Mutex<Option<[Router; 2]>>,
    died: AtomicBool,
}

impl Door {
    pub fn opened(&self, hub: &Arc<Hub>) {
        let routes = [federation(Arc::clone(hub)), enrolment(Arc::clone(hub))];
        *self.routes() = Some(routes);
        self.died.store(false, Ordering::SeqCst);
    }

    /// Nobody answers any more, and nothing here holds the hub.
    pub fn closed(&self) {
        *self.routes() = None;
    }

    /// Whether the hub has ended in a call, and not since been opened again.
    pub fn has_died(&self) -> bool {
        self.died.load(Ordering::SeqCst)
    }

    async fn ask(&self, at: Listener, request: Request<Body>) -> Result<Response<Body>, LinkError> {
        let routes = self.routes().clone();
        let [members, strangers] = routes.ok_or_else(nobody)?;
        let asked = match at {
            Listener::Federation => members,
            Listener::Enrolment => strangers,
        };
        let before = killpoints::ended();
        let answering = AssertUnwindSafe(asked.oneshot(request)).catch_unwind();
        // Boxed, as all that a request does is larger than a future on the stack may be.
        let answered = Box::pin(answering).await;
        if before.is_none() && killpoints::ended().is_some() {
            self.died.store(true, Ordering::SeqCst);
            self.closed();
            return Err(nobody());
        }
        match answered {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(never)) => match never {},
            Err(panic) => resume_unwind(panic),
        }
    }

    fn routes(&self) -> MutexGuard<'_, Option<[Router; 2]>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way of one node.
pub struct Inside {
    door: Arc<Door>,
    /// The hub's.
    clock: Arc<HandClock>,
    instance: InstanceId,
    keys: PathBuf,
    shown: Mutex<Option<CertificateFacts>>,
    broken: Option<Broken>,
}

impl Inside {
    pub fn of(node: &Node, door: Arc<Door>, clock: Arc<HandClock>, broken: Option<Broken>) -> Self {
        let keys = node.settings().node.keys.clone();
        Self {
            door,
            clock,
            instance: node.instance().expect("a node that has joined").clone(),
            shown: Mutex::new(certificate(&keys)),
            keys,
            broken,
        }
    }

    async fn send(&self, call: Call) -> Result<Answer, LinkError> {
        killpoints::pass("send.before");
        let answer = self.ask(call).await;
        killpoints::pass("send.answered");
        answer
    }

    async fn ask(&self, call: Call) -> Result<Answer, LinkError> {
        let (at, mut request) = (call.listener, self.request(call)?);
        if at == Listener::Federation {
            self.shakes_hands()?;
            request.extensions_mut().insert(Peer(self.instance.clone()));
        }
        let response = self.door.ask(at, request).await?;
        let (head, body) = response.into_parts();
        let body = to_bytes(body, ANSWER_BYTES).await;
        let body = body.map_err(|error| LinkError::Unreachable(error.to_string()))?;
        if head.status.is_success() {
            return Ok(Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            });
        }
        let problem = serde_json::from_slice::<Problem>(&body).map_err(|error| {
            LinkError::NotTheHub(format!("status {} without a problem: {error}", head.status))
        })?;
        Err(LinkError::Refused(Box::new(problem.into())))
    }

    fn request(&self, call: Call) -> Result<Request<Body>, LinkError> {
        let request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(VERSION_HEADER, VERSION)
            .body(Body::from(call.body));
        let mut request = request.map_err(|error| LinkError::Hub(error.to_string()))?;
        let headers: &mut HeaderMap = request.headers_mut();
        for (name, value) in call.headers {
            headers.append(name, value);
        }
        match self.broken {
            Some(Broken::Boots) => drop(headers.remove(BOOT_HEADER)),
            Some(Broken::Heads) => drop(headers.remove(SEEN_HEADER)),
            None => {}
        }
        Ok(request)
    }

    fn shakes_hands(&self) -> Result<(), LinkError> {
        let shown = self.shown();
        let facts = shown
            .as_ref()
            .ok_or(LinkError::Tls(Refusal::OurCertificateMissing))?;
        let now = self.clock.now_ms();
        if now > facts.not_after_ms {
            return Err(LinkError::Tls(Refusal::OurCertificateExpired));
        }
        if now < facts.not_before_ms {
            return Err(LinkError::Tls(Refusal::OurCertificateRefused));
        }
        Ok(())
    }

    fn shown(&self) -> MutexGuard<'_, Option<CertificateFacts>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Inside {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(self.send(call))
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        let next = certificate(&self.keys);
        let mut shown = self.shown();
        let serial = |facts: &CertificateFacts| facts.serial.clone();
        let other = next.as_ref().map(serial) != shown.as_ref().map(serial);
        *shown = next;
        Ok(other)
    }
}

fn certificate(keys: &std::path::Path) -> Option<CertificateFacts> {
    let credential = Credential::load(&credential_path(keys)).ok()?;
    credential.facts().ok()
}

fn nobody() -> LinkError {
    LinkError::Unreachable("nobody answers".to_owned())
}
