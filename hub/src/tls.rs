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

const DAY_MS: i64 = 86_400_000;

/// The configurations in use.
pub struct Shown {
    /// Of the federation listener.
    pub inside: RustlsConfig,
    /// Of the enrolment listener.
    pub outside: RustlsConfig,
    certifier: Arc<Certifier>,
    leaf: Digest,
    /// Unix ms; when the log last said that the issuer ends soon.
    warned_at: Option<i64>,
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
            warned_at: None,
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
        self.warn_of(ground, &certifier);
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

    /// Says each day in the log that the issuer ends soon; the alarm is at the console.
    fn warn_of(&mut self, ground: &Ground, certifier: &Certifier) {
        let now = ground.clock.now_ms();
        let days = (certifier.issuer.not_after_ms() - now) / DAY_MS;
        let soon = days < ground.settings.watch.issuer_days.yellow;
        if soon && is_a_day_ago(self.warned_at, now) {
            self.warned_at = Some(now);
            tracing::warn!(
                days,
                "the issuer ends soon: run `lapor-hub authority rotate-issuer`"
            );
        }
    }
}

/// Whether something was never said, or not for a day (Unix ms).
fn is_a_day_ago(said_at: Option<i64>, now_ms: i64) -> bool {
    said_at.is_none_or(|at| at.abs_diff(now_ms) >= DAY_MS.unsigned_abs())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_issuer_is_said_once_a_day() {
        let mut said_at = None;
        let mut said = 0;
        for minute in 0..3 * 24 * 60 {
            let now = minute * 60_000;
            if is_a_day_ago(said_at, now) {
                said_at = Some(now);
                said += 1;
            }
        }
        assert_eq!(said, 3);
    }
}
