//! HTTPS to the hub with the node's certificate, trusting the federation's
//! roots only. Another certificate is taken up while calls are under way: those
//! end on the connection on which they began.
//!
//! A node whose certificate is lost starts all the same, because the identity
//! key brings another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::BytesMut;
use futures_util::future::BoxFuture;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use lapor_certs::tls::{self, ClockDoubt};
use lapor_certs::{Credential, RootPin, TrustBundle};
use lapor_protocol::ids::Digest;
use lapor_protocol::limits::BATCH_BYTES;
use lapor_protocol::problem::Problem;
use lapor_protocol::wire::{VERSION, VERSION_HEADER};
use lapor_web::hindrance::with_causes;
use tokio::time::Instant;

use super::patience::Patience;
use super::transport::{Answer, Call, Listener, Transport};
use super::{LinkError, Refused, error::Unusable};
use crate::clock::Clock;
use crate::error::NodeError;
use crate::folder::{credential_path, roots_path};
use crate::node::Node;

/// Longest answer that is read; the hub ends a page at about a batch.
const ANSWER_BYTES: usize = 4 * BATCH_BYTES;
/// A connection with its handshake: some 6 KB, three seconds at 16 kbit/s.
const CONNECT: Duration = Duration::from_secs(15);
/// How often the hub is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// What it may take to say so: on a poor line the question waits behind all
/// that is being sent.
const KEEP_ALIVE_PATIENCE: Duration = Duration::from_mins(5);
/// A line that acknowledges nothing for so long is gone, whatever waits on it.
const LINE_GONE: Duration = Duration::from_secs(40);
/// What connections may take to say goodbye, and how often it is looked whether they have.
const GOODBYE: Duration = Duration::from_millis(300);
const GLANCE: Duration = Duration::from_millis(5);

/// A node's way to both listeners of its hub.
pub struct Https {
    keys: PathBuf,
    clock: Arc<dyn Clock>,
    federation: String,
    enrolment: String,
    /// Held by each client and each of its connections as well.
    doubt: Arc<ClockDoubt>,
    /// `None` once it is closed.
    shown: ArcSwapOption<Shown>,
    patience: Patience,
}

/// The clients made from what lay in the keys folder, or why there is none.
struct Shown {
    /// SHA-256 of the certificate that the node shows.
    leaf: Option<Digest>,
    /// The roots by which it knows the hub.
    roots: Vec<RootPin>,
    federation: Result<reqwest::Client, Unusable>,
    enrolment: Result<reqwest::Client, Unusable>,
}

impl Https {
    /// Reads certificate and roots from the node's keys folder.
    pub fn of(node: &Node) -> Result<Self, NodeError> {
        let joined = node.joined()?;
        let (keys, clock) = (node.settings().node.keys.clone(), node.shared_clock());
        let doubt = Arc::new(ClockDoubt::default());
        let shown = Shown::from_folder(&keys, &clock, &doubt);
        Ok(Self {
            federation: joined.federation_url.as_str().to_owned(),
            enrolment: joined.enrolment_url.as_str().to_owned(),
            shown: ArcSwapOption::from_pointee(shown),
            patience: Patience::default(),
            keys,
            clock,
            doubt,
        })
    }

    async fn send(&self, call: Call) -> Result<Answer, LinkError> {
        let shown = self.shown.load_full().ok_or_else(closed)?;
        let (client, base) = match call.listener {
            Listener::Federation => (&shown.federation, &self.federation),
            Listener::Enrolment => (&shown.enrolment, &self.enrolment),
        };
        let client = client.as_ref().map_err(Clone::clone)?;
        let size = call.body.len() as u64;
        let mut request = client
            .request(call.method, format!("{base}{}", call.path))
            .body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        lapor_killpoints::pass("send.before");
        let answer = answered(request, (size, call.wait), &self.patience).await;
        lapor_killpoints::pass("send.answered");
        answer
    }
}

impl Transport for Https {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(self.send(call))
    }

    fn doubts_clock(&self) -> bool {
        self.doubt.is_raised()
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        let next = Shown::from_folder(&self.keys, &self.clock, &self.doubt);
        if let Err(unusable) = &next.federation {
            return Err(unusable.clone().into());
        }
        let shown = self.shown.load_full().ok_or_else(closed)?;
        // The same certificate keeps its connections.
        let same = next.leaf == shown.leaf && next.roots == shown.roots;
        if same && shown.federation.is_ok() {
            return Ok(false);
        }
        self.shown.store(Some(Arc::new(next)));
        Ok(true)
    }

    /// A client that is dropped has its connections say goodbye to the hub, in tasks that must be
    /// polled for it: a runtime that ends at once tears them.
    fn close(&self) -> BoxFuture<'_, ()> {
        self.shown.store(None);
        Box::pin(async move {
            let gone = async {
                while Arc::strong_count(&self.doubt) > 1 {
                    tokio::time::sleep(GLANCE).await;
                }
            };
            if tokio::time::timeout(GOODBYE, gone).await.is_err() {
                tracing::debug!("a connection to the hub was still open when the node stopped");
            }
        })
    }
}

