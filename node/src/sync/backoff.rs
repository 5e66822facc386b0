//! Full jitter: `U(0, min(cap, 1 s * 2^n))`, reset by any success. What the hub
//! asks for comes first and the jitter after it: all whom a busy hub has sent
//! away for a minute would otherwise come back in the same moment.

use std::time::Duration;

use crate::chance::random;

const FIRST: Duration = Duration::from_secs(1);

/// How often one step has failed in a row.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure: `at_least`, and the jitter.
    pub fn next(&mut self, cap: Duration, at_least: Option<Duration>) -> Duration {
        let ceiling = FIRST
            .saturating_mul(1u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(cap);
        self.failures = (self.failures + 1).min(31);
        let share = f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX);
        let jitter = ceiling.mul_f64(share);
        at_least.unwrap_or_default().saturating_add(jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_the_cap_and_never_beyond() {
        let cap = Duration::from_mins(5);
        let mut backoff = Backoff::default();
        for n in 0..40 {
            let ceiling = FIRST.saturating_mul(1 << n.min(20)).min(cap);
            assert!(backoff.next(cap, None) <= ceiling);
        }
        let after = Duration::from_secs(400);
        let pause = backoff.next(cap, Some(after));
        assert!((after..=after + cap).contains(&pause), "{pause:?}");
        let ever = Duration::from_secs(u64::MAX);
        assert!(
            backoff.next(cap, Some(ever)) >= ever,
            "whoever is asked may ask for anything"
        );
        backoff.reset();
        assert!(backoff.next(cap, None) <= FIRST);
    }
}
