//! The rustls configurations of hub and node, all on aws-lc-rs and TLS 1.3.
//!
//! Session resumption is off everywhere: a revoked instance must not come back
//! by a ticket. Nothing here accepts a certificate without verifying it. A
//! changed bundle or credential means a new configuration, never a changed one.

mod client;
mod hub_verifier;
mod refusal;
mod server;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::bundle::{self, TrustBundle};

pub use client::{enrolment_client_config, federation_client_config};
pub use hub_verifier::{ClockDoubt, PinMismatch};
pub use refusal::{Refusal, refusal_in};
pub use server::{enrolment_server_config, federation_server_config};

/// Why a configuration cannot be made; for the operator of this machine.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("TLS cannot be configured: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("TLS cannot be configured: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    #[error("the hub's certificate file lacks the root, which newcomers must be shown")]
    RootMissing,
    #[error("no root is pinned")]
    NoPin,
}

/// Makes aws-lc-rs the provider of everything in this process that does not
/// name one; the first line of every `main`. Twice does no harm.
pub fn install_default_provider() {
    // It fails only when a provider is installed already.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// A clock for the configurations below, from a function that returns Unix ms.
pub fn clock(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Arc<dyn TimeProvider> {
    Arc::new(Clock(now_ms))
}

struct Clock<F>(F);

impl<F: Fn() -> i64 + Send + Sync> TimeProvider for Clock<F> {
    fn current_time(&self) -> Option<UnixTime> {
        let now_ms = u64::try_from((self.0)()).unwrap_or(0);
        Some(UnixTime::since_unix_epoch(Duration::from_millis(now_ms)))
    }
}

impl<F> fmt::Debug for Clock<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// HTTP/2 first: one connection carries the long poll and everything else.
fn alpn() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Whether a client's chain, leaf first, verifies under these roots at the
/// beginning of the leaf's own validity.
pub(crate) fn verify_client_chain(
    chain: &[CertificateDer<'_>],
    bundle: &TrustBundle,
) -> Result<(), TlsError> {
    let (leaf, issuers) = chain.split_first().ok_or(TlsError::RootMissing)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(bundle.store()?, provider());
    let at = bundle::beginning_of(leaf).unwrap_or(UnixTime::since_unix_epoch(Duration::ZERO));
    verifier.build()?.verify_client_cert(leaf, issuers, at)?;
    Ok(())
}
