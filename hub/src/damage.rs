//! Messages whose bytes the disk of this hub gives back otherwise than it was given them. Whoever
//! needs one next finds it by its id; nothing that stands behind it is lost, and nothing is told
//! without it. What its id does not cover, the signature, is looked at again where a recipient says that
//! it does not hold.
//!
//! Its author holds the same bytes. It is asked for them with the answer to its next report of health,
//! and what it sends once more is put in their place if it has that id: nothing else ever is.

use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{EnvelopeId, InstanceId, Position};
use lapor_protocol::keys::Verifier;
use lapor_protocol::message::Message;
use lapor_protocol::receipt::{Ack, Exception, ExceptionState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::HubError;
use crate::ground::Ground;
use crate::sequencer::Incoming;
use crate::store;
use crate::store::state;
use crate::streams::StreamKey;

/// How many are noted of all and of one author; what is found beyond these is found again once they
/// are whole. An author that has gone takes no room from those who can mend theirs.
const MOST: usize = 1_000;
const MOST_OF_ONE: usize = 100;

/// Codes by which recipients say that a signature does not hold: itself, or the id of its key.
const UNSIGNED: [&str; 2] = ["signature_invalid", "key_unknown"];
/// Of these, looked at for one acknowledgement: the last ones that are not noted yet, since what was listed
/// before comes again.
const LOOKED_AT: usize = 20;
/// And looked for among so many.
const LOOKED_FOR: usize = 200;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DamagedMessage)]
pub struct Damaged {
    #[schema(value_type = String)]
    pub author: InstanceId,
    /// Its place in the author's chain.
    pub epoch: u32,
    pub seq: u64,
    /// SHA-256 of what was signed.
    #[schema(value_type = String)]
    pub envelope: EnvelopeId,
    /// Unix ms.
    pub found_at: i64,
}

impl Damaged {
    pub fn position(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.seq,
        }
    }

    /// Whether it is not noted yet and has room.
    fn is_new_in(&self, noted: &[Self]) -> bool {
        let of_one = noted.iter().filter(|of| of.author == self.author).count();
        let twice = noted.iter().any(|of| of.envelope == self.envelope);
        !twice && noted.len() < MOST && of_one < MOST_OF_ONE
    }
}

/// Whether a line is what was kept under an id.
pub fn is_whole(line: &str, id: EnvelopeId) -> bool {
    Envelope::parse(line.as_bytes()).is_ok_and(|envelope| envelope.id() == id)
}

/// Whether a line is moreover what its author has signed, by the key that the directory has for its
/// place. This costs much more.
fn is_as_signed(line: &str, id: EnvelopeId, directory: &Directory) -> bool {
    let verified = || {
        let envelope = Envelope::parse(line.as_bytes()).ok()?;
        let header = Message::parse(&envelope.payload).ok()?.header;
        let entry = directory.latest().instance(&header.author)?;
        let key = entry.signing_key(&envelope.kid, header.position())?;
        let key = Verifier::from_jwk(&key.jwk).ok()?;
        envelope.verified_id(MESSAGE_TYPE, &key).ok()
    };
    verified() == Some(id)
}

/// Those that are noted, in the order in which they were found. A list that cannot be read is none:
/// they are found again.
pub async fn all(tx: &mut Tx) -> Result<Vec<Damaged>, HubError> {
    let noted = state::read(tx, state::DAMAGED).await?;
    let noted = noted.and_then(|text| serde_json::from_str(&text).ok());
    Ok(noted.unwrap_or_default())
}

/// The places of an author's messages that it is asked to send once more.
pub async fn wanted_of(ground: &Ground, author: &InstanceId) -> Result<Vec<Position>, HubError> {
    let mut tx = ground.db.read().await?;
    let noted = all(&mut tx).await?;
    let own = noted.iter().filter(|of| of.author == *author);
    Ok(own.map(Damaged::position).collect())
}

/// Notes a message whose bytes have been found to be others; true the first time. Whoever asked is
/// answered all the same where that fails. The caller holds no transaction: it would wait for another.
pub async fn note(ground: &Ground, id: EnvelopeId) -> bool {
    let noted = Box::pin(write_down(ground, id)).await;
    noted.unwrap_or_else(|error| {
        tracing::error!(%error, envelope = %id, "that a message is damaged could not be noted");
        false
    })
}

/// An outcome as it is; the message is noted whose damage it tells.
pub async fn noted<T>(ground: &Ground, outcome: Result<T, HubError>) -> Result<T, HubError> {
    let damaged = match &outcome {
        Err(HubError::Message(id)) => Some(*id),
        _ => None,
    };
    if let Some(id) = damaged {
        note(ground, id).await;
    }
    outcome
}

/// Looks once more at what a recipient has set aside for its signature. It held when the hub took the
/// message in; where it does not any more, the disk of this hub has changed it and no author is to
/// blame. True where that is noted. The caller holds no transaction.
pub async fn look_again(ground: &Ground, stream: &StreamKey, ack: &Ack) -> bool {
    let looked = Box::pin(unsigned_here(ground, stream, ack)).await;
    let unsigned = looked.unwrap_or_else(|error| {
        tracing::error!(%error, recipient = %ack.recipient, "signatures that do not hold could not be looked at");
        Vec::new()
    });
    let mut noted = false;
    for id in unsigned {
        noted |= note(ground, id).await;
    }
    noted
}

