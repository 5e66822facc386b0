//! The TLS key of a program and the request that brings its public half to the
//! issuer. A request proves possession of a key; every other thing it asks for
//! is ignored, here and by the issuer.
//!
//! Source: RFC 2986 (PKCS #10).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use lapor_protocol::ids::Digest;
use rcgen::{
    CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519,
    PublicKeyData, SubjectPublicKeyInfo,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;
use zeroize::Zeroizing;

/// A request with nothing but a key takes some 200 bytes.
const MAX_BYTES: usize = 4096;

/// A private TLS key, P-256 or Ed25519.
pub struct TlsKey(KeyPair);

/// A public TLS key that an issuer may certify: P-256 or Ed25519, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsPublicKey {
    info: SubjectPublicKeyInfo,
}

/// A certificate signing request as it came; base64 of its DER on the wire.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Csr(Vec<u8>);

/// Why a request cannot be certified; the fault of who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    #[error("the certificate request is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the certificate request is not PKCS #10 in base64")]
    Malformed,
    #[error("the signature of the certificate request does not verify")]
    Signature,
    #[error("a TLS key must be P-256 or Ed25519")]
    Algorithm,
    #[error("the TLS key is of small order or not canonical")]
    Weak,
}

/// A private key file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the text holds no private P-256 or Ed25519 key in PKCS #8 PEM")]
pub struct TlsKeyError;

impl TlsKey {
    /// Draws a P-256 key from the system's generator.
    pub fn generate() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256);
        Self(key.expect("the system's random generator works"))
    }

    /// Reads the first private key in a PEM text.
    pub fn from_pem(text: &str) -> Result<Self, TlsKeyError> {
        use rustls_pki_types::pem::PemObject as _;
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| TlsKeyError)?;
        let key = KeyPair::try_from(&der).map_err(|_| TlsKeyError)?;
        if is_allowed(key.algorithm()) {
            Ok(Self(key))
        } else {
            Err(TlsKeyError)
        }
    }

    /// PKCS #8 PEM, for [`crate::write_private`] only.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    pub fn public(&self) -> TlsPublicKey {
        let der = self.0.subject_public_key_info();
        let info = SubjectPublicKeyInfo::from_der(&der).expect("a key pair has a public key");
        TlsPublicKey { info }
    }

    /// A request for a certificate of this key, which names nobody: the issuer
    /// knows from elsewhere who is asking.
    pub fn request(&self) -> Csr {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&self.0);
        Csr(request.expect("a key signs its request").der().to_vec())
    }

    pub(crate) fn pair(&self) -> &KeyPair {
        &self.0
    }

    pub(crate) fn private_der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.0.serialize_der()).into()
    }
}

impl TlsPublicKey {
    /// Reads a subject public key info in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        let info = SubjectPublicKeyInfo::from_der(der).map_err(|_| CsrError::Algorithm)?;
        let raw = info.der_bytes();
        if info.algorithm() == &PKCS_ED25519 {
            let bytes = <&[u8; 32]>::try_from(raw).map_err(|_| CsrError::Malformed)?;
            let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| CsrError::Weak)?;
            let canonical = key.to_edwards().compress().as_bytes() == bytes;
            if key.is_weak() || !canonical {
                return Err(CsrError::Weak);
            }
        } else if info.algorithm() == &PKCS_ECDSA_P256_SHA256 {
            // The uncompressed form only, so that one key has one digest.
            if raw.len() != 65 || raw[0] != 4 {
                return Err(CsrError::Malformed);
            }
        } else {
            return Err(CsrError::Algorithm);
        }
        Ok(Self { info })
    }

    /// SHA-256 of the subject public key info.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.info.subject_public_key_info())
    }

    /// The key without its algorithm: 32 bytes if it is Ed25519.
    pub(crate) fn raw(&self) -> &[u8] {
        self.info.der_bytes()
    }

    pub(crate) fn info(&self) -> &SubjectPublicKeyInfo {
        &self.info
    }
}

