//! How much has come of the uploads that are still arriving, counted in memory while it comes: that
//! takes room from others, and what was merely announced takes none. At the first look the files say it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::fs;
use tokio::sync::OnceCell;

use super::Door;
use super::uploads::upload_path;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Bytes of an upload after which it is looked anew how much of others is here as a whole.
const LOOK_BYTES: u64 = 4 * 1024 * 1024;

/// What has come of uploads that are not complete; nothing before the first look.
#[derive(Debug, Default)]
pub(crate) struct Arriving(OnceCell<Counted>);

#[derive(Debug, Default)]
struct Counted {
    public: Mutex<Count>,
    staff: Mutex<Count>,
}

/// Bytes that came through a door.
#[derive(Debug, Default)]
struct Count {
    each: HashMap<String, u64>,
    all: u64,
}

impl Counted {
    fn of(&self, door: Door) -> MutexGuard<'_, Count> {
        let count = match door {
            Door::Public => &self.public,
            Door::Staff => &self.staff,
        };
        count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, id: &str) {
        self.of(Door::Public).end(id);
        self.of(Door::Staff).end(id);
    }
}

impl Count {
    fn put(&mut self, id: &str, here: u64) {
        self.end(id);
        self.each.insert(id.to_owned(), here);
        self.all += here;
    }

    /// Returns the bytes of all; `None` of an upload that has ended.
    fn add(&mut self, id: &str, bytes: u64) -> Option<u64> {
        *self.each.get_mut(id)? += bytes;
        self.all += bytes;
        Some(self.all)
    }

    fn end(&mut self, id: &str) {
        self.all -= self.each.remove(id).unwrap_or_default();
    }
}

/// A piece of an upload on its way: what comes of it is counted, and it stops where there is no
/// room for more or the upload has been given up.
pub(super) struct Piece<'a> {
    node: &'a Node,
    counted: &'a Counted,
    id: &'a str,
    door: Door,
    /// Bytes that were here as a whole when that was looked at last.
    whole: u64,
    /// Bytes that have come since.
    since: u64,
}

impl<'a> Piece<'a> {
    /// One that goes on at a byte. Whoever begins it is alone with the file.
    pub(super) async fn begin(
        node: &'a Node,
        id: &'a str,
        door: Door,
        offset: u64,
    ) -> Result<Self, NodeError> {
        let counted = node.counted().await?;
        let whole = node.whole_bytes(door).await?;
        counted.of(door).put(id, offset);
        // Whoever gives an upload up removes the file, then the count: one of the two is seen.
        if !fs::try_exists(upload_path(node, id)).await? {
            counted.end(id);
            return Err(NodeError::not_found("upload", &id));
        }
        Ok(Self {
            node,
            counted,
            id,
            door,
            whole,
            since: 0,
        })
    }

    /// Counts bytes before they are written.
    pub(super) async fn admit(&mut self, bytes: u64) -> Result<(), NodeError> {
        let all = self.counted.of(self.door).add(self.id, bytes);
        let all = all.ok_or_else(|| NodeError::not_found("upload", &self.id))?;
        self.since += bytes;
        if self.since >= LOOK_BYTES {
            self.since = 0;
            self.whole = self.node.whole_bytes(self.door).await?;
        }
        if all.saturating_add(self.whole) > self.node.most_waiting(self.door) {
            return Err(NodeError::NoRoom);
        }
        Ok(())
    }

    /// Counts what the file has in the end.
    pub(super) async fn end(self) {
        let facts = fs::metadata(upload_path(self.node, self.id)).await;
        let mut count = self.counted.of(self.door);
        match facts {
            Ok(facts) if count.each.contains_key(self.id) => count.put(self.id, facts.len()),
            _ => count.end(self.id),
        }
    }
}

