//! The bridge to SP4N-LAPOR!, the national application of before: its complaints become cases here
//! with their numbers and follow-ups, what is said there later is brought after them, and what this
//! institution answers is handed over, as reports filed here can be. Tables and HTTP go the same way.
//!
//! The shape of the other side is published nowhere and was read from programs that speak with it:
//! reading is patient, and what is not understood is said by its field and never guessed.

mod bring;
mod export;
mod filing;
mod follow;
mod form;
mod import;
mod institutions;
mod list;
mod maps;
pub(crate) mod record;
mod report;
mod run;
mod settings;
pub(crate) mod shape;
mod table;
mod tending;
#[cfg(test)]
mod tests;
mod wire;

pub use bring::Terms;
pub use follow::Which;
pub use import::Source;
pub(crate) use maps::CHANNEL;
pub use report::{Became, Line, Report};
pub use run::{BridgeError, Progress, Run};
pub use settings::{BridgeSettings, BridgeSettingsError, Reached};
pub(crate) use shape::{day, hash as hash_of_words};
pub use wire::Sp4n;
