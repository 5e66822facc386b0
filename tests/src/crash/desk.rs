//! The JSON API of a node that may be dead at any moment: whoever asks learns
//! the answer, or that there is none now, and must then look before it asks again.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// Longer than any answer takes, so that no request is at work unseen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node and a token for it.
pub struct Desk {
    pub slug: &'static str,
    client: Client,
    site: String,
    base: String,
    token: String,
}

impl Desk {
    pub fn new(slug: &'static str, api: SocketAddr, token: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self {
            slug,
            client,
            site: format!("http://{api}"),
            base: format!("http://{api}/api/v1"),
            token: token.to_owned(),
        })
    }

    /// The address of a door of this node that is none of the API's.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    pub async fn read(&self, path: &str) -> Result<Option<Value>> {
        self.ask(self.request(Method::GET, path)).await
    }

    pub async fn tell(&self, path: &str, body: &Value) -> Result<Option<Value>> {
        self.ask(self.request(Method::POST, path).json(body)).await
    }

    /// Uploads a file; gives the name under which an act uses it.
    pub async fn upload(&self, bytes: &[u8]) -> Result<Option<String>> {
        let request = self.request(Method::POST, "uploads");
        let request = request.header(CONTENT_TYPE, "image/jpeg");
        let answer = self.ask(request.body(bytes.to_vec())).await?;
        Ok(answer.and_then(|answer| Some(answer["upload"].as_str()?.to_owned())))
    }

    /// A case as this node sees it.
    pub async fn case(&self, case: &str) -> Result<Option<Value>> {
        self.read(&format!("cases/{case}")).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.base);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// `None` for no answer, a broken one, and one that says to come later or
    /// that something (a case, a key, the directory) has not arrived; an error for any other refusal, because the work
    /// holds only what is allowed.
    async fn ask(&self, request: RequestBuilder) -> Result<Option<Value>> {
        let Ok(response) = request.send().await else {
            return Ok(None);
        };
        let status = response.status();
        let Ok(text) = response.text().await else {
            return Ok(None);
        };
        if status.is_success() {
            let read = serde_json::from_str(&text);
            return read
                .map(Some)
                .with_context(|| format!("{} says {text}", self.slug));
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let later = status.is_server_error()
            || status == StatusCode::NOT_FOUND
            || problem["code"] == "key_missing"
            || problem["reason"] == "unknown_instance";
        if later {
            return Ok(None);
        }
        bail!("{} refused: {status} {text}", self.slug)
    }
}
