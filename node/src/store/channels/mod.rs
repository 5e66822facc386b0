//! Conversations with people on channels that others provide: what came in, with whom, what is to be
//! said. Addresses and words are sealed before they come here; what finds them is a keyed hash.

pub mod alike;
pub mod aside;
pub mod blocks;
pub mod counts;
pub mod cursors;
pub mod due;
pub mod keywords;
pub mod lines;
pub mod outbox;
pub mod parts;
pub mod receipts;
pub mod refs;
pub mod said;
pub mod taken;
pub mod threads;
pub mod unsaid;
