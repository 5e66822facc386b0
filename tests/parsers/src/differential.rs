//! Two that were written apart from each other, on one input: signatures by the verifier of the
//! protocol and by the library of the TLS connections, and an author's line by the offline verifier
//! and by the hub that takes it in.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
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

/// The points of small order, as they are encoded (RFC 8032, 5.1.2); the second half has the sign
/// of x set.
const SMALL: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
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
    let ours = Verifier::from_jwk(&jwk(key));
    let holds = ours.is_ok_and(|key| key.verify(message, signature));
    let theirs = UnparsedPublicKey::new(&ED25519, key);
    let holds_there = theirs.verify(message, signature).is_ok();
    if holds {
        assert!(
            holds_there,
            "only the protocol's verifier takes this signature"
        );
    } else if holds_there {
        let small = |point: &[u8]| SMALL.contains(&hex(point).as_str());
        let weak = Verifier::from_jwk(&jwk(key)).is_err();
        assert!(
            weak || small(&signature[..32]),
            "the protocol is stricter of small orders alone"
        );
    }
    holds
}

fn hex(bytes: &[u8]) -> String {
    let digest: [u8; 32] = bytes.try_into().expect("a point is 32 bytes");
    Digest::new(digest).to_hex()
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
