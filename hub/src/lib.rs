//! `lapor-hub`: membership and certificates of the federation, ordered and
//! signed exchange of messages, custody of cases, the ledger.
//!
//! The hub orders, rules and counts, and cannot read: words are sealed by
//! their authors. All its state is in the database; keys and blobs are files.
//! It must never acknowledge what is not on disk.

pub mod alarms;
pub mod app;
pub mod approvals;
pub mod audit;
pub mod backup;
pub mod blobs;
pub mod casefile;
pub mod casework;
pub mod changeover;
pub mod cli;
mod connections;
pub mod console;
mod contacts;
pub mod damage;
pub mod deeds;
pub mod directory;
pub mod editions;
pub mod enrolment;
pub mod epochs;
mod erasing;
pub mod error;
pub mod evidence;
pub mod ground;
pub mod http;
mod keys;
pub mod levels;
mod limits;
pub mod maintenance;
pub mod member_keys;
pub mod membership;
pub mod mishap;
pub mod monitor;
mod pictures;
mod portals;
pub mod probe;
mod published;
pub mod recovery;
pub mod replicas;
pub mod restored;
mod retrieval;
mod right;
pub mod roadmap;
pub mod rotation;
pub mod sequencer;
mod serve;
pub mod set_aside;
pub mod settings;
pub mod signing;
pub mod store;
mod streams;
pub mod stuck;
pub mod succession;
#[cfg(test)]
mod testing;
mod tls;
pub mod tokens;
pub mod trial;
pub mod trials;
mod turns;
pub mod upkeep;
mod voided;
pub mod vouching;
pub mod watch;
pub mod witness;

pub use app::Hub;
pub use error::HubError;
pub use lapor_web::clock;
pub use serve::serve;
