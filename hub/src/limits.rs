//! What one instance may ask of the hub, so that a hostile or broken one
//! costs only itself: bytes and envelopes a second, one batch at a time, one
//! upload of a blob at a time. And what those may ask who show no certificate:
//! so many requests from one network, so many from all together.

use std::collections::HashSet;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;

use crate::error::{HubError, Refusal};
use crate::settings::LimitSettings;

/// Networks of strangers that are told apart; further ones share a bucket.
const NETWORKS: usize = 50_000;
/// Certificates that an instance may have at once after a silence; it needs
/// one a fortnight.
const CERTIFICATE_BURST: u32 = 10;

/// The token buckets and the places that are taken.
pub struct Admission {
    envelopes: Bucket<InstanceId>,
    bytes: Bucket<InstanceId>,
    certificates: Bucket<InstanceId>,
    /// Requests without a certificate, by network.
    joins: Bucket<IpAddr>,
    all_joins: Bucket<()>,
    /// Who has a batch under way.
    pub batches: Exclusive<InstanceId>,
    /// Who is uploading what.
    pub uploads: Exclusive<(InstanceId, Digest)>,
}

struct Bucket<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
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
        let (own, all) = (settings.joins_per_second, settings.all_joins_per_second);
        let a_minute = Quota::per_minute(NonZeroU32::MIN);
        Self {
            envelopes: Bucket::new(settings.envelopes_per_second, settings.envelope_burst),
            bytes: Bucket::new(settings.bytes_per_second, settings.byte_burst),
            certificates: Bucket::of(a_minute, CERTIFICATE_BURST),
            joins: Bucket::new(own, settings.join_burst),
            all_joins: Bucket::new(all, all.max(settings.join_burst)),
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

    /// One more certificate for an instance that has proved who it is.
    pub fn certificate(&self, instance: &InstanceId) -> Result<(), HubError> {
        self.certificates.draw(instance, 1)
    }

    /// One request of somebody who shows no certificate. One network cannot
    /// use up what all have: it is asked first.
    pub fn stranger(&self, remote: IpAddr) -> Result<(), HubError> {
        if self.joins.limiter.len() > NETWORKS {
            self.joins.limiter.retain_recent();
        }
        let network = match network(remote) {
            known if self.joins.limiter.len() <= NETWORKS => known,
            _ => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        self.joins.draw(&network, 1)?;
        self.all_joins.draw(&(), 1)
    }
}

/// An IPv4 address is its holder's; of IPv6 every holder has a /64.
fn network(remote: IpAddr) -> IpAddr {
    match remote.to_canonical() {
        IpAddr::V6(address) => {
            let holder = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(holder))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl<K: Hash + Eq + Clone> Bucket<K> {
    fn new(per_second: u32, burst: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        Self::of(Quota::per_second(rate), burst)
    }

    fn of(rate: Quota, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::keyed(rate.allow_burst(burst)),
            clock: DefaultClock::default(),
            burst,
        }
    }

    fn draw(&self, key: &K, count: usize) -> Result<(), HubError> {
        // What is larger than the bucket empties it.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let Some(count) = NonZeroU32::new(count.min(self.burst.get())) else {
            return Ok(());
        };
        match self.limiter.check_key_n(key, count) {
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
    fn a_flood_from_one_network_leaves_room_for_others_until_all_is_used() {
        let settings = LimitSettings {
            joins_per_second: 1,
            join_burst: 3,
            all_joins_per_second: 5,
            ..LimitSettings::default()
        };
        let admission = Admission::new(&settings);
        let ask = |remote: &str| admission.stranger(remote.parse().unwrap());
        for _ in 0..3 {
            ask("2001:db8::1").unwrap();
        }
        let refused = ask("2001:db8::ffff:1").unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert!(refused.retry_after_seconds().is_some());
        ask("2001:db8:0:1::1").unwrap();
        ask("192.0.2.1").unwrap();
        assert!(ask("192.0.2.2").is_err(), "all together have used theirs");
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
