//! What time it is at the hub, as far as it has told this process. A machine that has started with a
//! wrong clock, or whose clock was set wrong, takes for due what is not: what cannot be taken back is
//! left alone until hub and clock agree. While the line is down the last word of the hub counts, and
//! what has passed since. To whom it has suspended or revoked it says nothing more: this node's own
//! clock decides then, or nothing would ever be erased.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::node::Node;

/// A clock that is further ahead of the hub's decides nothing that cannot be taken back.
const AHEAD_MS: i64 = 60 * 60_000;

/// The latest time that the hub has signed.
#[derive(Clone, Copy)]
struct Heard {
    /// Unix ms by its clock.
    at: i64,
    /// When it came, by what nobody sets.
    steady: i64,
}

/// What this process has heard.
#[derive(Default)]
pub(crate) struct HubTime {
    heard: watch::Sender<Option<Heard>>,
    /// Whether it was said that something waits for it.
    said: AtomicBool,
    /// Whether the hub's last answer was that this institution is suspended or revoked.
    barred: AtomicBool,
}

impl Node {
    /// Notes the time that the hub has signed.
    pub(crate) fn hear_hub_time(&self, at: i64) {
        let steady = self.clock().steady_ms();
        let heard = Some(Heard { at, steady });
        self.hub_time().heard.send_replace(heard);
    }

    /// Waits until the hub has told this process what time it is.
    pub(crate) async fn hub_time_heard(&self) {
        let mut heard = self.hub_time().heard.subscribe();
        // The sender lives as long as the node.
        let _ = heard.wait_for(Option::is_some).await;
    }

    /// What time it is at the hub, Unix ms, whatever this machine's clock is set to; `None` before it
    /// has told.
    pub(crate) fn time_at_hub(&self) -> Option<i64> {
        let heard = *self.hub_time().heard.borrow();
        heard.map(|heard| {
            let passed = self.clock().steady_ms().saturating_sub(heard.steady);
            heard.at.saturating_add(passed)
        })
    }

    /// Notes whether the hub has answered that this institution is suspended or revoked.
    pub(crate) fn note_barred(&self, barred: bool) {
        self.hub_time().barred.store(barred, Ordering::Relaxed);
    }

    /// Whether only this node's own clock says what is due: the hub has barred it, and has not told
    /// this process what time it is.
    pub(crate) fn goes_by_own_time(&self) -> bool {
        let barred = self.hub_time().barred.load(Ordering::Relaxed);
        barred && self.hub_time().heard.borrow().is_none()
    }

    /// Whether what is due by this node's clock may be done though it cannot be taken back. Asked
    /// where there is such a thing: that it waits is said once.
    pub(crate) fn may_be_final(&self) -> bool {
        if self.goes_by_own_time() {
            return true;
        }
        let at_hub = self.time_at_hub();
        let ahead_ms = at_hub.map(|at| self.clock().now_ms().saturating_sub(at));
        let may = ahead_ms.is_some_and(|ahead| ahead <= AHEAD_MS);
        let said = self.hub_time().said.swap(!may, Ordering::Relaxed);
        match ahead_ms {
            _ if may || said => {}
            None => tracing::info!(
                "nothing is erased or closed by silence before the hub has said what time it is"
            ),
            Some(ahead_ms) => tracing::error!(
                ahead_ms,
                "this node's clock is ahead of the hub's: nothing is erased or closed by silence until the one that is wrong is corrected"
            ),
        }
        may
    }
}
