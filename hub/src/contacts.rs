//! When each instance last asked anything of this process. Kept in memory
//! only, because it changes with every request; reports and acknowledgements
//! on disk say it roughly after a restart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lapor_protocol::ids::InstanceId;

/// Bounded by the directory: only an admitted instance is noted.
#[derive(Debug)]
pub struct Contacts {
    /// Unix ms; nobody could be heard before this process began.
    pub began_at: i64,
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
            began_at,
            last: Mutex::default(),
        }
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

    /// Unix ms, of everybody who has asked.
    pub fn all(&self) -> HashMap<InstanceId, i64> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let all = last.iter();
        all.map(|(instance, heard)| (instance.clone(), heard.at))
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
