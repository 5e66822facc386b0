//! Public and private keys, their ids, and the certificates by which an
//! instance's identity key vouches for its other keys.
//!
//! A key id is the RFC 7638 thumbprint of the public key's JWK. Weak and
//! non-canonical keys are refused when a key is read, so that no later check
//! can disagree about them.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::dsse::{self, Envelope};
use crate::ids::{Digest, InstanceId, Position};

/// Length of a raw Ed25519 or X25519 key, in bytes.
pub const KEY_BYTES: usize = 32;

/// The points of small order as they are encoded (RFC 8032, 5.1.2), without the sign of x, which is
/// the highest bit.
#[rustfmt::skip]
const SMALL_ORDER: [[u8; KEY_BYTES]; 5] = [
    [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
    [0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
    [0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    [0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05],
    [0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a],
];

/// A key that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is not an OKP JWK with 32 bytes in base64url")]
    Encoding,
    #[error("expected a key on curve {expected}, got {found}")]
    Curve {
        expected: &'static str,
        found: String,
    },
    #[error("the public key is of small order or not canonical")]
    Weak,
    #[error("the key id is not the thumbprint of the key")]
    Thumbprint,
    #[error("the certificate of the key does not verify under the identity key")]
    Certificate,
}

/// The RFC 7638 thumbprint of a public key, base64url without padding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes text from a database or a peer; it only ever selects a key.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key may be used for; one key, one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    Identity,
    Signing,
    Sealing,
}

/// A public key as an RFC 8037 OKP JWK; `crv` is `Ed25519` or `X25519`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Jwk {
    pub kty: String,
    pub crv: String,
    /// The raw public key, base64url without padding.
    pub x: String,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub kid: KeyId,
}

impl Jwk {
    pub fn ed25519(key: &VerifyingKey) -> Self {
        Self::okp("Ed25519", key.as_bytes())
    }

    pub fn x25519(public: &[u8; KEY_BYTES]) -> Self {
        Self::okp("X25519", public)
    }

    /// The Ed25519 key inside; refuses weak and non-canonical keys.
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        let bytes = self.raw("Ed25519")?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Weak)?;
        // `from_bytes` accepts encodings with y >= p; re-encoding the point shows them.
        let canonical = key.to_edwards().compress().to_bytes() == bytes;
        if key.is_weak() || !canonical {
            return Err(KeyError::Weak);
        }
        Ok(key)
    }

    /// The X25519 key inside; refuses points of small order.
    pub fn sealing_key(&self) -> Result<[u8; KEY_BYTES], KeyError> {
        let bytes = self.raw("X25519")?;
        // RFC 7748: with a point of small order every shared secret is zero.
        let probe = x25519_dalek::x25519([0x5a; 32], bytes);
        if probe == [0; 32] {
            return Err(KeyError::Weak);
        }
        Ok(bytes)
    }

    fn okp(crv: &str, public: &[u8; KEY_BYTES]) -> Self {
        let x = B64.encode(public);
        let kid = thumbprint(crv, &x);
        Self {
            kty: "OKP".into(),
            crv: crv.into(),
            x,
            kid,
        }
    }

    fn raw(&self, crv: &'static str) -> Result<[u8; KEY_BYTES], KeyError> {
        if self.kty != "OKP" || self.crv != crv {
            return Err(KeyError::Curve {
                expected: crv,
                found: self.crv.clone(),
            });
        }
        let bytes = B64.decode(&self.x).map_err(|_| KeyError::Encoding)?;
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| KeyError::Encoding)?;
        if thumbprint(crv, &self.x) != self.kid {
            return Err(KeyError::Thumbprint);
        }
        Ok(bytes)
    }
}

/// A private Ed25519 key with its id; zeroed when dropped. Clones share what signs.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    /// The same key, made once, as the library has it that signs (decision 38).
    pair: Ed25519KeyPair,
    kid: KeyId,
}

impl Signer {
    pub fn from_seed(seed: &[u8; KEY_BYTES]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public.as_bytes())
            .expect("every seed is a key, and has one public half");
        let kid = Jwk::ed25519(&public).kid;
        Self { key, pair, kid }
    }

    pub fn seed(&self) -> &[u8; KEY_BYTES] {
        self.key.as_bytes()
    }

    pub fn kid(&self) -> &KeyId {
        &self.kid
    }

    pub fn public(&self) -> Jwk {
        Jwk::ed25519(&self.key.verifying_key())
    }

    /// The signature of RFC 8032, which has nothing random.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(bytes).as_ref());
        signature
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.kid)
    }
}

/// A public Ed25519 key, checked once, with its id.
#[derive(Clone)]
pub struct Verifier {
    public: [u8; KEY_BYTES],
    /// The same key, made once, as the library has it that verifies (decision 33).
    key: ParsedPublicKey,
    kid: KeyId,
}

impl PartialEq for Verifier {
    fn eq(&self, other: &Self) -> bool {
        self.public == other.public && self.kid == other.kid
    }
}

impl Eq for Verifier {}

