//! What stands in a cookie or a link and opens something: 32 random bytes. Only
//! its SHA-256 is stored; with so much randomness a fast hash is enough, and
//! looking up the hash tells a guesser nothing by its timing. It never prints itself.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::chance::random;

const BYTES: usize = 32;
const CHARACTERS: usize = 43;

/// Shown once to whom it is for.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(super) fn random() -> Self {
        let bytes = Zeroizing::new(random::<BYTES>());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// What somebody presents; `None` if it has not the shape of a secret.
    pub fn presented(text: &str) -> Option<Self> {
        let shape = text.len() == CHARACTERS
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        shape.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// 43 letters, digits, hyphens and underscores.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_presented_as_it_was_shown_and_never_printed() {
        let secret = Secret::random();
        let again = Secret::presented(secret.reveal()).unwrap();
        assert_eq!(again.hash(), secret.hash());
        assert_ne!(Secret::random().hash(), secret.hash());
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn what_has_not_the_shape_of_a_secret_is_none() {
        let secret = Secret::random();
        let good = secret.reveal();
        for bad in [
            "",
            &good[1..],
            &format!("{good}a"),
            &good.replace(&good[..1], "/"),
            &"é".repeat(21),
        ] {
            assert!(Secret::presented(bad).is_none(), "{bad}");
        }
    }
}
