//! How an instance gets its next certificate: by renewal over live mTLS, or by
//! recovery with its identity key, when the certificate has expired or is
//! lost. Both bring a certificate request and get the same answer.

use lapor_protocol::dsse::{self, Envelope, EnvelopeError};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::keys::{Signer, Verifier};
use serde::{Deserialize, Serialize};

use crate::bundle::TrustBundle;
use crate::challenge::ChallengeKey;
use crate::csr::{Csr, CsrError, TlsPublicKey};
use crate::enrolment_answer::{AcceptedAnswer, AnswerError, Expected};
use crate::identity::TrustDomain;

/// DSSE payload type of [`RecoveryStatement`].
pub const RECOVERY_TYPE: &str = "application/vnd.lapor.recovery.v1+json";

/// Body of `POST /federation/v1/certificates/renew`; the handshake says whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    pub csr: Csr,
}

/// Body of 200 on renewal and on recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewResponse {
    /// Leaf first, then its issuer, PEM.
    pub certificate: String,
    /// Roots, the current one first, PEM.
    pub trust_bundle: String,
}

/// Body of `POST /federation/v1/certificates/challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRequest {
    pub instance: InstanceId,
}

/// A nonce to sign. A hub answers in the same way for an instance that it does
/// not know, so that nobody learns who has joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// 32 bytes that nobody can foresee; opaque to all but the hub.
    pub nonce: Digest,
}

/// Body of `POST /federation/v1/certificates/recover`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverRequest {
    pub instance: InstanceId,
    pub nonce: Digest,
    pub csr: Csr,
    /// [`RecoveryStatement`] signed by the identity key.
    pub proof: Envelope,
}

/// What the identity key signs to get a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryStatement {
    pub trust_domain: TrustDomain,
    pub instance: InstanceId,
    pub nonce: Digest,
    /// SHA-256 of the certificate request's DER.
    pub csr: Digest,
}

