//! When each instance last asked anything of this process. Kept in memory
//! only, because it changes with every request; reports and acknowledgements
//! on disk say it roughly after a restart.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use lapor_protocol::ids::InstanceId;

/// Bounded by the directory: only an admitted instance is noted.
#[derive(Debug)]
pub struct Contacts {
    /// Unix ms.
    began_at: AtomicI64,
    last: Mutex<HashMap<InstanceId, Heard>>,
}

#[derive(Debug)]
struct Heard {
    /// Unix ms.
    at: i64,
    /// Requests of its inbox so far.
    fetched: u64,
}

impl Contacts {
    pub fn since(began_at: i64) -> Self {
        Self {
            began_at: AtomicI64::new(began_at),
            last: Mutex::default(),
        }
    }

    /// Unix ms; nobody could be heard before this process began. A clock that is set back further
    /// than that takes it along: everybody has as long to be heard as after a start.
    pub fn began_at(&self, now_ms: i64) -> i64 {
        let began_at = self.began_at.fetch_min(now_ms, Ordering::SeqCst);
        began_at.min(now_ms)
    }

    pub fn note(&self, instance: &InstanceId, now_ms: i64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(heard) = last.get_mut(instance) {
            heard.at = now_ms.max(heard.at);
        } else {
            let (at, fetched) = (now_ms, 0);
            last.insert(instance.clone(), Heard { at, fetched });
        }
    }

    /// Unix ms, of everybody who has asked. What was noted by a clock that has been set back since
    /// counts from now on.
    pub fn all(&self, now_ms: i64) -> HashMap<InstanceId, i64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let all = last.iter_mut();
        all.map(|(instance, heard)| {
            heard.at = heard.at.min(now_ms);
            (instance.clone(), heard.at)
        })
        .collect()
    }

    /// An instance that was heard asks for its inbox.
    pub fn note_fetch(&self, instance: &InstanceId) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(heard) = last.get_mut(instance) {
            heard.fetched += 1;
        }
    }

    /// How often an instance has asked this process for its inbox.
    pub fn fetches(&self, instance: &InstanceId) -> u64 {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(instance).map_or(0, |heard| heard.fetched)
    }
}
