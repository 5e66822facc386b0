//! The hub's two listeners: the federation's, which lets nobody in without a
//! certificate of the federation, and the one for enrolment and recovery.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{ServerConfig, version};

use crate::bundle::TrustBundle;
use crate::credential::Credential;
use crate::identity;
use crate::tls::{TlsError, alpn, provider};

/// The federation listener: a client certificate of one of these roots is
/// mandatory. Whose it is, and whether that instance is suspended or revoked,
/// must still be asked on every request.
pub fn federation_server_config(
    hub: &Credential,
    roots: &TrustBundle,
    clock: Arc<dyn TimeProvider>,
) -> Result<ServerConfig, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.store()?, provider());
    server_config(hub, verifier.build()?, clock)
}

/// The enrolment listener: asks for no certificate, and shows the root in its
/// own chain to those who know only the pin.
pub fn enrolment_server_config(
    hub: &Credential,
    clock: Arc<dyn TimeProvider>,
) -> Result<ServerConfig, TlsError> {
    let shows_root = hub.chain().last().is_some_and(|last| {
        identity::parse(last).is_ok_and(|last| last.is_ca() && last.subject() == last.issuer())
    });
    if !shows_root {
        return Err(TlsError::RootMissing);
    }
    server_config(hub, Arc::new(NoClientAuth), clock)
}

fn server_config(
    hub: &Credential,
    clients: Arc<dyn ClientCertVerifier>,
    clock: Arc<dyn TimeProvider>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_details(provider(), clock)
        .with_protocol_versions(&[&version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(hub.chain().to_vec(), hub.key().private_der())?;
    config.alpn_protocols = alpn();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
