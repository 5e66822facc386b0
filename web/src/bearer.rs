//! What the bearer tokens of both programs have in common: a prefix and 32
//! random bytes, of which only the SHA-256 is stored. With so much randomness
//! a fast hash is enough, and looking up the hash tells a guesser nothing by
//! its timing.

pub mod owners;
pub mod store;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ApiProblem;
use crate::chance::random;

/// How long a token that was looked up is not looked up again, in ms.
pub const RECENT_MS: i64 = 1000;
/// Tokens that are remembered so; more callers at once are looked up more often.
const RECENT_MOST: usize = 1000;
/// Characters of 32 bytes in base64.
const SECRET_CHARS: usize = 43;
/// Bytes of a token's name.
const NAME_BYTES: usize = 60;

/// A name that no token can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name: expected 1 to {NAME_BYTES} letters, digits, dots, hyphens or underscores")]
pub struct NameError;

/// A new secret that begins so. It is shown once and stored nowhere.
pub fn fresh(prefix: &str) -> Zeroizing<String> {
    let secret = URL_SAFE_NO_PAD.encode(random::<32>());
    Zeroizing::new(format!("{prefix}{secret}"))
}

/// Whether this can be a secret that begins so.
pub fn has_shape(secret: &str, prefix: &str) -> bool {
    secret
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == SECRET_CHARS)
}

/// What is stored of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The name of a token, as the audit log shows it.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(NameError)
}

/// The secret in `Bearer SECRET`; the scheme's case does not matter (RFC 9110, 11.1).
pub fn secret_of(header: &HeaderValue) -> Option<&str> {
    let (scheme, secret) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Refuses a request without a token; `command` makes one.
pub fn missing(realm: &str, command: &str) -> ApiProblem {
    let challenge = format!("Bearer realm=\"{realm}\"");
    unauthorised("token_missing", "A token is needed", &challenge).with_detail(format!(
        "Send `Authorization: Bearer TOKEN`; the operator makes tokens with `{command}`."
    ))
}

/// Refuses a token that is none, or is none any more.
pub fn wrong(realm: &str) -> ApiProblem {
    let challenge = format!("Bearer realm=\"{realm}\", error=\"invalid_token\"");
    unauthorised("token_invalid", "The token is not valid", &challenge)
        .with_detail("It is unknown here or has been revoked; ask the operator for another.")
}

fn unauthorised(code: &'static str, title: &'static str, challenge: &str) -> ApiProblem {
    let problem = ApiProblem::new(StatusCode::UNAUTHORIZED, code, title);
    match HeaderValue::from_str(challenge) {
        Ok(challenge) => problem.with_header(WWW_AUTHENTICATE, challenge),
        Err(_) => problem,
    }
}

/// Tokens that were looked up a moment ago, by the hash of their secret: a caller that asks often
/// costs the database nothing.
pub struct Recent<B>(Mutex<HashMap<[u8; 32], (B, i64)>>);

impl<B> Default for Recent<B> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<B: Clone> Recent<B> {
    /// Whose token this is, if that was looked up in the second before `now` (Unix ms).
    pub fn find(&self, hash: &[u8; 32], now: i64) -> Option<B> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bearer, at) = known.get(hash)?;
        (0..RECENT_MS).contains(&(now - at)).then(|| bearer.clone())
    }

    pub fn note(&self, hash: [u8; 32], bearer: B, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= RECENT_MOST {
            known.clear();
        }
        known.insert(hash, (bearer, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_shape_of_its_prefix_and_another_has_not() {
        let secret = fresh("lpt_");
        assert!(has_shape(&secret, "lpt_"));
        for other in ["lpx_", "lpt", ""] {
            assert!(!has_shape(&secret, other), "{other}");
        }
        assert_ne!(hash(&secret), hash(&fresh("lpt_")));
    }

    #[test]
    fn a_name_is_plain_and_not_long() {
        for good in ["a", "desk-app", "A.b_c-9", &"x".repeat(60)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "two words", "ünïcode", &"x".repeat(61)] {
            assert_eq!(check_name(bad), Err(NameError), "{bad}");
        }
    }

    #[test]
    fn a_scheme_is_read_in_any_case_and_no_other_is_read() {
        let read = |text: &'static str| {
            let header = HeaderValue::from_static(text);
            secret_of(&header).map(str::to_owned)
        };
        assert_eq!(read("bearer  lpt_x").as_deref(), Some("lpt_x"));
        assert_eq!(read("Basic lpt_x"), None);
        assert_eq!(read("lpt_x"), None);
    }

    #[test]
    fn who_was_looked_up_is_known_for_a_second() {
        let recent = Recent::default();
        recent.note([1; 32], "desk", 10);
        assert_eq!(recent.find(&[1; 32], 10 + RECENT_MS - 1), Some("desk"));
        assert_eq!(recent.find(&[1; 32], 10 + RECENT_MS), None);
        assert_eq!(recent.find(&[1; 32], 9), None, "a clock that was set back");
        assert_eq!(recent.find(&[2; 32], 10), None);
    }
}
