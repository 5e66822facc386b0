//! Deliveries that an institution could not apply, as its last acknowledgement
//! names them.

use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::receipt::{Ack, Stream};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::code_of;
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
    pub kind: String,
    pub case: Option<String>,
    /// Unix ms at the hub.
    pub ordered_at: i64,
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
    for exception in listed.take(most) {
        let key = StreamKey::Inbox(id.clone());
        let item = store::deliveries::item(tx, &key, ack.depoch, exception.dseq).await?;
        let item: Option<Item> = item.and_then(|text| serde_json::from_str(&text).ok());
        aside.extend(item.map(|item| SetAside {
            place: exception.dseq,
            state: code_of(&exception.state),
            reason: exception.reason.clone(),
            kind: item.kind,
            case: item.case.map(|case| case.to_string()),
            ordered_at: item.ordered_at,
        }));
    }
    Ok((aside, more))
}
