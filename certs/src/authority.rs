//! The root of the federation's trust. It certifies issuers and nothing else,
//! so its private key may live offline between two issuers.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose, SanType,
};
use rustls_pki_types::CertificateDer;

use crate::bundle::{RootPin, pin_of};
use crate::csr::TlsKey;
use crate::identity::{CertificateFacts, IdentityError, TrustDomain};
use crate::issuer::Issuer;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Life of a root: 20 years.
pub const ROOT_LIFE_MS: i64 = 20 * 365 * DAY_MS;
/// Life of an issuer: 2 years.
pub const ISSUER_LIFE_MS: i64 = 2 * 365 * DAY_MS;
/// Life of an instance's certificate: 30 days.
pub const INSTANCE_LIFE_MS: i64 = 30 * DAY_MS;
/// Life of a hub's certificate: 90 days.
pub const HUB_LIFE_MS: i64 = 90 * DAY_MS;
/// How far a certificate's beginning is moved back, for clocks that run late.
pub const BACKDATED_MS: i64 = HOUR_MS;

/// The root with its private key.
#[derive(Debug)]
pub struct Authority {
    trust_domain: TrustDomain,
    key: TlsKey,
    root: CertificateDer<'static>,
}

/// Why the authority cannot issue; always for the hub's operator to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    #[error("the root has expired: make a new authority and let the instances join it")]
    RootExpired,
    #[error("the issuer has expired: make a new one below the root")]
    IssuerExpired,
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    #[error("the issuer stands below none of the roots in the trust bundle")]
    UnknownRoot,
    #[error("a hub certificate needs 1 to 16 names of the hub, got {0}")]
    HubNames(usize),
    #[error("the authority's certificate is damaged: {0}")]
    Certificate(#[from] IdentityError),
    #[error("the certificate could not be made: {0}")]
    Signing(String),
}

impl Authority {
    /// Makes a root (P-256, 20 years, one issuer deep) for a federation.
    pub fn create(trust_domain: &TrustDomain, now_ms: i64) -> Result<Self, AuthorityError> {
        let key = TlsKey::generate();
        let mut params = authority_params(trust_domain, &key, "root", 1)?;
        set_validity(&mut params, now_ms - BACKDATED_MS, now_ms + ROOT_LIFE_MS);
        let root = params.self_signed(key.pair()).map_err(signing)?;
        Self::from_parts(root.into(), key)
    }

    /// Puts a stored root and its key together again.
    pub fn from_parts(root: CertificateDer<'static>, key: TlsKey) -> Result<Self, AuthorityError> {
        if CertificateFacts::of(&root)?.key_digest != key.public().digest() {
            return Err(AuthorityError::KeyMismatch);
        }
        Ok(Self {
            trust_domain: TrustDomain::of_authority(&root)?,
            key,
            root,
        })
    }

    /// Makes a fresh issuer (P-256, 2 years) below this root. Certificates of
    /// former issuers stay valid: they carry their issuer with them.
    pub fn new_issuer(&self, now_ms: i64) -> Result<Issuer, AuthorityError> {
        let facts = CertificateFacts::of(&self.root)?;
        if facts.expired_at(now_ms) {
            return Err(AuthorityError::RootExpired);
        }
        let key = TlsKey::generate();
        let mut params = authority_params(&self.trust_domain, &key, "issuer", 0)?;
        params.use_authority_key_identifier_extension = true;
        set_validity(
            &mut params,
            (now_ms - BACKDATED_MS).max(facts.not_before_ms),
            (now_ms + ISSUER_LIFE_MS).min(facts.not_after_ms),
        );
        let root = rcgen::Issuer::from_ca_cert_der(&self.root, self.key.pair()).map_err(signing)?;
        let certificate = params.signed_by(key.public().info(), &root);
        let certificate = certificate.map_err(signing)?.into();
        Issuer::from_parts(certificate, key, self.root.clone())
    }

    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// What invitations pin.
    pub fn pin(&self) -> RootPin {
        pin_of(&self.root)
    }

    pub(crate) fn key(&self) -> &TlsKey {
        &self.key
    }
}

/// Sets the validity, Unix ms, cut to whole seconds and to what a certificate
/// can say (RFC 5280: until the end of the year 9999).
pub(crate) fn set_validity(params: &mut CertificateParams, from_ms: i64, until_ms: i64) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since = |at_ms: i64| {
        let seconds = at_ms.div_euclid(1000).clamp(0, 253_402_300_799);
        Duration::from_secs(seconds.unsigned_abs())
    };
    params.not_before = epoch + since(from_ms);
    params.not_after = epoch + since(until_ms);
}

pub(crate) fn uri(text: String) -> Result<SanType, AuthorityError> {
    text.try_into().map(SanType::URI).map_err(signing)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is the argument of map_err"
)]
pub(crate) fn signing(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Signing(error.to_string())
}

fn authority_params(
    trust_domain: &TrustDomain,
    key: &TlsKey,
    role: &str,
    depth: u8,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // Each key has a name of its own, so that a chain is built without guessing.
    let digest = key.public().digest().to_hex();
    let name = format!("Lapor {role} {}", &digest[..16]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = vec![uri(trust_domain.authority_uri())?];
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(depth));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_750_000_000_000;

    #[test]
    fn an_issuer_never_outlives_its_root() {
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let late = NOW + ROOT_LIFE_MS - DAY_MS;
        let issuer = authority.new_issuer(late).unwrap();
        let root = CertificateFacts::of(authority.root()).unwrap();
        let facts = CertificateFacts::of(issuer.certificate()).unwrap();
        assert_eq!(facts.not_after_ms, root.not_after_ms);
        assert_eq!(root.not_before_ms, NOW - BACKDATED_MS);
        // A clock that jumped back dates nothing before the root.
        let early = authority.new_issuer(NOW - DAY_MS).unwrap();
        let facts = CertificateFacts::of(early.certificate()).unwrap();
        assert_eq!(facts.not_before_ms, root.not_before_ms);
        assert_eq!(
            authority.new_issuer(late + 2 * DAY_MS).unwrap_err(),
            AuthorityError::RootExpired
        );
    }

    #[test]
    fn a_root_with_the_key_of_another_is_refused() {
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let result = Authority::from_parts(authority.root().clone(), TlsKey::generate());
        assert_eq!(result.unwrap_err(), AuthorityError::KeyMismatch);
    }
}
