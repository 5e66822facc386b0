//! The JSON API of one node, as an application uses it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use lapor_node::casework::{Acted, CaseView, Filed};
use lapor_node::media::UploadReceipt;
use lapor_node::status::Status;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::attachment::Attachment;

/// How long a node may take over one request; a machine under load is slow.
const PATIENCE: Duration = Duration::from_mins(1);
/// Attempts at a request that a node puts off.
const ATTEMPTS: usize = 30;
/// Longest pause that a node may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A node with a token for it.
#[derive(Clone)]
pub struct Api {
    client: Client,
    slug: String,
    address: SocketAddr,
    token: String,
}

/// One client for all nodes.
pub fn client() -> anyhow::Result<Client> {
    // A proxy of the environment knows nothing of this machine's loopback.
    let builder = Client::builder().no_proxy().timeout(PATIENCE);
    builder.build().context("the HTTP client cannot be made")
}

impl Api {
    pub fn new(client: Client, slug: &str, address: SocketAddr, token: String) -> Self {
        Self {
            client,
            slug: slug.to_owned(),
            address,
            token,
        }
    }

    pub fn slug(&self) -> &str {
        &self.slug
    }

    pub async fn upload(&self, file: &Attachment) -> anyhow::Result<UploadReceipt> {
        let request = self.request(Method::POST, "uploads");
        let request = request.header(CONTENT_TYPE, file.media_type);
        self.answer(request.body(file.bytes.clone())).await
    }

    pub async fn file(&self, report: &Value) -> anyhow::Result<Filed> {
        self.answer(self.request(Method::POST, "reports").json(report))
            .await
    }

    pub async fn act(&self, case: &str, act: &Value) -> anyhow::Result<Acted> {
        let path = format!("cases/{case}/acts");
        self.answer(self.request(Method::POST, &path).json(act))
            .await
    }

    /// `None` while the case has not arrived at this node.
    pub async fn case(&self, case: &str) -> anyhow::Result<Option<CaseView>> {
        let response = self
            .send(self.request(Method::GET, &format!("cases/{case}")))
            .await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.read(response).await.map(Some)
    }

    /// `None` while the file has not arrived at this node.
    pub async fn attachment(&self, case: &str, sha256: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path = format!("cases/{case}/attachments/{sha256}");
        let response = self.send(self.request(Method::GET, &path)).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.refused(response).await?;
        let bytes = response.bytes().await.with_context(|| self.silent())?;
        Ok(Some(bytes.to_vec()))
    }

    pub async fn status(&self) -> anyhow::Result<Status> {
        self.answer(self.request(Method::GET, "status")).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}/api/v1/{path}", self.address);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let response = self.send(request).await?;
        self.read(response).await
    }

    /// Sends; a node that asks to come back later has stored nothing, so the
    /// same request is sent again.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        for _ in 1..ATTEMPTS {
            let again = request
                .try_clone()
                .context("a request cannot be repeated")?;
            let response = again.send().await.with_context(|| self.silent())?;
            let busy = [
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::SERVICE_UNAVAILABLE,
            ];
            if !busy.contains(&response.status()) {
                return Ok(response);
            }
            tokio::time::sleep(pause(&response)).await;
        }
        request.send().await.with_context(|| self.silent())
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> anyhow::Result<T> {
        let response = self.refused(response).await?;
        let answer = response.json().await;
        answer.with_context(|| format!("the API of {} answered something unknown", self.slug))
    }

    /// Turns a problem into an error that says it in the node's own words.
    async fn refused(&self, response: Response) -> anyhow::Result<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: Value = response.json().await.unwrap_or_default();
        let said = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        bail!(
            "{} refused it: {status} {} {}",
            self.slug,
            said("code"),
            said("detail")
        )
    }

    fn silent(&self) -> String {
        format!("the API of {} does not answer", self.slug)
    }
}

fn pause(response: &Response) -> Duration {
    let header = response.headers().get(RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
    let asked = Duration::from_secs(seconds.unwrap_or(1));
    asked.clamp(Duration::from_millis(100), LONGEST_PAUSE)
}
