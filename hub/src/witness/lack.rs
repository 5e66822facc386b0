//! Where the record of the hub and what a member shows part: what the member
//! holds that the hub does not, and whether the hub has signed it.

use std::fmt;

use lapor_migrations::Tx;
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::{DIRECTORY_HEAD_TYPE, Envelope, HEAD_TYPE};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::receipt::Receipt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::streams::StreamKey;

/// Where the record goes no further than what a member holds of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lack {
    pub of: Part,
    /// The institution whose chain or stream it is; `None` of what is everybody's.
    #[schema(value_type = Option<String>)]
    pub whose: Option<InstanceId>,
    /// Generation of the streams, or epoch of the chain; 0 of the directory.
    pub epoch: u32,
    /// Number of the item, message or version that was shown.
    pub shown: u64,
    /// The last number that this hub has of it in that epoch.
    pub held: u64,
}

/// Where a member and the record have each something else in the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    pub of: Part,
    /// Generation of the streams, or epoch of the chain; 0 of the directory.
    pub epoch: u32,
    pub number: u64,
}

/// Of what a member shows where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Inbox,
    Public,
    Chain,
    Directory,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (epoch, shown) = (self.epoch, self.shown);
        let whose = self.whose.as_ref().map_or("public", InstanceId::as_str);
        match self.of {
            Part::Inbox | Part::Public => write!(f, "item {epoch}.{shown} of stream {whose}"),
            Part::Chain => write!(f, "message {epoch}.{shown} of {whose}"),
            Part::Directory => write!(f, "version {shown} of the directory"),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (epoch, number) = (self.epoch, self.number);
        match self.of {
            Part::Inbox => write!(f, "item {epoch}.{number} of its inbox"),
            Part::Public => write!(f, "item {epoch}.{number} of the public stream"),
            Part::Chain => write!(f, "message {epoch}.{number} of its chain"),
            Part::Directory => write!(f, "version {number} of the directory"),
        }?;
        f.write_str(" is another one here")
    }
}

/// What an envelope that a member shows says about the record.
enum Judged {
    Held,
    Lost(Lack),
    /// Under a key that the hub knows, with a signature that is not its own.
    Invented,
    /// Under a key that the hub does not know.
    Unread,
}

/// What of this the hub does not hold, and whether any of it is under a key that it does not know.
pub(super) async fn look(
    ground: &Ground,
    shown: &[Envelope],
) -> Result<(Vec<Lack>, bool), HubError> {
    let (mut lacks, mut unread) = (Vec::new(), false);
    for envelope in shown {
        match judge(ground, envelope).await? {
            Judged::Held | Judged::Invented => {}
            Judged::Lost(lack) => lacks.push(lack),
            Judged::Unread => unread = true,
        }
    }
    Ok((lacks, unread))
}

/// What the hub holds needs no proof, so the signature is checked only where it matters.
async fn judge(ground: &Ground, envelope: &Envelope) -> Result<Judged, HubError> {
    let mut tx = ground.db.read().await?;
    let payload = &envelope.payload;
    let missing = match envelope.payload_type.as_str() {
        HEAD_TYPE => match serde_json::from_slice(payload) {
            Ok(head) => missing_head(ground, &mut tx, &head).await?,
            Err(_) => None,
        },
        DIRECTORY_HEAD_TYPE => match serde_json::from_slice(payload) {
            Ok(head) => missing_version(&mut tx, &head).await?,
            Err(_) => None,
        },
        _ => match serde_json::from_slice(payload) {
            Ok(receipt) => missing_receipt(&mut tx, &receipt).await?,
            Err(_) => None,
        },
    };
    drop(tx);
    let Some(lack) = missing else {
        return Ok(Judged::Held);
    };
    let directory = ground.directory.current();
    let Some(key) = directory.any_hub_key(&envelope.kid) else {
        return Ok(Judged::Unread);
    };
    let signed = match envelope.payload_type.as_str() {
        HEAD_TYPE => StreamHead::open(envelope, key).is_ok(),
        DIRECTORY_HEAD_TYPE => DirectoryHead::open(envelope, key).is_ok(),
        _ => Receipt::open(envelope, key).is_ok(),
    };
    Ok(if signed {
        Judged::Lost(lack)
    } else {
        Judged::Invented
    })
}

async fn missing_head(
    ground: &Ground,
    tx: &mut Tx,
    head: &StreamHead,
) -> Result<Option<Lack>, HubError> {
    if head.dseq == 0 || head.depoch < ground.depoch {
        return Ok(None);
    }
    let key = match &head.recipient {
        Some(recipient) => StreamKey::Inbox(recipient.clone()),
        None => StreamKey::Public,
    };
    let item = store::deliveries::item(tx, &key, head.depoch, head.dseq).await?;
    let stands = item.is_some_and(|item| Digest::of(item.as_bytes()) == head.hash);
    if stands {
        return Ok(None);
    }
    let mut ends = store::deliveries::heads(tx).await?.into_iter();
    let end = ends.find(|(stream, end)| *stream == key && end.depoch == head.depoch);
    Ok(Some(Lack {
        of: match &head.recipient {
            Some(_) => Part::Inbox,
            None => Part::Public,
        },
        whose: head.recipient.clone(),
        epoch: head.depoch,
        shown: head.dseq,
        held: end.map_or(0, |(_, end)| end.dseq),
    }))
}

/// A version that is gone: whom it suspended or revoked would be let in again.
async fn missing_version(tx: &mut Tx, head: &DirectoryHead) -> Result<Option<Lack>, HubError> {
    let line = store::directory::one(tx, head.version).await?;
    let published = line.map(|line| Envelope::parse(line.as_bytes()));
    let published = published.transpose().map_err(HubError::damaged)?;
    let stands = published.is_some_and(|envelope| envelope.id() == head.id);
    if stands {
        return Ok(None);
    }
    Ok(Some(Lack {
        of: Part::Directory,
        whose: None,
        epoch: 0,
        shown: head.version,
        held: store::directory::latest(tx).await?,
    }))
}

async fn missing_receipt(tx: &mut Tx, receipt: &Receipt) -> Result<Option<Lack>, HubError> {
    let Receipt {
        author, epoch, to, ..
    } = receipt;
    let stored = store::envelopes::ids(tx, author, *epoch, *to, *to).await?;
    let held = stored.first().is_some_and(|(_, id)| *id == receipt.head);
    if held {
        return Ok(None);
    }
    let chain = store::chains::one(tx, author).await?;
    let end = chain.filter(|chain| chain.head.epoch == *epoch);
    Ok(Some(Lack {
        of: Part::Chain,
        whose: Some(author.clone()),
        epoch: *epoch,
        shown: *to,
        held: end.map_or(0, |chain| chain.head.seq),
    }))
}
