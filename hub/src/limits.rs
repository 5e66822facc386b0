//! What one instance may ask of the hub, so that a hostile or broken one
//! costs only itself: bytes and envelopes a second, one batch at a time, one
//! upload of a blob at a time.

use std::collections::HashSet;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;

use crate::error::{HubError, Refusal};
use crate::settings::LimitSettings;

/// The token buckets and the places that are taken.
pub struct Admission {
    envelopes: Bucket,
    bytes: Bucket,
    /// Who has a batch under way.
    pub batches: Exclusive<InstanceId>,
    /// Who is uploading what.
    pub uploads: Exclusive<(InstanceId, Digest)>,
}

struct Bucket {
    limiter: DefaultKeyedRateLimiter<InstanceId>,
    clock: DefaultClock,
    burst: NonZeroU32,
}

/// Things that can be done by one request at a time.
#[derive(Debug)]
pub struct Exclusive<K: Eq + Hash + Clone>(Arc<Mutex<HashSet<K>>>);

/// Holds a place until it is dropped.
#[derive(Debug)]
pub struct Taken<K: Eq + Hash + Clone> {
    key: K,
    places: Arc<Mutex<HashSet<K>>>,
}

impl Admission {
    pub fn new(settings: &LimitSettings) -> Self {
        Self {
            envelopes: Bucket::new(settings.envelopes_per_second, settings.envelope_burst),
            bytes: Bucket::new(settings.bytes_per_second, settings.byte_burst),
            batches: Exclusive::default(),
            uploads: Exclusive::default(),
        }
    }

    pub fn envelopes(&self, instance: &InstanceId, count: usize) -> Result<(), HubError> {
        self.envelopes.draw(instance, count)
    }

    pub fn bytes(&self, instance: &InstanceId, count: usize) -> Result<(), HubError> {
        self.bytes.draw(instance, count)
    }
}

impl Bucket {
    fn new(per_second: u32, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)),
            clock: DefaultClock::default(),
            burst,
        }
    }

    fn draw(&self, instance: &InstanceId, count: usize) -> Result<(), HubError> {
        // What is larger than the bucket empties it.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let Some(count) = NonZeroU32::new(count.min(self.burst.get())) else {
            return Ok(());
        };
        match self.limiter.check_key_n(instance, count) {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(self.clock.now());
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1;
                Err(Refusal::of(Code::RateLimited).after_seconds(seconds).into())
            }
        }
    }
}

impl<K: Eq + Hash + Clone> Default for Exclusive<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Clone> Exclusive<K> {
    /// Takes the place, or refuses because another request has it.
    pub fn take(&self, key: K) -> Result<Taken<K>, HubError> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.insert(key.clone()) {
            let places = Arc::clone(&self.0);
            Ok(Taken { key, places })
        } else {
            Err(Refusal::of(Code::RateLimited).after_seconds(1).into())
        }
    }
}

impl<K: Eq + Hash + Clone> Drop for Taken<K> {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_says_when_to_come_back_and_is_each_instances_own() {
        let settings = LimitSettings {
            envelopes_per_second: 1,
            envelope_burst: 500,
            ..LimitSettings::default()
        };
        let admission = Admission::new(&settings);
        let (greedy, modest) = ("kota-bandung".parse().unwrap(), "kemenpu".parse().unwrap());
        admission.envelopes(&greedy, 9000).unwrap();
        let refused = admission.envelopes(&greedy, 10).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert!(refused.retry_after_seconds().is_some_and(|s| s >= 5));
        admission.envelopes(&modest, 10).unwrap();
    }

    #[test]
    fn a_place_is_free_again_when_its_request_ends() {
        let places = Exclusive::default();
        let taken = places.take(1).unwrap();
        assert!(places.take(1).is_err() && places.take(2).is_ok());
        drop(taken);
        assert!(places.take(1).is_ok());
    }
}