impl Node {
    /// Whether files that come through a door still have room for so many bytes.
    ///
    /// # Errors
    /// [`NodeError::NoRoom`] otherwise.
    pub(crate) async fn room_for(&self, door: Door, bytes: u64) -> Result<(), NodeError> {
        // Looked at first: what becomes whole meanwhile is counted twice, and not never.
        let arriving = self.counted().await?.of(door).all;
        let waiting = self.whole_bytes(door).await?.saturating_add(arriving);
        if waiting.saturating_add(bytes) > self.most_waiting(door) {
            return Err(NodeError::NoRoom);
        }
        Ok(())
    }

    /// Counts off an upload that is complete, or is not there any more.
    pub(super) fn end_arriving(&self, id: &str) {
        if let Some(counted) = self.arriving().0.get() {
            counted.end(id);
        }
    }

    /// Counts off what ended without a word: whoever sent it hung up with the last byte.
    pub(super) async fn look_after_arriving(&self) -> Result<(), NodeError> {
        let Some(counted) = self.arriving().0.get() else {
            return Ok(());
        };
        // Looked at first: what is begun meanwhile stays.
        let mut known: Vec<String> = counted.of(Door::Public).each.keys().cloned().collect();
        known.extend(counted.of(Door::Staff).each.keys().cloned());
        let open = store::uploads::open(&mut self.read_tx().await?).await?;
        let open: HashSet<String> = open.into_iter().map(|(id, _)| id).collect();
        for id in known.iter().filter(|id| !open.contains(*id)) {
            counted.end(id);
        }
        Ok(())
    }

    async fn counted(&self) -> Result<&Counted, NodeError> {
        self.arriving().0.get_or_try_init(|| count(self)).await
    }

    async fn whole_bytes(&self, door: Door) -> Result<u64, NodeError> {
        let bytes = store::uploads::bytes(&mut self.read_tx().await?, door.as_str()).await?;
        Ok(bytes.unsigned_abs())
    }

    fn most_waiting(&self, door: Door) -> u64 {
        match door {
            Door::Public => self.settings().api.waiting_bytes,
            Door::Staff => self.settings().api.staff_waiting_bytes,
        }
    }
}

