//! Reads a batch and checks all that one author's lines can prove by
//! themselves: form, header, key, signature, and that each continues the one
//! before. The longest prefix that holds is kept; the work is spread over the
//! cores.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use lapor_migrations::{pack_with, unpack};
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{EnvelopeId, InstanceId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyId};
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::{BATCH_ENVELOPES, LINE_BYTES, WRAPS};
use lapor_protocol::message::{Attachment, Message};
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::Wrap;
use lapor_protocol::together::{LastTree, TOGETHER};
use lapor_protocol::wire::read_object;
use lapor_web::trace::Trace;

use super::verifiers::{AuthorKeys, Verifiers};
use crate::casefile::without_words;
use crate::error::HubError;

/// Lines that one core takes at a time: as many as our nodes sign together.
const CHUNK: usize = TOGETHER;

/// The lines of a body, found once.
#[derive(Debug)]
pub struct Lines {
    body: Bytes,
    /// Those that may be a batch, and one more where there are too many.
    found: Vec<Range<usize>>,
    count: usize,
}

impl Lines {
    pub fn of(body: Bytes) -> Self {
        let (found, count) = find(&body);
        Self { body, found, count }
    }

    /// How many there are that are not empty.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The verified prefix of a batch.
#[derive(Debug)]
pub struct Batch {
    pub author: InstanceId,
    /// The directory version by which the keys were judged.
    pub directory: u64,
    pub messages: Vec<Incoming>,
    /// Why the prefix ends before the batch does.
    pub end: Option<PrefixEnd>,
    /// Of its lines as they are kept.
    pub bytes: usize,
}

impl Batch {
    /// Whether it brings a key, which stands last then.
    pub fn announces_key(&self) -> bool {
        let last = self.messages.last().map(|incoming| &incoming.message.body);
        matches!(last, Some(Ok(Body::KeyAnnounced(_))))
    }

    /// Whether all of it can be ordered, and what comes behind it can be judged before it is.
    pub fn is_whole(&self) -> bool {
        self.end.is_none() && !self.announces_key()
    }

    /// Whether it ends at a key that a later version of the directory may hold good.
    pub fn ends_at_key(&self) -> bool {
        let end = self.end.as_ref();
        end.is_some_and(|end| matches!(end.code, Code::KeyUnknown | Code::KeyRevoked))
    }
}

/// A message whose signature and header hold.
#[derive(Debug)]
pub struct Incoming {
    pub id: EnvelopeId,
    pub kid: KeyId,
    /// Its line exactly as sent, packed.
    pub kept: Vec<u8>,
    pub wraps: Vec<Wrap>,
    pub trace: Option<Trace>,
    /// Without its sealed words and its attachments; its case keeps the same memory.
    pub message: Arc<Message>,
    pub attachments: Vec<Attachment>,
}

impl Incoming {
    /// Its line exactly as sent.
    pub fn line(&self) -> String {
        unpack(&self.kept)
    }

    /// Its place in its author's chain.
    pub fn position(&self) -> Position {
        self.message.header.position()
    }
}

/// The first message that does not hold.
#[derive(Debug, Clone)]
pub struct PrefixEnd {
    /// `None` where even that cannot be read: the position after the prefix.
    pub at: Option<Position>,
    pub code: Code,
    pub detail: Option<String>,
}

/// What is wrong with a line: the whole batch, or the prefix that it ends.
enum Fault {
    Batch(HubError),
    Line(PrefixEnd),
}

/// Verifies the lines of `author`, who is known to be active.
pub async fn read_batch(
    author: InstanceId,
    lines: &Lines,
    directory: &Directory,
    verifiers: &Verifiers,
) -> Result<Batch, HubError> {
    let Lines { body, found, .. } = lines;
    checked(found)?;
    let keys = verifiers.of(&author, directory);
    let mut chunks = Vec::with_capacity(found.len().div_ceil(CHUNK));
    for chunk in found.chunks(CHUNK) {
        let permit = Arc::clone(&verifiers.permits).acquire_owned().await;
        let (body, keys, chunk) = (body.clone(), Arc::clone(&keys), chunk.to_vec());
        chunks.push(tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut last = LastTree::default();
            let judge = |range: Range<usize>| keys.judge(&body[range], &mut last);
            chunk.into_iter().map(judge).collect::<Vec<_>>()
        }));
    }
    let mut judged = Vec::with_capacity(found.len());
    for chunk in chunks {
        judged.extend(chunk.await.map_err(|_| HubError::Aborted)?);
    }
    let (messages, end) = prefix(judged)?;
    Ok(Batch {
        author,
        directory: directory.version(),
        bytes: messages.iter().map(|m| m.kept.len()).sum(),
        messages,
        end,
    })
}

