//! `POST /federation/v1/enrol`: what a node sends to join.
//!
//! The node proves that it holds the identity key and the signing key by
//! signing one statement with each, and the TLS key by its certificate
//! request; the sealing key is vouched for by the identity key. A check reads
//! nothing but the request and the hash of the invitation's secret.

use lapor_protocol::dsse::{self, Envelope, EnvelopeError};
use lapor_protocol::ids::{Digest, InstanceId, Position};
use lapor_protocol::keys::{CertifiedKey, Jwk, KeyError, KeyId, KeyUse, Signer, Verifier};
use serde::{Deserialize, Serialize};

use crate::csr::{Csr, CsrError, TlsPublicKey};
use crate::invitation::{Invitation, InvitationSecret};

/// The position from which the first keys of an instance are valid.
pub const FIRST_POSITION: Position = Position { epoch: 1, seq: 1 };

/// Body of `POST /federation/v1/enrol`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub instance: InstanceId,
    pub secret: InvitationSecret,
    pub csr: Csr,
    pub identity: Jwk,
    pub signing: CertifiedKey,
    pub sealing: CertifiedKey,
    /// [`EnrolStatement`] signed by the identity key.
    pub proof: Envelope,
    /// The same statement signed by the signing key.
    pub signing_proof: Envelope,
}

/// What both proofs say; DSSE payload of type [`dsse::ENROLMENT_TYPE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolStatement {
    pub instance: InstanceId,
    /// SHA-256 of the invitation's secret.
    pub secret_hash: Digest,
    /// SHA-256 of the certificate request's DER.
    pub csr: Digest,
    pub identity: KeyId,
    pub signing: KeyId,
    pub sealing: KeyId,
}

/// What a hub may take from a request that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedEnrolment {
    pub tls_key: TlsPublicKey,
    pub identity: Verifier,
    /// The same for every request with this invitation and these keys, also
    /// when its signatures differ: an answer is stored and repeated under it.
    pub digest: Digest,
}

/// Which of a request's keys an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    Identity,
    Signing,
    Sealing,
    Tls,
}

/// Why an instance may not join.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    // The invitation's fault: its holder asks the hub's operator for another.
    #[error("the invitation's secret is not the one that the hub gave to this instance")]
    Secret,
    // The node's fault: it must be mended or its keys made anew.
    #[error(transparent)]
    Csr(#[from] CsrError),
    #[error("the {role} key cannot be accepted: {source}")]
    Key { role: KeyRole, source: KeyError },
    #[error("the {0} key is sent for another use or from another position than the first")]
    Terms(KeyRole),
    #[error("the {0} key is used for another purpose too; one key, one use")]
    Reused(KeyRole),
    #[error("the proof of the {role} key does not verify: {source}")]
    Proof {
        role: KeyRole,
        source: EnvelopeError,
    },
    #[error("the proof of the {0} key was made for another request")]
    Statement(KeyRole),
}

impl EnrolmentError {
    /// Whether another invitation would help; otherwise the node is at fault.
    pub fn is_invitations_fault(&self) -> bool {
        matches!(self, Self::Secret)
    }
}

impl EnrolRequest {
    /// Makes the request of a node from its keys, all of them already on disk.
    /// `sealing` is the raw X25519 public key.
    pub fn build(
        invitation: &Invitation,
        csr: Csr,
        identity: &Signer,
        signing: &Signer,
        sealing: &[u8; 32],
    ) -> Self {
        let instance = &invitation.instance;
        let certify =
            |what, jwk| CertifiedKey::certify(identity, instance, what, jwk, FIRST_POSITION);
        let signing_key = certify(KeyUse::Signing, signing.public());
        let sealing = certify(KeyUse::Sealing, Jwk::x25519(sealing));
        let statement = EnrolStatement {
            instance: instance.clone(),
            secret_hash: invitation.secret.hash(),
            csr: csr.digest(),
            identity: identity.kid().clone(),
            signing: signing.kid().clone(),
            sealing: sealing.jwk.kid.clone(),
        };
        Self {
            instance: instance.clone(),
            secret: invitation.secret.clone(),
            csr,
            identity: identity.public(),
            signing: signing_key,
            sealing,
            proof: dsse::sign_json(dsse::ENROLMENT_TYPE, &statement, identity),
            signing_proof: dsse::sign_json(dsse::ENROLMENT_TYPE, &statement, signing),
        }
    }

