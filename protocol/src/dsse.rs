//! DSSE v1 envelopes: a signature over exact bytes, never over parsed JSON.
//!
//! Source: the Dead Simple Signing Envelope specification, version 1.0.2. We
//! admit exactly one signature, which several messages may have together
//! ([`crate::together`]). Nothing in this module looks inside a payload before
//! its signature has been verified.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;

use crate::ids::{Digest, EnvelopeId};
use crate::keys::{KeyId, Signer, Verifier};
use crate::together::{LastTree, TreePlace};

pub const MESSAGE_TYPE: &str = "application/vnd.lapor.message.v1+json";
pub const RECEIPT_TYPE: &str = "application/vnd.lapor.receipt.v1+json";
pub const ACK_TYPE: &str = "application/vnd.lapor.ack.v1+json";
pub const HEAD_TYPE: &str = "application/vnd.lapor.head.v1+json";
pub const DIRECTORY_TYPE: &str = "application/vnd.lapor.directory.v1+json";
pub const DIRECTORY_HEAD_TYPE: &str = "application/vnd.lapor.directory-head.v1+json";
pub const KEY_TYPE: &str = "application/vnd.lapor.key.v1+json";
pub const EPOCH_TYPE: &str = "application/vnd.lapor.epoch.v1+json";
pub const ENROLMENT_TYPE: &str = "application/vnd.lapor.enrolment.v1+json";
/// The head of a tree of messages that are signed together.
pub const TREE_TYPE: &str = "application/vnd.lapor.tree.v1";

/// Of a line beside its payload and its type: names, key id and signature.
const BESIDE_BYTES: usize = 208;
/// Of the pre-authentication encoding beside type and payload: its name, two lengths, spaces.
const LENGTHS_BYTES: usize = 48;

/// Why an envelope was refused; the sender's fault in every case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the line is not a DSSE envelope: {0}")]
    Malformed(String),
    #[error("an envelope carries exactly one signature, this one has {0}")]
    Signatures(usize),
    #[error("expected payload type {expected}, got {found}")]
    PayloadType {
        expected: &'static str,
        found: String,
    },
    #[error("the key {0} is not the one that must have signed")]
    Key(KeyId),
    #[error("the signature does not verify")]
    Signature,
    #[error("the payload is not what its type says: {0}")]
    Payload(String),
}

/// A signed envelope, decoded: the payload's exact bytes and one signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    pub payload_type: String,
    pub payload: Vec<u8>,
    pub kid: KeyId,
    pub signature: [u8; 64],
    /// Where it stands among the messages that have this signature together; `None` of what has one alone.
    pub tree: Option<TreePlace>,
}

/// `rest` makes serde read objects only (a derived struct would take an array
/// of its fields too, which no other language does) and shows unknown fields.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(rename = "payloadType", borrow)]
    payload_type: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(borrow)]
    signatures: Vec<WireSignature<'a>>,
    #[serde(flatten, skip_serializing)]
    rest: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature<'a> {
    keyid: KeyId,
    #[serde(borrow)]
    sig: Cow<'a, str>,
    #[serde(
        borrow,
        default,
        deserialize_with = "stated",
        skip_serializing_if = "Option::is_none"
    )]
    tree: Option<Cow<'a, str>>,
    #[serde(flatten, skip_serializing)]
    rest: BTreeMap<String, Value>,
}

impl Envelope {
    /// Reads one line of NDJSON (without its line break).
    pub fn parse(line: &[u8]) -> Result<Self, EnvelopeError> {
        let wire: Wire<'_> =
            serde_json::from_slice(line).map_err(|e| EnvelopeError::Malformed(e.to_string()))?;
        Self::try_from(wire)
    }

    /// Signs exact bytes.
    pub fn sign(payload_type: &str, payload: Vec<u8>, signer: &Signer) -> Self {
        let signature = signer.sign(&pae(payload_type, &payload));
        Self {
            payload_type: payload_type.into(),
            payload,
            kid: signer.kid().clone(),
            signature,
            tree: None,
        }
    }

