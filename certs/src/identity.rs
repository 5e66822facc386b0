//! Who a verified certificate belongs to: exactly one SPIFFE id of our trust
//! domain. The TLS layer proves the chain; only this module turns a
//! certificate into a name. It must never be given an unverified certificate.
//!
//! Source: SPIFFE ID and X509-SVID specifications.

use std::fmt;
use std::str::FromStr;

use lapor_protocol::ids::{Digest, InstanceId};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

const SCHEME: &str = "spiffe://";

/// The federation's name in every SPIFFE id, for instance `lapor.go.id`:
/// 1 to 128 characters a-z, 0-9, dot and hyphen.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustDomain(String);

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PeerIdentity {
    /// `spiffe://<trust-domain>/instance/<slug>`
    Instance(InstanceId),
    /// `spiffe://<trust-domain>/hub`
    Hub,
}

/// What operators and renewal want to know of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Lower-case hexadecimal, as in [`crate::Serial`].
    pub serial: String,
    /// Unix ms.
    pub not_before_ms: i64,
    /// Unix ms; the last instant at which the certificate is valid.
    pub not_after_ms: i64,
    /// SHA-256 of the subject public key info.
    pub key_digest: Digest,
}

/// Why a certificate names nobody here; always the fault of who presented it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("the certificate cannot be read: {0}")]
    Malformed(String),
    #[error("the certificate has no SPIFFE id")]
    NoUri,
    #[error("a certificate has one SPIFFE id, this one has {0} URIs")]
    SeveralUris(usize),
    #[error("the certificate belongs to another federation: {0:?}")]
    ForeignDomain(String),
    #[error("the URI {0:?} names neither an instance nor the hub")]
    Path(String),
    #[error("a trust domain is 1 to 128 characters a-z, 0-9, inner dots and hyphens, not {0:?}")]
    TrustDomain(String),
}

impl TrustDomain {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SPIFFE id of an instance.
    pub fn instance_uri(&self, instance: &InstanceId) -> String {
        format!("{SCHEME}{}/instance/{instance}", self.0)
    }

    /// The SPIFFE id of the hub.
    pub fn hub_uri(&self) -> String {
        format!("{SCHEME}{}/hub", self.0)
    }

    /// The SPIFFE id of the trust domain itself, as roots and issuers carry it.
    pub fn authority_uri(&self) -> String {
        format!("{SCHEME}{}", self.0)
    }

    /// Reads the trust domain of a root or issuer certificate.
    pub fn of_authority(certificate: &[u8]) -> Result<Self, IdentityError> {
        let uri = only_uri(&parse(certificate)?)?;
        uri.strip_prefix(SCHEME)
            .ok_or_else(|| IdentityError::Path(shorten(&uri)))?
            .parse()
    }
}

impl PeerIdentity {
    /// Reads the name in a certificate whose chain has been verified.
    pub fn of(certificate: &[u8], ours: &TrustDomain) -> Result<Self, IdentityError> {
        Self::from_uri(&only_uri(&parse(certificate)?)?, ours)
    }

    fn from_uri(uri: &str, ours: &TrustDomain) -> Result<Self, IdentityError> {
        let not_ours = || IdentityError::Path(shorten(uri));
        let (domain, path) = uri
            .strip_prefix(SCHEME)
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(not_ours)?;
        if domain != ours.as_str() {
            return Err(IdentityError::ForeignDomain(shorten(uri)));
        }
        if path == "hub" {
            return Ok(Self::Hub);
        }
        path.strip_prefix("instance/")
            .and_then(|slug| slug.parse().ok())
            .map(Self::Instance)
            .ok_or_else(not_ours)
    }
}

impl CertificateFacts {
    pub fn of(certificate: &[u8]) -> Result<Self, IdentityError> {
        let certificate = parse(certificate)?;
        let validity = certificate.validity();
        Ok(Self {
            serial: hex::encode(certificate.raw_serial()),
            not_before_ms: validity.not_before.timestamp().saturating_mul(1000),
            not_after_ms: validity.not_after.timestamp().saturating_mul(1000),
            key_digest: Digest::of(certificate.public_key().raw),
        })
    }

    /// Whether at this instant (Unix ms) the certificate is past its end.
    pub fn expired_at(&self, now_ms: i64) -> bool {
        now_ms > self.not_after_ms
    }

    /// When to renew, Unix ms: half of its life. The caller adds the jitter.
    pub fn half_life_ms(&self) -> i64 {
        self.not_before_ms + (self.not_after_ms - self.not_before_ms) / 2
    }
}

