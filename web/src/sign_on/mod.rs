//! Logging in with the institution's own provider (OpenID Connect Core 1.0, code
//! flow with PKCE). The provider says who somebody is; what they may do here is
//! an account of this program, found by a claim that the operator has chosen.
//!
//! State, nonce and verifier never leave this process, and the answer is taken
//! only from the browser that asked: its cookie holds a secret of its own.

mod caller;
mod settings;
#[cfg(feature = "proof")]
pub mod stand_in;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdToken, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse,
    TokenResponse as _,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex as Turn;

use crate::chance::random;
use caller::Caller;

pub use settings::{Claim, SignOnSettings, SignOnSettingsError};

/// Where the provider sends people back.
pub const RETURN: &str = "/masuk/sso/kembali";

const MINUTE_MS: i64 = 60_000;
/// Seconds that somebody may take at the provider.
pub const PATIENCE_S: i64 = 10 * 60;
/// Log-ins on their way, at most; one more forgets the oldest.
const UNDER_WAY: usize = 2000;
/// How long the provider's description and keys are good.
const DESCRIBED_MS: i64 = 60 * MINUTE_MS;
/// How old they are at least when a key that is not among them has them asked for again.
const ASKED_AGAIN_MS: i64 = MINUTE_MS;
/// For how long a provider that did not answer is not asked again.
const AWAY_MS: i64 = MINUTE_MS / 2;

type Provider = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Single sign-on of a program, if it is set.
pub struct SignOn {
    settings: SignOnSettings<&'static str>,
    back_to: Option<String>,
    under_way: Mutex<HashMap<String, Flow>>,
    known: Turn<Memory>,
}

/// What the provider last said.
#[derive(Default)]
struct Memory {
    known: Option<Known>,
    /// When it did not answer (Unix ms), and what was wrong.
    away: Option<(i64, String)>,
}

/// The provider as it described itself.
#[derive(Clone)]
struct Known {
    /// Unix ms.
    at: i64,
    caller: Arc<Caller>,
    provider: Arc<Provider>,
}

/// A log-in on its way.
struct Flow {
    browser: [u8; 32],
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    next: String,
    /// Unix ms.
    until: i64,
}

/// A log-in that begins.
pub struct Begun {
    /// The page of the provider.
    pub url: String,
    /// For the cookie of the browser.
    pub secret: String,
}

/// Somebody for whom the provider vouches.
pub struct Vouched {
    /// Address of an account.
    pub login: String,
    /// The provider, and who they are there for ever.
    pub issuer: String,
    pub subject: String,
    /// What they are called, if the provider says.
    pub name: Option<String>,
    /// Where they wanted to go.
    pub next: String,
}

/// Why nobody logs in. No message holds a token, a code or a person.
#[derive(Debug, thiserror::Error)]
pub enum SignOnError {
    #[error("single sign-on is not set up")]
    Off,
    #[error(transparent)]
    Settings(#[from] SignOnSettingsError),
    /// The provider does not answer as it should.
    #[error("the provider does not answer as it should: {0}")]
    Provider(String),
    /// Too late, in another browser, a second time, or never begun here.
    #[error("this log-in was not begun here, or is over")]
    Stale,
    /// The provider refuses, or says nothing that can be used.
    #[error("the provider vouches for nobody: {0}")]
    Refused(&'static str),
}

impl SignOn {
    /// `site` is where people find the program's pages, as its operator says.
    pub fn of<R: Copy + Into<&'static str>>(
        settings: &SignOnSettings<R>,
        site: Option<String>,
    ) -> Self {
        Self {
            settings: settings.with_codes(),
            back_to: site.map(|site| format!("{site}{RETURN}")),
            under_way: Mutex::default(),
            known: Turn::default(),
        }
    }

    pub fn is_on(&self) -> bool {
        self.settings.is_on()
    }

    pub fn settings(&self) -> &SignOnSettings<&'static str> {
        &self.settings
    }