    /// One line of NDJSON, without its line break.
    pub fn to_line(&self) -> String {
        let payload = base64::encoded_len(self.payload.len(), true).unwrap_or_default();
        let place = self.tree.as_ref().map_or(0, TreePlace::text_bytes);
        let mut line = Vec::with_capacity(payload + self.payload_type.len() + place + BESIDE_BYTES);
        serde_json::to_writer(&mut line, self).expect("an envelope serialises");
        String::from_utf8(line).expect("JSON is text")
    }

    /// `SHA-256(PAE(payloadType, payload))`.
    pub fn id(&self) -> EnvelopeId {
        Digest::of(&pae(&self.payload_type, &self.payload))
    }

    /// Checks payload type, key id and signature, in that order.
    pub fn verify(&self, payload_type: &'static str, key: &Verifier) -> Result<(), EnvelopeError> {
        self.verified_id(payload_type, key).map(drop)
    }

    /// [`Self::verify`] and [`Self::id`] at the cost of one encoding.
    pub fn verified_id(
        &self,
        payload_type: &'static str,
        key: &Verifier,
    ) -> Result<EnvelopeId, EnvelopeError> {
        self.verified_id_after(payload_type, key, &mut LastTree::default())
    }

    /// The same behind another envelope: of a tree whose head has just been verified only the path is
    /// climbed.
    pub fn verified_id_after(
        &self,
        payload_type: &'static str,
        key: &Verifier,
        last: &mut LastTree,
    ) -> Result<EnvelopeId, EnvelopeError> {
        if self.payload_type != payload_type {
            return Err(EnvelopeError::PayloadType {
                expected: payload_type,
                found: self.payload_type.clone(),
            });
        }
        if self.kid != *key.kid() {
            return Err(EnvelopeError::Key(self.kid.clone()));
        }
        let encoded = pae(&self.payload_type, &self.payload);
        let id = Digest::of(&encoded);
        let holds = match &self.tree {
            None => key.verify(&encoded, &self.signature),
            // Whatever else is signed has a signature of its own.
            Some(place) => {
                payload_type == MESSAGE_TYPE && last.verify(id, place, key, &self.signature)
            }
        };
        holds.then_some(id).ok_or(EnvelopeError::Signature)
    }
}

/// The pre-authentication encoding: what is signed and hashed.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (type_bytes, bytes) = (payload_type.len(), payload.len());
    let mut encoded = Vec::with_capacity(bytes + type_bytes + LENGTHS_BYTES);
    write!(encoded, "DSSEv1 {type_bytes} {payload_type} {bytes} ").expect("memory takes all");
    encoded.extend_from_slice(payload);
    encoded
}

/// Signs the JSON of a value; the bytes in the envelope are the truth from then on.
pub fn sign_json<T: Serialize>(payload_type: &'static str, value: &T, signer: &Signer) -> Envelope {
    let payload = serde_json::to_vec(value).expect("a signed statement serialises");
    Envelope::sign(payload_type, payload, signer)
}

/// Verifies, then reads the payload.
pub fn open_json<T: DeserializeOwned>(
    payload_type: &'static str,
    envelope: &Envelope,
    key: &Verifier,
) -> Result<T, EnvelopeError> {
    envelope.verify(payload_type, key)?;
    serde_json::from_slice(&envelope.payload).map_err(|e| EnvelopeError::Payload(e.to_string()))
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        Wire::from(self).serialize(writer)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Self::try_from(Wire::deserialize(reader)?).map_err(D::Error::custom)
    }
}

/// What stands there is text; `null` is no way to leave it out.
fn stated<'de: 'a, 'a, D: Deserializer<'de>>(reader: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    Borrowed::deserialize(reader).map(|Borrowed(text)| Some(text))
}

#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

impl TryFrom<Wire<'_>> for Envelope {
    type Error = EnvelopeError;

    fn try_from(wire: Wire<'_>) -> Result<Self, EnvelopeError> {
        let [signature] = <[WireSignature<'_>; 1]>::try_from(wire.signatures)
            .map_err(|all| EnvelopeError::Signatures(all.len()))?;
        if let Some(field) = wire.rest.keys().chain(signature.rest.keys()).next() {
            let field: String = field.chars().take(60).collect();
            return Err(EnvelopeError::Malformed(format!("unknown field {field:?}")));
        }
        let payload = B64
            .decode(wire.payload.as_bytes())
            .map_err(|_| EnvelopeError::Malformed("payload is not base64".into()))?;
        let bytes = B64
            .decode(signature.sig.as_bytes())
            .ok()
            .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
            .ok_or_else(|| EnvelopeError::Malformed("sig is not 64 bytes in base64".into()))?;
        let place = |text: Cow<'_, str>| {
            TreePlace::read(&text)
                .ok_or_else(|| EnvelopeError::Malformed("tree is no place in a tree".into()))
        };
        Ok(Self {
            payload_type: wire.payload_type.into_owned(),
            payload,
            kid: signature.keyid,
            signature: bytes,
            tree: signature.tree.map(place).transpose()?,
        })
    }
}

