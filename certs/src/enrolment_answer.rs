//! What a hub answers to one that joins or renews, and what the node checks
//! before it keeps any of it: a node must never store a certificate that is
//! not its own, nor roots that it was not invited to trust.

use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Jwk, KeyError, Verifier};
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use crate::bundle::{BundleError, TrustBundle};
use crate::csr::TlsPublicKey;
use crate::hub_url::HubUrl;
use crate::identity::{CertificateFacts, IdentityError, PeerIdentity, TrustDomain};
use crate::invitation::Invitation;
use crate::{pem, tls};

const MAX_CHAIN: usize = 6;
const MAX_HUB_KEYS: usize = 16;

/// Body of 201 on `POST /federation/v1/enrol`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolResponse {
    pub instance: InstanceId,
    /// Leaf first, then its issuer, PEM.
    pub certificate: String,
    /// Roots, the current one first, PEM.
    pub trust_bundle: String,
    pub hub_keys: Vec<Jwk>,
    pub federation_url: HubUrl,
    pub trust_domain: TrustDomain,
    /// The hub's grant of epoch 1, signed by one of `hub_keys`.
    pub epoch: Envelope,
}

/// The certificates of an answer, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedAnswer {
    /// Leaf first; goes with the TLS key into a [`crate::Credential`].
    pub chain: Vec<CertificateDer<'static>>,
    pub bundle: TrustBundle,
}

/// Why an answer is not accepted; the hub's fault in every case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("the hub answered for {0}, another instance or federation")]
    Addressee(String),
    #[error("the hub's certificate for us cannot be read: {0}")]
    Certificate(String),
    #[error("the hub's certificate for us names somebody else: {0}")]
    Name(#[from] IdentityError),
    #[error("the hub certified another key than ours")]
    Key,
    #[error("the hub's certificate for us does not verify under its own roots: {0}")]
    Chain(String),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("the hub's trust bundle lacks the root that we trust already")]
    Pin,
    #[error("the hub sent no keys of its own, or too many")]
    HubKeyCount,
    #[error("a key of the hub cannot be used: {0}")]
    HubKey(#[from] KeyError),
}

impl EnrolResponse {
    /// Compares the answer with the invitation and with our TLS key. The
    /// signature of `epoch` is for whoever knows what a grant says.
    pub fn check(
        &self,
        invitation: &Invitation,
        key: &TlsPublicKey,
    ) -> Result<AcceptedAnswer, AnswerError> {
        if self.instance != invitation.instance {
            return Err(AnswerError::Addressee(self.instance.to_string()));
        }
        if self.trust_domain != invitation.trust_domain {
            return Err(AnswerError::Addressee(self.trust_domain.to_string()));
        }
        if self.hub_keys.is_empty() || self.hub_keys.len() > MAX_HUB_KEYS {
            return Err(AnswerError::HubKeyCount);
        }
        for key in &self.hub_keys {
            Verifier::from_jwk(key)?;
        }
        let expected = Expected {
            instance: &self.instance,
            trust_domain: &self.trust_domain,
            key,
        };
        let accepted = expected.accept(&self.certificate, &self.trust_bundle)?;
        if accepted.bundle.contains(&invitation.root_pin) {
            Ok(accepted)
        } else {
            Err(AnswerError::Pin)
        }
    }
}

/// Whose certificate an answer must bring.
pub(crate) struct Expected<'a> {
    pub(crate) instance: &'a InstanceId,
    pub(crate) trust_domain: &'a TrustDomain,
    pub(crate) key: &'a TlsPublicKey,
}

