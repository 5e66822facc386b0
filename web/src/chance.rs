//! Randomness from the operating system, as fixed-size values.

#[cfg(feature = "seeded-chance")]
pub mod seeded;

/// Fresh random bytes, fit for keys.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Fills a slice with fresh random bytes, fit for keys.
pub fn fill(bytes: &mut [u8]) {
    #[cfg(feature = "seeded-chance")]
    if seeded::fill(bytes) {
        return;
    }
    // Without randomness no key, no secret and no id may be made: stopping is right.
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
