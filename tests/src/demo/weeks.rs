//! The weeks that a demo shows: the clock of its programs begins two months ago and comes to the
//! present in legs. After each the machines of the institutions are restarted, and do what has
//! become due: certificates are renewed, what nobody has answered is closed by silence, and what is
//! to be erased is erased.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use lapor_web::clock::late::{LateClock, Lateness};
use lapor_web::clock::{Clock as _, SystemClock};

use super::DAY_MS;
use super::folder::Folder;

/// Shorter than a certificate lives, and longer than half of its life.
pub const LEG_DAYS: i64 = 20;
pub const LEGS: usize = 3;
/// Of the machine's clock, for each report of a leg; a slow machine files the rest at its end.
const REPORT_MS: i64 = 120;

/// The clock of all programs of a demo.
pub struct Weeks {
    file: PathBuf,
    clock: LateClock,
}

impl Weeks {
    /// Sets the clock back, before any program has started.
    pub fn begin(folder: &Folder) -> anyhow::Result<Self> {
        let file = folder.clock();
        let weeks = Self {
            clock: LateClock::read_from(file.clone()),
            file,
        };
        weeks.set(Lateness::of(left_after(0)))?;
        Ok(weeks)
    }

    /// Lets a leg pass, the first being 0, while so many reports are filed; says when it has
    /// passed, in Unix ms of the machine.
    pub fn pass(&self, leg: usize, reports: usize) -> anyhow::Result<i64> {
        let now = SystemClock.now_ms();
        let until = now + REPORT_MS * reports as i64;
        let late = Lateness::of(left_after(leg));
        self.set(late.less(left_after(leg + 1), now, until))?;
        Ok(until)
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn set(&self, lateness: Lateness) -> anyhow::Result<()> {
        let shown = || format!("{} cannot be written", self.file.display());
        lateness.write(&self.file).with_context(shown)
    }
}

/// Waits until the machine's clock shows a moment.
pub async fn until(at_ms: i64) {
    let left = u64::try_from(at_ms - SystemClock.now_ms()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(left)).await;
}

/// How far behind the clock is when so many legs have passed.
fn left_after(legs: usize) -> i64 {
    LEGS.saturating_sub(legs) as i64 * LEG_DAYS * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_demo_begins_two_months_ago_and_ends_today() {
        let (folder, _) = Folder::open(None).unwrap();
        let weeks = Weeks::begin(&folder).unwrap();
        let behind = |weeks: &Weeks| SystemClock.now_ms() - weeks.now_ms();
        assert!(behind(&weeks) / DAY_MS >= 59);
        until(weeks.pass(LEGS - 1, 0).unwrap()).await;
        let again = Weeks {
            file: folder.clock(),
            clock: LateClock::read_from(folder.clock()),
        };
        assert!(behind(&again) < DAY_MS);
    }
}
