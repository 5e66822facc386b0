//! What one instance may ask of the hub, so that a hostile or broken one
//! costs only itself: bytes, envelopes and requests a second, so much at once,
//! so many batches, one upload of a blob at a time. And what those may ask
//! who show no certificate: so much from one network, so much from all together.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use lapor_web::peer::network;

use crate::error::{HubError, Refusal};
use crate::settings::LimitSettings;
use crate::turns::Turns;

/// Networks of strangers that are told apart; further ones share a bucket.
const NETWORKS: usize = 50_000;
/// Certificates that an instance may have at once after a silence; it needs
/// one a fortnight.
const CERTIFICATE_BURST: u32 = 10;
/// Epochs and announced keys, each of which is a version of the directory for
/// everybody: an instance needs some a year.
const CHANGE_PERIOD: Duration = Duration::from_mins(10);
const CHANGE_BURST: u32 = 20;
/// Large answers, about 4 MiB each, that may be on their way to one instance.
const ANSWERS: usize = 8;
/// Networks of strangers that may be busy here at once, each as far as it goes.
const BUSY_NETWORKS: usize = 20;

/// The token buckets and the places that are taken.
pub struct Admission {
    envelopes: Bucket<InstanceId>,
    bytes: Bucket<InstanceId>,
    certificates: Bucket<InstanceId>,
    requests: Bucket<InstanceId>,
    changes: Bucket<InstanceId>,
    /// Requests without a certificate, by network.
    joins: Bucket<IpAddr>,
    all_joins: Bucket<()>,
    /// Batches under way, and what brings back what the hub has lost.
    pub batches: Turns,
    /// Who is uploading what.
    pub uploads: Places<(InstanceId, Digest)>,
    /// Large answers that have not been read yet.
    pub answers: Places<InstanceId>,
    /// Requests that are not answered to their last byte.
    pub under_way: Places<InstanceId>,
    /// The same of those without a certificate, by network.
    pub strangers: Places<IpAddr>,
}

struct Bucket<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    burst: NonZeroU32,
}

/// Things of which so many can be done at once for each key, and so many in all.
#[derive(Debug)]
pub struct Places<K: Eq + Hash + Clone> {
    each: usize,
    all: usize,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

/// Holds a place until it is dropped.
#[derive(Debug)]
pub struct Taken<K: Eq + Hash + Clone> {
    key: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

impl Admission {
    pub fn new(settings: &LimitSettings) -> Self {
        let (own, all) = (settings.joins_per_second, settings.all_joins_per_second);
        let a_minute = Quota::per_minute(NonZeroU32::MIN);
        Self {
            envelopes: Bucket::new(settings.envelopes_per_second, settings.envelope_burst),
            bytes: Bucket::new(settings.bytes_per_second, settings.byte_burst),
            certificates: Bucket::of(a_minute, CERTIFICATE_BURST),
            requests: Bucket::new(settings.requests_per_second, settings.request_burst),
            changes: Bucket::of(
                Quota::with_period(CHANGE_PERIOD).unwrap_or(a_minute),
                CHANGE_BURST,
            ),
            joins: Bucket::new(own, settings.join_burst),
            all_joins: Bucket::new(all, all.max(settings.join_burst)),
            batches: Turns::each(settings.batches_under_way),
            uploads: Places::each(1),
            answers: Places::each(ANSWERS),
            under_way: Places::each(settings.requests_under_way),
            strangers: Places::of(
                settings.requests_under_way,
                settings.requests_under_way.saturating_mul(BUSY_NETWORKS),
            ),
        }
    }

    /// One request of an instance; holds its place until it is answered.
    pub fn request(&self, instance: &InstanceId) -> Result<Taken<InstanceId>, HubError> {
        self.requests.draw(instance, 1)?;
        self.under_way.take(instance.clone())
    }

    /// One more version of the directory because of this instance.
    pub fn change(&self, instance: &InstanceId) -> Result<(), HubError> {
        self.changes.draw(instance, 1)
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
    pub fn stranger(&self, remote: IpAddr) -> Result<Taken<IpAddr>, HubError> {
        if self.joins.limiter.len() > NETWORKS {
            self.joins.limiter.retain_recent();
        }
        let network = match network(remote) {
            known if self.joins.limiter.len() <= NETWORKS => known,
            _ => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        self.joins.draw(&network, 1)?;
        self.all_joins.draw(&(), 1)?;
        self.strangers.take(network)
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

impl<K: Eq + Hash + Clone> Places<K> {
    /// So many for each key, whoever else there is.
    pub fn each(each: usize) -> Self {
        Self::of(each, usize::MAX)
    }

    pub fn of(each: usize, all: usize) -> Self {
        Self {
            each,
            all,
            taken: Arc::default(),
        }
    }

    /// Takes a place, or refuses because others have them all.
    pub fn take(&self, key: K) -> Result<Taken<K>, HubError> {
        let mut places = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = places.get(&key).copied().unwrap_or_default();
        let full = own >= self.each || self.all != usize::MAX && sum(&places) >= self.all;
        if full {
            return Err(Refusal::of(Code::RateLimited).after_seconds(1).into());
        }
        places.insert(key.clone(), own + 1);
        let taken = Arc::clone(&self.taken);
        Ok(Taken { key, taken })
    }
}

/// Keys are few where there is a bound on all: it bounds them, too.
fn sum<K>(places: &HashMap<K, usize>) -> usize {
    places.values().sum()
}

impl<K: Eq + Hash + Clone> Drop for Taken<K> {
    fn drop(&mut self) {
        let mut places = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = places.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                places.remove(&self.key);
            }
        }
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
        let places = Places::of(2, 3);
        let first = places.take("a").unwrap();
        let _second = places.take("a").unwrap();
        let refused = places.take("a").unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert_eq!(refused.retry_after_seconds(), Some(1));
        let _third = places.take("b").unwrap();
        assert!(places.take("c").is_err(), "all together have theirs");
        drop(first);
        assert!(places.take("c").is_ok() && places.take("a").is_ok());
        assert!(Places::each(1).take(1).is_ok());
    }
}
