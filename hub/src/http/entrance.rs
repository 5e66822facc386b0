//! What every request passes: who is asking, whether it may take part at this
//! very moment, which version it speaks; and how every failure is told. The
//! log names the route and the instance, never a path, a query or a body.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_server::tls::TlsInfo;
use futures_util::FutureExt as _;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, UPGRADE};
use http::request::Parts;
use http::{Extensions, HeaderValue, Method, StatusCode, Version};
use lapor_certs::PeerIdentity;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{PREFIX, VERSION, VERSION_HEADER};
use lapor_web::entrance::REQUEST_ID;
use lapor_web::trace::Trace;
use metrics::counter;
use tracing::Instrument as _;

use super::held::holding;
use super::unread::read_on;
use crate::app::Hub;
use crate::error::HubError;
use crate::limits::Taken;
use crate::maintenance::refuse_meanwhile;
use crate::monitor::TRAFFIC;
use lapor_web::chance::random;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const UPGRADE_TO: HeaderValue = HeaderValue::from_static("lapor/1");

/// The instance whose certificate the connection showed. A test of the router
/// puts it into the request's extensions itself; a peer cannot.
#[derive(Debug, Clone)]
pub struct Peer(pub InstanceId);

/// A failure on its way out; the entrance writes it.
#[derive(Clone)]
struct Failure(HubError);

impl IntoResponse for HubError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(Failure(self));
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = HubError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HubError> {
        let peer = parts.extensions.get::<Self>().cloned();
        peer.ok_or_else(|| Code::CertificateUnknown.into())
    }
}

/// Before the federation's routes: nobody passes without being an active
/// instance, whatever the path, but for those who bring back what the hub has lost.
pub fn federation(
    State(hub): State<Arc<Hub>>,
    mut request: Request,
    next: Next,
) -> impl Future<Output = Response> + Send {
    let admitted = admit(&hub, &mut request);
    async move {
        let peer = request.extensions().get::<Peer>();
        let mut admitted = match (admitted, peer) {
            (Ok((place, Some(shown))), Some(Peer(peer))) => {
                let known = Box::pin(look_up(&hub, peer, shown)).await;
                known.map(|()| place)
            }
            (admitted, _) => admitted.map(|(place, _)| place),
        };
        if let (Ok(_), Some(Peer(peer))) = (&admitted, request.extensions().get::<Peer>()) {
            // Boxed, as all that a request does before or after it waits: what stands in
            // the future of a long poll is kept for as long as it lasts.
            let heard = hub.witness.hear(&hub.ground, peer, request.headers());
            let heard = Box::pin(heard).await;
            let path = request.uri().path();
            let goes_on = is_told(path) || brings_back(path);
            let heard = match heard {
                Err(error) if error.code() == Code::Recovering && brings_back(path) => Ok(()),
                Ok(()) if takes_place(request.method(), path) => {
                    hub.witness.refuse_while_listening(&hub.ground)
                }
                heard => heard,
            };
            let heard = heard.and_then(|()| {
                if goes_on {
                    Ok(())
                } else {
                    refuse_meanwhile(&hub.ground)
                }
            });
            admitted = admitted.and_then(|place| heard.map(|()| place));
        }
        answer(admitted, request, next).await
    }
}

/// Whether a path is answered in a maintenance too: what tells of its end, and how the nodes are.
fn is_told(path: &str) -> bool {
    let below = path.strip_prefix(PREFIX).unwrap_or(path);
    ["/directory", "/health", super::WELL_KNOWN].contains(&below)
}

/// Before the routes for those who join or recover: anybody may knock, but
/// not as often as they like.
pub async fn enrolment(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let knocked = hub.admission.stranger(remote(request.extensions()));
    let admitted = knocked.and_then(|place| {
        check_version(&request)?;
        if request.uri().path() != super::WELL_KNOWN {
            if !renews(request.uri().path()) {
                hub.witness.refuse_if_recovering()?;
                refuse_meanwhile(&hub.ground)?;
            }
            if request.uri().path().strip_prefix(PREFIX) == Some("/enrol") {
                hub.witness.refuse_while_listening(&hub.ground)?;
            }
        }
        Ok(place)
    });
    answer(admitted, request, next).await
}