impl Verifier {
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let public = jwk.verifying_key()?.to_bytes();
        let key = ParsedPublicKey::new(&ED25519, public).map_err(|_| KeyError::Encoding)?;
        Ok(Self {
            public,
            key,
            kid: jwk.kid.clone(),
        })
    }

    pub fn kid(&self) -> &KeyId {
        &self.kid
    }

    pub fn jwk(&self) -> Jwk {
        Jwk::okp("Ed25519", &self.public)
    }

    pub(crate) fn raw(&self) -> &[u8; KEY_BYTES] {
        &self.public
    }

    /// SHA-256 of the raw public key, what nodes pin and screens show.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.public)
    }

    /// Strict verification: canonical S and R, no small-order R (ZIP 215 is not accepted).
    ///
    /// The library computes R by the equation without a cofactor and compares encodings, so that
    /// one that is not canonical never holds; the order of R it does not ask for (decision 33).
    pub fn verify(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let mut r = [0; KEY_BYTES];
        r.copy_from_slice(&signature[..KEY_BYTES]);
        r[KEY_BYTES - 1] &= 0x7f;
        if SMALL_ORDER.contains(&r) {
            return false;
        }
        self.key.verify_sig(bytes, signature).is_ok()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.kid)
    }
}

/// A key with the positions of its owner's chain between which it is valid,
/// and the identity key's signature over that, as it stands in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CertifiedKey {
    #[serde(flatten)]
    pub jwk: Jwk,
    pub use_for: KeyUse,
    pub valid_from: Position,
    /// The last position at which the key is valid; open while it is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Position>,
    /// DSSE envelope of [`KeyStatement`], signed by the identity key.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub cert: Envelope,
}

/// What an identity key signs to certify a key of its instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyStatement {
    pub instance: InstanceId,
    #[serde(rename = "use")]
    pub use_for: KeyUse,
    pub jwk: Jwk,
    pub valid_from: Position,
}

impl CertifiedKey {
    pub fn certify(
        identity: &Signer,
        instance: &InstanceId,
        use_for: KeyUse,
        jwk: Jwk,
        valid_from: Position,
    ) -> Self {
        let statement = KeyStatement {
            instance: instance.clone(),
            use_for,
            jwk: jwk.clone(),
            valid_from,
        };
        let cert = dsse::sign_json(dsse::KEY_TYPE, &statement, identity);
        Self {
            jwk,
            use_for,
            valid_from,
            valid_to: None,
            cert,
        }
    }

    /// Whether the identity key really certified this key, for this use, from
    /// this position on.
    pub fn check(&self, identity: &Verifier, instance: &InstanceId) -> Result<(), KeyError> {
        match self.use_for {
            KeyUse::Sealing => self.jwk.sealing_key().map(drop)?,
            KeyUse::Identity | KeyUse::Signing => self.jwk.verifying_key().map(drop)?,
        }
        let statement: KeyStatement = dsse::open_json(dsse::KEY_TYPE, &self.cert, identity)
            .map_err(|_| KeyError::Certificate)?;
        let expected = KeyStatement {
            instance: instance.clone(),
            use_for: self.use_for,
            jwk: self.jwk.clone(),
            valid_from: self.valid_from,
        };
        if statement == expected {
            Ok(())
        } else {
            Err(KeyError::Certificate)
        }
    }

    pub fn valid_at(&self, position: Position) -> bool {
        self.valid_from <= position && self.valid_to.is_none_or(|last| position <= last)
    }
}

fn thumbprint(crv: &str, x: &str) -> KeyId {
    // RFC 7638 section 3.2: the required members in lexical order, no white space.
    let members = format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#);
    KeyId(B64.encode(Digest::of(members.as_bytes()).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        // RFC 8037, appendix A.3.
        let kid = thumbprint("Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(kid.as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn weak_and_non_canonical_keys_are_refused() {
        let mut identity_point = [0u8; 32];
        identity_point[0] = 1;
        let mut non_canonical = [0xff; 32];
        non_canonical[0] = 0xee; // y = p + 1, the identity again
        non_canonical[31] = 0x7f;
        for bytes in [identity_point, non_canonical, [0; 32]] {
            assert_eq!(
                Jwk::okp("Ed25519", &bytes).verifying_key(),
                Err(KeyError::Weak)
            );
        }
        assert_eq!(Jwk::x25519(&[0; 32]).sealing_key(), Err(KeyError::Weak));
    }

    #[test]
    fn a_verifier_is_its_key_and_verifies_alike_each_time() {
        let (one, other) = (Signer::from_seed(&[1; 32]), Signer::from_seed(&[2; 32]));
        let key = Verifier::from_jwk(&one.public()).unwrap();
        assert_eq!(key.jwk(), one.public());
        assert_eq!(key, Verifier::from_jwk(&one.public()).unwrap());
        assert_ne!(key, Verifier::from_jwk(&other.public()).unwrap());
        for key in [key.clone(), key] {
            for text in [b"satu".as_slice(), b"dua"] {
                assert!(key.verify(text, &one.sign(text)));
                assert!(!key.verify(text, &other.sign(text)));
                assert!(!key.verify(b"tiga", &one.sign(text)));
            }
        }
    }

    #[test]
    fn a_certificate_binds_instance_use_key_and_position() {
        let identity = Signer::from_seed(&[1; 32]);
        let pinned = Verifier::from_jwk(&identity.public()).unwrap();
        let instance: InstanceId = "kemenpu".parse().unwrap();
        let from = Position { epoch: 1, seq: 1 };
        let signing = Signer::from_seed(&[2; 32]).public();
        let key = CertifiedKey::certify(&identity, &instance, KeyUse::Signing, signing, from);
        assert_eq!(key.check(&pinned, &instance), Ok(()));
        assert!(key.check(&pinned, &"kemenhub".parse().unwrap()).is_err());
        let moved = CertifiedKey {
            valid_from: Position { epoch: 1, seq: 2 },
            ..key.clone()
        };
        assert!(moved.check(&pinned, &instance).is_err());
        let swapped = CertifiedKey {
            jwk: Signer::from_seed(&[3; 32]).public(),
            ..key
        };
        assert!(swapped.check(&pinned, &instance).is_err());
    }
}
