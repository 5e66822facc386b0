//! What crosses the wire between `lapor-hub` and `lapor-node`: envelopes,
//! chains, receipts, delivery, directory, every kind of message, and the rules
//! that turn ordered messages into a case.
//!
//! Pure: no I/O, no async, no SQL, no clock. Time and randomness come in as
//! values, so that a simulation can replay every decision.

pub mod audit;
pub mod authority;
pub mod blob;
pub mod calendar;
pub mod case;
pub mod chain;
pub mod deadline;
pub mod delivery;
pub mod directory;
pub mod directory_head;
pub mod dsse;
pub mod entropy;
pub mod ids;
pub mod keys;
pub mod kinds;
pub mod limits;
pub mod merkle;
pub mod message;
pub mod page;
pub mod problem;
pub mod public;
pub mod receipt;
pub mod recovery;
pub mod region;
pub mod seal;
pub mod seen;
mod strict_json;
pub mod together;
pub mod wire;
mod written;