/// Of what a recipient says is not signed, the messages that are not signed here either.
async fn unsigned_here(
    ground: &Ground,
    stream: &StreamKey,
    ack: &Ack,
) -> Result<Vec<EnvelopeId>, HubError> {
    let named = ack.exceptions.iter().rev().filter(|of| is_unsigned(of));
    let named: Vec<u64> = named.take(LOOKED_FOR).map(|of| of.dseq).collect();
    let (mut unsigned, mut looked_at) = (Vec::new(), 0);
    if named.is_empty() {
        return Ok(unsigned);
    }
    let mut tx = ground.db.read().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    let noted = all(&mut tx).await?;
    for dseq in named {
        if looked_at == LOOKED_AT {
            break;
        }
        let item = store::deliveries::item(&mut tx, stream, ack.depoch, dseq).await?;
        let item: Option<Item> = item.and_then(|text| serde_json::from_str(&text).ok());
        let Some(item) = item else { continue };
        let id = item.envelope_id;
        if noted.iter().any(|of| of.envelope == id) {
            continue;
        }
        let Some(stored) = store::envelopes::by_id(&mut tx, id).await? else {
            continue;
        };
        looked_at += 1;
        if !is_as_signed(&stored.line, id, &directory) {
            unsigned.push(id);
        }
    }
    tx.rollback().await?;
    Ok(unsigned)
}

fn is_unsigned(exception: &Exception) -> bool {
    exception.state == ExceptionState::Quarantined && UNSIGNED.contains(&exception.reason.as_str())
}

async fn write_down(ground: &Ground, id: EnvelopeId) -> Result<bool, HubError> {
    let mut tx = ground.db.read().await?;
    let noted = all(&mut tx).await?;
    let head = store::envelopes::head(&mut tx, id).await?;
    tx.rollback().await?;
    let Some(head) = head else { return Ok(false) };
    let damaged = Damaged {
        author: head.author.parse().map_err(HubError::damaged)?,
        epoch: head.epoch as u32,
        seq: head.seq as u64,
        envelope: id,
        found_at: ground.clock.now_ms(),
    };
    // Whoever waits for it asks again and again.
    if !damaged.is_new_in(&noted) {
        return Ok(false);
    }
    let mut tx = ground.db.write().await?;
    let mut noted = all(&mut tx).await?;
    let stored = store::envelopes::by_id(&mut tx, id).await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    // Its author may have sent it meanwhile.
    let whole = stored.is_none_or(|stored| is_as_signed(&stored.line, id, &directory));
    if whole || !damaged.is_new_in(&noted) {
        return Ok(false);
    }
    tracing::error!(
        author = %damaged.author,
        position = %damaged.position(),
        envelope = %id,
        "the bytes of a message are damaged here; its author is asked for them, and its recipients wait"
    );
    noted.push(damaged);
    keep(&mut tx, &noted).await?;
    tx.commit().await?;
    Ok(true)
}

/// Puts what an author has sent once more in the place of what is damaged.
pub(crate) async fn mend(tx: &mut Tx, again: &[Incoming]) -> Result<(), HubError> {
    let mut noted = all(tx).await?;
    let before = noted.len();
    for incoming in again {
        let Some(at) = noted.iter().position(|of| of.envelope == incoming.id) else {
            continue;
        };
        store::envelopes::mend(tx, incoming.id, &incoming.kept).await?;
        let mended = noted.remove(at);
        tracing::warn!(
            author = %mended.author,
            position = %mended.position(),
            envelope = %mended.envelope,
            "the bytes of a message that was damaged here are whole again"
        );
    }
    if noted.len() < before {
        keep(tx, &noted).await?;
    }
    Ok(())
}

async fn keep(tx: &mut Tx, noted: &[Damaged]) -> Result<(), HubError> {
    let text = serde_json::to_string(noted).map_err(HubError::damaged)?;
    Ok(state::write(tx, state::DAMAGED, &text).await?)
}

#[cfg(test)]
mod tests {
    use lapor_protocol::ids::Digest;

    use super::*;

    fn damaged(author: &str, seq: u64) -> Damaged {
        Damaged {
            author: author.parse().unwrap(),
            epoch: 1,
            seq,
            envelope: Digest::of(format!("{author} {seq}").as_bytes()),
            found_at: 0,
        }
    }

    #[test]
    fn each_is_noted_once_and_one_author_leaves_room_for_the_others() {
        let mut noted = Vec::new();
        for seq in 0..=MOST as u64 {
            let next = damaged("kota-bandung", seq);
            if next.is_new_in(&noted) {
                noted.push(next.clone());
            }
            assert!(!next.is_new_in(&noted), "{seq}");
        }
        assert_eq!(noted.len(), MOST_OF_ONE);
        assert!(damaged("pusat", 0).is_new_in(&noted));
        for author in 1..=MOST {
            let next = damaged(&format!("kota-{author}"), 0);
            if next.is_new_in(&noted) {
                noted.push(next);
            }
        }
        assert_eq!(noted.len(), MOST);
        assert!(!damaged("pusat", 0).is_new_in(&noted));
    }
}
