//! The weeks that a demo shows: the clock of its programs begins two months ago and comes to the
//! present in legs. After each the machines of the institutions are restarted, and do what has
//! become due: certificates are renewed, what nobody has answered is closed by silence, and what is
//! to be erased is erased.
//!
//! The clock goes on with what is done, half a day when all of it is, and never by what the machine
//! takes for it: a busy one shows the same days.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use lapor_web::clock::Clock as _;
use lapor_web::clock::late::{LateClock, Lateness};

use super::DAY_MS;
use super::folder::Folder;

/// Shorter than a certificate lives, and longer than half of its life.
pub const LEG_DAYS: i64 = 20;
pub const LEGS: usize = 3;
/// Of a day.
pub const HALVES: usize = 2;
pub const SPANS_OF_LEG: usize = HALVES * LEG_DAYS as usize;
/// Half days of all legs.
pub const SPANS: usize = LEGS * SPANS_OF_LEG;
const SPAN_MS: i64 = DAY_MS / HALVES as i64;

/// The clock of all programs of a demo.
pub struct Weeks {
    file: PathBuf,
    clock: LateClock,
}

/// A half day that passes.
pub struct Span<'a> {
    weeks: &'a Weeks,
    number: usize,
    /// Acts that come about in it, and those that have.
    acts: usize,
    done: AtomicI64,
}

impl Weeks {
    /// Sets the clock back, before any program has started.
    pub fn begin(folder: &Folder) -> anyhow::Result<Self> {
        let file = folder.clock();
        let weeks = Self {
            clock: LateClock::read_from(file.clone()),
            file,
        };
        weeks.set(behind(0))?;
        Ok(weeks)
    }

    /// Lets a half day begin, the first being 0, in which so many acts come about.
    pub fn span(&self, number: usize, acts: usize) -> anyhow::Result<Span<'_>> {
        self.set(behind(number))?;
        Ok(Span {
            weeks: self,
            number,
            acts,
            done: AtomicI64::new(0),
        })
    }

    /// A leg has passed, the first being 0.
    pub fn passed(&self, leg: usize) -> anyhow::Result<()> {
        self.set(behind((leg + 1) * SPANS_OF_LEG))
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn set(&self, behind_ms: i64) -> anyhow::Result<()> {
        let shown = || format!("{} cannot be written", self.file.display());
        Lateness::of(behind_ms)
            .write(&self.file)
            .with_context(shown)
    }
}

impl Span<'_> {
    /// One act of it has been done.
    pub fn done(&self) -> anyhow::Result<()> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let part = SPAN_MS * done / (self.acts as i64 + 1);
        self.weeks.set(behind(self.number) - part)
    }

    pub fn now_ms(&self) -> i64 {
        self.weeks.now_ms()
    }
}

/// How far behind the clock is when so many half days have passed, in ms.
fn behind(spans: usize) -> i64 {
    SPANS.saturating_sub(spans) as i64 * SPAN_MS
}

#[cfg(test)]
mod tests {
    use lapor_web::clock::SystemClock;

    use super::*;

    #[test]
    fn a_demo_begins_two_months_ago_goes_on_with_what_is_done_and_ends_today() {
        let (folder, _) = Folder::open(None).unwrap();
        let weeks = Weeks::begin(&folder).unwrap();
        let again = Weeks {
            file: folder.clock(),
            clock: LateClock::read_from(folder.clock()),
        };
        let behind = || SystemClock.now_ms() - again.now_ms();
        assert!(behind() / DAY_MS >= 59);
        let span = weeks.span(SPANS - 4, 3).unwrap();
        let mut last = behind();
        assert!((DAY_MS..=2 * DAY_MS).contains(&last));
        for _ in 0..3 {
            span.done().unwrap();
            let next = behind();
            assert!((last - next - SPAN_MS / 4).abs() < DAY_MS / 100, "{next}");
            last = next;
        }
        assert!(
            last > super::behind(SPANS - 3),
            "the next half day is to come"
        );
        weeks.passed(LEGS - 1).unwrap();
        assert!(behind() < DAY_MS / 100);
    }
}
