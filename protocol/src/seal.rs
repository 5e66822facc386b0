//! Content keys, sealed words, and the wraps in which a content key reaches a
//! party.
//!
//! Words: XChaCha20-Poly1305, padded, bound to kind, id, case and author.
//! Wraps: HPKE base mode (RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305),
//! bound to what the key is for, the recipient and the recipient's key id.
//! Nothing here prints a key or a word; the caller brings the randomness.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt;
use zeroize::Zeroizing;

use crate::directory::InstanceEntry;
use crate::entropy::Entropy;
use crate::ids::{CaseId, Digest, InstanceId, MessageId};
use crate::keys::{Jwk, KeyError, KeyId};
use crate::limits::WORDS_BYTES;

const COMMITMENT_LABEL: &[u8] = b"lapor content key v1\0";
const WORDS_LABEL: &[u8] = b"lapor words v1\0";
const WRAP_INFO: &[u8] = b"lapor wrap v1";
/// An X25519 public key.
const ENC_BYTES: usize = 32;
/// A content key and its authentication tag.
const WRAPPED_BYTES: usize = 48;
/// Plaintexts are padded to a multiple of this, so that a length says little.
const STEP: usize = 256;

/// What cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the words are {0} bytes; at most {WORDS_BYTES} can be sealed")]
    TooLong(usize),
    #[error("the sealed words are not what their fields say")]
    Encoding,
    #[error("the key does not open this")]
    Key,
    #[error("the unwrapped key is not the one the case committed to")]
    Commitment,
    #[error("the recipient's sealing key cannot be used: {0}")]
    Recipient(#[from] KeyError),
}

/// The key of a case's words and blobs: 256 random bits, zeroed when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(key.as_mut_slice());
        Self(key)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        <[u8; 32]>::try_from(bytes)
            .map(|key| Self(Zeroizing::new(key)))
            .map_err(|_| SealError::Encoding)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the clear body commits to: SHA-256 under a label.
    pub fn commitment(&self) -> Digest {
        labelled(COMMITMENT_LABEL, &self.0)
    }

    /// A key for another use, derived by SHA-256 under a label; the content
    /// key is uniformly random, so that no extraction step is needed.
    pub(crate) fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*labelled(label, &self.0).as_bytes())
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// Words encrypted under a content key, as they stand in a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sealed {
    /// 24 bytes, base64.
    pub nonce: String,
    /// Ciphertext and tag, base64.
    pub ciphertext: String,
}

/// What sealed words are bound to.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub kind: &'a str,
    pub id: MessageId,
    pub case: CaseId,
    pub author: &'a InstanceId,
}

impl Context<'_> {
    fn associated_data(&self) -> Vec<u8> {
        format!("{}\n{}\n{}\n{}", self.kind, self.id, self.case, self.author).into_bytes()
    }
}

/// Encrypts the JSON of a message's words.
pub fn seal_words(
    key: &ContentKey,
    context: Context<'_>,
    words: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Sealed, SealError> {
    if words.len() > WORDS_BYTES {
        return Err(SealError::TooLong(words.len()));
    }
    let mut nonce = [0; 24];
    entropy.fill(&mut nonce);
    let padded = pad(words);
    let ciphertext = cipher(key)
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &padded,
                aad: &context.associated_data(),
            },
        )
        .map_err(|_| SealError::Key)?;
    Ok(Sealed {
        nonce: B64.encode(nonce),
        ciphertext: B64.encode(ciphertext),
    })
}

/// Decrypts what [`seal_words`] made, under the same context.
pub fn open_words(
    key: &ContentKey,
    context: Context<'_>,
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let nonce = B64.decode(&sealed.nonce).map_err(|_| SealError::Encoding)?;
    let nonce = <[u8; 24]>::try_from(nonce).map_err(|_| SealError::Encoding)?;
    let ciphertext = B64
        .decode(&sealed.ciphertext)
        .map_err(|_| SealError::Encoding)?;
    let padded = cipher(key)
        .decrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &ciphertext,
                aad: &context.associated_data(),
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| SealError::Key)?;
    unpad(&padded)
}

/// What a wrapped key opens: the words of a case, or one disclosed identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Case(CaseId),
    Identity(MessageId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(id) => write!(f, "case:{id}"),
            Self::Identity(id) => write!(f, "identity:{id}"),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let (what, id) = text.split_once(':').ok_or(SealError::Encoding)?;
        match what {
            "case" => id.parse().map(Self::Case).map_err(|_| SealError::Encoding),
            "identity" => id
                .parse()
                .map(Self::Identity)
                .map_err(|_| SealError::Encoding),
            _ => Err(SealError::Encoding),
        }
    }
}

