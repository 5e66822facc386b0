//! How often something may be tried, for each of many keys: accounts, addresses, tickets,
//! contacts. Each key has a bucket that fills with time (generic cell rate algorithm); what was
//! right gives back what it took.
//!
//! In memory only: a restart forgets, which an attacker cannot bring about. A
//! bound keeps a flood of keys from taking the memory, and only hashes of keys
//! are held.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

/// Keys that are told apart.
const KEYS: usize = 100_000;

/// So many at once, then one in each interval.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    burst: i64,
    every_ms: i64,
}

impl Rate {
    pub const fn new(burst: i64, every_ms: i64) -> Self {
        Self { burst, every_ms }
    }
}

/// The bucket of a key is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; come back in {retry_after_s} seconds")]
pub struct TooOften {
    pub retry_after_s: u32,
}

/// Buckets by key.
#[derive(Debug, Default)]
pub struct Throttle {
    seed: RandomState,
    /// When each bucket will be full again, Unix ms.
    full_at: Mutex<HashMap<u64, i64>>,
}

impl Throttle {
    /// Takes one from the bucket of a key, or says in how many seconds there will be one.
    pub fn take(&self, key: impl Hash, rate: Rate, now: i64) -> Result<(), TooOften> {
        self.take_many(key, rate, 1, now)
    }

    /// The same for something that costs as much as so many; what is refused costs nothing.
    pub fn take_many(
        &self,
        key: impl Hash,
        rate: Rate,
        count: i64,
        now: i64,
    ) -> Result<(), TooOften> {
        let key = self.seed.hash_one(key);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let all_ms = rate.burst * rate.every_ms;
        // An empty bucket is full after that time, also where the clock was set back meanwhile.
        let latest = now.saturating_add(all_ms);
        let until = full_at.get_mut(&key).map_or(now, |at| {
            *at = (*at).min(latest);
            (*at).max(now)
        });
        let next = until.saturating_add(rate.every_ms.saturating_mul(count));
        let wait_ms = next - latest;
        if wait_ms > 0 {
            let retry_after_s = u32::try_from((wait_ms + 999) / 1000).unwrap_or(u32::MAX);
            return Err(TooOften { retry_after_s });
        }
        if full_at.len() >= KEYS && !full_at.contains_key(&key) {
            make_room(&mut full_at, now);
        }
        full_at.insert(key, next);
        Ok(())
    }

    /// Fills the bucket of a key: whoever knew the password was not guessing.
    pub fn forgive(&self, key: impl Hash) {
        let key = self.seed.hash_one(key);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.remove(&key);
    }
}

/// Forgets the buckets that are full; if none is, the half that is fullest.
fn make_room(full_at: &mut HashMap<u64, i64>, now: i64) {
    full_at.retain(|_, at| *at > now);
    if full_at.len() >= KEYS {
        let mut moments: Vec<i64> = full_at.values().copied().collect();
        let (_, middle, _) = moments.select_nth_unstable(KEYS / 2);
        let middle = *middle;
        full_at.retain(|_, at| *at > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::new(3, 10_000);

    #[test]
    fn a_bucket_says_when_to_come_back_and_keeps_its_word() {
        let throttle = Throttle::default();
        for _ in 0..3 {
            throttle.take("siti", RATE, 0).unwrap();
        }
        let refused = throttle.take("siti", RATE, 2_500).unwrap_err();
        assert_eq!(refused.retry_after_s, 8);
        throttle.take("siti", RATE, 10_500).unwrap();
        assert!(throttle.take("siti", RATE, 10_500).is_err());
        throttle.take("budi", RATE, 10_500).unwrap();
    }

    #[test]
    fn what_costs_more_takes_more_and_what_is_refused_takes_nothing() {
        let throttle = Throttle::default();
        throttle.take_many("siti", RATE, 2, 0).unwrap();
        let refused = throttle.take_many("siti", RATE, 2, 0).unwrap_err();
        assert_eq!(refused.retry_after_s, 10);
        throttle.take("siti", RATE, 0).unwrap();
        assert!(throttle.take_many("siti", RATE, i64::MAX / 2, 0).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer() {
        const DAY_MS: i64 = 86_400_000;
        let throttle = Throttle::default();
        for _ in 0..3 {
            throttle.take("siti", RATE, DAY_MS).unwrap();
        }
        let refused = throttle.take("siti", RATE, 0).unwrap_err();
        assert_eq!(refused.retry_after_s, 10);
        throttle.take("siti", RATE, 30_000).unwrap();
        throttle.take("budi", RATE, DAY_MS).unwrap();
        assert!(
            throttle.take("budi", RATE, 0).is_err(),
            "it is not known to be full"
        );
        throttle.take("budi", RATE, 10_000).unwrap();
    }

    #[test]
    fn what_was_right_gives_back_what_it_took() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            throttle.take("siti", RATE, 0).unwrap();
            throttle.forgive("siti");
        }
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_than_its_bound() {
        let throttle = Throttle::default();
        for key in 0..3 * KEYS {
            throttle.take(key, RATE, key as i64 % 7).unwrap();
        }
        assert!(throttle.full_at.lock().unwrap().len() <= KEYS);
    }
}
