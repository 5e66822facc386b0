//! Two that were written apart from each other, on one input: signatures by the verifier of the
//! protocol (aws-lc) and by `ed25519-dalek`, and an author's line by the offline verifier and by the
//! hub that takes it in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ed25519_dalek::{Signature, VerifyingKey};
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::{Jwk, KeyId, Signer, Verifier};

use crate::Named;
#[cfg(feature = "programs")]
use crate::programs::record;

pub const ALL: &[Named] = &[
    ("signature", signature),
    #[cfg(feature = "programs")]
    ("record", record),
];

/// A key, a signature and a message; with an odd first byte a seed in place of the key, and a
/// signature that holds but for the bits that are set.
fn signature(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else {
        return;
    };
    let Some((key, rest)) = rest.split_first_chunk::<32>() else {
        return;
    };
    let Some((signature, message)) = rest.split_first_chunk::<64>() else {
        return;
    };
    if mode.is_multiple_of(2) {
        judged_alike(key, signature, message);
        return;
    }
    let signer = Signer::from_seed(key);
    let sound = signer.sign(message);
    let changed: [u8; 64] = std::array::from_fn(|at| sound[at] ^ signature[at]);
    let key = B64.decode(signer.public().x).expect("a key is base64url");
    let key: [u8; 32] = key.try_into().expect("of 32 bytes");
    let holds = judged_alike(&key, &changed, message);
    assert_eq!(holds, changed == sound, "one signature and no other");
}

fn judged_alike(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    let Ok(ours) = Verifier::from_jwk(&jwk(key)) else {
        return false;
    };
    let theirs = VerifyingKey::from_bytes(key).expect("a key of the protocol is a point");
    let holds = ours.verify(message, signature);
    let holds_there = theirs.verify_strict(message, &Signature::from_bytes(signature));
    assert_eq!(
        holds,
        holds_there.is_ok(),
        "one verifier takes this signature"
    );
    holds
}

fn jwk(key: &[u8; 32]) -> Jwk {
    let x = B64.encode(key);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let kid = B64.encode(Digest::of(members.as_bytes()).as_bytes());
    Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        x,
        kid: KeyId::from_text(kid),
    }
}
