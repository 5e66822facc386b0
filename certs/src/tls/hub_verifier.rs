//! How a node judges the hub: by chain, name and pin, with rustls' own
//! verifier and roots that this module has chosen.
//!
//! The node's clock is no judge (a machine without a battery wakes up in
//! 1970). When only the time is wrong, the chain is verified at the beginning
//! of the leaf's validity, and a doubt is raised for a screen to show. It must
//! never let any other fault pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::bundle::{RootPin, TrustBundle, beginning_of, pin_of};
use crate::tls::TlsError;

/// Raised while the hub's certificate and this machine's clock disagree: one
/// of the two is wrong, exchange goes on, and an operator should look.
#[derive(Debug, Default)]
pub struct ClockDoubt(AtomicBool);

impl ClockDoubt {
    /// Whether the latest handshake raised it.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The hub showed no root with the pin that the invitation gives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the hub does not show the root that is pinned; it is another hub than the one that invited"
)]
pub struct PinMismatch;

#[derive(Debug)]
pub(super) struct HubVerifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
    doubt: Arc<ClockDoubt>,
}

#[derive(Debug)]
enum Trust {
    Roots(Arc<WebPkiServerVerifier>),
    Pins(Vec<RootPin>),
}

impl HubVerifier {
    pub(super) fn with_roots(
        roots: &TrustBundle,
        provider: Arc<CryptoProvider>,
        doubt: Arc<ClockDoubt>,
    ) -> Result<Self, TlsError> {
        let webpki = webpki(roots.store()?, provider.clone())?;
        Ok(Self {
            trust: Trust::Roots(webpki),
            provider,
            doubt,
        })
    }

    pub(super) fn with_pins(
        pins: &[RootPin],
        provider: Arc<CryptoProvider>,
        doubt: Arc<ClockDoubt>,
    ) -> Self {
        Self {
            trust: Trust::Pins(pins.to_vec()),
            provider,
            doubt,
        }
    }

    /// The verifier that knows the trusted roots and no others.
    fn webpki(&self, shown: &[CertificateDer<'_>]) -> Result<Arc<WebPkiServerVerifier>, Error> {
        let pins = match &self.trust {
            Trust::Roots(webpki) => return Ok(webpki.clone()),
            Trust::Pins(pins) => pins,
        };
        let root = shown
            .iter()
            .find(|certificate| pins.contains(&pin_of(certificate)))
            .ok_or_else(|| {
                let mismatch = OtherError(Arc::new(PinMismatch));
                Error::InvalidCertificate(CertificateError::Other(mismatch))
            })?;
        let mut roots = RootCertStore::empty();
        roots.add(root.clone().into_owned())?;
        webpki(Arc::new(roots), self.provider.clone())
            .map_err(|error| Error::General(error.to_string()))
    }
}

impl ServerCertVerifier for HubVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let webpki = self.webpki(intermediates)?;
        let verify_at = |at| {
            webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at)
        };
        let (verified, doubted) = match verify_at(now) {
            Err(error) if is_about_time(&error) => {
                let begin = beginning_of(end_entity).ok_or(error)?;
                (verify_at(begin)?, true)
            }
            other => (other?, false),
        };
        self.doubt.0.store(doubted, Ordering::Relaxed);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn webpki(
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let builder = WebPkiServerVerifier::builder_with_provider(roots, provider);
    Ok(builder.build()?)
}

fn is_about_time(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    )
}
