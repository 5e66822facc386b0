//! The names of things: instances, messages, cases, envelopes, positions.
//!
//! Every id is a newtype, parsed once at the edge and trusted afterwards. A
//! value of one of these types is always well formed; nothing here may be
//! constructed from unchecked text.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// An id that could not be read; the text that names what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error(
        "an instance is named by 2 to 40 characters a-z, 0-9 and single inner hyphens, not {0:?}"
    )]
    Instance(String),
    #[error("expected a UUID version 7 in lower case, got {0:?}")]
    Uuid(String),
    #[error("expected 64 lower-case hexadecimal digits, got {0:?}")]
    Digest(String),
    #[error("expected a cursor of the form depoch.dseq.hash, got {0:?}")]
    Cursor(String),
    #[error(
        "unknown kind of instance {0:?}; one of pusat, kementerian, lembaga, provinsi, kabupaten, kota, bumn, pengawas"
    )]
    Kind(String),
}

/// An id is read where its text stands, without a copy of that. It is judged after it was read, so
/// that an error of its text says no other place than one of its neighbours.
fn read_text<'de, D, T>(reader: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = IdError>,
{
    let read: Result<T, IdError> = reader.deserialize_str(Text(PhantomData))?;
    read.map_err(de::Error::custom)
}

struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err = IdError>> Visitor<'_> for Text<T> {
    type Value = Result<T, IdError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Result<T, IdError>, E> {
        Ok(text.parse())
    }
}

macro_rules! read_as_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                read_text(reader)
            }
        }
    };
}

/// The slug of an institution, for instance `kota-bandung`; never reused. Clones share its text: it
/// stands in every header, row and stream that a message leads to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Arc<str>);

impl InstanceId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let shape = (2..=40).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if shape {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Instance(shorten(text)))
        }
    }
}

impl TryFrom<String> for InstanceId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<InstanceId> for String {
    fn from(id: InstanceId) -> Self {
        id.as_str().to_owned()
    }
}

impl Serialize for InstanceId {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(&self.0)
    }
}

read_as_text!(InstanceId);

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an institution is; see `protocol.md`, "Identity and keys".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceKind {
    Pusat,
    Kementerian,
    Lembaga,
    Provinsi,
    Kabupaten,
    Kota,
    Bumn,
    Pengawas,
}

impl InstanceKind {
    pub const ALL: [Self; 8] = [
        Self::Pusat,
        Self::Kementerian,
        Self::Lembaga,
        Self::Provinsi,
        Self::Kabupaten,
        Self::Kota,
        Self::Bumn,
        Self::Pengawas,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pusat => "pusat",
            Self::Kementerian => "kementerian",
            Self::Lembaga => "lembaga",
            Self::Provinsi => "provinsi",
            Self::Kabupaten => "kabupaten",
            Self::Kota => "kota",
            Self::Bumn => "bumn",
            Self::Pengawas => "pengawas",
        }
    }
}

impl FromStr for InstanceKind {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| IdError::Kind(shorten(text)))
    }
}

impl fmt::Display for InstanceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that the caller has minted; refuses any version but 7.
            pub fn new(uuid: Uuid) -> Result<Self, IdError> {
                if uuid.get_version_num() == 7 {
                    Ok(Self(uuid))
                } else {
                    Err(IdError::Uuid(uuid.to_string()))
                }
            }

            /// Mints an id from an instant (Unix ms) and ten random bytes.
            pub fn mint(at_ms: i64, random: [u8; 10]) -> Self {
                let at = u64::try_from(at_ms).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(at, &random).into_uuid())
            }

            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let uuid = Uuid::parse_str(text).map_err(|_| IdError::Uuid(shorten(text)))?;
                // One id has one spelling, because ids are compared as text in two databases.
                if uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) != text {
                    return Err(IdError::Uuid(shorten(text)));
                }
                Self::new(uuid)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_string()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                let text = &mut Uuid::encode_buffer();
                writer.serialize_str(self.0.hyphenated().encode_lower(text))
            }
        }

        read_as_text!($name);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

