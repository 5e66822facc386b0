//! A provider of identities of a few lines, for tests of programs: description,
//! keys and tokens on a port of its own. Its page for people is the test itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use lapor_protocol::keys::Signer;
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

/// What the provider says beside a complaint.
pub const WORDS: &str = "kode milik siti ditolak";

/// What the provider says of somebody, and how.
#[derive(Clone)]
pub struct Word {
    pub login: &'static str,
    pub subject: &'static str,
    pub verified: bool,
    pub nonce: Option<String>,
    pub audience: &'static str,
    pub issuer: Option<String>,
    /// How long ago the word was good until.
    pub age_s: i64,
    /// Signed with a key that is not the provider's.
    pub forged: bool,
}

impl Word {
    pub fn about(login: &'static str) -> Self {
        Self {
            login,
            subject: "17",
            verified: true,
            nonce: None,
            audience: "lapor",
            issuer: None,
            age_s: 0,
            forged: false,
        }
    }
}

struct Memory {
    now_s: i64,
    issuer: String,
    tokens_at: String,
    /// By code: the challenge, and the token that it brings.
    codes: HashMap<String, (String, String)>,
    called: usize,
    /// The seed of its key.
    seed: u8,
    /// Answers nothing of use.
    away: bool,
    /// What it says of a code that it does not know.
    complaint: &'static str,
}

pub struct StandIn {
    pub issuer: String,
    memory: Arc<Mutex<Memory>>,
    serving: tokio::task::JoinHandle<()>,
}

type Shared = State<Arc<Mutex<Memory>>>;

impl StandIn {
    /// One whose words are good at an instant, Unix ms.
    pub async fn start(now_ms: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let memory = Arc::new(Mutex::new(Memory {
            now_s: now_ms / 1000,
            tokens_at: format!("{issuer}/token"),
            issuer: issuer.clone(),
            codes: HashMap::new(),
            called: 0,
            seed: 7,
            away: false,
            complaint: "invalid_grant",
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&memory));
        let serving = tokio::spawn(async move {
            axum::serve(listener, routes).await.unwrap();
        });
        Self {
            issuer,
            memory,
            serving,
        }
    }

    /// What the provider's page would send the browser back to, for the page's own address.
    pub fn vouches(&self, there: &str, word: &Word) -> String {
        let there: Url = there.parse().unwrap();
        let asked: HashMap<String, String> = there.query_pairs().into_owned().collect();
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["client_id"], "lapor");
        assert_eq!(asked["redirect_uri"], "http://lapor.test/masuk/sso/kembali");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let mut memory = self.memory.lock().unwrap();
        let code = format!("kode-{}", memory.codes.len());
        let nonce = word.nonce.clone().unwrap_or_else(|| asked["nonce"].clone());
        let now_s = memory.now_s;
        let said = json!({
            "iss": word.issuer.as_ref().unwrap_or(&memory.issuer),
            "aud": word.audience,
            "sub": word.subject,
            "iat": now_s - word.age_s - 60,
            "exp": now_s - word.age_s + 3600,
            "nonce": nonce,
            "email": word.login,
            "email_verified": word.verified,
            "preferred_username": word.login,
            "name": "Orang Bandung",
        });
        let token = signed(&said, memory.seed + u8::from(word.forged));
        memory
            .codes
            .insert(code.clone(), (asked["code_challenge"].clone(), token));
        format!("/masuk/sso/kembali?state={}&code={code}", asked["state"])
    }

    pub fn names_tokens_at(&self, place: &str) {
        place.clone_into(&mut self.memory.lock().unwrap().tokens_at);
    }

    /// Signs with another key from now on.
    pub fn turns_key(&self) {
        self.memory.lock().unwrap().seed = 70;
    }

    pub fn goes_away(&self, away: bool) {
        self.memory.lock().unwrap().away = away;
    }

    /// Says this of a code that it does not know.
    pub fn complains(&self, complaint: &'static str) {
        self.memory.lock().unwrap().complaint = complaint;
    }

    /// How often anything was asked of it.
    pub fn called(&self) -> usize {
        self.memory.lock().unwrap().called
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn signed(said: &Value, seed: u8) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({"alg": "EdDSA", "typ": "JWT", "kid": "satu"});
    let text = format!("{}.{}", part(&head), part(said));
    let signature = Signer::from_seed(&[seed; 32]).sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn describe(State(memory): Shared) -> Result<Json<Value>, StatusCode> {
    let mut memory = memory.lock().unwrap();
    memory.called += 1;
    if memory.away {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let issuer = &memory.issuer;
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": memory.tokens_at,
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })))
}

async fn keys(State(memory): Shared) -> Json<Value> {
    let mut memory = memory.lock().unwrap();
    memory.called += 1;
    let signer = Signer::from_seed(&[memory.seed; 32]);
    let mut key = serde_json::to_value(signer.public()).unwrap();
    key["kid"] = "satu".into();
    key["use"] = "sig".into();
    Json(json!({"keys": [key]}))
}

async fn token(
    State(memory): Shared,
    body: String,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let mut memory = memory.lock().unwrap();
    memory.called += 1;
    let fields: Url = format!("http://x/?{body}").parse().unwrap();
    let fields: HashMap<String, String> = fields.query_pairs().into_owned().collect();
    let complaint = json!({"error": memory.complaint, "error_description": WORDS});
    let refused = (StatusCode::BAD_REQUEST, Json(complaint));
    let Some((challenge, token)) = memory.codes.remove(&fields["code"]) else {
        return Err(refused);
    };
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(fields["code_verifier"].as_bytes()));
    if proof != challenge {
        return Err(refused);
    }
    Ok(Json(json!({
        "access_token": "tidak-dipakai",
        "token_type": "Bearer",
        "id_token": token,
    })))
}
