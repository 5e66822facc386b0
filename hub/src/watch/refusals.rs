//! Whose messages the hub does not take: a signature that does not hold, a key
//! that nobody knows, a chain that does not continue. Nothing behind such a
//! message is sent either, so that it shows at once. Kept in memory: a node
//! sends again what was not taken, to the next process as well.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_protocol::ids::InstanceId;

/// Since when the hub has taken nothing of whom (Unix ms); `None` of whom it
/// has taken all. Bounded by the directory: only an admitted instance is noted.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<InstanceId, Option<i64>>>);

impl Refusals {
    /// A batch ended at a message that was refused, or was refused as a whole.
    pub fn refused(&self, author: &InstanceId, now_ms: i64) {
        let mut since = self.lock();
        since
            .entry(author.clone())
            .or_default()
            .get_or_insert(now_ms);
    }

    /// A batch was taken to its end.
    pub fn taken(&self, author: &InstanceId) {
        self.lock().insert(author.clone(), None);
    }

    /// Of everybody of whom a batch came; of others nothing is known.
    pub fn all(&self) -> HashMap<InstanceId, Option<i64>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InstanceId, Option<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_lasts_from_the_first_until_a_batch_is_taken() {
        let refusals = Refusals::default();
        let [one, other] = ["kota-bandung", "kota-palu"].map(|slug| slug.parse().unwrap());
        assert!(refusals.all().is_empty(), "nobody was judged");
        refusals.refused(&one, 100);
        refusals.refused(&one, 200);
        refusals.refused(&other, 300);
        refusals.taken(&other);
        assert_eq!(
            refusals.all(),
            HashMap::from([(one, Some(100)), (other, None)])
        );
    }
}