/// Why no certificate is given; the fault of who asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenewalError {
    #[error(transparent)]
    Csr(#[from] CsrError),
    #[error("the challenge was not given to this instance, or it has expired; ask for another")]
    Challenge,
    #[error("the proof is not of the instance's identity key: {0}")]
    Proof(#[from] EnvelopeError),
    #[error("the proof was made for another request")]
    Statement,
}

impl RenewRequest {
    pub fn check(&self) -> Result<TlsPublicKey, RenewalError> {
        Ok(self.csr.public_key()?)
    }
}

impl RenewResponse {
    /// Checks that the certificate is ours, for our key, and that the new
    /// bundle keeps a root that we trust already, so that no answer can move
    /// an instance to another authority at once.
    pub fn check(
        &self,
        instance: &InstanceId,
        key: &TlsPublicKey,
        trusted: &TrustBundle,
    ) -> Result<AcceptedAnswer, AnswerError> {
        let expected = Expected {
            instance,
            trust_domain: &trusted.trust_domain()?,
            key,
        };
        let accepted = expected.accept(&self.certificate, &self.trust_bundle)?;
        if trusted
            .pins()
            .iter()
            .any(|pin| accepted.bundle.contains(pin))
        {
            Ok(accepted)
        } else {
            Err(AnswerError::Pin)
        }
    }
}

impl RecoverRequest {
    pub fn build(
        trust_domain: &TrustDomain,
        instance: &InstanceId,
        challenge: &ChallengeResponse,
        csr: Csr,
        identity: &Signer,
    ) -> Self {
        let statement = RecoveryStatement {
            trust_domain: trust_domain.clone(),
            instance: instance.clone(),
            nonce: challenge.nonce,
            csr: csr.digest(),
        };
        Self {
            instance: instance.clone(),
            nonce: challenge.nonce,
            csr,
            proof: dsse::sign_json(RECOVERY_TYPE, &statement, identity),
        }
    }

    /// Checks the request against the challenge that the hub gave to this
    /// instance and the identity key that it knows for it. That the challenge
    /// is used once is for the hub's records.
    pub fn check(
        &self,
        trust_domain: &TrustDomain,
        challenges: &ChallengeKey,
        identity: &Verifier,
        now_ms: i64,
    ) -> Result<TlsPublicKey, RenewalError> {
        if !challenges.honours(&self.nonce, &self.instance, now_ms) {
            return Err(RenewalError::Challenge);
        }
        let statement: RecoveryStatement = dsse::open_json(RECOVERY_TYPE, &self.proof, identity)?;
        let expected = RecoveryStatement {
            trust_domain: trust_domain.clone(),
            instance: self.instance.clone(),
            nonce: self.nonce,
            csr: self.csr.digest(),
        };
        if statement != expected {
            return Err(RenewalError::Statement);
        }
        Ok(self.csr.public_key()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::CHALLENGE_LIFE_MS;
    use crate::{Authority, Serial, TlsKey};

    const NOW: i64 = 1_750_000_000_000;

    #[test]
    fn only_the_identity_key_recovers_and_only_for_this_request() {
        let domain: TrustDomain = "lapor.test".parse().unwrap();
        let instance: InstanceId = "kota-bandung".parse().unwrap();
        let identity = Signer::from_seed(&[1; 32]);
        let known = Verifier::from_jwk(&identity.public()).unwrap();
        let challenges = ChallengeKey::from_random([3; 32]);
        let challenge = challenges.challenge(&instance, NOW, [7; 8]);
        let tls = TlsKey::generate();
        let build =
            |signer| RecoverRequest::build(&domain, &instance, &challenge, tls.request(), signer);
        let good = build(&identity);
        let check = |request: &RecoverRequest| request.check(&domain, &challenges, &known, NOW);
        assert_eq!(check(&good), Ok(tls.public()));

        let stranger = build(&Signer::from_seed(&[2; 32]));
        assert!(matches!(check(&stranger), Err(RenewalError::Proof(_))));
        let other_csr = RecoverRequest {
            csr: TlsKey::generate().request(),
            ..good.clone()
        };
        assert_eq!(check(&other_csr), Err(RenewalError::Statement));
        let other_instance = RecoverRequest {
            instance: "kemenpu".parse().unwrap(),
            ..good.clone()
        };
        assert_eq!(check(&other_instance), Err(RenewalError::Challenge));
        let theirs = challenges.challenge(&other_instance.instance, NOW, [7; 8]);
        let replayed = RecoverRequest {
            nonce: theirs.nonce,
            ..other_instance
        };
        assert_eq!(check(&replayed), Err(RenewalError::Statement));
        let later = NOW + CHALLENGE_LIFE_MS;
        assert_eq!(
            good.check(&domain, &challenges, &known, later),
            Err(RenewalError::Challenge)
        );
        let another = RecoverRequest {
            nonce: challenges.challenge(&instance, NOW, [8; 8]).nonce,
            ..good.clone()
        };
        assert_eq!(check(&another), Err(RenewalError::Statement));
        let elsewhere = "other.test".parse().unwrap();
        assert_eq!(
            good.check(&elsewhere, &challenges, &known, NOW),
            Err(RenewalError::Statement)
        );
    }

    #[test]
    fn a_renewal_keeps_a_root_that_is_trusted_already() {
        let instance: InstanceId = "kota-bandung".parse().unwrap();
        let key = TlsKey::generate();
        let old = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let new = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let bundle = |roots: &[&Authority]| {
            TrustBundle::new(roots.iter().map(|a| a.root().clone()).collect()).unwrap()
        };
        let answer = |authority: &Authority, roots: &TrustBundle| {
            let issuer = authority.new_issuer(NOW).unwrap();
            let serial = Serial::from_random([1; 16]);
            let csr = RenewRequest { csr: key.request() };
            let certificate = issuer.issue_instance(&csr.check().unwrap(), &instance, NOW, serial);
            RenewResponse {
                certificate: certificate.unwrap().chain_pem(),
                trust_bundle: roots.to_pem(),
            }
        };
        let trusted = bundle(&[&old]);
        let both = bundle(&[&new, &old]);
        let moved = answer(&new, &both).check(&instance, &key.public(), &trusted);
        assert_eq!(moved.unwrap().bundle, both);
        let seized = answer(&new, &bundle(&[&new])).check(&instance, &key.public(), &trusted);
        assert_eq!(seized, Err(AnswerError::Pin));
    }
}
