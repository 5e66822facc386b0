//! Where what a member shows begins to be missing: from the end that the hub
//! has signed back over what was brought, to what it holds.

use lapor_migrations::Tx;
use lapor_protocol::delivery::{Cursor, Item, StreamHead};
use lapor_protocol::directory::Directory;
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::{DIRECTORY_HEAD_TYPE, Envelope, HEAD_TYPE};
use lapor_protocol::ids::{Digest, EnvelopeId, InstanceId, Position};
use lapor_protocol::receipt::Receipt;
use lapor_protocol::recovery::Wanted;

use crate::error::HubError;
use crate::store;
use crate::streams::StreamKey;

/// Epoch, seq and envelope id.
pub type ChainEnd = (u32, u64, EnvelopeId);

/// The ends that a member shows, each signed by the hub.
#[derive(Debug, Default)]
pub struct Claims {
    /// The latest version: its number and envelope id.
    pub directory: Option<(u64, EnvelopeId)>,
    pub inbox: Option<Cursor>,
    pub public: Option<Cursor>,
    pub chain: Option<ChainEnd>,
    /// Something is signed by a key that the hub does not know.
    pub unread: bool,
}

/// What comes next, going back.
#[derive(Debug, Clone, Copy)]
pub enum Next {
    /// All of it is here.
    Nothing,
    /// The last of it has come with this request: what goes further back is passed over.
    Done,
    Wanted(Wanted),
    /// The hub has something else there.
    Conflict(Wanted),
}

impl Next {
    /// Whether nothing of it is missing.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Nothing | Self::Done)
    }

    /// The same, after something of it has come.
    pub fn advanced(self) -> Self {
        match self {
            Self::Nothing => Self::Done,
            other => other,
        }
    }

    pub fn wanted(self) -> Option<Wanted> {
        match self {
            Self::Wanted(wanted) => Some(wanted),
            _ => None,
        }
    }
}

impl Claims {
    /// Of what a member shows, what the hub has signed for it or for everybody.
    pub fn of(directory: &Directory, peer: &InstanceId, shown: &[Envelope]) -> Self {
        let mut claims = Self::default();
        for envelope in shown {
            let Some(key) = directory.any_hub_key(&envelope.kid) else {
                claims.unread = true;
                continue;
            };
            match envelope.payload_type.as_str() {
                HEAD_TYPE => {
                    if let Ok(head) = StreamHead::open(envelope, key) {
                        claims.show_head(peer, &head);
                    }
                }
                DIRECTORY_HEAD_TYPE => {
                    if let Ok(head) = DirectoryHead::open(envelope, key) {
                        claims.directory = Some((head.version, head.id));
                    }
                }
                _ => {
                    let receipt = Receipt::open(envelope, key).ok();
                    let own = receipt.filter(|receipt| receipt.author == *peer);
                    let own = own.map(|receipt| (receipt.epoch, receipt.to, receipt.head));
                    claims.chain = own.or(claims.chain);
                }
            }
        }
        claims
    }

    fn show_head(&mut self, peer: &InstanceId, head: &StreamHead) {
        let end = Cursor {
            depoch: head.depoch,
            dseq: head.dseq,
            hash: head.hash,
        };
        match &head.recipient {
            None => self.public = Some(end),
            Some(recipient) if recipient == peer => self.inbox = Some(end),
            Some(_) => {}
        }
    }
}

/// Whether versions are wanted of whoever holds this one.
pub async fn of_directory(
    tx: &mut Tx,
    directory: &Directory,
    number: u64,
    id: EnvelopeId,
) -> Result<Next, HubError> {
    let at = version(number, id);
    if number > directory.version() {
        return Ok(Next::Wanted(at));
    }
    let line = store::directory::one(tx, number).await?;
    let here = line.map(|line| Envelope::parse(line.as_bytes()).map(|of| of.id()));
    Ok(same(here.transpose().map_err(HubError::damaged)?, at))
}

pub fn version(number: u64, id: EnvelopeId) -> Wanted {
    Wanted {
        epoch: 0,
        number,
        id,
    }
}

/// What is wanted next of a stream that ends there.
pub async fn of_stream(tx: &mut Tx, to: &StreamKey, end: Cursor) -> Result<Next, HubError> {
    let held = store::deliveries::end(tx, to, end.depoch).await?;
    let mut at = Wanted {
        epoch: end.depoch,
        number: end.dseq,
        id: end.hash,
    };
    while at.number > held {
        match store::retrieved::item(tx, to, at.epoch, at.number).await? {
            None => return Ok(Next::Wanted(at)),
            Some(hash) if hash != at.id => return Ok(Next::Conflict(at)),
            Some(_) => {}
        }
        let run = store::retrieved::run(tx, to, at.epoch, at.number).await?;
        let (first, text) = run.ok_or_else(|| HubError::damaged("an item has gone"))?;
        let item: Item = serde_json::from_str(&text).map_err(HubError::damaged)?;
        at.number = first - 1;
        at.id = item.dprev;
    }
    let here = match at.number {
        0 => Some(Digest::ZERO),
        number => {
            let item = store::deliveries::item(tx, to, at.epoch, number).await?;
            item.map(|item| Digest::of(item.as_bytes()))
        }
    };
    Ok(same(here, at))
}

/// What is wanted next of an author's chain that ends there.
pub async fn of_chain(
    tx: &mut Tx,
    directory: &Directory,
    author: &InstanceId,
    (epoch, seq, id): ChainEnd,
) -> Result<Next, HubError> {
    let chain = store::chains::one(tx, author).await?;
    let held = chain.map_or(Position { epoch: 1, seq: 0 }, |chain| chain.head.position());
    let mut at = Wanted {
        epoch,
        number: seq,
        id,
    };
    while position(at) > held {
        match store::retrieved::own(tx, author, at.epoch, at.number).await? {
            None => return Ok(Next::Wanted(at)),
            Some(id) if id != at.id => return Ok(Next::Conflict(at)),
            Some(_) => {}
        }
        let run = store::retrieved::own_run(tx, author, at.epoch, at.number).await?;
        let (first, prev) = run.ok_or_else(|| HubError::damaged("a message has gone"))?;
        at = before(directory, author, at.epoch, first, prev);
    }
    if at.number == 0 {
        return Ok(same(Some(Digest::ZERO), at));
    }
    let stored = store::envelopes::ids(tx, author, at.epoch, at.number, at.number).await?;
    Ok(same(stored.first().map(|(_, id)| *id), at))
}

/// The place before a message: the first of an epoch names the last of the one
/// before it in which there was any.
fn before(
    directory: &Directory,
    author: &InstanceId,
    epoch: u32,
    seq: u64,
    prev: EnvelopeId,
) -> Wanted {
    let (epoch, number) = if seq > 1 {
        (epoch, seq - 1)
    } else {
        let entry = directory.latest().instance(author);
        let mut earlier = entry
            .into_iter()
            .flat_map(|entry| entry.epochs.iter().rev());
        let last = earlier.find_map(|of| {
            let closed = of.closed_at.filter(|seq| *seq > 0)?;
            (of.epoch < epoch).then_some((of.epoch, closed))
        });
        last.unwrap_or((1, 0))
    };
    Wanted {
        epoch,
        number,
        id: prev,
    }
}

fn position(at: Wanted) -> Position {
    Position {
        epoch: at.epoch,
        seq: at.number,
    }
}

fn same(here: Option<Digest>, at: Wanted) -> Next {
    if here == Some(at.id) {
        Next::Nothing
    } else {
        Next::Conflict(at)
    }
}
