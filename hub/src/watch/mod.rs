//! The federation as its operators see it: one picture of all institutions,
//! made anew every few seconds from the directory, the record and what the
//! nodes say of themselves, and judged by rules that are data.
//!
//! Whoever shows, counts or raises an alarm takes it from the same picture, so
//! that no two screens can differ.

mod gather;
mod history;
mod picture;
mod rules;
mod views;
mod visits;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::Hub;
use crate::error::HubError;

pub use gather::{Live, gather};
pub use history::{Span, note};
pub use picture::{Instance, Picture, Told};
pub use rules::{Bound, Bounds, Concern, Finding, Health, State};
pub use views::{Views, receive};
pub use visits::{Reason, Visits};

/// How often the picture is made anew; with the minute that a node may take to
/// report, trouble shows within the minute in which the hub can know of it.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it is written into the history.
const NOTE_EVERY_MS: i64 = 60_000;

/// The latest picture, and who waits for the next.
#[derive(Debug, Default)]
pub struct Watch {
    picture: watch::Sender<Arc<Picture>>,
}

impl Watch {
    /// The picture as it was made last; empty before the first.
    pub fn picture(&self) -> Arc<Picture> {
        Arc::clone(&self.picture.borrow())
    }

    /// Told each picture that differs from the one before.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Picture>> {
        self.picture.subscribe()
    }
}

/// Makes the picture of this moment.
pub async fn look(hub: &Hub) -> Result<Arc<Picture>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let picture = gather(&hub.ground, &mut tx, Some(Live::of(hub))).await?;
    tx.rollback().await?;
    let picture = Arc::new(picture);
    hub.watch.picture.send_replace(Arc::clone(&picture));
    Ok(picture)
}

/// Looks, notes and forgets for as long as it runs. What fails is tried again
/// at the next look: the exchange does not wait for it.
pub async fn run(hub: &Hub) {
    let mut noted_at = i64::MIN;
    loop {
        match look(hub).await {
            Ok(picture) if picture.at.saturating_sub(noted_at) >= NOTE_EVERY_MS => {
                match note(hub, &picture).await {
                    Ok(()) => noted_at = picture.at,
                    Err(error) => {
                        tracing::warn!(%error, "the federation's history could not be written");
                    }
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the federation could not be looked at"),
        }
        if let Err(error) = hub.connections.visits.write(hub).await {
            tracing::warn!(%error, "the history of connections could not be written");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
