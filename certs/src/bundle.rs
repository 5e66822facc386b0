//! The roots of the federation that a party trusts, and their pins.
//!
//! A bundle holds roots only: peers send the issuers between, so an issuer can
//! be replaced without anybody's bundle changing. While a root is replaced the
//! bundle holds the old and the new one.

use std::sync::Arc;

use lapor_protocol::ids::Digest;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use crate::identity::{self, CertificateFacts, TrustDomain};
use crate::issuer::stands_below;
use crate::pem;

/// SHA-256 of a root certificate's DER; lower-case hexadecimal as text.
pub type RootPin = Digest;

const MAX_ROOTS: usize = 8;

/// Between one and eight self-signed roots; the first is the current one.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustBundle {
    roots: Vec<CertificateDer<'static>>,
}

/// A bundle that cannot be trusted; the fault of who made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("the trust bundle cannot be read: {0}")]
    Malformed(String),
    #[error("certificate {0} of the trust bundle is no self-signed authority")]
    NotARoot(RootPin),
    #[error("the trust bundle holds roots of two federations")]
    TwoDomains,
}

impl TrustBundle {
    /// Takes roots, the current one first; doubles are dropped.
    pub fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, BundleError> {
        let mut roots: Vec<CertificateDer<'static>> = Vec::new();
        for certificate in certificates {
            check_root(&certificate)?;
            if !roots.contains(&certificate) {
                roots.push(certificate);
            }
        }
        if roots.is_empty() || roots.len() > MAX_ROOTS {
            let text = format!("{} roots, expected 1 to {MAX_ROOTS}", roots.len());
            return Err(BundleError::Malformed(text));
        }
        let bundle = Self { roots };
        bundle.trust_domain()?;
        Ok(bundle)
    }

    pub fn from_pem(text: &str) -> Result<Self, BundleError> {
        let roots = pem::certificates_from_pem(text, MAX_ROOTS).map_err(BundleError::Malformed)?;
        Self::new(roots)
    }

    pub fn to_pem(&self) -> String {
        pem::certificates_to_pem(&self.roots)
    }

    pub fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }

    pub fn pins(&self) -> Vec<RootPin> {
        self.roots.iter().map(|root| pin_of(root)).collect()
    }

    pub fn contains(&self, pin: &RootPin) -> bool {
        self.pins().contains(pin)
    }

    /// The root that an issuer stands below.
    pub fn root_above(&self, issuer: &CertificateDer<'_>) -> Option<RootPin> {
        let mut roots = self.roots.iter();
        let above = roots.find(|root| matches!(stands_below(issuer, root), Ok(true)));
        above.map(|root| pin_of(root))
    }

    /// The one federation whose roots these are.
    pub fn trust_domain(&self) -> Result<TrustDomain, BundleError> {
        let mut domains = self.roots.iter().map(|root| {
            TrustDomain::of_authority(root).map_err(|e| BundleError::Malformed(e.to_string()))
        });
        let first = domains.next().expect("a bundle holds a root")?;
        for domain in domains {
            if domain? != first {
                return Err(BundleError::TwoDomains);
            }
        }
        Ok(first)
    }

    /// The roots as rustls wants them.
    pub(crate) fn store(&self) -> Result<Arc<RootCertStore>, rustls::Error> {
        let mut store = RootCertStore::empty();
        for root in &self.roots {
            store.add(root.clone())?;
        }
        Ok(Arc::new(store))
    }
}

impl std::fmt::Debug for TrustBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TrustBundle").field(&self.pins()).finish()
    }
}

/// The pin of a root, as invitations carry it.
pub fn pin_of(root: &CertificateDer<'_>) -> RootPin {
    Digest::of(root)
}

/// An instant at which this leaf and its issuers are all valid: the issuer
/// never dates a certificate before its own beginning.
pub(crate) fn beginning_of(leaf: &CertificateDer<'_>) -> Option<rustls_pki_types::UnixTime> {
    let from_ms = CertificateFacts::of(leaf).ok()?.not_before_ms;
    let since = std::time::Duration::from_millis(u64::try_from(from_ms).ok()?);
    Some(rustls_pki_types::UnixTime::since_unix_epoch(since))
}

fn check_root(root: &CertificateDer<'_>) -> Result<(), BundleError> {
    let parsed =
        identity::parse(root).map_err(|error| BundleError::Malformed(error.to_string()))?;
    let self_signed = parsed.subject() == parsed.issuer() && parsed.verify_signature(None).is_ok();
    if parsed.is_ca() && self_signed {
        Ok(())
    } else {
        Err(BundleError::NotARoot(pin_of(root)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Authority;

    fn root(domain: &str) -> (Authority, CertificateDer<'static>) {
        let authority = Authority::create(&domain.parse().unwrap(), 1_750_000_000_000).unwrap();
        let root = authority.root().clone();
        (authority, root)
    }

    #[test]
    fn a_bundle_holds_the_roots_of_one_federation_and_nothing_else() {
        let (authority, old) = root("lapor.test");
        let (_, new) = root("lapor.test");
        let bundle = TrustBundle::new(vec![old.clone(), new.clone(), old.clone()]).unwrap();
        assert_eq!(bundle.pins(), [pin_of(&old), pin_of(&new)]);
        assert_eq!(TrustBundle::from_pem(&bundle.to_pem()), Ok(bundle));

        let issuer = authority.new_issuer(1_750_000_000_000).unwrap();
        assert!(matches!(
            TrustBundle::new(vec![old.clone(), issuer.certificate().clone()]),
            Err(BundleError::NotARoot(_))
        ));
        let (_, foreign) = root("other.test");
        assert_eq!(
            TrustBundle::new(vec![old, foreign]),
            Err(BundleError::TwoDomains)
        );
        assert!(TrustBundle::new(Vec::new()).is_err());
        assert!(TrustBundle::from_pem("no PEM").is_err());
    }
}
