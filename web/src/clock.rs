//! The clock as a value: a running program reads the system's, a test moves its
//! own. Nothing else may ask what time it is. And how a moment is shown to those
//! who have no zone of their own.

#[cfg(feature = "late-clock")]
pub mod late;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// Gives the time as Unix milliseconds UTC.
pub trait Clock: Send + Sync {
    fn now_ms(&self) -> i64;

    /// Milliseconds since some beginning, which go on evenly whatever the clock is set to. One that
    /// nobody sets is even itself.
    fn steady_ms(&self) -> i64 {
        self.now_ms()
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the real clock"
        )]
        let now = std::time::SystemTime::now();
        now.duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as i64)
    }

    fn steady_ms(&self) -> i64 {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGINNING.elapsed().as_millis() as i64
    }
}

/// The clock of a program: the machine's, unless it plays in a demonstration.
pub fn of_program() -> Arc<dyn Clock> {
    #[cfg(feature = "late-clock")]
    if let Some(file) = std::env::var_os(late::FILE) {
        return Arc::new(late::LateClock::read_from(file.into()));
    }
    Arc::new(SystemClock)
}

/// How a moment is written where its reader has no zone.
const INSTANT: &str = "%Y-%m-%d %H:%M:%S UTC";

/// A moment (Unix ms) for people in UTC, `2026-01-05 01:00:00 UTC`; one that no
/// calendar has as its number.
pub fn instant(at_ms: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at_ms);
    at.map_or_else(
        || format!("{at_ms} ms"),
        |at| at.format(INSTANT).to_string(),
    )
}

/// The moment that [`instant`] has written, to a second.
pub fn of_instant(text: &str) -> Option<i64> {
    let at = chrono::NaiveDateTime::parse_from_str(text, INSTANT).ok()?;
    Some(at.and_utc().timestamp_millis())
}

/// A clock that stands still until somebody moves it.
#[derive(Debug, Default)]
pub struct HandClock {
    now: AtomicI64,
    steady: AtomicI64,
}

impl HandClock {
    pub fn at(now_ms: i64) -> Self {
        Self {
            now: AtomicI64::new(now_ms),
            steady: AtomicI64::new(now_ms),
        }
    }

    /// Time passes.
    pub fn advance(&self, by_ms: i64) {
        self.steady.fetch_add(by_ms, Ordering::SeqCst);
        self.set_off(by_ms);
    }

    /// Somebody sets it, and no time passes.
    pub fn set_off(&self, by_ms: i64) {
        self.now.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> i64 {
        self.steady.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_as_a_day_and_a_time() {
        assert_eq!(instant(1_767_574_800_000), "2026-01-05 01:00:00 UTC");
        assert_eq!(instant(i64::MAX), format!("{} ms", i64::MAX));
    }

    #[test]
    fn what_goes_on_evenly_is_set_by_nobody() {
        let clock = HandClock::at(5);
        clock.advance(2);
        clock.set_off(-4);
        assert_eq!((clock.now_ms(), clock.steady_ms()), (3, 7));
        let began = SystemClock.steady_ms();
        assert!(SystemClock.steady_ms() >= began);
    }

    #[test]
    fn a_moment_is_read_as_it_is_shown() {
        let at = 1_767_574_800_000;
        assert_eq!(of_instant(&instant(at)), Some(at));
        assert_eq!(of_instant(&instant(i64::MAX)), None);
        assert_eq!(of_instant("besok"), None);
    }
}
