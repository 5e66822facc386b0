//! Deliveries that an institution could not apply, as its last acknowledgement
//! names them.

use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::receipt::{Ack, Stream};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::damage;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::code_of;
use crate::store::envelopes::Head;
use crate::streams::StreamKey;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SetAside {
    /// Its number in the institution's stream.
    pub place: u64,
    /// `parked`, `quarantined`, `refused` or `superseded`.
    pub state: String,
    /// The institution's code for why.
    pub reason: String,
    /// Whether the disk of this hub has damaged it, so that its sender is not to blame.
    pub damaged_here: bool,
    pub kind: String,
    pub case: Option<String>,
    /// Unix ms at the hub.
    pub ordered_at: i64,
    /// SHA-256 of what was signed.
    pub envelope: String,
    /// What the hub knows of the envelope; absent where it does not hold it.
    pub sent: Option<Sent>,
}

/// Who sent it, and how it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SetAsideMessage)]
pub struct Sent {
    pub author: String,
    pub message_id: String,
    /// Its place in the author's chain: `epoch.seq`.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub position: Position,
    /// Unix ms; when the hub took it.
    pub accepted_at: i64,
    /// Of the envelope, sealed words included.
    pub bytes: usize,
    /// W3C `traceparent`, where one came with it.
    pub trace: Option<String>,
}

/// The first `most` of them, and how many there are beyond.
pub async fn of_one(
    ground: &Ground,
    tx: &mut Tx,
    id: &InstanceId,
    most: usize,
) -> Result<(Vec<SetAside>, usize), HubError> {
    let Some(line) = store::acks::line(tx, id, Stream::Inbox).await? else {
        return Ok((Vec::new(), 0));
    };
    let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
    let ack: Ack = serde_json::from_slice(&envelope.payload).map_err(HubError::damaged)?;
    let mut aside = Vec::new();
    let current = ack.depoch == ground.depoch;
    let listed = ack.exceptions.iter().filter(|_| current);
    let more = listed.clone().count().saturating_sub(most);
    let damaged = damage::all(tx).await?;
    for exception in listed.take(most) {
        let key = StreamKey::Inbox(id.clone());
        let item = store::deliveries::item(tx, &key, ack.depoch, exception.dseq).await?;
        let item: Option<Item> = item.and_then(|text| serde_json::from_str(&text).ok());
        let Some(item) = item else { continue };
        let sent = store::envelopes::head(tx, item.envelope_id).await?;
        aside.push(SetAside {
            place: exception.dseq,
            state: code_of(&exception.state),
            reason: exception.reason.clone(),
            damaged_here: damaged.iter().any(|of| of.envelope == item.envelope_id),
            kind: item.kind,
            case: item.case.map(|case| case.to_string()),
            ordered_at: item.ordered_at,
            envelope: item.envelope_id.to_string(),
            sent: sent.map(sent_words),
        });
    }
    Ok((aside, more))
}

fn sent_words(head: Head) -> Sent {
    Sent {
        position: Position {
            epoch: head.epoch as u32,
            seq: head.seq as u64,
        },
        author: head.author,
        message_id: head.message_id,
        accepted_at: head.accepted_at,
        bytes: head.bytes.0,
        trace: head.trace,
    }
}

fn as_text<S: Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(position)
}
