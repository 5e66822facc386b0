//! A receiver of webhooks of a few lines, for tests: it keeps what it heard and answers as it is told.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};

use super::WebhookSecret;

/// One call, as it came.
#[derive(Clone)]
pub struct Heard {
    headers: HeaderMap,
    pub body: String,
}

/// A receiver that answers as it is told, and then with 204.
#[derive(Clone, Default)]
pub struct TinyReceiver(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    heard: Vec<Heard>,
    answers: VecDeque<StatusCode>,
}

impl TinyReceiver {
    /// The receiver, and its address.
    pub async fn start() -> io::Result<(Self, String)> {
        let receiver = Self::default();
        let app = Router::new()
            .route("/lapor", post(hear))
            .with_state(receiver.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let at = format!("http://{}/lapor", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok((receiver, at))
    }

    /// How it answers the next calls.
    pub fn answers(&self, with: &[StatusCode]) {
        self.kept().answers.extend(with);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.kept().heard.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// Empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Whether it was signed with a secret, as a receiver verifies it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let secret: Option<WebhookSecret> = secret.parse().ok();
        let seconds = self.header("webhook-timestamp").parse().ok();
        let (Some(secret), Some(seconds)) = (secret, seconds) else {
            return false;
        };
        let expected = secret.sign(self.header("webhook-id"), seconds, &self.body);
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|one| one == expected)
    }
}

async fn hear(
    State(receiver): State<TinyReceiver>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut kept = receiver.kept();
    kept.heard.push(Heard { headers, body });
    kept.answers.pop_front().unwrap_or(StatusCode::NO_CONTENT)
}
