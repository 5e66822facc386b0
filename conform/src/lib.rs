//! The conformance kit: it says which sentences of `docs/protocol.md` another
//! program keeps, by speaking with it over the wire and looking at nothing
//! else. What it says with is a client that says whatever it is told.

pub mod check;
pub mod cli;
pub mod client;
pub mod contract;
mod driven;
pub mod hub;
pub mod node;
pub mod report;
pub mod standing;
