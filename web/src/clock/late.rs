//! A clock that is behind the machine's and catches up with it: in a demonstration weeks pass in a
//! minute. Processes that read the same file have the same time. Never part of a released program.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Clock, SystemClock};

/// Names the file in the environment.
pub const FILE: &str = "LAPOR_LATE_CLOCK";
/// Unix ms; no demonstration lasts until then.
const NEVER_MS: i64 = 253_402_300_799_000;

/// How late a clock is: so much until a moment, and so much from another on; it runs faster between
/// the two. All in Unix ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lateness {
    behind_ms: i64,
    then_ms: i64,
    from: i64,
    until: i64,
}

impl Lateness {
    /// As fast as the machine's clock, and so far behind.
    #[must_use]
    pub fn of(behind_ms: i64) -> Self {
        Self {
            behind_ms,
            then_ms: behind_ms,
            from: NEVER_MS,
            until: NEVER_MS + 1,
        }
    }

    /// The same, but less behind when a span of the machine's clock has passed.
    #[must_use]
    pub fn less(self, then_ms: i64, from: i64, until: i64) -> Self {
        Self {
            then_ms: then_ms.min(self.behind_ms),
            from,
            until: until.max(from + 1),
            ..self
        }
    }

    /// Writes it to a file, whole or not at all.
    pub fn write(&self, file: &Path) -> std::io::Result<()> {
        let Self {
            behind_ms,
            then_ms,
            from,
            until,
        } = self;
        let beside = file.with_extension("new");
        std::fs::write(&beside, format!("{behind_ms} {then_ms} {from} {until}\n"))?;
        std::fs::rename(beside, file)
    }

    fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            behind_ms: next()?,
            then_ms: next()?,
            from: next()?,
            until: next()?,
        })
    }

    fn at(&self, now_ms: i64) -> i64 {
        let whole = i128::from(self.until - self.from);
        let left = i128::from((self.until - now_ms.max(self.from)).max(0));
        let more = i128::from(self.behind_ms - self.then_ms) * left / whole;
        now_ms - self.then_ms - more as i64
    }

    fn is_over(&self, now_ms: i64) -> bool {
        self.then_ms == 0 && now_ms >= self.until
    }
}

/// The machine's clock, as late as a file says; without the file it is not late.
#[derive(Debug)]
pub struct LateClock {
    file: PathBuf,
    caught_up: AtomicBool,
}

impl LateClock {
    pub fn read_from(file: PathBuf) -> Self {
        Self {
            file,
            caught_up: AtomicBool::new(false),
        }
    }
}

impl Clock for LateClock {
    fn now_ms(&self) -> i64 {
        let now = SystemClock.now_ms();
        if self.caught_up.load(Ordering::Relaxed) {
            return now;
        }
        let lateness = Lateness::read(&self.file);
        if lateness.is_none_or(|lateness| lateness.is_over(now)) {
            self.caught_up.store(true, Ordering::Relaxed);
            return now;
        }
        lateness.map_or(now, |lateness| lateness.at(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_clock_never_goes_back_and_ends_with_the_machine() {
        let late = Lateness::of(1_000_000);
        assert_eq!(late.at(5_000), -995_000);
        assert!(!late.is_over(5_000));
        let half = late.less(500_000, 5_000, 6_000);
        assert_eq!((half.at(6_000), half.at(7_000)), (-494_000, -493_000));
        assert!(!half.is_over(7_000));
        let catching_up = late.less(0, 5_000, 6_000);
        let mut last = i64::MIN;
        for (now, shown) in [
            (4_000, -996_000),
            (5_000, -995_000),
            (5_500, -494_500),
            (5_999, 4_999),
            (6_000, 6_000),
            (7_000, 7_000),
        ] {
            assert_eq!(catching_up.at(now), shown, "{now}");
            assert!(shown > last);
            last = shown;
        }
        assert!(catching_up.is_over(6_000));
    }

    #[test]
    fn who_reads_the_same_file_has_the_same_lateness_and_who_finds_none_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let clock = LateClock::read_from(file.clone());
        let late = Lateness::of(86_400_000);
        late.write(&file).unwrap();
        assert_eq!(Lateness::read(&file), Some(late));
        assert!(SystemClock.now_ms() - clock.now_ms() >= 86_000_000);
        std::fs::remove_file(&file).unwrap();
        assert!(SystemClock.now_ms() - clock.now_ms() < 86_000_000);
    }
}
