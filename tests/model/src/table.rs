//! Values that are made once and named by a small number.
//!
//! A number means the same value as long as the process lives, and nothing else; which one it is
//! depends on who asked first, so that nothing may be decided by comparing two of them but whether
//! they are the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{LazyLock, PoisonError, RwLock};

pub struct Table<K, V: 'static>(LazyLock<RwLock<Rows<K, V>>>);

struct Rows<K, V: 'static> {
    places: HashMap<K, u16>,
    values: Vec<&'static V>,
}

impl<K: Hash + Eq, V: Send + Sync> Table<K, V> {
    pub const fn new() -> Self {
        Self(LazyLock::new(|| {
            RwLock::new(Rows {
                places: HashMap::new(),
                values: Vec::new(),
            })
        }))
    }

    /// The number of what belongs to this key, which `make` makes if nobody has asked before.
    pub fn place(&self, key: K, make: impl FnOnce(&K) -> V) -> u16 {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = rows.places.get(&key) {
            return *place;
        }
        drop(rows);
        // Made outside the lock: it may need other values of this table.
        let value = make(&key);
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Rows { places, values } = &mut *rows;
        *places.entry(key).or_insert_with(|| {
            let place = u16::try_from(values.len()).expect("a small model has few values");
            values.push(Box::leak(Box::new(value)));
            place
        })
    }

    pub fn value(&self, place: u16) -> &'static V {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rows.values[usize::from(place)]
    }
}
