//! How often something may be tried, for each of many names: addresses,
//! tickets, contacts. It lives in memory and is bounded; a restart forgives.
//!
//! The generic cell rate algorithm: one instant for each name says when its
//! burst is spent and when it has recovered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use lapor_web::peer::network;
use sha2::{Digest, Sha256};

use crate::error::NodeError;

/// Names remembered at once; beyond these the ones nearest recovery are forgiven.
const NAMES: usize = 20_000;

/// One rule, and what its names have spent.
pub struct Throttle {
    /// What one attempt costs, in ms.
    cost_ms: i64,
    /// What a name may have spent, in ms.
    burst_ms: i64,
    spent: Mutex<HashMap<[u8; 16], i64>>,
}

impl Throttle {
    /// `burst` attempts at once, then one every `every_ms`.
    pub fn new(burst: i64, every_ms: i64) -> Self {
        Self {
            cost_ms: every_ms,
            burst_ms: burst * every_ms,
            spent: Mutex::default(),
        }
    }

    /// Counts an attempt at `now` (Unix ms), or says in how many seconds there
    /// may be another; a refused one costs nothing.
    pub fn attempt(&self, name: &str, now: i64) -> Result<(), NodeError> {
        self.spend(name, 1, now)
    }

    /// The same for something that costs as much as so many attempts.
    pub fn spend(&self, name: &str, attempts: i64, now: i64) -> Result<(), NodeError> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let until = spent.get(&short(name)).copied().unwrap_or(now).max(now);
        let next = until + self.cost_ms * attempts;
        let wait_ms = next - now - self.burst_ms;
        if wait_ms > 0 {
            let retry_after_s = u32::try_from(wait_ms.div_euclid(1000) + 1).unwrap_or(u32::MAX);
            return Err(NodeError::TooMany { retry_after_s });
        }
        if spent.len() >= NAMES {
            forgive(&mut spent, now);
        }
        spent.insert(short(name), next);
        Ok(())
    }
}

/// An address as it is throttled: all of a network of the kind that one
/// subscriber gets count as one.
pub fn neighbourhood(address: IpAddr) -> String {
    network(address).to_string()
}

/// Drops who has recovered; if that is not half, those who soon will have.
fn forgive(spent: &mut HashMap<[u8; 16], i64>, now: i64) {
    spent.retain(|_, until| *until > now);
    if spent.len() > NAMES / 2 {
        let mut all: Vec<i64> = spent.values().copied().collect();
        all.sort_unstable();
        let middle = all[all.len() / 2];
        spent.retain(|_, until| *until > middle);
    }
}

fn short(name: &str) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let mut out = [0; 16];
    out.copy_from_slice(&hash[..16]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_answer_says_when_to_come_back() {
        let throttle = Throttle::new(3, 20_000);
        for _ in 0..3 {
            throttle.attempt("a", 0).unwrap();
        }
        let Err(NodeError::TooMany { retry_after_s }) = throttle.attempt("a", 0) else {
            panic!("the fourth was allowed");
        };
        assert_eq!(retry_after_s, 21);
        assert!(throttle.attempt("a", 19_999).is_err());
        throttle.attempt("a", 20_000).unwrap();
        assert!(throttle.attempt("a", 20_001).is_err());
        throttle.attempt("b", 0).unwrap();
        throttle.spend("c", 2, 0).unwrap();
        assert!(throttle.spend("c", 2, 0).is_err());
        throttle.attempt("c", 0).unwrap();
    }

    #[test]
    fn more_names_than_it_remembers_do_not_grow_it() {
        let throttle = Throttle::new(1, 1000);
        for name in 0..NAMES + 10 {
            throttle.attempt(&name.to_string(), 0).unwrap();
        }
        assert!(throttle.spent.lock().unwrap().len() <= NAMES);
    }

    #[test]
    fn a_subscriber_with_many_addresses_counts_once() {
        let one = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(one("2001:db8:1:2:3::4"), one("2001:db8:1:2:ffff::1"));
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
        assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
