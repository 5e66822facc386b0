//! Seals the secrets of second factors, so that whoever reads the database, or
//! a backup of it alone, cannot make codes. Each is bound to its account.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{AccountError, AccountId};
use crate::chance::random;

const NONCE: usize = 24;

/// A key that the program keeps in a file of its own.
pub struct FactorKey(Zeroizing<[u8; 32]>);

impl FactorKey {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The nonce, then XChaCha20-Poly1305 with the account's id as associated data.
    pub(super) fn seal(&self, account: &AccountId, secret: &[u8]) -> Result<Vec<u8>, AccountError> {
        let nonce = random::<NONCE>();
        let sealed = self.cipher().encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: secret,
                aad: account.as_str().as_bytes(),
            },
        );
        let sealed = sealed.map_err(|_| AccountError::Damaged("a second factor"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub(super) fn open(
        &self,
        account: &AccountId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, AccountError> {
        let damaged = AccountError::Damaged(
            "a second factor (was the file with the key of second factors replaced?)",
        );
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(damaged);
        };
        let payload = Payload {
            msg: sealed,
            aad: account.as_str().as_bytes(),
        };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| damaged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
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
        let key = |byte| FactorKey::new(Zeroizing::new([byte; 32]));
        let (siti, budi) = (AccountId::random(), AccountId::random());
        let sealed = key(1).seal(&siti, b"secret").unwrap();
        assert_eq!(&**key(1).open(&siti, &sealed).unwrap(), b"secret");
        assert!(key(2).open(&siti, &sealed).is_err());
        assert!(key(1).open(&budi, &sealed).is_err());
        assert!(key(1).open(&siti, &sealed[..20]).is_err());
    }
}