impl FromStr for TrustDomain {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let shape = (1..=128).contains(&text.len())
            && text.bytes().all(|b| inner(b) || b == b'.' || b == b'-')
            && text.bytes().next().is_some_and(inner)
            && text.bytes().last().is_some_and(inner)
            && !text.contains("..");
        if shape {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdentityError::TrustDomain(shorten(text)))
        }
    }
}

impl TryFrom<String> for TrustDomain {
    type Error = IdentityError;

    fn try_from(text: String) -> Result<Self, IdentityError> {
        text.parse()
    }
}

impl From<TrustDomain> for String {
    fn from(domain: TrustDomain) -> Self {
        domain.0
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses one certificate and nothing after it.
pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, IdentityError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(IdentityError::Malformed("bytes after its end".into())),
        Err(error) => Err(IdentityError::Malformed(error.to_string())),
    }
}

fn only_uri(certificate: &X509Certificate<'_>) -> Result<String, IdentityError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|error| IdentityError::Malformed(error.to_string()))?
        .ok_or(IdentityError::NoUri)?;
    let uris: Vec<&str> = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        })
        .collect();
    match uris[..] {
        [] => Err(IdentityError::NoUri),
        [uri] => Ok(uri.to_owned()),
        _ => Err(IdentityError::SeveralUris(uris.len())),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn certificate(uris: &[&str]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = uris
            .iter()
            .map(|uri| SanType::URI((*uri).try_into().unwrap()))
            .collect();
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn only_ids_of_our_own_federation_name_somebody() {
        let ours: TrustDomain = "lapor.go.id".parse().unwrap();
        let bandung = PeerIdentity::Instance("kota-bandung".parse().unwrap());
        let read = |uri: &str| PeerIdentity::from_uri(uri, &ours);
        assert_eq!(
            read("spiffe://lapor.go.id/instance/kota-bandung"),
            Ok(bandung)
        );
        assert_eq!(read("spiffe://lapor.go.id/hub"), Ok(PeerIdentity::Hub));
        for foreign in [
            "spiffe://lapor.example/instance/kota-bandung",
            "spiffe://LAPOR.go.id/hub",
            "spiffe://x@lapor.go.id/hub",
            "spiffe://lapor.go.id:443/hub",
            "spiffe:///hub",
        ] {
            let result = read(foreign);
            assert!(
                matches!(result, Err(IdentityError::ForeignDomain(_))),
                "{foreign}"
            );
        }
        for nobody in [
            "",
            "spiffe://",
            "spiffe://lapor.go.id",
            "spiffe://lapor.go.id/",
            "spiffe://lapor.go.id/hub/",
            "spiffe://lapor.go.id//hub",
            "spiffe://lapor.go.id/hub?x",
            "spiffe://lapor.go.id/instance/",
            "spiffe://lapor.go.id/instance/Kota",
            "spiffe://lapor.go.id/instance/kota%2dbandung",
            "spiffe://lapor.go.id/instance/kota-bandung/x",
            "SPIFFE://lapor.go.id/hub",
            "https://lapor.go.id/hub",
        ] {
            assert!(
                matches!(read(nobody), Err(IdentityError::Path(_))),
                "{nobody}"
            );
        }
    }

    #[test]
    fn a_certificate_names_exactly_one() {
        let ours: TrustDomain = "lapor.go.id".parse().unwrap();
        let read = |uris: &[&str]| PeerIdentity::of(&certificate(uris), &ours);
        let hub = "spiffe://lapor.go.id/hub";
        assert_eq!(read(&[hub]), Ok(PeerIdentity::Hub));
        assert_eq!(read(&[]), Err(IdentityError::NoUri));
        assert_eq!(read(&[hub, hub]), Err(IdentityError::SeveralUris(2)));
        assert!(matches!(
            PeerIdentity::of(b"no certificate", &ours),
            Err(IdentityError::Malformed(_))
        ));
        let mut longer = certificate(&[hub]);
        longer.push(0);
        assert!(PeerIdentity::of(&longer, &ours).is_err());
    }

    #[test]
    fn a_trust_domain_is_a_lower_case_name() {
        for good in ["lapor.go.id", "a", "demo.lapor-2"] {
            assert!(good.parse::<TrustDomain>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Lapor",
            "a b",
            ".a",
            "a.",
            "a..b",
            "-a",
            "a/b",
            "a:1",
            &"a".repeat(129),
        ] {
            assert!(bad.parse::<TrustDomain>().is_err(), "{bad}");
        }
    }
}
