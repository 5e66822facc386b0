//! Whose turn it is to be cleaned. All files that are cleaned at once share a room of memory and come into it
//! in the order in which they asked; who waits too long is sent away, and may come again.
//!
//! A document, which takes the most and the longest, waits for the one before it first: those that wait hold
//! up no picture and no film.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::kind::Cleaning;
use super::{film, matroska, pdf, picture};
use crate::error::NodeError;

const MIB: u64 = 1 << 20;
/// What the smallest file counts for, so that no crowd of them takes every thread.
const LEAST: u32 = 16;
/// Files that may wait.
const WAITING: usize = 256;
/// How long one may wait; well within what proxies wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Seconds after which one that was sent away may come again.
const BUSY_SECONDS: u32 = 10;

pub(crate) struct Turns {
    /// The MiB of the room, and how many it has.
    room: Arc<Semaphore>,
    size: u32,
    documents: Arc<Semaphore>,
    queue: Semaphore,
}

/// Kept until the work has ended, even if nobody waits for it any more.
pub(super) struct Turn {
    _document: Option<OwnedSemaphorePermit>,
    _room: OwnedSemaphorePermit,
}

impl Turns {
    /// Room for the largest document, of so many bytes, and for the largest picture beside it.
    pub(crate) fn of(upload_bytes: u64) -> Self {
        let document = memory(Cleaning::Objects, upload_bytes);
        let picture = memory(Cleaning::Jpeg, picture::MOST_BYTES);
        Self::with(mebibytes(document.saturating_add(picture)))
    }

    fn with(size: u32) -> Self {
        Self {
            room: Arc::new(Semaphore::new(size as usize)),
            size,
            documents: Arc::new(Semaphore::new(1)),
            queue: Semaphore::new(WAITING),
        }
    }

    /// Waits for the turn of a file of so many bytes.
    ///
    /// # Errors
    /// [`NodeError::Busy`] where too many wait, or it has waited for too long.
    pub(super) async fn next(&self, cleaning: Cleaning, bytes: u64) -> Result<Turn, NodeError> {
        let busy = || NodeError::Busy {
            retry_after_s: BUSY_SECONDS,
        };
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        let wanted = mebibytes(memory(cleaning, bytes)).max(LEAST).min(self.size);
        let coming = async {
            let document = match cleaning {
                Cleaning::Objects => Some(Arc::clone(&self.documents).acquire_owned().await?),
                _ => None,
            };
            let room = Arc::clone(&self.room).acquire_many_owned(wanted).await?;
            Ok::<_, AcquireError>(Turn {
                _document: document,
                _room: room,
            })
        };
        match timeout(PATIENCE, coming).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// Has whoever comes now be sent away.
    #[cfg(test)]
    pub(crate) fn crowd(&self) -> tokio::sync::SemaphorePermit<'_> {
        self.queue.try_acquire_many(WAITING as u32).unwrap()
    }
}

/// What a file of so many bytes takes while it is cleaned, at most.
fn memory(cleaning: Cleaning, bytes: u64) -> u64 {
    match cleaning {
        Cleaning::Jpeg | Cleaning::Png | Cleaning::WebP => picture::memory(bytes),
        Cleaning::Boxes => film::MEMORY,
        Cleaning::Elements => matroska::MEMORY,
        Cleaning::Objects => bytes.saturating_add(pdf::MEMORY),
        Cleaning::None => 0,
    }
}

fn mebibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};

    use futures_util::FutureExt as _;

    use super::*;

    const LARGEST: u64 = 196 << 20;

    fn waits<F: Future>(coming: &mut Pin<&mut F>) -> bool {
        coming.now_or_never().is_none()
    }

    #[tokio::test]
    async fn files_share_the_memory_and_come_in_the_order_in_which_they_asked() {
        let turns = Turns::with(300);
        let photo = 40 << 20;
        let first = turns.next(Cleaning::Jpeg, photo).await.unwrap();
        let second = turns.next(Cleaning::Png, photo).await.unwrap();
        let mut third = pin!(turns.next(Cleaning::WebP, photo));
        assert!(waits(&mut third), "three would take more than there is");
        let mut small = pin!(turns.next(Cleaning::Jpeg, 1000));
        assert!(waits(&mut small), "it has come later");
        drop(first);
        let third = third.now_or_never().unwrap().unwrap();
        let small = small.now_or_never().unwrap().unwrap();
        drop((second, third, small));
        assert_eq!(turns.room.available_permits(), 300);
        let whole = turns.next(Cleaning::Objects, 1 << 40).await.unwrap();
        assert_eq!(turns.room.available_permits(), 0, "alone, however large");
        drop(whole);
    }

    #[tokio::test]
    async fn documents_that_wait_hold_up_no_picture() {
        let turns = Turns::of(LARGEST);
        let document = turns.next(Cleaning::Objects, LARGEST).await.unwrap();
        let mut other = pin!(turns.next(Cleaning::Objects, LARGEST));
        assert!(waits(&mut other));
        let largest = turns.next(Cleaning::Jpeg, picture::MOST_BYTES).await;
        drop((largest.unwrap(), document));
        assert!(!waits(&mut other));
    }

    #[tokio::test]
    async fn a_crowd_is_bounded_and_whoever_comes_behind_it_is_sent_away() {
        let turns = Turns::of(LARGEST);
        let mut inside = Vec::new();
        while let Some(turn) = turns.next(Cleaning::Jpeg, 1000).now_or_never() {
            inside.push(turn.unwrap());
        }
        assert!(inside.len() <= 40, "{}", inside.len());
        let films = Turns::of(LARGEST);
        let one = films.next(Cleaning::Boxes, LARGEST).await.unwrap();
        assert!(films.room.available_permits() < films.size as usize - 100);
        drop(one);
        let crowd = turns.crowd();
        let away = turns.next(Cleaning::Jpeg, 1000).await;
        assert!(matches!(away, Err(NodeError::Busy { .. })));
        drop(crowd);
    }
}
