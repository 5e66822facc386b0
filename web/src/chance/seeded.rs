//! Bytes that follow from a seed, for a simulation that must be played again: whatever one thread
//! draws while it holds a [`Drawing`]. Never part of a released program.

use std::cell::RefCell;
use std::marker::PhantomData;

use lapor_protocol::entropy::{Entropy as _, Seeded};

thread_local! {
    static DICE: RefCell<Option<Seeded>> = const { RefCell::new(None) };
}

/// This thread draws from a seed for as long as this is held; it stays on its thread.
#[derive(Debug)]
pub struct Drawing(PhantomData<*const ()>);

impl Drawing {
    pub fn from_seed(seed: u64) -> Self {
        DICE.set(Some(Seeded::new(seed)));
        Self(PhantomData)
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        DICE.set(None);
    }
}

/// Whether this thread draws from a seed; then it has drawn.
pub(super) fn fill(bytes: &mut [u8]) -> bool {
    DICE.with_borrow_mut(|dice| {
        let drawn = dice.as_mut().map(|dice| dice.fill(bytes));
        drawn.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::super::random;
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_only_on_its_thread() {
        let draw = || {
            let _drawing = Drawing::from_seed(7);
            let elsewhere = std::thread::spawn(random::<16>).join().unwrap();
            (random::<16>(), random::<16>(), elsewhere)
        };
        let (first, second) = (draw(), draw());
        assert_eq!((first.0, first.1), (second.0, second.1));
        assert_ne!(first.0, first.1);
        assert_ne!(first.2, second.2);
        assert_ne!(random::<16>(), random::<16>(), "by the system again");
    }
}
