//! The only way from here to the provider: to its own host, without redirects
//! and proxies, bounded in time and size. What the provider's description says
//! of other hosts is not followed, so nobody is led into the house by it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use openidconnect::url::Url;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::hindrance::with_causes;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);
/// Bytes of an answer, at most.
const LARGEST: usize = 512 * 1024;

/// Calls one host.
pub struct Caller {
    client: reqwest::Client,
    host: Url,
}

/// Why a call came to nothing. Says no token and no code.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the provider names {0}, which is another host than its own, and was not called")]
    OtherHost(String),
    #[error("the provider's answer is larger than {LARGEST} bytes")]
    Large,
    #[error("the provider cannot be reached: {0}")]
    Line(String),
    #[error("the provider's answer cannot be read")]
    Answer,
}

impl Caller {
    /// `roots` in PEM, beside those that the machine trusts.
    pub fn of(host: &Url, roots: Option<&[u8]>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE);
        if let Some(pem) = roots {
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        Ok(Self {
            client: builder.build()?,
            host: host.clone(),
        })
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let (parts, body) = request.into_parts();
        let url: Url = parts
            .uri
            .to_string()
            .parse()
            .map_err(|_| CallError::Answer)?;
        if url.origin() != self.host.origin() {
            return Err(CallError::OtherHost(url.origin().ascii_serialization()));
        }
        let line = |error: reqwest::Error| CallError::Line(with_causes(&error.without_url()));
        let asked = self
            .client
            .request(parts.method, url)
            .headers(parts.headers);
        let mut response = asked.body(body).send().await.map_err(line)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.extend(response.headers().clone());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(line)? {
            if bytes.len() + piece.len() > LARGEST {
                return Err(CallError::Large);
            }
            bytes.extend_from_slice(&piece);
        }
        answer.body(bytes).map_err(|_| CallError::Answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Caller {
    type Error = CallError;
    type Future = BoxFuture<'c, Result<HttpResponse, CallError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.answer(request))
    }
}
