//! A message: the payload of an envelope, in two halves.
//!
//! The header decides whether an envelope can be accepted at all; a header
//! that cannot be read refuses it. The body is evidence whatever it says: one
//! that cannot be read is accepted and ruled `malformed`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{CaseId, Digest, InstanceId, MessageId, MessageRef, Position};
use crate::kinds::{Body, BodyError};
use crate::limits::{ATTACHMENTS, BLOB_BYTES, KIND_CHARS, PAYLOAD_BYTES};
use crate::seal::{Context, Sealed};
use crate::strict_json;
use crate::written::{Form, states};

/// Why a header refuses its envelope (`header_invalid`); the author's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("the payload has {0} bytes; at most {PAYLOAD_BYTES} are allowed")]
    TooLarge(usize),
    #[error("the payload is not the JSON that messages are made of: {0}")]
    Json(String),
    #[error("the header cannot be read: {0}")]
    Fields(String),
    #[error("message version {0} is not spoken here")]
    Version(u32),
    #[error("epoch and seq count from 1")]
    Position,
}

/// What every message says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub v: u32,
    pub kind: String,
    pub id: MessageId,
    pub author: InstanceId,
    pub epoch: u32,
    /// Gapless in its epoch, from 1.
    pub seq: u64,
    /// Envelope id of the author's message before; zeros for the very first.
    pub prev: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The message that gave the author the custody on which this act relies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<MessageRef>,
    /// Unix ms by the author's clock; advisory.
    pub created_at: i64,
}

impl Header {
    pub fn position(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.seq,
        }
    }

    pub fn message_ref(&self) -> MessageRef {
        MessageRef {
            author: self.author.clone(),
            id: self.id,
        }
    }
}

/// An attachment: a blob beside the message, encrypted under the case's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// SHA-256 of the ciphertext.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub sha256: Digest,
    /// Bytes of the ciphertext.
    pub size: u64,
    pub media_type: String,
}

/// A message whose header is sound. The body is kept as a result: `Err` is
/// what the ruling `malformed` will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub header: Header,
    pub body: Result<Body, BodyError>,
    pub sealed: Option<Sealed>,
    pub attachments: Vec<Attachment>,
}

impl Message {
    /// Reads a payload whose signature has been verified.
    pub fn parse(payload: &[u8]) -> Result<Self, HeaderError> {
        if payload.len() > PAYLOAD_BYTES {
            return Err(HeaderError::TooLarge(payload.len()));
        }
        let written = strict_json::read(payload).map_err(|e| HeaderError::Json(e.to_string()))?;
        let wire: Wire<'_> =
            serde_json::from_slice(payload).map_err(|e| HeaderError::Fields(e.to_string()))?;
        if wire.v != 1 {
            return Err(HeaderError::Version(wire.v));
        }
        if wire.epoch == 0 || wire.seq == 0 {
            return Err(HeaderError::Position);
        }
        check_kind(&wire.kind)?;
        let header = Header {
            v: wire.v,
            kind: wire.kind,
            id: wire.id,
            author: wire.author,
            epoch: wire.epoch,
            seq: wire.seq,
            prev: wire.prev,
            case: wire.case,
            term: wire.term,
            created_at: wire.created_at,
        };
        // Its other fields are text and numbers, which have one form.
        let as_written =
            written.is_object() && is_whole(written.member("term"), header.term.as_ref());
        if !as_written {
            return Err(HeaderError::Fields(NOT_AS_WRITTEN.into()));
        }
        let (body, sealed, attachments) =
            match read_content(&header, wire.body, wire.sealed, wire.attachments, &written) {
                Ok((body, sealed, attachments)) => (Ok(body), sealed, attachments),
                Err(error) => (Err(error), None, Vec::new()),
            };
        Ok(Self {
            header,
            body,
            sealed,
            attachments,
        })
    }

    /// What the sealed words of this message are bound to, if it is about a case.
    pub fn seal_context(&self) -> Option<Context<'_>> {
        let case = match &self.body {
            Ok(body) => body.words_case(&self.header)?,
            Err(_) => self.header.case?,
        };
        Some(Context {
            kind: &self.header.kind,
            id: self.header.id,
            case,
            author: &self.header.author,
        })
    }
}

/// A message before it is sealed: everything but its place in the chain. This
/// is what the business transaction stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredDraft")]
pub struct Draft {
    pub kind: String,
    pub id: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<MessageRef>,
    pub created_at: i64,
    pub body: Body,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl Draft {
    /// The exact bytes to sign, once the place in the chain is known.
    pub fn payload(&self, author: &InstanceId, at: Position, prev: Digest) -> Vec<u8> {
        #[derive(Serialize)]
        struct Out<'a> {
            #[serde(flatten)]
            header: Header,
            body: &'a Body,
            #[serde(skip_serializing_if = "Option::is_none")]
            sealed: Option<&'a Sealed>,
            #[serde(skip_serializing_if = "<[Attachment]>::is_empty")]
            attachments: &'a [Attachment],
        }
        let out = Out {
            header: self.header(author, at, prev),
            body: &self.body,
            sealed: self.sealed.as_ref(),
            attachments: &self.attachments,
        };
        serde_json::to_vec(&out).expect("a message serialises")
    }

