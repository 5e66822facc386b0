//! Randomness for keys, ids and jitter, from the operating system.

use lapor_protocol::entropy::Entropy;
use lapor_protocol::ids::{CaseId, MessageId};

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Without randomness no key and no id may be made: stopping is right.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Fresh random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes);
    bytes
}

pub fn new_case_id(now_ms: i64) -> CaseId {
    CaseId::mint(now_ms, random())
}

pub fn new_message_id(now_ms: i64) -> MessageId {
    MessageId::mint(now_ms, random())
}
