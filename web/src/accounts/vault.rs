//! Seals the secrets of second factors, and what else a program must be able to
//! open again, so that whoever reads the database, or a backup of it alone, can
//! use none. Each is bound to its owner.

use std::sync::OnceLock;
use std::{fmt, io};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::AccountError;
use crate::chance::random;

const NONCE: usize = 24;

type Key = Zeroizing<[u8; 32]>;

/// A key that the program keeps in a file of its own, read or made when the
/// first second factor needs it: whoever uses none has no file to lose.
pub struct FactorKey {
    source: Box<dyn Fn() -> io::Result<Key> + Send + Sync>,
    known: OnceLock<Key>,
}

impl FactorKey {
    /// `source` gives the same key for ever, and makes it the first time.
    pub fn kept_by(source: impl Fn() -> io::Result<Key> + Send + Sync + 'static) -> Self {
        Self {
            source: Box::new(source),
            known: OnceLock::new(),
        }
    }

    /// The nonce, then XChaCha20-Poly1305 with the owner's name as associated data: an account's
    /// id, or what no account can be called.
    pub fn seal(&self, owner: &str, secret: &[u8]) -> Result<Vec<u8>, AccountError> {
        let nonce = random::<NONCE>();
        let sealed = self.cipher()?.encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: secret,
                aad: owner.as_bytes(),
            },
        );
        let sealed = sealed.map_err(|_| AccountError::Damaged("a sealed secret"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, AccountError> {
        let damaged = AccountError::Damaged(
            "a sealed secret (was the file with the key of second factors replaced?)",
        );
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(damaged);
        };
        let payload = Payload {
            msg: sealed,
            aad: owner.as_bytes(),
        };
        let opened = self.cipher()?.decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| damaged)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, AccountError> {
        let key = if let Some(known) = self.known.get() {
            known
        } else {
            let key = (self.source)().map_err(|error| {
                tracing::error!(%error, "the key of second factors cannot be used");
                AccountError::Damaged("the key of second factors")
            })?;
            self.known.get_or_init(|| key)
        };
        Ok(XChaCha20Poly1305::new((&**key).into()))
    }
}

impl fmt::Debug for FactorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_own_account_with_its_own_key() {
        let key = |byte| FactorKey::kept_by(move || Ok(Zeroizing::new([byte; 32])));
        let (siti, budi) = ("siti", "budi");
        let sealed = key(1).seal(siti, b"secret").unwrap();
        assert_eq!(&**key(1).open(siti, &sealed).unwrap(), b"secret");
        assert!(key(2).open(siti, &sealed).is_err());
        assert!(key(1).open(budi, &sealed).is_err());
        assert!(key(1).open(siti, &sealed[..20]).is_err());
        let lost = FactorKey::kept_by(|| Err(io::ErrorKind::PermissionDenied.into()));
        assert!(matches!(
            lost.open(siti, &sealed),
            Err(AccountError::Damaged(_))
        ));
    }
}