/// A content key, HPKE-wrapped to one sealing key of one recipient. It travels
/// beside envelopes and items, never in a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrap {
    pub recipient: InstanceId,
    /// The recipient's sealing key.
    pub kid: KeyId,
    /// Encapsulated key, 32 bytes, base64.
    pub enc: String,
    /// The sealed content key, 48 bytes, base64.
    pub ciphertext: String,
}

impl Wrap {
    /// Whether this is to a sealing key that the recipient has or had, and both
    /// parts have their sizes. What is in them only the recipient can tell.
    pub fn may_open(&self, recipient: &InstanceEntry) -> bool {
        let size = |text: &str| B64.decode(text).map_or(0, |bytes| bytes.len());
        recipient.id == self.recipient
            && recipient.has_sealing_key(&self.kid)
            && size(&self.enc) == ENC_BYTES
            && size(&self.ciphertext) == WRAPPED_BYTES
    }
}

/// Wraps a content key to a recipient's sealing key.
pub fn wrap(
    key: &ContentKey,
    subject: Subject,
    recipient: &InstanceId,
    sealing: &Jwk,
    entropy: &mut dyn Entropy,
) -> Result<Wrap, SealError> {
    let public = sealing.sealing_key()?;
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&public)
        .map_err(|_| SealError::Encoding)?;
    let mut rng = crate::entropy::AsRng(entropy);
    let (enc, ciphertext) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            WRAP_INFO,
            key.as_bytes(),
            &wrap_data(subject, recipient, &sealing.kid),
            &mut rng,
        )
        .map_err(|_| SealError::Key)?;
    Ok(Wrap {
        recipient: recipient.clone(),
        kid: sealing.kid.clone(),
        enc: B64.encode(enc.to_bytes()),
        ciphertext: B64.encode(ciphertext),
    })
}

/// A private X25519 key; zeroed when dropped.
#[derive(Clone)]
pub struct Opener {
    secret: Zeroizing<[u8; 32]>,
    public: Jwk,
}

impl Opener {
    pub fn from_seed(secret: &[u8; 32]) -> Self {
        let public = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(*secret));
        Self {
            secret: Zeroizing::new(*secret),
            public: Jwk::x25519(public.as_bytes()),
        }
    }

    pub fn seed(&self) -> &[u8; 32] {
        &self.secret
    }

    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// Opens a wrap made for this key and checks it against the commitment.
    pub fn unwrap(
        &self,
        wrap: &Wrap,
        subject: Subject,
        commitment: &Digest,
    ) -> Result<ContentKey, SealError> {
        let enc = B64.decode(&wrap.enc).map_err(|_| SealError::Encoding)?;
        let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&enc)
            .map_err(|_| SealError::Encoding)?;
        let ciphertext = B64
            .decode(&wrap.ciphertext)
            .map_err(|_| SealError::Encoding)?;
        let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.secret.as_slice())
            .map_err(|_| SealError::Encoding)?;
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret,
            &enc,
            WRAP_INFO,
            &ciphertext,
            &wrap_data(subject, &wrap.recipient, &self.public.kid),
        )
        .map(Zeroizing::new)
        .map_err(|_| SealError::Key)?;
        let key = ContentKey::from_bytes(&opened)?;
        if key.commitment() == *commitment {
            Ok(key)
        } else {
            Err(SealError::Commitment)
        }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({})", self.public.kid)
    }
}

fn wrap_data(subject: Subject, recipient: &InstanceId, kid: &KeyId) -> Vec<u8> {
    format!("{subject}\n{recipient}\n{kid}").into_bytes()
}

fn cipher(key: &ContentKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.derive(WORDS_LABEL)).into())
}

fn labelled(label: &[u8], key: &[u8; 32]) -> Digest {
    let mut sha = sha2::Sha256::new();
    sha.update(label);
    sha.update(key);
    Digest::new(sha.finalize().into())
}

fn pad(words: &[u8]) -> Zeroizing<Vec<u8>> {
    let size = (words.len() + 4).next_multiple_of(STEP);
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    out.extend_from_slice(&(words.len() as u32).to_be_bytes());
    out.extend_from_slice(words);
    out.resize(size, 0);
    out
}

fn unpad(padded: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (size, rest) = padded.split_first_chunk::<4>().ok_or(SealError::Encoding)?;
    let size = u32::from_be_bytes(*size) as usize;
    rest.get(..size)
        .map(|words| Zeroizing::new(words.to_vec()))
        .ok_or(SealError::Encoding)
}
