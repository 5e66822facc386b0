//! How calls reach the hub. A trait, so that a test can put a link between
//! that drops, delays, doubles and reorders.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lapor_certs::tls::{self, ClockDoubt, Refusal};
use lapor_certs::{Credential, TrustBundle};
use lapor_protocol::problem::Problem;
use lapor_protocol::wire::{VERSION, VERSION_HEADER};

use super::LinkError;
use crate::error::NodeError;
use crate::folder::{credential_path, roots_path};
use crate::node::Node;

/// Longest answer that is read: a page of the largest messages.
const ANSWER_BYTES: usize = 512 * 1024 * 1024;
/// What a call may take beyond the time it asks the hub to wait.
const PATIENCE: Duration = Duration::from_mins(1);

/// One request to the hub.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    /// Below the hub's address, with its query.
    pub path: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    /// How long the hub was asked to hold the answer back.
    pub wait: Duration,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            wait: Duration::ZERO,
        }
    }

    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.push((
            http::header::CONTENT_TYPE,
            HeaderValue::from_static(content_type),
        ));
        self.body = body.into();
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, LinkError> {
        serde_json::from_slice(&self.body).map_err(LinkError::hub)
    }
}

/// Carries calls to the hub. An answer other than success is an error.
pub trait Transport: Send + Sync {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>>;
}

/// HTTPS with the node's certificate, trusting the federation's roots only.
pub struct Https {
    client: reqwest::Client,
    base: String,
    doubt: Arc<ClockDoubt>,
}

impl Https {
    /// Reads certificate and roots from the node's keys folder.
    pub fn of(node: &Node) -> Result<Self, NodeError> {
        let keys = &node.settings().node.keys;
        let unusable = |e: String| NodeError::File(std::io::Error::other(e));
        let credential =
            Credential::load(&credential_path(keys)).map_err(|e| unusable(e.to_string()))?;
        let roots = std::fs::read_to_string(roots_path(keys))?;
        let roots = TrustBundle::from_pem(&roots).map_err(|e| unusable(e.to_string()))?;
        let clock = node.shared_clock();
        let doubt = Arc::new(ClockDoubt::default());
        let config = tls::federation_client_config(
            &credential,
            &roots,
            tls::clock(move || clock.now_ms()),
            Arc::clone(&doubt),
        )
        .map_err(|e| unusable(e.to_string()))?;
        let client = client(config).map_err(|e| unusable(e.to_string()))?;
        Ok(Self {
            client,
            base: node.joined()?.federation_url.as_str().to_owned(),
            doubt,
        })
    }

    /// Whether the hub's certificate made this node doubt its own clock.
    pub fn doubts_clock(&self) -> bool {
        self.doubt.is_raised()
    }

    async fn send(&self, call: Call) -> Result<Answer, LinkError> {
        let url = format!("{}{}", self.base, call.path);
        let mut request = self
            .client
            .request(call.method, url)
            .timeout(PATIENCE + call.wait)
            .body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|e| broken(&e))?;
        read_answer(response).await
    }
}

impl Transport for Https {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(self.send(call))
    }
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
        .connect_timeout(Duration::from_secs(20))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(20))
        .http2_keep_alive_while_idle(true)
        .http2_initial_stream_window_size(4 * 1024 * 1024)
        .http2_initial_connection_window_size(8 * 1024 * 1024)
        .build()
}

/// Reads a bounded answer; anything but success becomes an error.
pub(crate) async fn read_answer(mut response: reqwest::Response) -> Result<Answer, LinkError> {
    let status = response.status();
    let headers = response.headers().clone();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
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
        Ok(problem) => Err(LinkError::Refused(Box::new(problem))),
        Err(_) => Err(LinkError::NotTheHub(format!(
            "status {status} without a problem"
        ))),
    }
}

pub(crate) fn broken(error: &reqwest::Error) -> LinkError {
    if let Some(refusal) = tls::refusal_in(error) {
        return LinkError::Tls(refusal_text(refusal).to_owned());
    }
    // The chain of causes says what failed; the URL in it is the hub's and no secret.
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    LinkError::Unreachable(text)
}

fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::OurCertificateExpired => "this node's certificate has expired",
        Refusal::OurCertificateMissing => "the hub got no certificate from this node",
        Refusal::OurCertificateRefused => "the hub does not take this node's certificate",
        Refusal::HubNotPinned => "the hub shows another root than the one that is pinned",
        Refusal::HubNamedOtherwise => "the hub's certificate is for another name",
        Refusal::HubNotTrusted => {
            "the hub's certificate does not verify under the roots trusted here"
        }
    }
}
