//! Randomness as a value: `protocol` never asks the operating system, so that
//! a test or a simulation can replay every byte.

use rand_core::{Infallible, TryCryptoRng, TryRng};

/// A source of bytes fit for keys.
pub trait Entropy {
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Lets a cryptography crate draw from an [`Entropy`].
pub(crate) struct AsRng<'a>(pub &'a mut dyn Entropy);

impl TryRng for AsRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for AsRng<'_> {}

/// Bytes that follow from a seed, for fixed vectors and simulations only:
/// SHA-256 of seed and counter.
#[derive(Debug, Clone)]
pub struct Seeded {
    seed: u64,
    counter: u64,
}

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let mut input = [0; 16];
            input[..8].copy_from_slice(&self.seed.to_be_bytes());
            input[8..].copy_from_slice(&self.counter.to_be_bytes());
            self.counter += 1;
            chunk.copy_from_slice(&crate::ids::Digest::of(&input).as_bytes()[..chunk.len()]);
        }
    }
}