    /// The message as it will read once sealed; its place in the chain is
    /// provisional. This is what a screen folds as pending.
    pub fn provisional(&self, author: &InstanceId) -> Message {
        let at = Position { epoch: 1, seq: 1 };
        Message {
            header: self.header(author, at, Digest::ZERO),
            body: Ok(self.body.clone()),
            sealed: self.sealed.clone(),
            attachments: self.attachments.clone(),
        }
    }

    fn header(&self, author: &InstanceId, at: Position, prev: Digest) -> Header {
        Header {
            v: 1,
            kind: self.kind.clone(),
            id: self.id,
            author: author.clone(),
            epoch: at.epoch,
            seq: at.seq,
            prev,
            case: self.case,
            term: self.term.clone(),
            created_at: self.created_at,
        }
    }
}

#[derive(Deserialize)]
struct StoredDraft {
    kind: String,
    id: MessageId,
    #[serde(default)]
    case: Option<CaseId>,
    #[serde(default)]
    term: Option<MessageRef>,
    created_at: i64,
    body: Box<RawValue>,
    #[serde(default)]
    sealed: Option<Sealed>,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

impl TryFrom<StoredDraft> for Draft {
    type Error = BodyError;

    fn try_from(stored: StoredDraft) -> Result<Self, BodyError> {
        let body = Body::of_kind(&stored.kind, stored.body.get())?;
        Ok(Self {
            kind: stored.kind,
            id: stored.id,
            case: stored.case,
            term: stored.term,
            created_at: stored.created_at,
            body,
            sealed: stored.sealed,
            attachments: stored.attachments,
        })
    }
}

/// The header's fields stand here once more because `flatten` would copy the
/// whole payload and cannot borrow the raw body.
#[derive(Deserialize)]
struct Wire<'a> {
    v: u32,
    kind: String,
    id: MessageId,
    author: InstanceId,
    epoch: u32,
    seq: u64,
    prev: Digest,
    #[serde(default)]
    case: Option<CaseId>,
    #[serde(default)]
    term: Option<MessageRef>,
    created_at: i64,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sealed: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachments: Option<&'a RawValue>,
}

const NOT_AS_WRITTEN: &str = "an object is written as an array, or a name as an object";

/// A kind is copied into items and rows before anything else is known of it.
fn check_kind(kind: &str) -> Result<(), HeaderError> {
    let shape = (1..=KIND_CHARS).contains(&kind.len())
        && kind
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b));
    if shape {
        Ok(())
    } else {
        let wanted = format!("a kind is 1 to {KIND_CHARS} characters a-z, 0-9, _ or .");
        Err(HeaderError::Fields(wanted))
    }
}

/// Whether a part whose fields are all text stands there as an object; see [`states`], which would
/// go through the sealed words to find that out.
fn is_whole<T>(written: Option<&Form<'_>>, read: Option<&T>) -> bool {
    read.is_none() || written.is_some_and(Form::is_object)
}

type Content = (Body, Option<Sealed>, Vec<Attachment>);

/// What follows the header; an error here is the ruling `malformed`.
fn read_content(
    header: &Header,
    body: Option<&RawValue>,
    sealed: Option<&RawValue>,
    attachments: Option<&RawValue>,
    written: &Form<'_>,
) -> Result<Content, BodyError> {
    let sealed: Option<Sealed> = read_optional(sealed)?;
    let attachments: Vec<Attachment> = read_optional(attachments)?.unwrap_or_default();
    check_attachments(&attachments)?;
    let read = Body::parse(header, body.map_or("{}", RawValue::get))?;
    let as_written = body.is_none_or(|_| states(written.member("body"), &read))
        && is_whole(written.member("sealed"), sealed.as_ref())
        && (attachments.is_empty() || states(written.member("attachments"), &attachments));
    if as_written {
        Ok((read, sealed, attachments))
    } else {
        Err(BodyError::Fields(NOT_AS_WRITTEN.into()))
    }
}

fn read_optional<T: serde::de::DeserializeOwned>(
    raw: Option<&RawValue>,
) -> Result<Option<T>, BodyError> {
    raw.map(|raw| serde_json::from_str(raw.get()))
        .transpose()
        .map_err(|e| BodyError::Fields(e.to_string()))
}

/// Text that may stand in a header line: visible ASCII and spaces, with a slash.
fn is_media_type(text: &str) -> bool {
    (3..=100).contains(&text.len())
        && text.contains('/')
        && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

fn check_attachments(attachments: &[Attachment]) -> Result<(), BodyError> {
    if attachments.len() > ATTACHMENTS {
        return Err(BodyError::Limit {
            field: "attachments",
            limit: ATTACHMENTS,
        });
    }
    let sound = |a: &Attachment| a.size > 0 && a.size <= BLOB_BYTES && is_media_type(&a.media_type);
    if attachments.iter().all(sound) {
        Ok(())
    } else {
        Err(BodyError::Fields(
            "an attachment has no size, is too large, or has no sound media type".into(),
        ))
    }
}
