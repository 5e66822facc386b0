//! The node's certificate: renewed over live mTLS at half of its life, and
//! recovered with the identity key when the hub refuses it or it is lost.
//!
//! Whatever moment the machine stops at, one usable certificate lies in the
//! keys folder. An institution that is suspended or revoked is no matter of
//! certificates, and must not be taken for one.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use http::Method;
use lapor_certs::{
    CertificateFacts, ChallengeRequest, ChallengeResponse, Credential, RecoverRequest,
    RenewRequest, RenewResponse, TlsKey, TrustBundle,
};
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Retry;
use lapor_protocol::wire::PREFIX;
use tokio::sync::{Mutex, Notify};

use super::error::{Refused, Unusable};
use super::https::trusted;
use super::{Call, Link, LinkError, Listener};
use crate::error::NodeError;
use crate::folder::{credential_path, keep_credential};
use crate::node::Node;

#[cfg(test)]
mod tests;

/// The jitter is up to this part of a certificate's life.
const JITTER_PART: i64 = 10;
/// A hub that refuses what it has just certified is not asked again sooner.
const RECOVERY_PAUSE_MS: i64 = 10 * 60_000;

/// What the link knows of its certificate.
#[derive(Debug, Default)]
pub(super) struct Certificate {
    /// The hub refuses the certificate, or there is none.
    refused: AtomicBool,
    /// Rung when it does.
    bell: Notify,
    /// When another one was last recovered; Unix ms.
    recovered_at: AtomicI64,
    /// Why the hub gives no other certificate, as it last said.
    barred: std::sync::Mutex<Option<Box<Refused>>>,
    /// Only one task at a time asks for a certificate.
    asking: Mutex<()>,
}

impl Link {
    /// Renews the certificate if it is time, and recovers it if it cannot be
    /// read. Returns whether there is another one.
    pub async fn renew_certificate(&self) -> Result<bool, LinkError> {
        let Ok(facts) = held(&self.node) else {
            return self.recover_certificate().await.map(|_| true);
        };
        // Another process may have brought one.
        self.transport.take_up_certificate()?;
        if self.node.clock().now_ms() < renewal_due_ms(&facts) {
            return Ok(false);
        }
        let outcome = self.ask_for_renewal().await;
        self.note(&outcome).await;
        let facts = outcome?;
        tracing::info!(
            until_ms = facts.not_after_ms,
            "the certificate has been renewed"
        );
        Ok(true)
    }

    async fn ask_for_renewal(&self) -> Result<CertificateFacts, LinkError> {
        let _asking = self.certificate.asking.lock().await;
        let roots = trusted(&self.node.settings().node.keys)?;
        let key = TlsKey::generate();
        let request = RenewRequest { csr: key.request() };
        let call = Call::new(Method::POST, format!("{PREFIX}/certificates/renew"));
        let answer = self.transport.call(call.json(&request)?).await?.json()?;
        self.keep_certificate(&answer, key, &roots)
    }

    /// Gets a certificate with the identity key, whatever is wrong with the
    /// one that is there.
    pub async fn recover_certificate(&self) -> Result<CertificateFacts, LinkError> {
        let outcome = self.ask_for_recovery().await;
        match &outcome {
            Ok(facts) => {
                let now = self.node.clock().now_ms();
                self.certificate.recovered_at.store(now, Ordering::SeqCst);
                self.certificate.taken_up();
                self.answered.notify_waiters();
                tracing::info!(
                    until_ms = facts.not_after_ms,
                    "the certificate has been recovered"
                );
            }
            Err(LinkError::Refused(problem)) => {
                if problem.retry == Retry::Operator {
                    self.certificate.bar(Some(problem.clone()));
                }
                self.note(&outcome).await;
            }
            Err(_) => {}
        }
        outcome
    }

    async fn ask_for_recovery(&self) -> Result<CertificateFacts, LinkError> {
        let _asking = self.certificate.asking.lock().await;
        let joined = self.node.joined()?;
        let roots = trusted(&self.node.settings().node.keys)?;
        let key = TlsKey::generate();
        let ask = |what: &str| {
            Call::new(Method::POST, format!("{PREFIX}/certificates/{what}")).at(Listener::Enrolment)
        };
        let request = ChallengeRequest {
            instance: joined.instance.clone(),
        };
        let answer = self
            .transport
            .call(ask("challenge").json(&request)?)
            .await?;
        let challenge: ChallengeResponse = answer.json()?;
        let request = RecoverRequest::build(
            &joined.trust_domain,
            &joined.instance,
            &challenge,
            key.request(),
            &self.node.keys()?.identity,
        );
        let answer = self.transport.call(ask("recover").json(&request)?).await?;
        self.keep_certificate(&answer.json()?, key, &roots)
    }

