//! `lapor-node`: everything one institution does with reports. It goes on
//! working when the hub, or the line to it, is down.

pub mod api;
mod attach;
pub mod audit;
pub mod backup;
pub mod bridge;
pub mod casework;
pub mod chance;
pub mod channels;
pub mod cities;
pub mod cli;
mod courtesy;
pub mod damage;
pub mod deadlines;
pub mod desk;
pub mod doors;
pub mod enrolment;
pub mod error;
pub mod feed;
pub mod figures;
pub mod folder;
pub mod hints;
pub mod hooks;
mod hub_time;
pub mod in_force;
mod institutions;
pub mod jobs;
pub mod media;
pub mod monitor;
pub mod node;
pub mod open311;
#[cfg(feature = "parsers")]
pub mod parsers;
pub mod personal;
mod place;
pub mod portal;
pub mod post;
pub mod publishing;
pub mod quarantine;
pub mod registers;
pub use lapor_web::regions;
pub mod reporters;
pub mod resumable;
pub mod rotation;
pub mod settings;
pub mod staff;
pub mod status;
pub mod stemming;
mod store;
pub mod sync;
pub mod taxonomy;
#[cfg(test)]
mod testing;
pub mod tiles;
pub mod tokens;

pub use lapor_web::clock;