    /// Checks everything that does not need the hub's records: whether the
    /// invitation is open, or the instance joined already, is for the hub.
    pub fn check(&self, expected_secret: &Digest) -> Result<CheckedEnrolment, EnrolmentError> {
        if !self.secret.matches(expected_secret) {
            return Err(EnrolmentError::Secret);
        }
        let tls_key = self.csr.public_key()?;
        let identity = verifier(&self.identity, KeyRole::Identity)?;
        self.check_certified(&self.signing, KeyUse::Signing, KeyRole::Signing, &identity)?;
        self.check_certified(&self.sealing, KeyUse::Sealing, KeyRole::Sealing, &identity)?;
        let signing = verifier(&self.signing.jwk, KeyRole::Signing)?;
        check_distinct(&tls_key, &identity, &signing)?;
        let statement = self.statement();
        check_proof(&self.proof, &identity, &statement, KeyRole::Identity)?;
        check_proof(&self.signing_proof, &signing, &statement, KeyRole::Signing)?;
        let digest = digest_of(&statement, &tls_key);
        Ok(CheckedEnrolment {
            tls_key,
            identity,
            digest,
        })
    }

    fn statement(&self) -> EnrolStatement {
        EnrolStatement {
            instance: self.instance.clone(),
            secret_hash: self.secret.hash(),
            csr: self.csr.digest(),
            identity: self.identity.kid.clone(),
            signing: self.signing.jwk.kid.clone(),
            sealing: self.sealing.jwk.kid.clone(),
        }
    }

    fn check_certified(
        &self,
        key: &CertifiedKey,
        use_for: KeyUse,
        role: KeyRole,
        identity: &Verifier,
    ) -> Result<(), EnrolmentError> {
        let first = key.valid_from == FIRST_POSITION && key.valid_to.is_none();
        if key.use_for != use_for || !first {
            return Err(EnrolmentError::Terms(role));
        }
        key.check(identity, &self.instance)
            .map_err(|source| EnrolmentError::Key { role, source })
    }
}

impl std::fmt::Display for KeyRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Signing => "signing",
            Self::Sealing => "sealing",
            Self::Tls => "TLS",
        })
    }
}

fn verifier(jwk: &Jwk, role: KeyRole) -> Result<Verifier, EnrolmentError> {
    Verifier::from_jwk(jwk).map_err(|source| EnrolmentError::Key { role, source })
}

fn check_proof(
    proof: &Envelope,
    key: &Verifier,
    expected: &EnrolStatement,
    role: KeyRole,
) -> Result<(), EnrolmentError> {
    let statement: EnrolStatement = dsse::open_json(dsse::ENROLMENT_TYPE, proof, key)
        .map_err(|source| EnrolmentError::Proof { role, source })?;
    if statement == *expected {
        Ok(())
    } else {
        Err(EnrolmentError::Statement(role))
    }
}

fn check_distinct(
    tls_key: &TlsPublicKey,
    identity: &Verifier,
    signing: &Verifier,
) -> Result<(), EnrolmentError> {
    if identity.kid() == signing.kid() {
        return Err(EnrolmentError::Reused(KeyRole::Signing));
    }
    // SHA-256 of the raw key is the fingerprint of an Ed25519 key.
    let raw = Digest::of(tls_key.raw());
    if raw == identity.fingerprint() || raw == signing.fingerprint() {
        return Err(EnrolmentError::Reused(KeyRole::Tls));
    }
    Ok(())
}

