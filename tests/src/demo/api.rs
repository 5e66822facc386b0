//! The JSON API of one node, as an application uses it: what is not answered is asked again, under the
//! same key where it changes something.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use lapor_node::casework::{Acted, CaseView, Filed};
use lapor_node::media::UploadReceipt;
use lapor_node::status::Status;
use lapor_web::chance::random;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::attachment::Attachment;
use super::{BUSY, PATIENCE};

/// How long one try may take: long, because days of the nodes pass in seconds of this machine, and
/// what was done under a key is known for some days only.
const TRY: Duration = Duration::from_mins(2);
/// Pause before what was not answered is asked again.
const BREATH: Duration = Duration::from_millis(500);
/// Longest pause that a node may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A node with a token for it.
#[derive(Clone)]
pub struct Api {
    client: Client,
    slug: String,
    address: SocketAddr,
    token: String,
}

/// An answer with its whole body.
struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// One client for all nodes.
pub fn client() -> anyhow::Result<Client> {
    // A proxy of the environment knows nothing of this machine's loopback.
    let builder = Client::builder().no_proxy().timeout(TRY);
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

    /// A file that was taken twice is used once; the other is swept away.
    pub async fn upload(&self, file: &Attachment) -> anyhow::Result<UploadReceipt> {
        let request = self.request(Method::POST, "uploads");
        let request = request.header(CONTENT_TYPE, file.media_type);
        self.answer(request.body(file.bytes.clone())).await
    }

    pub async fn file(&self, report: &Value) -> anyhow::Result<Filed> {
        self.answer(self.once("reports").json(report)).await
    }

    pub async fn act(&self, case: &str, act: &Value) -> anyhow::Result<Acted> {
        let path = format!("cases/{case}/acts");
        self.answer(self.once(&path).json(act)).await
    }

    /// `None` while the case has not arrived at this node.
    pub async fn case(&self, case: &str) -> anyhow::Result<Option<CaseView>> {
        let path = format!("cases/{case}");
        let heard = self.send(self.request(Method::GET, &path)).await?;
        if heard.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.read(heard).map(Some)
    }

    /// `None` while the file has not arrived at this node.
    pub async fn attachment(&self, case: &str, sha256: &str) -> anyhow::Result<Option<Bytes>> {
        let path = format!("cases/{case}/attachments/{sha256}");
        let heard = self.send(self.request(Method::GET, &path)).await?;
        if heard.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(self.refused(heard)?.body))
    }

    pub async fn webhooks(&self) -> anyhow::Result<Value> {
        self.answer(self.request(Method::GET, "webhooks")).await
    }

    /// Makes a webhook; its secret is told this once.
    pub async fn make_webhook(&self, new: &Value) -> anyhow::Result<Value> {
        self.answer(self.request(Method::POST, "webhooks").json(new))
            .await
    }

    pub async fn change_webhook(&self, id: &str, change: &Value) -> anyhow::Result<()> {
        let request = self.request(Method::PATCH, &format!("webhooks/{id}"));
        let changed: Value = self.answer(request.json(change)).await?;
        let slug = &self.slug;
        ensure!(changed["id"] == id, "{slug} has changed another webhook");
        Ok(())
    }

    pub async fn status(&self) -> anyhow::Result<Status> {
        self.answer(self.request(Method::GET, "status")).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}/api/v1/{path}", self.address);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// A request that changes something once, however often it is sent.
    fn once(&self, path: &str) -> RequestBuilder {
        let request = self.request(Method::POST, path);
        request.header(IDEMPOTENCY_KEY, hex::encode(random::<16>()))
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let heard = self.send(request).await?;
        self.read(heard)
    }

    /// Sends until there is an answer: whatever this application asks may be asked again.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Heard> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let again = request.try_clone();
            let again = again.context("a request cannot be repeated")?;
            let heard = heard(again).await;
            let pause = match &heard {
                Ok(heard) => pause(heard),
                Err(error) => (!error.is_builder()).then_some(BREATH),
            };
            match pause.filter(|_| Instant::now() < give_up) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return heard.with_context(|| self.silent()),
            }
        }
    }

    fn read<T: DeserializeOwned>(&self, heard: Heard) -> anyhow::Result<T> {
        let heard = self.refused(heard)?;
        let answer = serde_json::from_slice(&heard.body);
        answer.with_context(|| format!("the API of {} answered something unknown", self.slug))
    }

    /// Turns a problem into an error that says it in the node's own words.
    fn refused(&self, heard: Heard) -> anyhow::Result<Heard> {
        let status = heard.status;
        if status.is_success() {
            return Ok(heard);
        }
        let problem: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
        let said = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        bail!(
            "{} refused it: {status} {} {}",
            self.slug,
            said("code"),
            said("detail")
        )
    }

    fn silent(&self) -> String {
        let minutes = PATIENCE.as_secs() / 60;
        let slug = &self.slug;
        format!("the API of {slug} does not answer, asked again for {minutes} minutes; {BUSY}")
    }
}

async fn heard(request: RequestBuilder) -> reqwest::Result<Heard> {
    let response = request.send().await?;
    Ok(Heard {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await?,
    })
}

/// How long a node wants to be left alone that has done nothing; none where it has answered.
fn pause(heard: &Heard) -> Option<Duration> {
    let busy = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if !busy.contains(&heard.status) {
        return None;
    }
    let header = heard.headers.get(RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
    let asked = Duration::from_secs(seconds.unwrap_or(1));
    Some(asked.clamp(Duration::from_millis(100), LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::response::{IntoResponse as _, Response};
    use axum::routing::post;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;

    type Keys = Arc<Mutex<Vec<String>>>;

    /// A node whose line breaks before its first answer, and that is busy before its second.
    fn hesitant(keys: &Keys, request: &Request<Body>) -> Response {
        let key = request.headers()[IDEMPOTENCY_KEY].to_str().unwrap();
        let before = {
            let mut keys = keys.lock().unwrap();
            keys.push(key.to_owned());
            keys.len()
        };
        match before {
            1 => {
                let broken = std::io::Error::other("the line is broken");
                let nothing = futures_util::stream::iter([Err::<Bytes, _>(broken)]);
                Body::from_stream(nothing).into_response()
            }
            2 => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "0")]).into_response(),
            _ => axum::Json(json!({"code": "stale", "detail": "too late"})).into_response(),
        }
    }

    #[tokio::test]
    async fn what_is_not_answered_is_asked_again_under_the_same_key() {
        lapor_certs::tls::install_default_provider();
        let keys = Keys::default();
        let seen = Arc::clone(&keys);
        let answers = move |request: Request<Body>| ready(hesitant(&seen, &request));
        let router = Router::new().route("/api/v1/reports", post(answers));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let api = Api::new(client().unwrap(), "pusat", address, "token".into());
        for _ in 0..2 {
            let unknown = api.file(&json!({})).await.unwrap_err();
            assert!(
                unknown.to_string().contains("something unknown"),
                "{unknown}"
            );
        }
        let keys = keys.lock().unwrap();
        assert_eq!(keys.len(), 4);
        assert!(keys[0] == keys[1] && keys[1] == keys[2], "one request");
        assert_ne!(keys[2], keys[3], "another request");
    }
}
