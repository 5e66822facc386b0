//! A certificate chain with its private key, kept in one file, so that no
//! crash can leave a key beside the certificate of another.

use std::path::Path;
use std::{fs, io};

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::csr::TlsKey;
use crate::identity::{CertificateFacts, IdentityError};
use crate::{pem, private_file};

/// Leaf, issuer and root, with room for a cross-signed issuer.
const MAX_CHAIN: usize = 6;

/// What a program shows of itself in a TLS handshake.
#[derive(Debug)]
pub struct Credential {
    chain: Vec<CertificateDer<'static>>,
    key: TlsKey,
}

/// Why a credential cannot be used; for the operator of this machine to mend.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("the certificate file could not be read or written: {0}")]
    File(#[from] io::Error),
    #[error("the certificate file is damaged: {0}")]
    Malformed(String),
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    #[error(transparent)]
    Certificate(#[from] IdentityError),
}

impl Credential {
    /// Puts a chain (leaf first) and its key together.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: TlsKey) -> Result<Self, CredentialError> {
        let leaf = chain
            .first()
            .ok_or_else(|| CredentialError::Malformed("no certificate".into()))?;
        if CertificateFacts::of(leaf)?.key_digest != key.public().digest() {
            return Err(CredentialError::KeyMismatch);
        }
        Ok(Self { chain, key })
    }

    /// Reads a private key and a chain, leaf first, from one PEM text.
    pub fn from_pem(text: &str) -> Result<Self, CredentialError> {
        let chain =
            pem::certificates_from_pem(text, MAX_CHAIN).map_err(CredentialError::Malformed)?;
        let key = TlsKey::from_pem(text).map_err(|e| CredentialError::Malformed(e.to_string()))?;
        Self::new(chain, key)
    }

    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut text = self.key.to_pem();
        text.push_str(&pem::certificates_to_pem(&self.chain));
        text
    }

    pub fn load(path: &Path) -> Result<Self, CredentialError> {
        Self::from_pem(&Zeroizing::new(fs::read_to_string(path)?))
    }

    /// Replaces the file whole, with mode 0600.
    pub fn save(&self, path: &Path) -> Result<(), CredentialError> {
        Ok(private_file::write_private(path, self.to_pem().as_bytes())?)
    }

    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    pub fn key(&self) -> &TlsKey {
        &self.key
    }

    pub(crate) fn into_parts(self) -> (Vec<CertificateDer<'static>>, TlsKey) {
        (self.chain, self.key)
    }

    pub fn facts(&self) -> Result<CertificateFacts, CredentialError> {
        Ok(CertificateFacts::of(self.leaf())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, Serial};

    #[test]
    fn a_credential_survives_its_file_and_refuses_a_foreign_key() {
        let now = 1_750_000_000_000;
        let authority = Authority::create(&"lapor.test".parse().unwrap(), now).unwrap();
        let issuer = authority.new_issuer(now).unwrap();
        let key = TlsKey::generate();
        let serial = Serial::from_random([3; 16]);
        let instance = "kemenpu".parse().unwrap();
        let certificate = issuer.issue_instance(&key.public(), &instance, now, serial);
        let chain = certificate.unwrap().chain;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tls.pem");
        let credential = Credential::new(chain.clone(), key).unwrap();
        credential.save(&path).unwrap();
        let read = Credential::load(&path).unwrap();
        assert_eq!(read.chain(), chain);
        assert_eq!(read.key().public(), credential.key().public());
        assert_eq!(read.facts().unwrap().serial, serial.to_hex());

        let foreign = Credential::new(chain, TlsKey::generate());
        assert!(matches!(foreign, Err(CredentialError::KeyMismatch)));
        assert!(Credential::new(Vec::new(), TlsKey::generate()).is_err());
    }
}
