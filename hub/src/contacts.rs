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
    last: Mutex<HashMap<InstanceId, i64>>,
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
        match last.get_mut(instance) {
            Some(last) => *last = now_ms.max(*last),
            None => drop(last.insert(instance.clone(), now_ms)),
        }
    }

    /// Unix ms, of everybody who has asked.
    pub fn all(&self) -> HashMap<InstanceId, i64> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }
}