/// The request may be signed anew and its certificate request made anew, so
/// only the keys themselves count.
fn digest_of(statement: &EnrolStatement, tls_key: &TlsPublicKey) -> Digest {
    let keyed = EnrolStatement {
        csr: tls_key.digest(),
        ..statement.clone()
    };
    let mut text = b"lapor enrolment 1\n".to_vec();
    text.extend(serde_json::to_vec(&keyed).expect("a statement serialises"));
    Digest::of(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TlsKey;

    fn invitation() -> Invitation {
        Invitation {
            enrolment_url: "https://hub.lapor.test:7444".parse().unwrap(),
            federation_url: "https://hub.lapor.test:7443".parse().unwrap(),
            trust_domain: "lapor.test".parse().unwrap(),
            root_pin: Digest::of(b"root"),
            instance: "kota-bandung".parse().unwrap(),
            secret: InvitationSecret::from_random([5; 32]),
        }
    }

    fn request(invitation: &Invitation, tls: &TlsKey, seed: u8) -> EnrolRequest {
        let identity = Signer::from_seed(&[seed; 32]);
        let signing = Signer::from_seed(&[seed + 1; 32]);
        EnrolRequest::build(
            invitation,
            tls.request(),
            &identity,
            &signing,
            &[seed + 2; 32],
        )
    }

    #[test]
    fn a_request_of_the_invited_is_accepted_and_repeats_under_one_digest() {
        let invitation = invitation();
        let tls = TlsKey::generate();
        let hash = invitation.secret.hash();
        let first = request(&invitation, &tls, 10);
        let wire = serde_json::to_vec(&first).unwrap();
        let read: EnrolRequest = serde_json::from_slice(&wire).unwrap();
        assert_eq!(read, first);
        let checked = read.check(&hash).unwrap();
        assert_eq!(checked.tls_key, tls.public());
        let again = request(&invitation, &tls, 10);
        assert_eq!(again.check(&hash), Ok(checked.clone()));
        for other in [
            request(&invitation, &TlsKey::generate(), 10),
            request(&invitation, &tls, 20),
        ] {
            assert_ne!(other.check(&hash).unwrap().digest, checked.digest);
        }
    }

    #[test]
    fn a_request_with_any_part_of_another_is_refused() {
        let invitation = invitation();
        let hash = invitation.secret.hash();
        let good = request(&invitation, &TlsKey::generate(), 10);
        let other = request(&invitation, &TlsKey::generate(), 20);
        let swaps: [fn(&mut EnrolRequest, &EnrolRequest); 7] = [
            |r, o| r.csr = o.csr.clone(),
            |r, o| r.identity = o.identity.clone(),
            |r, o| r.signing = o.signing.clone(),
            |r, o| r.sealing = o.sealing.clone(),
            |r, o| r.proof = o.proof.clone(),
            |r, o| r.signing_proof = o.signing_proof.clone(),
            |r, _| r.instance = "kota-tangerang".parse().unwrap(),
        ];
        for (number, swap) in swaps.into_iter().enumerate() {
            let mut mixed = good.clone();
            swap(&mut mixed, &other);
            let error = mixed.check(&hash).unwrap_err();
            assert!(!error.is_invitations_fault(), "swap {number}: {error}");
        }
        assert!(good.check(&hash).is_ok());
    }

    #[test]
    fn a_wrong_secret_is_the_invitations_fault() {
        let invitation = invitation();
        let mut request = request(&invitation, &TlsKey::generate(), 10);
        let error = request.check(&Digest::of(b"another")).unwrap_err();
        assert!(error.is_invitations_fault());
        // The right secret in place of the one that the proofs were made for.
        request.secret = InvitationSecret::from_random([6; 32]);
        let hash = request.secret.hash();
        assert_eq!(
            request.check(&hash),
            Err(EnrolmentError::Statement(KeyRole::Identity))
        );
    }

    #[test]
    fn one_key_for_two_uses_or_other_terms_is_refused() {
        let invitation = invitation();
        let hash = invitation.secret.hash();
        let one = Signer::from_seed(&[1; 32]);
        let csr = TlsKey::generate().request();
        let twice = EnrolRequest::build(&invitation, csr, &one, &one, &[9; 32]);
        assert_eq!(
            twice.check(&hash),
            Err(EnrolmentError::Reused(KeyRole::Signing))
        );
        let good = request(&invitation, &TlsKey::generate(), 10);
        let mut swapped = good.clone();
        std::mem::swap(&mut swapped.signing, &mut swapped.sealing);
        assert_eq!(
            swapped.check(&hash),
            Err(EnrolmentError::Terms(KeyRole::Signing))
        );
        let mut later = good;
        later.signing.valid_from.seq = 2;
        assert_eq!(
            later.check(&hash),
            Err(EnrolmentError::Terms(KeyRole::Signing))
        );
    }

    #[test]
    fn a_tls_key_that_is_the_identity_key_is_refused() {
        let invitation = invitation();
        let identity = Signer::from_seed(&[1; 32]);
        // RFC 8410: PKCS #8 of an Ed25519 seed.
        let mut pkcs8 = hex::decode("302e020100300506032b657004220420").unwrap();
        pkcs8.extend(identity.seed());
        let der = rustls_pki_types::PrivatePkcs8KeyDer::from(pkcs8);
        let pair = rcgen::KeyPair::try_from(&der).unwrap();
        let tls = TlsKey::from_pem(&pair.serialize_pem()).unwrap();
        let signing = Signer::from_seed(&[2; 32]);
        let request =
            EnrolRequest::build(&invitation, tls.request(), &identity, &signing, &[9; 32]);
        assert_eq!(
            request.check(&invitation.secret.hash()),
            Err(EnrolmentError::Reused(KeyRole::Tls))
        );
    }
}
