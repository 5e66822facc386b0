//! The issuer below the root: certifies the keys of instances and of the hub.
//!
//! It takes a public key from the request and sets every other field itself;
//! what a request asks for (names, CA flags, validity) never reaches a
//! certificate.

use std::fmt;

use lapor_protocol::ids::InstanceId;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, ServerName};

use crate::authority::{
    self, AuthorityError, BACKDATED_MS, HUB_LIFE_MS, INSTANCE_LIFE_MS, signing,
};
use crate::bundle::{RootPin, TrustBundle, pin_of};
use crate::csr::{TlsKey, TlsPublicKey};
use crate::identity::{self, CertificateFacts, TrustDomain};
use crate::pem;

const MAX_HUB_NAMES: usize = 16;

/// An issuing certificate with its private key and the root above it.
#[derive(Debug)]
pub struct Issuer {
    trust_domain: TrustDomain,
    key: TlsKey,
    certificate: CertificateDer<'static>,
    root: CertificateDer<'static>,
    facts: CertificateFacts,
}

/// A serial number: 16 random bytes, positive and of constant length.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial([u8; 16]);

/// A new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Leaf first, then its issuer; for the hub also the root, which the
    /// enrolment listener must show to whoever knows only the pin.
    pub chain: Vec<CertificateDer<'static>>,
    pub serial: Serial,
    /// Unix ms.
    pub not_before_ms: i64,
    /// Unix ms.
    pub not_after_ms: i64,
}

impl Serial {
    /// Takes bytes that the caller drew at random.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[0] = bytes[0] & 0x3f | 0x40;
        Self(bytes)
    }

    /// Lower-case hexadecimal, as in [`CertificateFacts::serial`].
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl Issued {
    pub fn chain_pem(&self) -> String {
        pem::certificates_to_pem(&self.chain)
    }
}

impl Issuer {
    /// Puts a stored issuer, its key and the root above it together again.
    pub fn from_parts(
        certificate: CertificateDer<'static>,
        key: TlsKey,
        root: CertificateDer<'static>,
    ) -> Result<Self, AuthorityError> {
        let facts = CertificateFacts::of(&certificate)?;
        if facts.key_digest != key.public().digest() {
            return Err(AuthorityError::KeyMismatch);
        }
        let trust_domain = TrustDomain::of_authority(&certificate)?;
        if !stands_below(&certificate, &root)? || TrustDomain::of_authority(&root)? != trust_domain
        {
            return Err(AuthorityError::UnknownRoot);
        }
        Ok(Self {
            trust_domain,
            key,
            certificate,
            root,
            facts,
        })
    }

    /// As [`Self::from_parts`], with whichever root of the bundle is above it.
    pub fn below(
        bundle: &TrustBundle,
        certificate: CertificateDer<'static>,
        key: TlsKey,
    ) -> Result<Self, AuthorityError> {
        for root in bundle.roots() {
            if stands_below(&certificate, root)? {
                return Self::from_parts(certificate, key, root.clone());
            }
        }
        Err(AuthorityError::UnknownRoot)
    }