impl<'a> From<&'a Envelope> for Wire<'a> {
    fn from(envelope: &'a Envelope) -> Self {
        Self {
            payload_type: Cow::Borrowed(&envelope.payload_type),
            payload: Cow::Owned(B64.encode(&envelope.payload)),
            signatures: vec![WireSignature {
                keyid: envelope.kid.clone(),
                sig: Cow::Owned(B64.encode(envelope.signature)),
                tree: envelope.tree.as_ref().map(|place| place.to_text().into()),
                rest: BTreeMap::new(),
            }],
            rest: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A payload holds the words of a case, sealed or not: never print it.
        write!(
            f,
            "Envelope({}, {} bytes, {})",
            self.payload_type,
            self.payload.len(),
            self.kid
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pre_authentication_encoding_is_that_of_the_specification() {
        // DSSE protocol, test vector "hello world".
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn a_signed_envelope_survives_the_wire_and_a_changed_byte_does_not() {
        let signer = Signer::from_seed(&[9; 32]);
        let key = Verifier::from_jwk(&signer.public()).unwrap();
        let envelope = Envelope::sign(MESSAGE_TYPE, b"{\"v\":1}".to_vec(), &signer);
        let mut read = Envelope::parse(envelope.to_line().as_bytes()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.verified_id(MESSAGE_TYPE, &key), Ok(envelope.id()));
        assert!(matches!(
            read.verify(RECEIPT_TYPE, &key),
            Err(EnvelopeError::PayloadType { .. })
        ));
        read.payload[0] ^= 1;
        assert_eq!(
            read.verify(MESSAGE_TYPE, &key),
            Err(EnvelopeError::Signature)
        );
    }

    #[test]
    fn a_line_is_written_and_read_alike_whoever_holds_its_text() {
        let signer = Signer::from_seed(&[9; 32]);
        let envelope = Envelope::sign("a \"type\"", b"{}".to_vec(), &signer);
        let line = envelope.to_line();
        let start = r#"{"payloadType":"a \"type\"","payload":"e30=","signatures":[{"keyid":""#;
        assert!(line.starts_with(start), "{line}");
        // Text with escapes, and a value, cannot be borrowed from.
        let escaped = line.replacen("e30=", r"e30\u003d", 1);
        assert_eq!(Envelope::parse(escaped.as_bytes()).as_ref(), Ok(&envelope));
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(serde_json::from_value::<Envelope>(value).unwrap(), envelope);
        assert_eq!(
            serde_json::to_string(&[&envelope]).unwrap(),
            format!("[{line}]")
        );
    }

    #[test]
    fn what_is_printed_of_an_envelope_names_it_and_has_none_of_its_words() {
        let signer = Signer::from_seed(&[9; 32]);
        let envelope = Envelope::sign(MESSAGE_TYPE, b"rahasia".to_vec(), &signer);
        let printed = format!("Envelope({MESSAGE_TYPE}, 7 bytes, {})", signer.kid());
        assert_eq!(format!("{envelope:?}"), printed);
    }

    #[test]
    fn two_signatures_or_an_unknown_field_are_refused() {
        let signer = Signer::from_seed(&[9; 32]);
        let line = Envelope::sign(MESSAGE_TYPE, b"{}".to_vec(), &signer).to_line();
        let mut value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let first = value["signatures"][0].clone();
        value["signatures"].as_array_mut().unwrap().push(first);
        assert_eq!(
            Envelope::parse(value.to_string().as_bytes()),
            Err(EnvelopeError::Signatures(2))
        );
        let padded = line.replacen('{', r#"{"x":1,"#, 1);
        assert!(Envelope::parse(padded.as_bytes()).is_err());
    }
}