/// Whether a request gives something a place in the record.
fn takes_place(method: &Method, path: &str) -> bool {
    let below = path.strip_prefix(PREFIX).unwrap_or(path);
    *method == Method::POST && ["/outbox", "/epochs"].contains(&below)
}

/// Whether a path is answered although the hub lacks what it has signed for, and in a maintenance, whose
/// end could be told to nobody before that is back.
fn brings_back(path: &str) -> bool {
    path.strip_prefix(PREFIX) == Some("/recovery")
}

/// Whether a path gives a certificate to whom the hub knows, and no place in the record: without
/// one they cannot bring anything back. It does so in a maintenance too.
fn renews(path: &str) -> bool {
    let below = path.strip_prefix(PREFIX);
    below.is_some_and(|below| below.starts_with("/certificates/"))
}

/// From where a request came.
pub fn remote(extensions: &Extensions) -> IpAddr {
    let info = extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())
}

/// Takes a place for a request; beside it, what only the database can say of its certificate.
fn admit(
    hub: &Hub,
    request: &mut Request,
) -> Result<(Taken<InstanceId>, Option<Digest>), HubError> {
    let peer = match request.extensions().get::<Peer>() {
        Some(peer) => peer.clone(),
        None => identify(hub, request)?,
    };
    request.extensions_mut().insert(peer.clone());
    let now_ms = hub.now_ms();
    let allowed = hub.ground.directory.admit(&peer.0);
    let allowed = allowed.or_else(|refused| bring_back_barred(hub, refused, request.uri().path()));
    let admitted = allowed.and_then(|()| {
        let asked = hub
            .ground
            .voided
            .judge(&peer.0, shown(request.extensions()))?;
        if asked.is_none() {
            hub.contacts.note(&peer.0, now_ms);
        }
        check_version(request)?;
        Ok((hub.admission.request(&peer.0)?, asked))
    });
    if let Err(refused) = &admitted {
        let code = refused.code().as_str();
        hub.connections.visits.refused(&peer.0, code, now_ms);
    }
    admitted
}

/// Whoever is suspended or revoked may hold what nobody else does: while the hub has lost that they are told
/// so, and bring it back. Nothing is taken on anybody's word there, and they are not waited for.
fn bring_back_barred(hub: &Hub, refused: HubError, path: &str) -> Result<(), HubError> {
    if !matches!(
        refused.code(),
        Code::InstanceSuspended | Code::InstanceRevoked
    ) {
        return Err(refused);
    }
    match hub.witness.refuse_if_recovering() {
        Ok(()) => Err(refused),
        Err(_) if brings_back(path) => Ok(()),
        Err(recovering) => Err(recovering),
    }
}

/// Asks the database of a certificate whose institution has some that are void.
async fn look_up(hub: &Hub, peer: &InstanceId, shown: Digest) -> Result<(), HubError> {
    let known = hub.ground.voided.look_up(&hub.ground.db, peer, shown).await;
    let now_ms = hub.now_ms();
    match &known {
        Ok(()) => hub.contacts.note(peer, now_ms),
        Err(refused) => {
            let code = refused.code().as_str();
            hub.connections.visits.refused(peer, code, now_ms);
        }
    }
    known
}

/// The certificate (DER) that a connection has shown.
pub fn shown(extensions: &Extensions) -> Option<&[u8]> {
    let info = extensions.get::<Arc<TlsInfo>>();
    let leaf = info.and_then(|info| info.peer_certificates.first());
    leaf.map(Vec::as_slice)
}

/// The name in the certificate; its chain was verified in the handshake.
fn identify(hub: &Hub, request: &Request) -> Result<Peer, HubError> {
    let leaf = shown(request.extensions()).ok_or(Code::CertificateUnknown)?;
    match PeerIdentity::of(leaf, &hub.ground.trust_domain) {
        Ok(PeerIdentity::Instance(instance)) => Ok(Peer(instance)),
        _ => Err(Code::CertificateUnknown.into()),
    }
}

