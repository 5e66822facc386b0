//! The federation as its operators see it: one picture of all institutions,
//! made anew every few seconds from the directory, the record and what the
//! nodes say of themselves, and judged by rules that are data.
//!
//! Whoever shows, counts or raises an alarm takes it from such a picture, so
//! that no two screens can differ by their rules.

mod copies;
mod gather;
mod history;
mod memory;
mod picture;
mod refusals;
mod rules;
mod views;
mod visits;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::app::Hub;
use crate::error::HubError;
use crate::levels;
use memory::Memory;

pub use copies::{Copies, OVER_MS as COPY_OVER_MS};
pub use history::{Span, note};
pub use picture::{Instance, Picture, Told};
pub use refusals::{Judged, Refusals};
pub use rules::{Bound, Bounds, Concern, Finding, Health, State};
pub use views::{View, Views, receive};
pub use visits::{Reason, VISITS, Visits, end_former, end_of, shorten_all};

/// How often the picture is made anew; with the minute that a node may take to
/// report, trouble shows within the minute in which the hub can know of it.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it is written into the history.
const NOTE_EVERY_MS: u64 = 60_000;

/// The latest picture, who waits for the next, and what need not be read again.
#[derive(Debug, Default)]
pub struct Watch {
    picture: watch::Sender<Arc<Picture>>,
    /// Looks begun so far, and which of them made the latest picture: a clock that is set back
    /// makes none older.
    begun: AtomicU64,
    kept: AtomicU64,
    /// Rung when something has changed that should show at once.
    bell: Notify,
    pub refusals: Refusals,
    pub copies: Copies,
    memory: Memory,
}

impl Watch {
    /// The picture as it was made last; empty before the first.
    pub fn picture(&self) -> Arc<Picture> {
        Arc::clone(&self.picture.borrow())
    }

    /// Told each picture.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Picture>> {
        self.picture.subscribe()
    }

    /// Has the next picture made now.
    pub fn look_again(&self) {
        self.bell.notify_one();
    }

    /// The number of a look that begins now.
    fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Keeps the picture of a look unless that of a later one is there.
    fn keep(&self, look: u64, picture: &Arc<Picture>) {
        self.picture.send_if_modified(|kept| {
            let newer = self.kept.fetch_max(look, Ordering::SeqCst) < look;
            if newer {
                *kept = Arc::clone(picture);
            }
            newer
        });
    }
}

/// Makes the picture of this moment.
pub async fn look(hub: &Hub) -> Result<Arc<Picture>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let begun = hub.watch.begin();
    let picture = gather::gather(hub, &mut tx, &hub.watch.memory).await?;
    tx.rollback().await?;
    let picture = Arc::new(picture);
    hub.watch.keep(begun, &picture);
    Ok(picture)
}

/// Looks, notes and forgets for as long as it runs. What fails is tried again
/// at the next look: the exchange does not wait for it.
pub async fn run(hub: &Hub) {
    let mut noted_at = i64::MIN;
    loop {
        match look(hub).await {
            Ok(picture)
                if hub.replicas.leads() && picture.at.abs_diff(noted_at) >= NOTE_EVERY_MS =>
            {
                match note(hub, &picture).await {
                    Ok(()) => noted_at = picture.at,
                    Err(error) => {
                        tracing::warn!(%error, "the federation's history could not be written");
                    }
                }
                if let Err(error) = levels::note(hub, &picture).await {
                    tracing::warn!(%error, "who has come to another level could not be written");
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the federation could not be looked at"),
        }
        if let Err(error) = hub.connections.visits.write(hub).await {
            tracing::warn!(%error, "the history of connections could not be written");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = hub.watch.bell.notified() => {}
        }
    }
}
