//! A clock that is behind the machine's and is told to catch up with it: in a demonstration weeks pass
//! in a minute. Processes that read the same file have the same time. Never part of a released program.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Clock, SystemClock};

/// Names the file in the environment.
pub const FILE: &str = "LAPOR_LATE_CLOCK";
/// How late a clock is, in ms. It runs as fast as the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lateness(i64);

impl Lateness {
    #[must_use]
    pub fn of(behind_ms: i64) -> Self {
        Self(behind_ms)
    }

    /// Writes it to a file, whole or not at all.
    pub fn write(&self, file: &Path) -> std::io::Result<()> {
        let beside = file.with_extension("new");
        std::fs::write(&beside, format!("{}\n", self.0))?;
        std::fs::rename(beside, file)
    }

    fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        text.trim().parse().ok().map(Self)
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
        let Some(Lateness(behind_ms @ 1..)) = Lateness::read(&self.file) else {
            self.caught_up.store(true, Ordering::Relaxed);
            return now;
        };
        now - behind_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_clock_is_as_late_as_it_is_told_until_it_has_caught_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let clock = LateClock::read_from(file.clone());
        let behind = || SystemClock.now_ms() - clock.now_ms();
        for (behind_ms, least, most) in [
            (1_000_000_000, 999_000_000, 1_001_000_000),
            (500_000_000, 499_000_000, 501_000_000),
            (0, -1_000_000, 1_000_000),
            // It never goes back.
            (500_000_000, -1_000_000, 1_000_000),
        ] {
            Lateness::of(behind_ms).write(&file).unwrap();
            assert!((least..most).contains(&behind()), "{behind_ms}");
        }
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
