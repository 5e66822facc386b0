//! Providers as they are seen from outside, for tests and the demonstration: each takes and hands
//! over in its own published format, keeps what it was told, and can be away, slow, busy or
//! forgetful when it is asked to.
//!
//! Nothing here shares code with the node: it signs, checks and reads by itself, so that one
//! misreading of a format does not hide the other.

pub mod city311;
pub mod imap;
pub mod kannel;
pub mod meta;
pub mod mood;
pub mod ports;
pub mod receiver;
pub mod serving;
pub mod smsc;
pub mod sp4n;
pub mod telegram;
pub mod telephone;
pub mod x;