fn check_version(request: &Request) -> Result<(), HubError> {
    let headers = request.headers();
    // Whoever does not know the version yet asks there for it.
    let stated = headers.contains_key(VERSION_HEADER) || request.uri().path() == super::WELL_KNOWN;
    let mut spoken = headers.get_all(VERSION_HEADER).iter();
    if stated && spoken.all(|version| version == VERSION) {
        return Ok(());
    }
    let detail =
        format!("this hub speaks version {VERSION}: send the header Lapor-Version: {VERSION}");
    Err(HubError::refused(Code::VersionUnsupported, detail))
}

/// What the log and the counters say of a request.
struct Asked {
    id: String,
    method: Method,
    http: Version,
    route: String,
    instance: String,
    began: Instant,
}

/// Answers, and keeps the place of whoever asked until all of it is sent.
///
/// A long poll keeps the future that stands here for as long as it waits, one
/// for each of three polls of every node: the request moves into a box at once,
/// and the rest is small.
fn answer<T: Send + Unpin + 'static>(
    admitted: Result<T, HubError>,
    request: Request,
    next: Next,
) -> impl Future<Output = Response> + Send {
    let asked = Asked::of(&request);
    let trace = Trace::of(request.headers());
    let span = tracing::info_span!("request", id = asked.id, trace_id = trace.trace_id());
    let request = read_on(request);
    let (answering, place) = match admitted {
        Ok(place) => {
            let running = Box::pin(next.run(request));
            (Ok(running), Some(place))
        }
        Err(refused) => (Err(refused), None),
    };
    let answering = async move {
        let response = match answering {
            Ok(running) => {
                let answered = AssertUnwindSafe(running).catch_unwind().await;
                answered.unwrap_or_else(|_| HubError::Aborted.into_response())
            }
            Err(refused) => refused.into_response(),
        };
        let response = asked.tell(response);
        match place {
            Some(place) => holding(response, place),
            None => response,
        }
    };
    trace.scope(answering).instrument(span)
}

impl Asked {
    fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let peer = request.extensions().get::<Peer>();
        Self {
            id: hex::encode(random::<12>()),
            method: request.method().clone(),
            http: request.version(),
            route: route.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned()),
            instance: peer.map_or_else(String::new, |peer| peer.0.to_string()),
            began: Instant::now(),
        }
    }

    /// Finishes an answer, and tells the log and the counters of it.
    fn tell(self, mut response: Response) -> Response {
        let Self {
            id,
            method,
            http,
            route,
            instance,
            began,
        } = self;
        lapor_killpoints::pass("answer.before");
        if let Some(Failure(error)) = response.extensions_mut().remove() {
            let expected = matches!(error.code(), Code::Maintenance | Code::Recovering);
            if error.status() >= 500 && !expected {
                tracing::error!(route, instance, %error, "a request failed");
            }
            counter!("lapor_hub_refusals_total", "code" => error.code().as_str()).increment(1);
            tell(&mut response, &error, &id);
            if error.code() == Code::VersionUnsupported {
                name_upgrade(&mut response, http);
            }
        }
        let headers = response.headers_mut();
        headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, id);
        }
        let (status, took) = (response.status().as_u16(), began.elapsed());
        TRAFFIC.note(&method, &route, status, took);
        let ms = took.as_millis() as u64;
        tracing::debug!(%method, route, instance, status, ms, "answered");
        response
    }
}

/// RFC 9110 section 15.5.22: a 426 says to what to upgrade. HTTP/2 knows no such
/// header and forbids it (RFC 9113 section 8.2.2); there the detail says it.
fn name_upgrade(response: &mut Response, http: Version) {
    if http < Version::HTTP_2 {
        let headers = response.headers_mut();
        headers.insert(UPGRADE, UPGRADE_TO);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// Writes the problem.
fn tell(response: &mut Response, error: &HubError, request: &str) {
    let problem = error.problem(request);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM);
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}
