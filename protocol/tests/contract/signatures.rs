//! Which Ed25519 signatures hold: the vectors of Wycheproof with the verdicts that they state, and
//! those edges on which verifiers differ, with the verdicts of `docs/protocol.md`. Which are made:
//! those of RFC 8032, by a second library byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signer as _, SigningKey};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::{Jwk, KeyError, KeyId, Signer, Verifier};
use proptest::prelude::*;
use sha2::Digest as _;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

fn verifier(key: &[u8]) -> Result<Verifier, KeyError> {
    let x = URL_SAFE_NO_PAD.encode(key);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let kid = URL_SAFE_NO_PAD.encode(Digest::of(members.as_bytes()).as_bytes());
    Verifier::from_jwk(&Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        x,
        kid: KeyId::from_text(kid),
    })
}

/// One that is not 64 bytes is no signature of an envelope.
fn verdict(key: &Verifier, message: &[u8], signature: &[u8]) -> bool {
    if let Ok(signature) = <&[u8; 64]>::try_from(signature) {
        return key.verify(message, signature);
    }
    let line = serde_json::json!({
        "payloadType": MESSAGE_TYPE,
        "payload": STANDARD.encode(message),
        "signatures": [{"keyid": key.kid(), "sig": STANDARD.encode(signature)}],
    });
    Envelope::parse(line.to_string().as_bytes()).is_ok()
}

#[test]
fn the_vectors_of_wycheproof_get_the_verdicts_that_they_state() {
    let vectors = TestSet::load(TestName::Ed25519).unwrap();
    let (mut held, mut refused) = (0, 0);
    for group in vectors.test_groups {
        let key = verifier(&group.key.pk).unwrap();
        for vector in group.tests {
            let expected = vector.result == TestResult::Valid;
            let holds = verdict(&key, &vector.msg, &vector.sig);
            assert_eq!(holds, expected, "{} {}", vector.tc_id, vector.comment);
            if holds {
                held += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert_eq!((held, refused), (88, 63));
}

/// A signer who knows what no honest one does.
struct Forger {
    secret: Scalar,
    key: EdwardsPoint,
}

impl Forger {
    /// Whose public key is the honest one plus a point of small order.
    fn with(small: EdwardsPoint) -> Self {
        let secret = Scalar::from(1_708_u64);
        let key = BASE * secret + small;
        Self { secret, key }
    }

    fn verifier(&self) -> Verifier {
        verifier(self.key.compress().as_bytes()).unwrap()
    }

    /// RFC 8032, 5.1.7, step 2: what of the message goes into the equation.
    fn challenge(&self, r: &EdwardsPoint, message: &[u8]) -> Scalar {
        let hash = sha2::Sha512::new()
            .chain_update(r.compress().as_bytes())
            .chain_update(self.key.compress().as_bytes())
            .chain_update(message);
        Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
    }

    /// `R = nonce * B + small`, and the `S` that goes with it.
    fn sign(&self, nonce: u64, small: EdwardsPoint, message: &[u8]) -> [u8; 64] {
        let nonce = Scalar::from(nonce);
        let r = BASE * nonce + small;
        let s = nonce + self.challenge(&r, message) * self.secret;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(r.compress().as_bytes());
        signature[32..].copy_from_slice(s.as_bytes());
        signature
    }
}

#[test]
fn a_nonce_of_zero_leaves_an_r_of_small_order_and_is_refused() {
    let forger = Forger::with(EIGHT_TORSION[0]);
    let key = forger.verifier();
    let honest = forger.sign(7, EIGHT_TORSION[0], b"aduan");
    assert!(key.verify(b"aduan", &honest));
    // The equation holds for this one too.
    let zero = forger.sign(0, EIGHT_TORSION[0], b"aduan");
    assert!(!key.verify(b"aduan", &zero));
}

#[test]
fn what_holds_only_times_eight_is_refused() {
    let forger = Forger::with(EIGHT_TORSION[0]);
    let key = forger.verifier();
    for small in &EIGHT_TORSION[1..] {
        let signature = forger.sign(7, *small, b"aduan");
        assert!(!key.verify(b"aduan", &signature));
    }
}

#[test]
fn a_key_with_a_part_of_small_order_is_judged_without_the_cofactor() {
    let forger = Forger::with(EIGHT_TORSION[1]);
    let key = forger.verifier();
    let (mut held, mut refused) = (0, 0);
    for number in 0..64_u8 {
        let message = [number];
        let signature = forger.sign(7, EIGHT_TORSION[0], &message);
        let nonce = BASE * Scalar::from(7_u64);
        let even = forger.challenge(&nonce, &message).as_bytes()[0].is_multiple_of(8);
        assert_eq!(key.verify(&message, &signature), even, "{number}");
        if even {
            held += 1;
        } else {
            refused += 1;
        }
    }
    assert!(held > 0 && refused > held, "{held} and {refused}");
}

#[test]
fn keys_of_small_order_are_no_keys() {
    for small in EIGHT_TORSION {
        let key = verifier(small.compress().as_bytes());
        assert_eq!(key, Err(KeyError::Weak));
    }
}

#[test]
fn a_signature_is_that_of_rfc_8032() {
    // Section 7.1, test 2.
    let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    let mut key = [0; 32];
    hex::decode_to_slice(seed, &mut key).unwrap();
    assert_eq!(hex::encode(Signer::from_seed(&key).sign(&[0x72])), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_is_what_ed25519_dalek_signs(
        seed in any::<[u8; 32]>(), message in proptest::collection::vec(any::<u8>(), 0..2048),
    ) {
        let (one, other) = (Signer::from_seed(&seed), SigningKey::from_bytes(&seed));
        let signature = one.sign(&message);
        prop_assert_eq!(signature, other.sign(&message).to_bytes());
        prop_assert_eq!(one.clone().sign(&message), signature);
        prop_assert_eq!(one.public(), Jwk::ed25519(&other.verifying_key()));
        prop_assert!(Verifier::from_jwk(&one.public()).unwrap().verify(&message, &signature));
    }
}