    /// Proves the settings and asks the provider for its description.
    pub async fn prove(&self, now: i64) -> Result<(), SignOnError> {
        self.known(now).await.map(drop)
    }

    /// Begins a log-in that shall end at `next`.
    pub async fn begin(&self, next: &str, now: i64) -> Result<Begun, SignOnError> {
        let known = self.known(now).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asked = known.provider.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        let (url, state, nonce) = asked
            .add_scope(Scope::new("email".into()))
            .add_scope(Scope::new("profile".into()))
            .set_pkce_challenge(challenge)
            .url();
        let secret = URL_SAFE_NO_PAD.encode(random::<24>());
        let flow = Flow {
            browser: Sha256::digest(secret.as_bytes()).into(),
            nonce,
            verifier,
            next: next.to_owned(),
            until: now + PATIENCE_S * 1000,
        };
        let mut under_way = self.flows();
        under_way.retain(|_, flow| flow.until > now);
        if under_way.len() >= UNDER_WAY {
            let oldest = under_way.iter().min_by_key(|(_, flow)| flow.until);
            if let Some(oldest) = oldest.map(|(state, _)| state.clone()) {
                under_way.remove(&oldest);
            }
        }
        under_way.insert(state.secret().clone(), flow);
        Ok(Begun {
            url: url.into(),
            secret,
        })
    }

