//! Why a handshake with the hub failed, found inside whatever error an HTTP
//! client wraps around it, so that a node can act: recover an expired
//! certificate, or tell its operator what is wrong.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use crate::tls::hub_verifier::PinMismatch;

/// What ended a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The hub says that our certificate has expired: recover it.
    OurCertificateExpired,
    /// The hub wants a certificate and got none.
    OurCertificateMissing,
    /// The hub does not take our certificate: another federation's, or damaged.
    OurCertificateRefused,
    /// The hub shows no root that is pinned.
    HubNotPinned,
    /// The hub's certificate is for another name than the one that we dialled.
    HubNamedOtherwise,
    /// The hub's certificate does not verify under the roots that we trust.
    HubNotTrusted,
}

/// The alerts by which a hub refuses a certificate.
const ALERTS: [AlertDescription; 9] = [
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRequired,
    AlertDescription::UnknownCA,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::DecryptError,
    AlertDescription::AccessDenied,
];

/// Finds the refusal in an error of any client, if a handshake caused it.
/// With TLS 1.3 a client learns of it on its first read, not while connecting.
pub fn refusal_in(error: &(dyn StdError + 'static)) -> Option<Refusal> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<Error>() {
            return classify(tls);
        }
        let failed = error.downcast_ref::<io::Error>();
        if let Some(refusal) = failed.and_then(|failed| told_in(&failed.to_string())) {
            return Some(refusal);
        }
        // An I/O error's source is the source of what it wraps, not the thing.
        next = match failed.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The alert in an I/O error of which only the words are left: that is how an
/// HTTP/2 connection passes it on to the requests on it. They are compared
/// with what this very rustls says.
fn told_in(words: &str) -> Option<Refusal> {
    ALERTS
        .into_iter()
        .map(Error::AlertReceived)
        .find(|error| error.to_string() == words)
        .and_then(|error| classify(&error))
}

fn classify(error: &Error) -> Option<Refusal> {
    match error {
        Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateExpired => Some(Refusal::OurCertificateExpired),
            AlertDescription::CertificateRequired => Some(Refusal::OurCertificateMissing),
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => Some(Refusal::OurCertificateRefused),
            _ => None,
        },
        Error::InvalidCertificate(fault) => Some(match fault {
            CertificateError::Other(other) if other.0.is::<PinMismatch>() => Refusal::HubNotPinned,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Refusal::HubNamedOtherwise
            }
            _ => Refusal::HubNotTrusted,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the request failed")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn a_refusal_is_found_however_deep_a_client_wraps_it() {
        let alert = Error::AlertReceived(AlertDescription::CertificateExpired);
        let inner = io::Error::new(io::ErrorKind::InvalidData, alert);
        let wrapped = Wrapped(io::Error::other(Wrapped(inner)));
        assert_eq!(refusal_in(&wrapped), Some(Refusal::OurCertificateExpired));
        let words = Error::AlertReceived(AlertDescription::CertificateExpired).to_string();
        let told = Wrapped(io::Error::new(io::ErrorKind::InvalidData, words));
        assert_eq!(refusal_in(&told), Some(Refusal::OurCertificateExpired));
        for alert in ALERTS {
            assert!(
                classify(&Error::AlertReceived(alert)).is_some(),
                "{alert:?}"
            );
        }
        let plain = Wrapped(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(refusal_in(&plain), None);
    }
}
