//! Randomness for keys, ids and jitter, from the operating system.

use lapor_protocol::entropy::Entropy;
use lapor_protocol::ids::{CaseId, MessageId};
pub use lapor_web::chance::random;

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        lapor_web::chance::fill(bytes);
    }
}

pub fn new_case_id(now_ms: i64) -> CaseId {
    CaseId::mint(now_ms, random())
}

pub fn new_message_id(now_ms: i64) -> MessageId {
    MessageId::mint(now_ms, random())
}
