//! What every page and every API of Lapor stands on: problem details, strict
//! readers of requests, the entrance through which all requests pass, a server
//! that drains, pages and their languages, the documentation page, the listener
//! for monitoring, accounts of the staff and the pages about them, and what both programs take from their
//! machine: clock, randomness, log, signals, exit codes, the folder of a backup;
//! parts that begin anew after a mistake; how long a peer may take, how often somebody may try, and why nothing reached
//! it; tables, the holidays that both count by, the categories that both know, and
//! files that are to become editions of these.
//!
//! Shared by hub and node; it knows nothing of cases or of the wire between them
//! (whose problems are `lapor_protocol::problem`), and of databases only what
//! accounts and tokens need: their SQL stands in `accounts/store` and `bearer/store`.

pub mod accounts;
pub mod backup;
pub mod bearer;
pub mod categories;
pub mod chance;
pub mod clock;
pub mod docs;
pub mod edition_file;
pub mod entrance;
pub mod environment;
pub mod exit;
pub mod hindrance;
pub mod holidays;
pub mod intake;
pub mod language;
pub mod listeners;
pub mod log;
pub mod mail;
pub mod monitor;
pub mod naming;
pub mod pace;
pub mod page;
pub mod parts;
pub mod peer;
pub mod people;
pub mod problem;
pub mod public_url;
pub mod reading;
pub mod regions;
pub mod room;
pub mod secret_file;
pub mod serving;
pub mod sign_on;
pub mod spans;
pub mod supervisor;
pub mod table;
pub mod throttle;
pub mod trace;
pub mod webhook;

pub use problem::ApiProblem;
pub use reading::{Json, Path, Query};