/// What an earlier process has left.
async fn count(node: &Node) -> Result<Counted, NodeError> {
    let open = store::uploads::open(&mut node.read_tx().await?).await?;
    let counted = Counted::default();
    for (id, door) in open {
        // Without a file it has been given up meanwhile.
        let facts = fs::metadata(upload_path(node, &id)).await;
        let here = facts.map_or(0, |facts| facts.len());
        let door = if door == Door::Staff.as_str() {
            Door::Staff
        } else {
            Door::Public
        };
        if here > 0 {
            counted.of(door).put(&id, here);
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};
    use tokio::sync::Barrier;

    use super::*;
    use crate::media::expire_uploads;
    use crate::testing::{Place, databases};

    const HOUR_MS: i64 = 3_600_000;

    fn some() -> Bytes {
        Bytes::from_static(&[0; 100])
    }

    async fn begin(node: &Node, bytes: u64) -> String {
        let begun = node.begin_upload(Door::Public, bytes).await;
        begun.unwrap().upload
    }

    /// A node whose files of citizens have a room of 1000 bytes.
    async fn small(place: &mut Place) -> Arc<Node> {
        place.settings.api.waiting_bytes = 1000;
        place.reopened().await
    }

    #[tokio::test]
    async fn what_was_announced_takes_no_room_and_what_has_come_does() {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let node = small(&mut place).await;
            let (first, second) = (begin(&node, 900).await, begin(&node, 900).await);
            node.room_for(Door::Public, 1000).await.unwrap();
            let piece = |count: usize| stream::iter(vec![Ok::<_, String>(some()); count]);
            let told = Some(600);
            let sent = node.continue_upload(&first, 0, Door::Public, told, piece(6));
            assert_eq!(sent.await.unwrap().offset, 600);
            for told in [Some(500), None] {
                let full = node.continue_upload(&second, 0, Door::Public, told, piece(5));
                assert!(matches!(full.await, Err(NodeError::NoRoom)), "{told:?}");
            }
            let told = Some(400);
            let sent = node.continue_upload(&second, 0, Door::Public, told, piece(4));
            assert_eq!(sent.await.unwrap().offset, 400);
            // Another process begins with what the files have.
            for node in [&node, &place.reopened().await] {
                let full = node.room_for(Door::Public, 1).await;
                assert!(matches!(full, Err(NodeError::NoRoom)), "{full:?}");
                node.room_for(Door::Staff, 1000).await.unwrap();
            }
            node.cancel_upload(&first).await.unwrap();
            node.room_for(Door::Public, 600).await.unwrap();
            let full = node.room_for(Door::Public, 601).await;
            assert!(matches!(full, Err(NodeError::NoRoom)), "{full:?}");
        }
    }

    #[tokio::test]
    async fn two_that_come_at_once_do_not_pass_the_room_together() {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let node = small(&mut place).await;
            let (one, other) = (begin(&node, 900).await, begin(&node, 900).await);
            let both = &Barrier::new(2);
            let pieces = || {
                let pieces = stream::iter(0..8).then(move |n| async move {
                    if n == 0 {
                        // Each has found room before the first byte of either came.
                        both.wait().await;
                    }
                    Ok::<_, String>(some())
                });
                Box::pin(pieces)
            };
            let told = Some(800);
            let sent = node.continue_upload(&one, 0, Door::Public, told, pieces());
            let also = node.continue_upload(&other, 0, Door::Public, told, pieces());
            let (sent, also) = tokio::join!(sent, also);
            let full = [sent, also]
                .iter()
                .any(|sent| matches!(sent, Err(NodeError::NoRoom)));
            assert!(full);
            let mut here = 0;
            for id in [&one, &other] {
                here += node.upload_progress(id).await.unwrap().offset;
            }
            assert!((800..=1000).contains(&here), "{here}");
            node.room_for(Door::Public, 1000 - here).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_given_up_while_it_comes_stops_and_takes_no_room() {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let node = &small(&mut place).await;
            let id = &begin(node, 900).await;
            let pieces = stream::iter(0..3).then(move |n| async move {
                if n == 1 {
                    node.cancel_upload(id).await.unwrap();
                }
                Ok::<_, String>(some())
            });
            let sent = node.continue_upload(id, 0, Door::Public, None, Box::pin(pieces));
            let sent = sent.await;
            assert!(matches!(sent, Err(NodeError::NotFound { .. })), "{sent:?}");
            node.room_for(Door::Public, 1000).await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_announcement_ends_after_an_hour_and_what_has_begun_to_come_stays_its_day() {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let node = small(&mut place).await;
            let (bare, begun) = (begin(&node, 900).await, begin(&node, 900).await);
            let broken = stream::iter([Ok(some()), Err("the line broke")]);
            let sent = node.continue_upload(&begun, 0, Door::Public, None, broken);
            assert!(matches!(sent.await, Err(NodeError::Invalid(_))));
            place.clock.advance(HOUR_MS - 1);
            assert_eq!(expire_uploads(&node).await.unwrap(), 0);
            place.clock.advance(2);
            assert_eq!(expire_uploads(&node).await.unwrap(), 1);
            let gone = node.upload_progress(&bare).await;
            assert!(matches!(gone, Err(NodeError::NotFound { .. })), "{gone:?}");
            place.clock.advance(22 * HOUR_MS);
            assert_eq!(expire_uploads(&node).await.unwrap(), 0);
            let rest = stream::iter([Ok::<_, String>(some())]);
            let sent = node.continue_upload(&begun, 100, Door::Public, None, rest);
            assert_eq!(sent.await.unwrap().offset, 200, "a slow line goes on");
            place.clock.advance(2 * HOUR_MS);
            assert_eq!(expire_uploads(&node).await.unwrap(), 1);
            node.room_for(Door::Public, 1000).await.unwrap();
        }
    }
}
