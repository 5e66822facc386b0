//! A node's two clients: the federation's, with its certificate, and the one
//! for enrolment and recovery, without. Both know the hub by its root only;
//! the roots of the operating system are never asked.

use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption, WantsClientCert};
use rustls::time_provider::TimeProvider;
use rustls::{ConfigBuilder, version};

use crate::bundle::{RootPin, TrustBundle};
use crate::credential::Credential;
use crate::tls::hub_verifier::{ClockDoubt, HubVerifier};
use crate::tls::{TlsError, alpn, provider};

/// For `/federation/v1`: shows the node's certificate and trusts these roots.
pub fn federation_client_config(
    node: &Credential,
    roots: &TrustBundle,
    clock: Arc<dyn TimeProvider>,
    doubt: Arc<ClockDoubt>,
) -> Result<ClientConfig, TlsError> {
    let verifier = HubVerifier::with_roots(roots, provider(), doubt)?;
    let config = builder(verifier, clock)?
        .with_client_auth_cert(node.chain().to_vec(), node.key().private_der())?;
    Ok(finish(config))
}

/// For the enrolment listener: trusts only a root with one of these pins,
/// which the hub must show. For enrolment it is the invitation's pin, for
/// recovery those of the bundle.
pub fn enrolment_client_config(
    pins: &[RootPin],
    clock: Arc<dyn TimeProvider>,
    doubt: Arc<ClockDoubt>,
) -> Result<ClientConfig, TlsError> {
    if pins.is_empty() {
        return Err(TlsError::NoPin);
    }
    let verifier = HubVerifier::with_pins(pins, provider(), doubt);
    Ok(finish(builder(verifier, clock)?.with_no_client_auth()))
}

fn builder(
    verifier: HubVerifier,
    clock: Arc<dyn TimeProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    // rustls calls every verifier but its own dangerous; ours only ever asks
    // rustls' own, with roots that it has chosen.
    Ok(ClientConfig::builder_with_details(provider(), clock)
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier)))
}

fn finish(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = alpn();
    config.resumption = Resumption::disabled();
    config
}
