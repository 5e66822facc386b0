//! Where every recipient's stream stands, in memory, so that a long poll is
//! answered the moment something arrives and costs no query while it waits.
//!
//! A head here is never ahead of the disk: it moves only after the commit. It may be behind, where
//! another process of this hub has ordered a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use lapor_protocol::delivery::Cursor;
use lapor_protocol::ids::{Digest, EnvelopeId, InstanceId};
use tokio::sync::watch;

use crate::store::state::Moment;

/// Whose stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKey {
    Inbox(InstanceId),
    Public,
}

impl StreamKey {
    /// The stream's name in the database.
    pub fn column(&self) -> &str {
        match self {
            Self::Inbox(recipient) => recipient.as_str(),
            Self::Public => "",
        }
    }
}

/// The last message of the order, and its number; the first has 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followed {
    pub number: i64,
    /// `None` before the first.
    pub last: Option<EnvelopeId>,
}

impl From<&Moment> for Followed {
    fn from(moment: &Moment) -> Self {
        Self {
            number: moment.number,
            last: moment.last,
        }
    }
}

/// All streams of one generation.
#[derive(Debug)]
pub struct Streams {
    depoch: u32,
    heads: RwLock<HashMap<StreamKey, watch::Sender<Cursor>>>,
    /// Up to where the heads follow the order, by whichever way they have come there: where the database
    /// has another message at that place, or none, they are of a record that is not there any more.
    followed: Mutex<Followed>,
}

impl Streams {
    pub fn new(depoch: u32, followed: Followed, heads: Vec<(StreamKey, Cursor)>) -> Self {
        let streams = Self {
            depoch,
            heads: RwLock::default(),
            followed: Mutex::new(followed),
        };
        streams.advance(heads);
        streams
    }

    pub fn followed(&self) -> Followed {
        *self.lock()
    }

    /// Moves heads to what has been committed up to a message of the order, and wakes who waits for them.
    pub fn follow(&self, to: Followed, heads: impl IntoIterator<Item = (StreamKey, Cursor)>) {
        {
            let mut followed = self.lock();
            if followed.number < to.number {
                *followed = to;
            }
        }
        self.advance(heads);
    }

    fn lock(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The generation of all streams.
    pub fn depoch(&self) -> u32 {
        self.depoch
    }

    /// Before the first item.
    pub fn start(&self) -> Cursor {
        Cursor {
            depoch: self.depoch,
            dseq: 0,
            hash: Digest::ZERO,
        }
    }

    pub fn head(&self, key: &StreamKey) -> Cursor {
        let heads = self.heads.read().unwrap_or_else(PoisonError::into_inner);
        heads
            .get(key)
            .map_or_else(|| self.start(), |head| *head.borrow())
    }

    /// A receiver that is told whenever the stream grows.
    pub fn watch(&self, key: &StreamKey) -> watch::Receiver<Cursor> {
        {
            let heads = self.heads.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(head) = heads.get(key) {
                return head.subscribe();
            }
        }
        let mut heads = self.heads.write().unwrap_or_else(PoisonError::into_inner);
        heads
            .entry(key.clone())
            .or_insert_with(|| watch::Sender::new(self.start()))
            .subscribe()
    }

    /// How many wait for the stream to grow.
    pub fn watched(&self, key: &StreamKey) -> usize {
        let heads = self.heads.read().unwrap_or_else(PoisonError::into_inner);
        heads.get(key).map_or(0, watch::Sender::receiver_count)
    }

    /// Wakes who waits for the stream, though it has not grown.
    pub fn wake(&self, key: &StreamKey) {
        let heads = self.heads.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = heads.get(key) {
            head.send_modify(|_| {});
        }
    }

    /// A head that is further already stays: another process may have gone on meanwhile.
    fn advance(&self, committed: impl IntoIterator<Item = (StreamKey, Cursor)>) {
        let mut heads = self.heads.write().unwrap_or_else(PoisonError::into_inner);
        for (key, head) in committed {
            heads
                .entry(key)
                .or_insert_with(|| watch::Sender::new(self.start()))
                .send_if_modified(|known| {
                    let moved = (known.depoch, known.dseq) < (head.depoch, head.dseq);
                    if moved {
                        *known = head;
                    }
                    moved
                });
        }
    }
}
