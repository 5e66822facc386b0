//! A program of an institution that a webhook of its node tells what changes: it takes what is signed
//! with the secret that it was given, each `webhook-id` once, and shows what it took.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::serving::Serving;

const PREFIX: &str = "whsec_";
/// Calls that are shown, the latest.
const SHOWN: usize = 1000;

pub struct Receiver {
    kept: Kept,
    serving: Serving,
}

type Kept = Arc<Mutex<Heard>>;

#[derive(Default)]
struct Heard {
    secret: Vec<u8>,
    ids: BTreeSet<String>,
    taken: Vec<Value>,
}

impl Receiver {
    /// Believes nobody yet.
    pub async fn open() -> Self {
        let kept = Kept::default();
        let router = Router::new()
            .route("/", get(show))
            .route("/lapor", post(take))
            .with_state(Arc::clone(&kept));
        Self {
            kept,
            serving: Serving::of(router).await,
        }
    }

    /// Where it is told.
    pub fn url(&self) -> String {
        format!("{}/lapor", self.serving.base)
    }

    /// Where it shows what it was told, as JSON.
    pub fn page(&self) -> String {
        format!("{}/", self.serving.base)
    }

    /// Takes what is signed with this secret from now on: `whsec_` and base64; nothing with any other text.
    pub fn believes(&self, secret: &str) {
        let secret = secret.strip_prefix(PREFIX);
        let secret = secret.and_then(|text| STANDARD.decode(text).ok());
        heard(&self.kept).secret = secret.unwrap_or_default();
    }

    /// What it was told, each once, in the order in which it came.
    pub fn taken(&self) -> Vec<Value> {
        heard(&self.kept).taken.clone()
    }
}

impl Heard {
    /// Whether one of the signatures is of this secret.
    fn believes(&self, signed: &str, signatures: &str) -> bool {
        if self.secret.is_empty() {
            return false;
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(signed.as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        signatures.split(' ').any(|one| one == expected)
    }
}

async fn take(State(kept): State<Kept>, heads: HeaderMap, body: String) -> StatusCode {
    let said = |name: &str| {
        let value = heads.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let id = said("webhook-id");
    let signed = format!("{id}.{}.{body}", said("webhook-timestamp"));
    let mut heard = heard(&kept);
    if !heard.believes(&signed, said("webhook-signature")) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(told) = serde_json::from_str(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    if heard.ids.insert(id.to_owned()) {
        heard.taken.push(told);
    }
    StatusCode::NO_CONTENT
}

async fn show(State(kept): State<Kept>) -> Json<Vec<Value>> {
    let heard = heard(&kept);
    let beyond = heard.taken.len().saturating_sub(SHOWN);
    Json(heard.taken[beyond..].to_vec())
}

fn heard(kept: &Kept) -> MutexGuard<'_, Heard> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::serving::Knock;

    /// Of Standard Webhooks.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn call(signature: &str) -> Knock {
        Knock {
            headers: vec![
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
                ("webhook-timestamp", "1614265330".to_owned()),
                ("webhook-signature", signature.to_owned()),
            ],
            body: br#"{"test": 2432232314}"#.to_vec(),
        }
    }

    #[tokio::test]
    async fn what_is_signed_with_its_secret_is_taken_once() {
        // As a program's `main` does; another test of this process may have done it.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.install_default().ok();
        let receiver = Receiver::open().await;
        let url = receiver.url();
        assert_eq!(
            call(SIGNATURE).at(&url).await.unwrap(),
            401,
            "no secret yet"
        );
        receiver.believes(SECRET);
        assert_eq!(call("v1,AAAA").at(&url).await.unwrap(), 401);
        let both = format!("v1,AAAA {SIGNATURE}");
        for signature in [SIGNATURE, &both] {
            assert_eq!(call(signature).at(&url).await.unwrap(), 204);
        }
        assert_eq!(receiver.taken(), [json!({"test": 2_432_232_314_u32})]);
        receiver.believes("rahasia");
        assert_eq!(call(SIGNATURE).at(&url).await.unwrap(), 401);
    }
}