uuid_id! {
    /// A message, UUIDv7, minted in the transaction that stores its business row.
    MessageId
}
uuid_id! {
    /// A case, UUIDv7, minted by the instance where the report was filed.
    CaseId
}

/// SHA-256 of something, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// The id of an envelope: SHA-256 of its pre-authentication encoding.
pub type EnvelopeId = Digest;

impl Digest {
    /// The value before the first link of a chain: 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);

    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// In hex in groups of four, as two people read it to each other over the telephone.
    pub fn read_out(self) -> String {
        let groups = self.0.chunks(2).map(hex::encode);
        groups.collect::<Vec<String>>().join(" ")
    }

    /// Reads a stored 32-byte column.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
        <[u8; 32]>::try_from(bytes)
            .map(Self)
            .map_err(|_| IdError::Digest(format!("{} bytes", bytes.len())))
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut bytes = [0; 32];
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(IdError::Digest(shorten(text))),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_hex()
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 64];
        hex::encode_to_slice(self.0, &mut text).expect("32 bytes are 64 digits");
        writer.serialize_str(std::str::from_utf8(&text).expect("digits are text"))
    }
}

read_as_text!(Digest);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// A message named by who wrote it: an id alone is only unique per author.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MessageRef {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub author: InstanceId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: MessageId,
}

/// Where in an author's chain: epochs count from 1, so does `seq` in each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Position {
    pub epoch: u32,
    pub seq: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

/// At most 60 characters of what a peer sent, for an error message.
fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_a_slug() {
        for good in ["pusat", "kota-bandung", "bumn-pln", "a1"] {
            assert_eq!(good.parse::<InstanceId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a",
            "Kota",
            "-x",
            "x-",
            "a--b",
            "a_b",
            "a b",
            &"x".repeat(41),
        ] {
            assert!(bad.parse::<InstanceId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_uuid_has_one_spelling_and_one_version() {
        let id = MessageId::mint(1_700_000_000_000, [7; 10]);
        assert_eq!(id.to_string().parse::<MessageId>().unwrap(), id);
        assert!(id.to_string().to_uppercase().parse::<MessageId>().is_err());
        assert!(
            "7f3c0b1e-8a55-4a0e-9d53-111111111111"
                .parse::<MessageId>()
                .is_err()
        );
    }

    #[test]
    fn a_digest_is_lower_case_hex() {
        let digest = Digest::of(b"lapor");
        assert_eq!(digest.to_hex().parse::<Digest>().unwrap(), digest);
        assert!(digest.to_hex().to_uppercase().parse::<Digest>().is_err());
    }

    #[test]
    fn an_id_is_written_and_read_as_its_text_and_as_nothing_else() {
        fn check<T>(id: &T)
        where
            T: Serialize + for<'de> Deserialize<'de> + fmt::Display + fmt::Debug + PartialEq,
        {
            let text = id.to_string();
            let written = serde_json::to_string(id).unwrap();
            assert_eq!(written, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<T>(&written).unwrap(), *id);
            // Escapes are unfolded before, and a value holds its text.
            let escaped = written.replacen('a', "\\u0061", 1);
            assert_eq!(serde_json::from_str::<T>(&escaped).unwrap(), *id);
            let value = serde_json::to_value(id).unwrap();
            assert_eq!(value, text.as_str());
            assert_eq!(serde_json::from_value::<T>(value).unwrap(), *id);
            for bad in ["1", "null", "[]", "\"\"", "\"A\""] {
                assert!(serde_json::from_str::<T>(bad).is_err(), "{bad}");
            }
        }
        check(&"kota-bandung".parse::<InstanceId>().unwrap());
        check(&MessageId::mint(1_700_000_000_000, [0xaa; 10]));
        check(&CaseId::mint(1_700_000_000_000, [0xaa; 10]));
        check(&Digest::new([0xaa; 32]));
    }

    #[test]
    fn a_digest_is_read_out_in_groups() {
        let digest = Digest::of(b"kunci");
        let said = digest.read_out();
        assert_eq!(said.replace(' ', ""), digest.to_hex());
        assert!(said.split(' ').all(|group| group.len() == 4), "{said}");
        assert_eq!(said.split(' ').count(), 16);
    }
}