/// Where the lines are; too many, or one that is too long, refuse the batch.
pub(crate) fn split(body: &[u8]) -> Result<Vec<Range<usize>>, HubError> {
    let (found, _) = find(body);
    checked(&found)?;
    Ok(found)
}

/// Where the lines are that are not empty, up to one more than a batch may have, and how many there
/// are of all.
fn find(body: &[u8]) -> (Vec<Range<usize>>, usize) {
    let (mut found, mut count, mut start) = (Vec::new(), 0, 0);
    for line in body.split(|byte| *byte == b'\n') {
        let range = start..start + line.len();
        start = range.end + 1;
        if line.is_empty() {
            continue;
        }
        count += 1;
        if found.len() <= BATCH_ENVELOPES {
            found.push(range);
        }
    }
    (found, count)
}

fn checked(lines: &[Range<usize>]) -> Result<(), HubError> {
    for (number, line) in (1..).zip(lines) {
        if line.len() > LINE_BYTES {
            let detail = format!("line {number} is longer than {LINE_BYTES} bytes");
            return Err(HubError::refused(Code::BatchTooLarge, detail));
        }
        if number > BATCH_ENVELOPES {
            let detail = format!("a batch has at most {BATCH_ENVELOPES} envelopes");
            return Err(HubError::refused(Code::BatchTooLarge, detail));
        }
    }
    if lines.is_empty() {
        return Err(HubError::refused(
            Code::MalformedBatch,
            "the batch is empty",
        ));
    }
    Ok(())
}

/// Keeps what continues from line to line. A message that announces a key
/// ends the prefix without a fault: what follows may be signed by that key,
/// which is known only when the announcement has been ruled.
fn prefix(
    judged: Vec<Result<Incoming, Fault>>,
) -> Result<(Vec<Incoming>, Option<PrefixEnd>), HubError> {
    let mut messages: Vec<Incoming> = Vec::with_capacity(judged.len());
    let mut end = None;
    let mut open = true;
    for line in judged {
        let incoming = match line {
            Err(Fault::Batch(error)) => return Err(error),
            Err(Fault::Line(fault)) if open => {
                open = false;
                end = Some(fault);
                continue;
            }
            Ok(incoming) if open => incoming,
            // Only a fault of the whole batch still counts.
            _ => continue,
        };
        match continues(messages.last(), &incoming) {
            Continuity::Holds => {
                open = !matches!(incoming.message.body, Ok(Body::KeyAnnounced(_)));
                messages.push(incoming);
            }
            Continuity::NextEpoch => open = false,
            Continuity::Breaks(fault) => {
                open = false;
                end = Some(fault);
            }
        }
    }
    Ok((messages, end))
}

enum Continuity {
    Holds,
    NextEpoch,
    Breaks(PrefixEnd),
}

fn continues(before: Option<&Incoming>, incoming: &Incoming) -> Continuity {
    let Some(before) = before else {
        return Continuity::Holds;
    };
    let (last, header) = (&before.message.header, &incoming.message.header);
    let at = header.position();
    if header.epoch > last.epoch {
        return Continuity::NextEpoch;
    }
    let expected = Position {
        epoch: last.epoch,
        seq: last.seq.saturating_add(1),
    };
    let (code, detail) = if at != expected {
        let detail = format!("expected position {expected}, got {at}");
        (Code::SequenceGap, detail)
    } else if header.prev != before.id {
        let detail = format!("position {at} names another predecessor");
        (Code::PreviousMismatch, detail)
    } else {
        return Continuity::Holds;
    };
    Continuity::Breaks(PrefixEnd {
        at: Some(at),
        code,
        detail: Some(detail),
    })
}