    /// Certifies an instance's TLS key for 30 days, as a client.
    pub fn issue_instance(
        &self,
        key: &TlsPublicKey,
        instance: &InstanceId,
        now_ms: i64,
        serial: Serial,
    ) -> Result<Issued, AuthorityError> {
        let mut params = leaf_params(instance.as_str());
        params.subject_alt_names = vec![authority::uri(self.trust_domain.instance_uri(instance))?];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, key, serial, (now_ms, INSTANCE_LIFE_MS))
    }

    /// Certifies the hub's TLS key for 90 days, as a server under these names
    /// (DNS names and IP addresses).
    pub fn issue_hub(
        &self,
        key: &TlsPublicKey,
        names: &[ServerName<'_>],
        now_ms: i64,
        serial: Serial,
    ) -> Result<Issued, AuthorityError> {
        if names.is_empty() || names.len() > MAX_HUB_NAMES {
            return Err(AuthorityError::HubNames(names.len()));
        }
        let mut params = leaf_params("hub");
        params.subject_alt_names = vec![authority::uri(self.trust_domain.hub_uri())?];
        for name in names {
            params.subject_alt_names.push(hub_name(name)?);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut issued = self.issue(params, key, serial, (now_ms, HUB_LIFE_MS))?;
        issued.chain.push(self.root.clone());
        Ok(issued)
    }

    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The pin of the root above this issuer, for invitations.
    pub fn root_pin(&self) -> RootPin {
        pin_of(&self.root)
    }

    /// Unix ms; from then on it issues nothing.
    pub fn not_after_ms(&self) -> i64 {
        self.facts.not_after_ms
    }

    pub(crate) fn key(&self) -> &TlsKey {
        &self.key
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        key: &TlsPublicKey,
        serial: Serial,
        (now_ms, life_ms): (i64, i64),
    ) -> Result<Issued, AuthorityError> {
        if self.facts.expired_at(now_ms) {
            return Err(AuthorityError::IssuerExpired);
        }
        params.serial_number = Some(SerialNumber::from_slice(&serial.0));
        // Inside the issuer's own validity, so that at a leaf's beginning its
        // whole chain is valid; see `tls::hub_verifier`.
        let from_ms = (now_ms - BACKDATED_MS).max(self.facts.not_before_ms);
        let until_ms = (now_ms + life_ms).min(self.facts.not_after_ms);
        authority::set_validity(&mut params, from_ms, until_ms);
        let issuer = rcgen::Issuer::from_ca_cert_der(&self.certificate, self.key.pair());
        let leaf = params.signed_by(key.info(), &issuer.map_err(signing)?);
        let leaf = CertificateDer::from(leaf.map_err(signing)?);
        let facts = CertificateFacts::of(&leaf)?;
        Ok(Issued {
            chain: vec![leaf, self.certificate.clone()],
            serial,
            not_before_ms: facts.not_before_ms,
            not_after_ms: facts.not_after_ms,
        })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

fn leaf_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

fn hub_name(name: &ServerName<'_>) -> Result<SanType, AuthorityError> {
    match name {
        ServerName::DnsName(dns) => {
            let text = dns.as_ref().to_ascii_lowercase();
            text.try_into().map(SanType::DnsName).map_err(signing)
        }
        ServerName::IpAddress(ip) => Ok(SanType::IpAddress((*ip).into())),
        _ => Err(AuthorityError::Signing("unknown kind of hub name".into())),
    }
}

pub(crate) fn stands_below(
    certificate: &CertificateDer<'_>,
    root: &CertificateDer<'_>,
) -> Result<bool, AuthorityError> {
    let certificate = identity::parse(certificate)?;
    let root = identity::parse(root)?;
    Ok(certificate.is_ca()
        && certificate.issuer() == root.subject()
        && certificate
            .verify_signature(Some(root.public_key()))
            .is_ok())
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, KeyPair};

    use super::*;
    use crate::csr::Csr;
    use crate::{Authority, PeerIdentity};

    const NOW: i64 = 1_750_000_000_000;

    fn authority() -> (Authority, Issuer) {
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = authority.new_issuer(NOW).unwrap();
        (authority, issuer)
    }

    #[test]
    fn a_request_that_asks_to_be_an_authority_becomes_a_plain_leaf() {
        let (_, issuer) = authority();
        let key = KeyPair::generate().unwrap();
        let mut wish = CertificateParams::new(vec!["hub.lapor.test".to_owned()]).unwrap();
        wish.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        wish.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        wish.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        wish.subject_alt_names
            .push(authority::uri("spiffe://lapor.test/hub".into()).unwrap());
        let csr = Csr::from_der(wish.serialize_request(&key).unwrap().der()).unwrap();

        let instance: InstanceId = "kota-bandung".parse().unwrap();
        let serial = Serial::from_random([0xff; 16]);
        let public = csr.public_key().unwrap();
        let made = issuer
            .issue_instance(&public, &instance, NOW, serial)
            .unwrap();
        let leaf = identity::parse(&made.chain[0]).unwrap();
        assert!(!leaf.is_ca());
        let usage = leaf.key_usage().unwrap().unwrap().value;
        assert!(usage.digital_signature() && !usage.key_cert_sign());
        let extended = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(extended.client_auth && !extended.server_auth && !extended.any);
        assert_eq!(
            PeerIdentity::of(&made.chain[0], issuer.trust_domain()),
            Ok(PeerIdentity::Instance(instance))
        );
        let names = leaf.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names.len(), 1);
        let facts = CertificateFacts::of(&made.chain[0]).unwrap();
        assert_eq!(facts.serial, serial.to_hex());
        assert_eq!(facts.not_before_ms, NOW - BACKDATED_MS);
        assert_eq!(facts.not_after_ms, NOW + INSTANCE_LIFE_MS);
        assert_eq!(facts.key_digest, public.digest());
    }

    #[test]
    fn a_leaf_never_outlives_its_issuer_and_an_expired_issuer_issues_nothing() {
        let (_, issuer) = authority();
        let key = TlsKey::generate().public();
        let instance: InstanceId = "kemenpu".parse().unwrap();
        let serial = Serial::from_random([7; 16]);
        let end = issuer.not_after_ms();
        let issue = |now| issuer.issue_instance(&key, &instance, now, serial);
        assert_eq!(issue(end - 1000).unwrap().not_after_ms, end);
        assert_eq!(issue(end + 1), Err(AuthorityError::IssuerExpired));
        let early = issue(NOW - 400 * 86_400_000).unwrap();
        let facts = CertificateFacts::of(issuer.certificate()).unwrap();
        assert_eq!(early.not_before_ms, facts.not_before_ms);
    }

    #[test]
    fn an_issuer_is_found_below_its_own_root_only() {
        let (first, issuer) = authority();
        let (second, _) = authority();
        let key = || TlsKey::from_pem(&issuer.key().to_pem()).unwrap();
        let certificate = || issuer.certificate().clone();
        let both = TrustBundle::new(vec![second.root().clone(), first.root().clone()]).unwrap();
        let found = Issuer::below(&both, certificate(), key()).unwrap();
        assert_eq!(found.root(), first.root());
        let other = TrustBundle::new(vec![second.root().clone()]).unwrap();
        assert_eq!(
            Issuer::below(&other, certificate(), key()).unwrap_err(),
            AuthorityError::UnknownRoot
        );
        assert_eq!(
            Issuer::below(&both, certificate(), TlsKey::generate()).unwrap_err(),
            AuthorityError::KeyMismatch
        );
    }

    #[test]
    fn a_hub_needs_a_name() {
        let (_, issuer) = authority();
        let key = TlsKey::generate().public();
        let result = issuer.issue_hub(&key, &[], NOW, Serial::from_random([1; 16]));
        assert_eq!(result, Err(AuthorityError::HubNames(0)));
    }
}