    /// Takes what the provider sends back through the browser that holds `secret`.
    pub async fn finish(
        &self,
        state: &str,
        code: &str,
        secret: &str,
        now: i64,
    ) -> Result<Vouched, SignOnError> {
        let flow = self.taken(state, secret, now)?;
        let known = self.known(now).await?;
        let exchange = known
            .provider
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| SignOnError::Provider("it names no place for tokens".into()))?
            .set_pkce_verifier(flow.verifier);
        let tokens = exchange
            .request_async(&*known.caller)
            .await
            .map_err(|error| unexchanged(&error))?;
        let token = tokens
            .id_token()
            .ok_or(SignOnError::Refused("there is no identity in its answer"))?;
        let mut claims = known.claims(token, &flow.nonce, now);
        if let Err(ClaimsVerificationError::SignatureVerification(_)) = &claims
            && now - known.at >= ASKED_AGAIN_MS
        {
            // It may sign with a new key.
            let anew = self.described(now, Some(known.at)).await?;
            claims = anew.claims(token, &flow.nonce, now);
        }
        let claims =
            claims.map_err(|_| SignOnError::Refused("its word is not signed for this log-in"))?;
        Ok(Vouched {
            login: self.login(claims)?,
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: claims
                .name()
                .and_then(|names| names.get(None))
                .map(|name| name.to_string()),
            next: flow.next,
        })
    }

    /// Ends a log-in that was broken off at the provider, which then sends no code.
    /// Errors: `Stale` for one that the browser that holds `secret` has not under way.
    pub fn break_off(&self, state: &str, secret: &str, now: i64) -> Result<(), SignOnError> {
        self.taken(state, secret, now).map(drop)
    }

    /// The log-in of a browser; it is under way no more.
    fn taken(&self, state: &str, secret: &str, now: i64) -> Result<Flow, SignOnError> {
        let flow = self.flows().remove(state).ok_or(SignOnError::Stale)?;
        let browser: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        if flow.until <= now || !bool::from(browser.ct_eq(&flow.browser)) {
            return Err(SignOnError::Stale);
        }
        Ok(flow)
    }

    fn login(&self, claims: &CoreIdTokenClaims) -> Result<String, SignOnError> {
        let named = match self.settings.claim {
            Claim::Email if claims.email_verified() == Some(true) => {
                claims.email().map(|email| email.to_string())
            }
            Claim::Email => return Err(SignOnError::Refused("it has not verified the address")),
            Claim::PreferredUsername => claims.preferred_username().map(|name| name.to_string()),
        };
        named.ok_or(SignOnError::Refused("the claim is missing"))
    }

    /// The provider, described within the last hour.
    async fn known(&self, now: i64) -> Result<Known, SignOnError> {
        self.described(now, None).await
    }

    /// The same, and later than a description that has turned out to be outdated.
    async fn described(&self, now: i64, outdated: Option<i64>) -> Result<Known, SignOnError> {
        let issuer = self.settings.issuer()?.ok_or(SignOnError::Off)?;
        let mut memory = self.known.lock().await;
        let good = |known: &&Known| now - known.at < DESCRIBED_MS && Some(known.at) != outdated;
        if let Some(known) = memory.known.as_ref().filter(good) {
            return Ok(known.clone());
        }
        if let Some((at, problem)) = &memory.away
            && now - at < AWAY_MS
        {
            return Err(SignOnError::Provider(problem.clone()));
        }
        let asked = self.describe(issuer, now).await;
        match &asked {
            Ok(known) => {
                *memory = Memory {
                    known: Some(known.clone()),
                    away: None,
                }
            }
            Err(SignOnError::Provider(problem)) => memory.away = Some((now, problem.clone())),
            Err(_) => {}
        }
        asked
    }

    async fn describe(&self, issuer: IssuerUrl, now: i64) -> Result<Known, SignOnError> {
        let back_to = self.back_to.clone().ok_or(SignOnSettingsError::NoSite)?;
        let back_to = RedirectUrl::new(back_to).map_err(|_| SignOnSettingsError::NoSite)?;
        let secret = self.settings.client_secret_file.as_ref();
        let secret = secret
            .map(|path| read("client_secret_file", path))
            .transpose()?;
        let secret = secret.map(|text| {
            let line = text.lines().next().unwrap_or_default();
            ClientSecret::new(line.trim().to_owned())
        });
        let roots = self.settings.roots.as_ref();
        let roots = roots.map(|path| read("roots", path)).transpose()?;
        let caller = Caller::of(issuer.url(), roots.as_deref().map(str::as_bytes))
            .map_err(|error| SignOnError::Provider(error.to_string()))?;
        let described = CoreProviderMetadata::discover_async(issuer, &caller).await;
        let described = described.map_err(|error| SignOnError::Provider(outermost(&error)))?;
        let client = ClientId::new(self.settings.client_id.clone());
        let provider = CoreClient::from_provider_metadata(described, client, secret);
        Ok(Known {
            at: now,
            caller: Arc::new(caller),
            provider: Arc::new(provider.set_redirect_uri(back_to)),
        })
    }

    fn flows(&self) -> std::sync::MutexGuard<'_, HashMap<String, Flow>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What a token says, if the provider signed it for the log-in of this nonce.
    fn claims<'t>(
        &self,
        token: &'t CoreIdToken,
        nonce: &Nonce,
        now: i64,
    ) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
        let instant = DateTime::<Utc>::from_timestamp_millis(now).unwrap_or_default();
        let verifier = self
            .provider
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPssSha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EcdsaP384Sha384,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_time_fn(move || instant);
        token.claims(&verifier, nonce)
    }
}

fn read(field: &'static str, path: &std::path::Path) -> Result<String, SignOnSettingsError> {
    std::fs::read_to_string(path).map_err(|error| SignOnSettingsError::File {
        field,
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

/// Why a code brought no tokens, in our own words: anybody can come back with a code that is none.
fn unexchanged<E: std::error::Error + 'static>(
    error: &RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>,
) -> SignOnError {
    let problem = match error {
        RequestTokenError::ServerResponse(said) => match said.error() {
            CoreErrorResponseType::InvalidGrant => {
                return SignOnError::Refused("it does not know the code");
            }
            CoreErrorResponseType::InvalidClient => "it does not know this client, or its secret",
            CoreErrorResponseType::UnauthorizedClient => "it does not allow this client to log in",
            _ => "it refuses to give tokens",
        },
        RequestTokenError::Request(error) => return SignOnError::Provider(error.to_string()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => "it gives no tokens",
    };
    SignOnError::Provider(problem.to_owned())
}

/// What went wrong with its first cause, without the provider's own words, which may quote ours.
fn outermost(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