impl Csr {
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        if der.len() > MAX_BYTES {
            return Err(CsrError::TooLong);
        }
        Ok(Self(der.to_vec()))
    }

    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the request's DER.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Verifies the request's own signature and returns the key, all that an
    /// issuer may take from it.
    pub fn public_key(&self) -> Result<TlsPublicKey, CsrError> {
        let Ok(([], request)) = X509CertificationRequest::from_der(&self.0) else {
            return Err(CsrError::Malformed);
        };
        let key = TlsPublicKey::from_der(request.certification_request_info.subject_pki.raw)?;
        request
            .verify_signature()
            .map_err(|_| CsrError::Signature)?;
        Ok(key)
    }
}

impl TryFrom<String> for Csr {
    type Error = CsrError;

    fn try_from(text: String) -> Result<Self, CsrError> {
        if text.len() > MAX_BYTES.div_ceil(3) * 4 {
            return Err(CsrError::TooLong);
        }
        let der = B64.decode(text).map_err(|_| CsrError::Malformed)?;
        Self::from_der(&der)
    }
}

impl From<Csr> for String {
    fn from(csr: Csr) -> Self {
        B64.encode(csr.0)
    }
}

impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Csr({} bytes)", self.0.len())
    }
}

impl fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsKey({})", self.public().digest())
    }
}

impl fmt::Debug for TlsPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsPublicKey({})", self.digest())
    }
}

fn is_allowed(algorithm: &rcgen::SignatureAlgorithm) -> bool {
    [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519].contains(&algorithm)
}

#[cfg(test)]
mod tests {
    use rcgen::PKCS_ECDSA_P384_SHA384;

    use super::*;

    fn request_of(key: &KeyPair) -> Csr {
        let request = CertificateParams::default().serialize_request(key).unwrap();
        Csr(request.der().to_vec())
    }

    #[test]
    fn a_request_brings_its_key_and_survives_the_wire() {
        let key = TlsKey::generate();
        let csr = key.request();
        assert_eq!(csr.public_key(), Ok(key.public()));
        let json = serde_json::to_string(&csr).unwrap();
        assert_eq!(serde_json::from_str::<Csr>(&json).unwrap(), csr);
        assert_eq!(
            TlsKey::from_pem(&key.to_pem()).unwrap().public(),
            key.public()
        );
        let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        assert!(request_of(&ed25519).public_key().is_ok());
    }

    #[test]
    fn other_algorithms_weak_keys_and_oversized_requests_are_refused() {
        let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        assert_eq!(request_of(&p384).public_key(), Err(CsrError::Algorithm));
        assert!(TlsKey::from_pem(&p384.serialize_pem()).is_err());
        assert_eq!(Csr::from_der(&[0; MAX_BYTES + 1]), Err(CsrError::TooLong));
        assert_eq!(
            Csr::try_from("A".repeat(9000)).unwrap_err(),
            CsrError::TooLong
        );
        assert_eq!(Csr(Vec::new()).public_key(), Err(CsrError::Malformed));
        // RFC 8410 subject public key info around the neutral point.
        let mut weak = hex::decode("302a300506032b6570032100").unwrap();
        weak.push(1);
        weak.extend([0; 31]);
        assert_eq!(TlsPublicKey::from_der(&weak), Err(CsrError::Weak));
    }

    #[test]
    fn a_request_with_a_changed_byte_brings_no_other_key() {
        let key = TlsKey::generate();
        let csr = key.request();
        for position in 0..csr.0.len() {
            let mut bytes = csr.0.clone();
            bytes[position] ^= 1;
            match Csr(bytes).public_key() {
                Err(_) => {}
                // The algorithm's own encoding stands outside what is signed.
                Ok(same) => assert_eq!(same, key.public(), "byte {position}"),
            }
        }
    }
}
