//! How an institution joins and renews: the pasted line, certificates, requests, and what both
//! sides answer.

use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use lapor_certs::{
    CertificateFacts, ChallengeKey, ChallengeRequest, ChallengeResponse, Csr, EnrolRequest,
    EnrolResponse, Invitation, InvitationError, InvitationSecret, PeerIdentity, RecoverRequest,
    RenewRequest, RenewResponse, RootPin, TlsKey, TlsPublicKey, TrustBundle, TrustDomain,
};
use lapor_protocol::ids::Digest;
use lapor_protocol::wire::read_object;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Named;
use crate::cast::{STRANGER, author};

pub const ALL: &[Named] = &[
    ("invitation", invitation),
    ("certificate", certificate),
    ("request", request),
    ("joining", joining),
];

/// A pasted line, and the line of what stands in it.
fn invitation(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        invited(text);
    }
    let body = format!("lapor1.{}", B64.encode(bytes));
    let checksum = B64.encode(&Digest::of(body.as_bytes()).as_bytes()[..6]);
    let read = format!("{body}.{checksum}").parse::<Invitation>();
    assert_ne!(read.err(), Some(InvitationError::Damaged));
    invited(&format!("{body}.{checksum}"));
}

fn invited(text: &str) {
    if let Ok(invitation) = text.parse::<Invitation>() {
        let again = invitation.to_line().parse::<Invitation>();
        assert_eq!(again.ok(), Some(invitation));
    }
}

/// A certificate in DER, or several as PEM.
fn certificate(bytes: &[u8]) {
    let ours: TrustDomain = "lapor.test".parse().expect("a domain");
    if let Ok(facts) = CertificateFacts::of(bytes) {
        facts.half_life_ms();
        facts.expired_at(0);
    }
    if let Ok(PeerIdentity::Instance(instance)) = PeerIdentity::of(bytes, &ours) {
        assert!(instance.as_str().len() <= 40);
    }
    let _ = TrustDomain::of_authority(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(bundle) = TrustBundle::from_pem(text) else {
        return;
    };
    let pins: Vec<RootPin> = bundle.pins();
    let again = TrustBundle::from_pem(&bundle.to_pem()).expect("what was read is read again");
    assert_eq!(again.pins(), pins);
}

/// What asks for a certificate: a request in DER, or a public key.
fn request(der: &[u8]) {
    if let Ok(key) = TlsPublicKey::from_der(der) {
        assert_ne!(key.digest(), Digest::ZERO);
    }
    let Ok(csr) = Csr::from_der(der) else {
        assert!(der.len() > 4096);
        return;
    };
    assert_eq!(csr.digest(), Digest::of(der));
    if let Ok(key) = csr.public_key() {
        let found = key.digest();
        assert_eq!(csr.public_key().map(|key| key.digest()), Ok(found));
    }
}

/// Bodies of the enrolment listener and the answers to them.
fn joining(text: &[u8]) {
    let secret = InvitationSecret::from_random([7; 32]);
    if let Some(asked) = read::<EnrolRequest>(text) {
        // Nobody knows a secret whose hash is another.
        assert!(asked.check(&secret.hash()).is_err() || asked.secret.matches(&secret.hash()));
    }
    if let Some(answer) = read::<EnrolResponse>(text) {
        let checked = answer.check(&invited_as(secret), &tls_key());
        assert!(checked.is_err(), "it is for another key");
    }
    if let Some(asked) = read::<RenewRequest>(text) {
        let _ = asked.check();
    }
    read::<RenewResponse>(text);
    read::<ChallengeRequest>(text);
    read::<ChallengeResponse>(text);
    if let Some(asked) = read::<RecoverRequest>(text) {
        let domain: TrustDomain = "lapor.test".parse().expect("a domain");
        let challenges = ChallengeKey::from_random([8; 32]);
        assert!(asked.check(&domain, &challenges, &STRANGER, 0).is_err());
    }
}

fn invited_as(secret: InvitationSecret) -> Invitation {
    Invitation {
        enrolment_url: "https://hub.lapor.test:7444".parse().expect("an address"),
        federation_url: "https://hub.lapor.test".parse().expect("an address"),
        trust_domain: "lapor.test".parse().expect("a domain"),
        root_pin: Digest::ZERO,
        instance: author(),
        secret,
    }
}

/// A key of this process, for which nobody has a certificate.
fn tls_key() -> TlsPublicKey {
    static KEY: std::sync::LazyLock<TlsKey> = std::sync::LazyLock::new(TlsKey::generate);
    KEY.public()
}

fn read<T: Serialize + DeserializeOwned + Debug>(text: &[u8]) -> Option<T> {
    let told = read_object::<T>(text).ok()?;
    let once = serde_json::to_vec(&told).expect("what was read is written");
    let again: T = read_object(&once).expect("and read again");
    let twice = serde_json::to_vec(&again).expect("and written");
    assert_eq!(once, twice);
    Some(told)
}
