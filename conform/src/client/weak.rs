//! Keys that no reader may take, each with the thumbprint that it has, and what
//! anybody can sign for the weakest of them.

use lapor_protocol::dsse::Envelope;
use lapor_protocol::keys::{Jwk, KeyId, Signer};

/// The neutral point of Ed25519, and its other encoding, whose y is not below p.
const NEUTRAL: [&str; 2] = [
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "7v_______________________________________38",
];
const THUMBPRINTS: [&str; 2] = [
    "eV9frzBXPTP92MWWMpoFOh0WI_kJLvGlhcNs15APU_s",
    "UqnBYPqz_n47zVtZ0nFslEBmgGeldyTEu6vwR5b6nl0",
];

fn neutral(encoding: usize) -> Jwk {
    Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        x: NEUTRAL[encoding].into(),
        kid: KeyId::from_text(THUMBPRINTS[encoding]),
    }
}

/// An Ed25519 key of small order.
pub fn small_order() -> Jwk {
    neutral(0)
}

/// One that is not canonically encoded.
pub fn not_canonical() -> Jwk {
    neutral(1)
}

/// An X25519 key whose shared secrets are all zero.
pub fn shares_nothing() -> Jwk {
    Jwk::x25519(&[0; 32])
}

/// A sound key under the thumbprint of another one.
pub fn under_another_name(key: Jwk, other: &Signer) -> Jwk {
    Jwk {
        kid: other.kid().clone(),
        ..key
    }
}

/// Signs by a neutral key, without any: S is one and R the base point, so that
/// the equation holds whatever is signed.
pub fn signed_by_nobody(payload_type: &str, payload: Vec<u8>, key: &Jwk) -> Envelope {
    let mut signature = [0x66; 64];
    signature[0] = 0x58;
    signature[32..].fill(0);
    signature[32] = 1;
    Envelope {
        payload_type: payload_type.into(),
        payload,
        kid: key.kid.clone(),
        signature,
        tree: None,
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::keys::KeyError;

    use super::*;

    /// A wrong thumbprint would be found before the key is looked at.
    #[test]
    fn nothing_is_wrong_with_them_but_what_is_said() {
        for key in [small_order(), not_canonical()] {
            assert_eq!(key.verifying_key().err(), Some(KeyError::Weak));
        }
        assert_eq!(shares_nothing().sealing_key(), Err(KeyError::Weak));
        let [one, other] = [1, 2].map(|seed| Signer::from_seed(&[seed; 32]));
        let renamed = under_another_name(one.public(), &other);
        assert_eq!(renamed.verifying_key().err(), Some(KeyError::Thumbprint));
    }
}
