//! Pages of items as NDJSON, and batches of envelopes as NDJSON.
//!
//! A batch line is `{"envelope":{..},"wraps":[..],"trace":".."}`; a page line
//! is `{"item":{..},"envelope":{..},"wraps":[..],"trace":".."}` and the last
//! line of a page is `{"head":{..}}`. Raw parts are kept byte for byte.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::delivery::{Cursor, DeliveryError, Item, StreamHead};
use crate::dsse::Envelope;
use crate::ids::InstanceId;
use crate::keys::Verifier;
use crate::receipt::Stream;
use crate::seal::Wrap;

/// One line of `POST /outbox`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchLine<'a> {
    #[serde(borrow)]
    pub envelope: &'a RawValue,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wraps: Vec<Wrap>,
    /// W3C `traceparent`, beside the message and never signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// One line of a page, borrowed from its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct PageLine<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub item: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wraps: Vec<Wrap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub head: Option<&'a RawValue>,
}

impl PageLine<'_> {
    /// Nothing travels beside a head.
    fn bare(&self) -> bool {
        self.envelope.is_none() && self.wraps.is_empty() && self.trace.is_none()
    }
}

/// An item with what travelled beside it, its chain checked, its envelope's
/// id checked; the author's signature is not checked yet.
#[derive(Debug, Clone)]
pub struct Delivered {
    pub item: Item,
    /// Exact bytes of the item, as hashed.
    pub bytes: Vec<u8>,
    pub cursor: Cursor,
    pub envelope: Option<Envelope>,
    /// The envelope's line exactly as sent.
    pub line: Option<String>,
    pub wraps: Vec<Wrap>,
    pub trace: Option<String>,
}

/// When the hub signed the head of a page that [`read_page`] has accepted,
/// Unix ms by its clock.
pub fn signed_at(page: &[u8]) -> Option<i64> {
    let last = page.split(|b| *b == b'\n').rfind(|line| !line.is_empty())?;
    let line: PageLine<'_> = serde_json::from_slice(last).ok()?;
    let envelope = Envelope::parse(line.head?.get().as_bytes()).ok()?;
    let head: StreamHead = serde_json::from_slice(&envelope.payload).ok()?;
    Some(head.at)
}

/// Reads a page that follows `after`, and checks chain and signed head. An
/// empty page has only its head.
pub fn read_page(
    page: &[u8],
    after: Cursor,
    stream: Stream,
    recipient: &InstanceId,
    hub_key: impl Fn(&Envelope) -> Option<Verifier>,
) -> Result<Vec<Delivered>, DeliveryError> {
    let malformed = |e: serde_json::Error| DeliveryError::Malformed(e.to_string());
    let mut out: Vec<Delivered> = Vec::new();
    let mut cursor = after;
    let mut head = None;
    for line in page.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let line: PageLine<'_> = serde_json::from_slice(line).map_err(malformed)?;
        match (line.item, line.head) {
            (Some(raw), None) if head.is_none() => {
                let delivered = read_item(raw, line.envelope, line.wraps, line.trace, cursor)?;
                cursor = delivered.cursor;
                out.push(delivered);
            }
            (None, Some(raw)) if head.is_none() && line.bare() => {
                head = Some(Envelope::parse(raw.get().as_bytes())?);
            }
            _ => {
                return Err(DeliveryError::Malformed(
                    "neither an item nor the last line".into(),
                ));
            }
        }
    }
    let envelope = head.ok_or(DeliveryError::HeadMissing)?;
    let key = hub_key(&envelope).ok_or(DeliveryError::Head)?;
    let head = StreamHead::open(&envelope, &key)?;
    let addressed = match stream {
        Stream::Inbox => head.recipient.as_ref() == Some(recipient),
        Stream::Public => head.recipient.is_none(),
    };
    let same = head.stream == stream
        && addressed
        && (head.depoch, head.dseq, head.hash) == (cursor.depoch, cursor.dseq, cursor.hash);
    if same {
        Ok(out)
    } else {
        Err(DeliveryError::Head)
    }
}

fn read_item(
    raw: &RawValue,
    envelope: Option<&RawValue>,
    wraps: Vec<Wrap>,
    trace: Option<String>,
    after: Cursor,
) -> Result<Delivered, DeliveryError> {
    let bytes = raw.get().as_bytes();
    let item: Item =
        serde_json::from_slice(bytes).map_err(|e| DeliveryError::Malformed(e.to_string()))?;
    let cursor = after.advance(bytes, &item)?;
    let line = envelope.map(|raw| raw.get().to_owned());
    let envelope = line
        .as_deref()
        .map(|line| Envelope::parse(line.as_bytes()))
        .transpose()?;
    match (&envelope, item.withheld) {
        (Some(envelope), None) if envelope.id() != item.envelope_id => {
            return Err(DeliveryError::EnvelopeId(item.dseq));
        }
        (Some(_), None) | (None, Some(_)) => {}
        _ => return Err(DeliveryError::EnvelopeMissing(item.dseq)),
    }
    Ok(Delivered {
        item,
        bytes: bytes.to_vec(),
        cursor,
        envelope,
        line,
        wraps,
        trace,
    })
}
