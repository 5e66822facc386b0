//! Messages whose bytes the disk of this hub gives back otherwise than it was given them. Whoever
//! needs one next finds it by its id; nothing that stands behind it is lost, and nothing is told
//! without it.
//!
//! Its author holds the same bytes. It is asked for them with the answer to its next report of health,
//! and what it sends once more is put in their place if it has that id: nothing else ever is.

use lapor_migrations::Tx;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{EnvelopeId, InstanceId, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::HubError;
use crate::ground::Ground;
use crate::sequencer::Incoming;
use crate::store;
use crate::store::state;

/// How many are noted; what is found beyond these is found again once they are whole.
const MOST: usize = 100;

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
}

/// Whether a line is what was kept under an id.
pub fn is_whole(line: &str, id: EnvelopeId) -> bool {
    Envelope::parse(line.as_bytes()).is_ok_and(|envelope| envelope.id() == id)
}

/// Those that are noted, in the order in which they were found.
pub async fn all(tx: &mut Tx) -> Result<Vec<Damaged>, HubError> {
    let noted = state::read(tx, state::DAMAGED).await?;
    let noted = noted.map(|text| serde_json::from_str(&text));
    Ok(noted
        .transpose()
        .map_err(HubError::damaged)?
        .unwrap_or_default())
}

/// The places of an author's messages that it is asked to send once more.
pub async fn wanted_of(ground: &Ground, author: &InstanceId) -> Result<Vec<Position>, HubError> {
    let mut tx = ground.db.read().await?;
    let noted = all(&mut tx).await?;
    let own = noted.iter().filter(|of| of.author == *author);
    Ok(own.map(Damaged::position).collect())
}

/// Notes a message whose bytes have been found to be others.
pub async fn note(ground: &Ground, id: EnvelopeId) -> Result<(), HubError> {
    let known = |noted: &[Damaged]| noted.len() >= MOST || noted.iter().any(|of| of.envelope == id);
    let mut tx = ground.db.read().await?;
    let noted = all(&mut tx).await?;
    tx.rollback().await?;
    // Whoever waits for it asks again and again.
    if known(&noted) {
        return Ok(());
    }
    let mut tx = ground.db.write().await?;
    let mut noted = all(&mut tx).await?;
    let Some(head) = store::envelopes::head(&mut tx, id)
        .await?
        .filter(|_| !known(&noted))
    else {
        return Ok(());
    };
    let damaged = Damaged {
        author: head.author.parse().map_err(HubError::damaged)?,
        epoch: head.epoch as u32,
        seq: head.seq as u64,
        envelope: id,
        found_at: ground.clock.now_ms(),
    };
    tracing::error!(
        author = %damaged.author,
        position = %damaged.position(),
        envelope = %id,
        "the bytes of a message are damaged here; its author is asked for them, and its recipients wait"
    );
    noted.push(damaged);
    keep(&mut tx, &noted).await?;
    Ok(tx.commit().await?)
}

/// Puts what an author has sent once more in the place of what is damaged.
pub(crate) async fn mend(tx: &mut Tx, again: &[Incoming]) -> Result<(), HubError> {
    let mut noted = all(tx).await?;
    let before = noted.len();
    for incoming in again {
        let Some(at) = noted.iter().position(|of| of.envelope == incoming.id) else {
            continue;
        };
        store::envelopes::mend(tx, incoming.id, &incoming.line).await?;
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
