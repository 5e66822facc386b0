//! When each instance last asked anything of this process. Kept in memory
//! only, because it changes with every request; reports and acknowledgements
//! on disk say it roughly after a restart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lapor_protocol::ids::InstanceId;

/// Bounded by the directory: only an admitted instance is noted.
#[derive(Debug, Default)]
pub struct Contacts(Mutex<HashMap<InstanceId, i64>>);

impl Contacts {
    pub fn note(&self, instance: &InstanceId, now_ms: i64) {
        let mut contacts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match contacts.get_mut(instance) {
            Some(last) => *last = now_ms.max(*last),
            None => drop(contacts.insert(instance.clone(), now_ms)),
        }
    }

    /// Unix ms.
    pub fn last(&self, instance: &InstanceId) -> Option<i64> {
        let contacts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.get(instance).copied()
    }
}
