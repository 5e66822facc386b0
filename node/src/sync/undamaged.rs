//! Which rows of this node are still what was signed: the hub takes nothing else, and refuses all that
//! comes with it.

use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{Digest, EnvelopeId};
use lapor_protocol::keys::Verifier;
use lapor_protocol::message::{Header, Message};
use lapor_protocol::recovery::Wanted;

use crate::damage;
use crate::store::outbox::OutboxRow;

/// The item of these bytes, if they are those of this hash.
pub(super) fn item_at(text: &str, hash: Digest) -> Option<Item> {
    if Digest::of(text.as_bytes()) != hash {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// What a message says of itself, if it is the one of this id and its author has signed it, by the key
/// that the directory has for its place.
pub(super) fn signed(line: &str, id: EnvelopeId, directory: &Directory) -> Option<Header> {
    let envelope = Envelope::parse(line.as_bytes()).ok()?;
    let header = Message::parse(&envelope.payload).ok()?.header;
    let entry = directory.latest().instance(&header.author)?;
    let key = entry.signing_key(&envelope.kid, header.position())?;
    let key = Verifier::from_jwk(&key.jwk).ok()?;
    let is = envelope.verified_id(MESSAGE_TYPE, &key).ok()?;
    (is == id).then_some(header)
}

/// Of own messages, the last first, those from the wanted one back that are whole.
pub(super) fn messages_back(
    mut rows: Vec<OutboxRow>,
    wanted: Wanted,
    directory: &Directory,
) -> Vec<OutboxRow> {
    let (mut id, mut count) = (wanted.id, 0);
    for (row, number) in rows.iter().zip((1..=wanted.number).rev()) {
        let Some(line) = row
            .line
            .as_deref()
            .filter(|_| row.seq == Some(number as i64))
        else {
            break;
        };
        let Some(header) = signed(line, id, directory) else {
            damage::tell("outbox", &row.number.to_string());
            break;
        };
        id = header.prev;
        count += 1;
    }
    rows.truncate(count);
    rows
}
