//! What the two listeners show of the hub, renewed while they serve. A change
//! of issuer, roots or certificate makes new configurations; handshakes from
//! then on use them, connections that are open go on.

use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use lapor_certs::tls::{clock, enrolment_server_config, federation_server_config};
use lapor_protocol::ids::Digest;
use rustls::ServerConfig;

use crate::error::HubError;
use crate::ground::{Certifier, Ground};
use crate::keys;

/// Days before the end of the issuer when the operator is told.
const ISSUER_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;

/// The configurations in use.
pub struct Shown {
    /// Of the federation listener.
    pub inside: RustlsConfig,
    /// Of the enrolment listener.
    pub outside: RustlsConfig,
    certifier: Arc<Certifier>,
    leaf: Digest,
}

/// What handshakes meet from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// A root is not trusted any more: what is open may stand below it.
    pub narrowed: bool,
}

impl Shown {
    pub fn of(ground: &Ground) -> Result<Self, HubError> {
        let certifier = ground.certifier();
        let (leaf, [inside, outside]) = configurations(ground, &certifier)?;
        Ok(Self {
            inside: RustlsConfig::from_config(inside),
            outside: RustlsConfig::from_config(outside),
            certifier,
            leaf,
        })
    }

    /// SHA-256 of the certificate that is shown.
    pub fn leaf(&self) -> Digest {
        self.leaf
    }

    /// Takes up another issuer and issues the hub's next certificate, if it
    /// is time. Says what changed, if anything did.
    pub fn renew(&mut self, ground: &Ground) -> Result<Option<Renewed>, HubError> {
        if let Err(error) = ground.reload_certifier() {
            tracing::warn!(%error, "the authority's folder cannot be read; the issuer stays");
        }
        let certifier = ground.certifier();
        let (leaf, [inside, outside]) = configurations(ground, &certifier)?;
        let ends_in = certifier.issuer.not_after_ms() - ground.clock.now_ms();
        if ends_in < ISSUER_DAYS * DAY_MS {
            let days = ends_in / DAY_MS;
            tracing::warn!(
                days,
                "the issuer ends soon: run `lapor-hub authority rotate-issuer`"
            );
        }
        if leaf == self.leaf && Arc::ptr_eq(&certifier, &self.certifier) {
            return Ok(None);
        }
        self.inside.reload_from_config(inside);
        self.outside.reload_from_config(outside);
        let trusted = |pin| certifier.bundle.contains(pin);
        let narrowed = !self.certifier.bundle.pins().iter().all(trusted);
        (self.leaf, self.certifier) = (leaf, certifier);
        tracing::info!("the hub shows a new certificate");
        Ok(Some(Renewed { narrowed }))
    }
}

fn configurations(
    ground: &Ground,
    certifier: &Certifier,
) -> Result<(Digest, [Arc<ServerConfig>; 2]), HubError> {
    let now_ms = ground.clock.now_ms();
    let credential = keys::credential(&ground.settings, &certifier.issuer, now_ms)?;
    let now = || {
        let clock = Arc::clone(&ground.clock);
        move || clock.now_ms()
    };
    let inside = federation_server_config(&credential, &certifier.bundle, clock(now()));
    let outside = enrolment_server_config(&credential, clock(now()));
    let configs = [
        Arc::new(inside.map_err(HubError::damaged)?),
        Arc::new(outside.map_err(HubError::damaged)?),
    ];
    Ok((Digest::of(credential.leaf()), configs))
}
