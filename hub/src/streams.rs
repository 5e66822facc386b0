//! Where every recipient's stream stands, in memory, so that a long poll is
//! answered the moment something arrives and costs no query while it waits.
//!
//! A head here is never ahead of the disk: it moves only after the commit. It may be behind, where
//! another process of this hub has ordered a moment ago.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use lapor_protocol::delivery::Cursor;
use lapor_protocol::ids::{Digest, InstanceId};
use tokio::sync::watch;

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

/// All streams of one generation.
#[derive(Debug)]
pub struct Streams {
    depoch: u32,
    heads: RwLock<HashMap<StreamKey, watch::Sender<Cursor>>>,
}

impl Streams {
    pub fn new(depoch: u32, heads: Vec<(StreamKey, Cursor)>) -> Self {
        let streams = Self {
            depoch,
            heads: RwLock::default(),
        };
        streams.advance(heads);
        streams
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

    /// Moves heads to what has been committed, and wakes who waits for them. A head that is further
    /// already stays: another process may have gone on meanwhile.
    pub fn advance(&self, committed: impl IntoIterator<Item = (StreamKey, Cursor)>) {
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
