//! How calls reach the hub. A trait, so that a test can put a link between
//! that drops, delays, doubles and reorders.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::LinkError;
use crate::error::NodeError;

/// A hub that takes longer to answer, or a line that does, gets one batch at a time: there two would
/// delay each other, and a line that breaks would lose both.
const QUICK: Duration = Duration::from_secs(2);

/// Which of the hub's listeners a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Everything but joining; the node shows its certificate.
    Federation,
    /// Joining and recovery; nobody shows a certificate.
    Enrolment,
}

/// One request to the hub.
#[derive(Debug, Clone)]
pub struct Call {
    pub listener: Listener,
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
            listener: Listener::Federation,
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            wait: Duration::ZERO,
        }
    }

    #[must_use]
    pub fn at(mut self, listener: Listener) -> Self {
        self.listener = listener;
        self
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

    pub fn json(self, body: &impl serde::Serialize) -> Result<Self, LinkError> {
        let body = serde_json::to_vec(body).map_err(NodeError::damaged)?;
        Ok(self.body("application/json", body))
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

    /// Whether the hub's certificate made this node doubt its own clock.
    fn doubts_clock(&self) -> bool {
        false
    }

    /// In which a batch is answered, if another may go out before its answer.
    fn quick(&self) -> Duration {
        QUICK
    }

    /// Shows from now on the certificate that lies in the keys folder, and knows the hub by the roots
    /// there. Says whether they are others than before.
    fn take_up_certificate(&self) -> Result<bool, LinkError>;

    /// Ends what is open to the hub, in order; nothing is called from now on.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