    /// Checks an answer, keeps it, and shows the new certificate from now on.
    fn keep_certificate(
        &self,
        answer: &RenewResponse,
        key: TlsKey,
        roots: &TrustBundle,
    ) -> Result<CertificateFacts, LinkError> {
        let accepted = answer
            .check(self.node.instance()?, &key.public(), roots)
            .map_err(LinkError::hub)?;
        let credential = Credential::new(accepted.chain, key).map_err(LinkError::hub)?;
        let facts = credential.facts().map_err(LinkError::hub)?;
        keep_credential(
            &self.node.settings().node.keys,
            &accepted.bundle,
            &credential,
        )
        .map_err(NodeError::from)?;
        self.transport.take_up_certificate()?;
        Ok(facts)
    }

    /// Recovers the certificate if the hub has refused it. Returns whether
    /// there is another one.
    pub(super) async fn recover_if_refused(&self) -> Result<bool, LinkError> {
        if !self.certificate.refused.load(Ordering::SeqCst) {
            return Ok(false);
        }
        // The operator, or another process, may have brought one.
        if matches!(self.transport.take_up_certificate(), Ok(true)) {
            self.certificate.taken_up();
            return self.refresh_directory(0).await.map(|_| true);
        }
        let recovered_at = self.certificate.recovered_at.load(Ordering::SeqCst);
        if (self.node.clock().now_ms() - recovered_at).abs() < RECOVERY_PAUSE_MS {
            return Ok(false);
        }
        self.recover_certificate().await?;
        // A poll would say only after a while that the node is connected.
        self.refresh_directory(0).await.map(|_| true)
    }

    /// Has a certificate that cannot be read recovered before a call fails for
    /// want of it, which may take as long as the hub is out of reach.
    pub(super) fn look_for_certificate(&self) {
        if held(&self.node).is_err() {
            self.certificate.miss();
        }
    }

    pub(super) async fn certificate_refused(&self) {
        self.certificate.bell.notified().await;
    }
}

impl Certificate {
    /// Takes note of how a call went.
    pub(super) fn learn<T>(&self, outcome: &Result<T, LinkError>) {
        match outcome {
            Ok(_) => self.bar(None),
            Err(error) if error.certificate_fault().is_some() => self.miss(),
            Err(_) => {}
        }
    }

    fn miss(&self) {
        self.refused.store(true, Ordering::SeqCst);
        self.bell.notify_one();
    }

    /// Why the hub gives no other certificate.
    pub(super) fn barred(&self) -> Option<Box<Refused>> {
        self.barred_slot().clone()
    }

    fn bar(&self, why: Option<Box<Refused>>) {
        *self.barred_slot() = why;
    }

    fn taken_up(&self) {
        self.refused.store(false, Ordering::SeqCst);
        self.bar(None);
    }

    fn barred_slot(&self) -> std::sync::MutexGuard<'_, Option<Box<Refused>>> {
        let slot = self.barred.lock();
        slot.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What the certificate in the keys folder says of itself.
pub(crate) fn held(node: &Node) -> Result<CertificateFacts, LinkError> {
    let path = credential_path(&node.settings().node.keys);
    let facts = Credential::load(&path).and_then(|credential| credential.facts());
    Ok(facts.map_err(Unusable::certificate)?)
}

/// When a certificate is renewed, Unix ms: at half of its life and some part
/// of it later, which its serial gives, so that a restart changes nothing and
/// institutions that joined together do not come together.
pub(crate) fn renewal_due_ms(facts: &CertificateFacts) -> i64 {
    let dice = Digest::of(facts.serial.as_bytes());
    let share = i64::from(u16::from_be_bytes([dice.as_bytes()[0], dice.as_bytes()[1]]));
    let most = (facts.not_after_ms - facts.not_before_ms) / JITTER_PART;
    facts.half_life_ms() + most * share / i64::from(u16::MAX)
}
