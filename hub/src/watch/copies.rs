//! Which institutions run twice. A start of a node that the hub has answered is
//! followed by another of the same node; when the former one speaks once more,
//! both are at work. Kept in memory: two that go on show again within a minute,
//! to the next process as well.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use lapor_protocol::ids::InstanceId;

/// Two copies of which one has not been met for so long run no more: both tell
/// of their health every minute.
pub const OVER_MS: i64 = 5 * 60_000;

/// When a copy that another has followed was met last (Unix ms). Bounded by the
/// directory: only an admitted instance is noted.
#[derive(Debug, Default)]
pub struct Copies(Mutex<HashMap<InstanceId, i64>>);

impl Copies {
    /// A start of this institution's node spoke that another one has followed.
    pub fn met(&self, instance: &InstanceId, now_ms: i64) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.insert(instance.clone(), now_ms);
    }

    /// Whose node runs twice at a moment (Unix ms).
    pub fn at(&self, now_ms: i64) -> HashSet<InstanceId> {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.retain(|_, at| {
            // A clock that was set back meanwhile keeps nobody for longer.
            *at = (*at).min(now_ms);
            now_ms.saturating_sub(*at) < OVER_MS
        });
        met.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_copies_show_until_one_of_them_is_met_no_more() {
        let copies = Copies::default();
        let one: InstanceId = "kota-bandung".parse().unwrap();
        copies.met(&one, 100);
        copies.met(&one, 200);
        assert!(copies.at(199 + OVER_MS).contains(&one));
        assert!(copies.at(200 + OVER_MS).is_empty());
        copies.met(&one, 100 + OVER_MS);
        assert!(copies.at(100).contains(&one), "the clock was set back");
        assert!(copies.at(100 + OVER_MS).is_empty());
    }
}