impl Shown {
    fn from_folder(keys: &Path, clock: &Arc<dyn Clock>, doubt: &Arc<ClockDoubt>) -> Self {
        let roots = match trusted(keys) {
            Ok(roots) => roots,
            Err(unusable) => {
                return Self {
                    leaf: None,
                    roots: Vec::new(),
                    federation: Err(unusable.clone()),
                    enrolment: Err(unusable),
                };
            }
        };
        let time = || {
            let clock = Arc::clone(clock);
            tls::clock(move || clock.now_ms())
        };
        let enrolment = tls::enrolment_client_config(&roots.pins(), time(), Arc::clone(doubt));
        let credential = Credential::load(&credential_path(keys)).map_err(Unusable::certificate);
        let leaf = credential.as_ref().ok().map(|held| held.leaf().as_ref());
        Self {
            leaf: leaf.map(Digest::of),
            roots: roots.pins(),
            federation: credential.and_then(|credential| {
                let doubt = Arc::clone(doubt);
                let config = tls::federation_client_config(&credential, &roots, time(), doubt);
                client(config.map_err(Unusable::certificate)?).map_err(Unusable::certificate)
            }),
            enrolment: enrolment
                .map_err(Unusable::roots)
                .and_then(|config| client(config).map_err(Unusable::roots)),
        }
    }
}

fn closed() -> LinkError {
    LinkError::Unreachable("this node is stopping".into())
}

/// The roots that this node trusts.
pub(crate) fn trusted(keys: &Path) -> Result<TrustBundle, Unusable> {
    let text = std::fs::read_to_string(roots_path(keys)).map_err(Unusable::roots)?;
    TrustBundle::from_pem(&text).map_err(Unusable::roots)
}

/// A client for the hub and nobody else: no proxy, no redirect. Every call
/// names the version that it speaks.
pub(crate) fn client(config: rustls::ClientConfig) -> Result<reqwest::Client, reqwest::Error> {
    let version = (
        HeaderName::from_static(VERSION_HEADER),
        HeaderValue::from_static(VERSION),
    );
    reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([version]))
        .tls_backend_preconfigured(config)
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .tcp_user_timeout(LINE_GONE)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE_PATIENCE)
        .http2_keep_alive_while_idle(true)
        .http2_initial_stream_window_size(4 * 1024 * 1024)
        .http2_initial_connection_window_size(8 * 1024 * 1024)
        .build()
}

/// Sends a request with so many bytes, which the hub may hold back for so long,
/// and reads its answer.
pub(crate) async fn answered(
    request: reqwest::RequestBuilder,
    asked: (u64, Duration),
    patience: &Patience,
) -> Result<Answer, LinkError> {
    let response = patience.answer(asked, request.send()).await?;
    read_answer(response.map_err(|e| broken(&e))?, patience).await
}

/// Reads an answer, bounded in its length and in its time; anything but success
/// becomes an error.
async fn read_answer(
    mut response: reqwest::Response,
    patience: &Patience,
) -> Result<Answer, LinkError> {
    let status = response.status();
    let headers = response.headers().clone();
    let mut body = BytesMut::new();
    let began = Instant::now();
    loop {
        let chunk = patience.piece(began, body.len(), response.chunk()).await?;
        let chunk = chunk.map_err(|e| broken(&e))?;
        let Some(chunk) = chunk else { break };
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(LinkError::NotTheHub(
                "its answer is longer than any the hub gives".into(),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    // A captive portal answers 200 with a page; the hub always names its version.
    if !headers.contains_key(VERSION_HEADER) {
        return Err(LinkError::NotTheHub(format!(
            "status {status} without {VERSION_HEADER}"
        )));
    }
    if status.is_success() {
        return Ok(Answer {
            status: status.as_u16(),
            headers,
            body: body.freeze(),
        });
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(LinkError::Refused(Box::new(Refused {
            problem,
            retry_after: retry_after(&headers),
        }))),
        Err(_) => Err(LinkError::NotTheHub(format!(
            "status {status} without a problem"
        ))),
    }
}

/// The pause that the hub asks for, which it states in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}

pub(crate) fn broken(error: &reqwest::Error) -> LinkError {
    if let Some(refusal) = tls::refusal_in(error) {
        return LinkError::Tls(refusal);
    }
    // The chain of causes says what failed; the URL in it is the hub's and no secret.
    LinkError::Unreachable(with_causes(error))
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use lapor_protocol::problem::Code;
    use lapor_web::pace::Pace;

    use super::*;

    fn answer(status: u16, body: reqwest::Body) -> reqwest::Response {
        http::Response::builder()
            .status(status)
            .header(VERSION_HEADER, VERSION)
            .header(RETRY_AFTER, "90")
            .body(body)
            .unwrap()
            .into()
    }

    #[tokio::test]
    async fn a_refusal_brings_the_pause_that_the_hub_asks_for() {
        let problem = serde_json::to_vec(&Problem::new(Code::RateLimited)).unwrap();
        let refused = read_answer(answer(429, problem.into()), &Patience::default()).await;
        let refused = refused.unwrap_err();
        let LinkError::Refused(refused) = refused else {
            panic!("{refused}");
        };
        assert_eq!(refused.code, Code::RateLimited);
        assert_eq!(refused.retry_after, Some(Duration::from_secs(90)));
        let dated = HeaderMap::from_iter([(
            RETRY_AFTER,
            HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT"),
        )]);
        assert_eq!(retry_after(&dated), None);
    }

    #[tokio::test]
    async fn an_answer_that_stops_in_the_middle_is_given_up() {
        let pieces = || stream::repeat("sixteen bytes..\n").map(Ok::<_, std::io::Error>);
        let whole = reqwest::Body::wrap_stream(pieces().take(1000));
        let read = read_answer(answer(200, whole), &Patience::default())
            .await
            .unwrap();
        assert_eq!(read.body.len(), 16_000);
        let impatient = Patience::of(Pace {
            pause: Duration::from_millis(5),
            grace: Duration::from_millis(5),
            bytes_per_second: 1,
        });
        let stopped = reqwest::Body::wrap_stream(pieces().take(1000).chain(stream::pending()));
        let error = read_answer(answer(200, stopped), &impatient).await;
        assert!(matches!(error, Err(LinkError::Unreachable(_))), "{error:?}");
    }
}
