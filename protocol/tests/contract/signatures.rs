//! Which Ed25519 signatures hold: the vectors of Wycheproof with the verdicts that they state, and
//! those edges on which verifiers differ, with the verdicts of `docs/protocol.md`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::{Jwk, KeyError, KeyId, Verifier};
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