impl Expected<'_> {
    /// Reads and checks the certificates of an answer; the caller checks that
    /// the bundle still has a root that it trusts.
    pub(crate) fn accept(&self, chain: &str, bundle: &str) -> Result<AcceptedAnswer, AnswerError> {
        let bundle = TrustBundle::from_pem(bundle)?;
        let domain = bundle.trust_domain()?;
        if domain != *self.trust_domain {
            return Err(AnswerError::Addressee(domain.to_string()));
        }
        let chain =
            pem::certificates_from_pem(chain, MAX_CHAIN).map_err(AnswerError::Certificate)?;
        let leaf = &chain[0];
        match PeerIdentity::of(leaf, &domain)? {
            PeerIdentity::Instance(instance) if instance == *self.instance => {}
            other => return Err(AnswerError::Addressee(format!("{other:?}"))),
        }
        if CertificateFacts::of(leaf)?.key_digest != self.key.digest() {
            return Err(AnswerError::Key);
        }
        tls::verify_client_chain(&chain, &bundle)
            .map_err(|error| AnswerError::Chain(error.to_string()))?;
        Ok(AcceptedAnswer { chain, bundle })
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::dsse;
    use lapor_protocol::ids::Digest;
    use lapor_protocol::keys::Signer;

    use super::*;
    use crate::{Authority, InvitationSecret, Serial, TlsKey};

    const NOW: i64 = 1_750_000_000_000;

    fn answered(key: &TlsKey) -> (Invitation, EnrolResponse) {
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = authority.new_issuer(NOW).unwrap();
        let instance: InstanceId = "kota-bandung".parse().unwrap();
        let hub = Signer::from_seed(&[1; 32]);
        let serial = Serial::from_random([1; 16]);
        let certificate = issuer.issue_instance(&key.public(), &instance, NOW, serial);
        let response = EnrolResponse {
            instance: instance.clone(),
            certificate: certificate.unwrap().chain_pem(),
            trust_bundle: TrustBundle::new(vec![issuer.root().clone()])
                .unwrap()
                .to_pem(),
            hub_keys: vec![hub.public()],
            federation_url: "https://hub.lapor.test".parse().unwrap(),
            trust_domain: authority.trust_domain().clone(),
            epoch: Envelope::sign(dsse::EPOCH_TYPE, b"{}".to_vec(), &hub),
        };
        let invitation = Invitation {
            enrolment_url: "https://hub.lapor.test:7444".parse().unwrap(),
            federation_url: response.federation_url.clone(),
            trust_domain: response.trust_domain.clone(),
            root_pin: authority.pin(),
            instance,
            secret: InvitationSecret::from_random([1; 32]),
        };
        (invitation, response)
    }

    #[test]
    fn an_honest_answer_is_accepted_whatever_our_clock_says() {
        let key = TlsKey::generate();
        let (invitation, response) = answered(&key);
        let wire = serde_json::to_string(&response).unwrap();
        let read: EnrolResponse = serde_json::from_str(&wire).unwrap();
        let accepted = read.check(&invitation, &key.public()).unwrap();
        assert_eq!(accepted.chain.len(), 2);
        assert_eq!(accepted.bundle.pins(), [invitation.root_pin]);
    }

    #[test]
    fn an_answer_for_another_or_from_another_is_refused() {
        let key = TlsKey::generate();
        let (invitation, good) = answered(&key);
        let (_, foreign) = answered(&key);
        let refused = |change: &dyn Fn(&mut EnrolResponse)| {
            let mut response = good.clone();
            change(&mut response);
            response.check(&invitation, &key.public()).unwrap_err()
        };
        let other: InstanceId = "kemenpu".parse().unwrap();
        assert!(matches!(
            refused(&|r| r.instance = other.clone()),
            AnswerError::Addressee(_)
        ));
        assert!(matches!(
            refused(&|r| r.certificate.clone_from(&foreign.certificate)),
            AnswerError::Chain(_)
        ));
        assert!(matches!(
            refused(&|r| r.certificate.clone_from(&good.trust_bundle)),
            AnswerError::Name(_)
        ));
        assert_eq!(
            refused(&|r| {
                r.certificate.clone_from(&foreign.certificate);
                r.trust_bundle.clone_from(&foreign.trust_bundle);
            }),
            AnswerError::Pin
        );
        assert_eq!(refused(&|r| r.hub_keys.clear()), AnswerError::HubKeyCount);
        let stranger = TlsKey::generate().public();
        assert_eq!(good.check(&invitation, &stranger), Err(AnswerError::Key));
        let mut elsewhere = invitation.clone();
        elsewhere.root_pin = Digest::of(b"another root");
        assert_eq!(good.check(&elsewhere, &key.public()), Err(AnswerError::Pin));
    }
}
