//! Randomness from the operating system, as fixed-size values.

/// Fresh random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness no secret and no serial may be made: stopping is right.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
