//! Whose messages the hub does not take: a signature that does not hold, a key
//! that nobody knows, a chain that does not continue. Nothing behind such a
//! message is sent either, so that it shows at once. It is over once something is
//! taken, or once the institution reports that nothing waits there to be sent: it
//! may have set aside what was refused, and have nothing else to send for days.
//! Kept in memory: a node sends again what was not taken, to the next process as
//! well.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};

/// What was made of the batches of whom. Bounded by the directory: only an
/// admitted instance is noted.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<InstanceId, Judged>>);

/// What was made of the latest batch of an institution, or of what it says of those.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Unix ms; since when the hub has taken nothing, `None` where it takes all.
    pub since: Option<i64>,
    /// Unix ms; when it came.
    pub at: i64,
}

impl Refusals {
    /// A batch ended at a message that was refused, or was refused as a whole.
    pub fn refused(&self, author: &InstanceId, now_ms: i64) {
        let mut judged = self.lock();
        let judged = judged.entry(author.clone()).or_default();
        // Also where the clock was set back meanwhile.
        judged.since = Some(judged.since.map_or(now_ms, |since| since.min(now_ms)));
        judged.at = now_ms;
    }

    /// A batch was taken to its end, or nothing waits to be sent.
    pub fn taken(&self, author: &InstanceId, now_ms: i64) {
        let (since, at) = (None, now_ms);
        self.lock().insert(author.clone(), Judged { since, at });
    }

    /// Of everybody of whom a batch came; of others nothing is known.
    pub fn all(&self) -> HashMap<InstanceId, Judged> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InstanceId, Judged>> {
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
        refusals.taken(&other, 400);
        let judged = |since, at| Judged { since, at };
        assert_eq!(
            refusals.all(),
            HashMap::from([(one, judged(Some(100), 200)), (other, judged(None, 400))])
        );
    }
}
