//! Conversations with people on channels that others provide: what came in, with whom, what is to be
//! said. Addresses and words are sealed before they come here; what finds them is a keyed hash.

pub mod due;
pub mod lines;
pub mod outbox;
pub mod refs;
pub mod said;
pub mod taken;
pub mod threads;
