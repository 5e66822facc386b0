//! Refusals at accounts that are not noted one by one: counted in memory, which takes no time that would
//! tell whether an account exists, and noted together by the sweep, as a line for each account.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many since the last sweep, by the id of the account: no more entries than there are accounts.
#[derive(Default)]
pub(super) struct Unnoted(Mutex<BTreeMap<String, u64>>);

impl Unnoted {
    pub fn count(&self, account: String) {
        *self.lock().entry(account).or_default() += 1;
    }

    pub fn all(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    /// Forgets those that are noted now; others may have been counted meanwhile.
    pub fn forget(&self, noted: &BTreeMap<String, u64>) {
        self.lock().retain(|account, count| {
            *count -= noted.get(account).copied().unwrap_or_default().min(*count);
            *count > 0
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
