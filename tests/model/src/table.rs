//! Values that are made once and named by a small number.
//!
//! A number means the same value as long as the process lives, and nothing else; which one it is
//! depends on who asked first, so that nothing may be decided by comparing two of them but whether
//! they are the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

pub struct Table<K, V: 'static> {
    places: LazyLock<RwLock<HashMap<K, u16>>>,
    /// A place for each number there is: values are read by the million, and without a lock.
    values: LazyLock<Vec<OnceLock<&'static V>>>,
}

impl<K: Hash + Eq, V: Send + Sync> Table<K, V> {
    pub const fn new() -> Self {
        Self {
            places: LazyLock::new(RwLock::default),
            values: LazyLock::new(|| (0..=u16::MAX).map(|_| OnceLock::new()).collect()),
        }
    }

    /// The number of what belongs to this key, which `make` makes if nobody has asked before.
    pub fn place(&self, key: K, make: impl FnOnce(&K) -> V) -> u16 {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(&key) {
            return *place;
        }
        drop(places);
        // Made outside the lock: it may need other values of this table.
        let value = make(&key);
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let next = places.len();
        *places.entry(key).or_insert_with(|| {
            let place = u16::try_from(next).expect("a small model has few values");
            self.values[next].get_or_init(|| Box::leak(Box::new(value)));
            place
        })
    }

    pub fn value(&self, place: u16) -> &'static V {
        let value = self.values[usize::from(place)].get();
        value.expect("whoever has a number has it from this table")
    }

    /// What belongs to this key.
    pub fn of(&self, key: K, make: impl FnOnce(&K) -> V) -> &'static V {
        self.value(self.place(key, make))
    }
}