impl AuthorKeys {
    /// Judges a line behind those that `last` has seen.
    fn judge(&self, line: &[u8], last: &mut LastTree) -> Result<Incoming, Fault> {
        let malformed =
            |detail: String| Fault::Batch(HubError::refused(Code::MalformedBatch, detail));
        let read: BatchLine<'_> =
            read_object(line).map_err(|error| malformed(error.to_string()))?;
        if read.wraps.len() > WRAPS {
            return Err(malformed(format!("a line has at most {WRAPS} wraps")));
        }
        let envelope = Envelope::parse(read.envelope.get().as_bytes())
            .map_err(|error| malformed(error.to_string()))?;
        let id = self.verify(&envelope, last)?;
        let message = Message::parse(&envelope.payload)
            .map_err(|error| fault(None, Code::HeaderInvalid, error.to_string()))?;
        if message.header.author != self.author {
            return Err(Fault::Batch(Code::AuthorMismatch.into()));
        }
        let at = message.header.position();
        let valid = |key: &CertifiedKey| key.jwk.kid == envelope.kid && key.valid_at(at);
        if !self.keys.iter().any(|(key, _)| valid(key)) {
            let detail = format!("the key {} is not valid at {at}", envelope.kid);
            return Err(fault(Some(at), Code::KeyRevoked, detail));
        }
        let (message, attachments) = without_words(message);
        Ok(Incoming {
            id,
            kid: envelope.kid,
            kept: pack_with(read.envelope.get(), &envelope.payload),
            wraps: read.wraps,
            trace: read.trace.map(Trace::try_from).and_then(Result::ok),
            message,
            attachments,
        })
    }

    fn verify(&self, envelope: &Envelope, last: &mut LastTree) -> Result<EnvelopeId, Fault> {
        let known = self.keys.iter().find(|(_, key)| *key.kid() == envelope.kid);
        let Some((_, verifier)) = known else {
            return Err(self.stranger(envelope));
        };
        match envelope.verified_id_after(MESSAGE_TYPE, verifier, last) {
            Ok(id) => Ok(id),
            Err(error) => {
                let code = if envelope.payload_type == MESSAGE_TYPE {
                    Code::SignatureInvalid
                } else {
                    Code::HeaderInvalid
                };
                Err(fault(position(envelope), code, error.to_string()))
            }
        }
    }

    /// No key of this author's: somebody else's message, or a key that is not
    /// known yet. The payload is read only to name the refusal.
    fn stranger(&self, envelope: &Envelope) -> Fault {
        match Message::parse(&envelope.payload) {
            Ok(message) if message.header.author != self.author => {
                Fault::Batch(Code::AuthorMismatch.into())
            }
            _ => {
                let kid: String = envelope.kid.as_str().chars().take(60).collect();
                let detail = format!(
                    "the directory has no signing key {kid:?} of {}",
                    self.author
                );
                fault(position(envelope), Code::KeyUnknown, detail)
            }
        }
    }
}

/// Where a message that is being refused claims to stand.
fn position(envelope: &Envelope) -> Option<Position> {
    let message = Message::parse(&envelope.payload).ok()?;
    Some(message.header.position())
}

fn fault(at: Option<Position>, code: Code, detail: String) -> Fault {
    Fault::Line(PrefixEnd {
        at,
        code,
        detail: Some(detail),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_once_and_counted_to_the_end() {
        let cases: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("\n\n", &[]),
            ("a", &["a"]),
            ("a\n\nbc\n", &["a", "bc"]),
            ("\n{ }\r\n-", &["{ }\r", "-"]),
        ];
        for (body, expected) in cases {
            let lines = Lines::of(Bytes::from(body));
            let found: Vec<&str> = lines.found.iter().map(|at| &body[at.clone()]).collect();
            assert_eq!(found, expected, "{body:?}");
            assert_eq!(lines.count(), expected.len(), "{body:?}");
        }
        let lines = Lines::of("x\n".repeat(BATCH_ENVELOPES + 7).into());
        assert_eq!(lines.count(), BATCH_ENVELOPES + 7);
        assert_eq!(lines.found.len(), BATCH_ENVELOPES + 1);
    }

    #[test]
    fn a_batch_without_lines_with_too_many_or_with_a_long_one_is_refused() {
        let code = |body: &[u8]| split(body).map_err(|error| error.code());
        assert_eq!(code(b"\n"), Err(Code::MalformedBatch));
        let long = vec![b'x'; LINE_BYTES + 1];
        assert_eq!(code(&long), Err(Code::BatchTooLarge));
        assert_eq!(code(&long[1..]).map(|lines| lines.len()), Ok(1));
        let many = b"x\n".repeat(BATCH_ENVELOPES + 1);
        assert_eq!(code(&many), Err(Code::BatchTooLarge));
        assert_eq!(
            code(&many[2..]).map(|lines| lines.len()),
            Ok(BATCH_ENVELOPES)
        );
    }
}
